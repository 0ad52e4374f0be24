#include "ui/layout.h"

enum {
    LIST_COLS = 26,
    LIST_COLS_WIDE = 32,
    WIDE = 140,
    SIDE_BY_SIDE = 76, /* columns from which path and events share a row */
    LOW_ROWS = 20,     /* below it the lower panels shrink */
    PANEL_ROWS = 9,
    PANEL_ROWS_LOW = 5,
    PANEL_ROWS_HIGH = 12,
    HIGH_ROWS = 40,
    PANEL_ROWS_TALL = 18, /* room for a line for each address that was tried */
    TALL_ROWS = 50,
};

static int panel_rows(int rows)
{
    return rows < LOW_ROWS    ? PANEL_ROWS_LOW
           : rows < HIGH_ROWS ? PANEL_ROWS
           : rows < TALL_ROWS ? PANEL_ROWS_HIGH
                              : PANEL_ROWS_TALL;
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
    int right = cols - left;
    bool beside = right >= SIDE_BY_SIDE;
    int path_cols = beside ? right / 2 : right;
    out.header = (struct rect){0, 0, 1, cols};
    out.notice = (struct rect){1, 0, notice ? 1 : 0, cols};
    out.footer = (struct rect){rows - 1, 0, 1, cols};
    out.list = (struct rect){top, 0, left > 0 ? body : 0, left};
    out.graph = (struct rect){top, left, body - low, right};
    out.path = (struct rect){top + body - low, left, low, path_cols};
    out.events =
        (struct rect){top + body - low, left + path_cols, beside ? low : 0, right - path_cols};
    return out;
}
