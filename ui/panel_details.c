/*
 * The details: every check at the left, and at the right what is known of the one that is chosen:
 * what was seen, why it matters, what to do, and how we know.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/found.h"
#include "ui/graph_marks.h"
#include "ui/panels.h"

enum { LIST_COLS = 30, LIST_COLS_WIDE = 46, WIDE = 120 };

/* --- the list --------------------------------------------------------------------------------- */

/* At the right of a row: its age, or why there is none. */
static void word_of(const struct found_row *row, const struct snapshot *s, char out[AGE_TEXT])
{
    text_copy(out, AGE_TEXT, row->muted ? "muted" : row->state == CHECK_UNKNOWN ? "unknown" : "");
    if (row->finding != NULL && !row->muted) {
        short_age_text(mono_since(s->now, row->finding->since), out);
    }
}

static void draw_row(struct canvas *canvas, struct rect inner, int at, const struct found_row *row,
                     const struct snapshot *s)
{
    char word[AGE_TEXT];
    enum style style = STYLE_TEXT;
    const char *sign = found_sign(canvas->glyphs, row, &style);
    word_of(row, s, word);
    struct rect text = inner;
    text.cols -= word[0] == '\0' ? 0 : text_columns(word) + 1;
    int col = 1 + (int)row->depth * 2;
    col += canvas_print(canvas, text, at, col, style, "%s ", sign);
    (void)canvas_text(canvas, text, at, col, row->state == CHECK_STANDS ? STYLE_TEXT : STYLE_DIM,
                      row->code == FOUND_PATH ? "the path, in full"
                                              : finding_name((enum finding_code)row->code));
    canvas_right(canvas, inner, at, STYLE_DIM, word);
}

static void draw_list(struct canvas *canvas, struct rect inner, const struct found *found, int at,
                      const struct snapshot *s)
{
    int count = (int)found->count;
    int first = first_shown(at, count, inner.rows);
    for (int i = 0; i < inner.rows && first + i < count; i++) {
        draw_row(canvas, inner, i, &found->rows[first + i], s);
        if (first + i == at) {
            (void)canvas_text(canvas, inner, i, 0, STYLE_STRONG, canvas->glyphs->selected);
            canvas_row_style(canvas, inner, i, STYLE_SELECTED);
        }
    }
    if (count == 0) {
        (void)canvas_text(canvas, inner, 0, 1, STYLE_DIM, "none passes the filter");
    }
}

/* --- one of them ------------------------------------------------------------------------------ */

/* Where the text goes on, and whether blank rows part its sections. */
struct page {
    struct canvas *canvas;
    struct rect rect;
    int row;
    bool roomy;
};

static void add_head(struct page *page, const char *head)
{
    page->row += page->roomy ? 1 : 0;
    (void)canvas_text(page->canvas, page->rect, page->row++, 1, STYLE_TITLE, head);
}

static void add_text(struct page *page, enum style style, const char *text)
{
    page->row += canvas_wrap(page->canvas, page->rect, page->row, 1, style, text);
}

static void add_section(struct page *page, const char *head, const char *text)
{
    if (text[0] != '\0') {
        add_head(page, head);
        add_text(page, STYLE_TEXT, text);
    }
}

/* Where it is described, for those who would read more. */
static void add_docs(struct page *page, const char *address)
{
    int first = page->row + (page->roomy ? 2 : 1);
    add_section(page, "MORE", address);
    canvas_link(page->canvas, page->rect, first, page->row - first, address);
}

static void add_evidence(struct page *page, const char *head, const struct facts *facts,
                         enum finding_code code)
{
    static char lines[CHECK_LINES_MAX][CHECK_LINE_SIZE]; /* the main thread's alone */
    size_t count = check_evidence(facts, code, lines);
    if (count > 0) {
        add_head(page, head);
    }
    for (size_t i = 0; i < count; i++) {
        (void)canvas_text(page->canvas, page->rect, page->row, 1, STYLE_DIM,
                          page->canvas->glyphs->dot);
        page->row += canvas_wrap(page->canvas, page->rect, page->row, 3, STYLE_TEXT, lines[i]);
    }
}

/* "▲ warning · client · since 14:03:12, for 4 m" */
static void add_state(struct page *page, const struct found_row *row, const struct snapshot *s)
{
    char clock[CLOCK_TEXT];
    char age[AGE_TEXT];
    const struct glyphs *g = page->canvas->glyphs;
    enum style style = STYLE_TEXT;
    const char *sign = found_sign(g, row, &style);
    const char *word = row->finding != NULL          ? finding_severity_name(row->finding->severity)
                       : row->state == CHECK_UNKNOWN ? "not known"
                                                     : "passed";
    int col = 1 + canvas_print(page->canvas, page->rect, page->row, 1, style, "%s %s%s", sign, word,
                               row->muted ? ", muted" : "");
    col += canvas_print(page->canvas, page->rect, page->row, col, STYLE_DIM, " %s %s", g->dot,
                        finding_side_name(finding_side_of((enum finding_code)row->code)));
    if (row->finding != NULL) {
        moment_text(s, row->finding->since, clock);
        short_age_text(mono_since(s->now, row->finding->since), age);
        (void)canvas_print(page->canvas, page->rect, page->row, col, STYLE_DIM, " %s since %s, %s",
                           g->dot, clock, age);
    }
    page->row++;
}

static void add_standing(struct page *page, const struct finding *one, const struct facts *facts)
{
    add_text(page, STYLE_STRONG, one->title);
    if (one->explained) {
        char cause[FINDING_TITLE_SIZE + 32];
        text_format(cause, sizeof cause, "the likely cause: %s", finding_title(one->explained_by));
        add_text(page, STYLE_DIM, cause);
    }
    add_section(page, "WHAT WAS SEEN", one->observed);
    add_section(page, "WHY IT MATTERS", one->why);
    add_section(page, "WHAT TO DO", one->remedy);
    add_evidence(page, "HOW WE KNOW", facts, one->code);
    add_docs(page, one->docs);
}

static void add_check(struct page *page, const struct found_row *row, const struct facts *facts)
{
    enum finding_code code = (enum finding_code)row->code;
    char words[FINDING_TITLE_SIZE + 32];
    char docs[FINDING_DOCS_SIZE];
    check_docs(facts, code, docs);
    text_format(words, sizeof words, "looked for: %s", finding_title(code));
    add_text(page, STYLE_STRONG, words);
    add_section(page, "WHY IT IS NOT KNOWN", row->unknown);
    add_section(page, "WHY IT WOULD MATTER", check_why(code));
    add_evidence(page, row->state == CHECK_UNKNOWN ? "WHAT IS KNOWN" : "HOW WE KNOW", facts, code);
    add_docs(page, docs);
}

static int add_all(struct page *page, const struct found_row *row, const struct snapshot *s)
{
    int start = page->row;
    add_state(page, row, s);
    if (row->finding != NULL) {
        add_standing(page, row->finding, &s->facts);
    } else {
        add_check(page, row, &s->facts);
    }
    return page->row - start;
}

/* Whole where it fits, if need be without blank rows; else as far as it is scrolled. True: there is
 * more below. */
static bool draw_text(struct canvas *canvas, struct rect inner, const struct found_row *row,
                      int scrolled, const struct snapshot *s)
{
    struct rect text = {inner.row, inner.col, inner.rows, inner.cols - 1};
    struct rect nowhere = {inner.row, inner.col, 0, inner.cols - 1};
    struct page page = {.canvas = canvas, .rect = nowhere, .roomy = true};
    bool roomy = add_all(&page, row, s) <= inner.rows;
    page = (struct page){.canvas = canvas, .rect = nowhere, .roomy = roomy};
    int most = add_all(&page, row, s) - inner.rows;
    int by = scrolled > most ? most : scrolled;
    page = (struct page){.canvas = canvas, .rect = text, .row = by > 0 ? -by : 0, .roomy = roomy};
    (void)add_all(&page, row, s);
    return most > 0 && by < most;
}

/* "2 of 30", or "2 of 3, filter: mtu_". */
static void place_text(const struct app *app, const struct found *found, size_t at, char *out,
                       size_t size)
{
    const struct app_list *list = &app->lists[VIEW_DETAILS];
    text_format(out, size, "%zu of %zu%s%s%s", found->count == 0 ? 0 : at + 1, found->count,
                list->typing || list->filter[0] != '\0' ? ", filter: " : "", list->filter,
                list->typing ? "_" : "");
}

static struct rect list_rect(struct rect rect)
{
    rect.cols = rect.cols < WIDE ? LIST_COLS : LIST_COLS_WIDE;
    return rect;
}

int details_row_at(const struct app *app, const struct snapshot *s, struct rect rect, int row,
                   int col)
{
    struct found found;
    struct rect inner = rect_inner(list_rect(rect));
    found_listed(app, s, &found);
    int count = (int)found.count;
    int at = first_shown((int)found_chosen(app, &found), count, inner.rows) + row - inner.row;
    bool inside = row >= inner.row && row < inner.row + inner.rows && col >= inner.col &&
                  col < inner.col + inner.cols;
    return inside && at < count ? at : -1;
}

/* The one that is chosen. True: there is more below. */
static bool draw_chosen(struct canvas *canvas, struct rect full, const struct app *app,
                        const struct found *found, size_t at, const struct snapshot *s)
{
    char place[APP_FILTER_SIZE + 64];
    place_text(app, found, at, place, sizeof place);
    if (found->count == 0) {
        canvas_box(canvas, full, "", place);
        return false;
    }
    if (found->rows[at].code == FOUND_PATH) {
        return panel_path(canvas, full, app, s);
    }
    canvas_box(canvas, full, finding_name((enum finding_code)found->rows[at].code), place);
    return draw_text(canvas, rect_inner(full), &found->rows[at], app->scrolled, s);
}

void panel_details(struct canvas *canvas, struct rect rect, const struct app *app,
                   const struct snapshot *s)
{
    char note[64];
    struct found found;
    struct rect list = list_rect(rect);
    struct rect full = {rect.row, rect.col + list.cols, rect.rows, rect.cols - list.cols};
    found_listed(app, s, &found);
    size_t at = found_chosen(app, &found);
    found_counts(canvas->glyphs, &found, note, sizeof note);
    canvas_box(canvas, list, "findings", note[0] != '\0' ? note : "none");
    draw_list(canvas, rect_inner(list), &found, (int)at, s);
    if (draw_chosen(canvas, full, app, &found, at, s)) {
        char key[KEYS_TEXT_SIZE];
        char foot[KEYS_TEXT_SIZE + 16];
        keys_text(&app->keys, ACTION_PAGE_DOWN, 1, key);
        text_format(foot, sizeof foot, "%s more", key);
        canvas_box_foot(canvas, full, foot);
    }
}
