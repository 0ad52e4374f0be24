/*
 * The help: keys of the view that it stands over, from the table of keys; the signs; the words.
 * And the first screen of all, where there are no credentials.
 */
#include <string.h>

#include "net/base/text.h"
#include "ui/panels.h"
#include "ui/plot.h"

enum { KEY_COLS = 12, COLUMN_COLS = 44, LINE = 96, LINES_ROOM = 160, INDENT = 1 };

struct help_line {
    bool head;
    enum style style;
    char key[LINE];
    char text[LINE];
};

struct help {
    size_t count;
    struct help_line lines[LINES_ROOM];
};

static void add(struct help *help, bool head, enum style style, const char *key, const char *text)
{
    if (help->count < LINES_ROOM) {
        struct help_line *line = &help->lines[help->count++];
        line->head = head;
        line->style = style;
        text_copy(line->key, sizeof line->key, key);
        text_copy(line->text, sizeof line->text, text);
    }
}

/* The view that the help was asked in. */
static enum view asked_in(const struct app *app)
{
    return app->depth > 1 ? app->views[app->depth - 2] : app->views[0];
}

static void add_keys(struct help *help, const struct app *app)
{
    unsigned here = 1U << asked_in(app);
    const char *group = "";
    /* Groups in the order of their first action; each once. */
    for (int first = 0; first < ACTION_COUNT; first++) {
        const char *name = action_info((enum action)first)->group;
        bool seen = false;
        for (int i = 0; i < first; i++) {
            seen |= strcmp(action_info((enum action)i)->group, name) == 0;
        }
        for (int i = first; !seen && i < ACTION_COUNT; i++) {
            const struct action_info *info = action_info((enum action)i);
            char key[KEYS_TEXT_SIZE];
            keys_text(&app->keys, (enum action)i, 3, key);
            if (strcmp(info->group, name) != 0 || (info->views & here) == 0 || key[0] == '\0') {
                continue;
            }
            if (strcmp(group, name) != 0) {
                add(help, true, STYLE_TITLE, name, "");
                group = name;
            }
            add(help, false, STYLE_KEY, key, info->help);
        }
    }
}

static void add_signs(struct help *help, const struct glyphs *g)
{
    add(help, true, STYLE_TITLE, "SIGNS", "");
    add(help, false, STYLE_DIRECT, g->direct, "direct: solid graph");
    add(help, false, STYLE_RELAY, g->relay, "through a relay: hatched graph");
    add(help, false, STYLE_TUNNEL, g->tunnel, "a ping through the tunnel");
    add(help, false, STYLE_TEXT, g->shade[0], "heat map: a few probes");
    add(help, false, STYLE_TEXT, g->shade[HEAT_SHADES - 1], "heat map: the most probes");
    add(help, false, STYLE_LOST, g->lost, "a probe was lost");
    add(help, false, STYLE_DIM, g->dot, "path strip: nothing came");
    add(help, false, STYLE_STRONG, g->clipped, "above the top of the graph, ms");
    add(help, false, STYLE_DIRECT, g->became_direct, "below it: became direct");
    add(help, false, STYLE_RELAY, g->fell_back, "below it: back to the relay");
    add(help, false, STYLE_INFO, g->test_down, "below it: a test ran, download");
    add(help, false, STYLE_INFO, g->test_up, "below it: a test ran, upload");
    add(help, false, STYLE_STRONG, g->mark, "below it: a mark of yours");
    add(help, false, STYLE_OK, g->connected, "connected, running");
    add(help, false, STYLE_INFO, g->connecting, "on its way");
    add(help, false, STYLE_DIM, g->stopped, "stopped, not begun");
    add(help, false, STYLE_OK, g->ok, "checked and fine");
    add(help, false, STYLE_WARNING, g->warning, "works, worse than it could");
    add(help, false, STYLE_ERROR, g->error, "failed: act now");
    add(help, false, STYLE_DIM, g->unknown, "not known, which is not no");
    add(help, false, STYLE_DIM, g->muted, "a finding that you muted");
}

static void add_words(struct help *help)
{
    static const char *const words[][2] = {
        {"direct", "packets go straight, over UDP"},
        {"relay, DERP", "a server passes them on, still"},
        {"", "encrypted, where direct cannot"},
        {"region", "a place with relays"},
        {"disco", "pings that look for a path"},
        {"tunnel", "WireGuard: carries your data"},
        {"handshake", "new keys, each two minutes"},
        {"coordinator", "tells the sides of each other"},
        {"hard NAT", "a router with another port for"},
        {"", "each peer: seldom direct"},
        {"STUN", "its servers tell a computer"},
        {"", "the address others see it at"},
        {"MTU", "largest packet that fits"},
        {"p50/p95/p99", "50, 95, 99 of 100 are faster"},
        {"jitter", "how much neighbours differ"},
    };
    add(help, true, STYLE_TITLE, "WORDS", "");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        add(help, false, STYLE_TEXT, words[i][0], words[i][1]);
    }
}

static void draw_line(struct canvas *canvas, struct rect column, int row,
                      const struct help_line *line)
{
    if (line->head) {
        (void)canvas_text(canvas, column, row, 0, line->style, line->key);
        return;
    }
    (void)canvas_text(canvas, column, row, INDENT, line->style, line->key);
    (void)canvas_text(canvas, column, row, INDENT + KEY_COLS, STYLE_TEXT, line->text);
}

/* In as many columns as fit, read downwards, page after page. */
void panel_help(struct canvas *canvas, struct rect rect, const struct app *app)
{
    static struct help help; /* the main thread's alone; too big for the stack */
    char title[LINE];
    struct rect inner = rect_inner(rect);
    help.count = 0;
    add_keys(&help, app);
    add_signs(&help, canvas->glyphs);
    add_words(&help);
    int rows = inner.rows < 1 ? 1 : inner.rows;
    int columns = inner.cols / COLUMN_COLS < 1 ? 1 : inner.cols / COLUMN_COLS;
    int wide = inner.cols / columns;
    int wanted = ((int)help.count + columns - 1) / columns;
    int most = wanted > rows ? wanted - rows : 0;
    int first = (int)app->lists[VIEW_HELP].at;
    first = first > most ? most : first;
    int high = wanted > rows ? wanted : rows;
    text_format(title, sizeof title, "help: %s", view_name(asked_in(app)));
    canvas_fill(canvas, rect, STYLE_TEXT);
    canvas_box(canvas, rect, title, most > 0 ? "down scrolls, Esc closes" : "Esc closes");
    for (int i = 0; i < (int)help.count; i++) {
        int row = i % high - first;
        struct rect column = {inner.row, inner.col + 1 + i / high * wide, rows, wide - 1};
        if (row >= 0 && row < rows) {
            draw_line(canvas, column, row, &help.lines[i]);
        }
    }
}

static void draw_offer(struct canvas *canvas, struct rect inner, int row, const struct app *app,
                       enum action action, const char *words)
{
    enum { WORDS_COL = 8 };
    char key[KEYS_TEXT_SIZE];
    keys_text(&app->keys, action, 1, key);
    (void)canvas_text(canvas, inner, row, 1, STYLE_KEY, key);
    (void)canvas_text(canvas, inner, row, WORDS_COL, STYLE_TEXT, words);
}

void panel_welcome(struct canvas *canvas, struct rect rect, const struct app *app)
{
    enum { ROWS = 17, COLS = 64, REASON_ROWS = 2, REASON_COL = 3 };
    static const char *const lines[] = {
        "",
        "derptop watches the connection to a Coder workspace.",
        "It needs to know the deployment, and who you are:",
        "",
        "  coder login https://coder.example.com",
        "",
        "or, without the coder command:",
        "",
        "  export CODER_URL=https://coder.example.com",
        "  export CODER_SESSION_TOKEN=...",
    };
    int cols = rect.cols < COLS ? rect.cols : COLS;
    int rows = rect.rows < ROWS ? rect.rows : ROWS;
    struct rect box = {rect.row + (rect.rows - rows) / 2, rect.col + (rect.cols - cols) / 2, rows,
                       cols};
    struct rect inner = rect_inner(box);
    struct rect reason = {inner.row, inner.col, REASON_ROWS, inner.cols - 1};
    bool roomy = rows == ROWS;
    canvas_box(canvas, box, "not signed in", "");
    (void)canvas_text(canvas, inner, 0, 1, STYLE_ERROR, canvas->glyphs->error);
    int row = canvas_wrap(canvas, reason, 0, REASON_COL, STYLE_ERROR, app->welcome);
    row = row > REASON_ROWS ? REASON_ROWS : row;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        bool command = strncmp(lines[i], "  ", 2) == 0;
        if (lines[i][0] != '\0' || roomy) {
            (void)canvas_text(canvas, inner, row++, 1, command ? STYLE_STRONG : STYLE_TEXT,
                              lines[i]);
        }
    }
    draw_offer(canvas, inner, inner.rows - 2, app, ACTION_RETRY, "looks again, after the login");
    draw_offer(canvas, inner, inner.rows - 1, app, ACTION_CHOOSE,
               "looks around in a lab on this computer");
}
