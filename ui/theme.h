/*
 * Styles as colours. Told apart by eyes of every kind: blue for direct, orange for the relay,
 * pink-red for errors (measured in terminal.md, section 5); without colours by bold and reverse
 * alone, and by signs everywhere.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>

#include "ui/style.h"

#define THEME_LIST(X)                                                                              \
    X(THEME_SAFE, "safe")         /* the measured palette: for every eye, dark and light */        \
    X(THEME_DARK, "dark")         /* brighter, for black */                                        \
    X(THEME_LIGHT, "light")       /* darker, for white */                                          \
    X(THEME_CONTRAST, "contrast") /* nothing is dim */                                             \
    X(THEME_MONO, "mono")         /* no colour at all */

enum theme {
#define X(code, name) code,
    THEME_LIST(X)
#undef X
        THEME_COUNT
};

enum { LOOK_BOLD = 1, LOOK_DIM = 2, LOOK_REVERSE = 4 };

enum { COLOR_OWN = -1 }; /* the terminal's own */

struct look {
    short color_256;
    short color_16;
    short color_8;
    unsigned attributes;      /* with colours */
    unsigned attributes_mono; /* without */
};

const struct look *theme_look(enum theme theme, enum style style);
const char *theme_name(enum theme theme);

/* THEME_COUNT: no such theme. */
enum theme theme_named(const char *name);

/* A guess from COLORFGBG ("15;0": white on black), which some terminals set; may be NULL. */
enum theme theme_guess(const char *colorfgbg);

/* An entry of the 256 colours as 0xrrggbb, for terminals that count in millions. */
unsigned theme_rgb(short color_256);

#endif
