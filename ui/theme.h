/*
 * Styles as colours. Told apart by eyes of every kind: blue for direct, orange for the relay,
 * pink-red for errors; without colours by bold and reverse alone, and by signs everywhere.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include "ui/style.h"

enum { LOOK_BOLD = 1, LOOK_DIM = 2, LOOK_REVERSE = 4 };

struct look {
    short color_256; /* -1 = the terminal's own */
    short color_8;
    unsigned attributes;      /* with colours */
    unsigned attributes_mono; /* without */
};

const struct look *theme_look(enum style style);

#endif
