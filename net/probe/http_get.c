#include "net/probe/http_get.h"

#include <string.h>

#include "net/base/text.h"

void http_get_init(struct http_get *get, const char *host, const char *target, mono_ns deadline)
{
    memset(get, 0, sizeof *get);
    text_format(get->request, sizeof get->request,
                "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: derptop/" DERPTOP_VERSION
                "\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
                target, host);
    get->request_len = strlen(get->request);
    get->deadline = deadline;
    buf_init(&get->in, HTTP_GET_HEAD_MAX);
    buf_init(&get->body, HTTP_GET_BODY_MAX);
}

void http_get_clear(struct http_get *get)
{
    buf_clear(&get->in);
    buf_clear(&get->body);
}

bool http_get_is_over(const struct http_get *get)
{
    return get->state == HTTP_GET_DONE || get->state == HTTP_GET_FAILED;
}

static void fail(struct http_get *get, enum net_err code, const char *text)
{
    get->state = HTTP_GET_FAILED;
    (void)failure_set(&get->failure, code, "%s", text);
}

struct bytes http_get_output(const struct http_get *get)
{
    if (http_get_is_over(get)) {
        return (struct bytes){0};
    }
    return bytes_of(get->request + get->sent, get->request_len - get->sent);
}

void http_get_sent(struct http_get *get, size_t count)
{
    get->sent += count;
}

static void input_body(struct http_get *get, struct bytes in)
{
    enum net_err err = http_body_input(&get->reader, in, &get->body);
    if (err == NET_OK) {
        get->state = HTTP_GET_DONE;
    } else if (err == NET_ERR_FULL) {
        fail(get, NET_ERR_TOO_BIG, "the answer is too long");
    } else if (err != NET_ERR_AGAIN) {
        fail(get, err, "the answer's chunks are garbled");
    }
}

static void take_head(struct http_get *get, struct bytes bytes)
{
    struct http_head head;
    if (http_head_parse_response(bytes, &head) != NET_OK) {
        fail(get, NET_ERR_MALFORMED, "the answer is not HTTP");
        return;
    }
    if (head.status < 200) {
        return; /* interim: another head follows */
    }
    get->status = head.status;
    http_body_init(&get->reader, &head);
    get->state = get->reader.state == HTTP_BODY_DONE ? HTTP_GET_DONE : HTTP_GET_BODY;
    if (get->reader.state == HTTP_BODY_LENGTH && get->reader.left > HTTP_GET_BODY_MAX) {
        fail(get, NET_ERR_TOO_BIG, "the answer is too long");
    }
}

/* Takes heads until one is final; what follows that is the body. */
static void input_head(struct http_get *get)
{
    while (get->state == HTTP_GET_HEAD) {
        size_t len = 0;
        enum net_err err = http_head_find_end(buf_view(&get->in), HTTP_GET_HEAD_MAX, &len);
        if (err != NET_OK) {
            if (err == NET_ERR_TOO_BIG) {
                fail(get, err, "the answer's head is too long");
            }
            return;
        }
        take_head(get, bytes_of(buf_view(&get->in).ptr, len));
        buf_consume(&get->in, len);
    }
    if (get->state == HTTP_GET_BODY) {
        input_body(get, buf_view(&get->in));
    }
}

void http_get_input(struct http_get *get, struct bytes in)
{
    while (in.len > 0 && !http_get_is_over(get)) {
        if (get->state == HTTP_GET_BODY) {
            input_body(get, in);
            return;
        }
        size_t room = buf_room(&get->in);
        size_t take = in.len < room ? in.len : room;
        if (buf_append(&get->in, bytes_of(in.ptr, take)) != NET_OK) {
            return; /* not so: there is room */
        }
        in = bytes_of(in.ptr + take, in.len - take);
        input_head(get);
    }
}

void http_get_ended(struct http_get *get)
{
    if (http_get_is_over(get)) {
        return;
    }
    if (get->state == HTTP_GET_BODY && get->reader.state == HTTP_BODY_UNTIL_END) {
        get->state = HTTP_GET_DONE;
    } else if (get->state == HTTP_GET_BODY) {
        fail(get, NET_ERR_TRUNCATED, "the answer ends too early");
    } else {
        fail(get, NET_ERR_CLOSED, "the connection was closed without an answer");
    }
}

void http_get_failed(struct http_get *get, enum net_err why)
{
    if (http_get_is_over(get)) {
        return;
    }
    bool refused = why == NET_ERR_CLOSED && get->sent == 0;
    fail(get, why,
         refused                    ? "the agent refuses connections to its API (port 4)"
         : why == NET_ERR_CLOSED    ? "the connection was reset"
         : why == NET_ERR_NOT_FOUND ? "the agent has no address in the tunnel"
         : why == NET_ERR_TIMEOUT   ? "the agent does not answer on its API's port (4)"
                                    : net_err_text(why));
}

void http_get_tick(struct http_get *get, mono_ns now)
{
    if (!http_get_is_over(get) && now >= get->deadline) {
        fail(get, NET_ERR_TIMEOUT,
             get->state == HTTP_GET_BODY ? "the answer did not end in time"
             : get->sent == 0            ? "the agent does not answer on its API's port (4)"
                                         : "no answer came in time");
    }
}

struct bytes http_get_body(const struct http_get *get)
{
    return buf_view(&get->body);
}
