/*
 * A websocket as a stream, over another stream that carries its frames.
 */
#ifndef NET_TRANSPORT_WEBSOCKET_STREAM_H
#define NET_TRANSPORT_WEBSOCKET_STREAM_H

#include "net/transport/stream.h"
#include "net/transport/websocket.h"

/* `below` has done the upgrade; it is taken, and closed with this one. Never NULL. */
struct stream *websocket_stream_new(struct stream *below, enum websocket_role role,
                                    struct rng *rng);

/* Sends a ping (coderd does so every 15 s). Only for streams made by websocket_stream_new. */
void websocket_stream_ping(struct stream *stream);

#endif
