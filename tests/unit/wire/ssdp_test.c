#include "net/wire/ssdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_a_search_is_as_routers_want_it(void **state)
{
    (void)state;
    char memory[SSDP_SEARCH_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    ssdp_search_encode(&out, SSDP_ALL);
    static const char want[] =
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nST: ssdp:all\r\n"
        "MAN: \"ssdp:discover\"\r\nMX: 2\r\n\r\n";
    assert_int_equal(writer_len(&out), sizeof want - 1);
    assert_memory_equal(memory, want, sizeof want - 1);
    out = writer_of(memory, sizeof memory);
    ssdp_search_encode(&out, SSDP_IGD);
    assert_false(out.failed);
}

static enum net_err decode(const char *text, struct ssdp_answer *out)
{
    return ssdp_answer_decode(bytes_text(text), out);
}

static void test_a_routers_answer_is_read(void **state)
{
    (void)state;
    struct ssdp_answer answer;
    char host[ADDRESS_TEXT_SIZE];
    assert_int_equal(decode("HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\n"
                            "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:2\r\nEXT:\r\n"
                            "LOCATION: http://192.168.1.1:34089/rootDesc.xml\r\n\r\n",
                            &answer),
                     NET_OK);
    assert_true(answer.is_gateway);
    address_text(&answer.location.host, host);
    assert_string_equal(host, "192.168.1.1:34089");
    assert_string_equal(answer.location.path, "/rootDesc.xml");
    assert_int_equal(decode("HTTP/1.1 200 OK\nusn:uuid:1::urn:x:device:InternetGatewayDevice:1 \n"
                            "Location:\thttp://10.0.0.1\n\n",
                            &answer),
                     NET_OK);
    assert_true(answer.is_gateway);
    address_text(&answer.location.host, host);
    assert_string_equal(host, "10.0.0.1:80");
    assert_string_equal(answer.location.path, "/");
}

static void test_other_devices_and_useless_places_are_told_apart(void **state)
{
    (void)state;
    struct ssdp_answer answer;
    assert_int_equal(decode("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nSERVER: "
                            ":InternetGatewayDevice:\r\nLOCATION: https://1.2.3.4/\r\n\r\n",
                            &answer),
                     NET_OK);
    assert_false(answer.is_gateway);
    assert_int_equal(answer.location.host.family, ADDRESS_NONE);
}

static void test_what_is_no_answer_is_refused(void **state)
{
    (void)state;
    static char vast[SSDP_ANSWER_MAX + 1];
    static const char good[] = "HTTP/1.1 200 OK\r\nST: x\r\n\r\n";
    struct ssdp_answer answer = {.is_gateway = true};
    for (size_t len = 0; len < sizeof good - 1; len++) {
        assert_int_equal(ssdp_answer_decode(bytes_of(good, len), &answer), NET_ERR_MALFORMED);
    }
    assert_int_equal(decode("NOTIFY * HTTP/1.1\r\n\r\n", &answer), NET_ERR_MALFORMED);
    assert_int_equal(decode("HTTP/1.1 404 Not Found\r\n\r\n", &answer), NET_ERR_MALFORMED);
    memset(vast, '\n', sizeof vast);
    memcpy(vast, good, sizeof good - 1);
    assert_int_equal(ssdp_answer_decode(bytes_of(vast, sizeof vast), &answer), NET_ERR_MALFORMED);
    assert_int_equal(ssdp_answer_decode(bytes_of(vast, sizeof vast - 1), &answer), NET_OK);
}

static void test_a_location_is_plain_http_to_an_address(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "http://",
        "http:///x",
        "http://router/x", /* a name would have to be looked up */
        "http://1.2.3.4:0/",
        "http://1.2.3.4:99999/",
        "http://1.2.3.4:80:80/",
        "http://user@1.2.3.4/",
        "http://1.2.3/",
        "https://1.2.3.4/",
        "ftp://1.2.3.4/",
        "http://1.2.3.4/a b",
        "http://1.2.3.4/a\r\nX: y",
        "http://1.2.3.4/a#b",
        "http://1.2.3.4/\x80",
        "http://1.2.3.4?x",
        "1.2.3.4/x",
    };
    struct ssdp_location at = {.path = "unchanged"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (ssdp_location_parse(bytes_text(bad[i]), &at)) {
            fail_msg("taken: %s", bad[i]);
        }
        assert_string_equal(at.path, "unchanged");
    }
    char longest[7 + 7 + SSDP_PATH_SIZE + 1];
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "http://1.2.3.4/", 15);
    assert_true(ssdp_location_parse(bytes_of(longest, 14 + SSDP_PATH_SIZE - 1), &at));
    assert_int_equal(strlen(at.path), SSDP_PATH_SIZE - 1);
    assert_false(ssdp_location_parse(bytes_of(longest, 14 + SSDP_PATH_SIZE), &at));
    assert_true(ssdp_location_parse(bytes_text("HTTP://[2001:db8::1]:5000/a?b=%20"), &at));
    assert_int_equal(at.host.family, ADDRESS_V6);
    assert_int_equal(at.host.port, 5000);
    assert_string_equal(at.path, "/a?b=%20");
    assert_false(ssdp_location_parse(bytes_of("http://1.2.3.4\0/x", 17), &at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_search_is_as_routers_want_it),
        cmocka_unit_test(test_a_routers_answer_is_read),
        cmocka_unit_test(test_other_devices_and_useless_places_are_told_apart),
        cmocka_unit_test(test_what_is_no_answer_is_refused),
        cmocka_unit_test(test_a_location_is_plain_http_to_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
