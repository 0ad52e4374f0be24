#include "net/lab/lab_api.h"

#include <stdlib.h>

#include "net/base/text.h"
#include "net/lab/lab_json.h"
#include "net/transport/http_head.h"

void lab_api_init(struct lab_api_call *call)
{
    call->answered = false;
    buf_init(&call->in, LAB_API_HEAD_MAX);
    buf_init(&call->out, LAB_API_ANSWER_MAX);
}

void lab_api_clear(struct lab_api_call *call)
{
    buf_clear(&call->in);
    buf_clear(&call->out);
}

/* Takes `body`. */
static void answer(struct lab_api_call *call, const char *status, cJSON *body)
{
    char head[256];
    char *text = cJSON_Print(body);
    size_t len = text == NULL ? 0 : strlen(text);
    text_format(head, sizeof head,
                "HTTP/1.1 %s\r\nContent-Type: application/json; charset=utf-8\r\n"
                "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                status, len);
    if (buf_append(&call->out, bytes_text(head)) != NET_OK ||
        buf_append(&call->out, bytes_of(text, len)) != NET_OK) {
        buf_consume(&call->out, buf_len(&call->out)); /* nothing rather than half of it */
    }
    call->answered = true;
    cJSON_free(text);
    cJSON_Delete(body);
}

static cJSON *hello(void)
{
    cJSON *body = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(body, "message", "Hello from the agent!");
    return body;
}

static void take_request(struct lab_api_call *call, struct bytes bytes,
                         cJSON *(*netcheck)(void *owner), void *owner)
{
    struct http_head head;
    if (http_head_parse_request(bytes, &head) != NET_OK) {
        answer(call, "400 Bad Request", lab_json_error("Not an HTTP request.", NULL, NULL, NULL));
    } else if (!bytes_equal(head.method, bytes_text("GET"))) {
        answer(call, "405 Method Not Allowed",
               lab_json_error("Only GET is answered here.", NULL, NULL, NULL));
    } else if (bytes_equal(head.target, bytes_text("/"))) {
        answer(call, "200 OK", hello());
    } else if (bytes_equal(head.target, bytes_text("/api/v0/netcheck"))) {
        answer(call, "200 OK", netcheck(owner));
    } else {
        answer(call, "404 Not Found", lab_json_error("Route not found.", NULL, NULL, NULL));
    }
}

void lab_api_input(struct lab_api_call *call, struct bytes in, cJSON *(*netcheck)(void *owner),
                   void *owner)
{
    size_t room = buf_room(&call->in);
    size_t len = 0;
    if (call->answered ||
        buf_append(&call->in, bytes_of(in.ptr, in.len < room ? in.len : room)) != NET_OK) {
        return;
    }
    struct bytes all = buf_view(&call->in);
    enum net_err err = http_head_find_end(all, LAB_API_HEAD_MAX, &len);
    if (err == NET_OK) {
        take_request(call, bytes_of(all.ptr, len), netcheck, owner);
    } else if (err != NET_ERR_AGAIN) {
        answer(call, "431 Request Header Fields Too Large",
               lab_json_error("The request is too long.", NULL, NULL, NULL));
    }
}
