#include "ui/graph_marks.h"

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

/* A whole number of steps since local midnight? *label: what to write there. */
static bool is_round(int64_t seconds, int64_t step, char label[CLOCK_TEXT])
{
    time_t at = (time_t)seconds;
    struct tm parts;
    if (localtime_r(&at, &parts) == NULL) {
        return false;
    }
    int64_t of_day = (int64_t)parts.tm_hour * 3600 + (int64_t)parts.tm_min * 60 + parts.tm_sec;
    if (of_day % step != 0) {
        return false;
    }
    size_t len = of_day == 0      ? strftime(label, CLOCK_TEXT, "%b %d", &parts)
                 : step % 60 != 0 ? strftime(label, CLOCK_TEXT, "%H:%M:%S", &parts)
                                  : strftime(label, CLOCK_TEXT, "%H:%M", &parts);
    return len > 0;
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

void graph_times(struct canvas *canvas, struct rect row, const struct snapshot *s, mono_ns from,
                 uint64_t span_ns)
{
    if (span_ns == 0 || row.cols < 1) {
        return;
    }
    int64_t step = step_for(row.cols, span_ns);
    struct wall_time first = graph_wall(s, from);
    int64_t last = graph_wall(s, from + span_ns).seconds;
    int free_from = 0;
    /* Zones differ by quarters of an hour: only these moments can be round in any. */
    int64_t stride = step >= 900 ? 900 : step >= 60 ? 60 : 5;
    for (int64_t at = first.seconds - first.seconds % stride + stride; at <= last; at += stride) {
        char label[CLOCK_TEXT];
        if (!is_round(at, step, label)) {
            continue;
        }
        mono_ns when = from + ((uint64_t)(at - first.seconds) * NS_PER_SEC - (uint64_t)first.nanos);
        int col = graph_col(row.cols, from, span_ns, when);
        if (col >= free_from && col + 1 + text_columns(label) <= row.cols) {
            canvas_put(canvas, row.row, row.col + col, STYLE_DIM, canvas->glyphs->axis_v);
            (void)canvas_text(canvas, row, 0, col + 1, STYLE_DIM, label);
            free_from = col + 2 + text_columns(label);
        }
    }
}
