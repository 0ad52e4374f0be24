/*
 * The screen's own state, what it draws and what a key does. Pure: a snapshot and a key in, cells
 * and a command out; no terminal.
 */
#ifndef UI_APP_H
#define UI_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/monitor/command.h"
#include "net/monitor/snapshot.h"
#include "ui/canvas.h"
#include "ui/graph.h"
#include "ui/keys.h"
#include "ui/ladder.h"
#include "ui/rows.h"
#include "ui/theme.h"
#include "ui/window.h"

enum { APP_FILTER_SIZE = 48, APP_STATUS_SIZE = 200, APP_DEPTH = 8, APP_MARKS_MAX = 32 };

/* A list that is looked through: the row that is chosen, and what is typed to narrow it. */
struct app_list {
    uint64_t at; /* a row; in log and events a line's number */
    bool typing;
    char filter[APP_FILTER_SIZE];
};

enum app_panel { PANEL_GRAPH, PANEL_PATH, PANEL_FINDINGS, PANEL_EVENTS, PANEL_TESTS, PANEL_COUNT };

/* What is done when a direct path is lost. */
enum app_notify { NOTIFY_NONE, NOTIFY_BELL, NOTIFY_DESKTOP, NOTIFY_COUNT };

struct app {
    struct keys keys;
    enum view views[APP_DEPTH]; /* the last one is on top */
    int depth;
    struct app_list lists[VIEW_COUNT];
    bool follow;                  /* log and events: the newest stays in sight */
    bool all_lines;               /* there, what does not hold the text stays in sight, too */
    char sought[APP_FILTER_SIZE]; /* there: what was looked for last */
    enum log_level level;
    enum sort sort;
    struct pins pins;
    bool muted[FINDING_CODES]; /* findings that are told apart, and counted no more */
    bool hide_passed;          /* in the details */
    int scrolled;              /* rows of the text of the details that are above its top */
    struct uuid shown, before; /* selected now, and the one that was before */

    struct window window;
    struct ladder ladder;
    enum scale_kind scale;
    uint64_t fixed_us;
    enum graph_series series;
    enum graph_form form;
    mono_ns marks[APP_MARKS_MAX];
    size_t mark_count; /* ever; the last ones are kept */

    struct {
        bool up, direct;
        unsigned time; /* index: test_seconds */
    } test;            /* that is started next */

    enum app_panel panel; /* has the focus */
    bool full;            /* alone on the screen */
    bool bytes;           /* rates in bytes instead of bits */
    bool mouse;
    bool recording; /* what is shown goes to a file, too */
    bool masked_recording;
    bool mask; /* names and addresses are wanted masked: whoever makes the snapshot sees to it */
    enum app_notify notify;
    enum theme theme;
    char status[APP_STATUS_SIZE]; /* why the last key did nothing, or what it did */
    char welcome[SNAPSHOT_TEXT];  /* there are no credentials: what was looked for */
};

/* What must follow a key. */
enum {
    APP_REDRAW = 1,
    APP_COMMAND = 2,
    APP_QUIT = 4,
    APP_SUSPEND = 8,
    APP_REPAINT = 16,
    APP_SAVE = 32,       /* the favourites changed, or what is muted */
    APP_LOOKS = 64,      /* theme or mouse changed */
    APP_KEEP = 128,      /* with APP_QUIT: leave a summary behind */
    APP_RECORD = 512,    /* start or stop recording */
    APP_SHOT = 1024,     /* keep this screen in a file */
    APP_REPORT = 2048,   /* copy a report */
    APP_COPY = 8192,     /* copy the finding that is chosen */
    APP_LAB = 256,       /* the lab is asked for, in place of a deployment */
    APP_AGAIN = 1 << 14, /* credentials are to be looked for again */
    APP_MASK = 4096,     /* `mask` has changed */
};

void app_init(struct app *app);

/* What a snapshot, or the time that passes, changes by itself. To be called before each frame. */
void app_see(struct app *app, const struct snapshot *snapshot);

/* Draws the whole frame; the canvas is blank. */
void app_draw(const struct app *app, const struct snapshot *snapshot, struct canvas *canvas);

/* Returns APP_ bits; with APP_COMMAND, *out is to be sent to the core. */
unsigned app_key(struct app *app, int key, const struct snapshot *snapshot, struct command *out);

/* A click (wheel 0) or a turn of the wheel (-1 = up) at a cell of a screen of that size. */
struct app_click {
    int row, col, rows, cols;
    int wheel;
};

unsigned app_click(struct app *app, const struct app_click *click, const struct snapshot *snapshot,
                   struct command *out);

enum view app_view(const struct app *app);

/* The finding that is chosen in the details, whether it stands or not. False: the path is. */
bool app_chosen_finding(const struct app *app, const struct snapshot *snapshot,
                        enum finding_code *out);

/* What the width of the graph stands for. */
uint64_t app_window_ns(const struct app *app);

/* The terminal's title: workspace and path. */
void app_title(const struct snapshot *snapshot, char *out, size_t size);

/* A few plain lines about the watched workspace, for after the end: they survive being pasted into
 * a mail, and name the workspace as a command takes it. Free it. */
char *app_summary(const struct snapshot *snapshot);

#endif
