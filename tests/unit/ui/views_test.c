/*
 * Every view of several snapshots at every size and with every set of signs: nothing is torn,
 * nothing is empty, nothing is cut without saying so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "tests/support/face.h"
#include "ui/layout.h"

#include <cmocka.h>

/* --- what is looked at ------------------------------------------------------------------------ */

static void as_it_is(struct snapshot *s)
{
    (void)s;
}

static void relayed(struct snapshot *s)
{
    s->path = PATH_DERP;
    s->path_stale = true;
    s->workspaces[0].path = PATH_DERP;
    s->tunnel_stats.sent = 67;
    s->tunnel_stats.lost = 12;
    s->relay.state = LINK_WAITING;
    s->relay.retry_at = s->now + 90 * NS_PER_SEC;
    text_copy(s->relay.detail, sizeof s->relay.detail,
              "https://coder.example.com/derp: the server answered 503 where a stream was wanted");
}

static void connecting(struct snapshot *s)
{
    s->path = PATH_NONE;
    s->run = (struct snapshot_stats){.sent = 3, .lost = 3};
    s->sample_count = 0;
    s->echo_count = 0;
    s->handshake_at = 0;
    s->candidate_count = 0;
}

static void silent(struct snapshot *s)
{
    s->path = PATH_NONE;
    for (size_t i = s->sample_count - 40; i < s->sample_count; i++) {
        s->samples[i].state = SAMPLE_LOST;
        s->samples[i].rtt_us = 0;
    }
    s->workspaces[0].path = PATH_NONE;
    s->workspaces[0].agent_state = AGENT_STATE_DISCONNECTED;
}

static void signed_out(struct snapshot *s)
{
    s->coordinator.state = LINK_FAILED;
    s->fatal = true;
    text_copy(s->notice, sizeof s->notice,
              "cannot join the tailnet: https://coder.example.com answered 401: You are signed out "
              "or your session has expired. Please sign in again to continue");
}

static void many(struct snapshot *s)
{
    for (int i = 0; i < 40; i++) {
        char name[SNAPSHOT_NAME];
        text_format(name, sizeof name, "workspace-of-a-long-name-%d", i);
        face_add_workspace(s, name, i % 3 != 2);
        if (i % 3 == 0) {
            struct snapshot_workspace *row = &s->workspaces[s->workspace_count - 1];
            struct snapshot_workspace as = s->workspaces[i % 2];
            row->watched = true;
            row->path = as.path;
            row->last_rtt_us = as.last_rtt_us;
            row->spark_count = as.spark_count;
            memcpy(row->spark_us, as.spark_us, sizeof row->spark_us);
        }
    }
}

static void hostile(struct snapshot *s)
{
    static char wide[3 * 500 + 1];
    for (size_t i = 0; i + 3 < sizeof wide; i += 3) {
        memcpy(wide + i, "日", 4);
    }
    (void)text_clean(s->workspaces[0].name, sizeof s->workspaces[0].name, bytes_text(wide));
    (void)text_clean(s->title, sizeof s->title, bytes_text(wide));
    (void)text_clean(s->deployment, sizeof s->deployment, bytes_text(wide));
    (void)text_clean(s->notice, sizeof s->notice, bytes_text(wide));
    (void)text_clean(s->region_name, sizeof s->region_name, bytes_text(wide));
    (void)text_clean(s->events[0].text, sizeof s->events[0].text, bytes_text(wide));
    (void)text_clean(s->log[0].text, sizeof s->log[0].text, bytes_text(wide));
    (void)text_clean(s->findings[0].observed, sizeof s->findings[0].observed, bytes_text(wide));
    (void)text_clean(s->workspaces[1].name, sizeof s->workspaces[1].name,
                     bytes_text("\x1b[2J\x1b]0;x\a"));
    (void)text_clean(s->workspaces[2].name, sizeof s->workspaces[2].name,
                     bytes_text("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81 "
                                "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"));
}

static const struct face {
    const char *name;
    void (*change)(struct snapshot *s);
    bool words; /* of no language that has its words between blanks */
} faces[] = {
    {"as it is", as_it_is, true},      {"relayed", relayed, true},
    {"connecting", connecting, true},  {"silent", silent, true},
    {"signed out", signed_out, true},  {"many", many, true},
    {"a test", face_fill_speed, true}, {"hostile", hostile, false},
};

/* A view by the keys that open it; over: as a box over what was there. */
static const struct sight {
    const char *keys;
    bool over;
} sights[] = {
    {"", false},
    {"o", false},
    {"w", true},
    {"w/de", true},
    {"l", false},
    {"l1/path", false},
    {"e", false},
    {"d", false},
    {"d{Down}", false},
    {"d{End}", false},
    {"dl", false},
    {"?", false},
    {"l?", false},
    {"s", false},
    {"sb", false},
    {"S", true},
    {"z", false},
    {"{Tab}z", false},
    {"{Tab}{Tab}z", false},
    {"pc{Left}", false},
    {"-", false},
    {"yv", false},
    {"os", false},
};

static const struct {
    int rows, cols;
} sizes[] = {{15, 60}, {16, 75}, {24, 80}, {25, 99}, {30, 100}, {31, 119}, {45, 140}, {60, 200}};

/* --- what is asked of each frame -------------------------------------------------------------- */

struct frame {
    const struct face *face;
    const struct sight *sight;
    struct canvas canvas;
    struct layout layout;
    bool says; /* a line stands in the footer's place: what a key did, or what is typed */
};

static void say(const struct frame *frame, const char *what, int row, int col)
{
    char *text = canvas_dump(&frame->canvas);
    (void)fprintf(stderr, "%s, keys \"%s\", %dx%d, row %d, column %d: %s\n%s\n", frame->face->name,
                  frame->sight->keys, frame->canvas.cols, frame->canvas.rows, row, col, what, text);
    free(text);
    if (getenv("KEEP") == NULL)
        fail();
}

static bool is(const struct canvas *canvas, int row, int col, const char *sign)
{
    const struct cell *cell = canvas_cell(canvas, row, col);
    return cell != NULL && strcmp(cell->text, sign) == 0;
}

static bool is_edge(const struct canvas *canvas, int row, int col)
{
    const struct glyphs *g = canvas->glyphs;
    const char *const signs[] = {g->v,         g->h,           g->top_left,
                                 g->top_right, g->bottom_left, g->bottom_right};
    const struct cell *cell = canvas_cell(canvas, row, col);
    bool found = false;
    for (size_t i = 0; cell != NULL && i < sizeof signs / sizeof *signs; i++) {
        found |= strcmp(cell->text, signs[i]) == 0;
    }
    return found && (cell->style == STYLE_BORDER || cell->style == STYLE_FOCUS);
}

static int cell_columns(const struct cell *cell)
{
    wchar_t wide[CELL_TEXT] = L"";
    size_t count = mbstowcs(wide, cell->text, CELL_TEXT);
    return count == 0 || count == (size_t)-1 ? 0 : wcwidth(wide[0]);
}

/* A wide character has both its cells, each other one has one. */
static void check_widths(const struct frame *frame)
{
    for (int row = 0; row < frame->canvas.rows; row++) {
        for (int col = 0; col < frame->canvas.cols; col++) {
            int columns = cell_columns(canvas_cell(&frame->canvas, row, col));
            const struct cell *next = canvas_cell(&frame->canvas, row, col + 1);
            if (columns != 1 && columns != 2) {
                say(frame, "half a character", row, col);
            }
            if (columns == 2 && (next == NULL || next->text[0] != '\0')) {
                say(frame, "a wide character without its other half", row, col);
            }
            col += columns == 2 ? 1 : 0;
        }
    }
}

static void check_rows(const struct frame *frame)
{
    const struct rect *body = &frame->layout.body;
    char *text = canvas_dump(&frame->canvas);
    bool has_quit = frame->says || strstr(text, " quit\n") != NULL;
    bool has_name = strncmp(text, " derptop ", 9) == 0;
    free(text);
    if (!has_quit || !has_name) {
        say(frame, "no title, or no way to leave", 0, 0);
    }
    for (int row = body->row; row < body->row + body->rows; row++) {
        if (!is_edge(&frame->canvas, row, 0) ||
            !is_edge(&frame->canvas, row, frame->canvas.cols - 1)) {
            say(frame, "the edge is torn", row, 0);
        }
    }
}

/* The box whose upper left corner is there; false: it is not whole. */
static bool box_at(const struct canvas *canvas, int row, int col, struct rect *out)
{
    const struct glyphs *g = canvas->glyphs;
    int right = col + 1;
    int bottom = row + 1;
    while (right < canvas->cols && !is(canvas, row, right, g->top_right)) {
        if (is(canvas, row, right, g->top_left) || is(canvas, row, right, g->v)) {
            return false;
        }
        right++;
    }
    while (bottom < canvas->rows && !is(canvas, bottom, col, g->bottom_left)) {
        if (!is(canvas, bottom, col, g->v) || !is(canvas, bottom, right, g->v)) {
            return false;
        }
        bottom++;
    }
    *out = (struct rect){row, col, bottom - row + 1, right - col + 1};
    for (int at = col + 1; at < right; at++) {
        const struct cell *cell = canvas_cell(canvas, bottom, at);
        if (cell == NULL || (!is(canvas, bottom, at, g->h) && cell->style == STYLE_BORDER)) {
            return false;
        }
    }
    return is(canvas, bottom, right, g->bottom_right);
}

static bool is_blank(const struct canvas *canvas, struct rect inner)
{
    for (int row = inner.row; row < inner.row + inner.rows; row++) {
        for (int col = inner.col; col < inner.col + inner.cols; col++) {
            if (!is(canvas, row, col, " ")) {
                return false;
            }
        }
    }
    return true;
}

enum { BOXES_MAX = 16 };

/* Each box is whole and has something in it. Returns how many there are. */
static size_t check_boxes(const struct frame *frame, struct rect boxes[BOXES_MAX])
{
    const struct canvas *canvas = &frame->canvas;
    size_t count = 0;
    for (int row = 0; row < canvas->rows; row++) {
        for (int col = 0; col < canvas->cols; col++) {
            if (!is(canvas, row, col, canvas->glyphs->top_left) || count == BOXES_MAX) {
                continue;
            }
            if (box_at(canvas, row, col, &boxes[count])) {
                if (is_blank(canvas, rect_inner(boxes[count]))) {
                    say(frame, "an empty box", row, col);
                }
                count++;
            } else if (!frame->sight->over) {
                say(frame, "a torn box", row, col);
            }
        }
    }
    if (count == 0) {
        say(frame, "no box at all", 0, 0);
    }
    return count;
}

/* Words, each once, as one string with blanks around them. */
struct words {
    char *text;
    size_t len;
};

static bool has_word(const struct words *words, const char *word)
{
    char key[256];
    text_format(key, sizeof key, " %s ", word);
    return words->text != NULL && strstr(words->text, key) != NULL;
}

static void add_word(struct words *words, const char *word)
{
    if (word[0] != '\0' && !has_word(words, word)) {
        size_t len = strlen(word);
        words->text = mem_resize(words->text, words->len + len + 3, 1);
        text_format(words->text + words->len, len + 3, "%s%s ", words->len == 0 ? " " : "", word);
        words->len = strlen(words->text);
    }
}

/* The word that ends in front of that column. */
static void word_before(const struct canvas *canvas, int row, int col, int least, char out[256])
{
    int start = col;
    while (start > least && !is(canvas, row, start - 1, " ")) {
        start--;
    }
    out[0] = '\0';
    for (int at = start; at < col; at++) {
        size_t used = strlen(out);
        text_format(out + used, 256 - used, "%s", canvas_cell(canvas, row, at)->text);
    }
}

static void learn_words(const struct canvas *canvas, struct words *words)
{
    char word[256];
    for (int row = 0; row < canvas->rows; row++) {
        for (int col = 1; col <= canvas->cols; col++) {
            bool ends = col == canvas->cols || is(canvas, row, col, " ") ||
                        is(canvas, row, col, canvas->glyphs->v);
            if (ends) {
                word_before(canvas, row, col, 0, word);
                const char *from = strrchr(word, canvas->glyphs->v[0]) == NULL
                                       ? word
                                       : word + strspn(word, canvas->glyphs->v);
                add_word(words, from);
            }
        }
    }
}

static bool is_said_to_be_cut(const struct canvas *canvas, int row, int col)
{
    return is(canvas, row, col, canvas->glyphs->ellipsis);
}

static bool is_letter(const struct canvas *canvas, int row, int col)
{
    const struct cell *cell = canvas_cell(canvas, row, col);
    char c = cell->text[0];
    return cell->text[1] == '\0' && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
}

/* A word that reaches a box's right edge is whole, or goes on in the next row, or says so. */
static void check_cuts(const struct frame *frame, const struct rect *box, const struct words *words)
{
    const struct canvas *canvas = &frame->canvas;
    int edge = box->col + box->cols - 1;
    for (int row = box->row + 1; row < box->row + box->rows - 1; row++) {
        char word[256];
        if (!is_letter(canvas, row, edge - 1) || is_said_to_be_cut(canvas, row, edge - 1)) {
            continue;
        }
        word_before(canvas, row, edge, box->col + 1, word);
        if (has_word(words, word)) {
            continue;
        }
        int next = box->col + 1; /* where it may go on */
        char rest[256];
        while (next < edge && is(canvas, row + 1, next, " ")) {
            next++;
        }
        int end = next;
        while (end < edge && !is(canvas, row + 1, end, " ")) {
            end++;
        }
        word_before(canvas, row + 1, end, next, rest);
        size_t used = strlen(word);
        text_format(word + used, sizeof word - used, "%s", rest);
        if (rest[0] == '\0' || !has_word(words, word)) {
            say(frame, "cut, and it does not say so", row, edge - 1);
        }
    }
}

/* --- all of them ------------------------------------------------------------------------------ */

static struct snapshot *snapshot_of(const struct face *face)
{
    struct snapshot *s = mem_new(sizeof *s);
    face_fill(s);
    face->change(s);
    return s;
}

static void draw(struct frame *frame, const struct snapshot *s, int rows, int cols,
                 const struct glyphs *glyphs)
{
    struct app app;
    app_init(&app);
    face_press(&app, s, frame->sight->keys);
    canvas_init(&frame->canvas, rows, cols, glyphs);
    frame->says = app.status[0] != '\0' || app.lists[app_view(&app)].typing;
    frame->layout = layout_of(rows, cols, s->notice[0] != '\0');
    app_draw(&app, s, &frame->canvas);
}

static void each_frame(const struct glyphs *glyphs,
                       void (*check)(struct frame *frame, const struct snapshot *s))
{
    for (size_t f = 0; f < sizeof faces / sizeof *faces; f++) {
        struct snapshot *s = snapshot_of(&faces[f]);
        for (size_t v = 0; v < sizeof sights / sizeof *sights; v++) {
            for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++) {
                struct frame frame = {.face = &faces[f], .sight = &sights[v]};
                draw(&frame, s, sizes[z].rows, sizes[z].cols, glyphs);
                check(&frame, s);
                canvas_clear(&frame.canvas);
            }
        }
        free(s);
    }
}

static void check_whole(struct frame *frame, const struct snapshot *s)
{
    struct rect boxes[BOXES_MAX];
    (void)s;
    check_widths(frame);
    check_rows(frame);
    if (frame->canvas.glyphs->utf8) { /* in ASCII all corners are the same sign */
        (void)check_boxes(frame, boxes);
    }
}

static void test_no_box_is_torn_or_empty(void **state)
{
    (void)state;
    face_start();
    each_frame(&glyphs_utf8, check_whole);
    each_frame(&glyphs_console, check_whole);
}

/* All words of a snapshot's views, learnt where there is room for everything. */
static void learn_view(struct frame *frame, const struct snapshot *s, struct words *words)
{
    draw(frame, s, 80, 300, &glyphs_utf8);
    learn_words(&frame->canvas, words);
    canvas_clear(&frame->canvas);
}

static void test_what_is_cut_says_so(void **state)
{
    (void)state;
    face_start();
    for (size_t f = 0; f < sizeof faces / sizeof *faces; f++) {
        struct snapshot *s = snapshot_of(&faces[f]);
        struct words words = {0};
        for (size_t v = 0; v < sizeof sights / sizeof *sights; v++) {
            struct frame frame = {.face = &faces[f], .sight = &sights[v]};
            learn_view(&frame, s, &words);
        }
        for (size_t v = 0; v < sizeof sights / sizeof *sights && faces[f].words; v++) {
            for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++) {
                struct rect boxes[BOXES_MAX];
                struct frame frame = {.face = &faces[f], .sight = &sights[v]};
                draw(&frame, s, sizes[z].rows, sizes[z].cols, &glyphs_utf8);
                size_t count = check_boxes(&frame, boxes);
                for (size_t b = 0; b < count; b++) {
                    check_cuts(&frame, &boxes[b], &words);
                }
                canvas_clear(&frame.canvas);
            }
        }
        free(words.text);
        free(s);
    }
}

/* The twin of a frame: where one has an edge, the other has it, too. */
static void check_twin(struct frame *frame, const struct snapshot *s)
{
    struct frame twin = *frame;
    draw(&twin, s, frame->canvas.rows, frame->canvas.cols, &glyphs_ascii);
    for (int row = 0; row < frame->canvas.rows; row++) {
        for (int col = 0; col < frame->canvas.cols; col++) {
            if (is_edge(&frame->canvas, row, col) && !is_edge(&twin.canvas, row, col)) {
                say(&twin, "an edge that the frame in UTF-8 has", row, col);
            }
        }
    }
    canvas_clear(&twin.canvas);
}

static void test_in_ascii_everything_stands_where_it_stood(void **state)
{
    (void)state;
    face_start();
    each_frame(&glyphs_utf8, check_twin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_box_is_torn_or_empty),
        cmocka_unit_test(test_what_is_cut_says_so),
        cmocka_unit_test(test_in_ascii_everything_stands_where_it_stood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
