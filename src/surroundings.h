/*
 * What the program needs of the process that it was given, before anything else is opened.
 */
#ifndef SRC_SURROUNDINGS_H
#define SRC_SURROUNDINGS_H

#include "net/base/err.h"

enum { SURROUNDINGS_FILES_MIN = 64 };

/* Standard streams that are closed are opened to what fails, so that no socket takes their place;
 * no core dump, for keys and the token are in memory; no signal for a reader that went away; as
 * many open files as are allowed, up to a thousand. NET_ERR_IO: fewer than SURROUNDINGS_FILES_MIN
 * are. */
NET_MUST_USE enum net_err surroundings_prepare(struct failure *why);

#endif
