/*
 * What is kept from run to run, in files of a folder: each of a kind, for a deployment.
 */
#ifndef SRC_STATE_FILE_H
#define SRC_STATE_FILE_H

#include <stdbool.h>
#include <stdio.h>

enum { STATE_FILE_PATH = 4096 };

/* "FOLDER/favourites-coder.example.com_8443": of the deployment letters, digits, dots and dashes
 * stay. */
void state_file_path(const char *folder, const char *kind, const char *deployment,
                     char out[STATE_FILE_PATH]);

/* For each line, without its end; longer lines come in pieces. Nothing is read from a file that is
 * not there. Folder NULL: there are none. */
void state_file_read(const char *folder, const char *kind, const char *deployment,
                     void (*line)(void *owner, const char *text), void *owner);

/* Written beside and renamed. What cannot be written is not kept: the screen goes on. `write` says
 * whether it could. */
void state_file_write(const char *folder, const char *kind, const char *deployment,
                      bool (*write)(const void *what, FILE *out), const void *what);

#endif
