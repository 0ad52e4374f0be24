/*
 * What was found: in short beside the path, and in full, with why it matters and what to do.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/graph_marks.h"
#include "ui/panels.h"

const char *severity_sign(const struct glyphs *g, enum finding_severity severity)
{
    const char *const signs[] = {g->ok, g->info, g->warning, g->error};
    return signs[severity];
}

enum style severity_style(enum finding_severity severity)
{
    static const enum style styles[] = {STYLE_OK, STYLE_INFO, STYLE_WARNING, STYLE_ERROR};
    return styles[severity];
}

/* "1 ▲ 2 ●": how many of each, the worst first. */
static void count_text(const struct glyphs *g, const struct snapshot *s, char *out, size_t size)
{
    out[0] = '\0';
    for (int severity = SEVERITY_ERROR; severity >= SEVERITY_INFO; severity--) {
        size_t count = 0;
        size_t used = strlen(out);
        for (size_t i = 0; i < s->finding_count; i++) {
            count += (int)s->findings[i].severity == severity ? 1U : 0U;
        }
        if (count > 0) {
            text_format(out + used, size - used, "%s%zu %s", used > 0 ? " " : "", count,
                        severity_sign(g, (enum finding_severity)severity));
        }
    }
}

/* Nothing found is an answer only once there is something to find it out of. */
static void draw_none(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s)
{
    bool known = s->path != PATH_NONE;
    (void)canvas_print(canvas, inner, row, 1, known ? STYLE_OK : STYLE_DIM,
                       known ? "%s nothing is wrong" : "%s nothing is known yet",
                       known ? canvas->glyphs->ok : canvas->glyphs->connecting);
}

/* One that is new stands out for a moment, once. */
static enum style title_style(const struct finding *one, const struct snapshot *s)
{
    enum { NEW_MS = 5000 }; /* it is shown two or three seconds after it was first seen */
    if (mono_since(s->now, one->since) < NEW_MS * NS_PER_MS) {
        return STYLE_SELECTED;
    }
    return one->severity >= SEVERITY_WARNING ? STYLE_STRONG : STYLE_TEXT;
}

static int draw_head(struct canvas *canvas, struct rect inner, int row, const struct finding *one,
                     const struct snapshot *s)
{
    enum { SIDE_COLS = 56 }; /* the title says whose it is, too */
    char age[AGE_TEXT];
    short_age_text(mono_since(s->now, one->since), age);
    struct rect text = {inner.row, inner.col, inner.rows, inner.cols - text_columns(age) - 1};
    int col = 1 + (int)one->depth * 2;
    col += canvas_print(canvas, text, row, col, severity_style(one->severity), "%s ",
                        severity_sign(canvas->glyphs, one->severity));
    if (inner.cols >= SIDE_COLS) {
        col +=
            canvas_print(canvas, text, row, col, STYLE_DIM, "%s: ", finding_side_name(one->side));
    }
    (void)canvas_text(canvas, text, row, col, title_style(one, s), one->title);
    canvas_right(canvas, inner, row, STYLE_DIM, age);
    return row + 1;
}

/* "do   ...": a word, and beside it as many rows as are left for it. */
static int draw_part(struct canvas *canvas, struct rect inner, int row, int rows, const char *word,
                     const char *text)
{
    enum { WORD_COL = 3, TEXT_COL = 9 };
    struct rect part = {inner.row, inner.col, row + rows, inner.cols};
    part.rows = part.rows > inner.rows ? inner.rows : part.rows;
    if (rows < 1 || text[0] == '\0') {
        return row;
    }
    (void)canvas_text(canvas, part, row, WORD_COL, STYLE_DIM, word);
    int used = canvas_wrap(canvas, part, row, TEXT_COL, STYLE_TEXT, text);
    return row + (used < rows ? used : rows);
}

/* As much of each as there is room for: all heads come first, then what to do, then why. */
static int rows_each(const struct snapshot *s, int rows)
{
    int count = (int)s->finding_count;
    return count == 0 ? 0 : (rows - count) / count;
}

void panel_findings(struct canvas *canvas, struct rect rect, const struct app *app,
                    const struct snapshot *s)
{
    char note[64];
    struct rect inner = rect_inner(rect);
    bool focus = app_view(app) == VIEW_MONITOR && app->panel == PANEL_FINDINGS;
    count_text(canvas->glyphs, s, note, sizeof note);
    canvas_box(canvas, rect, "findings", note);
    canvas_box_focus(canvas, rect, focus);
    if (s->finding_count == 0) {
        draw_none(canvas, inner, 0, s);
        return;
    }
    int first = focus ? (int)app->lists[VIEW_MONITOR].at : 0;
    int last = (int)s->finding_count - 1;
    int spare = rows_each(s, inner.rows);
    int row = 0;
    for (int i = first > last ? last : first; i <= last && row < inner.rows; i++) {
        const struct finding *one = &s->findings[i];
        /* The first ones get what the later ones leave. */
        int rows = spare > 0 ? spare : inner.rows - row - 1 - (last - i);
        row = draw_head(canvas, inner, row, one, s);
        if (rows >= 4) {
            row = draw_part(canvas, inner, row, 2, "what", one->observed);
            rows -= 2;
        }
        row = draw_part(canvas, inner, row, rows, "do", one->remedy);
    }
}

void panel_brief(struct canvas *canvas, struct rect rect, const struct app *app,
                 const struct snapshot *s)
{
    struct rect inner = rect_inner(rect);
    char note[64];
    count_text(canvas->glyphs, s, note, sizeof note);
    canvas_box(canvas, rect, "path", note);
    canvas_box_focus(canvas, rect, app->panel != PANEL_GRAPH);
    path_line(canvas, inner, 0, s);
    if (s->finding_count == 0) {
        draw_none(canvas, inner, 1, s);
    } else {
        (void)draw_head(canvas, inner, 1, &s->findings[0], s);
    }
}

/* --- in full ---------------------------------------------------------------------------------- */

enum { LIST_COLS = 30, LIST_COLS_WIDE = 46, WIDE = 120 };

static void draw_list(struct canvas *canvas, struct rect inner, const struct snapshot *s, int at)
{
    int count = (int)s->finding_count + 1;
    int first = first_shown(at, count, inner.rows);
    for (int i = 0; i < inner.rows && first + i < count; i++) {
        bool chosen = first + i == at;
        if (first + i == (int)s->finding_count) {
            (void)canvas_print(canvas, inner, i, 1, STYLE_TEXT, "%s the path, in full",
                               canvas->glyphs->dot);
        } else {
            const struct finding *one = &s->findings[first + i];
            int col = 1 + (int)one->depth * 2;
            col += canvas_print(canvas, inner, i, col, severity_style(one->severity), "%s ",
                                severity_sign(canvas->glyphs, one->severity));
            (void)canvas_text(canvas, inner, i, col, STYLE_TEXT, one->name);
        }
        if (chosen) {
            (void)canvas_text(canvas, inner, i, 0, STYLE_STRONG, canvas->glyphs->selected);
            canvas_row_style(canvas, inner, i, STYLE_SELECTED);
        }
    }
}

static int draw_section(struct canvas *canvas, struct rect inner, int row, const char *head,
                        const char *text)
{
    if (text[0] == '\0') {
        return row;
    }
    (void)canvas_text(canvas, inner, row + 1, 1, STYLE_TITLE, head);
    return row + 2 + canvas_wrap(canvas, inner, row + 2, 1, STYLE_TEXT, text);
}

static void draw_full(struct canvas *canvas, struct rect rect, const struct finding *one,
                      const struct snapshot *s)
{
    char clock[CLOCK_TEXT];
    char age[AGE_TEXT];
    char since[64];
    struct rect inner = rect_inner(rect);
    struct rect text = {inner.row, inner.col, inner.rows, inner.cols - 1};
    clock_text(graph_wall(s, one->since), true, clock);
    age_text(mono_since(s->now, one->since), age);
    text_format(since, sizeof since, "since %s, for %s", clock, age);
    canvas_box(canvas, rect, one->name, since);
    int col = 1 + canvas_print(canvas, text, 0, 1, severity_style(one->severity), "%s %s",
                               severity_sign(canvas->glyphs, one->severity),
                               finding_severity_name(one->severity));
    (void)canvas_print(canvas, text, 0, col, STYLE_DIM, " %s %s", canvas->glyphs->dot,
                       finding_side_name(one->side));
    int row = 1 + canvas_wrap(canvas, text, 1, 1, STYLE_STRONG, one->title);
    if (one->explained) {
        (void)canvas_print(canvas, text, row++, 1, STYLE_DIM, "the likely cause: %s",
                           finding_title(one->explained_by));
    }
    row = draw_section(canvas, text, row, "WHAT WAS SEEN", one->observed);
    row = draw_section(canvas, text, row, "WHY IT MATTERS", one->why);
    row = draw_section(canvas, text, row, "WHAT TO DO", one->remedy);
    (void)draw_section(canvas, text, row, "MORE", one->docs);
}

void panel_details(struct canvas *canvas, struct rect rect, const struct app *app,
                   const struct snapshot *s)
{
    char note[64];
    int left = rect.cols < WIDE ? LIST_COLS : LIST_COLS_WIDE;
    int at = (int)app->lists[VIEW_DETAILS].at;
    struct rect list = {rect.row, rect.col, rect.rows, left};
    struct rect full = {rect.row, rect.col + left, rect.rows, rect.cols - left};
    at = at > (int)s->finding_count ? (int)s->finding_count : at;
    count_text(canvas->glyphs, s, note, sizeof note);
    canvas_box(canvas, list, "findings", s->finding_count > 0 ? note : "none");
    draw_list(canvas, rect_inner(list), s, at);
    if (at == (int)s->finding_count) {
        panel_path(canvas, full, app, s);
    } else {
        draw_full(canvas, full, &s->findings[at], s);
    }
}
