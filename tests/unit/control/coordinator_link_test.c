#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"
#include "tests/support/coordinator_rig_uv.h"

#include <cmocka.h>

static const char refused_token[] = "{\"message\":\"Invalid resume token\",\"validations\":[{"
                                    "\"field\":\"resume_token\",\"detail\":\"expired\"}]}";

static const struct coordinator_link_status *status_of(const struct rig *rig)
{
    return coordinator_link_status(rig->link);
}

static bool has_tunnel(const struct rig_session *session, uint8_t number)
{
    struct uuid agent = rig_agent(number);
    for (size_t i = 0; i < session->tunnel_count; i++) {
        if (uuid_equal(&session->tunnels[i], &agent)) {
            return true;
        }
    }
    return false;
}

static void on_closed(void *owner)
{
    struct rig *rig = owner;
    rig->closed = true;
    rig->link = NULL;
}

static void test_a_session_is_opened_and_told_who_we_are_and_what_we_want(void **state)
{
    (void)state;
    struct rig rig;
    struct uuid agent = rig_agent(1);
    struct uuid user = rig_agent(99);
    rig_begin(&rig);
    assert_int_equal(status_of(&rig)->state, COORDINATOR_IDLE);
    rig_start(&rig);
    assert_int_equal(status_of(&rig)->state, COORDINATOR_CONNECTING);
    struct rig_session *session = rig_wait_session(&rig, 0);
    rig_wait(&rig, &rig.maps, 1);
    rig_wait(&rig, &rig.workspaces, 1);
    rig_wait_flag(&rig, &session->asked_token);
    assert_string_equal(session->path, "/api/v2/tailnet");
    assert_string_equal(session->version, "2.3");
    assert_string_equal(session->token, "");
    assert_string_equal(session->login, "login-token");
    assert_int_equal(session->nodes, 1);
    assert_int_equal(session->node.preferred_derp, 999);
    assert_true(session->node.as_of.seconds > 0);
    assert_true(has_tunnel(session, 1));
    assert_true(uuid_equal(&session->owner_id, &user));
    assert_int_equal(status_of(&rig)->state, COORDINATOR_UP);
    assert_true(status_of(&rig)->node_sent);
    assert_true(status_of(&rig)->has_workspace_updates);
    assert_false(status_of(&rig)->fallback);
    assert_string_equal(rig.map.regions[0].nodes[0].host_name, "127.0.0.1");
    assert_int_equal(rig.map.regions[0].nodes[0].derp_port, rig.settings.port);

    rig_send_peer(session, &agent, TAILNET_PEER_NODE);
    rig_wait(&rig, &rig.peers, 1);
    assert_true(uuid_equal(&rig.peer.id, &agent));
    assert_int_equal(rig.peer.kind, TAILNET_PEER_NODE);
    rig_end(&rig);
    assert_true(session->disconnected);
}

static void test_news_are_said_on_the_session_that_is_up(void **state)
{
    (void)state;
    struct rig rig;
    struct uuid second = rig_agent(2);
    struct tailnet_node node = rig_node(1000);
    rig_begin(&rig);
    coordinator_link_start(rig.link, NULL);
    struct rig_session *session = rig_wait_session(&rig, 0);
    rig_wait(&rig, &rig.maps, 1);
    assert_false(status_of(&rig)->node_sent);
    assert_false(status_of(&rig)->has_workspace_updates);
    assert_false(session->asked_workspaces);

    coordinator_link_set_node(rig.link, &node);
    assert_true(status_of(&rig)->node_sent);
    coordinator_link_add_agent(rig.link, &second);
    coordinator_link_add_agent(rig.link, &second); /* once is enough */
    coordinator_link_remove_agent(rig.link, &second);
    rig_wait(&rig, &session->removed, 1);
    assert_int_equal(session->nodes, 1);
    assert_int_equal(session->node.preferred_derp, 1000);
    assert_int_equal(session->tunnel_count, 1);
    rig_end(&rig);
}

static void test_a_session_that_breaks_is_resumed_and_told_everything_again(void **state)
{
    (void)state;
    struct rig rig;
    struct uuid second = rig_agent(2);
    rig_begin(&rig);
    rig_start(&rig);
    struct rig_session *first = rig_wait_session(&rig, 0);
    rig_wait_flag(&rig, &first->asked_token);
    rig_wait(&rig, &rig.maps, 1);
    coordinator_link_add_agent(rig.link, &second);
    struct uuid agent = rig_agent(1);
    rig_send_peer(first, &agent, TAILNET_PEER_NODE);
    rig_wait(&rig, &rig.peers, 1); /* the token came before it */
    rig_drop(first);
    rig_wait(&rig, &rig.lost, 1);
    struct rig_session *again = rig_wait_session(&rig, 1);
    rig_wait(&rig, &again->nodes, 1);
    rig_wait(&rig, &rig.maps, 2);
    assert_string_equal(again->path, "/api/v2/tailnet");
    assert_string_equal(again->token, "resume one");
    assert_true(has_tunnel(again, 1) && has_tunnel(again, 2));
    assert_int_equal(status_of(&rig)->state, COORDINATOR_UP);
    assert_int_equal(status_of(&rig)->failure.code, NET_OK);
    assert_int_equal(rig.lost, 1);
    rig_end(&rig);
}

static void test_a_refused_resume_token_is_dropped_and_nothing_else_is_lost(void **state)
{
    (void)state;
    struct rig rig;
    struct uuid agent = rig_agent(1);
    rig_begin(&rig);
    rig_start(&rig);
    struct rig_session *first = rig_wait_session(&rig, 0);
    rig_wait_flag(&rig, &first->asked_token);
    rig_send_peer(first, &agent, TAILNET_PEER_NODE);
    rig_wait(&rig, &rig.peers, 1);
    rig.refuse_tailnet = 401;
    rig.refusal = refused_token;
    rig.refusals_left = 1;
    rig_drop(first);
    struct rig_session *again = rig_wait_session(&rig, 1);
    rig_wait(&rig, &again->nodes, 1);
    assert_int_equal(rig.dials, 3);
    assert_string_equal(again->token, "");
    rig_end(&rig);
}

static void test_our_peer_id_in_other_hands_is_not_fought_for(void **state)
{
    (void)state;
    struct rig rig;
    struct uuid agent = rig_agent(1);
    rig_begin(&rig);
    rig_start(&rig);
    struct rig_session *first = rig_wait_session(&rig, 0);
    rig_wait_flag(&rig, &first->asked_token);
    rig_send_peer(first, &agent, TAILNET_PEER_NODE);
    rig_wait(&rig, &rig.peers, 1);
    rig_send_error(first, "peer ID overwritten by new connection");
    struct rig_session *again = rig_wait_session(&rig, 1);
    assert_string_equal(again->token, "");
    assert_int_equal(rig.lost, 1);
    rig_end(&rig);
}

static void test_signed_out_is_told_and_not_tried_again_until_asked(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig.refuse_tailnet = 401;
    rig.refusals_left = 1;
    rig.refusal = "{\"message\":\"You are signed out or your session has expired.\"}";
    rig_start(&rig);
    rig_wait_state(&rig, COORDINATOR_FAILED);
    assert_int_equal(status_of(&rig)->failure.code, NET_ERR_AUTH);
    assert_non_null(strstr(status_of(&rig)->failure.text, "You are signed out"));
    assert_null(strstr(status_of(&rig)->failure.text, "login-token"));
    loop_turns(&rig.loop, 50);
    assert_int_equal(rig.dials, 1);
    coordinator_link_retry(rig.link);
    rig_wait_state(&rig, COORDINATOR_UP);
    assert_int_equal(rig.dials, 2);
    rig_end(&rig);
}

static void test_a_deployment_for_browsers_only_is_told(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig.refuse_tailnet = 409;
    rig.refusal = "{\"message\":\"Non-browser connections are disabled for your deployment.\"}";
    rig_start(&rig);
    rig_wait_state(&rig, COORDINATOR_FAILED);
    assert_non_null(strstr(status_of(&rig)->failure.text, "Non-browser connections"));
    assert_int_equal(status_of(&rig)->failure.http_status, 409);
    rig_end(&rig);
}

static void test_an_unwell_server_is_tried_again_until_it_is_well(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig.refuse_tailnet = 502;
    rig.refusals_left = 4;
    rig_start(&rig);
    rig_wait_state(&rig, COORDINATOR_WAITING);
    assert_int_equal(status_of(&rig)->failure.http_status, 502);
    assert_true(status_of(&rig)->retry_at != MONO_NEVER);
    rig_wait(&rig, &rig.dials, 4);
    assert_true(status_of(&rig)->attempts >= 4);
    rig_wait_state(&rig, COORDINATOR_UP);
    assert_int_equal(rig.dials, 5);
    assert_int_equal(status_of(&rig)->attempts, 0);
    assert_int_equal(status_of(&rig)->failure.code, NET_OK);
    rig_end(&rig);
}

static void test_a_server_that_is_away_is_waited_for(void **state)
{
    (void)state;
    struct rig rig;
    struct failure why;
    rig_begin(&rig);
    assert_int_equal(settings_set_url(&rig.settings, "http://127.0.0.1:1", &why), NET_OK);
    rig_start(&rig);
    rig_wait_state(&rig, COORDINATOR_WAITING);
    assert_non_null(strstr(status_of(&rig)->failure.text, "cannot reach the coordinator"));
    rig_end(&rig);
}

static void test_an_older_server_gets_a_session_for_each_agent(void **state)
{
    (void)state;
    struct rig rig;
    struct uuid one = rig_agent(1);
    struct uuid two = rig_agent(2);
    rig_begin(&rig);
    rig.refuse_tailnet = 404;
    coordinator_link_add_agent(rig.link, &two);
    rig_start(&rig);
    struct rig_session *first = rig_wait_session(&rig, 0);
    struct rig_session *second = rig_wait_session(&rig, 1);
    rig_wait(&rig, &first->nodes, 1);
    rig_wait(&rig, &second->nodes, 1);
    assert_string_equal(first->path,
                        "/api/v2/workspaceagents/10000000-0000-4000-0000-000000000002/coordinate");
    assert_string_equal(second->path,
                        "/api/v2/workspaceagents/10000000-0000-4000-0000-000000000001/coordinate");
    assert_string_equal(first->version, "2.0");
    rig_wait(&rig, &rig.maps, 2);
    assert_int_equal(first->tunnel_count, 1);
    assert_true(has_tunnel(first, 2) && has_tunnel(second, 1));
    assert_true(status_of(&rig)->fallback);
    assert_false(status_of(&rig)->has_workspace_updates);
    assert_true(status_of(&rig)->node_sent);
    assert_int_equal(rig.dials, 3);

    rig_send_peer(second, &one, TAILNET_PEER_NODE);
    rig_wait(&rig, &rig.peers, 1);
    rig_drop(second); /* the other session lives on */
    rig_wait(&rig, &rig.peers, 2);
    assert_int_equal(rig.peer.kind, TAILNET_PEER_LOST);
    assert_true(uuid_equal(&rig.peer.id, &one));
    assert_int_equal(rig.lost, 0);
    struct rig_session *again = rig_wait_session(&rig, 2);
    assert_string_equal(again->path, second->path);
    assert_string_equal(again->token, "resume one");

    coordinator_link_remove_agent(rig.link, &two);
    rig_wait_flag(&rig, &first->disconnected);
    rig_end(&rig);
}

static void test_an_unknown_version_falls_back_and_then_is_told(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig.refuse_tailnet = 400;
    rig.refuse_agents = 400;
    rig.refusal = "{\"message\":\"Unknown or unsupported API version\",\"validations\":[{"
                  "\"field\":\"version\",\"detail\":\"server is at version 3.0\"}]}";
    rig_start(&rig);
    rig_wait_state(&rig, COORDINATOR_FAILED);
    assert_int_equal(rig.dials, 2);
    assert_int_equal(status_of(&rig)->failure.code, NET_ERR_UNSUPPORTED);
    assert_non_null(strstr(status_of(&rig)->failure.text, "server is at version 3.0"));
    rig_end(&rig);
}

static void test_an_older_server_without_agents_leaves_the_link_idle(void **state)
{
    (void)state;
    struct rig rig;
    struct uuid agent = rig_agent(1);
    rig_begin(&rig);
    rig.refuse_tailnet = 404;
    coordinator_link_start(rig.link, NULL);
    rig_wait_state(&rig, COORDINATOR_IDLE);
    coordinator_link_start(rig.link, NULL);
    assert_int_equal(status_of(&rig)->state, COORDINATOR_IDLE);
    coordinator_link_add_agent(rig.link, &agent);
    rig_wait_state(&rig, COORDINATOR_UP);
    coordinator_link_remove_agent(rig.link, &agent);
    assert_int_equal(status_of(&rig)->state, COORDINATOR_IDLE);
    rig_end(&rig);
}

static bool has_no_workspace_updates(void *owner)
{
    return !status_of(owner)->has_workspace_updates;
}

static void test_a_server_without_workspace_updates_is_tolerated(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig_start(&rig);
    struct rig_session *session = rig_wait_session(&rig, 0);
    rig_wait_flag(&rig, &session->asked_workspaces);
    assert_int_equal(coordinator_server_refuse_workspaces(session->server, "unknown rpc: x"),
                     NET_OK);
    rig_flush(session);
    loop_until_call(&rig.loop, has_no_workspace_updates, &rig, "the refusal at the link");
    assert_int_equal(status_of(&rig)->state, COORDINATOR_UP);
    rig_end(&rig);
}

static void test_garbage_costs_the_session_and_no_more(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig_start(&rig);
    struct rig_session *session = rig_wait_session(&rig, 0);
    rig_wait(&rig, &rig.maps, 1);
    rig_send_raw(session, "HTTP/1.1 200 OK\r\n\r\n<html>");
    rig_wait(&rig, &rig.lost, 1);
    assert_non_null(strstr(status_of(&rig)->failure.text, "coordinator"));
    (void)rig_wait_session(&rig, 1);
    rig_end(&rig);
}

static void test_a_retry_replaces_the_session(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig_start(&rig);
    struct rig_session *first = rig_wait_session(&rig, 0);
    rig_wait(&rig, &rig.maps, 1);
    coordinator_link_retry(rig.link);
    assert_int_equal(rig.lost, 1);
    assert_true(status_of(&rig)->retry_at <= mono_now()); /* without a pause */
    struct rig_session *second = rig_wait_session(&rig, 1);
    rig_wait(&rig, &second->nodes, 1);
    assert_false(first->disconnected); /* it is to be resumed */
    coordinator_link_retry(rig.link);
    coordinator_link_retry(rig.link); /* while it waits or dials */
    (void)rig_wait_session(&rig, 2);
    rig_wait_state(&rig, COORDINATOR_UP);
    rig_end(&rig);
}

static void test_the_goodbye_to_a_silent_server_ends_within_a_second_or_so(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig.stays_silent = true;
    rig_start(&rig);
    struct rig_session *session = rig_wait_session(&rig, 0);
    rig_wait(&rig, &rig.maps, 1);
    mono_ns began = mono_now();
    coordinator_link_close(rig.link, on_closed, &rig);
    assert_false(rig.closed);
    rig_wait_flag(&rig, &rig.closed);
    uint64_t took = mono_since(mono_now(), began);
    assert_true(session->disconnected);
    assert_in_range(took / NS_PER_MS, 900, 3000);
    rig_end(&rig);
}

static void test_a_server_that_answers_the_goodbye_is_not_waited_for(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig_start(&rig);
    struct rig_session *session = rig_wait_session(&rig, 0);
    rig_wait(&rig, &rig.maps, 1);
    unsigned states = rig.states;
    mono_ns began = mono_now();
    coordinator_link_close(rig.link, on_closed, &rig);
    rig_wait_flag(&rig, &rig.closed);
    assert_true(mono_since(mono_now(), began) < 900 * NS_PER_MS);
    assert_true(session->disconnected);
    assert_int_equal(rig.states, states); /* nothing is told any more */
    assert_int_equal(rig.lost, 0);
    rig_end(&rig);
}

static void test_a_link_closes_in_every_state(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig); /* never started */
    rig_end(&rig);

    rig_begin(&rig); /* dialling */
    rig_start(&rig);
    rig_end(&rig);

    rig_begin(&rig); /* waiting */
    rig.refuse_tailnet = 500;
    rig_start(&rig);
    rig_wait_state(&rig, COORDINATOR_WAITING);
    rig_end(&rig);

    rig_begin(&rig); /* failed */
    rig.refuse_tailnet = 401;
    rig_start(&rig);
    rig_wait_state(&rig, COORDINATOR_FAILED);
    rig_end(&rig);
}

static void close_now(struct rig *rig)
{
    rig->in_peer = NULL;
    rig->in_lost = NULL;
    coordinator_link_close(rig->link, on_closed, rig);
}

static void retry_now(struct rig *rig)
{
    rig->in_peer = NULL;
    rig->in_lost = NULL;
    coordinator_link_retry(rig->link);
}

static void change_wishes(struct rig *rig)
{
    struct tailnet_node node = rig_node(1001);
    struct uuid third = rig_agent(3);
    rig->in_peer = NULL;
    coordinator_link_set_node(rig->link, &node);
    coordinator_link_add_agent(rig->link, &third);
}

static void test_anything_may_be_asked_for_inside_a_handler(void **state)
{
    (void)state;
    struct rig rig;
    struct uuid agent = rig_agent(1);
    rig_begin(&rig);
    rig_start(&rig);
    struct rig_session *first = rig_wait_session(&rig, 0);
    rig_wait(&rig, &rig.maps, 1);
    rig.in_peer = change_wishes;
    rig_send_peer(first, &agent, TAILNET_PEER_NODE);
    rig_wait(&rig, &first->nodes, 2);
    assert_true(has_tunnel(first, 3));

    rig.in_peer = retry_now;
    rig_send_peer(first, &agent, TAILNET_PEER_LOST);
    struct rig_session *second = rig_wait_session(&rig, 1);
    rig_wait(&rig, &second->nodes, 1);

    rig.in_lost = retry_now;
    rig_drop(second);
    struct rig_session *third = rig_wait_session(&rig, 2);
    rig_wait(&rig, &third->nodes, 1);
    assert_int_equal(rig.session_count, 3);
    assert_int_equal(rig.seen[rig.states - 1], COORDINATOR_UP);
    assert_int_equal(rig.seen[rig.states - 2], COORDINATOR_CONNECTING);
    assert_int_equal(rig.seen[rig.states - 3], COORDINATOR_UP); /* it did not wait besides */

    rig.in_peer = close_now;
    rig_send_peer(third, &agent, TAILNET_PEER_NODE);
    rig_wait_flag(&rig, &rig.closed);
    assert_true(third->disconnected);
    rig_end(&rig);

    rig_begin(&rig);
    rig_start(&rig);
    rig_wait(&rig, &rig.maps, 1);
    rig.in_lost = close_now;
    rig_drop(rig_wait_session(&rig, 0));
    rig_wait_flag(&rig, &rig.closed);
    rig_end(&rig);
}

static void test_what_a_slow_server_does_not_take_waits(void **state)
{
    (void)state;
    struct rig rig;
    rig_begin(&rig);
    rig_start(&rig);
    struct rig_session *session = rig_wait_session(&rig, 0);
    rig_wait(&rig, &session->nodes, 1);
    session->deaf = true;
    struct tailnet_node node = rig_node(999);
    for (int32_t i = 1; i <= 500; i++) {
        node.preferred_derp = i;
        coordinator_link_set_node(rig.link, &node);
        loop_turns(&rig.loop, 1);
    }
    session->deaf = false;
    stream_attach(session->stream, session->stream->wake, session);
    rig_wait(&rig, &session->nodes, 501);
    assert_int_equal(session->node.preferred_derp, 500);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_is_opened_and_told_who_we_are_and_what_we_want),
        cmocka_unit_test(test_news_are_said_on_the_session_that_is_up),
        cmocka_unit_test(test_a_session_that_breaks_is_resumed_and_told_everything_again),
        cmocka_unit_test(test_a_refused_resume_token_is_dropped_and_nothing_else_is_lost),
        cmocka_unit_test(test_our_peer_id_in_other_hands_is_not_fought_for),
        cmocka_unit_test(test_signed_out_is_told_and_not_tried_again_until_asked),
        cmocka_unit_test(test_a_deployment_for_browsers_only_is_told),
        cmocka_unit_test(test_an_unwell_server_is_tried_again_until_it_is_well),
        cmocka_unit_test(test_a_server_that_is_away_is_waited_for),
        cmocka_unit_test(test_an_older_server_gets_a_session_for_each_agent),
        cmocka_unit_test(test_an_unknown_version_falls_back_and_then_is_told),
        cmocka_unit_test(test_an_older_server_without_agents_leaves_the_link_idle),
        cmocka_unit_test(test_a_server_without_workspace_updates_is_tolerated),
        cmocka_unit_test(test_garbage_costs_the_session_and_no_more),
        cmocka_unit_test(test_a_retry_replaces_the_session),
        cmocka_unit_test(test_the_goodbye_to_a_silent_server_ends_within_a_second_or_so),
        cmocka_unit_test(test_a_server_that_answers_the_goodbye_is_not_waited_for),
        cmocka_unit_test(test_a_link_closes_in_every_state),
        cmocka_unit_test(test_anything_may_be_asked_for_inside_a_handler),
        cmocka_unit_test(test_what_a_slow_server_does_not_take_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
