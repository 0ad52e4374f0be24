#include "ui/lines.h"

#include <stdlib.h>

#include "net/base/mem.h"

enum { NUMBERS_EACH = APP_MARKS_MAX + 1 }; /* of a line and the marks behind it */

bool lines_search(const struct app *app, enum view view)
{
    return app->all_lines && app->lists[view].filter[0] != '\0';
}

/* --- collecting ------------------------------------------------------------------------------- */

static bool log_holds(const struct log_line *line, const char *text)
{
    size_t at = 0;
    return text_holds(line->text, text, &at) || text_holds(log_part_name(line->part), text, &at);
}

static bool holds(const struct snapshot *s, enum view view, size_t index, const char *text)
{
    size_t at = 0;
    return view == VIEW_LOG ? log_holds(&s->log[index], text)
                            : text_holds(s->events[index].text, text, &at) ||
                                  text_holds(s->events[index].about, text, &at);
}

static bool level_passes(const struct app *app, const struct snapshot *s, enum view view, size_t i)
{
    return view != VIEW_LOG || s->log[i].level >= app->level;
}

static mono_ns moment_of(const struct snapshot *s, enum view view, size_t index)
{
    struct wall_time when = view == VIEW_LOG ? s->log[index].when : s->events[index].when;
    int64_t ago =
        (s->wall.seconds - when.seconds) * (int64_t)NS_PER_SEC + s->wall.nanos - when.nanos;
    uint64_t ago_ns = ago < 0 ? 0 : (uint64_t)ago;
    return s->now > ago_ns ? s->now - ago_ns : 0;
}

/* Indexes into app->marks, the oldest first: they may be set in any order. Returns how many. */
static size_t sort_marks(const struct app *app, size_t order[APP_MARKS_MAX])
{
    size_t count = app->mark_count < APP_MARKS_MAX ? app->mark_count : APP_MARKS_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && app->marks[order[at - 1]] > app->marks[i]; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
    return count;
}

static void add(struct lines *out, const struct line *line, uint64_t wanted)
{
    out->all[out->count] = *line;
    out->chosen = line->number <= wanted ? out->count : out->chosen;
    out->count++;
}

bool event_is_elsewhere(const struct snapshot *s, const struct snapshot_event *event)
{
    if (event->about[0] == '\0' || s->selected < 0) {
        return event->about[0] != '\0';
    }
    return !uuid_equal(&event->agent, row_id(&s->workspaces[s->selected]));
}

void lines_collect(const struct app *app, enum view view, const struct snapshot *s,
                   struct lines *out)
{
    const char *text = app->lists[view].filter;
    bool search = lines_search(app, view);
    bool log = view == VIEW_LOG;
    uint64_t wanted = app->lists[view].at;
    uint64_t number = 0;
    size_t order[APP_MARKS_MAX];
    size_t marks = sort_marks(app, order);
    size_t mark = 0;
    *out = (struct lines){.total = log ? s->log_count : s->event_count};
    for (size_t i = 0; i <= out->total; i++) {
        for (; mark < marks && (i == out->total || app->marks[order[mark]] < moment_of(s, view, i));
             mark++) {
            add(out, &(struct line){.number = ++number, .index = order[mark], .mark = true},
                wanted);
        }
        if (i == out->total) {
            break;
        }
        number = ((log ? s->log_first + i : s->events[i].seq) + 1) * NUMBERS_EACH;
        bool match = text[0] != '\0' && holds(s, view, i, text);
        if (level_passes(app, s, view, i) && (search || text[0] == '\0' || match)) {
            add(out, &(struct line){.number = number, .index = i, .match = match}, wanted);
            out->passed++;
            out->matches += match ? 1 : 0;
        }
    }
    if (app->follow && out->count > 0) {
        out->chosen = out->count - 1;
    }
}

static struct lines *collect(const struct app *app, const struct snapshot *s)
{
    struct lines *lines = mem_new(sizeof *lines);
    lines_collect(app, app_view(app), s, lines);
    return lines;
}

/* --- moving ----------------------------------------------------------------------------------- */

bool lines_move(const struct app *app, const struct snapshot *s, int64_t by, uint64_t *number)
{
    struct lines *lines = collect(app, s);
    bool any = lines->count > 0;
    if (any) {
        int64_t to = (int64_t)lines->chosen + by;
        int64_t last = (int64_t)lines->count - 1;
        *number = lines->all[to < 0 ? 0 : to > last ? last : to].number;
    }
    free(lines);
    return any;
}

void lines_match(const struct app *app, const struct snapshot *s, bool down, bool here,
                 struct lines_match *out)
{
    struct lines *lines = collect(app, s);
    *out = (struct lines_match){.of = lines->matches};
    size_t count = lines->count;
    size_t first = here ? 0 : 1;
    for (size_t i = first; lines->matches > 0 && i < count + first; i++) {
        size_t at = (lines->chosen + (down ? i : count - i % count)) % count;
        if (!lines->all[at].match) {
            continue;
        }
        out->number = lines->all[at].number;
        out->round = down ? lines->chosen + i >= count : i > lines->chosen;
        for (size_t n = 0; n <= at; n++) {
            out->nth += lines->all[n].match ? 1 : 0;
        }
        break;
    }
    free(lines);
}

bool lines_moment(const struct app *app, const struct snapshot *s, mono_ns *at)
{
    struct lines *lines = collect(app, s);
    bool any = lines->count > 0;
    if (any) {
        const struct line *line = &lines->all[lines->chosen];
        *at = line->mark ? app->marks[line->index] : moment_of(s, app_view(app), line->index);
    }
    free(lines);
    return any;
}
