#include "src/tui_uv.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/favourites.h"
#include "src/keeper.h"
#include "src/mask_snapshot.h"
#include "src/muted.h"
#include "ui/term.h"

enum {
    FRAME_MS = 100,
    FRAME_LONGEST_MS = 2000,
    SLOW_SHARE = 4, /* on a slow line frames may take a quarter of the time */
    TICK_MS = 1000,
    KEYS_A_TURN = 256,
    SIGNALS = 6,
    SIGNAL_STOP = 1, /* SIGTSTP, among them */
    TITLE_SIZE = 256
};

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
    struct snapshot *now; /* a copy whose clock goes on between snapshots; perhaps masked */
    struct masker *masker;
    const char *welcome;            /* NULL: none */
    char deployment[SNAPSHOT_NAME]; /* whose favourites, and what is muted, are read */
    const char *state_folder;
    bool lab;
    bool again; /* likewise: credentials are to be looked for once more */
    bool keep;  /* a summary is to be left behind */
    struct keeper *keeper;
    enum path_kind paths[SNAPSHOT_WORKSPACES_MAX]; /* as they were, to see a direct one go */
    struct uuid agents[SNAPSHOT_WORKSPACES_MAX];
    size_t path_count;
    void (*send)(void *owner, const struct command *command);
    void *owner;
    bool anew;
    bool answer; /* a key changed what is shown */
    uint64_t painted_ms;
    uint64_t frame_ms; /* between frames; longer where the terminal is slow */
    int status;
    bool ending;
    char title[TITLE_SIZE];
};

/* Tells, if that is wanted, of direct paths that are gone since the last snapshot. */
static void watch_paths(struct tui *tui)
{
    const struct snapshot *s = tui->now;
    for (size_t i = 0; i < s->workspace_count; i++) {
        const struct snapshot_workspace *row = &s->workspaces[i];
        bool same = i < tui->path_count && uuid_equal(&row->agent, &tui->agents[i]);
        if (same && tui->paths[i] == PATH_DIRECT && row->path == PATH_DERP) {
            char text[SNAPSHOT_TEXT];
            text_format(text, sizeof text, "%s: the direct path is lost", row->name);
            if (tui->app.notify == NOTIFY_BELL) {
                term_bell();
            } else if (tui->app.notify == NOTIFY_DESKTOP) {
                term_notify(text);
            }
        }
        tui->paths[i] = row->path;
        tui->agents[i] = row->agent;
    }
    tui->path_count = s->workspace_count;
}

static void record(struct tui *tui)
{
    if (tui->app.recording) {
        tui->app.recording = keeper_take(tui->keeper, tui->shown, tui->app.status);
    }
}

/* All that is drawn, said and printed is made of this copy: here names and addresses go. */
static void copy_shown(struct tui *tui)
{
    memcpy(tui->now, tui->shown, sizeof *tui->now);
    if (tui->app.mask) {
        masker_snapshot(tui->masker, tui->now);
    }
    if (tui->welcome != NULL && tui->app.mask) {
        masker_text(tui->masker, tui->welcome, tui->app.welcome, sizeof tui->app.welcome);
    } else if (tui->welcome != NULL) {
        text_copy(tui->app.welcome, sizeof tui->app.welcome, tui->welcome);
    }
}

/* The newest snapshot; ages in it go on until the next one. */
static void take(struct tui *tui)
{
    bool fresh = false;
    tui->shown = snapshot_box_take(tui->box, &fresh);
    if (fresh) {
        copy_shown(tui);
        watch_paths(tui);
        record(tui);
    }
    if (tui->now->replay[0] == '\0') { /* whose clock is its own */
        tui->now->now = tui->now->seq > 0 ? mono_now() : tui->now->now;
        tui->now->wall = wall_now();
    }
    app_see(&tui->app, tui->now);
    if (strcmp(tui->deployment, tui->shown->deployment) != 0) {
        text_copy(tui->deployment, sizeof tui->deployment, tui->shown->deployment);
        favourites_read(tui->state_folder, tui->deployment, &tui->app.pins);
        muted_read(tui->state_folder, tui->deployment, tui->app.muted);
    }
}

static void show_title(struct tui *tui)
{
    char title[TITLE_SIZE];
    app_title(tui->now, title, sizeof title);
    if (strcmp(title, tui->title) != 0) {
        text_copy(tui->title, sizeof tui->title, title);
        term_title(title);
    }
}

static void want_frame(struct tui *tui);

static void paint(struct tui *tui)
{
    struct canvas canvas;
    int rows = 0;
    int cols = 0;
    if (tui->ending) {
        return;
    }
    tui->painted_ms = uv_now(&tui->loop);
    if (!term_can_show()) { /* the line is slow: what is newer will be shown in its place */
        want_frame(tui);
        return;
    }
    take(tui);
    term_size(&rows, &cols);
    canvas_init(&canvas, rows, cols, term_glyphs());
    app_draw(&tui->app, tui->now, &canvas);
    uint64_t before = uv_hrtime();
    term_show(&canvas, tui->anew);
    tui->anew = false;
    canvas_clear(&canvas);
    show_title(tui);
    uint64_t took_ms = (uv_hrtime() - before) / NS_PER_MS;
    uint64_t pause = took_ms * SLOW_SHARE;
    tui->frame_ms = pause < FRAME_MS           ? FRAME_MS
                    : pause > FRAME_LONGEST_MS ? FRAME_LONGEST_MS
                                               : pause;
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
        (void)uv_timer_start(&tui->frame, on_frame,
                             since >= tui->frame_ms ? 0 : tui->frame_ms - since, 0);
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

static void on_signal(uv_signal_t *handle, int number);

/* Ctrl-Z and SIGTSTP stay the shell's: the screen is left, the process stops, and comes back whole.
 * It stops by the signal's own action, which does nothing where there is no shell that could bring
 * it back; by Ctrl-Z with its group (0), as a terminal does it, or a script around it waited for
 * ever. */
static void suspend(struct tui *tui, pid_t whom)
{
    uv_signal_t *stop = &tui->signals[SIGNAL_STOP];
    term_suspend();
    (void)uv_signal_stop(stop);
    (void)kill(whom, SIGTSTP);
    (void)uv_signal_start(stop, on_signal, SIGTSTP);
    term_resume();
    tui->title[0] = '\0';
    tui->anew = true;
    want_frame(tui);
}

static void keep_screen(struct tui *tui)
{
    struct canvas canvas;
    int rows = 0;
    int cols = 0;
    term_size(&rows, &cols);
    canvas_init(&canvas, rows, cols, term_glyphs());
    app_draw(&tui->app, tui->now, &canvas);
    keeper_shot(tui->now, &canvas, tui->app.theme, tui->app.status);
    canvas_clear(&canvas);
}

static void keep_what(struct tui *tui, unsigned what)
{
    if ((what & APP_RECORD) != 0) {
        tui->app.recording = keeper_record(tui->keeper, tui->shown, tui->app.mask, tui->app.status);
        tui->app.masked_recording = keeper_is_masked(tui->keeper);
    }
    if ((what & APP_SHOT) != 0) {
        keep_screen(tui);
    }
    if ((what & APP_REPORT) != 0) {
        keeper_report(tui->keeper, tui->shown, term_copy, tui->app.status);
    }
    enum finding_code code = FINDING_CODES;
    if ((what & APP_COPY) != 0 && app_chosen_finding(&tui->app, tui->now, &code)) {
        keeper_finding(tui->keeper, tui->shown, code, term_copy, tui->app.status);
    }
}

static void follow(struct tui *tui, unsigned what, const struct command *command)
{
    if ((what & APP_COMMAND) != 0) {
        tui->send(tui->owner, command);
    }
    if ((what & APP_SAVE) != 0) {
        favourites_write(tui->state_folder, tui->deployment, &tui->app.pins);
        muted_write(tui->state_folder, tui->deployment, tui->app.muted);
    }
    if ((what & APP_MASK) != 0) {
        copy_shown(tui);
    }
    keep_what(tui, what);
    if ((what & APP_LOOKS) != 0) {
        term_theme(tui->app.theme);
        term_mouse(tui->app.mouse);
        tui->anew = true;
    }
    if ((what & (APP_QUIT | APP_LAB | APP_AGAIN)) != 0) {
        tui->keep |= (what & APP_KEEP) != 0;
        tui->lab = (what & APP_LAB) != 0;
        tui->again = (what & APP_AGAIN) != 0;
        /* What was on the screen when it was left: signed out is no good end. */
        end(tui, !tui->lab && tui->now != NULL && tui->now->fatal ? tui->now->fatal_status : 0);
        return;
    }
    if ((what & APP_SUSPEND) != 0) {
        suspend(tui, 0);
    }
    tui->anew |= (what & APP_REPAINT) != 0;
    tui->answer |= (what & (APP_REDRAW | APP_REPAINT)) != 0;
}

static unsigned click(struct tui *tui, struct command *command)
{
    struct term_click at = term_clicked();
    struct app_click click = {.row = at.row, .col = at.col, .wheel = at.wheel};
    term_size(&click.rows, &click.cols);
    return app_click(&tui->app, &click, tui->now, command);
}

static void read_keys(struct tui *tui, int status)
{
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
        unsigned what = 0;
        if (key == KEY_CODE_INTERRUPT) { /* Ctrl-C arrives as a key: the terminal is in raw mode */
            end(tui, 128 + SIGINT);
        } else if (key == KEY_CODE_RESIZE) {
            want_frame(tui);
        } else {
            what = key == KEY_CODE_MOUSE ? click(tui, &command)
                                         : app_key(&tui->app, key, tui->now, &command);
            follow(tui, what, &command);
        }
    }
}

/* A key is answered at once; many that came together, by one frame. */
static void on_input(uv_poll_t *poll, int status, int events)
{
    struct tui *tui = poll->data;
    (void)events;
    read_keys(tui, status);
    if (tui->answer) {
        tui->answer = false;
        paint(tui);
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
    if (number == SIGCONT) { /* nobody says what became of the terminal meanwhile */
        term_retake();
    }
    if (number == SIGWINCH || number == SIGCONT) {
        tui->anew = true; /* what a terminal keeps of another frame is its own affair */
        want_frame(tui);
    } else if (number == SIGTSTP) {
        suspend(tui, getpid());
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

static void set_up_app(struct tui *tui, const struct tui_options *options)
{
    struct app *app = &tui->app;
    app_init(app);
    if (options->keys != NULL) {
        app->keys = *options->keys;
    }
    app->notify = options->notify;
    enum theme named = theme_named(options->theme);
    app->theme = named == THEME_COUNT ? term_theme_guess() : named;
    app->mouse = options->mouse;
    app->mask = options->mask;
    if (options->welcome != NULL) {
        tui->welcome = options->welcome;
        app->views[0] = VIEW_WELCOME;
        text_copy(app->status, sizeof app->status, options->said);
    }
    term_theme(app->theme);
    term_mouse(app->mouse);
}

bool tui_wants_lab(const struct tui *tui)
{
    return tui->lab;
}

bool tui_wants_again(const struct tui *tui)
{
    return tui->again;
}

bool tui_is_masked(const struct tui *tui)
{
    return tui->app.mask;
}

enum net_err tui_new(const struct tui_options *options, struct snapshot_box *box, struct tui **out,
                     struct failure *why)
{
    struct term_options term = {
        .ascii = options->ascii, .color = options->color, .graph = options->graph};
    enum net_err err = term_open(&term, why);
    if (err != NET_OK) {
        return err;
    }
    struct tui *tui = mem_new(sizeof *tui);
    bool fresh = false;
    tui->box = box;
    tui->shown = snapshot_box_take(box, &fresh);
    tui->now = mem_new(sizeof *tui->now);
    tui->masker = masker_new();
    if (options->target != NULL) {
        char masked[SNAPSHOT_NAME];
        masker_target(tui->masker, options->target, masked, sizeof masked);
    }
    tui->keeper = keeper_new(tui->masker);
    tui->keep = options->keep;
    tui->frame_ms = FRAME_MS;
    tui->anew = true;
    tui->state_folder = options->state_folder;
    set_up_app(tui, options);
    copy_shown(tui);
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

uv_loop_t *tui_loop(struct tui *tui)
{
    return &tui->loop;
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
    if (tui->keep && tui->now->seq > 0) {
        char *summary = app_summary(tui->now);
        (void)fputs(summary, stdout);
        free(summary);
    }
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
    keeper_free(tui->keeper);
    masker_free(tui->masker);
    free(tui->now);
    free(tui);
}
