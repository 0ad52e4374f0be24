/*
 * The favourites among the workspaces, kept from run to run: a file for each deployment.
 */
#ifndef SRC_FAVOURITES_H
#define SRC_FAVOURITES_H

#include <stdbool.h>
#include <stddef.h>

#include "src/state_file.h"
#include "ui/rows.h"

/* $XDG_STATE_HOME/derptop, or ~/.local/state/derptop. False: neither is set, nothing can be kept.
 */
bool favourites_folder(char *out, size_t size);

/* The file of a deployment ("coder.example.com:8443"). */
enum { FAVOURITES_PATH = STATE_FILE_PATH };
void favourites_path(const char *folder, const char *deployment, char out[FAVOURITES_PATH]);

/* Nothing is read from a file that is not there; lines that are no UUIDs are passed over. Folder
 * NULL: there are none. */
void favourites_read(const char *folder, const char *deployment, struct pins *out);

/* Written beside and renamed. What cannot be written is not kept: the screen goes on. */
void favourites_write(const char *folder, const char *deployment, const struct pins *pins);

#endif
