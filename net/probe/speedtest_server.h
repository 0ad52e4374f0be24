/*
 * The server of a speed test on one connection: for the lab's agents. A machine as its client is.
 *
 * The client's download is sent for the time that it asked for; its upload is read to its end. As
 * the genuine one: version compared for equality, four times the time for an upload. Unlike it, a
 * test has a longest time, and what breaks the rules is answered in words of ours.
 */
#ifndef NET_PROBE_SPEEDTEST_SERVER_H
#define NET_PROBE_SPEEDTEST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/probe/speedtest_line.h"
#include "net/probe/speedtest_source.h"

enum { SPEEDTEST_SERVER_WAIT_S = 10 /* for the client's line, and while nothing moves */ };

enum speedtest_server_state {
    SPEEDTEST_SERVER_ASKED,     /* its line is awaited */
    SPEEDTEST_SERVER_SENDING,   /* a download */
    SPEEDTEST_SERVER_RECEIVING, /* an upload */
    SPEEDTEST_SERVER_CLOSING,   /* all is written: a FIN is due */
    SPEEDTEST_SERVER_BROKEN,    /* to be reset */
};

struct speedtest_server {
    enum speedtest_server_state state;
    char in[SPEEDTEST_LINE_MAX];
    size_t in_len;
    char out[SPEEDTEST_ERROR_SIZE * 2]; /* the answer */
    size_t out_len, out_sent, out_acked;
    bool closing; /* nothing follows the answer */
    struct speedtest_source source;
    uint64_t received;
    mono_ns last_at;  /* when something moved */
    mono_ns limit_at; /* of an upload */
};

/* `block`: SPEEDTEST_BLOCK random bytes, borrowed. */
void speedtest_server_init(struct speedtest_server *server, const uint8_t *block, mono_ns now);

void speedtest_server_input(struct speedtest_server *server, mono_ns now, struct bytes in);
void speedtest_server_acked(struct speedtest_server *server, mono_ns now, size_t count);
/* The client sends no more. */
void speedtest_server_ended(struct speedtest_server *server, mono_ns now);

/* As speedtest_client_output. */
struct bytes speedtest_server_output(const struct speedtest_server *server, mono_ns now);
void speedtest_server_sent(struct speedtest_server *server, mono_ns now, size_t count);

/* All that was written is acknowledged, and nothing follows: the connection may be closed. */
bool speedtest_server_is_heard(const struct speedtest_server *server);

void speedtest_server_tick(struct speedtest_server *server, mono_ns now);
mono_ns speedtest_server_deadline(const struct speedtest_server *server);

#endif
