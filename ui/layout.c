#include "ui/layout.h"

enum {
    LIST_COLS = 28,
    LIST_COLS_WIDE = 34,
    WIDE = 160,
    SIDE_BY_SIDE = 76, /* columns from which path and findings share a row */
    LOW_ROWS = 20,     /* below it the lower panels shrink */
    BRIEF_ROWS = 4,
    PANEL_ROWS = 8,
    HIGH_ROWS = 40, /* from here on a third row of panels fits */
    THIRD_COLS = 100,
    PANEL_ROWS_HIGH = 11,
    THIRD_ROWS = 8,
    TALL_ROWS = 55,
    PANEL_ROWS_TALL = 18, /* room for a line for each address that was tried */
    THIRD_ROWS_TALL = 13,
};

static int panel_rows(int rows)
{
    return rows < LOW_ROWS    ? BRIEF_ROWS
           : rows < HIGH_ROWS ? PANEL_ROWS
           : rows < TALL_ROWS ? PANEL_ROWS_HIGH
                              : PANEL_ROWS_TALL;
}

static int third_rows(int rows, int cols)
{
    return rows < HIGH_ROWS || cols < THIRD_COLS ? 0
           : rows < TALL_ROWS                    ? THIRD_ROWS
                                                 : THIRD_ROWS_TALL;
}

struct layout layout_of(int rows, int cols, bool notice)
{
    struct layout out = {.fits = rows >= LAYOUT_ROWS_MIN && cols >= LAYOUT_COLS_MIN};
    if (!out.fits) {
        return out;
    }
    int top = notice ? 2 : 1;
    int left = cols < LAYOUT_LIST_COLS ? 0 : cols < WIDE ? LIST_COLS : LIST_COLS_WIDE;
    int body = rows - top - 1;
    int low = panel_rows(rows);
    int third = third_rows(rows, cols);
    int high = body - low - third;
    bool beside = cols >= SIDE_BY_SIDE && rows >= LOW_ROWS;
    int path_cols = beside ? cols / 2 : cols;
    out.header = (struct rect){0, 0, 1, cols};
    out.notice = (struct rect){1, 0, notice ? 1 : 0, cols};
    out.body = (struct rect){top, 0, body, cols};
    out.footer = (struct rect){rows - 1, 0, 1, cols};
    out.list = (struct rect){top, 0, left > 0 ? high : 0, left};
    out.graph = (struct rect){top, left, high, cols - left};
    out.path = (struct rect){top + high, 0, low, path_cols};
    out.brief = low == BRIEF_ROWS;
    out.findings = (struct rect){top + high, path_cols, beside ? low : 0, cols - path_cols};
    int events_cols = cols * 11 / 20;
    out.events = (struct rect){top + high + low, 0, third, events_cols};
    out.tests = (struct rect){top + high + low, events_cols, third, cols - events_cols};
    return out;
}
