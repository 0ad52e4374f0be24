/*
 * Heads of requests and answers, what follows an answer's head, and the pieces of request targets.
 */
#include "net/transport/http_head.h"

#include <assert.h>
#include <stdlib.h>

#include "net/base/mem.h"
#include "net/transport/http_body.h"
#include "net/transport/url.h"

enum { HEAD_MAX = 4096, BODY_MAX = 1024, PATH_SIZE = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct bytes part, struct bytes whole)
{
    assert(part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void check_head(const struct http_head *head, struct bytes in)
{
    check_inside(head->method, in);
    check_inside(head->target, in);
    for (size_t i = 0; i < head->field_count; i++) {
        check_inside(head->fields[i].name, in);
        check_inside(head->fields[i].value, in);
        assert(head->fields[i].name.len > 0);
        assert(memchr(head->fields[i].name.ptr, 0, head->fields[i].name.len) == NULL);
    }
    (void)http_head_has_token(head, "connection", "upgrade");
}

static void check_target(struct bytes target)
{
    char out[PATH_SIZE];
    if (url_path(target, out, sizeof out) == NET_OK) {
        assert(strlen(out) < sizeof out);
    }
    (void)url_query(target, "version", out, sizeof out);
    char *text = mem_new(target.len + 1);
    memcpy(text, target.ptr, target.len);
    url_for_people(out, sizeof out, text);
    /* "?" also stands for a bad character where there is no room for its usual sign */
    assert(strchr(out, '?') == NULL || strlen(out) + 4 > sizeof out);
    free(text);
}

/* The body read in pieces of `step`; the code of its end. */
static enum net_err read_body(const struct http_head *head, struct bytes in, size_t step,
                              struct buf *out)
{
    struct http_body body;
    http_body_init(&body, head);
    enum net_err err = NET_ERR_AGAIN;
    for (size_t at = 0; at < in.len && err == NET_ERR_AGAIN; at += step) {
        err = http_body_input(&body, bytes_of(in.ptr + at, in.len - at < step ? in.len - at : step),
                              out);
    }
    return err;
}

static void check_body(const struct http_head *head, struct bytes in)
{
    struct buf whole;
    struct buf pieces;
    buf_init(&whole, BODY_MAX);
    buf_init(&pieces, BODY_MAX);
    enum net_err at_once = read_body(head, in, in.len + 1, &whole);
    enum net_err by_bytes = read_body(head, in, 1, &pieces);
    assert(at_once == by_bytes);
    assert(bytes_equal(buf_view(&whole), buf_view(&pieces)));
    buf_clear(&whole);
    buf_clear(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    struct http_head head;
    size_t len = 0;
    if (http_head_find_end(in, HEAD_MAX, &len) != NET_OK) {
        (void)http_head_parse_request(in, &head);
        (void)http_head_parse_response(in, &head);
        return 0;
    }
    assert(len > 0 && len <= size && len <= HEAD_MAX);
    size_t shorter = 0;
    assert(http_head_find_end(bytes_of(data, len - 1), HEAD_MAX, &shorter) != NET_OK);
    struct bytes head_bytes = bytes_of(data, len);
    if (http_head_parse_request(head_bytes, &head) == NET_OK) {
        check_head(&head, head_bytes);
        check_target(head.target);
    }
    if (http_head_parse_response(head_bytes, &head) == NET_OK) {
        check_head(&head, head_bytes);
        check_body(&head, bytes_of(data + len, size - len));
    }
    return 0;
}
