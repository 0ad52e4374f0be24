#include "net/wire/ssdp.h"

#include <string.h>
#include <strings.h>

#include "net/base/text.h"

enum { HTTP_PORT = 80 };

void ssdp_search_encode(struct writer *out, const char *target)
{
    char text[SSDP_SEARCH_MAX];
    text_format(text, sizeof text,
                "M-SEARCH * HTTP/1.1\r\nHOST: " SSDP_GROUP ":1900\r\nST: %s\r\n"
                "MAN: \"ssdp:discover\"\r\nMX: 2\r\n\r\n",
                target);
    writer_put(out, bytes_text(text));
}

static bool is_path_byte(uint8_t byte)
{
    return byte > 0x20 && byte < 0x7f && byte != '#';
}

static bool parse_host(struct bytes in, struct net_address *out)
{
    char text[ADDRESS_TEXT_SIZE];
    if (in.len == 0 || in.len >= sizeof text || memchr(in.ptr, 0, in.len) != NULL) {
        return false;
    }
    memcpy(text, in.ptr, in.len);
    text[in.len] = '\0';
    if (address_parse(text, out) == NET_OK) {
        return out->port != 0;
    }
    if (text[0] == '[' && text[in.len - 1] == ']') {
        text[in.len - 1] = '\0';
        memmove(text, text + 1, in.len - 1);
    }
    if (address_parse_ip(text, out) != NET_OK) {
        return false;
    }
    out->port = HTTP_PORT;
    return true;
}

bool ssdp_location_parse(struct bytes url, struct ssdp_location *out)
{
    static const char scheme[] = "http://";
    struct ssdp_location location = {0};
    size_t skip = sizeof scheme - 1;
    if (url.len <= skip || strncasecmp((const char *)url.ptr, scheme, skip) != 0) {
        return false;
    }
    url = bytes_of(url.ptr + skip, url.len - skip);
    const uint8_t *slash = memchr(url.ptr, '/', url.len);
    size_t host_len = slash == NULL ? url.len : (size_t)(slash - url.ptr);
    size_t path_len = url.len - host_len;
    if (!parse_host(bytes_of(url.ptr, host_len), &location.host) ||
        path_len >= sizeof location.path) {
        return false;
    }
    for (size_t i = 0; i < path_len; i++) {
        if (!is_path_byte(slash[i])) {
            return false;
        }
        location.path[i] = (char)slash[i];
    }
    if (path_len == 0) {
        location.path[0] = '/';
    }
    *out = location;
    return true;
}

static struct bytes trimmed(struct bytes in)
{
    while (in.len > 0 && (in.ptr[0] == ' ' || in.ptr[0] == '\t')) {
        in = bytes_of(in.ptr + 1, in.len - 1);
    }
    while (in.len > 0 && (in.ptr[in.len - 1] == ' ' || in.ptr[in.len - 1] == '\t' ||
                          in.ptr[in.len - 1] == '\r')) {
        in.len--;
    }
    return in;
}

/* Takes a line off the front, without its end. False: there is no whole one left. */
static bool take_line(struct bytes *in, struct bytes *line)
{
    const uint8_t *end = in->len == 0 ? NULL : memchr(in->ptr, '\n', in->len);
    if (end == NULL) {
        return false;
    }
    size_t len = (size_t)(end - in->ptr);
    *line = trimmed(bytes_of(in->ptr, len));
    *in = bytes_of(end + 1, in->len - len - 1);
    return true;
}

static bool is_named(struct bytes line, const char *name, struct bytes *value)
{
    size_t len = strlen(name);
    if (line.len <= len || line.ptr[len] != ':' ||
        strncasecmp((const char *)line.ptr, name, len) != 0) {
        return false;
    }
    *value = trimmed(bytes_of(line.ptr + len + 1, line.len - len - 1));
    return true;
}

static bool names_a_gateway(struct bytes value)
{
    return value.len > 0 &&
           memmem(value.ptr, value.len, SSDP_IGD_ANY_PART, sizeof SSDP_IGD_ANY_PART - 1) != NULL;
}

static bool is_status_200(struct bytes line)
{
    return bytes_start_with(line, bytes_text("HTTP/1.1 200")) ||
           bytes_start_with(line, bytes_text("HTTP/1.0 200"));
}

enum net_err ssdp_answer_decode(struct bytes packet, struct ssdp_answer *out)
{
    struct ssdp_answer answer = {0};
    struct bytes line;
    struct bytes value;
    if (packet.len > SSDP_ANSWER_MAX || !take_line(&packet, &line) || !is_status_200(line)) {
        return NET_ERR_MALFORMED;
    }
    for (;;) {
        if (!take_line(&packet, &line)) {
            return NET_ERR_MALFORMED;
        }
        if (line.len == 0) {
            break;
        }
        if (is_named(line, "ST", &value) || is_named(line, "USN", &value)) {
            answer.is_gateway = answer.is_gateway || names_a_gateway(value);
        } else if (is_named(line, "LOCATION", &value)) {
            (void)ssdp_location_parse(value, &answer.location);
        }
    }
    *out = answer;
    return NET_OK;
}
