#include "ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "net/base/bytes.h"
#include "net/base/mem.h"
#include "net/base/text.h"

enum { PRINT_MAX = 1024, ELLIPSIS = 0x2026 };

static int clamp_side(int side)
{
    return side < 0 ? 0 : side > CANVAS_SIDE_MAX ? CANVAS_SIDE_MAX : side;
}

static void set_cell(struct cell *cell, enum style style, const char *text)
{
    text_copy(cell->text, sizeof cell->text, text);
    cell->style = (unsigned char)style;
    cell->link = false;
}

void canvas_init(struct canvas *canvas, int rows, int cols, const struct glyphs *glyphs)
{
    *canvas = (struct canvas){.rows = clamp_side(rows), .cols = clamp_side(cols), .glyphs = glyphs};
    size_t count = (size_t)canvas->rows * (size_t)canvas->cols;
    canvas->cells = mem_array(count, sizeof *canvas->cells);
    for (size_t i = 0; i < count; i++) {
        set_cell(&canvas->cells[i], STYLE_TEXT, " ");
    }
}

void canvas_clear(struct canvas *canvas)
{
    free(canvas->cells);
    *canvas = (struct canvas){0};
}

struct cell *canvas_cell(const struct canvas *canvas, int row, int col)
{
    if (row < 0 || col < 0 || row >= canvas->rows || col >= canvas->cols) {
        return NULL;
    }
    return &canvas->cells[(size_t)row * (size_t)canvas->cols + (size_t)col];
}

/* Where half of a wide character is written over, the other half goes, too. */
static void part(struct canvas *canvas, int row, int col)
{
    struct cell *before = canvas_cell(canvas, row, col - 1);
    struct cell *after = canvas_cell(canvas, row, col + 1);
    if (before != NULL && canvas_cell(canvas, row, col)->text[0] == '\0') {
        text_copy(before->text, sizeof before->text, " ");
    }
    if (after != NULL && after->text[0] == '\0') {
        text_copy(after->text, sizeof after->text, " ");
    }
}

void canvas_put(struct canvas *canvas, int row, int col, enum style style, const char *sign)
{
    struct cell *cell = canvas_cell(canvas, row, col);
    if (cell != NULL) {
        if (sign[0] != '\0') {
            part(canvas, row, col);
        }
        set_cell(cell, style, sign);
    }
}

/* Columns of a character: 0 for combining ones. The table of the C library needs a UTF-8 locale; in
 * others every character but ASCII is taken for one column. */
static int char_columns(uint32_t code)
{
    if (code < 0x7f) {
        return 1;
    }
    int width = wcwidth((wchar_t)code);
    return width < 0 ? 1 : width > 2 ? 2 : width;
}

struct glyph {
    char text[5];
    int columns;
    size_t len; /* bytes of the input */
};

static struct glyph next_glyph(const struct canvas *canvas, const char *at)
{
    struct glyph glyph = {.columns = 1, .len = 1};
    uint32_t code = 0;
    size_t len = utf8_decode(bytes_text(at), &code);
    if (code == ELLIPSIS && canvas != NULL && !canvas->glyphs->utf8) {
        text_copy(glyph.text, sizeof glyph.text, canvas->glyphs->ellipsis);
        glyph.len = len;
        return glyph;
    }
    if (len == 0 || text_is_unsafe(code) ||
        (code >= 0x80 && canvas != NULL && !canvas->glyphs->utf8)) {
        glyph.text[0] = '?';
        glyph.len = len == 0 ? 1 : len;
        return glyph;
    }
    memcpy(glyph.text, at, len);
    glyph.len = len;
    glyph.columns = char_columns(code);
    return glyph;
}

int text_columns(const char *text)
{
    int columns = 0;
    while (*text != '\0') {
        struct glyph glyph = next_glyph(NULL, text);
        columns += glyph.columns;
        text += glyph.len;
    }
    return columns;
}

static void join(struct canvas *canvas, int row, int col, const char *mark)
{
    struct cell *cell = canvas_cell(canvas, row, col);
    if (cell != NULL && strlen(cell->text) + strlen(mark) < sizeof cell->text) {
        text_copy(cell->text + strlen(cell->text), sizeof cell->text - strlen(cell->text), mark);
    }
}

int canvas_text(struct canvas *canvas, struct rect rect, int row, int col, enum style style,
                const char *text)
{
    int start = col;
    if (row < 0 || row >= rect.rows || col < 0) {
        return 0;
    }
    while (*text != '\0' && col < rect.cols) {
        struct glyph glyph = next_glyph(canvas, text);
        bool more = text[glyph.len] != '\0';
        text += glyph.len;
        if (glyph.columns == 0) {
            if (col > start) {
                join(canvas, rect.row + row, rect.col + col - 1, glyph.text);
            }
            continue;
        }
        bool cut = col + glyph.columns > rect.cols ||
                   (more && col + glyph.columns == rect.cols && text_columns(text) > 0);
        canvas_put(canvas, rect.row + row, rect.col + col, style,
                   cut ? canvas->glyphs->ellipsis : glyph.text);
        if (cut) {
            return col + 1 - start;
        }
        if (glyph.columns == 2) {
            canvas_put(canvas, rect.row + row, rect.col + col + 1, style, " ");
            canvas_put(canvas, rect.row + row, rect.col + col + 1, style, "");
        }
        col += glyph.columns;
    }
    return col - start;
}

int canvas_print(struct canvas *canvas, struct rect rect, int row, int col, enum style style,
                 const char *format, ...)
{
    char text[PRINT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return canvas_text(canvas, rect, row, col, style, text);
}

int canvas_whole(struct canvas *canvas, struct rect rect, int row, int col, enum style style,
                 const char *format, ...)
{
    char text[PRINT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return col + text_columns(text) <= rect.cols ? canvas_text(canvas, rect, row, col, style, text)
                                                 : 0;
}

/* Bytes of `text` that go into a line of `cols` columns: up to the last blank that fits, or, where
 * one word is longer, as much of it as fits. */
static size_t line_length(const char *text, int cols)
{
    size_t at = 0;
    size_t fits = 0;
    int used = 0;
    while (text[at] != '\0') {
        struct glyph glyph = next_glyph(NULL, text + at);
        if (text[at] == ' ' && used > 0) {
            fits = at;
        }
        if (used + glyph.columns > cols) {
            return fits > 0 ? fits : at > 0 ? at : glyph.len;
        }
        used += glyph.columns;
        at += glyph.len;
    }
    return at;
}

int canvas_wrap(struct canvas *canvas, struct rect rect, int row, int col, enum style style,
                const char *text)
{
    int start = row;
    int cols = rect.cols - col;
    while (*text != '\0' && cols > 0) {
        char line[PRINT_MAX];
        size_t len = line_length(text, cols);
        bool last = row == rect.rows - 1; /* takes the rest, and is seen to be cut */
        text_format(line, sizeof line, "%.*s", last ? PRINT_MAX - 1 : (int)len, text);
        (void)canvas_text(canvas, rect, row, col, style, line);
        text += len;
        text += strspn(text, " ");
        row++;
    }
    return row - start;
}

void canvas_right(struct canvas *canvas, struct rect rect, int row, enum style style,
                  const char *text)
{
    int col = rect.cols - text_columns(text);
    (void)canvas_text(canvas, rect, row, col < 0 ? 0 : col, style, text);
}

static bool is_address(const char *text)
{
    static const char scheme[] = "https://";
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f) {
            return false;
        }
    }
    return strncmp(text, scheme, sizeof scheme - 1) == 0 && strlen(text) < CANVAS_LINK;
}

void canvas_link(struct canvas *canvas, struct rect rect, int row, int rows, const char *address)
{
    if (!is_address(address)) {
        return;
    }
    text_copy(canvas->link, sizeof canvas->link, address);
    for (int at = row; at < row + rows && at < rect.rows; at++) {
        for (int col = 0; at >= 0 && col < rect.cols; col++) {
            struct cell *cell = canvas_cell(canvas, rect.row + at, rect.col + col);
            if (cell != NULL && strcmp(cell->text, " ") != 0) {
                cell->link = true;
            }
        }
    }
}

void canvas_fill(struct canvas *canvas, struct rect rect, enum style style)
{
    for (int row = 0; row < rect.rows; row++) {
        for (int col = 0; col < rect.cols; col++) {
            canvas_put(canvas, rect.row + row, rect.col + col, style, " ");
        }
    }
}

void canvas_row_style(struct canvas *canvas, struct rect rect, int row, enum style style)
{
    for (int col = 0; row >= 0 && row < rect.rows && col < rect.cols; col++) {
        struct cell *cell = canvas_cell(canvas, rect.row + row, rect.col + col);
        if (cell != NULL) {
            cell->style = (unsigned char)style;
        }
    }
}

static void edge(struct canvas *canvas, struct rect rect, int row, const char *left,
                 const char *right)
{
    int last = rect.col + rect.cols - 1;
    for (int col = rect.col + 1; col < last; col++) {
        canvas_put(canvas, row, col, STYLE_BORDER, canvas->glyphs->h);
    }
    canvas_put(canvas, row, rect.col, STYLE_BORDER, left);
    canvas_put(canvas, row, last, STYLE_BORDER, right);
}

void canvas_box(struct canvas *canvas, struct rect rect, const char *title, const char *note)
{
    const struct glyphs *g = canvas->glyphs;
    if (rect.rows < 2 || rect.cols < 2) {
        return;
    }
    edge(canvas, rect, rect.row, g->top_left, g->top_right);
    edge(canvas, rect, rect.row + rect.rows - 1, g->bottom_left, g->bottom_right);
    for (int row = rect.row + 1; row < rect.row + rect.rows - 1; row++) {
        canvas_put(canvas, row, rect.col, STYLE_BORDER, g->v);
        canvas_put(canvas, row, rect.col + rect.cols - 1, STYLE_BORDER, g->v);
    }
    struct rect line = {rect.row, rect.col + 2, 1, rect.cols - 4};
    int used = 0;
    if (title != NULL && line.cols > 4) {
        used = canvas_print(canvas, line, 0, 0, STYLE_TITLE, " %s ", title);
    }
    if (note != NULL && note[0] != '\0' && text_columns(note) + 2 < line.cols - used) {
        struct rect rest = {line.row, line.col + used, 1, line.cols - used};
        int col = rest.cols - text_columns(note) - 2;
        (void)canvas_print(canvas, rest, 0, col, STYLE_DIM, " %s ", note);
    }
}

void canvas_box_foot(struct canvas *canvas, struct rect rect, const char *note)
{
    int cols = text_columns(note) + 2;
    if (rect.rows < 2 || cols + 4 > rect.cols) {
        return;
    }
    struct rect line = {rect.row + rect.rows - 1, rect.col, 1, rect.cols - 2};
    (void)canvas_print(canvas, line, 0, line.cols - cols, STYLE_DIM, " %s ", note);
}

void canvas_box_focus(struct canvas *canvas, struct rect rect, bool focus)
{
    for (int row = 0; focus && row < rect.rows; row++) {
        bool edge_row = row == 0 || row == rect.rows - 1;
        for (int col = 0; col < rect.cols;
             col += edge_row || col == rect.cols - 1 ? 1 : rect.cols - 1) {
            struct cell *cell = canvas_cell(canvas, rect.row + row, rect.col + col);
            if (cell != NULL && cell->style == STYLE_BORDER) {
                cell->style = STYLE_FOCUS;
            }
        }
    }
}

char *canvas_dump(const struct canvas *canvas)
{
    size_t size = (size_t)canvas->rows * ((size_t)canvas->cols * CELL_TEXT + 1) + 1;
    char *out = mem_new(size);
    size_t used = 0;
    for (int row = 0; row < canvas->rows; row++) {
        size_t end = used;
        for (int col = 0; col < canvas->cols; col++) {
            const struct cell *cell = canvas_cell(canvas, row, col);
            size_t len = strlen(cell->text);
            memcpy(out + used, cell->text, len);
            used += len;
            end = strcmp(cell->text, " ") == 0 ? end : used;
        }
        used = end;
        out[used++] = '\n';
    }
    out[used] = '\0';
    return out;
}
