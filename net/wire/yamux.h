/*
 * yamux frame headers: bytes to struct and back. No I/O, no clock, no heap.
 * Format: hashicorp/yamux spec.md.
 */
#ifndef NET_WIRE_YAMUX_H
#define NET_WIRE_YAMUX_H

#include <stdint.h>

#include "net/base/bytes.h"
#include "net/base/err.h"

enum { YAMUX_HEADER_LEN = 12, YAMUX_WINDOW = 256 << 10 };

enum yamux_type {
    YAMUX_DATA = 0,
    YAMUX_WINDOW_UPDATE = 1,
    YAMUX_PING = 2,
    YAMUX_GO_AWAY = 3,
};

enum yamux_flag { YAMUX_SYN = 1, YAMUX_ACK = 2, YAMUX_FIN = 4, YAMUX_RST = 8 };

/* The length of YAMUX_GO_AWAY: why. */
enum yamux_go_away {
    YAMUX_GO_AWAY_NORMAL = 0,
    YAMUX_GO_AWAY_PROTOCOL = 1,
    YAMUX_GO_AWAY_INTERNAL = 2,
};

struct yamux_header {
    enum yamux_type type;
    uint16_t flags;     /* yamux_flag bits */
    uint32_t stream_id; /* 0 is the session itself */
    uint32_t length;    /* payload bytes for YAMUX_DATA, else a value */
};

/* Reads one header at the cursor, which moves only on NET_OK.
 * NET_ERR_AGAIN: fewer than YAMUX_HEADER_LEN bytes are there yet.
 * NET_ERR_MALFORMED: unknown version or type; the session must end. */
NET_MUST_USE enum net_err yamux_header_decode(struct reader *in, struct yamux_header *out);

/* Appends the header; the writer fails if there is no room. */
void yamux_header_encode(struct writer *out, const struct yamux_header *header);

#endif
