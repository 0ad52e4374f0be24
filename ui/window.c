#include "ui/window.h"

#include "net/base/text.h"

static const uint64_t spans_s[] = {60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400};

enum { SPANS = sizeof spans_s / sizeof *spans_s, SPAN_DEFAULT = 2, PAN_PARTS = 4, STEPS = 100 };

void window_init(struct window *window)
{
    *window = (struct window){.zoom = SPAN_DEFAULT};
}

uint64_t window_span(const struct window *window)
{
    return spans_s[window->zoom] * NS_PER_SEC;
}

mono_ns window_end(const struct window *window, mono_ns now)
{
    return window->end == 0 || window->end > now ? now : window->end;
}

mono_ns window_pointed(const struct window *window, mono_ns now)
{
    mono_ns end = window_end(window, now);
    return window->pointed == 0 || window->pointed > end ? end : window->pointed;
}

bool window_zoom(struct window *window, bool in)
{
    if (in ? window->zoom == 0 : window->zoom + 1 == SPANS) {
        return false;
    }
    window->zoom = in ? window->zoom - 1 : window->zoom + 1;
    return true;
}

void window_zoom_reset(struct window *window)
{
    window->zoom = SPAN_DEFAULT;
}

/* Moves the right edge, no further back than the oldest at the left edge. */
static void move_end(struct window *window, mono_ns now, mono_ns oldest, mono_ns end)
{
    mono_ns least = mono_after(oldest, window_span(window));
    end = end < least ? least : end;
    window->end = end >= now && !window->frozen ? 0 : end > now ? now : end;
}

static bool move_cursor(struct window *window, mono_ns now, mono_ns oldest, bool back)
{
    uint64_t step = window_span(window) / STEPS;
    mono_ns end = window_end(window, now);
    mono_ns at = window_pointed(window, now);
    at = back ? at - (at < step ? at : step) : mono_after(at, step);
    at = at < oldest ? oldest : at;
    if (at > now) {
        window->pointed = 0;
        return false;
    }
    window->pointed = at;
    if (at > end) {
        move_end(window, now, oldest, at);
    } else if (mono_since(end, at) > window_span(window)) {
        move_end(window, now, oldest, mono_after(at, window_span(window)));
    }
    return true;
}

bool window_pan(struct window *window, mono_ns now, mono_ns oldest, bool back)
{
    if (window->cursor) {
        return move_cursor(window, now, oldest, back);
    }
    uint64_t step = window_span(window) / PAN_PARTS;
    mono_ns end = window_end(window, now);
    mono_ns least = mono_after(oldest, window_span(window));
    if (back ? end <= least : end >= now) {
        return false;
    }
    move_end(window, now, oldest, back ? end - (end < step ? end : step) : mono_after(end, step));
    return true;
}

void window_oldest(struct window *window, mono_ns now, mono_ns oldest)
{
    move_end(window, now, oldest, 0);
}

void window_live(struct window *window)
{
    window->end = 0;
    window->pointed = 0;
    window->frozen = false;
}

void window_freeze(struct window *window, mono_ns now)
{
    if (window->frozen) {
        window_live(window);
    } else {
        window->end = window_end(window, now);
        window->frozen = true;
    }
}

void window_cursor(struct window *window)
{
    window->cursor = !window->cursor;
    window->pointed = 0;
}

void window_show(struct window *window, mono_ns now, mono_ns at)
{
    window->cursor = true;
    window->pointed = at < now ? at : now;
    window->frozen = false;
    move_end(window, now, 0, mono_after(at, window_span(window) / 2));
}

void window_text(uint64_t span_ns, char out[WINDOW_TEXT])
{
    unsigned long long s = span_ns / NS_PER_SEC;
    text_format(out, WINDOW_TEXT, s < 3600 ? "%llu min" : "%llu h", s < 3600 ? s / 60 : s / 3600);
}
