/*
 * Which list of AWS's address ranges is looked into, as the user wishes: `--aws-ranges`.
 *
 *   not given   the bundled one
 *   fetch       the published one, kept in $XDG_CACHE_HOME/derptop for a day. When it cannot be
 *               had, the kept one however old, or else the bundled one; a line on stderr says so
 *   FILE        that file, in the published form
 */
#ifndef SRC_AWS_SOURCE_UV_H
#define SRC_AWS_SOURCE_UV_H

#include "src/aws_list.h"

enum { AWS_FETCH_TIMEOUT_S = 5, AWS_KEPT_FOR_S = 24 * 3600, AWS_SOURCE_PATH = 1024 };

struct aws_source {
    struct aws_list list; /* empty for the bundled one */
    struct aws_ranges ranges;
};

/* EXIT_DONE; EXIT_USAGE when a file that was named cannot be used (told on stderr). May take
 * AWS_FETCH_TIMEOUT_S. */
int aws_source_load(struct aws_source *out, const char *wish);

/* Where the fetched list is kept; false, and "": there is no home, or it is too long. */
bool aws_source_kept_path(char out[AWS_SOURCE_PATH]);

void aws_source_clear(struct aws_source *source);

#endif
