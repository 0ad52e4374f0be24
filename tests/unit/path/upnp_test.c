#include "net/path/upnp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

#define SERVICE(type, url)                                                                         \
    "<service><serviceType>urn:schemas-upnp-org:service:" type "</serviceType>"                    \
    "<serviceId>x</serviceId><controlURL>" url "</controlURL><eventSubURL>/e</eventSubURL>"        \
    "<SCPDURL>/s.xml</SCPDURL></service>"
#define DESCRIPTION(base, services)                                                                \
    "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">" base               \
    "<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType>"         \
    "<deviceList><device><deviceList><device><serviceList>" services                               \
    "</serviceList></device></deviceList></device></deviceList></device></root>"

static const struct ssdp_location at = {
    .host = {.family = ADDRESS_V4, .ip = {192, 168, 1, 1}, .port = 5000}, .path = "/dir/root.xml"};

/* "kind port path" of the service that is chosen; "none". */
static const char *chosen(const char *xml)
{
    static char text[SSDP_PATH_SIZE + 32];
    struct upnp_service service;
    if (upnp_description(bytes_text(xml), &at, &service) != NET_OK) {
        return "none";
    }
    text_format(text, sizeof text, "%d %u %s", (int)service.kind, service.port, service.path);
    return text;
}

static void test_the_best_service_is_chosen(void **state)
{
    (void)state;
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANIPConnection:1", "/ctl"))),
                        "1 5000 /ctl");
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANPPPConnection:1", "/ppp")
                                                   SERVICE("WANIPConnection:1", "/ip"))),
                        "1 5000 /ip");
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANIPConnection:2", "/two")
                                                   SERVICE("WANPPPConnection:1", "/ppp"))),
                        "0 5000 /two");
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANPPPConnection:1", "/ppp"))),
                        "2 5000 /ppp");
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANCommonInterfaceConfig:1", "/c"))),
                        "none");
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANIPConnection:7", "/c"))), "none");
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANIPConnection:1", ""))), "none");
}

static void test_a_control_url_leads_to_a_path_and_a_port_of_the_router(void **state)
{
    (void)state;
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANIPConnection:1", "ctl/x"))),
                        "1 5000 /dir/ctl/x");
    assert_string_equal(chosen(DESCRIPTION("<URLBase>http://192.168.1.1:49000/b/</URLBase>",
                                           SERVICE("WANIPConnection:1", "c"))),
                        "1 49000 /b/c");
    assert_string_equal(chosen(DESCRIPTION("<URLBase>http://192.168.1.1:49000</URLBase>",
                                           SERVICE("WANIPConnection:1", "c"))),
                        "1 49000 /c");
    assert_string_equal(chosen(DESCRIPTION("<URLBase>http://router.example/</URLBase>",
                                           SERVICE("WANIPConnection:1", "/c"))),
                        "1 5000 /c");
    /* Whatever host it names: only path and port are taken. */
    assert_string_equal(
        chosen(DESCRIPTION("", SERVICE("WANIPConnection:1", "http://10.9.9.9:81/admin"))),
        "1 81 /admin");
    assert_string_equal(
        chosen(DESCRIPTION("", SERVICE("WANIPConnection:1", "http://internal.example/x"))), "none");
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANIPConnection:1", "ftp://10.0.0.1/x"))),
                        "none");
    assert_string_equal(chosen(DESCRIPTION("", SERVICE("WANIPConnection:1", "/a b"))), "none");
}

static void test_what_is_no_description_has_no_service(void **state)
{
    (void)state;
    static const char good[] = DESCRIPTION("", SERVICE("WANIPConnection:1", "/ctl"));
    struct upnp_service service;
    assert_string_equal(chosen(""), "none");
    assert_string_equal(chosen("not XML at all <<<>>> <a b='"), "none");
    for (size_t len = 0; len < strlen(good); len++) {
        enum net_err err = upnp_description(bytes_of(good, len), &at, &service);
        assert_true(err == NET_ERR_NOT_FOUND || strcmp(service.path, "/ctl") == 0);
    }
    static char vast[UPNP_DESCRIPTION_MAX];
    for (size_t i = 0; i + 3 < sizeof vast; i += 3) {
        memcpy(vast + i, "<a>", 3);
    }
    assert_int_equal(upnp_description(bytes_of(vast, sizeof vast), &at, &service),
                     NET_ERR_NOT_FOUND);
}

static const char *body(enum upnp_kind kind, enum upnp_action action, uint32_t lease_s,
                        char header[UPNP_ACTION_SIZE])
{
    static char text[UPNP_CALL_MAX + 1];
    const struct upnp_mapping mapping = {
        .own = {.family = ADDRESS_V4, .ip = {192, 168, 255, 254}, .port = 65535},
        .external_port = 65534,
        .lease_s = lease_s};
    struct writer out = writer_of(text, UPNP_CALL_MAX);
    upnp_call_encode(&out, header, kind, action, &mapping);
    assert_false(out.failed);
    text[writer_len(&out)] = '\0';
    return text;
}

static void test_calls_carry_what_routers_look_for(void **state)
{
    (void)state;
    char header[UPNP_ACTION_SIZE];
    const char *text = body(UPNP_WAN_IP_1, UPNP_ADD_PORT, UINT32_MAX, header);
    assert_string_equal(header,
                        "\"urn:schemas-upnp-org:service:WANIPConnection:1#AddPortMapping\"");
    assert_non_null(strstr(text, "<u:AddPortMapping xmlns:u=\"urn:schemas-upnp-org:service:"
                                 "WANIPConnection:1\"><NewRemoteHost></NewRemoteHost>"
                                 "<NewExternalPort>65534</NewExternalPort><NewProtocol>UDP"
                                 "</NewProtocol><NewInternalPort>65535</NewInternalPort>"
                                 "<NewInternalClient>192.168.255.254</NewInternalClient>"
                                 "<NewEnabled>1</NewEnabled><NewPortMappingDescription>derptop"
                                 "</NewPortMappingDescription><NewLeaseDuration>4294967295"
                                 "</NewLeaseDuration></u:AddPortMapping>"));
    text = body(UPNP_WAN_IP_2, UPNP_ADD_ANY_PORT, 7200, header);
    assert_non_null(strstr(header, "WANIPConnection:2#AddAnyPortMapping"));
    assert_non_null(strstr(text, "</u:AddAnyPortMapping></s:Body></s:Envelope>"));
    text = body(UPNP_WAN_PPP_1, UPNP_DELETE_PORT, 0, header);
    assert_non_null(strstr(header, "WANPPPConnection:1#DeletePortMapping"));
    assert_null(strstr(text, "NewInternalPort"));
    assert_non_null(strstr(text, "<NewExternalPort>65534<"));
    text = body(UPNP_WAN_IP_1, UPNP_GET_EXTERNAL_ADDRESS, 0, header);
    assert_non_null(strstr(text, "\"></u:GetExternalIPAddress>"));
}

static struct upnp_answer answer_of(int status, const char *xml)
{
    struct upnp_answer answer;
    upnp_answer_decode(status, bytes_text(xml), &answer);
    return answer;
}

#define ENVELOPE(inner)                                                                            \
    "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"x\"><s:Body>" inner "</s:Body></s:Envelope>"
#define FAULT(code)                                                                                \
    ENVELOPE("<s:Fault><faultcode>s:Client</faultcode><detail><UPnPError xmlns=\"y\">"             \
             "<errorCode>" code "</errorCode><errorDescription>no</errorDescription></UPnPError>"  \
             "</detail></s:Fault>")

static void test_answers_are_read(void **state)
{
    (void)state;
    struct upnp_answer answer =
        answer_of(200, ENVELOPE("<u:AddAnyPortMappingResponse xmlns:u=\"z\"><NewReservedPort>4242"
                                "</NewReservedPort></u:AddAnyPortMappingResponse>"));
    assert_int_equal(answer.error, UPNP_ERROR_NONE);
    assert_int_equal(answer.reserved_port, 4242);
    answer = answer_of(200, ENVELOPE("<NewExternalIPAddress>203.0.113.5</NewExternalIPAddress>"));
    assert_int_equal(answer.external.family, ADDRESS_V4);
    assert_int_equal(answer.external.ip[3], 5);
    assert_int_equal(answer.reserved_port, 0);
    assert_int_equal(answer_of(500, FAULT("725")).error, UPNP_ERROR_ONLY_PERMANENT);
    assert_int_equal(answer_of(200, FAULT("718")).error, UPNP_ERROR_CONFLICT);
    assert_int_equal(answer_of(500, "").error, UPNP_ERROR_UNKNOWN);
    assert_int_equal(answer_of(404, "<html>no</html>").error, UPNP_ERROR_UNKNOWN);
    assert_int_equal(answer_of(500, FAULT("99999999999")).error, UPNP_ERROR_UNKNOWN);
}

static void test_odd_answers_tell_nothing(void **state)
{
    (void)state;
    static const char *const ports[] = {"", "-1", "0", "65536", "12x", " 12", "99999999999999"};
    static const char *const addresses[] = {"", "router", "1.2.3", "1.2.3.4.5", "1.2.3.4:5"};
    char xml[256];
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        text_format(xml, sizeof xml, "<a><NewReservedPort>%s</NewReservedPort></a>", ports[i]);
        assert_int_equal(answer_of(200, xml).reserved_port, 0);
    }
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        text_format(xml, sizeof xml, "<a><NewExternalIPAddress>%s</NewExternalIPAddress></a>",
                    addresses[i]);
        assert_int_equal(answer_of(200, xml).external.family, ADDRESS_NONE);
    }
    /* Longer than any field, and as many elements as fit. */
    static char vast[UPNP_ANSWER_MAX];
    struct upnp_answer answer;
    memset(vast, '9', sizeof vast);
    memcpy(vast, "<a><NewReservedPort>", 20);
    upnp_answer_decode(200, bytes_of(vast, sizeof vast), &answer);
    assert_int_equal(answer.reserved_port, 0);
    for (size_t i = 0; i + 8 <= sizeof vast; i += 8) {
        memcpy(vast + i, "<a>b</a>", 8);
    }
    upnp_answer_decode(200, bytes_of(vast, sizeof vast), &answer);
    assert_int_equal(answer.error, UPNP_ERROR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_service_is_chosen),
        cmocka_unit_test(test_a_control_url_leads_to_a_path_and_a_port_of_the_router),
        cmocka_unit_test(test_what_is_no_description_has_no_service),
        cmocka_unit_test(test_calls_carry_what_routers_look_for),
        cmocka_unit_test(test_answers_are_read),
        cmocka_unit_test(test_odd_answers_tell_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
