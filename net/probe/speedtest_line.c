#include "net/probe/speedtest_line.h"

#include <string.h>

#include "net/base/text.h"
#include "net/json/json_view.h"

enum { WHOLE_BITS = 53 /* whole numbers that a double holds exactly */ };

static void put_text(struct writer *out, const char *text)
{
    writer_put(out, bytes_text(text));
}

void speedtest_config_encode(struct writer *out, const struct speedtest_config *config)
{
    char line[128];
    text_format(line, sizeof line, "{\"version\":%lld,\"time\":%lld,\"direction\":%lld}\n",
                (long long)config->version, (long long)config->duration_ns,
                (long long)config->direction);
    put_text(out, line);
}

/* Members that JSON's text may not hold as they are. */
static void put_escaped(struct writer *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20) {
            put_text(out, " ");
            continue;
        }
        if (*at == '"' || *at == '\\') {
            put_text(out, "\\");
        }
        writer_put(out, bytes_of(at, 1));
    }
}

void speedtest_reply_encode(struct writer *out, const char *error)
{
    if (error == NULL) {
        put_text(out, "{}\n");
        return;
    }
    put_text(out, "{\"error\":\"");
    put_escaped(out, error);
    put_text(out, "\"}\n");
}

enum net_err speedtest_line_find_end(struct bytes in, size_t *len)
{
    size_t seen = in.len < SPEEDTEST_LINE_MAX ? in.len : SPEEDTEST_LINE_MAX;
    const uint8_t *end = seen == 0 ? NULL : memchr(in.ptr, '\n', seen);
    if (end == NULL) {
        return in.len < SPEEDTEST_LINE_MAX ? NET_ERR_AGAIN : NET_ERR_TOO_BIG;
    }
    *len = (size_t)(end - in.ptr);
    return NET_OK;
}

/* Go's decoder compares names without case. */
static struct json_view view_of(const cJSON *json, struct failure *why)
{
    return (struct json_view){.object = json, .any_case = true, .why = why, .where = ""};
}

enum net_err speedtest_config_decode(struct bytes line, struct speedtest_config *out)
{
    cJSON *json = NULL;
    struct failure why = {.code = NET_OK};
    int64_t most = INT64_C(1) << WHOLE_BITS;
    if (json_object_parse(line, SPEEDTEST_LINE_MAX, &json, &why) == NET_OK) {
        struct json_view view = view_of(json, &why);
        struct speedtest_config config;
        config.version = json_int(&view, "version", -most, most);
        config.duration_ns = json_int(&view, "time", -most, most);
        config.direction = json_int(&view, "direction", -most, most);
        if (why.code == NET_OK) {
            *out = config;
        }
    }
    cJSON_Delete(json);
    return why.code == NET_OK ? NET_OK : NET_ERR_MALFORMED;
}

enum net_err speedtest_reply_decode(struct bytes line, char error[SPEEDTEST_ERROR_SIZE])
{
    cJSON *json = NULL;
    struct failure why = {.code = NET_OK};
    error[0] = '\0';
    if (json_object_parse(line, SPEEDTEST_LINE_MAX, &json, &why) == NET_OK) {
        struct json_view view = view_of(json, &why);
        json_text(&view, "error", false, error, SPEEDTEST_ERROR_SIZE);
    }
    cJSON_Delete(json);
    return why.code == NET_OK ? NET_OK : NET_ERR_MALFORMED;
}
