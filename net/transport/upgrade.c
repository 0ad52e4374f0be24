#include "net/transport/upgrade.h"

#include "net/base/text.h"

enum { SWITCHING_PROTOCOLS = 101 };

static void add(struct upgrade *upgrade, const char *text)
{
    if (buf_append(&upgrade->out, bytes_text(text)) != NET_OK) {
        upgrade->out_full = true;
    }
}

static void add_field(struct upgrade *upgrade, const char *name, const char *value)
{
    add(upgrade, name);
    add(upgrade, ": ");
    add(upgrade, value);
    add(upgrade, "\r\n");
}

void upgrade_add_line(struct upgrade *upgrade, const char *line)
{
    add(upgrade, line);
    add(upgrade, "\r\n");
}

void upgrade_init(struct upgrade *upgrade, const struct upgrade_request *request, struct rng *rng)
{
    *upgrade = (struct upgrade){.websocket = text_equal_nocase(request->protocol, "websocket")};
    text_copy(upgrade->protocol, sizeof upgrade->protocol, request->protocol);
    text_copy(upgrade->subprotocol, sizeof upgrade->subprotocol,
              request->subprotocol == NULL ? "" : request->subprotocol);
    buf_init(&upgrade->out, UPGRADE_HEAD_MAX);
    buf_init(&upgrade->in, UPGRADE_HEAD_MAX + UPGRADE_BODY_MAX);
    buf_init(&upgrade->body, UPGRADE_BODY_MAX);
    add(upgrade, "GET ");
    add(upgrade, request->target);
    add(upgrade, " HTTP/1.1\r\n");
    add_field(upgrade, "Host", request->host);
    if (request->user_agent != NULL) {
        add_field(upgrade, "User-Agent", request->user_agent);
    }
    add_field(upgrade, "Connection", "Upgrade");
    add_field(upgrade, "Upgrade", request->protocol);
    if (upgrade->websocket) {
        websocket_key_new(rng, upgrade->key);
        add_field(upgrade, "Sec-WebSocket-Version", "13");
        add_field(upgrade, "Sec-WebSocket-Key", upgrade->key);
        if (upgrade->subprotocol[0] != '\0') {
            add_field(upgrade, "Sec-WebSocket-Protocol", upgrade->subprotocol);
        }
    }
}

enum net_err upgrade_end_request(struct upgrade *upgrade)
{
    add(upgrade, "\r\n");
    return upgrade->out_full ? NET_ERR_TOO_BIG : NET_OK;
}

void upgrade_clear(struct upgrade *upgrade)
{
    buf_clear(&upgrade->out);
    buf_clear(&upgrade->in);
    buf_clear(&upgrade->body);
}

static void broken(struct upgrade *upgrade, enum net_err code, const char *what)
{
    upgrade->state = UPGRADE_BROKEN;
    (void)failure_set(&upgrade->failure, code, "%s", what);
    upgrade->failure.http_status = upgrade->status;
}

/* What must stand in a 101 besides the status. NULL: all is well. */
static const char *accept_fault(const struct upgrade *upgrade, const struct http_head *head)
{
    char accept[WEBSOCKET_ACCEPT_SIZE];
    const struct bytes *answer = http_head_field(head, "sec-websocket-accept");
    const struct bytes *chosen = http_head_field(head, "sec-websocket-protocol");
    if (!http_head_has_token(head, "upgrade", upgrade->protocol)) {
        return "the server switched to another protocol than was asked for";
    }
    if (!upgrade->websocket) {
        return NULL;
    }
    websocket_key_accept(bytes_text(upgrade->key), accept);
    if (answer == NULL || !bytes_equal(*answer, bytes_text(accept))) {
        return "the answer belongs to another websocket request; does a proxy keep answers?";
    }
    if (http_head_field(head, "sec-websocket-extensions") != NULL) {
        return "the server uses a websocket extension that was not asked for";
    }
    struct bytes got = chosen == NULL ? (struct bytes){0} : *chosen;
    if (!bytes_equal(got, bytes_text(upgrade->subprotocol))) {
        return "the server chose another websocket subprotocol than was asked for";
    }
    return NULL;
}

static bool is_html(struct bytes type)
{
    struct bytes head = bytes_of(type.ptr, type.len < 9 ? type.len : 9);
    return http_equal_nocase(head, "text/html");
}

static void begin_refusal(struct upgrade *upgrade, const struct http_head *head)
{
    const struct bytes *type = http_head_field(head, "content-type");
    if (type != NULL) {
        upgrade->is_html = is_html(*type);
        (void)text_clean(upgrade->content_type, sizeof upgrade->content_type, *type);
    }
    http_body_init(&upgrade->body_reader, head);
    upgrade->state = UPGRADE_BODY;
}

/* Acts on a whole head. Interim answers (1xx but 101) are passed over. */
static void take_head(struct upgrade *upgrade, const struct http_head *head)
{
    if (head->status != SWITCHING_PROTOCOLS && head->status < 200) {
        return;
    }
    upgrade->status = head->status;
    if (head->status != SWITCHING_PROTOCOLS) {
        begin_refusal(upgrade, head);
        return;
    }
    const char *fault = accept_fault(upgrade, head);
    if (fault != NULL) {
        broken(upgrade, NET_ERR_UNSUPPORTED, fault);
    } else {
        upgrade->state = UPGRADE_OPEN;
    }
}

static void read_heads(struct upgrade *upgrade)
{
    while (upgrade->state == UPGRADE_HEAD) {
        struct http_head head;
        size_t len = 0;
        struct bytes in = buf_view(&upgrade->in);
        enum net_err err = http_head_find_end(in, UPGRADE_HEAD_MAX, &len);
        if (err == NET_ERR_AGAIN) {
            return;
        }
        if (err == NET_OK) {
            err = http_head_parse_response(bytes_of(in.ptr, len), &head);
        }
        if (err == NET_ERR_TOO_BIG) {
            broken(upgrade, err, "the head of the answer is too long; is this the right server?");
        } else if (err != NET_OK) {
            broken(upgrade, err, "the answer is not HTTP; is this the right address and port?");
        } else {
            take_head(upgrade, &head);
            buf_consume(&upgrade->in, len);
        }
    }
}

static void read_body(struct upgrade *upgrade)
{
    struct bytes in = buf_view(&upgrade->in);
    enum net_err err = http_body_input(&upgrade->body_reader, in, &upgrade->body);
    buf_consume(&upgrade->in, in.len);
    if (err != NET_ERR_AGAIN) {
        upgrade->state = UPGRADE_REFUSED; /* complete, full, or as good as it gets */
    }
}

void upgrade_input(struct upgrade *upgrade, struct bytes in)
{
    if (upgrade->state == UPGRADE_OPEN || buf_append(&upgrade->in, in) != NET_OK) {
        broken(upgrade, NET_ERR_TOO_BIG, "the answer is larger than allowed");
        return;
    }
    read_heads(upgrade);
    if (upgrade->state == UPGRADE_BODY) {
        read_body(upgrade);
    }
}

bool upgrade_input_end(struct upgrade *upgrade)
{
    if (upgrade->state == UPGRADE_BODY) {
        upgrade->state = UPGRADE_REFUSED;
    }
    return upgrade->status != 0;
}

struct bytes upgrade_body(struct upgrade *upgrade)
{
    upgrade->body.limit = UPGRADE_BODY_MAX + 1;
    uint8_t *zero = buf_reserve(&upgrade->body, 1);
    if (zero != NULL) {
        *zero = 0;
    }
    return buf_view(&upgrade->body);
}
