/*
 * Where things stand: rows and columns in, rectangles out. Pure.
 */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include <stdbool.h>

#include "ui/canvas.h"

enum { LAYOUT_ROWS_MIN = 15, LAYOUT_COLS_MIN = 60, LAYOUT_LIST_COLS = 100 };

struct layout {
    bool fits; /* else there is room for a line that says so */
    struct rect header;
    struct rect notice; /* no rows without a notice */
    struct rect body;   /* all between them and the footer */
    struct rect list;   /* no rows below LAYOUT_LIST_COLS */
    struct rect graph;
    struct rect path;
    bool brief;           /* the path's place is two rows, for a finding as well */
    struct rect findings; /* no rows where it is narrow */
    struct rect events;   /* a third row of panels, where there is room, */
    struct rect tests;    /* shared with the tests that were made */
    struct rect footer;
};

struct layout layout_of(int rows, int cols, bool notice);

#endif
