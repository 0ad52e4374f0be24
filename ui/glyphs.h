/*
 * The signs of the screen, in three sets: UTF-8, the Linux console's (whose font has no braille and
 * few signs), and ASCII. Every sign is one column wide; the set is chosen whole (terminal.md: signs
 * of ambiguous width, and none that has an emoji form).
 */
#ifndef UI_GLYPHS_H
#define UI_GLYPHS_H

#include <stdbool.h>

/* What graphs are made of: eight dots a cell, half blocks, or letters. */
enum graph_kind { GRAPH_BRAILLE, GRAPH_BLOCK, GRAPH_ASCII };

enum { HEAT_SHADES = 4 };

struct glyphs {
    bool utf8;
    enum graph_kind graph;
    const char *direct, *relay;
    const char *connected, *stopped, *connecting;
    const char *ok, *info, *warning, *error, *unknown, *muted;
    const char *lost, *selected, *pinned, *ellipsis, *dot, *up, *down;
    const char *h, *v, *top_left, *top_right, *bottom_left, *bottom_right; /* boxes */
    const char *axis_v, *tick_v;
    const char *clipped;                      /* above the top of the graph */
    const char *became_direct, *fell_back;    /* below the graph */
    const char *mark, *test_down, *test_up;   /* there, too */
    const char *strip_direct, *strip_relay;   /* the path as a strip */
    const char *body_direct, *body_relay;     /* blocks and ASCII: below the top */
    const char *top_direct[2], *top_relay[2]; /* the top: half a cell, a whole one */
    const char *tunnel;                       /* a round trip through the tunnel */
    const char *spark[8];
    const char *shade[HEAT_SHADES]; /* from light to dark */
};

extern const struct glyphs glyphs_utf8;
extern const struct glyphs glyphs_block; /* the same, but graphs of half blocks */
extern const struct glyphs glyphs_console;
extern const struct glyphs glyphs_ascii;

#endif
