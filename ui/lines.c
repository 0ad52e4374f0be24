#include "ui/lines.h"

#include <stdlib.h>

#include "net/base/mem.h"

static bool log_passes(const struct app *app, const char *filter, const struct log_line *line)
{
    size_t at = 0;
    return line->level >= app->level && (text_holds(line->text, filter, &at) ||
                                         text_holds(log_part_name(line->part), filter, &at));
}

void lines_collect(const struct app *app, enum view view, const struct snapshot *s,
                   struct lines *out)
{
    const char *filter = app->lists[view].filter;
    uint64_t wanted = app->lists[view].at;
    bool log = view == VIEW_LOG;
    out->total = log ? s->log_count : s->event_count;
    out->count = 0;
    out->chosen = 0;
    for (size_t i = 0; i < out->total; i++) {
        size_t at = 0;
        uint64_t number = log ? s->log_first + i : s->events[i].seq;
        if (log ? log_passes(app, filter, &s->log[i])
                : text_holds(s->events[i].text, filter, &at)) {
            out->number[out->count] = number;
            out->index[out->count] = i;
            out->chosen = number <= wanted ? out->count : out->chosen;
            out->count++;
        }
    }
    if (app->follow && out->count > 0) {
        out->chosen = out->count - 1;
    }
}

bool lines_move(const struct app *app, const struct snapshot *s, int64_t by, uint64_t *number)
{
    struct lines *lines = mem_new(sizeof *lines);
    lines_collect(app, app_view(app), s, lines);
    bool any = lines->count > 0;
    if (any) {
        int64_t to = (int64_t)lines->chosen + by;
        int64_t last = (int64_t)lines->count - 1;
        *number = lines->number[to < 0 ? 0 : to > last ? last : to];
    }
    free(lines);
    return any;
}

bool lines_moment(const struct app *app, const struct snapshot *s, mono_ns *at)
{
    struct lines *lines = mem_new(sizeof *lines);
    lines_collect(app, app_view(app), s, lines);
    bool any = lines->count > 0;
    if (any) {
        size_t i = lines->index[lines->chosen];
        struct wall_time when = app_view(app) == VIEW_LOG ? s->log[i].when : s->events[i].when;
        int64_t ago =
            (s->wall.seconds - when.seconds) * (int64_t)NS_PER_SEC + s->wall.nanos - when.nanos;
        uint64_t ago_ns = ago < 0 ? 0 : (uint64_t)ago;
        *at = s->now > ago_ns ? s->now - ago_ns : 0;
    }
    free(lines);
    return any;
}
