/*
 * The findings that are muted, kept from run to run: a file of their names for each deployment, in
 * the folder of the favourites.
 */
#ifndef SRC_MUTED_H
#define SRC_MUTED_H

#include <stdbool.h>

#include "net/diagnose/finding.h"

/* Names that are not known here are passed over. Folder NULL: none is muted. */
void muted_read(const char *folder, const char *deployment, bool out[FINDING_CODES]);
void muted_write(const char *folder, const char *deployment, const bool muted[FINDING_CODES]);

#endif
