/*
 * What `derptop speedtest` prints: the table of `coder speedtest`, the latency beside it, and JSON.
 */
#ifndef SRC_SPEEDTEST_REPORT_H
#define SRC_SPEEDTEST_REPORT_H

#include "net/monitor/snapshot.h"
#include "src/options.h"

enum { SPEEDTEST_TEXT_SIZE = 96 };

/* "0.43ms via 203.0.113.7:41641", "29ms via coder": the latency at rest, if it is known, and the
 * path. */
void speedtest_via_text(const struct snapshot_speed_run *run, char out[SPEEDTEST_TEXT_SIZE]);

/* A line of the table, without its end; `width` is that of the first column. */
void speedtest_row_text(const struct snapshot_speed_row *row, int width,
                        char out[SPEEDTEST_TEXT_SIZE]);

/* The first column's width for a test of that length. */
int speedtest_width(uint64_t duration_ns);

/* All of it as one row: by bytes, to the last of them. */
struct snapshot_speed_row speedtest_total(const struct snapshot_speed_run *run);

/* The running rate: "[######......] 2.3 s  853.2 Mbit/s". */
void speedtest_progress_text(const struct snapshot_speed *speed, mono_ns now,
                             char out[SPEEDTEST_TEXT_SIZE]);

/* To standard output: the table's head, its row number `index`, and what follows the last one. */
void speedtest_report_head(const struct options *options, const struct snapshot_speed *speed);
void speedtest_report_row(const struct options *options, const struct snapshot_speed *speed,
                          size_t index);
void speedtest_report_end(const struct options *options, const struct snapshot_speed *speed);

#endif
