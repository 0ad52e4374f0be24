#include "net/path/latency_uv.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/wire/address.h"

enum {
    BODY_MAX = 8 << 10,
    URL_SIZE = DERP_HOST_SIZE + 64,
    NETWORK_AUTHENTICATION_REQUIRED = 511, /* RFC 6585 */
};

struct latency_probe {
    struct latency_check *check;
    size_t index;
    struct http_call *call;
};

struct latency_check {
    void (*each)(void *owner, const struct latency_result *result);
    void (*done)(void *owner, const struct latency_result *results, size_t count);
    void *owner;
    size_t count, left;
    bool cancelled;
    uv_timer_t none; /* tells the end when there was nothing to ask */
    struct latency_probe *probes;
    struct latency_result *results;
};

/* "host" or "[v6]", as a URL wants it. */
static void url_host(const char *host, char out[DERP_HOST_SIZE + 2])
{
    struct net_address address;
    bool v6 = address_parse_ip(host, &address) == NET_OK && address.family == ADDRESS_V6;
    text_format(out, DERP_HOST_SIZE + 2, v6 ? "[%s]" : "%s", host);
}

bool derp_node_url(const struct derp_node *node, const char *path, char *out, size_t size,
                   struct http_target *target)
{
    char host[DERP_HOST_SIZE + 2];
    int32_t usual = node->force_http ? 80 : DERP_PORT_DEFAULT;
    int32_t port = node->derp_port == 0 ? DERP_PORT_DEFAULT : node->derp_port;
    char text[URL_SIZE * 2];
    if (node->host_name[0] == '\0' || port < 1 || port > UINT16_MAX ||
        strpbrk(node->host_name, "/?#@ \\") != NULL) {
        return false;
    }
    url_host(node->host_name, host);
    const char *scheme = node->force_http ? "http" : "https";
    if (port == usual) {
        text_format(text, sizeof text, "%s://%s%s", scheme, host, path);
    } else {
        text_format(text, sizeof text, "%s://%s:%d%s", scheme, host, (int)port, path);
    }
    *target = (struct http_target){.ipv4 = node->ipv4, .ipv6 = node->ipv6};
    if (strlen(text) >= size) {
        return false;
    }
    text_copy(out, size, text);
    return true;
}

static void free_check(struct latency_check *check)
{
    free(check->probes);
    free(check->results);
    free(check);
}

static void timer_closed(uv_handle_t *handle)
{
    free_check(handle->data);
}

static void finish(struct latency_check *check)
{
    check->done(check->owner, check->results, check->count);
    uv_close((uv_handle_t *)&check->none, timer_closed);
}

static void on_none(uv_timer_t *timer)
{
    finish(timer->data);
}

static bool is_good(int status)
{
    return status >= 200 && status <= 299;
}

/* A relay answers with nothing; a page is somebody else's (a portal, a site's own 404). */
static bool is_page(const struct http_response *response)
{
    static const char html[] = "text/html";
    return response->body.len > 0 && strncmp(response->content_type, html, strlen(html)) == 0;
}

static void judge(const struct http_response *response, struct latency_result *result)
{
    bool answered = response->failure.code == NET_OK;
    bool page = answered && is_good(response->status) && is_page(response);
    result->answered = answered && is_good(response->status) && !page;
    result->intercepted =
        page || (answered && ((response->status >= 300 && response->status <= 399) ||
                              response->status == NETWORK_AUTHENTICATION_REQUIRED));
    result->over_ipv6 = response->over_ipv6;
    result->latency_ns = result->answered ? response->first_byte_ns : 0;
    result->failure = response->failure;
    if (page) {
        failure_set(&result->failure, NET_ERR_REFUSED,
                    "a web page came instead of the relay's answer");
    } else if (answered && !result->answered) {
        failure_set(&result->failure, NET_ERR_REFUSED, "the latency check was answered with %d",
                    response->status);
    }
}

static void on_answer(void *owner, const struct http_response *response)
{
    struct latency_probe *probe = owner;
    struct latency_check *check = probe->check;
    struct latency_result *result = &check->results[probe->index];
    probe->call = NULL;
    judge(response, result);
    if (check->each != NULL) {
        check->each(check->owner, result);
    }
    if (--check->left == 0 && !check->cancelled) {
        finish(check);
    }
}

static const struct derp_node *first_relay_node(const struct derp_region *region)
{
    for (size_t i = 0; i < region->node_count; i++) {
        if (!region->nodes[i].stun_only) {
            return &region->nodes[i];
        }
    }
    return NULL;
}

static bool ask(struct latency_check *check, struct http_client *client,
                const struct derp_region *region, uint64_t timeout_ns)
{
    char url[URL_SIZE];
    struct http_request request = {
        .url = url, .body_max = BODY_MAX, .timeout_ns = timeout_ns, .fresh_connection = true};
    const struct derp_node *node = first_relay_node(region);
    if (node == NULL ||
        !derp_node_url(node, "/derp/latency-check", url, sizeof url, &request.target)) {
        return false;
    }
    struct latency_probe *probe = &check->probes[check->count];
    request.allow_insecure = node->insecure_for_tests;
    check->results[check->count] = (struct latency_result){.region = region->id};
    *probe = (struct latency_probe){.check = check, .index = check->count};
    probe->call = http_get(client, &request, on_answer, probe);
    check->count++;
    return true;
}

struct latency_check *latency_check_start(
    uv_loop_t *loop, struct http_client *client, const struct derp_map *map, uint64_t timeout_ns,
    void (*each)(void *owner, const struct latency_result *result),
    void (*done)(void *owner, const struct latency_result *results, size_t count), void *owner)
{
    struct latency_check *check = mem_new(sizeof *check);
    check->each = each;
    check->done = done;
    check->owner = owner;
    check->probes = mem_array(map->region_count, sizeof *check->probes);
    check->results = mem_array(map->region_count, sizeof *check->results);
    (void)uv_timer_init(loop, &check->none);
    check->none.data = check;
    for (size_t i = 0; i < map->region_count; i++) {
        check->left += ask(check, client, &map->regions[i], timeout_ns) ? 1U : 0U;
    }
    if (check->left == 0) {
        (void)uv_timer_start(&check->none, on_none, 0, 0);
    }
    return check;
}

void latency_check_cancel(struct latency_check *check)
{
    check->cancelled = true;
    for (size_t i = 0; i < check->count; i++) {
        if (check->probes[i].call != NULL) {
            http_cancel(check->probes[i].call);
        }
    }
    uv_close((uv_handle_t *)&check->none, timer_closed);
}
