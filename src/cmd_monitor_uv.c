/*
 * `derptop [WORKSPACE]` and `derptop --lab`: the full screen over the core's thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/monitor/core_thread_uv.h"
#include "src/aws_source_uv.h"
#include "src/cmd.h"
#include "src/favourites.h"
#include "src/lab_child_uv.h"
#include "src/look.h"
#include "src/mask_snapshot.h"
#include "src/out.h"
#include "src/tui_uv.h"
#include "ui/term.h"

enum { PROBE_TIMEOUT_S = 5 };

/* --- the lab
 * -------------------------------------------------------------------------------------------------
 */

struct lab_run {
    uv_loop_t loop;
    struct lab_child *child;
    struct settings *settings;
    bool ready;
    bool done;
    struct failure failure;
};

static void on_ready(void *owner, const char *url, const char *token)
{
    struct lab_run *run = owner;
    run->done = true;
    run->ready = settings_set(run->settings, url, token, &run->failure) == NET_OK;
}

static void on_ended(void *owner, const struct failure *failure)
{
    struct lab_run *run = owner;
    run->done = true;
    run->failure = *failure;
}

/* The child's pipe is watched no more once it is up: the core says what the screen needs to know
 * when the lab dies. It ends when our end of its input closes. */
static int start_lab(struct lab_run *run, const struct options *options, struct settings *settings)
{
    static const struct lab_child_handlers handlers = {.ready = on_ready, .ended = on_ended};
    struct lab_options lab;
    lab_options_init(&lab);
    run->settings = settings;
    failure_set(&run->failure, NET_ERR_IO, "the lab gave no address that can be used");
    (void)uv_loop_init(&run->loop);
    if (lab_child_start(&run->loop, &lab, NULL, &handlers, run, &run->child, &run->failure) ==
        NET_OK) {
        while (!run->done && uv_run(&run->loop, UV_RUN_ONCE) != 0) {
        }
    }
    if (run->ready) {
        settings->disable_direct = options->disable_direct;
        return EXIT_DONE;
    }
    out_error(run->failure.text);
    return EXIT_FAILED;
}

static void stop_lab(struct lab_run *run)
{
    if (run->child != NULL) {
        lab_child_close(run->child, NULL, NULL);
    }
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&run->loop);
}

/* --- the screen
 * ---------------------------------------------------------------------------------------------- */

static void send_command(void *owner, const struct command *command)
{
    core_thread_send(owner, command);
}

/* What all screens of a run share. */
struct face {
    const struct options *options;
    const struct config *config;
    const struct aws_ranges *aws;
};

/* The terminal is open by now. */
static enum net_err start_core(struct core_options *options, struct snapshot_box *box,
                               struct tui *tui, struct core_thread **out, struct failure *why)
{
    options->note = term_note();
    return core_thread_start(options, box, tui_wake, tui, out, why);
}

static int run_screen(const struct face *face, const struct settings *settings, bool lab)
{
    char folder[CONFIG_PATH];
    struct tui_options look;
    struct snapshot_box *box = snapshot_box_new();
    struct core_thread *thread = NULL;
    struct tui *tui = NULL;
    struct failure why;
    struct core_options core = {
        .settings = settings,
        .target = face->options->target,
        .lab = lab,
        .keep_list = true,
        .interval_ns = face->config->interval_ns,
        .watches_max = (size_t)face->config->keep_connected,
        .timeout_ns = PROBE_TIMEOUT_S * NS_PER_SEC,
        .grade = cmd_grade(face->config),
        .limits = cmd_limits(face->config),
        .aws = face->aws,
        .log_least = LOG_DEBUG, /* for the log pane; nothing in it is written per packet */
    };
    int status = EXIT_DONE;
    /* A lab's workspaces are new in every run: there is nothing to be kept of them. */
    bool keeps = !lab && favourites_folder(folder, sizeof folder);
    look_of(face->config, keeps ? folder : NULL, &look);
    look.target = face->options->target;
    if (tui_new(&look, box, &tui, &why) != NET_OK) {
        out_error(why.text);
        status = cmd_status(&why);
    } else if (start_core(&core, box, tui, &thread, &why) != NET_OK) {
        tui_free(tui);
        tui = NULL;
        out_error(why.text);
        status = cmd_status(&why);
    } else {
        status = tui_run(tui, send_command, thread);
        core_thread_stop(thread); /* wakes the screen's loop until it is gone: free that after it */
    }
    tui_free(tui);
    snapshot_box_free(box);
    return status;
}

static void send_nowhere(void *owner, const struct command *command)
{
    (void)owner;
    (void)command;
}

/* As it was on the screen: perhaps without the deployment's name. */
static void say_refused(const struct failure *refused, bool masked)
{
    char text[sizeof refused->text];
    text_copy(text, sizeof text, refused->text);
    if (masked) {
        struct masker *masker = masker_new();
        masker_text(masker, refused->text, text, sizeof text);
        masker_free(masker);
    }
    out_error(text);
}

/* What the user would have in place of a deployment. */
enum wish { WISH_NONE, WISH_LAB, WISH_AGAIN };

/* Without credentials: what to set, and the lab. On a terminal it is a screen; else two lines. */
static int show_welcome(const struct face *face, const struct failure *refused, enum wish *wish)
{
    struct tui_options look;
    struct snapshot_box *box = snapshot_box_new();
    struct tui *tui = NULL;
    struct failure why;
    look_of(face->config, NULL, &look);
    look.welcome = refused->text;
    look.said = *wish == WISH_AGAIN ? "looked again: there are none yet" : "";
    *wish = WISH_NONE;
    int status = EXIT_REFUSED;
    bool masked = false;
    if (tui_new(&look, box, &tui, &why) == NET_OK) {
        int ended = tui_run(tui, send_nowhere, NULL);
        *wish = tui_wants_lab(tui) ? WISH_LAB : tui_wants_again(tui) ? WISH_AGAIN : WISH_NONE;
        masked = tui_is_masked(tui);
        status = ended == EXIT_DONE ? EXIT_REFUSED : ended;
    }
    tui_free(tui);
    snapshot_box_free(box);
    if (*wish == WISH_NONE && status == EXIT_REFUSED) {
        say_refused(refused, masked);
        (void)fputs("With no deployment at hand, `derptop --lab` starts one on this machine.\n",
                    stderr);
    }
    return status;
}

static int run_lab(const struct face *face)
{
    struct settings settings = {0};
    struct lab_run lab = {0};
    int status = start_lab(&lab, face->options, &settings);
    if (status == EXIT_DONE) {
        status = run_screen(face, &settings, true);
        settings_clear(&settings);
    }
    stop_lab(&lab);
    return status;
}

/* The deployment's screen; without credentials what to do about it, or the lab's. */
static int run_deployment(const struct face *face)
{
    enum wish wish = WISH_NONE;
    int status = EXIT_DONE;
    do {
        struct settings settings = {0};
        struct failure why = {.code = NET_OK};
        status = cmd_settings_quiet(face->options, &settings, &why);
        if (status == EXIT_REFUSED) {
            status = show_welcome(face, &why, &wish);
        } else if (status == EXIT_DONE) {
            wish = WISH_NONE;
            status = run_screen(face, &settings, false);
            settings_clear(&settings);
        } else {
            wish = WISH_NONE;
            out_error(why.text);
        }
    } while (wish == WISH_AGAIN);
    return wish == WISH_LAB ? run_lab(face) : status;
}

int cmd_monitor(const struct options *options)
{
    struct config config;
    struct aws_source aws;
    int status = cmd_config(options, &config);
    if (status == EXIT_DONE) {
        status = aws_source_load(&aws, options->aws_ranges);
    }
    if (status == EXIT_DONE) {
        const struct face face = {options, &config, &aws.ranges};
        status = options->lab ? run_lab(&face) : run_deployment(&face);
        aws_source_clear(&aws);
    }
    return status;
}
