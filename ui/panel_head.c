/*
 * The first rows and the last: what is watched, where, and what is wrong; which keys there are.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/graph_marks.h"
#include "ui/panels.h"

/* A link that is kept, for the title. */
struct link {
    bool up, down; /* neither: it is made for the first time */
    bool spared;   /* what is watched goes on without it */
    uint64_t down_ns;
};

/* Each attempt has a time of its own: since when it is down, the diagnosis knows. */
static struct link link_of(const struct snapshot *s, const struct snapshot_link *link,
                           enum fact_link fact, uint64_t down_ns)
{
    struct link out = {.up = link->state == LINK_UP};
    uint64_t attempt_ns = mono_since(s->now, link->since);
    out.down = link->state == LINK_WAITING || link->state == LINK_FAILED ||
               (!out.up && fact == FACT_LINK_DOWN);
    out.down_ns = fact == FACT_LINK_DOWN && down_ns > attempt_ns ? down_ns : attempt_ns;
    return out;
}

static enum style link_style(const struct link *link)
{
    return link->up ? STYLE_OK : link->down && !link->spared ? STYLE_ERROR : STYLE_DIM;
}

static const char *link_sign(const struct glyphs *g, const struct link *link)
{
    return link->up ? g->connected : link->down && !link->spared ? g->error : g->connecting;
}

/* How long a link is down, where it is. */
static void link_words(const struct link *link, const char *name, char *out, size_t size)
{
    char age[AGE_TEXT] = "";
    age_text(link->down_ns, age);
    text_format(out, size, link->down ? "%s %s  " : "%s  ", name, age);
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

/* "2/5": which of the workspaces. */
static void place_text(const struct app *app, const struct snapshot *s, char *out, size_t size)
{
    int rows[SNAPSHOT_WORKSPACES_MAX];
    struct rows_query query = {.filter = "", .sort = app->sort, .pins = &app->pins};
    int count = rows_collect(s, &query, rows);
    out[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (rows[i] == s->selected) {
            text_format(out, size, "%d/%d", i + 1, count);
        }
    }
}

/* The time of day; of a replay, the recording's, after what it is and how fast it goes. */
static void time_words(const struct glyphs *g, const struct app *app, const struct snapshot *s,
                       bool wide, char *out, size_t size)
{
    static const enum action actions[] = {ACTION_FREEZE, ACTION_SLOWER, ACTION_FASTER};
    char clock[CLOCK_TEXT];
    char keys[3][KEYS_TEXT_SIZE];
    clock_text(s->wall, true, clock);
    for (size_t i = 0; i < 3; i++) {
        keys_text(&app->keys, actions[i], 1, keys[i]);
    }
    if (s->replay[0] != '\0' && wide) {
        text_format(out, size, " REPLAY %s %s %s stops, %s %s speed %s %s ", s->replay, g->dot,
                    keys[0], keys[1], keys[2], g->dot, clock);
    } else if (s->replay[0] != '\0') {
        text_format(out, size, " REPLAY %s %s %s ", s->replay, g->dot, clock);
    } else {
        text_copy(out, size, clock);
    }
}

void panel_header(struct canvas *canvas, struct rect rect, const struct app *app,
                  const struct snapshot *s)
{
    enum { WIDE = 120 };
    char clock[CLOCK_TEXT + SNAPSHOT_ADDRESS + 3 * KEYS_TEXT_SIZE + 40];
    char where[SNAPSHOT_NAME + 8];
    char words[2][SNAPSHOT_NAME];
    char title[sizeof s->title];
    char place[16];
    int col = canvas_text(canvas, rect, 0, 1, STYLE_STRONG, "derptop") + 3;
    if (s->masked) {
        const char *chip = app->recording ? " MASKED REC " : " MASKED ";
        col += canvas_text(canvas, rect, 0, col - 1, STYLE_SELECTED, chip);
    }
    time_words(canvas->glyphs, app, s, rect.cols >= WIDE, clock, sizeof clock);
    title_text(canvas->glyphs, s, title, sizeof title);
    place_text(app, s, place, sizeof place);
    text_format(where, sizeof where, "%s%s  ", s->lab ? "LAB " : "", s->deployment);
    struct link both[] = {
        link_of(s, &s->coordinator, s->facts.coordinator, s->facts.coordinator_down_ns),
        link_of(s, &s->relay, s->facts.relay, s->facts.relay_down_ns),
    };
    both[0].spared = s->path != PATH_NONE && s->silent_since == 0; /* which leads past it */
    link_words(&both[0], "coordinator", words[0], sizeof words[0]);
    link_words(&both[1], "relay", words[1], sizeof words[1]);
    int links = text_columns(words[0]) + text_columns(words[1]) + 2 + text_columns(clock);
    int wanted = links + text_columns(where);
    bool roomy = wanted + col + text_columns(title) + 8 < rect.cols;
    int at = rect.cols - (roomy ? wanted : links);
    struct rect left = {rect.row, rect.col, 1, at - 1};
    if (s->lab && !roomy) { /* never to be mistaken for a deployment */
        col += canvas_text(canvas, left, 0, col - 1, STYLE_STRONG, "LAB") + 1;
    }
    col += canvas_text(canvas, left, 0, col, STYLE_TITLE, title) + 2;
    col += canvas_text(canvas, left, 0, col, STYLE_DIM, place) + 2;
    if (app->recording && !s->masked) {
        (void)canvas_text(canvas, left, 0, col, STYLE_SELECTED, " REC ");
    } else if (s->paused) {
        (void)canvas_text(canvas, left, 0, col, STYLE_SELECTED, " probes paused ");
    }
    if (roomy) {
        at += canvas_text(canvas, rect, 0, at, s->lab ? STYLE_STRONG : STYLE_DIM, where);
    }
    for (size_t i = 0; i < 2; i++) {
        at += canvas_text(canvas, rect, 0, at, link_style(&both[i]),
                          link_sign(canvas->glyphs, &both[i]));
        at += canvas_text(canvas, rect, 0, at, STYLE_TEXT, words[i]);
    }
    canvas_right(canvas, rect, 0, s->replay[0] != '\0' ? STYLE_SELECTED : STYLE_DIM, clock);
}

void panel_notice(struct canvas *canvas, struct rect rect, const struct snapshot *s)
{
    enum style style = s->fatal ? STYLE_ERROR : STYLE_WARNING;
    const char *sign = s->fatal ? canvas->glyphs->error : canvas->glyphs->warning;
    for (size_t i = 0; s->user[0] != '\0' && i < s->finding_count; i++) {
        if (s->findings[i].code == FINDING_TOKEN_REFUSED) {
            char clock[CLOCK_TEXT];
            clock_text(graph_wall(s, s->findings[i].since), false, clock);
            (void)canvas_print(canvas, rect, 0, 1, STYLE_ERROR,
                               "%s signed out at %s: `coder login`, then start derptop anew",
                               canvas->glyphs->error, clock);
            return;
        }
    }
    (void)canvas_print(canvas, rect, 0, 1, style, "%s %s", sign, s->notice);
}

/* --- the last row ----------------------------------------------------------------------------- */

/* Whether the view's footer has a word for the action, and its key. */
static bool footer_word(const struct app *app, enum action action, char key[KEYS_TEXT_SIZE])
{
    const struct action_info *info = action_info(action);
    enum view view = app_view(app);
    if (info->word == NULL || (info->views & (1U << view)) == 0) {
        return false;
    }
    if (action == ACTION_MATCH_NEXT && view == VIEW_DETAILS && app->lists[view].filter[0] == '\0' &&
        app->sought[0] == '\0') {
        return false; /* there the room is needed for what a finding has */
    }
    keys_text(&app->keys, action, action == ACTION_LEVEL ? KEYS_EACH : 1, key);
    if (action == ACTION_ZOOM_IN || action == ACTION_MATCH_NEXT) { /* both ways in one place */
        size_t used = strlen(key);
        char back[KEYS_TEXT_SIZE];
        keys_text(&app->keys, action == ACTION_ZOOM_IN ? ACTION_ZOOM_OUT : ACTION_MATCH_BACK, 1,
                  back);
        text_format(key + used, KEYS_TEXT_SIZE - used, " %s", back);
    }
    return key[0] != '\0';
}

static bool in_monitor(enum action action)
{
    return (action_info(action)->views & (1U << VIEW_MONITOR)) != 0;
}

/* Walks the words of the footer: `each` gets action, key, and the columns. What does not fit is
 * left out whole, but never how to get help and how to leave. */
static void walk_footer(const struct app *app, int cols,
                        void (*each)(void *owner, enum action action, const char *key, int col,
                                     int width),
                        void *owner)
{
    char key[KEYS_TEXT_SIZE];
    int always = 0;
    int col = 1;
    for (int i = ACTION_HELP; i <= ACTION_QUIT; i++) {
        if (footer_word(app, (enum action)i, key)) {
            always += text_columns(key) + text_columns(action_info((enum action)i)->word) + 3;
        }
    }
    for (int n = 0; n < ACTION_COUNT * 2; n++) {
        int i = n % ACTION_COUNT;
        bool own = !in_monitor((enum action)i); /* what this view alone has comes first */
        if (own != (n < ACTION_COUNT) || !footer_word(app, (enum action)i, key)) {
            continue;
        }
        int wanted = text_columns(key) + text_columns(action_info((enum action)i)->word) + 3;
        bool must = i == ACTION_HELP || i == ACTION_QUIT;
        if (must || col + wanted + always <= cols) {
            each(owner, (enum action)i, key, col, wanted - 2);
            col += wanted;
        }
    }
}

/* What ends the typing of a word that is looked for. False: none is typed. */
static bool typing_words(const struct app *app, char *out, size_t size)
{
    enum view view = app_view(app);
    char others[KEYS_TEXT_SIZE];
    bool here = (view == VIEW_LOG || view == VIEW_EVENTS) && app->lists[view].typing;
    keys_text(&app->keys, ACTION_OTHERS, 1, others);
    text_format(out, size, "type a word; Enter takes it, %s %s the other lines, Esc clears it",
                others, app->all_lines ? "hides" : "shows");
    return here;
}

struct footer_draw {
    struct canvas *canvas;
    struct rect rect;
};

static void draw_word(void *owner, enum action action, const char *key, int col, int width)
{
    struct footer_draw *draw = owner;
    (void)width;
    int used = canvas_text(draw->canvas, draw->rect, 0, col, STYLE_KEY, key);
    (void)canvas_print(draw->canvas, draw->rect, 0, col + used, STYLE_DIM, " %s",
                       action_info(action)->word);
}

void panel_footer(struct canvas *canvas, struct rect rect, const struct app *app)
{
    if (app->status[0] != '\0') {
        (void)canvas_text(canvas, rect, 0, 1, STYLE_STRONG, app->status);
        return;
    }
    char typing[APP_STATUS_SIZE];
    if (typing_words(app, typing, sizeof typing)) {
        (void)canvas_text(canvas, rect, 0, 1, STYLE_STRONG, typing);
        return;
    }
    struct footer_draw draw = {canvas, rect};
    walk_footer(app, rect.cols, draw_word, &draw);
}

struct footer_hit {
    const struct app *app;
    int col, key;
};

static void hit_word(void *owner, enum action action, const char *key, int col, int width)
{
    struct footer_hit *hit = owner;
    (void)key;
    if (hit->col >= col && hit->col < col + width) {
        hit->key = hit->app->keys.bound[action][0];
    }
}

int footer_key_at(const struct app *app, int cols, int col)
{
    struct footer_hit hit = {app, col, KEY_NONE};
    walk_footer(app, cols, hit_word, &hit);
    return hit.key;
}
