#include "src/mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

static struct mask *mask;

static int set_up(void **state)
{
    (void)state;
    mask = calloc(1, sizeof *mask);
    mask_init(mask);
    mask_name(mask, "workspace", "dev1");
    mask_name(mask, "deployment", "coder.example.com");
    mask_name(mask, "user", "ann");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(mask);
    return 0;
}

static void expect(const char *in, const char *want)
{
    char out[512];
    mask_text(mask, in, out, sizeof out);
    assert_string_equal(out, want);
}

static void test_the_same_thing_always_gets_the_same_word(void **state)
{
    (void)state;
    expect("dev1 at 203.0.113.7:41641", "workspace-1 at public-ip-1:41641");
    expect("[2001:db8::1]:5 and 203.0.113.7", "[public-ip-2]:5 and public-ip-1");
    expect("10.0.0.4/24, 192.168.1.1, 10.0.0.4", "private-ip-1/24, private-ip-2, private-ip-1");
    expect("fd7a:115c:a1e0::1, fe80::1", "private-ip-3, private-ip-4");
    expect("2001:DB8:0::1", "public-ip-2"); /* written otherwise */
}

static void test_names_are_replaced_where_they_are_whole_words(void **state)
{
    (void)state;
    expect("coder start dev1", "coder start workspace-1");
    expect("\"dev1\" (ann/dev1.main)", "\"workspace-1\" (user-1/workspace-1.main)");
    expect("dev12, mydev1, dev1-a, dev1_, annual", "dev12, mydev1, dev1-a, dev1_, annual");
    expect("https://coder.example.com:8443/x", "https://deployment-1:8443/x");
    expect("https://coder.com/docs/dev1#dev1 dev1", "https://coder.com/docs/dev1#dev1 workspace-1");
}

static void test_the_longest_name_wins(void **state)
{
    (void)state;
    mask_name(mask, "region", "Frankfurt");
    mask_name(mask, "region", "Frankfurt am Main");
    mask_name(mask, "region", "Frankfurt");
    mask_name(mask, "region", "");
    assert_int_equal(mask->name_count, 5);
    expect("Frankfurt am Main (2), Frankfurt (1)", "region-2 (2), region-1 (1)");
}

static void test_what_looks_like_an_address_and_is_none_stays(void **state)
{
    (void)state;
    static const char *const same[] = {
        "04:29:42.191Z", "v2.35.0", "1.2.3",   "1 of 2 ... 3", "cafe: face", "::", "127.0.0.1:80",
        "[::1]:80",      "0.0.0.0", "12.5 ms", "a:b:c",        "",           ":",  "999.1.1.1.1",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        expect(same[i], same[i]);
    }
    expect("at 1.2.3.4.", "at public-ip-1.");
    expect("1.2.3.4: refused", "public-ip-1: refused");
}

static void test_a_result_is_cut_to_fit_and_ended(void **state)
{
    (void)state;
    char out[8];
    mask_text(mask, "dev1 dev1", out, sizeof out);
    assert_string_equal(out, "workspa");
    mask_text(mask, "dev1", out, 1);
    assert_string_equal(out, "");
}

static void test_more_than_there_is_room_for_is_masked_too(void **state)
{
    (void)state;
    char in[32];
    char out[64];
    for (int i = 0; i < MASK_NAMES_MAX + 100; i++) {
        (void)snprintf(in, sizeof in, "5.6.%d.%d", i / 200, i % 200);
        mask_text(mask, in, out, sizeof out);
        assert_null(strstr(out, "5.6."));
        (void)snprintf(in, sizeof in, "name%d", i);
        mask_name(mask, "user", in);
    }
    assert_string_equal(out, "an-ip");
    assert_int_equal(mask->name_count, MASK_NAMES_MAX);
}

static void test_hosts_and_what_else_is_known_by_its_form_is_replaced(void **state)
{
    (void)state;
    expect("dial relay.example.org:443: refused", "dial host-1:443: refused");
    expect("no such host relay.example.org.", "no such host host-1.");
    expect("GET http://internal:8080/api/v2/x.y", "GET http://host-2:8080/api/v2/x.y");
    expect("dev1.coder.example.com dev1.corp.net", "workspace-1.deployment-1 host-4");
    expect("02:42:ac:11:00:02, 02-42-AC-11-00-03", "mac-1, mac-2");
    expect("/agents/0e1f2a3b-0001-4002-8003-00000000000a/x", "/agents/id-1/x");
    expect("nodekey:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
           "nodekey:key-1");
    expect("deadbeef in config.json, /etc/resolv.conf, e.g. that", /* nothing */
           "deadbeef in config.json, /etc/resolv.conf, e.g. that");
    expect("http://localhost:3000 http://127.0.0.1:3000", /* nor here */
           "http://localhost:3000 http://127.0.0.1:3000");
}

static void test_a_name_that_is_a_word_of_ours_breaks_no_sentence(void **state)
{
    (void)state;
    mask_name(mask, "workspace", "relay");
    mask_name(mask, "agent", "main");
    mask_name(mask, "agent", "home");
    expect("home region is reached, the relay too", "home region is reached, the relay too");
    expect("relay · home, \"relay\", relay.home, ann/relay", /* here they can only be names */
           "workspace-2 · agent-2, \"workspace-2\", workspace-2.agent-2, user-1/workspace-2");
    expect("relay: the agent is back", "workspace-2: the agent is back");
    expect("start it: coder start relay", "start it: coder start workspace-2");
    expect("workspace relay is stopped", "workspace workspace-2 is stopped");
    mask_name(mask, "user", "a");
    mask_name(mask, "user", "5");
    expect("a path for 5 s, a/relay, 5/dev1",
           "a path for 5 s, user-2/workspace-2, user-3/workspace-1");
    expect("dev1.main, agent main", "workspace-1.agent-1, agent agent-1"); /* no word of ours */
}

static void test_a_name_as_a_whole_is_always_replaced(void **state)
{
    (void)state;
    char out[MASK_WORD];
    mask_whole(mask, "workspace", "relay", out);
    assert_string_equal(out, "workspace-2");
    mask_whole(mask, "workspace", "", out);
    assert_string_equal(out, "");
    for (int i = 0; i < MASK_NAMES_MAX; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "n%d", i);
        mask_name(mask, "user", name);
    }
    mask_whole(mask, "workspace", "too-many", out);
    assert_string_equal(out, "a-workspace");
}

/* Whatever the text is made of, it is cut to fit, ends, and holds no whole secret. */
static void test_any_text_is_masked_within_its_room(void **state)
{
    (void)state;
    static const char *const parts[] = {"dev1",
                                        "ann",
                                        ".",
                                        "/",
                                        " ",
                                        ":",
                                        "203.0.113.7",
                                        "é",
                                        "\xff",
                                        "://",
                                        "[",
                                        "]",
                                        "2001:db8::7",
                                        "€",
                                        "-",
                                        "main",
                                        " · ",
                                        "\"",
                                        "02:42:ac:11:00:02"};
    uint32_t seed = 7;
    for (int round = 0; round < 20000; round++) {
        char in[256] = "";
        char out[256];
        size_t room = 1 + (size_t)(round % 200);
        for (int n = 0; n < 12; n++) {
            seed = seed * 1664525U + 1013904223U;
            size_t len = strlen(in);
            text_copy(in + len, sizeof in - len,
                      parts[(seed >> 16) % (sizeof parts / sizeof *parts)]);
        }
        memset(out, '#', sizeof out);
        mask_text(mask, in, out, room);
        assert_in_range(strlen(out), 0, room - 1);
        assert_true(out[room] == '#');
        assert_null(strstr(out, " 203.0.113.7 "));
        assert_null(strstr(out, " dev1 "));
        assert_null(strstr(out, "/ann/"));
    }
}

static void test_a_text_is_cut_between_characters(void **state)
{
    (void)state;
    char out[8];
    mask_text(mask, "1234é€", out, sizeof out);
    assert_string_equal(out, "1234é");
    mask_text(mask, "https://coder.com/docs/dev1", out, sizeof out);
    assert_string_equal(out, "https:/");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_the_same_thing_always_gets_the_same_word),
        CASE(test_names_are_replaced_where_they_are_whole_words),
        CASE(test_the_longest_name_wins),
        CASE(test_what_looks_like_an_address_and_is_none_stays),
        CASE(test_a_result_is_cut_to_fit_and_ended),
        CASE(test_more_than_there_is_room_for_is_masked_too),
        CASE(test_hosts_and_what_else_is_known_by_its_form_is_replaced),
        CASE(test_a_name_that_is_a_word_of_ours_breaks_no_sentence),
        CASE(test_a_name_as_a_whole_is_always_replaced),
        CASE(test_any_text_is_masked_within_its_room),
        CASE(test_a_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
