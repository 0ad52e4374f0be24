/*
 * The key exchange of a websocket upgrade (RFC 6455 4.1 and 4.2.2). It proves nothing about
 * identity; it only shows that the other side speaks websocket and that the answer is not a cached
 * one.
 */
#ifndef NET_TRANSPORT_WEBSOCKET_KEY_H
#define NET_TRANSPORT_WEBSOCKET_KEY_H

#include <stdbool.h>

#include "net/base/bytes.h"
#include "net/base/rng.h"

enum { WEBSOCKET_KEY_SIZE = 25, WEBSOCKET_ACCEPT_SIZE = 29 }; /* base64 of 16 and 20 bytes */

/* A fresh Sec-WebSocket-Key. */
void websocket_key_new(struct rng *rng, char out[WEBSOCKET_KEY_SIZE]);

/* True for base64 of 16 bytes. */
bool websocket_key_is_valid(struct bytes key);

/* The Sec-WebSocket-Accept that answers a valid key. */
void websocket_key_accept(struct bytes key, char out[WEBSOCKET_ACCEPT_SIZE]);

#endif
