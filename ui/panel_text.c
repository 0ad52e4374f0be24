/*
 * Log and events: lines with their times, filtered, the newest below.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "ui/graph_marks.h"
#include "ui/lines.h"
#include "ui/panels.h"

static enum style level_style(enum log_level level)
{
    static const enum style styles[] = {STYLE_DIM, STYLE_TEXT, STYLE_WARNING, STYLE_ERROR};
    return styles[level];
}

/* Of what is cut, the ellipsis. */
static void reverse(struct canvas *canvas, struct rect inner, int row, int col, int cols)
{
    col = col >= inner.cols ? inner.cols - 1 : col;
    for (int i = col; i < col + cols && i < inner.cols; i++) {
        struct cell *cell = canvas_cell(canvas, inner.row + row, inner.col + i);
        if (cell != NULL) {
            cell->style = STYLE_SELECTED;
        }
    }
}

/* The text, with what is looked for reversed in it, each time. */
static int draw_found(struct canvas *canvas, struct rect inner, int row, int col, enum style style,
                      const char *text, const char *sought)
{
    size_t from = 0;
    size_t at = 0;
    int used = canvas_text(canvas, inner, row, col, style, text);
    while (sought[0] != '\0' && text_holds(text + from, sought, &at)) {
        char before[SNAPSHOT_TEXT];
        text_format(before, sizeof before, "%.*s", (int)(from + at), text);
        reverse(canvas, inner, row, col + text_columns(before), (int)strlen(sought));
        from += at + strlen(sought);
    }
    return used;
}

/* What is looked for, as a row shows it from that column on. */
static bool row_holds(const struct canvas *canvas, struct rect inner, int row, int col,
                      const char *sought)
{
    for (; *sought != '\0'; sought++, col++) {
        const struct cell *cell = canvas_cell(canvas, inner.row + row, inner.col + col);
        char letter[] = {*sought, '\0'};
        size_t at = 0;
        if (col >= inner.cols || cell == NULL || cell->text[0] == '\0' ||
            !text_holds(cell->text, letter, &at)) {
            return false;
        }
    }
    return true;
}

/* A text in several rows, with what is looked for reversed in it. */
static void wrap_found(struct canvas *canvas, struct rect inner, int row, const char *text,
                       const char *sought)
{
    int rows = canvas_wrap(canvas, inner, row, 1, STYLE_TEXT, text);
    for (int r = row; sought[0] != '\0' && r < row + rows && r < inner.rows; r++) {
        for (int col = 0; col < inner.cols; col++) {
            if (row_holds(canvas, inner, r, col, sought)) {
                reverse(canvas, inner, r, col, (int)strlen(sought));
            }
        }
    }
}

static int draw_time(struct canvas *canvas, struct rect inner, int row, struct wall_time when,
                     bool millis, bool chosen)
{
    char clock[CLOCK_TEXT];
    clock_text(when, true, clock);
    int col =
        canvas_text(canvas, inner, row, 0, STYLE_STRONG, chosen ? canvas->glyphs->selected : " ");
    col += canvas_text(canvas, inner, row, col, STYLE_DIM, clock);
    if (millis) {
        col += canvas_print(canvas, inner, row, col, STYLE_DIM, ".%03d", when.nanos / 1000000);
    }
    return col + 1;
}

static void draw_log_line(struct canvas *canvas, struct rect inner, int row,
                          const struct log_line *line, const char *sought, bool chosen)
{
    enum { PART_COLS = 8 };
    int col = draw_time(canvas, inner, row, line->when, true, chosen);
    enum style style = level_style(line->level);
    col += canvas_print(canvas, inner, row, col, style, "%-5s ", log_level_name(line->level));
    (void)draw_found(canvas, inner, row, col, STYLE_DIM, log_part_name(line->part), sought);
    (void)draw_found(canvas, inner, row, col + PART_COLS, style, line->text, sought);
}

/* It names its workspace unless that is the one which the screen is about. */
static void draw_event(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s,
                       const struct snapshot_event *event, const char *sought, bool chosen)
{
    int col = draw_time(canvas, inner, row, event->when, false, chosen) + 1;
    if (event_is_elsewhere(s, event)) {
        col += draw_found(canvas, inner, row, col, STYLE_STRONG, event->about, sought);
        col += canvas_text(canvas, inner, row, col, STYLE_STRONG, ": ");
    }
    (void)draw_found(canvas, inner, row, col, STYLE_TEXT, event->text, sought);
}

/* A mark of the user's: a line across, at its time. */
static void draw_mark(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s,
                      mono_ns at, bool chosen)
{
    int col = draw_time(canvas, inner, row, graph_wall(s, at), false, chosen);
    col += canvas_print(canvas, inner, row, col, STYLE_STRONG, " %s mark ", canvas->glyphs->mark);
    for (; col < inner.cols; col++) {
        canvas_put(canvas, inner.row + row, inner.col + col, STYLE_BORDER, canvas->glyphs->h);
    }
}

/* "follow · debug · filter: disco". */
static void note_text(const struct glyphs *g, const struct app *app, enum view view, char *out,
                      size_t size)
{
    const struct app_list *list = &app->lists[view];
    char level[32] = "";
    char sought[APP_FILTER_SIZE + 32] = "";
    if (view == VIEW_LOG) {
        text_format(level, sizeof level, " %s %s", g->dot, log_level_name(app->level));
    }
    if (list->typing || list->filter[0] != '\0') {
        text_format(sought, sizeof sought, " %s %s: %s%s", g->dot,
                    app->all_lines ? "search" : "filter", list->filter, list->typing ? "_" : "");
    }
    text_format(out, size, "%s%s%s", app->follow ? "follow" : "held", level, sought);
}

static const char *text_of(const struct snapshot *s, enum view view, size_t index)
{
    return view == VIEW_LOG ? s->log[index].text : s->events[index].text;
}

/* The chosen line in full, below the others, where it is wider than they may be. Returns the rows
 * that are left for those. */
static int draw_chosen(struct canvas *canvas, struct rect inner, enum view view, const char *text,
                       const char *sought)
{
    enum { LOG_COLS = 28, EVENT_COLS = 11, FULL_ROWS = 4, LEAST = 8 };
    int before = view == VIEW_LOG ? LOG_COLS : EVENT_COLS; /* of a line, before its text */
    int rows = inner.rows - FULL_ROWS;
    if (text_columns(text) + before <= inner.cols || rows < LEAST) {
        return inner.rows;
    }
    for (int col = 0; col < inner.cols; col++) {
        canvas_put(canvas, inner.row + rows, inner.col + col, STYLE_BORDER, canvas->glyphs->h);
    }
    wrap_found(canvas, inner, rows + 1, text, sought);
    return rows;
}

static void draw_lines(struct canvas *canvas, struct rect rect, const struct app *app,
                       const struct snapshot *s, enum view view)
{
    char note[APP_FILTER_SIZE + 64];
    char count[64];
    struct rect inner = rect_inner(rect);
    const char *sought = app->lists[view].filter;
    struct lines *lines = mem_new(sizeof *lines);
    lines_collect(app, view, s, lines);
    const struct line *held = &lines->all[lines->chosen];
    note_text(canvas->glyphs, app, view, note, sizeof note);
    canvas_box(canvas, rect, view_name(view), note);
    if (!app->follow && lines->count > 0 && !held->mark) {
        inner.rows = draw_chosen(canvas, inner, view, text_of(s, view, held->index), sought);
    }
    int first = first_shown((int)lines->chosen, (int)lines->count, inner.rows);
    for (int i = 0; i < inner.rows && first + i < (int)lines->count; i++) {
        const struct line *line = &lines->all[first + i];
        bool chosen = !app->follow && line == held;
        if (line->mark) {
            draw_mark(canvas, inner, i, s, app->marks[line->index], chosen);
        } else if (view == VIEW_LOG) {
            draw_log_line(canvas, inner, i, &s->log[line->index], sought, chosen);
        } else {
            draw_event(canvas, inner, i, s, &s->events[line->index], sought, chosen);
        }
    }
    if (lines->count == 0) {
        (void)canvas_text(canvas, inner, 0, 1, STYLE_DIM,
                          lines->total > 0 ? "no line passes the filter" : "nothing yet");
    }
    bool search = lines_search(app, view);
    text_format(count, sizeof count, "%zu lines, %zu %s", lines->total,
                search ? lines->matches : lines->passed, search ? "match" : "shown");
    canvas_box_foot(canvas, rect, count);
    free(lines);
}

void panel_log(struct canvas *canvas, struct rect rect, const struct app *app,
               const struct snapshot *s)
{
    draw_lines(canvas, rect, app, s, VIEW_LOG);
}

void panel_all_events(struct canvas *canvas, struct rect rect, const struct app *app,
                      const struct snapshot *s)
{
    draw_lines(canvas, rect, app, s, VIEW_EVENTS);
}

void panel_events(struct canvas *canvas, struct rect rect, const struct app *app,
                  const struct snapshot *s)
{
    struct rect inner = rect_inner(rect);
    canvas_box(canvas, rect, "events", "newest first");
    canvas_box_focus(canvas, rect, app->panel == PANEL_EVENTS);
    int from = app->panel == PANEL_EVENTS ? (int)app->lists[VIEW_MONITOR].at : 0;
    int last = (int)s->event_count - 1;
    from = from > last ? last : from;
    for (int i = 0; i < inner.rows && last - from - i >= 0 && last >= 0; i++) {
        draw_event(canvas, inner, i, s, &s->events[last - from - i], "", false);
    }
}
