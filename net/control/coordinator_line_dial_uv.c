#include <assert.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/control/coordinator_line_internal_uv.h"
#include "net/control/deployment.h"
#include "net/control/endpoint.h"
#include "net/transport/url.h"

enum {
    DIAL_SECONDS = 15, /* from DNS to the end of the upgrade; then the next try */
    SHOWN_URL_SIZE = 200,
};

static bool make_url(struct coordinator_line *line, char *url, size_t size)
{
    char id[UUID_TEXT_SIZE];
    const char *const parts[] = {id, line->token.token};
    const char *base = line->config.settings->url;
    const char *pattern = NULL;
    line->token_sent = coordinator_token_is_usable(&line->token, wall_now());
    uuid_text(&line->config.agent, id);
    if (line->config.per_agent) {
        pattern = line->token_sent
                      ? "/api/v2/workspaceagents/{}/coordinate?version=2.0&resume_token={}"
                      : "/api/v2/workspaceagents/{}/coordinate?version=2.0";
        return endpoint_url(url, size, base, pattern, parts) == NET_OK;
    }
    pattern = line->token_sent ? "/api/v2/tailnet?version=2.3&resume_token={}"
                               : "/api/v2/tailnet?version=2.3";
    return endpoint_url(url, size, base, pattern, parts + 1) == NET_OK;
}

/* What came back, in a sentence; *resume_refused: because of the resume token. */
static void explain(const struct coordinator_line *line, const struct dial_outcome *outcome,
                    struct failure *out, bool *resume_refused)
{
    char url[SHOWN_URL_SIZE];
    bool is_json = outcome->content_type != NULL &&
                   strncmp(outcome->content_type, "application/json", 16) == 0;
    *resume_refused = false;
    url_for_people(url, sizeof url, line->config.settings->url);
    if (outcome->status == 0) {
        (void)failure_set(out, outcome->failure.code, "cannot reach the coordinator: %s",
                          outcome->failure.text);
        return;
    }
    deployment_explain("join the tailnet", url, outcome->status, outcome->content_type,
                       outcome->body, out, resume_refused);
    if (!is_json) { /* the dial knows better what stands in the way of upgrades */
        (void)failure_set(out, out->code, "cannot join the tailnet: %s", outcome->failure.text);
        out->http_status = outcome->status;
    }
}

static void on_refused(struct coordinator_line *line, const struct dial_outcome *outcome)
{
    struct failure failure;
    struct coordinator_refusal refusal = {.status = outcome->status,
                                          .token_sent = line->token_sent,
                                          .per_agent = line->config.per_agent,
                                          .was_up = line->was_up};
    explain(line, outcome, &failure, &refusal.resume_token_refused);
    refusal.code = failure.code;
    switch (coordinator_decide(&refusal)) {
    case COORDINATOR_DIAL_AGAIN:
        coordinator_line_wait(line, &failure);
        return;
    case COORDINATOR_DIAL_WITHOUT_TOKEN:
        log_line(line->config.log, LOG_INFO, LOG_CONTROL, "%s", failure.text);
        coordinator_line_drop_token(line);
        coordinator_line_dial(line);
        return;
    case COORDINATOR_FALL_BACK:
        log_line(line->config.log, LOG_INFO, LOG_CONTROL, "one coordinator session per agent: %s",
                 failure.text);
        line->config.handlers->fall_back(line->config.owner, line);
        return;
    case COORDINATOR_GIVE_UP:
        coordinator_line_set_state(line, COORDINATOR_FAILED, mono_now(), &failure);
        coordinator_line_tell(line);
        return;
    }
}

static void on_dialled(void *owner, struct dial_outcome *outcome)
{
    struct coordinator_line *line = owner;
    line->dial = NULL;
    if (outcome->failure.code == NET_OK) {
        coordinator_line_open(line, outcome->stream);
    } else {
        on_refused(line, outcome);
    }
}

void coordinator_line_dial(struct coordinator_line *line)
{
    mono_ns now = mono_now();
    char url[ENDPOINT_SIZE];
    const char *token = line->config.settings->token;
    const struct http_header header = {"Coder-Session-Token", token == NULL ? "" : token};
    const struct dial_request request = {.url = url,
                                         .mode = DIAL_WEBSOCKET,
                                         .headers = &header,
                                         .header_count = header.value[0] == '\0' ? 0 : 1,
                                         .timeout_ns = DIAL_SECONDS * NS_PER_SEC};
    if (!make_url(line, url, sizeof url)) {
        coordinator_line_drop_token(line);
        bool fits = make_url(line, url, sizeof url);
        assert(fits); /* the settings limit the base */
    }
    (void)uv_timer_stop(&line->timer);
    line->status.attempts++;
    coordinator_line_set_state(line, COORDINATOR_CONNECTING, now, NULL);
    line->dial = dial_start(line->config.client, &request, on_dialled, line);
    mem_wipe(url, sizeof url);
    coordinator_line_tell(line);
}
