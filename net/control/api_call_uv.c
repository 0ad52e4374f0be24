#include "net/control/api_call_uv.h"

#include <stdlib.h>
#include <strings.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/transport/url.h"

enum { SHOWN_URL_SIZE = 200 };

struct api *api_new(struct http_client *client, const struct settings *settings, struct log *log)
{
    struct api *api = mem_new(sizeof *api);
    api->client = client;
    api->settings = settings;
    api->log = log;
    return api;
}

const char *api_build_version(const struct api *api)
{
    return api->build_version;
}

struct api_call *api_call_new(struct api *api, const struct api_question *question, void *owner)
{
    struct api_call *call = mem_new(sizeof *call);
    call->api = api;
    call->question = question;
    call->owner = owner;
    call->next = api->calls;
    api->calls = call;
    return call;
}

void api_call_unlink(struct api_call *call)
{
    struct api_call **at = &call->api->calls;
    while (*at != call) {
        at = &(*at)->next;
    }
    *at = call->next;
}

void api_call_free(struct api_call *call)
{
    deployment_workspaces_clear(&call->all);
    free(call);
}

static void stop(struct api_call *call)
{
    if (call->http != NULL) {
        http_cancel(call->http);
    }
    api_call_free(call);
}

void api_cancel(struct api_call *call)
{
    api_call_unlink(call);
    stop(call);
}

void api_free(struct api *api)
{
    if (api == NULL) {
        return;
    }
    struct api_call *call = api->calls;
    while (call != NULL) {
        struct api_call *next = call->next;
        stop(call);
        call = next;
    }
    free(api);
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    size_t len = sizeof json - 1;
    return strncasecmp(content_type, json, len) == 0 &&
           (content_type[len] == '\0' || content_type[len] == ';' || content_type[len] == ' ');
}

static void shown_url(const struct api_call *call, char out[SHOWN_URL_SIZE])
{
    url_for_people(out, SHOWN_URL_SIZE, call->url);
}

static void on_response(void *owner, const struct http_response *response)
{
    struct api_call *call = owner;
    struct api *api = call->api;
    struct failure failure;
    char url[SHOWN_URL_SIZE];
    call->http = NULL;
    shown_url(call, url);
    if (response->build_version[0] != '\0') {
        text_copy(api->build_version, sizeof api->build_version, response->build_version);
    }
    if (response->failure.code != NET_OK) {
        (void)failure_set(&failure, response->failure.code, "cannot %s: %s", call->question->what,
                          response->failure.text);
    } else if (response->status / 100 != 2 || !is_json(response->content_type)) {
        deployment_explain(call->question->what, url, response->status, response->content_type,
                           response->body, &failure, NULL);
    } else {
        log_line(api->log, LOG_DEBUG, LOG_CONTROL, "GET %s: %d, %zu bytes", url, response->status,
                 response->body.len);
        call->question->answer(call, response->body);
        return;
    }
    log_line(api->log, LOG_DEBUG, LOG_CONTROL, "%s", failure.text);
    call->question->fail(call, &failure);
}

static void ask(struct api_call *call)
{
    struct api *api = call->api;
    const char *text = api->settings->token == NULL ? "" : api->settings->token;
    const struct http_header token = {"Coder-Session-Token", text};
    const struct http_request request = {.url = call->url,
                                         .headers = &token,
                                         .header_count = text[0] == '\0' ? 0 : 1,
                                         .body_max = call->question->body_max,
                                         .timeout_ns = API_SECONDS * NS_PER_SEC};
    call->http = http_get(api->client, &request, on_response, call);
}

/* `parts` are at most DEPLOYMENT_NAME_SIZE or QUERY_SIZE long, so that all of it fits. */
void api_call_ask(struct api_call *call, const char *pattern, const char *const *parts)
{
    if (endpoint_url(call->url, sizeof call->url, call->api->settings->url, pattern, parts) !=
        NET_OK) {
        text_copy(call->url, sizeof call->url, call->api->settings->url);
    }
    ask(call);
}

void api_call_not_understood(const struct api_call *call, const struct failure *parser,
                             struct failure *out)
{
    char url[SHOWN_URL_SIZE];
    shown_url(call, url);
    (void)failure_set(out, parser->code,
                      "cannot %s: %s answered with something that is not understood (%s). Is it a "
                      "Coder deployment, of a version that this client knows?",
                      call->question->what, url, parser->text);
}
