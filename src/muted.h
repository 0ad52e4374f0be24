/*
 * The findings that are muted, kept from run to run: a file of their names for each deployment, in
 * the folder of the favourites.
 */
#ifndef SRC_MUTED_H
#define SRC_MUTED_H

#include <stdbool.h>

#include "net/diagnose/finding.h"
#include "src/state_file.h"

/* The file of a deployment. */
void muted_path(const char *folder, const char *deployment, char out[STATE_FILE_PATH]);

/* Names that are not known here are passed over. Folder NULL: none is muted. */
void muted_read(const char *folder, const char *deployment, bool out[FINDING_CODES]);
void muted_write(const char *folder, const char *deployment, const bool muted[FINDING_CODES]);

#endif
