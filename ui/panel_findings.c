/*
 * What was found, in short, beside the path: what stands with what to do, and what else was looked
 * for.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/found.h"
#include "ui/graph_marks.h"
#include "ui/panels.h"

enum { SIDE_COLS = 56 /* from here on the longer forms fit */ };

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

/* Nothing found is an answer only once there is something to find it out of. */
static int draw_none(struct canvas *canvas, struct rect inner, int row, const struct found *found,
                     const struct snapshot *s)
{
    bool known = s->path != PATH_NONE;
    return canvas_print(canvas, inner, row, 1, known ? STYLE_OK : STYLE_DIM,
                        "%s nothing%s is wrong%s",
                        known ? canvas->glyphs->ok : canvas->glyphs->connecting,
                        found->muted > 0 ? " else" : "", known ? "" : " so far");
}

/* One that is new stands out for a moment, once. */
static enum style title_style(const struct found_row *row, const struct snapshot *s)
{
    enum { NEW_MS = 5000 }; /* it is shown two or three seconds after it was first seen */
    if (row->muted) {
        return STYLE_DIM;
    }
    if (mono_since(s->now, row->finding->since) < NEW_MS * NS_PER_MS) {
        return STYLE_SELECTED;
    }
    return row->finding->severity >= SEVERITY_WARNING ? STYLE_STRONG : STYLE_TEXT;
}

/* "since 14:03:12" where the words leave room for it; else "4 m". */
enum { SINCE_TEXT = CLOCK_TEXT + 8 };
static void since_text(const struct finding *one, const struct snapshot *s, int room,
                       char out[SINCE_TEXT])
{
    char moment[CLOCK_TEXT];
    moment_text(s, one->since, moment);
    text_format(out, SINCE_TEXT, "since %s", moment);
    if (text_columns(out) > room) {
        short_age_text(mono_since(s->now, one->since), out);
    }
}

static int draw_head(struct canvas *canvas, struct rect inner, int row,
                     const struct found_row *found, const struct snapshot *s)
{
    char age[SINCE_TEXT];
    char words[FINDING_TITLE_SIZE + 32];
    const struct finding *one = found->finding;
    enum style style = STYLE_TEXT;
    const char *sign = found_sign(canvas->glyphs, found, &style);
    int col = 1 + (int)found->depth * 2;
    text_format(words, sizeof words, "%s%s%s", found->muted ? "muted " : "",
                inner.cols >= SIDE_COLS ? finding_side_name(one->side) : "",
                inner.cols >= SIDE_COLS ? ": " : "");
    since_text(one, s, inner.cols - col - 2 - text_columns(words) - text_columns(one->title) - 2,
               age);
    struct rect text = {inner.row, inner.col, inner.rows, inner.cols - text_columns(age) - 1};
    col += canvas_print(canvas, text, row, col, style, "%s ", sign);
    col += canvas_text(canvas, text, row, col, STYLE_DIM, words);
    (void)canvas_text(canvas, text, row, col, title_style(found, s), one->title);
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

/* At the right of a row, if nothing stands there. */
static void draw_code(struct canvas *canvas, struct rect inner, int row, const char *code)
{
    int cols = text_columns(code);
    for (int col = inner.cols - cols - 1; col < inner.cols; col++) {
        const struct cell *cell = canvas_cell(canvas, inner.row + row, inner.col + col);
        if (col < 0 || cell == NULL || strcmp(cell->text, " ") != 0) {
            return;
        }
    }
    canvas_right(canvas, inner, row, STYLE_DIM, code);
}

/* As much as there is room for: what to do comes first, then what was seen, then why. */
static int draw_body(struct canvas *canvas, struct rect inner, int row, int rows,
                     const struct finding *one)
{
    enum { ROWS_WHAT = 4, ROWS_WHY = 6, ROWS_EACH = 2 };
    int end = row + rows;
    if (rows >= ROWS_WHAT) {
        row = draw_part(canvas, inner, row, ROWS_EACH, "what", one->observed);
    }
    if (rows >= ROWS_WHY) {
        row = draw_part(canvas, inner, row, ROWS_EACH, "why", one->why);
    }
    int last = draw_part(canvas, inner, row, end - row, "do", one->remedy);
    if (inner.cols >= SIDE_COLS && last > row) {
        draw_code(canvas, inner, last - 1, one->name);
    }
    return last;
}

/* "agent_low_mtu, path_mtu": those that are not known; "" if they do not fit. */
static void unknown_names(const struct found *found, int cols, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < found->count; i++) {
        if (found->rows[i].state == CHECK_UNKNOWN) {
            size_t used = strlen(out);
            text_format(out + used, size - used, "%s%s", used > 0 ? ", " : " (",
                        finding_name((enum finding_code)found->rows[i].code));
        }
    }
    if (out[0] != '\0' && text_columns(out) < cols) {
        text_format(out + strlen(out), size - strlen(out), ")");
    } else {
        out[0] = '\0';
    }
}

/* The last row: what else was looked for, and where to read of it. */
static void draw_sum(struct canvas *canvas, struct rect inner, int row, const struct app *app,
                     const struct found *found)
{
    char sum[FOUND_SUM];
    char names[512];
    char key[KEYS_TEXT_SIZE];
    char all[KEYS_TEXT_SIZE + 16] = "";
    keys_text(&app->keys, ACTION_DETAILS, 1, key);
    if (inner.cols >= SIDE_COLS && key[0] != '\0') {
        text_format(all, sizeof all, "%s all of them", key);
    }
    found_sum(found, sum);
    int room = inner.cols - text_columns(all) - 1;
    unknown_names(found, room - 3 - text_columns(sum), names, sizeof names);
    (void)canvas_print(canvas, inner, row, 1, STYLE_DIM, "%s %s%s",
                       found->passed > 0 ? canvas->glyphs->ok : canvas->glyphs->unknown, sum,
                       names);
    canvas_right(canvas, inner, row, STYLE_DIM, all);
}

/* What is not known, with the reason: in columns, or, where they are narrow, as sentences. */
static void draw_unknown(struct canvas *canvas, struct rect inner, int row,
                         const struct found *found)
{
    enum { NAME_COLS = 17 };
    bool sentences = inner.cols < SIDE_COLS && (int)found->unknown * 2 <= inner.rows - row;
    for (size_t i = 0; i < found->count && row < inner.rows; i++) {
        char words[FINDING_NAME_SIZE + 96];
        const struct found_row *one = &found->rows[i];
        if (one->state != CHECK_UNKNOWN) {
            continue;
        }
        const char *name = finding_name((enum finding_code)one->code);
        (void)canvas_text(canvas, inner, row, 1, STYLE_DIM, canvas->glyphs->unknown);
        if (sentences) {
            text_format(words, sizeof words, "%s: %s", name, one->unknown);
            row += canvas_wrap(canvas, inner, row, 3, STYLE_TEXT, words);
        } else {
            int col = 3 + canvas_print(canvas, inner, row, 3, STYLE_TEXT, "%-*s ", NAME_COLS, name);
            (void)canvas_text(canvas, inner, row, col, STYLE_DIM, one->unknown);
            row++;
        }
    }
}

/* Nothing stands, or nothing that is not muted. */
static void draw_well(struct canvas *canvas, struct rect inner, const struct found *found,
                      const struct snapshot *s)
{
    char sum[FOUND_SUM];
    int row = 0;
    (void)draw_none(canvas, inner, row++, found, s);
    found_sum(found, sum);
    if (found->unknown == 0 && found->standing == 0) {
        text_format(sum, sizeof sum, "all %zu checks passed", found->passed);
    }
    (void)canvas_print(canvas, inner, row++, 3, STYLE_TEXT, "%s", sum);
    for (size_t i = 0; i < found->standing && row < inner.rows; i++) {
        row = draw_head(canvas, inner, row, &found->rows[i], s);
    }
    draw_unknown(canvas, inner, row, found);
}

void panel_findings(struct canvas *canvas, struct rect rect, const struct app *app,
                    const struct snapshot *s)
{
    char note[64];
    struct found found;
    struct rect inner = rect_inner(rect);
    bool focus = app_view(app) == VIEW_MONITOR && app->panel == PANEL_FINDINGS;
    found_all(app, s, &found);
    found_counts(canvas->glyphs, &found, note, sizeof note);
    canvas_box(canvas, rect, "findings", note);
    canvas_box_focus(canvas, rect, focus);
    int loud = (int)(found.standing - found.muted);
    if (loud == 0) {
        draw_well(canvas, inner, &found, s);
        return;
    }
    int last = (int)found.standing - 1;
    int first = focus ? (int)app->lists[VIEW_MONITOR].at : 0;
    first = first > last ? last : first;
    /* Each has a head; what is left is for the others, and a row for the sum. */
    bool sum = inner.rows > (int)found.standing + 1;
    int rows = inner.rows - (sum ? 1 : 0);
    int spare = rows > (int)found.standing ? (rows - (int)found.standing) / loud : 0;
    int row = 0;
    for (int i = first; i <= last && row < rows; i++) {
        const struct found_row *one = &found.rows[i];
        row = draw_head(canvas, inner, row, one, s);
        if (!one->muted) {
            /* The first ones get what the later ones leave. */
            int later = (last - i) + spare * (loud - 1 - i);
            row = draw_body(canvas, inner, row, rows - row - later, one->finding);
        }
    }
    if (sum) {
        draw_sum(canvas, inner, inner.rows - 1, app, &found);
    }
}

void panel_brief(struct canvas *canvas, struct rect rect, const struct app *app,
                 const struct snapshot *s)
{
    struct rect inner = rect_inner(rect);
    char note[64];
    char sum[FOUND_SUM];
    struct found found;
    found_all(app, s, &found);
    found_counts(canvas->glyphs, &found, note, sizeof note);
    canvas_box(canvas, rect, "path", note);
    canvas_box_focus(canvas, rect, app->panel != PANEL_GRAPH);
    path_line(canvas, inner, 0, s);
    if (found.standing > found.muted) {
        (void)draw_head(canvas, inner, 1, &found.rows[0], s);
    } else {
        found_sum(&found, sum);
        int col = 1 + draw_none(canvas, inner, 1, &found, s);
        (void)canvas_print(canvas, inner, 1, col, STYLE_DIM, ": %s", sum);
    }
}
