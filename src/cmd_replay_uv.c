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
#include "src/recording_read.h"
#include "src/replay.h"
#include "src/tui_uv.h"

enum {
    TICK_MS = 1000,     /* ages count once a second of the recording, */
    TICK_LEAST_MS = 50, /* but no more often than that */
    STATES_A_TURN = 2000,
    NAME_MAX_COLUMNS = 24,
};

struct player {
    FILE *file;
    const char *name; /* of the file, without its folder */
    char *line;       /* RECORDING_LINE_MAX + 2 */
    struct recording *recording;
    bool loaded; /* a state waits */
    struct replay clock;
    uint64_t last_due; /* of the state that stands */
    struct snapshot_box *box;
    struct tui *tui;
    uv_timer_t timer;
    struct failure failure;
};

/* --- the file --------------------------------------------------------------------------------- */

/* Reads on to the next state. False at the end of what can be read: *failure says why, if that is
 * not how a recording ends. */
static bool load_next(struct player *player)
{
    enum recording_what what = RECORDING_NOTHING;
    player->loaded = false;
    while (what != RECORDING_STATE) {
        if (fgets(player->line, RECORDING_LINE_MAX + 2, player->file) == NULL) {
            return false; /* cut short is no failure: the recorder may have been killed */
        }
        size_t len = strlen(player->line);
        bool whole = len > 0 && player->line[len - 1] == '\n';
        if (!whole && feof(player->file) != 0) {
            return false; /* a line that was not written to its end */
        }
        struct bytes line = {(const uint8_t *)player->line, whole ? len - 1 : len};
        if (recording_load(player->recording, line, &what, &player->failure) != NET_OK ||
            what == RECORDING_END) {
            return false;
        }
    }
    player->loaded = true;
    return true;
}

/* Makes the loaded state the one that stands, and loads the next. */
static void advance(struct player *player)
{
    player->last_due = recording_due(player->recording);
    if (recording_apply(player->recording, &player->failure) != NET_OK) {
        player->loaded = false;
    } else {
        (void)load_next(player);
    }
}

/* From the beginning. False: it holds nothing to show. */
static bool rewind_file(struct player *player)
{
    rewind(player->file);
    recording_free(player->recording);
    player->recording = recording_new();
    player->failure = (struct failure){.code = NET_OK};
    player->last_due = 0;
    return load_next(player);
}

/* --- the screen ------------------------------------------------------------------------------- */

static void publish(struct player *player, mono_ns now)
{
    char speed[REPLAY_TEXT_SIZE];
    uint64_t position = replay_position(&player->clock, now);
    struct snapshot *draft = snapshot_box_draft(player->box);
    memcpy(draft, recording_at(player->recording, position), sizeof *draft);
    replay_text(&player->clock, speed);
    text_format(draft->replay, sizeof draft->replay, "%.*s %s", NAME_MAX_COLUMNS, player->name,
                speed);
    if (player->failure.code != NET_OK) {
        text_copy(draft->notice, sizeof draft->notice, player->failure.text);
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
    for (int i = 0;
         i < STATES_A_TURN && player->loaded && recording_due(player->recording) <= position; i++) {
        advance(player);
    }
    if (!player->loaded && !player->clock.ended) {
        replay_end(&player->clock, now, player->last_due);
    }
    publish(player, now);
    mono_ns due = player->loaded
                      ? replay_when(&player->clock, now, recording_due(player->recording))
                      : MONO_NEVER;
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

/* At the end, the key that pauses begins anew. */
static void pause_or_restart(struct player *player, mono_ns now)
{
    if (!player->clock.ended) {
        replay_pause(&player->clock, now);
    } else if (rewind_file(player)) {
        replay_init(&player->clock, now, player->clock.speed);
    }
}

static void on_command(void *owner, const struct command *command)
{
    struct player *player = owner;
    mono_ns now = mono_now();
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
        if (player->loaded) {
            replay_step(&player->clock, now, recording_due(player->recording));
        }
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
    if (status == EXIT_DONE && player->failure.code != NET_OK) {
        out_error(player->failure.text);
        return EXIT_FAILED;
    }
    return status;
}

static int open_and_run(struct player *player, const char *path, const struct config *config)
{
    char text[CONFIG_PATH];
    player->file = fopen(path, "re");
    if (player->file == NULL) {
        text_format(text, sizeof text, "%s cannot be read", path);
        out_error(text);
        return EXIT_FAILED;
    }
    if (!rewind_file(player)) {
        text_format(text, sizeof text, "%s: %s", path,
                    player->failure.code != NET_OK ? player->failure.text
                                                   : "holds nothing to show");
        out_error(text);
        return EXIT_FAILED;
    }
    return run(player, config);
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
    player->line = mem_new(RECORDING_LINE_MAX + 2);
    player->box = snapshot_box_new();
    replay_init(&player->clock, mono_now(), speed);
    status = open_and_run(player, options->target, &config);
    if (player->file != NULL) {
        (void)fclose(player->file);
    }
    recording_free(player->recording);
    snapshot_box_free(player->box);
    free(player->line);
    free(player);
    return status;
}
