/*
 * Both machines of the speed test, driven by a script that the input spells: each step is a byte
 * that says what happens and how much, and bytes of the input are what the other side sends.
 */
#include <assert.h>

#include "net/probe/speedtest_client.h"
#include "net/probe/speedtest_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEP_INPUT, STEP_TIME, STEP_WRITE, STEP_ACKED, STEP_ENDED, STEP_FAILED, STEP_STOP, STEPS };
enum { LONG_STEP = 7 /* this shifts an amount far to the left */ };

static uint8_t block[SPEEDTEST_BLOCK];

/* 0 to 15, or with the top bit much more. */
static uint64_t amount(uint8_t step)
{
    uint64_t value = step >> 3 & 0xf;
    return (step & 0x80) != 0 ? value << (3 * LONG_STEP) : value;
}

static void check_meter(const struct speedtest_client *client)
{
    const struct speedtest_meter *meter = &client->meter;
    uint64_t sliced = 0;
    uint64_t rows = 0;
    for (size_t i = 0; i < meter->slice_count; i++) {
        sliced += meter->slices[i];
    }
    for (size_t i = 0; i < meter->row_count; i++) {
        assert(meter->rows[i].end_ns > meter->rows[i].start_ns);
        rows += meter->rows[i].bytes;
    }
    assert(sliced == meter->bytes);
    assert(rows <= meter->bytes);
    assert(meter->slice_count <= SPEEDTEST_SLICES_MAX);
    assert(client->source.acked <= client->source.written);
    assert(client->direction == SPEEDTEST_DOWN || meter->bytes <= client->source.acked);
}

static void client_step(struct speedtest_client *client, uint8_t step, struct reader *in,
                        mono_ns *now)
{
    static const enum net_err reasons[] = {NET_ERR_CLOSED, NET_ERR_TIMEOUT, NET_ERR_FULL};
    struct bytes out;
    switch (step % STEPS) {
    case STEP_INPUT:
        out = reader_take(in, amount(step) < reader_left(in) ? amount(step) : reader_left(in));
        speedtest_client_input(client, *now, out);
        break;
    case STEP_TIME:
        *now += amount(step) * 37 * NS_PER_US;
        speedtest_client_tick(client, *now);
        break;
    case STEP_WRITE:
        speedtest_client_opened(client, *now);
        out = speedtest_client_output(client, *now);
        out.len = amount(step) < out.len ? amount(step) : out.len;
        if (out.len > 0) {
            speedtest_client_sent(client, *now, out.len);
        }
        break;
    case STEP_ACKED:
        speedtest_client_acked(client, *now, amount(step));
        break;
    case STEP_ENDED:
        speedtest_client_ended(client, *now);
        break;
    case STEP_FAILED:
        speedtest_client_failed(client, *now, reasons[amount(step) % 3]);
        break;
    default:
        if (step >= 0xf0) {
            speedtest_client_stop(client, *now);
        }
        break;
    }
}

static void run_client(struct reader *in)
{
    static struct speedtest_client client;
    mono_ns now = NS_PER_SEC;
    uint8_t how = reader_u8(in);
    enum speedtest_direction direction = (how & 1) != 0 ? SPEEDTEST_UP : SPEEDTEST_DOWN;
    speedtest_client_init(&client, direction, (1 + (uint64_t)how) * 10 * NS_PER_MS, block, now);
    while (reader_left(in) > 0) {
        client_step(&client, reader_u8(in), in, &now);
        if (client.meter.row_count > 0 || speedtest_client_is_over(&client)) {
            check_meter(&client);
        }
    }
    /* However it was left, it comes to an end by itself. */
    for (int i = 0; !speedtest_client_is_over(&client); i++) {
        mono_ns next = speedtest_client_deadline(&client);
        assert(next > now || i == 0);
        now = next > now ? next : now;
        speedtest_client_tick(&client, now);
        assert(i < 100000);
    }
    check_meter(&client);
    assert((client.state == SPEEDTEST_FAILED) == (client.failure.code != NET_OK));
}

static void server_step(struct speedtest_server *server, uint8_t step, struct reader *in,
                        mono_ns *now)
{
    struct bytes out;
    switch (step % STEPS) {
    case STEP_INPUT:
        out = reader_take(in, amount(step) < reader_left(in) ? amount(step) : reader_left(in));
        speedtest_server_input(server, *now, out);
        break;
    case STEP_TIME:
        *now += amount(step) * 37 * NS_PER_US;
        speedtest_server_tick(server, *now);
        break;
    case STEP_WRITE:
        out = speedtest_server_output(server, *now);
        out.len = amount(step) < out.len ? amount(step) : out.len;
        if (out.len > 0) {
            speedtest_server_sent(server, *now, out.len);
        }
        break;
    case STEP_ACKED:
        speedtest_server_acked(server, *now, amount(step));
        break;
    default:
        speedtest_server_ended(server, *now);
        break;
    }
}

static void run_server(struct reader *in)
{
    static struct speedtest_server server;
    mono_ns now = NS_PER_SEC;
    speedtest_server_init(&server, block, now);
    while (reader_left(in) > 0) {
        server_step(&server, reader_u8(in), in, &now);
        assert(server.out_sent <= server.out_len && server.out_acked <= server.out_len);
        assert(server.source.acked <= server.source.written);
    }
    for (int i = 0; i < 3; i++) {
        mono_ns next = speedtest_server_deadline(&server);
        if (next == MONO_NEVER) {
            break;
        }
        now = next > now ? next : now;
        speedtest_server_tick(&server, now);
    }
    assert(speedtest_server_deadline(&server) == MONO_NEVER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader in = reader_of(bytes_of(data, size));
    if (size < 2) {
        return 0;
    }
    if ((reader_u8(&in) & 1) != 0) {
        run_client(&in);
    } else {
        run_server(&in);
    }
    return 0;
}
