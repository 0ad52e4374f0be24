/*
 * A recording is read: line by line, each changes the snapshot that stands. Whatever the file
 * holds, the snapshot stays one that the screen can show: every count, index and length is checked,
 * every text made safe.
 */
#ifndef SRC_RECORDING_READ_H
#define SRC_RECORDING_READ_H

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/monitor/snapshot.h"

enum {
    RECORDING_LINE_MAX = 8 * 1024 * 1024, /* a whole snapshot takes about 1.5 MiB */
    RECORDING_DAYS_MAX = 366,
};

enum recording_what {
    RECORDING_NOTHING, /* the beginning, or a line of a kind that is not known: a newer derptop's */
    RECORDING_STATE,   /* waits to be applied */
    RECORDING_END,     /* the recorder ended in order; nothing may follow */
};

struct recording;

/* Never NULL. */
struct recording *recording_new(void);
void recording_free(struct recording *recording);

/* As it stands, without what is loaded; to go on from there once more. */
struct recording *recording_copy(const struct recording *recording);

/* The next line, without its newline. NET_ERR_MALFORMED, NET_ERR_UNSUPPORTED (a newer version),
 * NET_ERR_TOO_BIG, with *why: its number and what is wrong. A state that was loaded before must
 * have been applied. */
NET_MUST_USE enum net_err recording_load(struct recording *recording, struct bytes line,
                                         enum recording_what *what, struct failure *why);

/* When the loaded state stood, ns since the recording began. */
uint64_t recording_due(const struct recording *recording);

/* Makes it the state that stands. On failure that is neither the old nor the new one, but can still
 * be shown. */
NET_MUST_USE enum net_err recording_apply(struct recording *recording, struct failure *why);

/* The state that stands, at `position` (ns since the beginning): its clocks say so. */
const struct snapshot *recording_at(struct recording *recording, uint64_t position);

#endif
