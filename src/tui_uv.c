#include "src/tui_uv.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "ui/app.h"
#include "ui/term.h"

enum { FRAME_MS = 100, TICK_MS = 1000, KEYS_A_TURN = 256, SIGNALS = 6, TITLE_SIZE = 256 };

struct tui {
    uv_loop_t loop;
    uv_poll_t input;
    uv_async_t async;
    uv_timer_t frame; /* paints, at most ten times a second */
    uv_timer_t tick;  /* ages count once a second */
    uv_signal_t signals[SIGNALS];
    struct app app;
    struct snapshot_box *box;
    const struct snapshot *shown;
    void (*send)(void *owner, const struct command *command);
    void *owner;
    bool anew;
    uint64_t painted_ms;
    int status;
    bool ending;
    char title[TITLE_SIZE];
};

static void paint(struct tui *tui)
{
    struct canvas canvas;
    int rows = 0;
    int cols = 0;
    bool fresh = false;
    char title[TITLE_SIZE];
    if (tui->ending) {
        return;
    }
    tui->shown = snapshot_box_take(tui->box, &fresh);
    tui->painted_ms = uv_now(&tui->loop);
    term_size(&rows, &cols);
    canvas_init(&canvas, rows, cols, term_glyphs());
    /* Ages go on between snapshots. */
    struct snapshot *now = mem_new(sizeof *now);
    memcpy(now, tui->shown, sizeof *now);
    if (now->seq > 0) {
        now->now = mono_now();
        now->wall = wall_now();
    }
    app_draw(&tui->app, now, &canvas);
    app_title(now, title, sizeof title);
    free(now);
    term_show(&canvas, tui->anew);
    tui->anew = false;
    canvas_clear(&canvas);
    if (strcmp(title, tui->title) != 0) {
        text_copy(tui->title, sizeof tui->title, title);
        term_title(title);
    }
}

static void on_frame(uv_timer_t *timer)
{
    paint(timer->data);
}

/* Paints soon: at once if the last frame is old enough. */
static void want_frame(struct tui *tui)
{
    uv_update_time(&tui->loop);
    uint64_t since = uv_now(&tui->loop) - tui->painted_ms;
    if (!uv_is_active((uv_handle_t *)&tui->frame)) {
        (void)uv_timer_start(&tui->frame, on_frame, since >= FRAME_MS ? 0 : FRAME_MS - since, 0);
    }
}

static void on_tick(uv_timer_t *timer)
{
    want_frame(timer->data);
}

static void on_async(uv_async_t *async)
{
    want_frame(async->data);
}

void tui_wake(void *tui)
{
    (void)uv_async_send(&((struct tui *)tui)->async);
}

static void end(struct tui *tui, int status)
{
    tui->status = status;
    tui->ending = true;
    uv_stop(&tui->loop);
}

/* Ctrl-Z and SIGTSTP stay the shell's: the screen is left, the process stops, and comes back whole.
 */
static void suspend(struct tui *tui)
{
    term_suspend();
    (void)raise(SIGSTOP);
    term_resume();
    tui->anew = true;
    want_frame(tui);
}

static void follow(struct tui *tui, unsigned what, const struct command *command)
{
    if ((what & APP_COMMAND) != 0) {
        tui->send(tui->owner, command);
    }
    if ((what & APP_QUIT) != 0) {
        end(tui, 0);
        return;
    }
    if ((what & APP_SUSPEND) != 0) {
        suspend(tui);
    }
    tui->anew |= (what & APP_REPAINT) != 0;
    if ((what & (APP_REDRAW | APP_REPAINT)) != 0) {
        paint(tui); /* a key is answered at once */
    }
}

static void on_input(uv_poll_t *poll, int status, int events)
{
    struct tui *tui = poll->data;
    (void)events;
    for (int i = 0; i < KEYS_A_TURN && !tui->ending; i++) {
        struct command command;
        bool gone = status < 0;
        int key = gone ? KEY_NONE : term_key(&gone);
        if (gone) {
            end(tui, 128 + SIGHUP); /* the terminal was closed */
            return;
        }
        if (key == KEY_NONE) {
            return;
        }
        if (key == KEY_CODE_INTERRUPT) { /* Ctrl-C arrives as a key: the terminal is in raw mode */
            end(tui, 128 + SIGINT);
        } else if (key == KEY_CODE_RESIZE) {
            want_frame(tui);
        } else {
            follow(tui, app_key(&tui->app, key, tui->shown, &command), &command);
        }
    }
}

/* A terminal whose other end is closed polls readable and reads nothing, for ever. */
static bool input_is_gone(void)
{
    return tcgetpgrp(STDIN_FILENO) < 0;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct tui *tui = handle->data;
    if (number == SIGWINCH) {
        want_frame(tui);
    } else if (number == SIGTSTP) {
        suspend(tui);
    } else if (number == SIGCONT) {
        tui->anew = true;
        want_frame(tui);
    } else {
        end(tui, 128 + number);
    }
}

static void start_signals(struct tui *tui)
{
    static const int numbers[SIGNALS] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT};
    for (size_t i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&tui->loop, &tui->signals[i]);
        tui->signals[i].data = tui;
        (void)uv_signal_start(&tui->signals[i], on_signal, numbers[i]);
    }
}

enum net_err tui_new(const struct tui_options *options, struct snapshot_box *box, struct tui **out,
                     struct failure *why)
{
    struct term_options term = {.ascii = options->ascii, .color = options->color};
    enum net_err err = term_open(&term, why);
    if (err != NET_OK) {
        return err;
    }
    struct tui *tui = mem_new(sizeof *tui);
    bool fresh = false;
    tui->box = box;
    tui->shown = snapshot_box_take(box, &fresh);
    tui->anew = true;
    app_init(&tui->app);
    (void)uv_loop_init(&tui->loop);
    (void)uv_async_init(&tui->loop, &tui->async, on_async);
    (void)uv_timer_init(&tui->loop, &tui->frame);
    (void)uv_timer_init(&tui->loop, &tui->tick);
    (void)uv_poll_init(&tui->loop, &tui->input, STDIN_FILENO);
    tui->async.data = tui;
    tui->frame.data = tui;
    tui->tick.data = tui;
    tui->input.data = tui;
    start_signals(tui);
    *out = tui;
    return NET_OK;
}

static void on_idle_check(struct tui *tui)
{
    if (input_is_gone()) {
        end(tui, 128 + SIGHUP);
    }
}

static void on_tick_checked(uv_timer_t *timer)
{
    on_idle_check(timer->data);
    on_tick(timer);
}

int tui_run(struct tui *tui, void (*send)(void *owner, const struct command *command), void *owner)
{
    tui->send = send;
    tui->owner = owner;
    (void)uv_poll_start(&tui->input, UV_READABLE | UV_DISCONNECT, on_input);
    (void)uv_timer_start(&tui->tick, on_tick_checked, TICK_MS, TICK_MS);
    want_frame(tui);
    (void)uv_run(&tui->loop, UV_RUN_DEFAULT);
    term_close();
    return tui->status;
}

void tui_free(struct tui *tui)
{
    if (tui == NULL) {
        return;
    }
    term_close();
    uv_close((uv_handle_t *)&tui->async, NULL);
    uv_close((uv_handle_t *)&tui->frame, NULL);
    uv_close((uv_handle_t *)&tui->tick, NULL);
    uv_close((uv_handle_t *)&tui->input, NULL);
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_close((uv_handle_t *)&tui->signals[i], NULL);
    }
    (void)uv_run(&tui->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&tui->loop);
    assert(busy == 0);
    free(tui);
}
