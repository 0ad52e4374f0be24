/*
 * The options of the loopback deployment: from a command line, and back to one (for the child
 * process that `--lab` starts). Pure.
 */
#ifndef SRC_LAB_OPTIONS_H
#define SRC_LAB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/err.h"

enum {
    LAB_OPTIONS_WORKSPACES = 3,    /* default: two that run and one that is stopped */
    LAB_OPTIONS_STOPPED = 1,       /* default, if there is more than one workspace */
    LAB_OPTIONS_DELAY_MAX = 10000, /* ms */
    LAB_OPTIONS_ARGS_MAX = 24,
};

struct lab_options {
    unsigned workspaces;
    unsigned stopped;
    bool block_direct;
    bool no_stun;
    bool force_websockets;
    unsigned relay_delay_ms;
    unsigned relay_jitter_ms;
    char ip[64];
    uint16_t port; /* 0 = any free one */
    bool json;
    bool stdin_eof; /* end when standard input does */
    bool control;   /* do what the lines of standard input say */
    bool verbose;
    bool help;
};

void lab_options_init(struct lab_options *options);

/* argv[0] is skipped. NET_ERR_USAGE with *why: an unknown option, a value out of bounds, an operand
 * too many. */
NET_MUST_USE enum net_err lab_options_parse(int argc, char **argv, struct lab_options *out,
                                            struct failure *why);

/* The command line that gives these options again, ended by NULL. Texts are held in `out`. */
struct lab_options_args {
    char texts[LAB_OPTIONS_ARGS_MAX][80];
    char *argv[LAB_OPTIONS_ARGS_MAX + 1];
    size_t count;
};
void lab_options_args(const struct lab_options *options, const char *program,
                      struct lab_options_args *out);

/* The help text of `derptop lab`. Static. */
const char *lab_options_help(void);

#endif
