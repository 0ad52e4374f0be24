/*
 * The speed test of the monitor: what it waits for, the run itself, what it did to the latency, and
 * what is remembered of those before. The pings go on by themselves; their figures are read from
 * the watch.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "net/monitor/core_internal.h"
#include "net/probe/speedtest_run_uv.h"
#include "net/tunnel/stack_tcp.h"

enum {
    USUAL_SECONDS = 5,
    WAIT_SECONDS = 30, /* for the tunnel, or for a direct path */
    REST_PONGS = 3,    /* wanted before a test, to know the latency at rest */
    REST_PONGS_MOST = 10,
    REST_WINDOW_S = 60,
    REST_AFTER_TEST_MS = 1000, /* queues drain */
    SHORT_PERCENT = 90,
};

/* --- what the pings say -----------------------------------------------------------------------
 */

static const struct snapshot_sample *sample_at(const struct watch *watch, uint64_t number)
{
    return &watch->samples[number % SNAPSHOT_SAMPLES_MAX];
}

static uint64_t oldest_sample(const struct watch *watch)
{
    return watch->beats > SNAPSHOT_SAMPLES_MAX ? watch->beats - SNAPSHOT_SAMPLES_MAX : 0;
}

static uint64_t median_of(uint64_t *values, size_t count)
{
    struct latency_figures figures;
    latency_window_figures(values, count, &figures);
    return figures.p50_ns;
}

/* When the last test of any agent was over and its queues empty. */
static mono_ns rest_since(const struct core_speed *speed)
{
    if (speed->history_count == 0) {
        return 0;
    }
    const struct snapshot_speed_run *last = &speed->history[speed->history_count - 1];
    return mono_after(last->ended_at, REST_AFTER_TEST_MS * NS_PER_MS);
}

/* The last pongs by the path in use, before anything moved. */
static size_t rest_values(const struct core *core, const struct watch *watch, mono_ns now,
                          uint64_t values[REST_PONGS_MOST])
{
    enum path_kind path = core_path_kind(watch);
    mono_ns since = rest_since(&core->speed);
    size_t count = 0;
    for (uint64_t n = watch->beats; n > oldest_sample(watch) && count < REST_PONGS_MOST; n--) {
        const struct snapshot_sample *sample = sample_at(watch, n - 1);
        if (sample->sent_at < since ||
            mono_since(now, sample->sent_at) > REST_WINDOW_S * NS_PER_SEC) {
            break;
        }
        if (sample->state == SAMPLE_PONG && sample->path == path) {
            values[count++] = (uint64_t)sample->rtt_us * NS_PER_US;
        }
    }
    return count;
}

/* The pings that were sent while bytes moved; some of them end after the test. */
static void look_at_load(const struct watch *watch, struct snapshot_speed_run *run)
{
    static uint64_t values[SNAPSHOT_SAMPLES_MAX]; /* only the core's thread comes here */
    size_t count = 0;
    run->load_lost = 0;
    for (uint64_t n = watch->beats; n > oldest_sample(watch); n--) {
        const struct snapshot_sample *sample = sample_at(watch, n - 1);
        if (sample->sent_at < run->started_at) {
            break;
        }
        if (run->ended_at != 0 && sample->sent_at > run->ended_at) {
            continue;
        }
        if (sample->state == SAMPLE_PONG) {
            values[count++] = (uint64_t)sample->rtt_us * NS_PER_US;
        } else if (sample->state == SAMPLE_LOST) {
            run->load_lost++;
        }
    }
    run->load_count = count;
    run->load_ns = median_of(values, count);
}

/* --- ends -------------------------------------------------------------------------------------
 */

bool core_speed_is_busy(const struct core_speed *speed)
{
    return speed->now.state == SPEED_WAITING || speed->now.state == SPEED_CONNECTING ||
           speed->now.state == SPEED_RUNNING;
}

static void remember(struct core_speed *speed)
{
    if (speed->history_count == SNAPSHOT_RUNS_MAX) {
        memmove(speed->history, speed->history + 1,
                (SNAPSHOT_RUNS_MAX - 1) * sizeof *speed->history);
        speed->history_count--;
    }
    speed->history[speed->history_count++] = speed->now;
}

static void tell(struct core *core)
{
    const struct snapshot_speed_run *run = &core->speed.now;
    const char *direction = run->up ? "upload" : "download";
    if (run->state == SPEED_FAILED) {
        core_event(core, "speed test failed: %s", run->failure);
    } else if (run->started_at == 0) {
        core_event(core, "speed test given up");
    } else {
        core_event(core, "speed test: %s of %.1f s by %s %s: %.1f Mbit/s", direction,
                   (double)run->elapsed_ns / 1e9, run->path == PATH_DIRECT ? "direct" : "DERP",
                   run->path_text, (double)run->rate / 1e6);
    }
}

static void end(struct core *core, enum speed_state state, const char *failure)
{
    struct core_speed *speed = &core->speed;
    speed->now.state = state;
    speed->waits_for[0] = '\0';
    text_copy(speed->now.failure, sizeof speed->now.failure, failure);
    if (speed->run != NULL) {
        speedtest_run_close(speed->run);
        speed->run = NULL;
    }
    if (state != SPEED_STOPPED || speed->now.started_at != 0) {
        speed->now.ended_at = mono_now();
        remember(speed);
    }
    tell(core);
    core_dirty(core);
}

/* --- the run ----------------------------------------------------------------------------------
 */

static void take_path(const struct core *core, const struct watch *watch,
                      struct snapshot_speed_run *run)
{
    struct path_status status;
    peer_path_status(watch->config.path, &status);
    run->path = core_fill_route(core, &status.now, run->path_text);
    const struct derp_region *region =
        status.now.direct ? NULL : derp_map_find(&core->map, status.now.region);
    text_copy(run->path_code, sizeof run->path_code, region == NULL ? "" : region->code);
}

static void note(struct snapshot_speed_run *run, const struct speedtest_client *client)
{
    struct speedtest_row unused;
    const char *text = "";
    char early[SNAPSHOT_TEXT];
    if (client->cut) {
        text = run->up ? "not all was acknowledged in time: it was ended from here"
                       : "the agent went on after the time was up: it was ended from here";
    } else if (!client->stopped && client->state == SPEEDTEST_DONE &&
               run->elapsed_ns < run->duration_ns / 100 * SHORT_PERCENT) {
        text_format(early, sizeof early, "the agent ended it after %.1f s",
                    (double)run->elapsed_ns / 1e9);
        text = early;
    } else if (run->bytes > 0 && !speedtest_meter_whole(&client->meter, &unused)) {
        text = "less than one block of 2 MiB came through";
    }
    text_copy(run->note, sizeof run->note, text);
}

/* What the agent sent, and what of it arrived, since the test began. */
static void count_packets(struct core_speed *speed, const struct watch *watch)
{
    struct wg_status status;
    if (!tunnel_peer_status(watch->config.peer, &status) ||
        status.counted < speed->counted_before) { /* it restarted: counted anew */
        return;
    }
    uint64_t arrived = status.arrived - speed->arrived_before;
    speed->now.packets = status.counted - speed->counted_before;
    speed->now.missing = speed->now.packets > arrived ? speed->now.packets - arrived : 0;
}

static void take_figures(struct core_speed *speed, const struct speedtest_client *client)
{
    struct speedtest_row total = speedtest_meter_total(&client->meter);
    struct snapshot_speed_run *run = &speed->now;
    run->bytes = total.bytes;
    run->elapsed_ns = total.end_ns;
    run->rate = speedtest_rate(total.bytes, total.end_ns);
    run->retransmits = tcp_retransmits() - speed->retransmits_before;
    speed->meter = client->meter;
}

static void on_changed(void *owner)
{
    struct core *core = owner;
    struct core_speed *speed = &core->speed;
    const struct speedtest_client *client = speedtest_run_client(speed->run);
    const struct watch *watch = core_find_watch(core, &speed->now.agent);
    bool flows = client->source.until != MONO_NEVER;
    if (flows && speed->now.started_at == 0) {
        speed->now.state = SPEED_RUNNING;
        speed->now.started_at = client->meter.start;
        speed->now.when = wall_now();
        take_path(core, watch, &speed->now);
    }
    if (flows) {
        take_figures(speed, client);
        count_packets(speed, watch);
        look_at_load(watch, &speed->now);
    }
    if (speedtest_client_is_over(client)) {
        note(&speed->now, client);
        enum speed_state state = client->state == SPEEDTEST_FAILED ? SPEED_FAILED
                                 : client->stopped                 ? SPEED_STOPPED
                                                                   : SPEED_DONE;
        char failure[SNAPSHOT_TEXT];
        text_copy(failure, sizeof failure, client->failure.text);
        end(core, state, failure);
    }
    core_dirty(core);
}

static void connect_now(struct core *core, struct watch *watch)
{
    struct core_speed *speed = &core->speed;
    uint64_t values[REST_PONGS_MOST];
    size_t count = rest_values(core, watch, mono_now(), values);
    const struct speedtest_run_config config = {
        .loop = core->loop,
        .tunnel = core->tunnel,
        .peer = watch->config.peer,
        .rng = core->rng,
        .direction = speed->now.up ? SPEEDTEST_UP : SPEEDTEST_DOWN,
        .duration_ns = speed->now.duration_ns,
    };
    speed->now.state = SPEED_CONNECTING;
    speed->now.rest_count = count;
    speed->now.rest_ns = median_of(values, count);
    speed->waits_for[0] = '\0';
    speed->retransmits_before = tcp_retransmits();
    struct wg_status status = {0};
    (void)tunnel_peer_status(watch->config.peer, &status);
    speed->counted_before = status.counted;
    speed->arrived_before = status.arrived;
    take_path(core, watch, &speed->now);
    speed->run = speedtest_run_new(&config, on_changed, core);
    core_dirty(core);
}

/* --- what it waits for ------------------------------------------------------------------------
 */

static bool has_handshake(const struct watch *watch)
{
    struct wg_status status;
    return tunnel_peer_status(watch->config.peer, &status) && status.handshakes > 0;
}

/* What is missing, as text; "" when nothing is. */
static void missing(const struct core *core, const struct watch *watch, char out[SNAPSHOT_TEXT])
{
    struct snapshot_speed_run path = {0};
    out[0] = '\0';
    if (watch == NULL || !watch->peer_known) {
        text_copy(out, SNAPSHOT_TEXT, "a node of the agent");
    } else if (watch->first_pong_at == 0) {
        text_copy(out, SNAPSHOT_TEXT, "a pong of the agent");
    } else if (!has_handshake(watch)) {
        text_copy(out, SNAPSHOT_TEXT, "a WireGuard handshake");
    } else if (core->speed.want_direct && core_path_kind(watch) != PATH_DIRECT) {
        take_path(core, watch, &path);
        text_format(out, SNAPSHOT_TEXT, "a direct path (now relayed by %s)", path.path_text);
    }
}

/* The latency at rest takes some pongs: with a path that is new they come now. */
static bool wants_pongs(struct core *core, const struct watch *watch, mono_ns now)
{
    struct core_speed *speed = &core->speed;
    uint64_t values[REST_PONGS_MOST];
    if (speed->rest_until == 0) {
        mono_ns from = now > rest_since(speed) ? now : rest_since(speed);
        speed->rest_until = mono_after(from, (REST_PONGS + 1) * core->options.interval_ns);
    }
    return !watch->paused && now < speed->rest_until && !watch_done(watch) &&
           rest_values(core, watch, now, values) < REST_PONGS;
}

static void give_up(struct core *core)
{
    char text[SNAPSHOT_TEXT];
    const char *what = core->speed.waits_for;
    text_format(text, sizeof text, "after %d s there is still no %s", WAIT_SECONDS,
                strncmp(what, "a ", 2) == 0 ? what + 2 : what);
    end(core, SPEED_FAILED, text);
}

mono_ns core_speed_look(struct core *core, mono_ns now)
{
    struct core_speed *speed = &core->speed;
    struct watch *watch = core_find_watch(core, &speed->now.agent);
    char text[SNAPSHOT_TEXT];
    if (speed->now.ended_at != 0 && watch != NULL && speed->now.started_at != 0 &&
        mono_since(now, speed->now.ended_at) <= 2 * core->options.timeout_ns) {
        look_at_load(watch, &speed->now); /* those that were on their way when it ended */
        speed->history[speed->history_count - 1] = speed->now;
    }
    if (speed->now.state != SPEED_WAITING) {
        return MONO_NEVER;
    }
    missing(core, watch, text);
    if (watch != NULL && text[0] == '\0') {
        if (wants_pongs(core, watch, now)) {
            text_copy(speed->waits_for, sizeof speed->waits_for, "pings at rest");
            return speed->rest_until;
        }
        connect_now(core, watch);
        return MONO_NEVER;
    }
    if (strcmp(text, speed->waits_for) != 0) {
        text_copy(speed->waits_for, sizeof speed->waits_for, text);
        core_dirty(core);
    }
    speed->rest_until = 0;
    if (now >= speed->waits_until) {
        give_up(core);
        return MONO_NEVER;
    }
    return speed->waits_until;
}

void core_speed_event(struct core *core, const struct watch *watch, const struct path_event *event)
{
    struct core_speed *speed = &core->speed;
    if (!core_speed_is_busy(speed) || !uuid_equal(&watch->agent, &speed->now.agent)) {
        return;
    }
    if (event->kind == PATH_EVENT_CHANGED && speed->now.state == SPEED_RUNNING) {
        speed->now.path_changed = true;
        (void)core_fill_route(core, &event->to, speed->now.path_changed_to);
    } else if (speed->now.state == SPEED_WAITING) {
        core_tick_soon(core);
    }
}

/* --- commands ---------------------------------------------------------------------------------
 */

static void agent_title(const struct core *core, char *out, size_t size)
{
    const struct deployment_workspace *workspace = NULL;
    const struct deployment_agent *agent = NULL;
    if (core_find_row(core, &core->selected, &workspace, &agent) && agent != NULL) {
        char text[SNAPSHOT_NAME * 2];
        text_format(text, sizeof text, "%s · %s", workspace->name, agent->name);
        (void)text_clean(out, size, bytes_text(text));
    }
}

void core_speed_start(struct core *core, const struct command *command)
{
    struct core_speed *speed = &core->speed;
    mono_ns now = mono_now();
    uint64_t most = SPEEDTEST_SECONDS_MAX * NS_PER_SEC;
    uint64_t wanted = command->duration_ns == 0 ? USUAL_SECONDS * NS_PER_SEC : command->duration_ns;
    if (core_speed_is_busy(speed)) {
        core_event(core, "a speed test is under way already");
        return;
    }
    speed->now = (struct snapshot_speed_run){.number = ++speed->count,
                                             .state = SPEED_WAITING,
                                             .up = command->up,
                                             .agent = core->selected,
                                             .when = wall_now(),
                                             .asked_at = now,
                                             .duration_ns = wanted < most ? wanted : most};
    agent_title(core, speed->now.title, sizeof speed->now.title);
    speed->want_direct = command->direct;
    speed->waits_until = mono_after(now, WAIT_SECONDS * NS_PER_SEC);
    speed->rest_until = 0;
    speedtest_meter_init(&speed->meter, now);
    if (core_selected_watch(core) == NULL) {
        end(core, SPEED_FAILED, "no agent is selected that could be tested");
    } else if (command->direct && core->options.settings->disable_direct) {
        end(core, SPEED_FAILED, "direct connections are disabled here");
    } else if (command->direct && core->direct_disabled_deployment) {
        end(core, SPEED_FAILED, "direct connections are disabled by the deployment");
    }
}

void core_speed_stop(struct core *core)
{
    struct core_speed *speed = &core->speed;
    if (speed->run != NULL) {
        speedtest_run_stop(speed->run); /* tells when it is over */
    } else if (speed->now.state == SPEED_WAITING) {
        end(core, SPEED_STOPPED, "");
    }
}

void core_speed_forget(struct core *core, const struct watch *watch)
{
    struct core_speed *speed = &core->speed;
    if (core_speed_is_busy(speed) && uuid_equal(&watch->agent, &speed->now.agent)) {
        end(core, SPEED_FAILED, "the agent is not watched any more");
    }
}
