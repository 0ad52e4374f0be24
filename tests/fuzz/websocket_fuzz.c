/*
 * A websocket end fed with bytes: however they are cut, content and end are the same, and what it
 * wants to send stays bounded. The input's first byte chooses the role and the size of the pieces.
 */
#include "net/transport/websocket.h"

#include <assert.h>

#include "net/base/buf.h"

enum { CONTENT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct buf content;
    enum net_err end;
    uint64_t pings;
    struct buf sent;
};

static enum net_err read_all(struct websocket *ws, struct buf *out)
{
    for (;;) {
        uint8_t chunk[100];
        size_t got = 0;
        enum net_err err = websocket_read(ws, chunk, sizeof chunk, &got);
        if (err != NET_OK) {
            return err;
        }
        assert(got > 0 && got <= sizeof chunk);
        enum net_err full = buf_append(out, bytes_of(chunk, got));
        assert(full == NET_OK);
    }
}

static void run(enum websocket_role role, struct bytes in, size_t step, struct outcome *out)
{
    struct rng_seeded rng;
    rng_seeded_init(&rng, 1);
    struct websocket *ws = websocket_new(role, &rng.rng);
    buf_init(&out->content, CONTENT_MAX);
    buf_init(&out->sent, CONTENT_MAX);
    out->end = NET_ERR_AGAIN;
    for (size_t at = 0; at < in.len && out->end == NET_ERR_AGAIN;) {
        size_t len = in.len - at < step ? in.len - at : step;
        at += websocket_input(ws, bytes_of(in.ptr + at, len));
        out->end = read_all(ws, &out->content);
        assert(websocket_output(ws).len <= WEBSOCKET_OUT_MAX + WEBSOCKET_CONTROL_ROOM);
    }
    if (out->end == NET_ERR_AGAIN) {
        websocket_input_end(ws, NULL);
        out->end = read_all(ws, &out->content);
    }
    assert(out->end == NET_ERR_IO || out->end == NET_ERR_CLOSED);
    struct failure why;
    websocket_failure(ws, &why);
    assert(why.code == out->end && why.text[0] != '\0');
    enum net_err full = buf_append(&out->sent, websocket_output(ws));
    assert(full == NET_OK);
    out->pings = websocket_pings(ws);
    websocket_free(ws);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole;
    struct outcome pieces;
    if (size < 1 || size > CONTENT_MAX / 2) {
        return 0;
    }
    enum websocket_role role = data[0] & 1 ? WEBSOCKET_SERVER : WEBSOCKET_CLIENT;
    struct bytes in = bytes_of(data + 1, size - 1);
    run(role, in, size, &whole);
    run(role, in, 1 + data[0] / 2, &pieces);
    assert(whole.end == pieces.end && whole.pings == pieces.pings);
    assert(bytes_equal(buf_view(&whole.content), buf_view(&pieces.content)));
    assert(bytes_equal(buf_view(&whole.sent), buf_view(&pieces.sent)));
    buf_clear(&whole.content);
    buf_clear(&whole.sent);
    buf_clear(&pieces.content);
    buf_clear(&pieces.sent);
    return 0;
}
