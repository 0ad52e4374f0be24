#include "net/probe/agent_api_uv.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/probe/http_get.h"
#include "net/tunnel/stack_tcp.h"

struct agent_api_call {
    void (*done)(void *owner, const struct agent_report *report, const struct failure *why);
    void *owner;
    struct http_get get;
    struct tcp_conn *conn; /* NULL: not any more */
    uv_timer_t timer;
};

static void on_closed(uv_handle_t *handle)
{
    struct agent_api_call *call = handle->data;
    http_get_clear(&call->get);
    free(call);
}

void agent_api_cancel(struct agent_api_call *call)
{
    if (call->conn != NULL && call->get.state == HTTP_GET_DONE) {
        tcp_conn_close(call->conn, mono_now());
    } else if (call->conn != NULL) {
        tcp_conn_abort(call->conn, mono_now());
    }
    call->conn = NULL;
    uv_close((uv_handle_t *)&call->timer, on_closed);
}

static void read_report(const struct http_get *get, struct agent_report *report,
                        struct failure *why)
{
    if (get->state == HTTP_GET_FAILED) {
        *why = get->failure;
    } else if (get->status == 404) {
        failure_set(why, NET_ERR_UNSUPPORTED, "this agent is too old to tell of its network");
    } else if (get->status != 200) {
        failure_set(why, NET_ERR_REFUSED, "the agent answers with status %d", get->status);
        why->http_status = get->status;
    } else if (agent_report_parse(http_get_body(get), report, why) != NET_OK) {
        char text[sizeof why->text];
        text_copy(text, sizeof text, why->text);
        failure_set(why, why->code, "the agent's report cannot be read: %s", text);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct agent_api_call *call = timer->data;
    http_get_tick(&call->get, mono_now());
    if (!http_get_is_over(&call->get)) {
        return;
    }
    void (*done)(void *, const struct agent_report *, const struct failure *) = call->done;
    void *owner = call->owner;
    struct agent_report *report = mem_new(sizeof *report);
    struct failure why = {.code = NET_OK};
    read_report(&call->get, report, &why);
    agent_api_cancel(call);
    done(owner, why.code == NET_OK ? report : NULL, &why);
    free(report);
}

static void write_some(struct agent_api_call *call)
{
    struct bytes out = http_get_output(&call->get);
    if (out.len > 0) {
        http_get_sent(&call->get, tcp_conn_write(call->conn, mono_now(), out));
    }
}

/* The end is told from the loop. */
static void look(struct agent_api_call *call)
{
    if (http_get_is_over(&call->get)) {
        (void)uv_timer_start(&call->timer, on_timer, 0, 0);
    }
}

static void on_opened(void *owner, struct tcp_conn *conn)
{
    (void)conn;
    write_some(owner);
}

static void on_received(void *owner, struct tcp_conn *conn, struct bytes data)
{
    struct agent_api_call *call = owner;
    (void)conn;
    http_get_input(&call->get, data);
    look(call);
}

static void on_ended(void *owner, struct tcp_conn *conn)
{
    struct agent_api_call *call = owner;
    (void)conn;
    http_get_ended(&call->get);
    look(call);
}

static void on_acked(void *owner, struct tcp_conn *conn, size_t count)
{
    (void)conn;
    (void)count;
    write_some(owner);
}

static void on_failed(void *owner, struct tcp_conn *conn, enum net_err why)
{
    struct agent_api_call *call = owner;
    (void)conn;
    call->conn = NULL;
    http_get_failed(&call->get, why == NET_OK ? NET_ERR_CLOSED : why);
    look(call);
}

struct agent_api_call *agent_api_fetch(uv_loop_t *loop, struct tunnel_peer *peer, const char *host,
                                       void (*done)(void *owner, const struct agent_report *report,
                                                    const struct failure *why),
                                       void *owner)
{
    static const struct tcp_handlers handlers = {.opened = on_opened,
                                                 .received = on_received,
                                                 .ended = on_ended,
                                                 .acked = on_acked,
                                                 .failed = on_failed};
    struct agent_api_call *call = mem_new(sizeof *call);
    char with_port[ADDRESS_TEXT_SIZE + 8];
    call->done = done;
    call->owner = owner;
    text_format(with_port, sizeof with_port, "[%s]:%d", host, AGENT_API_PORT);
    http_get_init(&call->get, with_port, AGENT_REPORT_PATH,
                  mono_after(mono_now(), AGENT_API_TIMEOUT_S * NS_PER_SEC));
    (void)uv_timer_init(loop, &call->timer);
    call->timer.data = call;
    call->conn = tunnel_tcp_open(peer, AGENT_API_PORT, &handlers, call);
    if (call->conn == NULL) {
        http_get_failed(&call->get, NET_ERR_NOT_FOUND);
    }
    uint64_t wait_ms = call->conn == NULL ? 0 : AGENT_API_TIMEOUT_S * 1000 + 1;
    uv_update_time(loop);
    (void)uv_timer_start(&call->timer, on_timer, wait_ms, 0);
    return call;
}
