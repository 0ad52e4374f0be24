#include "ui/graph_marks.h"

#include <string.h>
#include <time.h>

#include "net/base/text.h"
#include "ui/plot.h"

int graph_col(int cols, mono_ns from, uint64_t span_ns, mono_ns at)
{
    uint64_t cell_ns = cols > 0 ? span_ns / (uint64_t)cols : 0;
    if (at < from || cell_ns == 0 || (at - from) / cell_ns >= (uint64_t)cols) {
        return -1;
    }
    return (int)((at - from) / cell_ns);
}

static void put_mark(struct canvas *canvas, struct rect row, int col, enum style style,
                     const char *sign)
{
    if (col >= 0) {
        canvas_put(canvas, row.row, row.col + col, style, sign);
    }
}

void graph_marks(struct canvas *canvas, struct rect row, const struct graph_view *view,
                 mono_ns from)
{
    const struct glyphs *g = canvas->glyphs;
    const struct snapshot *s = view->s;
    for (size_t i = 0; i < view->test_count; i++) {
        const struct graph_span *test = &view->tests[i];
        uint64_t cell_ns = view->span_ns / (uint64_t)row.cols;
        mono_ns at = test->from < from ? from : test->from;
        for (; at < test->to || at == test->from; at += cell_ns == 0 ? 1 : cell_ns) {
            int col = graph_col(row.cols, from, view->span_ns, at);
            if (col < 0) {
                break;
            }
            put_mark(canvas, row, col, STYLE_INFO, test->upload ? g->test_up : g->test_down);
        }
    }
    for (size_t i = 0; i < s->changes_kept; i++) {
        const struct snapshot_change *change = &s->changes[i];
        put_mark(canvas, row, graph_col(row.cols, from, view->span_ns, change->at),
                 path_style(change->to),
                 change->to == PATH_DIRECT ? g->became_direct : g->fell_back);
    }
    for (size_t i = 0; i < view->mark_count; i++) {
        put_mark(canvas, row, graph_col(row.cols, from, view->span_ns, view->marks[i]),
                 STYLE_STRONG, g->mark);
    }
}

/* --- times ------------------------------------------------------------------------------------ */

struct wall_time graph_wall(const struct snapshot *s, mono_ns at)
{
    struct wall_time out = s->wall;
    int64_t now_ns = (int64_t)s->wall.nanos;
    int64_t delta = at >= s->now ? (int64_t)(at - s->now) : -(int64_t)(s->now - at);
    int64_t ns = now_ns + delta % (int64_t)NS_PER_SEC;
    out.seconds += delta / (int64_t)NS_PER_SEC;
    if (ns < 0) {
        ns += (int64_t)NS_PER_SEC;
        out.seconds--;
    } else if (ns >= (int64_t)NS_PER_SEC) {
        ns -= (int64_t)NS_PER_SEC;
        out.seconds++;
    }
    out.nanos = (int32_t)ns;
    return out;
}

void clock_text(struct wall_time wall, bool seconds, char out[CLOCK_TEXT])
{
    time_t at = (time_t)wall.seconds;
    struct tm parts;
    bool known = localtime_r(&at, &parts) != NULL &&
                 (seconds ? strftime(out, CLOCK_TEXT, "%H:%M:%S", &parts)
                          : strftime(out, CLOCK_TEXT, "%H:%M", &parts)) > 0;
    if (!known) {
        out[0] = '\0';
    }
}

/* "Nov 14". */
static void day_text(int64_t seconds, char out[CLOCK_TEXT])
{
    time_t at = (time_t)seconds;
    struct tm parts;
    if (localtime_r(&at, &parts) == NULL || strftime(out, CLOCK_TEXT, "%b %d", &parts) == 0) {
        out[0] = '\0';
    }
}

/* Not by its clock: where summer time begins at midnight, the day begins at one. */
static bool day_begins(int64_t seconds)
{
    char now[CLOCK_TEXT];
    char before[CLOCK_TEXT];
    day_text(seconds, now);
    day_text(seconds - 1, before);
    return strcmp(now, before) != 0;
}

void wall_moment_text(const struct snapshot *s, struct wall_time wall, char out[CLOCK_TEXT])
{
    char today[CLOCK_TEXT];
    char day[CLOCK_TEXT];
    char clock[CLOCK_TEXT];
    day_text(s->wall.seconds, today);
    day_text(wall.seconds, day);
    clock_text(wall, true, clock);
    bool same = strcmp(today, day) == 0;
    text_format(out, CLOCK_TEXT, "%s%s%s", same ? "" : day, same ? "" : " ", clock);
}

void moment_text(const struct snapshot *s, mono_ns at, char out[CLOCK_TEXT])
{
    wall_moment_text(s, graph_wall(s, at), out);
}

/* A whole number of steps since local midnight? *label: what to write there. */
static bool is_round(int64_t seconds, int64_t step, char label[CLOCK_TEXT])
{
    time_t at = (time_t)seconds;
    struct tm parts;
    if (localtime_r(&at, &parts) == NULL) {
        return false;
    }
    int64_t of_day = (int64_t)parts.tm_hour * 3600 + (int64_t)parts.tm_min * 60 + parts.tm_sec;
    return of_day % step == 0 &&
           strftime(label, CLOCK_TEXT, step % 60 != 0 ? "%H:%M:%S" : "%H:%M", &parts) > 0;
}

static int64_t step_for(int cols, uint64_t span_ns)
{
    enum { COLS_MIN = 12 };
    static const int64_t steps[] = {5,   10,  15,   30,   60,   120,   300,
                                    600, 900, 1800, 3600, 7200, 10800, 21600};
    size_t count = sizeof steps / sizeof *steps;
    for (size_t i = 0; i < count; i++) {
        uint64_t step_ns = (uint64_t)steps[i] * NS_PER_SEC;
        if ((uint64_t)cols * step_ns / span_ns >= COLS_MIN) {
            return steps[i];
        }
    }
    return steps[count - 1];
}

/* The row of times: which moments there are, and where. */
struct times {
    struct canvas *canvas;
    struct rect row;
    mono_ns from;
    uint64_t span_ns;
    struct wall_time first; /* at its left edge */
    int64_t last;
};

static int col_of(const struct times *times, int64_t seconds)
{
    uint64_t after = (uint64_t)(seconds - times->first.seconds) * NS_PER_SEC;
    return graph_col(times->row.cols, times->from, times->span_ns,
                     times->from + (after - (uint64_t)times->first.nanos));
}

/* Whether these columns and those beside them hold nothing yet. */
static bool is_free(const struct times *times, int from, int to)
{
    bool all = from >= 0 && to <= times->row.cols;
    for (int col = from - 1; all && col <= to; col++) {
        const struct cell *cell = canvas_cell(times->canvas, times->row.row, times->row.col + col);
        bool inside = col >= 0 && col < times->row.cols;
        all = !inside || cell == NULL || strcmp(cell->text, " ") == 0;
    }
    return all;
}

/* Where a day begins: its name after the mark, that of the day before in front of it, each where
 * it fits. False: that is outside. */
static bool put_day(const struct times *times, int64_t at)
{
    char day[CLOCK_TEXT];
    int col = col_of(times, at);
    if (col < 0) {
        return false;
    }
    canvas_put(times->canvas, times->row.row, times->row.col + col, STYLE_STRONG,
               times->canvas->glyphs->axis_v);
    day_text(at, day);
    if (col + 1 + text_columns(day) <= times->row.cols) {
        (void)canvas_text(times->canvas, times->row, 0, col + 1, STYLE_STRONG, day);
    }
    day_text(at - 1, day);
    if (col >= text_columns(day)) {
        (void)canvas_text(times->canvas, times->row, 0, col - text_columns(day), STYLE_DIM, day);
    }
    return true;
}

static void put_time(const struct times *times, int64_t at, const char *label)
{
    int col = col_of(times, at);
    if (col >= 0 && is_free(times, col, col + 1 + text_columns(label))) {
        canvas_put(times->canvas, times->row.row, times->row.col + col, STYLE_DIM,
                   times->canvas->glyphs->axis_v);
        (void)canvas_text(times->canvas, times->row, 0, col + 1, STYLE_DIM, label);
    }
}

/* The first moment after the left edge that is a multiple of the stride. */
static int64_t first_of(const struct times *times, int64_t stride)
{
    return times->first.seconds - times->first.seconds % stride + stride;
}

void graph_times(struct canvas *canvas, struct rect row, const struct snapshot *s, mono_ns from,
                 uint64_t span_ns)
{
    enum { QUARTER_S = 900 };
    if (span_ns == 0 || row.cols < 1) {
        return;
    }
    struct times times = {canvas, row, from, span_ns, graph_wall(s, from), 0};
    times.last = graph_wall(s, from + span_ns).seconds;
    bool day_named = false;
    /* Zones differ by quarters of an hour: only these moments can be round in any. */
    for (int64_t at = first_of(&times, QUARTER_S); at <= times.last; at += QUARTER_S) {
        day_named |= day_begins(at) && put_day(&times, at);
    }
    char today[CLOCK_TEXT];
    char day[CLOCK_TEXT];
    day_text(s->wall.seconds, today);
    day_text(times.first.seconds, day);
    if (!day_named && strcmp(today, day) != 0) {
        (void)canvas_text(canvas, row, 0, 0, STYLE_STRONG, day);
    }
    int64_t step = step_for(row.cols, span_ns);
    int64_t stride = step >= QUARTER_S ? QUARTER_S : step >= 60 ? 60 : 5;
    for (int64_t at = first_of(&times, stride); at <= times.last; at += stride) {
        char label[CLOCK_TEXT];
        if (is_round(at, step, label)) {
            put_time(&times, at, label);
        }
    }
}
