#include "net/json/json_view.h"

#include <string.h>

#include "net/base/text.h"

/* What is known of a text of JSON before it is parsed. */
struct survey {
    size_t depth;
    size_t deepest;
    size_t values;
    bool in_text;
    bool escaped;
};

static void survey_byte(struct survey *survey, uint8_t c)
{
    if (survey->in_text) {
        survey->in_text = survey->escaped || c != '"';
        survey->escaped = !survey->escaped && c == '\\';
        return;
    }
    switch (c) {
    case '"':
        survey->in_text = true;
        break;
    case '{':
    case '[':
        survey->depth++;
        survey->values++;
        survey->deepest = survey->depth > survey->deepest ? survey->depth : survey->deepest;
        break;
    case '}':
    case ']':
        survey->depth -= survey->depth > 0 ? 1 : 0;
        break;
    case ',':
        survey->values++;
        break;
    default:
        break;
    }
}

static enum net_err check(struct bytes body, size_t body_max, struct failure *why)
{
    struct survey survey = {0};
    if (body.len > body_max) {
        bool large = body_max >= 1 << 20;
        return failure_set(why, NET_ERR_TOO_BIG, "more than %zu %s",
                           large ? body_max >> 20 : body_max >> 10, large ? "MiB" : "KiB");
    }
    for (size_t i = 0; i < body.len; i++) {
        survey_byte(&survey, body.ptr[i]);
    }
    if (survey.deepest > JSON_DEPTH_MAX) {
        return failure_set(why, NET_ERR_MALFORMED, "JSON nested more than %d deep", JSON_DEPTH_MAX);
    }
    if (survey.values > JSON_VALUES_MAX) {
        return failure_set(why, NET_ERR_TOO_BIG, "more than %d values", JSON_VALUES_MAX);
    }
    return NET_OK;
}

enum net_err json_object_parse(struct bytes body, size_t body_max, cJSON **out, struct failure *why)
{
    enum net_err err = check(body, body_max, why);
    if (err != NET_OK) {
        return err;
    }
    const char *end = NULL;
    const char *text = (const char *)body.ptr;
    cJSON *json = body.len == 0 ? NULL : cJSON_ParseWithLengthOpts(text, body.len, &end, 0);
    while (json != NULL && end < text + body.len && strchr(" \t\r\n", *end) != NULL && *end != 0) {
        end++;
    }
    if (json == NULL || end != text + body.len || !cJSON_IsObject(json)) {
        bool other_kind = json != NULL && end == text + body.len;
        cJSON_Delete(json);
        return failure_set(why, NET_ERR_MALFORMED, "%s",
                           other_kind ? "JSON, but no object" : "not JSON");
    }
    *out = json;
    return NET_OK;
}

void json_wrong(const struct json_view *view, const char *name, const char *what)
{
    if (view->why->code == NET_OK) {
        (void)failure_set(view->why, NET_ERR_MALFORMED, "%s%s%s %s", view->where,
                          view->where[0] == '\0' ? "" : ".", name, what);
    }
}

const cJSON *json_member(const struct json_view *view, const char *name)
{
    const cJSON *item = view->any_case ? cJSON_GetObjectItem(view->object, name)
                                       : cJSON_GetObjectItemCaseSensitive(view->object, name);
    return cJSON_IsNull(item) ? NULL : item;
}

const cJSON *json_object(const struct json_view *view, const char *name, bool required)
{
    const cJSON *item = json_member(view, name);
    if (item == NULL && !required) {
        return NULL;
    }
    if (!cJSON_IsObject(item)) {
        json_wrong(view, name, item == NULL ? "is missing" : "is not an object");
        return NULL;
    }
    return item;
}

const cJSON *json_array(const struct json_view *view, const char *name)
{
    const cJSON *item = json_member(view, name);
    if (item != NULL && !cJSON_IsArray(item)) {
        json_wrong(view, name, "is not an array");
        return NULL;
    }
    return item;
}

/* NULL: absent or wrong. */
static const char *text_of(const struct json_view *view, const char *name, bool required)
{
    const cJSON *item = json_member(view, name);
    if (item == NULL || (required && cJSON_IsString(item) && item->valuestring[0] == '\0')) {
        if (required) {
            json_wrong(view, name, "is missing");
        }
        return NULL;
    }
    if (!cJSON_IsString(item)) {
        json_wrong(view, name, "is not text");
        return NULL;
    }
    return item->valuestring;
}

void json_text(const struct json_view *view, const char *name, bool required, char *out,
               size_t size)
{
    const char *text = text_of(view, name, required);
    (void)text_clean(out, size, bytes_text(text == NULL ? "" : text));
}

bool json_bool(const struct json_view *view, const char *name)
{
    const cJSON *item = json_member(view, name);
    if (item != NULL && !cJSON_IsBool(item)) {
        json_wrong(view, name, "is neither true nor false");
    }
    return cJSON_IsTrue(item) != 0;
}

int64_t json_int(const struct json_view *view, const char *name, int64_t least, int64_t most)
{
    const cJSON *item = json_member(view, name);
    if (item == NULL) {
        return 0;
    }
    if (!cJSON_IsNumber(item)) {
        json_wrong(view, name, "is not a number");
        return 0;
    }
    /* The range goes first: converting a double that does not fit is undefined. */
    double value = item->valuedouble;
    if (!(value >= (double)least && value <= (double)most)) {
        json_wrong(view, name, "is out of range");
        return 0;
    }
    int64_t whole = (int64_t)value;
    if ((double)whole < value || (double)whole > value) {
        json_wrong(view, name, "is not a whole number");
        return 0;
    }
    return whole;
}

void json_uuid(const struct json_view *view, const char *name, bool required, struct uuid *out)
{
    *out = (struct uuid){{0}};
    const char *text = text_of(view, name, required);
    if (text != NULL && uuid_parse(text, out) != NET_OK) {
        json_wrong(view, name, "is not a UUID");
    }
}
