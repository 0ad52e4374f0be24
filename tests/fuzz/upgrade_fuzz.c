/*
 * The answer to an upgrade, in pieces whose size the first byte gives: the outcome does not depend
 * on them.
 */
#include "net/transport/upgrade.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool waits(const struct upgrade *upgrade)
{
    return upgrade->state == UPGRADE_HEAD || upgrade->state == UPGRADE_BODY;
}

/* Runs to the end; returns how much of the input was used. */
static size_t run(bool websocket, struct bytes in, size_t step, struct upgrade *out)
{
    struct rng_seeded rng;
    rng_seeded_init(&rng, 1);
    struct upgrade_request request = {.host = "host",
                                      .target = "/derp",
                                      .protocol = websocket ? "websocket" : "DERP",
                                      .subprotocol = NULL,
                                      .user_agent = NULL};
    upgrade_init(out, &request, &rng.rng);
    enum net_err err = upgrade_end_request(out);
    assert(err == NET_OK);
    size_t at = 0;
    while (at < in.len && waits(out)) {
        size_t len = in.len - at < step ? in.len - at : step;
        upgrade_input(out, bytes_of(in.ptr + at, len));
        at += len;
    }
    if (waits(out)) {
        bool has_status = upgrade_input_end(out);
        assert(has_status == (out->state == UPGRADE_REFUSED));
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct upgrade whole;
    struct upgrade pieces;
    if (size < 1 || size > UPGRADE_HEAD_MAX) {
        return 0;
    }
    struct bytes in = bytes_of(data + 1, size - 1);
    (void)run((data[0] & 1) != 0, in, size, &whole);
    size_t used = run((data[0] & 1) != 0, in, 1 + data[0] / 2, &pieces);
    assert(whole.state == pieces.state && whole.status == pieces.status);
    assert(bytes_equal(upgrade_body(&whole), upgrade_body(&pieces)));
    if (whole.state == UPGRADE_OPEN) {
        struct bytes first = buf_view(&pieces.in);
        struct bytes all = buf_view(&whole.in);
        assert(all.len == first.len + (in.len - used));
        assert(bytes_start_with(all, first));
    }
    upgrade_clear(&whole);
    upgrade_clear(&pieces);
    return 0;
}
