/*
 * The command line: one table of flags and one of commands, from which parser, help and the
 * README's test are made.
 */
#ifndef SRC_OPTIONS_H
#define SRC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "net/base/err.h"
#include "net/control/settings.h"

enum options_command {
    OPTIONS_MONITOR,
    OPTIONS_LIST,
    OPTIONS_PING,
    OPTIONS_STATUS,
    OPTIONS_DOCTOR,
    OPTIONS_SPEEDTEST,
    OPTIONS_NETCHECK,
    OPTIONS_RECORD,
    OPTIONS_EXPORT,
    OPTIONS_REPLAY,
    OPTIONS_DIFF,
    OPTIONS_PATHS,
    OPTIONS_LAB,
    OPTIONS_COMPLETE,
};

enum { OPTIONS_TARGETS_MAX = 64 };

struct options {
    enum options_command command;
    bool named;                               /* the command was; else it is the monitor */
    const char *target;                       /* WORKSPACE; NULL = none given */
    const char *targets[OPTIONS_TARGETS_MAX]; /* all of them, where several may be */
    size_t target_count;

    /* Where and who. */
    const char *url, *token, *config_dir, *header_command;
    const char *ca_file, *cert_file, *key_file;
    const char *headers[SETTINGS_HEADERS_MAX];
    size_t header_count;
    bool disable_direct;

    /* How. */
    bool help, version, verbose, json, lab, ascii, mouse, mask, keep;
    const char *color;       /* "auto", "always", "never"; NULL = not given: the settings file's */
    const char *theme;       /* NULL = not given */
    uint64_t interval_ns;    /* 0 = not given */
    const char *config_file; /* NULL = the usual place */
    bool print_config, print_config_schema;

    const char *output;            /* record */
    const char *listen, *textfile; /* export */
    bool openmetrics;
    const char *speed; /* replay; NULL = as it was */

    /* ping */
    uint64_t num;                 /* 0 = until interrupted */
    uint64_t wait_ns, timeout_ns; /* the latter also of status */
    bool time, utc;
    const char *require; /* "direct", "any"; NULL = not given */
    bool until_direct;

    /* status */
    bool watch;

    /* speedtest */
    uint64_t duration_ns;
    const char *direction; /* "down", "up"; NULL = not given */
    bool direct, both;

    /* diff */
    uint64_t threshold; /* percent */

    /* doctor */
    bool share;

    /* "fetch" or a file; NULL = the bundled list */
    const char *aws_ranges;

    /* The word `lab` or `__complete` and what follows it, for their own parsers. */
    int rest_argc;
    char **rest_argv;
};

/* NET_ERR_USAGE with *why: an unknown flag (with the nearest one), a missing or bad value, a flag
 * that does not go with the command. The texts point into argv; the token's characters in argv are
 * copied and then blanked, so that the process list does not show them. */
NET_MUST_USE enum net_err options_parse(int argc, char **argv, struct options *out,
                                        struct failure *why);

/* What the command does and its flags; when none was named: all commands. */
void options_help(FILE *out, const struct options *options);

/* The flags that settings_load wants. */
void options_settings_flags(const struct options *options, struct settings_flags *out);

#endif
