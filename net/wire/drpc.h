/*
 * dRPC: frames, packets, and one direction each of the RPC that a yamux stream carries. Pure.
 *
 *   frame = control (1) stream id, message id, length (varints) data
 *   control: bit 0 done, bits 1-6 kind, bit 7 "may be ignored if the kind is unknown"
 *
 * Frames with one id make a packet. Sources: storj/drpc drpcwire/{packet,varint,split,reader}.go.
 */
#ifndef NET_WIRE_DRPC_H
#define NET_WIRE_DRPC_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/buf.h"
#include "net/base/bytes.h"
#include "net/base/err.h"

enum {
    DRPC_PACKET_MAX = 4 << 20, /* drpcmanager's MaximumBufferSize in Coder */
    DRPC_SPLIT = 64 << 10,     /* the reference splits packets into frames of this size */
    DRPC_FRAME_HEAD_MAX = 1 + 3 * 10,
    DRPC_UNIMPLEMENTED = 12, /* drpcerr.Unimplemented */
};

enum drpc_kind {
    DRPC_INVOKE = 1,
    DRPC_MESSAGE = 2,
    DRPC_ERROR = 3,
    DRPC_CANCEL = 4,
    DRPC_CLOSE = 5,
    DRPC_CLOSE_SEND = 6,
    DRPC_INVOKE_METADATA = 7,
};

struct drpc_frame {
    uint8_t kind;
    bool done;
    bool control;
    uint64_t stream_id;
    uint64_t message_id;
    struct bytes data; /* view into the input */
};

/* Reads one frame at the cursor, which moves only on NET_OK. NET_ERR_AGAIN: not whole yet.
 * NET_ERR_MALFORMED: a varint longer than 10 bytes. NET_ERR_TOO_BIG: data above DRPC_PACKET_MAX. */
NET_MUST_USE enum net_err drpc_frame_decode(struct reader *in, struct drpc_frame *out);

/* Appends one frame. NET_ERR_FULL: the buffer's limit. */
NET_MUST_USE enum net_err drpc_frame_encode(struct buf *out, const struct drpc_frame *frame);

struct drpc_packet {
    uint8_t kind; /* one that is not in the list never comes out */
    uint64_t stream_id;
    uint64_t message_id;
    struct bytes data; /* view, valid until the next call */
};

/* Bytes of one direction to packets: reassembles, checks that ids rise. */
struct drpc_reader {
    struct buf in;     /* what is not yet a whole frame */
    struct buf packet; /* data of the packet so far */
    bool have;         /* an id is in force */
    uint8_t kind;
    uint64_t stream_id, message_id;
    bool done;    /* the packet of that id was delivered */
    bool deliver; /* `packet` was handed out and is cleared at the next call */
};

void drpc_reader_init(struct drpc_reader *reader);
void drpc_reader_clear(struct drpc_reader *reader);

/* NET_ERR_FULL: more than a whole packet waits unread: the peer does not keep the limits. */
NET_MUST_USE enum net_err drpc_reader_feed(struct drpc_reader *reader, struct bytes in);

/* The next packet. NET_ERR_AGAIN: none yet. NET_ERR_MALFORMED, NET_ERR_TOO_BIG: the RPC is dead. */
NET_MUST_USE enum net_err drpc_reader_next(struct drpc_reader *reader, struct drpc_packet *out);

/* Our direction: numbers packets from 1 and splits them. */
struct drpc_writer {
    uint64_t message_id; /* of the last packet */
};

/* Appends a packet of dRPC stream 1. NET_ERR_FULL: the buffer's limit; nothing more can be sent. */
NET_MUST_USE enum net_err drpc_write(struct drpc_writer *writer, struct buf *out,
                                     enum drpc_kind kind, struct bytes data);

/* Error data: code (8 bytes) and text. */
NET_MUST_USE enum net_err drpc_write_error(struct drpc_writer *writer, struct buf *out,
                                           uint64_t code, const char *text);

/* Reads error data; `text` is cleaned and cut. A packet shorter than 8 bytes is code 0, all text.
 */
void drpc_error_decode(struct bytes data, uint64_t *code, char *text, size_t size);

/* Whether an error means that the server does not know the RPC. */
bool drpc_error_is_unknown_rpc(uint64_t code, const char *text);

#endif
