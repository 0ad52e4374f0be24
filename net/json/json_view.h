/*
 * JSON from a stranger, checked before and after cJSON.
 *
 * Size, depth and number of values are limited before cJSON sees a byte: it would recurse 1000 deep
 * and spend some 80 bytes of memory on each "0," of two. Each getter knows the kind that it wants,
 * and says in *why which member was not of it. Members that are absent or null are the same.
 */
#ifndef NET_JSON_JSON_VIEW_H
#define NET_JSON_JSON_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/base/uuid.h"

enum {
    JSON_DEPTH_MAX = 64,       /* a workspace is 8 deep; parameters of templates add little */
    JSON_VALUES_MAX = 2 << 20, /* 100 workspaces of 20 agents with 50 apps each are half of that */
};

/* The whole body, of `body_max` bytes at most, as one object. NET_ERR_MALFORMED: not JSON, another
 * kind, too deep; NET_ERR_TOO_BIG. Free with cJSON_Delete. */
NET_MUST_USE enum net_err json_object_parse(struct bytes body, size_t body_max, cJSON **out,
                                            struct failure *why);

/* An object while it is read: what was wrong first sticks, as with a cursor over bytes. */
struct json_view {
    const cJSON *object; /* NULL: every member is absent */
    bool any_case;       /* names are compared without case */
    struct failure *why; /* the first thing wrong; code NET_OK before */
    const char *where;   /* for *why: "latest_build" */
};

/* The member itself; NULL when absent or null. */
const cJSON *json_member(const struct json_view *view, const char *name);

/* The member as an object or array; NULL when absent (then, if required, *why is set) or of another
 * kind (*why is set). */
const cJSON *json_object(const struct json_view *view, const char *name, bool required);
const cJSON *json_array(const struct json_view *view, const char *name);

/* Text, cleaned for a terminal and cut to fit; "" when absent. Required text may not be empty. */
void json_text(const struct json_view *view, const char *name, bool required, char *out,
               size_t size);

bool json_bool(const struct json_view *view, const char *name);

/* A whole number; 0 when absent. One outside least…most is wrong. */
int64_t json_int(const struct json_view *view, const char *name, int64_t least, int64_t most);

/* A UUID; all zero when absent. */
void json_uuid(const struct json_view *view, const char *name, bool required, struct uuid *out);

/* Sets *why for a member, unless something was wrong before. */
void json_wrong(const struct json_view *view, const char *name, const char *what);

#endif
