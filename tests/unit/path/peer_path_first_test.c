/* The first pong comes by the first way that works, whatever the order in which things became
 * known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "net/path/peer_path.h"
#include "tests/support/path_rig.h"

#include <cmocka.h>

static const char *const address = "192.0.2.1:5";

static int set_up(void **state)
{
    static struct path_rig rig;
    path_rig_open(&rig, 9, 5 * NS_PER_SEC);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    path_rig_close(*state);
    return 0;
}

static void answer(struct path_rig *rig)
{
    const struct rig_packet *found = path_rig_find(rig, DISCO_PING, address);
    assert_non_null(found);
    struct rig_packet ping = *found;
    rig->now += NS_PER_MS;
    assert_int_equal(path_rig_pong(rig, &ping), NET_OK);
    path_rig_pump(rig);
}

/* The beat of this seq has its pong, by UDP. */
static void has_pong(const struct path_rig *rig, uint64_t seq)
{
    const struct path_event *pong = path_rig_event(rig, PATH_EVENT_PONG);
    assert_non_null(pong);
    assert_int_equal(pong->seq, seq);
    assert_true(pong->route.direct);
    assert_int_equal(pong->rtt_ns, NS_PER_MS);
}

static void test_a_beat_that_comes_before_the_node(void **state)
{
    struct path_rig *rig = *state;
    uint64_t seq = peer_path_beat(rig->path, rig->now);
    path_rig_pump(rig);
    path_rig_tell_node(rig, address);
    path_rig_pump(rig);
    answer(rig);
    has_pong(rig, seq);
}

/* The relay answers nothing: all that there is was asked just before the beat began. */
static void test_a_beat_that_comes_right_after_the_first_volley(void **state)
{
    struct path_rig *rig = *state;
    path_rig_tell_node(rig, address);
    path_rig_pump(rig);
    assert_non_null(path_rig_find(rig, DISCO_PING, address));
    uint64_t seq = peer_path_beat(rig->path, rig->now);
    path_rig_pump(rig);
    answer(rig);
    has_pong(rig, seq);
}

/* Our probes were lost: the peer's NAT lets us in from its own ping on. */
static void test_a_beat_that_waits_when_the_peer_pings_us(void **state)
{
    struct path_rig *rig = *state;
    path_rig_tell_node(rig, "");
    uint64_t seq = peer_path_beat(rig->path, rig->now);
    path_rig_pump(rig);
    assert_int_equal(path_rig_ping_from(rig, address, 1), NET_OK);
    path_rig_pump(rig);
    answer(rig);
    has_pong(rig, seq);
}

static void
test_when_the_first_moments_are_over_candidates_are_not_asked_with_each_beat(void **state)
{
    struct path_rig *rig = *state;
    path_rig_tell_node(rig, address);
    path_rig_wait_ms(rig, 3000);
    size_t asked = 0;
    for (int i = 0; i < 10; i++) {
        (void)peer_path_beat(rig->path, rig->now);
        path_rig_pump(rig);
        asked += path_rig_sent_directly(rig);
        path_rig_wait_ms(rig, 1000);
        asked += path_rig_sent_directly(rig);
    }
    assert_in_range(asked, 1, 4);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_a_beat_that_comes_before_the_node),
        CASE(test_a_beat_that_comes_right_after_the_first_volley),
        CASE(test_a_beat_that_waits_when_the_peer_pings_us),
        CASE(test_when_the_first_moments_are_over_candidates_are_not_asked_with_each_beat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
