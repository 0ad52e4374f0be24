/*
 * A stream of raw bytes over a connection that libcurl has made (CURLOPT_CONNECT_ONLY): TCP or TLS,
 * straight or through a proxy.
 */
#ifndef NET_TRANSPORT_CURL_STREAM_UV_H
#define NET_TRANSPORT_CURL_STREAM_UV_H

#include "net/transport/stream.h"
#include "net/transport/transfer_uv.h"

/* Takes the transfer, which is done and stays in the client's multi handle for as long as the
 * connection is used, and which must be on the heap. NULL: the socket cannot be polled; it is not
 * taken. */
struct stream *curl_stream_new(struct transfer *transfer);

#endif
