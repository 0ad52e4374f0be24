/*
 * Internal to the settings: the parts that they are read with.
 */
#ifndef NET_CONTROL_SETTINGS_INTERNAL_H
#define NET_CONTROL_SETTINGS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "net/control/settings.h"

enum {
    SETTINGS_PATH_SIZE = 512,
    SETTINGS_FILE_MAX = 4 << 10,     /* a URL or a token; both are far shorter */
    SETTINGS_COMMAND_MAX = 64 << 10, /* what a header command may print */
    SETTINGS_COMMAND_SECONDS = 60,   /* it may have to ask somebody */
};

typedef const char *(*settings_getenv)(const char *name);

/* The environment variable; NULL when it is not set or empty. */
const char *settings_env(settings_getenv getenv_fn, const char *name);

/* The folder where `coder login` keeps its files: `dir`, or the platform's place. `shown` is the
 * same with the home folder as "~". False: neither XDG_CONFIG_HOME nor HOME is set, or too long. */
bool settings_config_dir(const char *dir, settings_getenv getenv_fn, bool macos,
                         char path[SETTINGS_PATH_SIZE], char shown[SETTINGS_PATH_SIZE]);

/* The content of a small text file without the white space around it. NET_ERR_NOT_FOUND: there is
 * no such file; NET_ERR_USAGE with *why: it cannot be read, holds more than `size` - 1 characters
 * or characters that are not printable ASCII. `out` is wiped on every error. */
NET_MUST_USE enum net_err settings_read_file(const char *path, const char *shown, char *out,
                                             size_t size, struct failure *why);

/* Adds the headers of one value of --header or CODER_HEADER, a line of comma-separated values as in
 * the coder CLI (coder/serpent reads them with Go's encoding/csv): k=v,"k=v with , and """. */
NET_MUST_USE enum net_err settings_add_headers(struct settings *settings, const char *source,
                                               const char *text, struct failure *why);

/* Adds one header, "Key=Value". NET_ERR_USAGE: no "=", a name that is no token, a value of more
 * than one line, too many. The value never stands in *why: it may be secret. */
NET_MUST_USE enum net_err settings_add_header(struct settings *settings, const char *source,
                                              const char *text, size_t len, struct failure *why);

/* Runs the command with sh -c and CODER_URL in its environment, and adds each line that it prints
 * as a header. NET_ERR_USAGE: it failed, printed too much or took too long. */
NET_MUST_USE enum net_err settings_run_header_command(struct settings *settings, const char *source,
                                                      const char *command, struct failure *why);

#endif
