#include "net/transport/http_uv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/base/buf.h"
#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "net/transport/transfer_uv.h"

enum { CONTENT_TYPE_SIZE = 128, HEADER_SIZE = 128, NAME_SIZE = 64 };

struct http_call {
    struct transfer transfer; /* first */
    struct buf body;
    bool too_big;
    mono_ns asked_at, answered_at; /* 0 = not yet */
    const char *method;
    char wanted[NAME_SIZE]; /* "" = none */
    char header[HEADER_SIZE];
    char build_version[HEADER_SIZE];
    void (*done)(void *owner, const struct http_response *response);
    void *owner;
};

/* The connection is there, the request goes next. libcurl's own time is of after that: a server on
 * this computer has answered by then. */
// NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type
static int on_asking(void *owner, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct http_call *call = owner;
    (void)remote_ip;
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    call->asked_at = mono_now();
    return CURL_PREREQFUNC_OK;
}

static size_t on_body(char *data, size_t one, size_t len, void *owner)
{
    struct http_call *call = owner;
    (void)one;
    /* One byte is kept for the zero that follows. */
    if (len >= buf_room(&call->body) || buf_append(&call->body, bytes_of(data, len)) != NET_OK) {
        call->too_big = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return len;
}

static struct bytes trimmed(struct bytes in)
{
    while (in.len > 0 && (in.ptr[0] == ' ' || in.ptr[0] == '\t')) {
        in = bytes_of(in.ptr + 1, in.len - 1);
    }
    while (in.len > 0 && strchr(" \t\r\n", in.ptr[in.len - 1]) != NULL) {
        in.len--;
    }
    return in;
}

/* Takes the value of a line of the head if it is of that name. */
static void take_header(struct bytes line, const char *name, char out[HEADER_SIZE])
{
    size_t len = strlen(name);
    if (len > 0 && line.len > len && line.ptr[len] == ':' &&
        strncasecmp((const char *)line.ptr, name, len) == 0) {
        (void)text_clean(out, HEADER_SIZE,
                         trimmed(bytes_of(line.ptr + len + 1, line.len - len - 1)));
    }
}

static size_t on_header(char *data, size_t one, size_t len, void *owner)
{
    struct http_call *call = owner;
    (void)one;
    call->answered_at = call->answered_at == 0 ? mono_now() : call->answered_at;
    take_header(bytes_of(data, len), "X-Coder-Build-Version", call->build_version);
    take_header(bytes_of(data, len), call->wanted, call->header);
    return len;
}

static void free_call(struct http_call *call)
{
    transfer_end(&call->transfer);
    buf_clear(&call->body);
    free(call);
}

static void fill_response(struct http_call *call, struct http_response *out, char *type_out)
{
    long status = 0;
    const char *type = NULL;
    (void)curl_easy_getinfo(call->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(call->transfer.easy, CURLINFO_CONTENT_TYPE, &type);
    (void)text_clean(type_out, CONTENT_TYPE_SIZE, bytes_text(type == NULL ? "" : type));
    uint8_t *end = buf_reserve(&call->body, 1);
    if (end != NULL) {
        *end = 0;
    }
    out->status = (int)status;
    out->body = buf_view(&call->body);
    out->first_byte_ns = mono_since(call->answered_at, call->asked_at);
    out->over_ipv6 = transfer_is_ipv6(&call->transfer);
}

static void on_done(struct transfer *transfer, CURLcode code)
{
    struct http_call *call = (struct http_call *)transfer;
    char type[CONTENT_TYPE_SIZE] = "";
    struct http_response response = {
        .content_type = type, .build_version = call->build_version, .header = call->header};
    if (code == CURLE_OK) {
        fill_response(call, &response, type);
    } else {
        (void)transfer_failure(transfer, call->too_big ? CURLE_FILESIZE_EXCEEDED : code,
                               &response.failure);
    }
    if (response.failure.code != NET_OK) {
        log_line(transfer->client->log, LOG_DEBUG, LOG_HTTP, "%s %s", call->method,
                 response.failure.text);
    } else {
        log_line(transfer->client->log, LOG_DEBUG, LOG_HTTP, "%s %s: %d, %zu bytes", call->method,
                 transfer->url, response.status, response.body.len);
    }
    transfer_end(transfer); /* the callee may close the client */
    call->done(call->owner, &response);
    free_call(call);
}

static void on_drop(struct transfer *transfer)
{
    free_call((struct http_call *)transfer);
}

static struct http_call *start(struct http_client *client, const struct http_request *request,
                               void (*done)(void *owner, const struct http_response *response),
                               void *owner)
{
    struct http_call *call = mem_new(sizeof *call);
    struct transfer_options options = {.url = request->url,
                                       .headers = request->headers,
                                       .header_count = request->header_count,
                                       .timeout_ns = request->timeout_ns,
                                       .fresh_connection = request->fresh_connection,
                                       .allow_insecure = request->allow_insecure,
                                       .no_proxy = request->no_proxy,
                                       .target = request->target};
    call->method = "GET";
    text_copy(call->wanted, sizeof call->wanted, request->want == NULL ? "" : request->want);
    call->done = done;
    call->owner = owner;
    call->transfer.done = on_done;
    call->transfer.drop = on_drop;
    buf_init(&call->body, request->body_max + 1);
    transfer_start(&call->transfer, client, &options);
    CURL *easy = call->transfer.easy;
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_asking);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->body_max);
    return call;
}

struct http_call *http_get(struct http_client *client, const struct http_request *request,
                           void (*done)(void *owner, const struct http_response *response),
                           void *owner)
{
    return start(client, request, done, owner);
}

struct http_call *http_post(struct http_client *client, const struct http_request *request,
                            struct bytes body,
                            void (*done)(void *owner, const struct http_response *response),
                            void *owner)
{
    struct http_call *call = start(client, request, done, owner);
    CURL *easy = call->transfer.easy;
    call->method = "POST";
    (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    (void)curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body.ptr);
    return call;
}

void http_cancel(struct http_call *call)
{
    free_call(call);
}
