#include "net/transport/curl_stream_uv.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/transport/poll_stream_uv.h"

struct curl_stream {
    struct transfer *transfer;
    struct stream *stream; /* what polls it */
};

static enum net_err receive(void *owner, uint8_t *out, size_t size, size_t *got,
                            struct failure *why)
{
    struct curl_stream *cs = owner;
    *got = 0;
    CURLcode code = curl_easy_recv(cs->transfer->easy, out, size, got);
    if (code == CURLE_OK) {
        return *got > 0 ? NET_OK : NET_ERR_CLOSED;
    }
    return code == CURLE_AGAIN ? NET_ERR_AGAIN : transfer_failure(cs->transfer, code, why);
}

static enum net_err send_some(void *owner, struct bytes in, size_t *sent, struct failure *why)
{
    struct curl_stream *cs = owner;
    *sent = 0;
    CURLcode code = curl_easy_send(cs->transfer->easy, in.ptr, in.len, sent);
    if (code == CURLE_OK) {
        return *sent > 0 ? NET_OK : NET_ERR_AGAIN;
    }
    return code == CURLE_AGAIN ? NET_ERR_AGAIN : transfer_failure(cs->transfer, code, why);
}

static void release(void *owner)
{
    struct curl_stream *cs = owner;
    transfer_end(cs->transfer);
    free(cs->transfer);
    free(cs);
}

static struct curl_stream *of(struct transfer *transfer)
{
    return transfer->owner;
}

static void on_drop(struct transfer *transfer)
{
    poll_stream_end_now(of(transfer)->stream);
}

struct stream *curl_stream_new(struct transfer *transfer)
{
    static const struct poll_backend backend = {receive, send_some, release};
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (curl_easy_getinfo(transfer->easy, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
        socket == CURL_SOCKET_BAD) {
        return NULL;
    }
    struct curl_stream *cs = mem_new(sizeof *cs);
    cs->transfer = transfer;
    cs->stream = poll_stream_new(transfer->client->loop, socket, &backend, cs);
    if (cs->stream == NULL) {
        free(cs);
        return NULL;
    }
    transfer->owner = cs;
    transfer->drop = on_drop;
    return cs->stream;
}
