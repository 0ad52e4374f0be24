#include "net/monitor/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/base/mem.h"
#include "tests/support/path_rig.h"

#include <cmocka.h>

struct fixture {
    struct path_rig rig;
    struct watch *watch;
};

static int set_up(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    path_rig_open(&f->rig, 1, NS_PER_SEC);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    watch_free(f->watch);
    path_rig_close(&f->rig);
    free(f);
    return 0;
}

/* A probe a second, lost after one. */
static void start(struct fixture *f, uint64_t beats_max, bool count_unsent)
{
    const struct uuid id = {{1}};
    f->watch = watch_new(&(struct watch_config){.interval_ns = NS_PER_SEC,
                                                .timeout_ns = NS_PER_SEC,
                                                .beats_max = beats_max,
                                                .count_unsent = count_unsent,
                                                .path = f->rig.path},
                         &id, &id, f->rig.now);
}

static const struct snapshot_sample *sample(const struct fixture *f, uint64_t n)
{
    assert_true(n < f->watch->beats);
    return &f->watch->samples[n % SNAPSHOT_SAMPLES_MAX];
}

static void tell(struct fixture *f, enum tailnet_peer_kind kind, int32_t region)
{
    static struct tailnet_peer_update update;
    update = (struct tailnet_peer_update){.kind = kind, .has_node = kind == TAILNET_PEER_NODE};
    update.node.preferred_derp = region;
    update.node.disco = f->rig.their_public;
    watch_peer_update(f->watch, f->rig.now, &update);
}

/* The agent is there, and can be reached by its relay. */
static void connect_agent(struct fixture *f)
{
    tell(f, TAILNET_PEER_NODE, RIG_REGION);
    path_rig_tell_node(&f->rig, "");
    watch_set_reachable(f->watch, true);
}

/* What the path has said since the last time reaches the watch. */
static void pass_events(struct fixture *f)
{
    for (size_t i = 0; i < f->rig.event_count; i++) {
        (void)watch_tick(f->watch, f->rig.now);
        watch_event(f->watch, f->rig.now, (struct wall_time){0}, &f->rig.events[i]);
    }
}

static void wait_ms(struct fixture *f, uint64_t ms)
{
    path_rig_wait_ms(&f->rig, ms);
    pass_events(f);
    (void)watch_tick(f->watch, f->rig.now);
    path_rig_pump(&f->rig);
    pass_events(f);
}

/* The agent answers the last probe, `ns` after it was sent. */
static void answer_after(struct fixture *f, uint64_t ns)
{
    const struct rig_packet *found = path_rig_find(&f->rig, DISCO_PING, NULL);
    assert_non_null(found);
    struct rig_packet ping = *found;
    f->rig.now += ns;
    assert_int_equal(path_rig_pong(&f->rig, &ping), NET_OK);
    path_rig_pump(&f->rig);
    pass_events(f);
}

static void test_before_there_is_a_way_nothing_is_counted(void **state)
{
    struct fixture *f = *state;
    start(f, 0, false);
    wait_ms(f, 5000);
    tell(f, TAILNET_PEER_NODE, RIG_REGION); /* known, but its relay is not open */
    wait_ms(f, 5000);
    assert_int_equal(f->watch->beats, 0);
    assert_int_equal(watch_deadline(f->watch), MONO_NEVER);
    connect_agent(f);
    assert_true(watch_deadline(f->watch) <= f->rig.now);
    wait_ms(f, 0);
    assert_int_equal(f->watch->beats, 1);
}

static void test_an_agent_without_a_home_is_not_there_yet(void **state)
{
    struct fixture *f = *state;
    start(f, 0, false);
    watch_set_reachable(f->watch, true);
    tell(f, TAILNET_PEER_NODE, 0);
    assert_false(f->watch->peer_known);
    wait_ms(f, 1000);
    assert_int_equal(f->watch->beats, 0);
}

static void test_attempts_that_are_wanted_are_counted_one_after_the_other(void **state)
{
    struct fixture *f = *state;
    start(f, 3, true);
    for (unsigned i = 0; i < 40; i++) {
        wait_ms(f, 100);
    }
    assert_int_equal(f->watch->beats, 3);
    assert_int_equal(f->watch->run.lost, 3);
    assert_int_equal(sample(f, 2)->state, SAMPLE_LOST);
    assert_true(sample(f, 1)->sent_at - sample(f, 0)->sent_at >= NS_PER_SEC);
    assert_true(watch_done(f->watch));
    assert_int_equal(watch_deadline(f->watch), MONO_NEVER);
}

static void test_the_first_probe_goes_as_soon_as_there_is_a_way(void **state)
{
    struct fixture *f = *state;
    start(f, 1, true);
    wait_ms(f, 0);
    wait_ms(f, 700);
    assert_null(path_rig_find(&f->rig, DISCO_PING, NULL));
    connect_agent(f);
    wait_ms(f, 0);
    answer_after(f, 10 * NS_PER_MS);
    assert_int_equal(sample(f, 0)->state, SAMPLE_PONG);
    assert_int_equal(sample(f, 0)->rtt_us, 10000);
    assert_true(watch_done(f->watch));
}

static void test_once_connected_a_probe_without_a_way_is_lost_and_not_sent_late(void **state)
{
    struct fixture *f = *state;
    start(f, 0, false);
    connect_agent(f);
    wait_ms(f, 0);
    answer_after(f, NS_PER_MS);
    watch_set_reachable(f->watch, false);
    wait_ms(f, 1000);
    assert_int_equal(f->watch->beats, 2);
    watch_set_reachable(f->watch, true);
    wait_ms(f, 500);
    assert_null(path_rig_find(&f->rig, DISCO_PING, NULL));
    wait_ms(f, 500);
    assert_int_equal(sample(f, 1)->state, SAMPLE_LOST);
    assert_int_equal(sample(f, 1)->path, PATH_DERP); /* that was in use */
    assert_int_equal(f->watch->run_by_way[0].lost, 1);
    assert_int_equal(f->watch->run_by_way[1].lost, 0);
    assert_int_equal(f->watch->beats, 3);
    assert_int_equal(f->watch->silence_ns, 0);
    answer_after(f, NS_PER_MS);
    assert_int_equal(sample(f, 2)->state, SAMPLE_PONG);
    assert_int_equal(f->watch->silence_ns, NS_PER_SEC + NS_PER_MS); /* from the lost one on */
    assert_int_equal(f->watch->silence_at, sample(f, 1)->sent_at);
}

static void test_a_figure_is_the_same_in_its_pong_and_in_the_summary(void **state)
{
    struct fixture *f = *state;
    struct latency_figures figures;
    start(f, 0, false);
    connect_agent(f);
    wait_ms(f, 0);
    answer_after(f, 3004500); /* ns: the text has two decimals of a ms, JSON three */
    latency_run_figures(&f->watch->run, &figures);
    assert_int_equal(sample(f, 0)->rtt_us, 3005);
    assert_int_equal(figures.max_ns, 3005000);
    assert_int_equal(figures.last_ns, 3005000);
    latency_run_figures(&f->watch->run_by_way[0], &figures);
    assert_int_equal(figures.min_ns, 3005000);
}

static void test_an_answer_at_once_is_not_taken_for_none(void **state)
{
    struct fixture *f = *state;
    start(f, 0, false);
    connect_agent(f);
    wait_ms(f, 0);
    answer_after(f, 0);
    assert_int_equal(sample(f, 0)->state, SAMPLE_PONG);
    assert_int_equal(sample(f, 0)->rtt_us, 1);
}

static void test_nothing_is_probed_while_paused(void **state)
{
    struct fixture *f = *state;
    start(f, 0, false);
    connect_agent(f);
    wait_ms(f, 0);
    answer_after(f, NS_PER_MS);
    watch_set_paused(f->watch, f->rig.now, true);
    wait_ms(f, 10000);
    assert_int_equal(f->watch->beats, 1);
    watch_set_paused(f->watch, f->rig.now, false);
    wait_ms(f, 0);
    assert_int_equal(f->watch->beats, 2);
}

static void test_after_sleep_there_is_one_probe_and_not_one_for_each_second_missed(void **state)
{
    struct fixture *f = *state;
    start(f, 0, false);
    connect_agent(f);
    wait_ms(f, 0);
    answer_after(f, NS_PER_MS);
    f->rig.now += 3600 * NS_PER_SEC;
    (void)watch_tick(f->watch, f->rig.now);
    assert_int_equal(f->watch->beats, 2);
}

static void test_what_the_coordinator_says_of_an_agent(void **state)
{
    struct fixture *f = *state;
    start(f, 0, false);
    connect_agent(f);
    tell(f, TAILNET_PEER_READY_FOR_HANDSHAKE, 0);
    assert_true(f->watch->peer_ready);
    tell(f, TAILNET_PEER_LOST, 0);
    assert_true(f->watch->peer_lost);
    assert_true(f->watch->peer_known); /* its path may still work */
    path_rig_restart_peer(&f->rig);
    tell(f, TAILNET_PEER_NODE, RIG_REGION);
    assert_false(f->watch->peer_lost);
    assert_false(f->watch->peer_ready); /* another process, which does not know us yet */
    tell(f, TAILNET_PEER_DISCONNECTED, 0);
    assert_false(f->watch->peer_known);
    assert_true(f->watch->peer_left);
}

static void test_the_last_changes_of_the_path_are_kept(void **state)
{
    struct fixture *f = *state;
    start(f, 0, false);
    for (uint64_t i = 0; i < WATCH_CHANGES + 3; i++) {
        const struct path_event event = {.kind = PATH_EVENT_CHANGED, .at = i};
        watch_event(f->watch, f->rig.now, (struct wall_time){0}, &event);
    }
    assert_int_equal(f->watch->change_count, WATCH_CHANGES + 3);
    assert_int_equal(f->watch->changes[2].at, WATCH_CHANGES + 2);
    assert_int_equal(f->watch->changes[3].at, 3);
}

/* A computer that slept for an hour has lost no probe, and no pong took an hour. */
static void test_what_was_under_way_in_a_gap_counts_for_nothing(void **state)
{
    struct fixture *f = *state;
    start(f, 0, false);
    connect_agent(f);
    wait_ms(f, 100);
    answer_after(f, 5 * NS_PER_MS);
    wait_ms(f, 1000);
    assert_int_equal(f->watch->beats, 2);
    assert_int_equal(sample(f, 1)->state, SAMPLE_PENDING);
    f->rig.now += 3600 * NS_PER_SEC;
    watch_gap(f->watch, f->rig.now);
    assert_int_equal(sample(f, 1)->state, SAMPLE_VOID);
    assert_int_equal(f->watch->outage.unanswered, 0);
    assert_int_equal(f->watch->run.sent, 1);
    assert_int_equal(f->watch->run.lost, 0);
    const struct rig_packet *ping = path_rig_find(&f->rig, DISCO_PING, NULL);
    assert_non_null(ping);
    (void)!path_rig_pong(&f->rig, ping); /* that comes now is too late */
    pass_events(f);
    (void)watch_tick(f->watch, f->rig.now);
    assert_int_equal(f->watch->run.answered, 1);
    assert_int_equal(f->watch->run.max_ns, 5 * NS_PER_MS);
    assert_int_equal(f->watch->beats, 3); /* and the next is under way */
    assert_int_equal(sample(f, 2)->state, SAMPLE_PENDING);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_before_there_is_a_way_nothing_is_counted),
        CASE(test_an_agent_without_a_home_is_not_there_yet),
        CASE(test_attempts_that_are_wanted_are_counted_one_after_the_other),
        CASE(test_the_first_probe_goes_as_soon_as_there_is_a_way),
        CASE(test_once_connected_a_probe_without_a_way_is_lost_and_not_sent_late),
        CASE(test_a_figure_is_the_same_in_its_pong_and_in_the_summary),
        CASE(test_an_answer_at_once_is_not_taken_for_none),
        CASE(test_nothing_is_probed_while_paused),
        CASE(test_after_sleep_there_is_one_probe_and_not_one_for_each_second_missed),
        CASE(test_what_the_coordinator_says_of_an_agent),
        CASE(test_the_last_changes_of_the_path_are_kept),
        CASE(test_what_was_under_way_in_a_gap_counts_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
