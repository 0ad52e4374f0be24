/*
 * The signs of the screen, in two sets: UTF-8 and ASCII. Every sign is one column wide; the set is
 * chosen whole (terminal.md: signs of ambiguous width, and none that has an emoji form).
 */
#ifndef UI_GLYPHS_H
#define UI_GLYPHS_H

#include <stdbool.h>

struct glyphs {
    bool utf8; /* braille graphs, block sparks */
    const char *direct, *relay;
    const char *connected, *stopped, *connecting;
    const char *ok, *info, *warning, *error;
    const char *lost, *selected, *ellipsis, *dot, *up, *down;
    const char *h, *v, *top_left, *top_right, *bottom_left, *bottom_right; /* boxes */
    const char *axis_v, *axis_h, *axis_corner, *tick_v, *tick_h;
    const char *clipped;
    const char *became_direct, *fell_back; /* on the axis */ /* above the top of the graph */
    const char *spark[8];
};

extern const struct glyphs glyphs_utf8;
extern const struct glyphs glyphs_ascii;

#endif
