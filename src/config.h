/*
 * The settings file, $XDG_CONFIG_HOME/derptop/config.json: how the screen looks and behaves. (Where
 * the deployment is and who we are is another matter: net/control/settings.h.)
 *
 * One table (config_table.c) drives parser, defaults, `--print-config`, its schema and the README's
 * test. Reading is strict: an unknown name, a bad value, a name given twice or a key that means two
 * things is a problem, named with its line; then nothing of the file counts. JSON has no comments:
 * members whose names begin with two slashes are passed over.
 */
#ifndef SRC_CONFIG_H
#define SRC_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "ui/keys.h"

enum {
    CONFIG_FILE_MAX = 64 * 1024, /* bytes; the commented default has about 6 KiB */
    CONFIG_DEPTH_MAX = 8,        /* containers within each other */
    CONFIG_PROBLEMS_MAX = 16,    /* told at once */
    CONFIG_WORD = 32,
    CONFIG_PATH = 1024,
};

struct config {
    char color[CONFIG_WORD];
    bool ascii;
    char graph[CONFIG_WORD], theme[CONFIG_WORD], notify[CONFIG_WORD];
    bool mouse, mask, keep;
    uint64_t interval_ns;
    uint64_t keep_connected;
    uint64_t loss_limit; /* percent */
    uint64_t jitter_limit_ns;
    uint64_t good_ns, poor_ns, grade_samples;
    struct keys keys;
};

struct config_problem {
    size_t line;    /* from 1; 0 = of the file as a whole */
    char text[240]; /* safe for a terminal */
};

struct config_problems {
    size_t count; /* may be more than are kept */
    struct config_problem kept[CONFIG_PROBLEMS_MAX];
};

void config_init(struct config *config); /* the defaults */

/* The content of a file; an empty one is as good as {}. NET_ERR_USAGE with *problems; *out is then
 * as config_init makes it. */
NET_MUST_USE enum net_err config_parse(struct bytes text, struct config *out,
                                       struct config_problems *problems);

/* Where the file is looked for: `file`, or the usual place if that is NULL. "" when there is none
 * (no home). */
void config_path(const char *file, const char *(*getenv_fn)(const char *name),
                 char out[CONFIG_PATH]);

/* Reads the file at `path`. One that is not there is no problem, unless `must_exist`. */
NET_MUST_USE enum net_err config_load(const char *path, bool must_exist, struct config *out,
                                      struct config_problems *problems);

/* The defaults with comments, as a file to begin with; and its JSON Schema. */
void config_print(FILE *out);
void config_print_schema(FILE *out);

#endif
