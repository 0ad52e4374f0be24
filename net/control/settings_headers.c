#include <string.h>

#include "net/base/mem.h"
#include "net/control/settings_internal.h"

/* RFC 9110 5.6.2 */
static bool is_token(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~' || strchr("\"(),/:;<=>?@[\\]{}", text[i]) != NULL) {
            return false;
        }
    }
    return len > 0;
}

static bool is_one_line(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static char *copy_text(const char *text, size_t len)
{
    char *copy = mem_new(len + 1);
    memcpy(copy, text, len);
    return copy;
}

enum net_err settings_add_header(struct settings *settings, const char *source, const char *text,
                                 size_t len, struct failure *why)
{
    const char *equals = memchr(text, '=', len);
    if (equals == NULL) {
        return failure_set(why, NET_ERR_USAGE,
                           "%s: a header must be written Key=Value; one has no \"=\"", source);
    }
    size_t name_len = (size_t)(equals - text);
    size_t value_len = len - name_len - 1;
    if (!is_token(text, name_len) || !is_one_line(equals + 1, value_len)) {
        return failure_set(why, NET_ERR_USAGE,
                           "%s: \"%.*s\" is not a header that can be sent: its name must be one "
                           "word, its value one line",
                           source, (int)(name_len < 60 ? name_len : 60), text);
    }
    if (settings->header_count == SETTINGS_HEADERS_MAX) {
        return failure_set(why, NET_ERR_USAGE, "%s: more than %d headers", source,
                           SETTINGS_HEADERS_MAX);
    }
    settings->headers[settings->header_count++] = (struct http_header){
        .name = copy_text(text, name_len), .value = copy_text(equals + 1, value_len)};
    return NET_OK;
}

/* Takes one field off the line at *at into `out`, which is as large as the line. Returns its
 * length. */
static size_t take_field(const char **at, char *out)
{
    const char *in = *at;
    size_t len = 0;
    if (*in == '"') {
        in++;
        while (*in != '\0' && (in[0] != '"' || in[1] == '"')) {
            in += *in == '"' ? 1 : 0;
            out[len++] = *in++;
        }
        in += *in == '"' ? 1 : 0;
    }
    while (*in != '\0' && *in != ',') {
        out[len++] = *in++;
    }
    *at = in;
    return len;
}

enum net_err settings_add_headers(struct settings *settings, const char *source, const char *text,
                                  struct failure *why)
{
    size_t size = strlen(text) + 1;
    char *field = mem_new(size);
    enum net_err err = NET_OK;
    for (bool more = *text != '\0'; more && err == NET_OK;) {
        size_t len = take_field(&text, field);
        err = settings_add_header(settings, source, field, len, why);
        more = *text == ',';
        text += more ? 1 : 0;
    }
    mem_free_wiped(field, size);
    return err;
}
