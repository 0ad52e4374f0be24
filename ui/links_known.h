/*
 * Whether the terminal is one of those that are known to have links (OSC 8), by what it says of
 * itself in the environment. Pure.
 */
#ifndef UI_LINKS_KNOWN_H
#define UI_LINKS_KNOWN_H

#include <stdbool.h>

bool links_known(const char *(*get_env)(const char *name));

#endif
