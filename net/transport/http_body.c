#include "net/transport/http_body.h"

enum { SIZE_DIGITS_MAX = 15, LENGTH_DIGITS_MAX = 18 }; /* what fits 64 bits with room to spare */

static bool read_length(struct bytes in, uint64_t *out)
{
    uint64_t value = 0;
    if (in.len == 0 || in.len > LENGTH_DIGITS_MAX) {
        return false;
    }
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] < '0' || in.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(in.ptr[i] - '0');
    }
    *out = value;
    return true;
}

void http_body_init(struct http_body *body, const struct http_head *head)
{
    const struct bytes *length = http_head_field(head, "content-length");
    *body = (struct http_body){.state = HTTP_BODY_UNTIL_END};
    if (head->status < 200 || head->status == 204 || head->status == 304) {
        body->state = HTTP_BODY_DONE;
    } else if (http_head_has_token(head, "transfer-encoding", "chunked")) {
        body->state = HTTP_BODY_CHUNK_SIZE;
    } else if (length != NULL && read_length(*length, &body->left)) {
        body->state = body->left == 0 ? HTTP_BODY_DONE : HTTP_BODY_LENGTH;
    }
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum net_err end_size_line(struct http_body *body)
{
    if (body->digits == 0) {
        return NET_ERR_MALFORMED;
    }
    body->digits = 0;
    /* The trailer after the last chunk is of no use to us. */
    body->state = body->left == 0 ? HTTP_BODY_DONE : HTTP_BODY_CHUNK_DATA;
    return NET_OK;
}

static enum net_err input_size(struct http_body *body, uint8_t c)
{
    int digit = hex_value(c);
    if (digit >= 0) {
        body->left = body->left << 4 | (uint64_t)digit;
        return ++body->digits > SIZE_DIGITS_MAX ? NET_ERR_MALFORMED : NET_OK;
    }
    if (c == '\n') {
        return end_size_line(body);
    }
    if (c != '\r' && c != ';' && c != ' ' && c != '\t') {
        return NET_ERR_MALFORMED;
    }
    body->state = HTTP_BODY_CHUNK_EXTENSION;
    return NET_OK;
}

/* One byte between the chunks' data. */
static enum net_err input_framing(struct http_body *body, uint8_t c)
{
    switch (body->state) {
    case HTTP_BODY_CHUNK_SIZE:
        return input_size(body, c);
    case HTTP_BODY_CHUNK_EXTENSION:
        return c == '\n' ? end_size_line(body) : NET_OK;
    case HTTP_BODY_CHUNK_END:
        if (c == '\n') {
            body->state = HTTP_BODY_CHUNK_SIZE;
        }
        return c == '\n' || c == '\r' ? NET_OK : NET_ERR_MALFORMED;
    case HTTP_BODY_UNTIL_END:
    case HTTP_BODY_LENGTH:
    case HTTP_BODY_CHUNK_DATA:
    case HTTP_BODY_DONE:
        break;
    }
    return NET_OK;
}

/* Copies content; the number of bytes used up. */
static size_t input_content(struct http_body *body, struct bytes in, struct buf *out)
{
    size_t take = in.len < buf_room(out) ? in.len : buf_room(out);
    if (body->state != HTTP_BODY_UNTIL_END && body->left < take) {
        take = (size_t)body->left;
    }
    if (take > 0 && buf_append(out, bytes_of(in.ptr, take)) != NET_OK) {
        return 0;
    }
    if (body->state != HTTP_BODY_UNTIL_END) {
        body->left -= take;
        if (body->left == 0) {
            body->state = body->state == HTTP_BODY_LENGTH ? HTTP_BODY_DONE : HTTP_BODY_CHUNK_END;
        }
    }
    return take;
}

static bool in_content(const struct http_body *body)
{
    return body->state == HTTP_BODY_UNTIL_END || body->state == HTTP_BODY_LENGTH ||
           body->state == HTTP_BODY_CHUNK_DATA;
}

enum net_err http_body_input(struct http_body *body, struct bytes in, struct buf *out)
{
    while (in.len > 0 && body->state != HTTP_BODY_DONE) {
        size_t used = 1;
        if (in_content(body)) {
            used = input_content(body, in, out);
            if (used == 0) {
                return NET_ERR_FULL;
            }
        } else if (input_framing(body, in.ptr[0]) != NET_OK) {
            return NET_ERR_MALFORMED;
        }
        in = bytes_of(in.ptr + used, in.len - used);
    }
    return body->state == HTTP_BODY_DONE ? NET_OK : NET_ERR_AGAIN;
}
