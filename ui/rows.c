#include "ui/rows.h"

#include <string.h>

#include "net/base/text.h"

bool pins_has(const struct pins *pins, const struct uuid *workspace)
{
    for (size_t i = 0; i < pins->count; i++) {
        if (uuid_equal(&pins->all[i], workspace)) {
            return true;
        }
    }
    return false;
}

bool pins_toggle(struct pins *pins, const struct uuid *workspace)
{
    for (size_t i = 0; i < pins->count; i++) {
        if (uuid_equal(&pins->all[i], workspace)) {
            pins->all[i] = pins->all[--pins->count];
            return true;
        }
    }
    if (pins->count == PINS_MAX) {
        return false;
    }
    pins->all[pins->count++] = *workspace;
    return true;
}

const char *sort_name(enum sort sort)
{
    static const char *const names[SORT_COUNT] = {"as listed", "by name", "by state", "by latency",
                                                  "by path"};
    return names[sort];
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

const struct uuid *row_id(const struct snapshot_workspace *row)
{
    return uuid_is_zero(&row->agent) ? &row->workspace : &row->agent;
}

size_t row_findings(const struct snapshot_workspace *row, const bool muted[FINDING_CODES],
                    struct row_finding out[FINDING_CODES])
{
    const struct {
        enum finding_severity severity;
        uint32_t codes;
    } all[] = {
        {SEVERITY_ERROR, row->errors},
        {SEVERITY_WARNING, row->warnings},
        {SEVERITY_INFO, row->infos},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (unsigned code = 0; code < FINDING_CODES && count < FINDING_CODES; code++) {
            if ((all[i].codes >> code & 1U) != 0 && !muted[code]) {
                out[count++] = (struct row_finding){(enum finding_code)code, all[i].severity};
            }
        }
    }
    return count;
}

bool text_holds(const char *text, const char *part, size_t *at)
{
    size_t len = strlen(part);
    size_t whole = strlen(text);
    for (size_t from = 0; from + len <= whole; from++) {
        size_t same = 0;
        while (same < len && lower(text[from + same]) == lower(part[same])) {
            same++;
        }
        if (same == len) {
            *at = from;
            return true;
        }
    }
    return false;
}

static bool wanted(const struct snapshot_workspace *row, const struct rows_query *query)
{
    size_t at = 0;
    if (query->running_only && (row->state != WORKSPACE_RUNNING || uuid_is_zero(&row->agent))) {
        return false;
    }
    return text_holds(row->name, query->filter, &at) ||
           text_holds(row->owner, query->filter, &at) ||
           (row->show_agent_name && text_holds(row->agent_name, query->filter, &at));
}

/* Those without an answer come last, whatever is sorted by. */
static int by_number(uint32_t a, uint32_t b)
{
    return a == b ? 0 : a == 0 ? 1 : b == 0 ? -1 : a < b ? -1 : 1;
}

static int compare(const struct snapshot_workspace *a, const struct snapshot_workspace *b,
                   const struct rows_query *query)
{
    bool a_pinned = pins_has(query->pins, &a->workspace);
    bool b_pinned = pins_has(query->pins, &b->workspace);
    if (a_pinned != b_pinned) {
        return a_pinned ? -1 : 1;
    }
    switch (query->sort) {
    case SORT_NAME:
        return strcmp(a->name, b->name);
    case SORT_STATE:
        return by_number((uint32_t)a->state, (uint32_t)b->state);
    case SORT_LATENCY: /* the slow ones are what one looks for */
        return a->last_rtt_us == 0 || b->last_rtt_us == 0
                   ? by_number(a->last_rtt_us, b->last_rtt_us)
                   : -by_number(a->last_rtt_us, b->last_rtt_us);
    case SORT_PATH:
        return by_number((uint32_t)a->path, (uint32_t)b->path);
    case SORT_SERVER:
    case SORT_COUNT:
        break;
    }
    return 0;
}

int rows_collect(const struct snapshot *s, const struct rows_query *query,
                 int rows[SNAPSHOT_WORKSPACES_MAX])
{
    int count = 0;
    for (int i = 0; i < (int)s->workspace_count; i++) {
        if (!wanted(&s->workspaces[i], query)) {
            continue;
        }
        int at = count++;
        while (at > 0 && compare(&s->workspaces[i], &s->workspaces[rows[at - 1]], query) < 0) {
            rows[at] = rows[at - 1];
            at--;
        }
        rows[at] = i;
    }
    return count;
}
