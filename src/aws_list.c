#include "src/aws_list.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/json/json_view.h"

/* Appends the prefixes of one of the two arrays. */
static enum net_err take(const struct json_view *top, const char *array, const char *member,
                         struct aws_list *out)
{
    const cJSON *list = json_array(top, array);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        char text[IP_PREFIX_TEXT_SIZE];
        struct json_view view = {.object = item, .why = top->why, .where = array};
        json_text(&view, member, true, text, sizeof text);
        if (top->why->code != NET_OK) {
            return top->why->code;
        }
        if (out->count == AWS_RANGES_MAX) {
            return failure_set(top->why, NET_ERR_TOO_BIG, "it has more than %d prefixes",
                               AWS_RANGES_MAX);
        }
        if (ip_prefix_parse(text, &out->prefixes[out->count]) != NET_OK) {
            return failure_set(top->why, NET_ERR_MALFORMED, "\"%s\" is no address range", text);
        }
        out->count++;
    }
    return top->why->code;
}

enum net_err aws_list_parse(struct bytes body, struct aws_list *out, struct failure *why)
{
    cJSON *root = NULL;
    struct aws_list found = {0};
    *why = (struct failure){.code = NET_OK};
    enum net_err err = json_object_parse(body, AWS_LIST_BYTES_MAX, &root, why);
    if (err != NET_OK) {
        return err;
    }
    struct json_view top = {.object = root, .why = why, .where = "ip-ranges.json"};
    found.prefixes = mem_array(AWS_RANGES_MAX, sizeof *found.prefixes);
    json_text(&top, "createDate", false, found.created, sizeof found.created);
    err = take(&top, "prefixes", "ip_prefix", &found);
    if (err == NET_OK) {
        err = take(&top, "ipv6_prefixes", "ipv6_prefix", &found);
    }
    if (err == NET_OK && found.count == 0) {
        err = failure_set(why, NET_ERR_MALFORMED, "there is no address range in it");
    }
    cJSON_Delete(root);
    if (err != NET_OK) {
        aws_list_clear(&found);
        return err;
    }
    *out = found;
    return NET_OK;
}

void aws_list_clear(struct aws_list *list)
{
    free(list->prefixes);
    *list = (struct aws_list){0};
}
