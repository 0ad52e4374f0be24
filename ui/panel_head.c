/*
 * The first rows: what is watched, where, and what is wrong.
 */
#include <string.h>
#include <time.h>

#include "net/base/text.h"
#include "ui/panels.h"

static enum style link_style(enum link_state state)
{
    return state == LINK_UP                                ? STYLE_OK
           : state == LINK_WAITING || state == LINK_FAILED ? STYLE_ERROR
                                                           : STYLE_DIM;
}

static const char *link_sign(const struct glyphs *g, enum link_state state)
{
    return state == LINK_UP                                ? g->connected
           : state == LINK_WAITING || state == LINK_FAILED ? g->error
                                                           : g->connecting;
}

static int link_word(struct canvas *canvas, struct rect rect, int col, enum link_state state,
                     const char *name)
{
    int used = canvas_print(canvas, rect, 0, col, link_style(state), "%s",
                            link_sign(canvas->glyphs, state));
    used += canvas_print(canvas, rect, 0, col + used, STYLE_TEXT, "%s  ", name);
    return used;
}

static void clock_text(const struct snapshot *s, char *out, size_t size)
{
    time_t at = (time_t)s->wall.seconds;
    struct tm parts;
    if (localtime_r(&at, &parts) == NULL || strftime(out, size, "%H:%M:%S", &parts) == 0) {
        out[0] = '\0';
    }
}

/* The name, with a dot that this terminal can show. */
static void title_text(const struct glyphs *g, const struct snapshot *s, char *out, size_t size)
{
    static const char dot[] = " · ";
    const char *at = strstr(s->title, dot);
    if (at == NULL) {
        text_copy(out, size, s->title[0] != '\0' ? s->title : "no workspace selected");
    } else {
        text_format(out, size, "%.*s %s %s", (int)(at - s->title), s->title, g->dot,
                    at + sizeof dot - 1);
    }
}

void panel_header(struct canvas *canvas, struct rect rect, const struct snapshot *s)
{
    char clock[16];
    char right[SNAPSHOT_NAME + 64];
    enum { LINKS_COLS = 26 };
    int col = canvas_text(canvas, rect, 0, 1, STYLE_STRONG, "derptop") + 3;
    char title[sizeof s->title];
    title_text(canvas->glyphs, s, title, sizeof title);
    clock_text(s, clock, sizeof clock);
    text_format(right, sizeof right, "%s%s", s->lab ? "lab " : "", s->deployment);
    int right_cols = text_columns(right) + LINKS_COLS + 9;
    bool roomy = right_cols + col + 12 < rect.cols;
    int keep = roomy ? right_cols : LINKS_COLS + 9;
    struct rect left = {rect.row, rect.col, 1, rect.cols - keep - 1};
    col += canvas_text(canvas, left, 0, col, STYLE_TITLE, title);
    if (s->paused) {
        (void)canvas_text(canvas, left, 0, col + 2, STYLE_WARNING, "paused");
    }
    int at = rect.cols - keep;
    if (roomy) {
        at += canvas_text(canvas, rect, 0, at, STYLE_DIM, right) + 2;
    }
    at += link_word(canvas, rect, at, s->coordinator.state, "coordinator");
    (void)link_word(canvas, rect, at, s->relay.state, "relay");
    canvas_right(canvas, rect, 0, STYLE_DIM, clock);
}

void panel_notice(struct canvas *canvas, struct rect rect, const struct snapshot *s)
{
    enum style style = s->fatal ? STYLE_ERROR : STYLE_WARNING;
    const char *sign = s->fatal ? canvas->glyphs->error : canvas->glyphs->warning;
    (void)canvas_print(canvas, rect, 0, 1, style, "%s %s", sign, s->notice);
}
