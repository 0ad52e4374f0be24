/*
 * The client of a speed test, on a connection of the owner's. A machine: bytes in, a view of the
 * bytes to write, what was acknowledged, the time; no I/O, no heap.
 *
 * Download: the server sends until the time is up and closes. Upload: we do, and the result is what
 * was acknowledged, not what a buffer took. A test that is cut short keeps what it measured.
 * Protocol notes: wireguard-paths-speedtest 4.
 */
#ifndef NET_PROBE_SPEEDTEST_CLIENT_H
#define NET_PROBE_SPEEDTEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/probe/speedtest_line.h"
#include "net/probe/speedtest_meter.h"
#include "net/probe/speedtest_source.h"

enum {
    SPEEDTEST_CONNECT_S = 10, /* for the connection, and again for the answer to our line */
    SPEEDTEST_STALL_S = 10,   /* without a byte: longer than a change of the path takes */
    SPEEDTEST_GRACE_S = 5,    /* to end after the time is up: as long as the test, or this */
};

enum speedtest_state {
    SPEEDTEST_CONNECTING,
    SPEEDTEST_ASKING,  /* our line is out, its answer is not there */
    SPEEDTEST_RUNNING, /* bytes flow */
    SPEEDTEST_ENDING,  /* upload: all is written, not all is acknowledged */
    SPEEDTEST_DONE,
    SPEEDTEST_FAILED, /* see `failure`; what was measured until then is there */
};

struct speedtest_client {
    enum speedtest_direction direction;
    uint64_t duration_ns;
    enum speedtest_state state;
    mono_ns began_at, last_at; /* last_at: when something came or was acknowledged */
    char line[128];            /* ours */
    char reply[SPEEDTEST_LINE_MAX];
    size_t line_len, line_sent, line_acked, reply_len;
    struct speedtest_source source;
    struct speedtest_meter meter;
    bool stopped; /* by us, before its time */
    bool cut;     /* its end did not come in time, so we ended it: what was measured stands */
    struct failure failure;
};

/* `block`: SPEEDTEST_BLOCK random bytes, borrowed, for an upload; else NULL. The time runs from
 * 1 ms to SPEEDTEST_SECONDS_MAX. */
void speedtest_client_init(struct speedtest_client *client, enum speedtest_direction direction,
                           uint64_t duration_ns, const uint8_t *block, mono_ns now);

/* What happens on the connection. */
void speedtest_client_opened(struct speedtest_client *client, mono_ns now);
void speedtest_client_input(struct speedtest_client *client, mono_ns now, struct bytes in);
void speedtest_client_acked(struct speedtest_client *client, mono_ns now, size_t count);
void speedtest_client_ended(struct speedtest_client *client, mono_ns now);
void speedtest_client_failed(struct speedtest_client *client, mono_ns now, enum net_err why);

/* The next bytes to write: as many of them as there is room for, then _sent tells how many that
 * were. The memory lasts as long as the machine and the block. Empty: none now. */
struct bytes speedtest_client_output(const struct speedtest_client *client, mono_ns now);
void speedtest_client_sent(struct speedtest_client *client, mono_ns now, size_t count);

/* True once all is written: a FIN is due. */
bool speedtest_client_is_written(const struct speedtest_client *client);

/* The user has enough of it. */
void speedtest_client_stop(struct speedtest_client *client, mono_ns now);

/* Time-outs, and slices of the meter that pass. MONO_NEVER once it is over. */
void speedtest_client_tick(struct speedtest_client *client, mono_ns now);
mono_ns speedtest_client_deadline(const struct speedtest_client *client);

/* Done or failed: the connection is of no more use. It is to be closed if the server ended the
 * test, and reset if not (a FIN would leave it sending). */
bool speedtest_client_is_over(const struct speedtest_client *client);

#endif
