/*
 * How much arrived when: the rows that the genuine client prints, and slices of a tenth of a second
 * for a live graph. A machine without I/O or heap; times are counted from the start of the
 * transfer.
 *
 * The rows follow tailscale.com net/speedtest: bytes count once a block of 2 MiB is whole, a row
 * ends with the first block that comes a second or more after the row before, and a rest of 10 ms
 * or less has no row. The totals of ours count bytes, whole blocks or not: on a slow link a block
 * takes longer than the test.
 */
#ifndef NET_PROBE_SPEEDTEST_METER_H
#define NET_PROBE_SPEEDTEST_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/now.h"

enum {
    SPEEDTEST_ROWS_MAX = 640, /* twice the longest test; later ones lengthen the last */
    SPEEDTEST_SLICES_MAX = 512,
    SPEEDTEST_SLICE_MS = 100, /* at first: when there is no room they are joined, two and two */
};

struct speedtest_row {
    uint64_t start_ns, end_ns;
    uint64_t bytes;
};

struct speedtest_meter {
    mono_ns start;
    uint64_t bytes;   /* all of them */
    uint64_t last_ns; /* when the last one came */

    /* Rows. */
    uint64_t blocks;    /* whole ones */
    uint64_t block_ns;  /* when the last one became whole */
    uint64_t row_bytes; /* of the blocks since the last row */
    size_t row_count;
    struct speedtest_row rows[SPEEDTEST_ROWS_MAX];

    /* Slices; all but the last are over. */
    uint64_t slice_ns;
    size_t slice_count;
    uint64_t slices[SPEEDTEST_SLICES_MAX]; /* bytes */
};

void speedtest_meter_init(struct speedtest_meter *meter, mono_ns start);

/* `count` bytes more at `now`. */
void speedtest_meter_add(struct speedtest_meter *meter, mono_ns now, size_t count);

/* Lets slices without a byte pass. */
void speedtest_meter_tick(struct speedtest_meter *meter, mono_ns now);

/* The transfer is over: the last row. */
void speedtest_meter_end(struct speedtest_meter *meter);

/* The total row of the genuine client. False: it has none (no block became whole). */
bool speedtest_meter_whole(const struct speedtest_meter *meter, struct speedtest_row *out);

/* The total by bytes, to the last of them. */
struct speedtest_row speedtest_meter_total(const struct speedtest_meter *meter);

/* Bits a second over the last second of whole slices; over all of it while there are fewer. */
uint64_t speedtest_meter_rate(const struct speedtest_meter *meter);

/* Bits a second. 0 for no time at all. */
uint64_t speedtest_rate(uint64_t bytes, uint64_t ns);

#endif
