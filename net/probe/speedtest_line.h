/*
 * The two lines of JSON with which a speed test begins, and the figures of its protocol. Pure.
 * Format: tailscale.com net/speedtest, version 2; protocol notes (wireguard-paths-speedtest) 4.1.
 *
 * The client sends its configuration, the server answers "{}" or an error, each line ends in LF.
 * Then bytes flow in one direction until the sender closes.
 */
#ifndef NET_PROBE_SPEEDTEST_LINE_H
#define NET_PROBE_SPEEDTEST_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/now.h"

enum {
    SPEEDTEST_PORT = 3, /* the agent's, inside the tunnel */
    SPEEDTEST_VERSION = 2,
    SPEEDTEST_BLOCK = 2 << 20, /* the sender writes, and the receiver counts, in such blocks */
    SPEEDTEST_LINE_MAX = 2048, /* ours; the longest genuine line has some 150 bytes */
    SPEEDTEST_ERROR_SIZE = 200,
    SPEEDTEST_SECONDS_MAX = 300, /* ours: the genuine server takes any time */
};

enum speedtest_direction {
    SPEEDTEST_DOWN = 0, /* from the server to the client */
    SPEEDTEST_UP = 1,
};

struct speedtest_config {
    int64_t version;
    int64_t duration_ns;
    int64_t direction; /* enum speedtest_direction, if it is one */
};

/* Append a line with its LF; the writer fails if there is no room. error NULL: the test begins. */
void speedtest_config_encode(struct writer *out, const struct speedtest_config *config);
void speedtest_reply_encode(struct writer *out, const char *error);

/* Finds the LF that ends the line; *len is the length without it. NET_ERR_AGAIN: not there yet.
 * NET_ERR_TOO_BIG: not within SPEEDTEST_LINE_MAX bytes. */
NET_MUST_USE enum net_err speedtest_line_find_end(struct bytes in, size_t *len);

/* Read a line without its LF; unknown members are ignored. NET_ERR_MALFORMED: not an object, or a
 * member of another kind. Absent numbers are 0. *error is cleaned for a terminal, "" if there is
 * none. */
NET_MUST_USE enum net_err speedtest_config_decode(struct bytes line, struct speedtest_config *out);
NET_MUST_USE enum net_err speedtest_reply_decode(struct bytes line,
                                                 char error[SPEEDTEST_ERROR_SIZE]);

#endif
