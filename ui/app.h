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
#include "ui/key.h"

enum { APP_FILTER_SIZE = 48 };

struct app {
    bool help;
    bool picker;
    char filter[APP_FILTER_SIZE]; /* of the picker */
    int picker_at;                /* row among those that the filter lets through */
    unsigned zoom;                /* index of the window's width */
};

/* What must follow a key. */
enum { APP_REDRAW = 1, APP_COMMAND = 2, APP_QUIT = 4, APP_SUSPEND = 8, APP_REPAINT = 16 };

void app_init(struct app *app);

/* Draws the whole frame; the canvas is blank. */
void app_draw(const struct app *app, const struct snapshot *snapshot, struct canvas *canvas);

/* Returns APP_ bits; with APP_COMMAND, *out is to be sent to the core. */
unsigned app_key(struct app *app, int key, const struct snapshot *snapshot, struct command *out);

/* What the width of the graph stands for. */
uint64_t app_window_ns(const struct app *app);

/* The terminal's title: workspace and path. */
void app_title(const struct snapshot *snapshot, char *out, size_t size);

#endif
