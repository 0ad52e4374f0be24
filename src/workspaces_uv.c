#include "src/workspaces_uv.h"

#include <uv.h>

#include "net/control/api_uv.h"

struct fetch {
    void (*got)(void *owner, const struct failure *failure,
                struct deployment_workspaces *workspaces);
    void *owner;
    bool done;
};

static void finish(struct fetch *fetch, const struct failure *failure,
                   struct deployment_workspaces *workspaces)
{
    if (!fetch->done) {
        fetch->done = true;
        fetch->got(fetch->owner, failure, workspaces);
    }
}

static void on_list(void *owner, const struct failure *failure,
                    struct deployment_workspaces *workspaces)
{
    finish(owner, failure, workspaces);
}

static void on_limit(uv_timer_t *timer)
{
    struct failure why;
    failure_set(&why, NET_ERR_TIMEOUT, "the deployment did not answer in time");
    finish(timer->data, &why, NULL);
}

static enum net_err open_client(uv_loop_t *loop, const struct settings *s, struct log *log,
                                struct http_client **out, struct failure *why)
{
    struct http_config config = {
        .user_agent = "derptop/" DERPTOP_VERSION,
        .ca_file = s->ca_file[0] != '\0' ? s->ca_file : NULL,
        .cert_file = s->cert_file[0] != '\0' ? s->cert_file : NULL,
        .key_file = s->key_file[0] != '\0' ? s->key_file : NULL,
        .headers = s->headers,
        .header_count = s->header_count,
        .log = log,
    };
    return http_client_new(loop, &config, out, why);
}

/* The client's idle connections keep the loop alive: it is asked until the answer came, then
 * closed. */
static void ask(uv_loop_t *loop, struct http_client *http, const struct settings *settings,
                struct log *log, uint64_t limit_ms, struct fetch *fetch)
{
    uv_timer_t timer;
    struct api *api = api_new(http, settings, log);
    (void)uv_timer_init(loop, &timer);
    timer.data = fetch;
    if (limit_ms > 0) {
        (void)uv_timer_start(&timer, on_limit, limit_ms, 0);
    }
    (void)api_workspaces(api, "owner:me", on_list, fetch);
    while (!fetch->done && uv_run(loop, UV_RUN_ONCE) != 0) {
    }
    api_free(api);
    http_client_close(http);
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(loop, UV_RUN_DEFAULT);
}

void workspaces_fetch(const struct settings *settings, struct log *log, uint64_t limit_ms,
                      void (*got)(void *owner, const struct failure *failure,
                                  struct deployment_workspaces *workspaces),
                      void *owner)
{
    struct fetch fetch = {.got = got, .owner = owner};
    struct http_client *http = NULL;
    struct failure why;
    uv_loop_t loop;
    (void)uv_loop_init(&loop);
    if (open_client(&loop, settings, log, &http, &why) == NET_OK) {
        ask(&loop, http, settings, log, limit_ms, &fetch);
    } else {
        finish(&fetch, &why, NULL);
    }
    (void)uv_loop_close(&loop);
}
