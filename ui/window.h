/*
 * Which stretch of time the graph shows: how wide, live or in the past, frozen, and where the
 * crosshair stands. Pure.
 */
#ifndef UI_WINDOW_H
#define UI_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/now.h"

struct window {
    unsigned zoom;
    bool frozen;     /* asked for by a key; else `end` was reached by panning */
    mono_ns end;     /* the right edge; 0 = live */
    bool cursor;     /* the crosshair is shown */
    mono_ns pointed; /* where; 0 = at the right edge */
};

void window_init(struct window *window);

uint64_t window_span(const struct window *window); /* ns across the graph */
mono_ns window_end(const struct window *window, mono_ns now);
mono_ns window_pointed(const struct window *window, mono_ns now);

/* True if the width changed: it ends at a minute and at a day. */
bool window_zoom(struct window *window, bool in);
void window_zoom_reset(struct window *window);

/* A quarter of the width to and fro, between the oldest that is kept and now; or, while the
 * crosshair is shown, the crosshair by a hundredth, and the window with it. False: nothing is
 * there. */
bool window_pan(struct window *window, mono_ns now, mono_ns oldest, bool back);
void window_oldest(struct window *window, mono_ns now, mono_ns oldest);
void window_live(struct window *window);
void window_freeze(struct window *window, mono_ns now); /* and thaw */
void window_cursor(struct window *window);              /* on and off */

/* Shows a moment: in the middle, under the crosshair. */
void window_show(struct window *window, mono_ns now, mono_ns at);

/* "5 min", "24 h". */
enum { WINDOW_TEXT = 16 };
void window_text(uint64_t span_ns, char out[WINDOW_TEXT]);

#endif
