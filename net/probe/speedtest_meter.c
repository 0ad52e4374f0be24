#include "net/probe/speedtest_meter.h"

#include <string.h>

#include "net/probe/speedtest_line.h"

enum { REST_LEAST_MS = 10, RATE_WINDOW_MS = 1000 };

void speedtest_meter_init(struct speedtest_meter *meter, mono_ns start)
{
    memset(meter, 0, sizeof *meter);
    meter->start = start;
    meter->slice_ns = SPEEDTEST_SLICE_MS * NS_PER_MS;
    meter->slice_count = 1;
}

/* --- slices -----------------------------------------------------------------------------------
 */

static void join_slices(struct speedtest_meter *meter)
{
    for (size_t i = 0; i < SPEEDTEST_SLICES_MAX / 2; i++) {
        meter->slices[i] = meter->slices[2 * i] + meter->slices[2 * i + 1];
    }
    memset(meter->slices + SPEEDTEST_SLICES_MAX / 2, 0, sizeof meter->slices / 2);
    meter->slice_ns *= 2;
    meter->slice_count = (meter->slice_count + 1) / 2;
}

static size_t slice_at(struct speedtest_meter *meter, uint64_t ns)
{
    while (ns / meter->slice_ns >= SPEEDTEST_SLICES_MAX) {
        join_slices(meter);
    }
    return (size_t)(ns / meter->slice_ns);
}

void speedtest_meter_tick(struct speedtest_meter *meter, mono_ns now)
{
    size_t slice = slice_at(meter, mono_since(now, meter->start));
    meter->slice_count = slice + 1 > meter->slice_count ? slice + 1 : meter->slice_count;
}

/* --- rows -------------------------------------------------------------------------------------
 */

static void end_row(struct speedtest_meter *meter)
{
    uint64_t start_ns = meter->row_count == 0 ? 0 : meter->rows[meter->row_count - 1].end_ns;
    if (meter->row_count == SPEEDTEST_ROWS_MAX) {
        struct speedtest_row *last = &meter->rows[SPEEDTEST_ROWS_MAX - 1];
        last->end_ns = meter->block_ns;
        last->bytes += meter->row_bytes;
    } else {
        meter->rows[meter->row_count++] = (struct speedtest_row){
            .start_ns = start_ns, .end_ns = meter->block_ns, .bytes = meter->row_bytes};
    }
    meter->row_bytes = 0;
}

static uint64_t since_row(const struct speedtest_meter *meter)
{
    uint64_t row_end = meter->row_count == 0 ? 0 : meter->rows[meter->row_count - 1].end_ns;
    return meter->block_ns - row_end;
}

void speedtest_meter_add(struct speedtest_meter *meter, mono_ns now, size_t count)
{
    uint64_t ns = mono_since(now, meter->start);
    ns = ns < meter->last_ns ? meter->last_ns : ns;
    meter->bytes += count;
    meter->last_ns = ns;
    speedtest_meter_tick(meter, mono_after(meter->start, ns));
    meter->slices[meter->slice_count - 1] += count;
    uint64_t blocks = meter->bytes / SPEEDTEST_BLOCK;
    if (blocks == meter->blocks) {
        return;
    }
    meter->row_bytes += (blocks - meter->blocks) * SPEEDTEST_BLOCK;
    meter->blocks = blocks;
    meter->block_ns = ns;
    if (since_row(meter) >= NS_PER_SEC) {
        end_row(meter);
    }
}

void speedtest_meter_end(struct speedtest_meter *meter)
{
    if (since_row(meter) > REST_LEAST_MS * NS_PER_MS) {
        end_row(meter);
    }
}

bool speedtest_meter_whole(const struct speedtest_meter *meter, struct speedtest_row *out)
{
    *out =
        (struct speedtest_row){.end_ns = meter->block_ns, .bytes = meter->blocks * SPEEDTEST_BLOCK};
    return meter->block_ns > REST_LEAST_MS * NS_PER_MS;
}

struct speedtest_row speedtest_meter_total(const struct speedtest_meter *meter)
{
    return (struct speedtest_row){.end_ns = meter->last_ns, .bytes = meter->bytes};
}

/* --- rates ------------------------------------------------------------------------------------
 */

uint64_t speedtest_rate(uint64_t bytes, uint64_t ns)
{
    return ns == 0 ? 0 : (uint64_t)(8e9 * (double)bytes / (double)ns);
}

uint64_t speedtest_meter_rate(const struct speedtest_meter *meter)
{
    size_t whole = meter->slice_count - 1;
    uint64_t wanted = RATE_WINDOW_MS * NS_PER_MS / meter->slice_ns;
    size_t count = wanted == 0 ? 1 : (size_t)wanted;
    uint64_t bytes = 0;
    if (whole == 0) {
        return speedtest_rate(meter->bytes, meter->last_ns);
    }
    count = count < whole ? count : whole;
    for (size_t i = whole - count; i < whole; i++) {
        bytes += meter->slices[i];
    }
    return speedtest_rate(bytes, count * meter->slice_ns);
}
