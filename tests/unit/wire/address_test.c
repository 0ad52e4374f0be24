#include "net/wire/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/wire/derp_map.h"
#include "tests/support/vectors.h"

#include <cmocka.h>

static void test_tailnet_addresses_follow_from_the_uuid(void **state)
{
    (void)state;
    cJSON *root = vectors_load("addresses.json");
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, vectors_get(root, "agents"))
    {
        struct uuid id;
        struct net_address address;
        char text[ADDRESS_TEXT_SIZE];
        char node_id[32];
        assert_int_equal(uuid_parse(vectors_text(item, "uuid"), &id), NET_OK);
        tailnet_address_historic(&id, &address);
        address_ip_text(&address, text);
        assert_string_equal(text, vectors_text(item, "tailscale_prefix"));
        tailnet_address_coder(&id, &address);
        address_ip_text(&address, text);
        assert_string_equal(text, vectors_text(item, "coder_prefix"));
        (void)snprintf(node_id, sizeof node_id, "%016llx",
                       (unsigned long long)tailnet_node_id(&id));
        assert_string_equal(node_id, vectors_text(item, "node_id_hex"));
    }
    cJSON_Delete(root);
}

static void test_endpoints_survive_their_text(void **state)
{
    (void)state;
    static const char *const good[] = {"1.2.3.4:5", "203.0.113.7:65535", "[2001:db8::1]:41641",
                                       "[::1]:0", "[fe80::1]:1"};
    static const char *const bad[] = {"",
                                      "1.2.3.4",
                                      "1.2.3.4:",
                                      "1.2.3.4:65536",
                                      "host:80",
                                      "[::1]",
                                      "::1:80",
                                      "[1.2.3.4]:80",
                                      "[fe80::1%e]:1",
                                      "1.2.3.4:-1",
                                      "1.2.3.4:0x5",
                                      "[::1]:8a",
                                      "1.2.3:80:",
                                      "[]:80",
                                      "[",
                                      ":80"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct net_address address;
        char text[ADDRESS_TEXT_SIZE];
        assert_int_equal(address_parse(good[i], &address), NET_OK);
        address_text(&address, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct net_address address;
        if (address_parse(bad[i], &address) == NET_OK) {
            print_error("taken: %s\n", bad[i]);
        }
        assert_int_equal(address_parse(bad[i], &address), NET_ERR_MALFORMED);
    }
}

static void test_addresses_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool private_one, loopback, link_local, multicast;
    } rows[] = {
        {"10.1.2.3", true, false, false, false},     {"172.16.0.1", true, false, false, false},
        {"172.32.0.1", false, false, false, false},  {"192.168.9.9", true, false, false, false},
        {"127.0.0.9", false, true, false, false},    {"169.254.1.1", false, false, true, false},
        {"224.0.0.1", false, false, false, true},    {"8.8.8.8", false, false, false, false},
        {"fd7a::1", true, false, false, false},      {"::1", false, true, false, false},
        {"fe80::1", false, false, true, false},      {"ff02::1", false, false, false, true},
        {"2001:db8::1", false, false, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct net_address address;
        assert_int_equal(address_parse_ip(rows[i].text, &address), NET_OK);
        assert_int_equal(address_is_private(&address), rows[i].private_one);
        assert_int_equal(address_is_loopback(&address), rows[i].loopback);
        assert_int_equal(address_is_link_local(&address), rows[i].link_local);
        assert_int_equal(address_is_multicast(&address), rows[i].multicast);
    }
}

static void test_a_map_keeps_its_regions_in_order_and_its_limits(void **state)
{
    (void)state;
    struct derp_map map;
    struct derp_map copy;
    derp_map_init(&map);
    for (int64_t id = DERP_MAP_REGIONS_MAX + 9; id > 0; id--) {
        struct derp_region *region = derp_map_add_region(&map, id);
        assert_int_equal(region != NULL, id > 9);
    }
    assert_int_equal(map.dropped, 9);
    assert_null(derp_map_add_region(&map, 70000)); /* it must fit the port of a fake address */
    struct derp_region *region = derp_map_add_region(&map, 20); /* one that is there */
    assert_non_null(region);
    for (int i = 0; i < DERP_REGION_NODES_MAX; i++) {
        assert_non_null(derp_region_add_node(&map, region));
    }
    assert_null(derp_region_add_node(&map, region));
    assert_int_equal(map.regions[0].id, 10);
    assert_null(derp_map_find(&map, 9));
    derp_map_copy(&copy, &map);
    assert_true(derp_map_equal(&copy, &map));
    copy.regions[10].nodes[3].stun_only = true;
    assert_false(derp_map_equal(&copy, &map));
    derp_map_clear(&copy);
    derp_map_clear(&map);
}

static void test_only_embedded_relays_are_rewritten(void **state)
{
    (void)state;
    struct derp_map map;
    derp_map_init(&map);
    struct derp_region *embedded = derp_map_add_region(&map, 999);
    embedded->embedded_relay = true;
    (void)derp_region_add_node(&map, embedded);
    derp_region_add_node(&map, embedded)->stun_only = true;
    struct derp_region *other = derp_map_add_region(&map, 1000);
    (void)derp_region_add_node(&map, other);
    derp_map_rewrite_embedded(&map, "coder.example.com", 8080, true);
    const struct derp_region *region = derp_map_find(&map, 999);
    assert_string_equal(region->nodes[0].host_name, "coder.example.com");
    assert_int_equal(region->nodes[0].derp_port, 8080);
    assert_true(region->nodes[0].force_http);
    assert_string_equal(region->nodes[1].host_name, "");
    assert_string_equal(derp_map_find(&map, 1000)->nodes[0].host_name, "");
    assert_true(derp_region_can_relay(region));
    derp_map_clear(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tailnet_addresses_follow_from_the_uuid),
        cmocka_unit_test(test_endpoints_survive_their_text),
        cmocka_unit_test(test_addresses_are_told_apart),
        cmocka_unit_test(test_a_map_keeps_its_regions_in_order_and_its_limits),
        cmocka_unit_test(test_only_embedded_relays_are_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
