/*
 * Our end of the tailnet and another, over real sockets on loopback, without a relay.
 */
#include "net/probe/tunnel_uv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/loop_uv.h"
#include "tests/support/tunnel_pair_uv.h"

#include <cmocka.h>

static int set_up(void **state)
{
    *state = tunnel_pair_open();
    return 0;
}

static int tear_down(void **state)
{
    tunnel_pair_free(*state);
    return 0;
}

static bool is_answered(void *owner)
{
    const struct pair_end *us = owner;
    return us->echoes > 0;
}

/* A node whose address in the tunnel changes under the same keys: packets go to and come from the
 * new one, and the session that there is serves for it. */
static void test_other_addresses_under_the_same_keys_are_taken(void **state)
{
    struct tunnel_pair *pair = *state;
    struct pair_end *us = &pair->end[PAIR_CLIENT];
    tunnel_pair_tell(pair, PAIR_AGENT, 1);
    tunnel_pair_tell(pair, PAIR_CLIENT, 0);
    tunnel_pair_meet(pair);
    assert_int_equal(tunnel_echo(us->peer, 1, 1, 8), NET_ERR_NOT_FOUND);
    for (unsigned address = 1; address <= 2; address++) {
        tunnel_pair_tell(pair, PAIR_CLIENT, address);
        us->echoes = 0;
        assert_int_equal(tunnel_echo(us->peer, 1, (uint16_t)address, 8), NET_OK);
        loop_until_call(&pair->loop, is_answered, us, "an answer from that address");
    }
    tunnel_pair_tell(pair, PAIR_CLIENT, 0);
    assert_int_equal(tunnel_echo(us->peer, 1, 3, 8), NET_ERR_NOT_FOUND);
    assert_int_equal(us->handshakes, 1);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_other_addresses_under_the_same_keys_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
