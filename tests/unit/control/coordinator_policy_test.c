#include "net/control/coordinator_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/text.h"

#include <cmocka.h>

static void test_each_refusal_has_its_action(void **state)
{
    (void)state;
    static const struct {
        struct coordinator_refusal refusal;
        enum coordinator_action action;
    } rows[] = {
        /* nobody answered, or somebody on the way */
        {{.status = 0, .code = NET_ERR_IO}, COORDINATOR_DIAL_AGAIN},
        {{.status = 0, .code = NET_ERR_NOT_FOUND}, COORDINATOR_DIAL_AGAIN},
        {{.status = 200, .code = NET_ERR_MALFORMED}, COORDINATOR_DIAL_AGAIN},
        {{.status = 302, .code = NET_ERR_REFUSED}, COORDINATOR_DIAL_AGAIN},
        {{.status = 408, .code = NET_ERR_REFUSED}, COORDINATOR_DIAL_AGAIN},
        {{.status = 429, .code = NET_ERR_REFUSED}, COORDINATOR_DIAL_AGAIN},
        {{.status = 500, .code = NET_ERR_REFUSED}, COORDINATOR_DIAL_AGAIN},
        {{.status = 502, .code = NET_ERR_REFUSED}, COORDINATOR_DIAL_AGAIN},
        /* the resume token */
        {{.status = 401, .code = NET_ERR_AUTH, .resume_token_refused = true, .token_sent = true},
         COORDINATOR_DIAL_WITHOUT_TOKEN},
        {{.status = 401, .code = NET_ERR_AUTH, .resume_token_refused = true},
         COORDINATOR_DIAL_AGAIN},
        {{.status = 401,
          .code = NET_ERR_AUTH,
          .resume_token_refused = true,
          .token_sent = true,
          .was_up = true},
         COORDINATOR_DIAL_WITHOUT_TOKEN},
        /* signed out, also later */
        {{.status = 401, .code = NET_ERR_AUTH, .token_sent = true}, COORDINATOR_GIVE_UP},
        {{.status = 401, .code = NET_ERR_AUTH, .was_up = true}, COORDINATOR_GIVE_UP},
        {{.status = 403, .code = NET_ERR_AUTH}, COORDINATOR_GIVE_UP},
        {{.status = 403, .code = NET_ERR_AUTH, .was_up = true}, COORDINATOR_DIAL_AGAIN},
        /* an older server */
        {{.status = 404, .code = NET_ERR_NOT_FOUND}, COORDINATOR_FALL_BACK},
        {{.status = 400, .code = NET_ERR_UNSUPPORTED}, COORDINATOR_FALL_BACK},
        {{.status = 404, .code = NET_ERR_NOT_FOUND, .per_agent = true}, COORDINATOR_GIVE_UP},
        {{.status = 400, .code = NET_ERR_UNSUPPORTED, .per_agent = true}, COORDINATOR_GIVE_UP},
        {{.status = 404, .code = NET_ERR_NOT_FOUND, .was_up = true}, COORDINATOR_DIAL_AGAIN},
        /* refused for good */
        {{.status = 400, .code = NET_ERR_REFUSED}, COORDINATOR_GIVE_UP},
        {{.status = 409, .code = NET_ERR_REFUSED}, COORDINATOR_GIVE_UP},
        {{.status = 409, .code = NET_ERR_REFUSED, .was_up = true}, COORDINATOR_DIAL_AGAIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (coordinator_decide(&rows[i].refusal) != rows[i].action) {
            fail_msg("row %zu: status %d", i, rows[i].refusal.status);
        }
    }
}

static void test_the_first_dial_is_at_once_and_pauses_grow_to_ten_seconds(void **state)
{
    (void)state;
    struct rng_seeded seeded;
    struct coordinator_pace pace;
    rng_seeded_init(&seeded, 1);
    coordinator_pace_init(&pace);
    assert_int_equal(coordinator_pace_next(&pace, &seeded.rng), 0);
    uint64_t base = 50 * NS_PER_MS;
    for (int i = 0; i < 11; i++) {
        assert_in_range(coordinator_pace_next(&pace, &seeded.rng), base / 2, base + base / 2);
        base = base * 1618 / 1000;
    }
    for (int i = 0; i < 50; i++) {
        assert_in_range(coordinator_pace_next(&pace, &seeded.rng), 5 * NS_PER_SEC, 15 * NS_PER_SEC);
    }
}

static void test_a_session_that_held_begins_the_pauses_anew(void **state)
{
    (void)state;
    struct rng_seeded seeded;
    struct coordinator_pace pace;
    rng_seeded_init(&seeded, 1);
    coordinator_pace_init(&pace);
    for (int i = 0; i < 10; i++) {
        (void)coordinator_pace_next(&pace, &seeded.rng);
        coordinator_pace_ended(&pace, 100 * NS_PER_MS);
    }
    assert_true(coordinator_pace_next(&pace, &seeded.rng) > NS_PER_SEC);
    coordinator_pace_ended(&pace, 60 * NS_PER_SEC);
    assert_int_equal(coordinator_pace_next(&pace, &seeded.rng), 0);
    assert_in_range(coordinator_pace_next(&pace, &seeded.rng), 25 * NS_PER_MS, 75 * NS_PER_MS);
    coordinator_pace_reset(&pace);
    assert_int_equal(coordinator_pace_next(&pace, &seeded.rng), 0);
}

static void test_a_token_is_used_until_it_expires(void **state)
{
    (void)state;
    struct tailnet_resume_token token = {.expires = {.seconds = 1000}};
    assert_false(coordinator_token_is_usable(&token, (struct wall_time){.seconds = 999}));
    text_copy(token.token, sizeof token.token, "jwt");
    assert_true(coordinator_token_is_usable(&token, (struct wall_time){.seconds = 999}));
    assert_false(coordinator_token_is_usable(&token, (struct wall_time){.seconds = 1000}));
    token.expires.seconds = 0;
    assert_true(coordinator_token_is_usable(&token, (struct wall_time){.seconds = 1000}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_refusal_has_its_action),
        cmocka_unit_test(test_the_first_dial_is_at_once_and_pauses_grow_to_ten_seconds),
        cmocka_unit_test(test_a_session_that_held_begins_the_pauses_anew),
        cmocka_unit_test(test_a_token_is_used_until_it_expires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
