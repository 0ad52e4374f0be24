#include "net/probe/speedtest_run_uv.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/tunnel/stack_tcp.h"

struct speedtest_run {
    struct speedtest_run_config config;
    void (*changed)(void *owner);
    void *owner;
    struct speedtest_client client;
    struct tcp_conn *conn; /* NULL: not any more */
    bool finished;         /* our FIN is out */
    bool told;             /* that it is over */
    mono_ns told_at;
    uv_timer_t timer;
};

enum { TELL_EVERY_MS = 100 };

/* The server's end of a download or of an upload that it heard is answered in good order; in all
 * other cases a FIN would leave it sending. */
static void drop_conn(struct speedtest_run *run, mono_ns now)
{
    bool good = run->client.state == SPEEDTEST_DONE && !run->client.stopped && !run->client.cut;
    struct tcp_conn *conn = run->conn;
    run->conn = NULL;
    if (conn == NULL) {
        return;
    }
    if (good) {
        tcp_conn_close(conn, now);
    } else {
        tcp_conn_abort(conn, now);
    }
}

static void write_some(struct speedtest_run *run, mono_ns now)
{
    while (run->conn != NULL) {
        struct bytes out = speedtest_client_output(&run->client, now);
        size_t taken = out.len == 0 ? 0 : tcp_conn_write_lasting(run->conn, now, out);
        if (taken == 0) {
            break;
        }
        speedtest_client_sent(&run->client, now, taken);
    }
    if (run->conn != NULL && speedtest_client_is_written(&run->client) && !run->finished) {
        run->finished = true;
        tcp_conn_finish(run->conn, now);
    }
}

static void on_timer(uv_timer_t *timer);

static void arm(struct speedtest_run *run, mono_ns now, mono_ns at)
{
    uint64_t wait_ms = (mono_until(now, at) + NS_PER_MS - 1) / NS_PER_MS;
    uv_update_time(run->config.loop);
    (void)uv_timer_start(&run->timer, on_timer, wait_ms, 0);
}

/* After anything that happened. What is to be told is told from the loop. */
static void go_on(struct speedtest_run *run, mono_ns now)
{
    write_some(run, now);
    if (speedtest_client_is_over(&run->client)) {
        drop_conn(run, now);
        if (!run->told) {
            arm(run, now, now);
        }
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct speedtest_run *run = timer->data;
    mono_ns now = mono_now();
    speedtest_client_tick(&run->client, now);
    go_on(run, now);
    bool over = speedtest_client_is_over(&run->client);
    if (!over) {
        mono_ns beat = mono_after(now, TELL_EVERY_MS * NS_PER_MS);
        arm(run, now, mono_min(beat, speedtest_client_deadline(&run->client)));
        tunnel_pump(run->config.tunnel);
    }
    run->told = over;
    if (over) {
        (void)uv_timer_stop(&run->timer);
    }
    run->changed(run->owner);
}

/* --- the connection ---------------------------------------------------------------------------
 */

static void on_opened(void *owner, struct tcp_conn *conn)
{
    struct speedtest_run *run = owner;
    (void)conn;
    speedtest_client_opened(&run->client, mono_now());
    go_on(run, mono_now());
}

static void on_received(void *owner, struct tcp_conn *conn, struct bytes data)
{
    struct speedtest_run *run = owner;
    mono_ns now = mono_now();
    (void)conn;
    bool was_asking = run->client.state == SPEEDTEST_ASKING;
    speedtest_client_input(&run->client, now, data);
    if (was_asking) {
        go_on(run, now); /* an upload begins, or all is over */
    }
}

static void on_ended(void *owner, struct tcp_conn *conn)
{
    struct speedtest_run *run = owner;
    mono_ns now = mono_now();
    (void)conn;
    speedtest_client_ended(&run->client, now);
    if (run->finished) {
        run->conn = NULL; /* both sides have ended */
    }
    go_on(run, now);
}

static void on_acked(void *owner, struct tcp_conn *conn, size_t count)
{
    struct speedtest_run *run = owner;
    mono_ns now = mono_now();
    (void)conn;
    speedtest_client_acked(&run->client, now, count);
    go_on(run, now);
}

static void on_failed(void *owner, struct tcp_conn *conn, enum net_err why)
{
    struct speedtest_run *run = owner;
    mono_ns now = mono_now();
    (void)conn;
    run->conn = NULL;
    speedtest_client_failed(&run->client, now, why == NET_OK ? NET_ERR_CLOSED : why);
    go_on(run, now);
}

/* --- life -------------------------------------------------------------------------------------
 */

struct speedtest_run *speedtest_run_new(const struct speedtest_run_config *config,
                                        void (*changed)(void *owner), void *owner)
{
    static const struct tcp_handlers handlers = {.opened = on_opened,
                                                 .received = on_received,
                                                 .ended = on_ended,
                                                 .acked = on_acked,
                                                 .failed = on_failed};
    struct speedtest_run *run = mem_new(sizeof *run);
    mono_ns now = mono_now();
    bool up = config->direction == SPEEDTEST_UP;
    run->config = *config;
    run->changed = changed;
    run->owner = owner;
    (void)uv_timer_init(config->loop, &run->timer);
    run->timer.data = run;
    speedtest_client_init(&run->client, config->direction, config->duration_ns,
                          up ? speedtest_block(config->rng) : NULL, now);
    run->conn = tunnel_tcp_open(config->peer, SPEEDTEST_PORT, &handlers, run);
    if (run->conn == NULL) {
        speedtest_client_failed(&run->client, now, NET_ERR_NOT_FOUND);
    }
    arm(run, now, now);
    return run;
}

const struct speedtest_client *speedtest_run_client(const struct speedtest_run *run)
{
    return &run->client;
}

void speedtest_run_stop(struct speedtest_run *run)
{
    mono_ns now = mono_now();
    speedtest_client_stop(&run->client, now);
    go_on(run, now);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void speedtest_run_close(struct speedtest_run *run)
{
    if (run->conn != NULL) {
        tcp_conn_abort(run->conn, mono_now());
        run->conn = NULL;
    }
    uv_close((uv_handle_t *)&run->timer, on_closed);
}
