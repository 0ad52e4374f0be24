#include "net/transport/http_head.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool http_equal_nocase(struct bytes a, const char *b)
{
    size_t len = strlen(b);
    if (a.len != len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (lower(a.ptr[i]) != lower((uint8_t)b[i])) {
            return false;
        }
    }
    return true;
}

enum net_err http_head_find_end(struct bytes in, size_t max, size_t *len)
{
    size_t seen = in.len < max ? in.len : max;
    bool empty_line = false;
    for (size_t i = 0; i < seen; i++) {
        if (in.ptr[i] == '\n') {
            if (empty_line) {
                *len = i + 1;
                return NET_OK;
            }
            empty_line = true;
        } else if (in.ptr[i] != '\r') {
            empty_line = false;
        }
    }
    return in.len < max ? NET_ERR_AGAIN : NET_ERR_TOO_BIG;
}

/* RFC 9110 5.6.2 */
static bool is_token_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (!is_token_char(in.ptr[i])) {
            return false;
        }
    }
    return in.len > 0;
}

/* Visible characters, bytes above 127, and blanks if `blanks`. */
static bool is_text(struct bytes in, bool blanks)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];
        bool blank = c == ' ' || c == '\t';
        if (blank ? !blanks : c < 0x21 || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static struct bytes trim(struct bytes in)
{
    while (in.len > 0 && (in.ptr[0] == ' ' || in.ptr[0] == '\t')) {
        in = bytes_of(in.ptr + 1, in.len - 1);
    }
    while (in.len > 0 && (in.ptr[in.len - 1] == ' ' || in.ptr[in.len - 1] == '\t')) {
        in.len--;
    }
    return in;
}

/* Takes up to `stop`, which is dropped. The whole rest and `failed` if it is not there. */
static struct bytes take_until(struct reader *r, uint8_t stop)
{
    size_t left = reader_left(r);
    const uint8_t *found = left == 0 ? NULL : memchr(r->at, stop, left);
    if (found == NULL) {
        r->failed = true;
        return (struct bytes){0};
    }
    struct bytes out = reader_take(r, (size_t)(found - r->at));
    (void)reader_u8(r);
    return out;
}

static struct bytes take_line(struct reader *r)
{
    struct bytes line = take_until(r, '\n');
    if (line.len > 0 && line.ptr[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* "HTTP/1.x", x one digit */
static bool read_version(struct bytes in, int *minor)
{
    if (in.len != 8 || !bytes_start_with(in, bytes_text("HTTP/1.")) || in.ptr[7] < '0' ||
        in.ptr[7] > '9') {
        return false;
    }
    *minor = in.ptr[7] - '0';
    return true;
}

static enum net_err read_field(struct bytes line, struct http_head *out)
{
    if (out->field_count == HTTP_FIELDS_MAX) {
        return NET_ERR_TOO_BIG;
    }
    struct reader r = reader_of(line);
    struct bytes name = take_until(&r, ':');
    struct bytes value = trim(reader_take(&r, reader_left(&r)));
    if (r.failed || !is_token(name) || !is_text(value, true)) {
        return NET_ERR_MALFORMED;
    }
    out->fields[out->field_count++] = (struct http_field){.name = name, .value = value};
    return NET_OK;
}

static enum net_err read_fields(struct reader *r, struct http_head *out)
{
    for (;;) {
        struct bytes line = take_line(r);
        if (r->failed) {
            return NET_ERR_MALFORMED;
        }
        if (line.len == 0) {
            return reader_left(r) == 0 ? NET_OK : NET_ERR_MALFORMED;
        }
        enum net_err err = read_field(line, out);
        if (err != NET_OK) {
            return err;
        }
    }
}

enum net_err http_head_parse_request(struct bytes in, struct http_head *out)
{
    struct reader r = reader_of(in);
    struct reader line = reader_of(take_line(&r));
    out->field_count = 0;
    out->status = 0;
    out->method = take_until(&line, ' ');
    out->target = take_until(&line, ' ');
    struct bytes version = reader_take(&line, reader_left(&line));
    if (r.failed || line.failed || !is_token(out->method) || out->target.len == 0 ||
        out->target.ptr[0] != '/' || !is_text(out->target, false) ||
        !read_version(version, &out->minor)) {
        return NET_ERR_MALFORMED;
    }
    return read_fields(&r, out);
}

/* Three digits, and then a reason phrase that may be absent together with its space. */
static bool read_status(struct bytes in, int *status)
{
    int value = 0;
    if (in.len < 3 || (in.len > 3 && in.ptr[3] != ' ')) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        if (in.ptr[i] < '0' || in.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (in.ptr[i] - '0');
    }
    *status = value;
    return value >= 100 && value <= 599 && is_text(in, true);
}

enum net_err http_head_parse_response(struct bytes in, struct http_head *out)
{
    struct reader r = reader_of(in);
    struct reader line = reader_of(take_line(&r));
    out->field_count = 0;
    out->method = (struct bytes){0};
    out->target = (struct bytes){0};
    struct bytes version = take_until(&line, ' ');
    struct bytes status = reader_take(&line, reader_left(&line));
    if (r.failed || line.failed || !read_version(version, &out->minor) ||
        !read_status(status, &out->status)) {
        return NET_ERR_MALFORMED;
    }
    return read_fields(&r, out);
}

const struct bytes *http_head_field(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (http_equal_nocase(head->fields[i].name, name)) {
            return &head->fields[i].value;
        }
    }
    return NULL;
}

static bool list_has(struct bytes list, const char *token)
{
    struct reader r = reader_of(list);
    while (!r.failed) {
        struct reader before = r;
        struct bytes item = take_until(&r, ',');
        if (r.failed) {
            item = reader_take(&before, reader_left(&before));
        }
        if (http_equal_nocase(trim(item), token)) {
            return true;
        }
    }
    return false;
}

bool http_head_has_token(const struct http_head *head, const char *name, const char *token)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (http_equal_nocase(head->fields[i].name, name) &&
            list_has(head->fields[i].value, token)) {
            return true;
        }
    }
    return false;
}
