#include "net/wire/stun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/vectors.h"

#include <cmocka.h>

/* Calls `check` for every item of a list, which must not be empty. */
static void for_each(const char *list, void (*check)(const cJSON *item, struct bytes packet))
{
    cJSON *all = vectors_load("stun.json");
    const cJSON *each = NULL;
    unsigned seen = 0;
    cJSON_ArrayForEach(each, vectors_get(all, list))
    {
        struct bytes packet = vectors_hex(each, "packet");
        check(each, packet);
        vectors_free(packet);
        seen++;
    }
    assert_true(seen > 0);
    cJSON_Delete(all);
}

static struct stun_tx tx_of(const cJSON *item)
{
    struct bytes id = vectors_hex(item, "tx_id");
    struct stun_tx tx;
    assert_int_equal(id.len, STUN_TX_LEN);
    memcpy(tx.b, id.ptr, STUN_TX_LEN);
    vectors_free(id);
    return tx;
}

static void check_request(const cJSON *item, struct bytes packet)
{
    struct stun_tx expected = tx_of(item);
    struct stun_tx tx = {{0}};
    uint8_t out[STUN_REQUEST_LEN];
    struct writer w = writer_of(out, sizeof out);
    stun_request_encode(&w, &expected);
    assert_true(bytes_equal(writer_done(&w), packet));
    assert_true(stun_looks_like(packet));
    assert_int_equal(stun_request_decode(packet, &tx), NET_OK);
    assert_memory_equal(&tx, &expected, sizeof tx);
    for (size_t len = 0; len < packet.len; len++) {
        assert_int_not_equal(stun_request_decode(bytes_of(packet.ptr, len), &tx), NET_OK);
    }
}

static void test_requests_are_the_genuine_bytes_and_are_read_back(void **state)
{
    (void)state;
    for_each("requests", check_request);
}

static void check_malformed_request(const cJSON *item, struct bytes packet)
{
    struct stun_tx tx;
    (void)item;
    assert_int_not_equal(stun_request_decode(packet, &tx), NET_OK);
}

static void test_requests_that_a_genuine_server_does_not_answer_are_refused(void **state)
{
    (void)state;
    for_each("malformed_requests", check_malformed_request);
}

static void check_response(const cJSON *item, struct bytes packet)
{
    struct stun_tx expected = tx_of(item);
    struct net_address address;
    struct net_address expected_address;
    struct stun_tx tx;
    assert_int_equal(address_parse(vectors_text(item, "addr_port"), &expected_address), NET_OK);
    assert_int_equal(stun_response_decode(packet, &tx, &address), NET_OK);
    assert_true(address_equal(&address, &expected_address));
    assert_memory_equal(&tx, &expected, sizeof tx);
    if (strncmp(vectors_text(item, "made_by"), "genuine", 7) != 0) {
        return;
    }
    uint8_t out[STUN_RESPONSE_MAX];
    struct writer w = writer_of(out, sizeof out);
    stun_response_encode(&w, &tx, &address);
    assert_true(bytes_equal(writer_done(&w), packet));
    for (size_t len = 0; len < packet.len; len++) {
        assert_int_not_equal(stun_response_decode(bytes_of(packet.ptr, len), &tx, &address),
                             NET_OK);
    }
}

static void test_responses_give_the_genuine_address(void **state)
{
    (void)state;
    for_each("responses", check_response);
}

static void check_malformed_response(const cJSON *item, struct bytes packet)
{
    struct net_address address = {.port = 7};
    struct stun_tx tx;
    (void)item;
    assert_int_equal(stun_response_decode(packet, &tx, &address), NET_ERR_MALFORMED);
    assert_int_equal(address.port, 7);
}

static void test_responses_that_the_genuine_parser_refuses_are_refused(void **state)
{
    (void)state;
    for_each("malformed_responses", check_malformed_response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_are_the_genuine_bytes_and_are_read_back),
        cmocka_unit_test(test_requests_that_a_genuine_server_does_not_answer_are_refused),
        cmocka_unit_test(test_responses_give_the_genuine_address),
        cmocka_unit_test(test_responses_that_the_genuine_parser_refuses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
