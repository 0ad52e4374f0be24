/*
 * A snapshot with its names and addresses replaced (mask.h): what is drawn, recorded or reported
 * from it holds none. Driven by the table of recording_fields.h, so that no text is forgotten.
 */
#ifndef SRC_MASK_SNAPSHOT_H
#define SRC_MASK_SNAPSHOT_H

#include "net/monitor/snapshot.h"

struct masker;

/* Never NULL. The same thing gets the same word as long as the masker lives. */
struct masker *masker_new(void);
void masker_free(struct masker *masker);

/* A WORKSPACE as it was given, "[owner/]name[.agent]": its names are known from now on, even before
 * the deployment has told of them. `out` gets it masked. */
void masker_target(struct masker *masker, const char *target, char *out, size_t size);

/* Any text that is shown beside a snapshot. */
void masker_text(struct masker *masker, const char *in, char *out, size_t size);

/* Replaces every text of the snapshot that says who or where, and notes that (`masked`). One that
 * is masked already stays as it is. The UUIDs stay, by which commands say what they are about; they
 * are not shown. */
void masker_snapshot(struct masker *masker, struct snapshot *snapshot);

/* A copy so masked, for a file: the UUIDs are replaced, too. Valid until the next call. */
const struct snapshot *masker_copy(struct masker *masker, const struct snapshot *snapshot);

#endif
