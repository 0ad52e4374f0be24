/*
 * `derptop replay`: the same screen over a recording, at any speed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/cmd.h"
#include "src/look.h"
#include "src/out.h"
#include "src/recording_file.h"
#include "src/replay.h"
#include "src/tui_uv.h"

enum {
    TICK_MS = 1000,     /* ages count once a second of the recording, */
    TICK_LEAST_MS = 50, /* but no more often than that */
    STATES_A_TURN = 2000,
    NAME_MAX_COLUMNS = 24,
};

struct player {
    const char *name; /* of the file, without its folder */
    struct recording_file *file;
    struct replay clock;
    struct snapshot_box *box;
    struct tui *tui;
    uv_timer_t timer;
};

/* --- the screen ------------------------------------------------------------------------------- */

static void publish(struct player *player, mono_ns now)
{
    char speed[REPLAY_TEXT_SIZE];
    uint64_t position = replay_position(&player->clock, now);
    const struct failure *failure = recording_file_failure(player->file);
    struct snapshot *draft = snapshot_box_draft(player->box);
    memcpy(draft, recording_file_at(player->file, position), sizeof *draft);
    replay_text(&player->clock, speed);
    text_format(draft->replay, sizeof draft->replay, "%.*s %s", NAME_MAX_COLUMNS, player->name,
                speed);
    if (failure->code != NET_OK) {
        text_copy(draft->notice, sizeof draft->notice, failure->text);
    }
    snapshot_box_publish(player->box);
    tui_wake(player->tui);
}

static uint64_t tick_ms(const struct replay *clock)
{
    uint64_t ms = (uint64_t)TICK_MS * REPLAY_SPEED_ONE / clock->speed;
    return ms < TICK_LEAST_MS ? TICK_LEAST_MS : ms > TICK_MS ? TICK_MS : ms;
}

static void on_timer(uv_timer_t *timer);

/* Shows what stands now, and comes back when there is more. */
static void play(struct player *player)
{
    mono_ns now = mono_now();
    uint64_t position = replay_position(&player->clock, now);
    uint64_t next = 0;
    bool more = recording_file_next(player->file, &next);
    for (int i = 0; i < STATES_A_TURN && more && next <= position; i++) {
        recording_file_advance(player->file);
        more = recording_file_next(player->file, &next);
    }
    if (!more && !player->clock.ended) {
        replay_end(&player->clock, now, recording_file_due(player->file));
    }
    publish(player, now);
    mono_ns due = more ? replay_when(&player->clock, now, next) : MONO_NEVER;
    if (due == MONO_NEVER) {
        (void)uv_timer_stop(&player->timer);
        return;
    }
    uint64_t wait = mono_until(now, due) / NS_PER_MS + 1;
    uint64_t tick = tick_ms(&player->clock);
    (void)uv_timer_start(&player->timer, on_timer, wait < tick ? wait : tick, 0);
}

static void on_timer(uv_timer_t *timer)
{
    play(timer->data);
}

/* From the beginning; goes on, or stays there if it stood still. */
static void begin_anew(struct player *player, mono_ns now)
{
    if (recording_file_begin(player->file)) {
        replay_seek(&player->clock, now, 0, false);
    }
}

/* At the end, the key that pauses begins anew. */
static void pause_or_restart(struct player *player, mono_ns now)
{
    if (!player->clock.ended) {
        replay_pause(&player->clock, now);
    } else {
        player->clock.paused = false;
        begin_anew(player, now);
    }
}

static void step_back(struct player *player, mono_ns now)
{
    recording_file_back(player->file, recording_file_due(player->file));
    replay_seek(&player->clock, now, recording_file_due(player->file), true);
}

static void on_command(void *owner, const struct command *command)
{
    struct player *player = owner;
    mono_ns now = mono_now();
    uint64_t next = 0;
    switch ((int)command->kind) {
    case COMMAND_PAUSE:
        pause_or_restart(player, now);
        break;
    case COMMAND_SLOWER:
        replay_slower(&player->clock, now);
        break;
    case COMMAND_FASTER:
        replay_faster(&player->clock, now);
        break;
    case COMMAND_STEP:
        if (recording_file_next(player->file, &next)) {
            replay_step(&player->clock, now, next);
        }
        break;
    case COMMAND_STEP_BACK:
        step_back(player, now);
        break;
    case COMMAND_REWIND:
        begin_anew(player, now);
        break;
    default: /* what is gone cannot be asked for anything else */
        return;
    }
    play(player);
}

static int run(struct player *player, const struct config *config)
{
    struct tui_options look;
    struct failure why;
    look_of(config, NULL, &look);
    if (tui_new(&look, player->box, &player->tui, &why) != NET_OK) {
        out_error(why.text);
        return cmd_status(&why);
    }
    (void)uv_timer_init(tui_loop(player->tui), &player->timer);
    player->timer.data = player;
    play(player);
    int status = tui_run(player->tui, on_command, player);
    uv_close((uv_handle_t *)&player->timer, NULL);
    tui_free(player->tui);
    const struct failure *failure = recording_file_failure(player->file);
    if (status == EXIT_DONE && failure->code != NET_OK) {
        out_error(failure->text);
        return EXIT_FAILED;
    }
    return status;
}

static int open_and_run(struct player *player, const char *path, const struct config *config)
{
    char text[CONFIG_PATH];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        text_format(text, sizeof text, "%s cannot be read", path);
        out_error(text);
        return EXIT_FAILED;
    }
    int status = EXIT_FAILED;
    player->file = recording_file_new(file);
    if (recording_file_begin(player->file)) {
        status = run(player, config);
    } else {
        const struct failure *failure = recording_file_failure(player->file);
        text_format(text, sizeof text, "%s: %s", path,
                    failure->code != NET_OK ? failure->text : "holds nothing to show");
        out_error(text);
    }
    recording_file_free(player->file);
    (void)fclose(file);
    return status;
}

int cmd_replay(const struct options *options)
{
    struct config config;
    unsigned speed = REPLAY_SPEED_ONE;
    int status = cmd_config(options, &config);
    if (status != EXIT_DONE) {
        return status;
    }
    if (options->speed != NULL && !replay_parse_speed(options->speed, &speed)) {
        out_error("--speed wants a number from 0.25 to 1024, in quarters");
        return EXIT_USAGE;
    }
    struct player *player = mem_new(sizeof *player);
    const char *slash = strrchr(options->target, '/');
    player->name = slash == NULL ? options->target : slash + 1;
    player->box = snapshot_box_new();
    replay_init(&player->clock, mono_now(), speed);
    status = open_and_run(player, options->target, &config);
    snapshot_box_free(player->box);
    free(player);
    return status;
}
