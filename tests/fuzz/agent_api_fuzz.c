/*
 * What an agent's API may answer: the HTTP of it in pieces of a size that the first byte gives, and
 * its body as a report; and what the lab's may be asked. The outcome does not depend on the pieces.
 */
#include <assert.h>

#include "net/lab/lab_api.h"
#include "net/probe/agent_report.h"
#include "net/probe/http_get.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(struct http_get *get, struct bytes in, size_t step)
{
    http_get_init(get, "[fd7a::1]:4", AGENT_REPORT_PATH, NS_PER_SEC);
    http_get_sent(get, http_get_output(get).len);
    for (size_t at = 0; at < in.len; at += step) {
        http_get_input(get, bytes_of(in.ptr + at, in.len - at < step ? in.len - at : step));
    }
    http_get_ended(get);
    assert(http_get_is_over(get));
    assert((get->state == HTTP_GET_FAILED) == (get->failure.code != NET_OK));
}

static void read_report(struct bytes body)
{
    static struct agent_report report;
    struct failure why;
    if (agent_report_parse(body, &report, &why) != NET_OK) {
        assert(why.code != NET_OK);
        return;
    }
    assert(report.warning_count <= AGENT_REPORT_WARNINGS_MAX);
    assert(report.region_count <= AGENT_REPORT_REGIONS_MAX);
    assert(report.interface_count <= AGENT_REPORT_INTERFACES_MAX);
    for (size_t i = 0; i < report.interface_count; i++) {
        assert(report.interfaces[i].address_count <= AGENT_REPORT_ADDRESSES_MAX);
    }
}

static cJSON *no_report(void *owner)
{
    (void)owner;
    return cJSON_CreateObject();
}

static void ask_lab(struct lab_api_call *call, struct bytes in, size_t step)
{
    lab_api_init(call);
    for (size_t at = 0; at < in.len; at += step) {
        lab_api_input(call, bytes_of(in.ptr + at, in.len - at < step ? in.len - at : step),
                      no_report, NULL);
    }
}

static void check_lab(struct bytes in, size_t step)
{
    struct lab_api_call whole;
    struct lab_api_call pieces;
    ask_lab(&whole, in, in.len + 1);
    ask_lab(&pieces, in, step);
    assert(whole.answered == pieces.answered);
    assert(bytes_equal(buf_view(&whole.out), buf_view(&pieces.out)));
    lab_api_clear(&whole);
    lab_api_clear(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_get whole;
    static struct http_get pieces;
    if (size < 1) {
        return 0;
    }
    struct bytes in = bytes_of(data + 1, size - 1);
    read_report(in);
    check_lab(in, 1 + data[0] % 64);
    run(&whole, in, size);
    run(&pieces, in, 1 + data[0] % 64);
    assert(whole.state == pieces.state && whole.status == pieces.status);
    assert(bytes_equal(http_get_body(&whole), http_get_body(&pieces)));
    if (whole.state == HTTP_GET_DONE) {
        read_report(http_get_body(&whole));
    }
    http_get_clear(&whole);
    http_get_clear(&pieces);
    return 0;
}
