#include "net/transport/transfer_uv.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "net/transport/url.h"

enum { LINE_SIZE = 16 << 10 };

bool http_header_is_valid(const struct http_header *header)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t name_len = strlen(header->name);
    return name_len > 0 && strspn(header->name, token) == name_len &&
           strcspn(header->value, "\r\n") == strlen(header->value) &&
           name_len + strlen(header->value) + 3 < LINE_SIZE;
}

static void fail_early(struct transfer *transfer, enum net_err code, const char *what)
{
    if (transfer->early.code == NET_OK) {
        (void)failure_set(&transfer->early, code, "%s: %s", transfer->url, what);
    }
}

static void add_header(struct transfer *transfer, const struct http_header *header)
{
    char line[LINE_SIZE];
    if (!http_header_is_valid(header)) {
        fail_early(transfer, NET_ERR_USAGE,
                   "a header or token has characters that cannot be sent; check it for line ends");
        return;
    }
    /* "Name;" is libcurl's form of a header without a value. */
    text_format(line, sizeof line, header->value[0] == '\0' ? "%s;%s" : "%s: %s", header->name,
                header->value);
    transfer->headers = curl_slist_append(transfer->headers, line);
    mem_wipe(line, sizeof line);
}

static void set_headers(struct transfer *transfer, const struct transfer_options *options)
{
    for (size_t i = 0; i < transfer->client->header_count; i++) {
        transfer->headers = curl_slist_append(transfer->headers, transfer->client->headers[i]);
    }
    for (size_t i = 0; i < options->header_count; i++) {
        add_header(transfer, &options->headers[i]);
    }
    (void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    /* A session token is not for the proxy. */
    (void)curl_easy_setopt(transfer->easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
}

static void set_tls(struct transfer *transfer, const struct transfer_options *options)
{
    const struct http_client *client = transfer->client;
    (void)curl_easy_setopt(transfer->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYPEER,
                           options->allow_insecure ? 0L : 1L);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYHOST,
                           options->allow_insecure ? 0L : 2L);
    if (client->ca_file != NULL) {
        (void)curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, client->ca_file);
        /* It replaces the system's store, also the folder that a distribution builds in. */
        (void)curl_easy_setopt(transfer->easy, CURLOPT_CAPATH, NULL);
    }
    if (client->cert_file != NULL) {
        (void)curl_easy_setopt(transfer->easy, CURLOPT_SSLCERT, client->cert_file);
        (void)curl_easy_setopt(transfer->easy, CURLOPT_SSLKEY, client->key_file);
    }
}

/* libcurl reads https_proxy and HTTPS_PROXY, but only the lower-case http_proxy, because a CGI
 * program gets HTTP_PROXY from its clients. Go, and so the coder command, reads both outside of
 * CGI, and never asks a proxy for this very machine. */
static void set_proxy(struct transfer *transfer, const struct transfer_options *options)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): nothing here changes the environment */
    const char *proxy = getenv("HTTP_PROXY");
    bool wanted = transfer->parts.plain && proxy != NULL && getenv("http_proxy") == NULL &&
                  getenv("REQUEST_METHOD") == NULL;
    /* NOLINTEND(concurrency-mt-unsafe) */
    if (options->no_proxy || url_host_is_loopback(transfer->parts.host)) {
        (void)curl_easy_setopt(transfer->easy, CURLOPT_PROXY, "");
    } else if (wanted) {
        (void)curl_easy_setopt(transfer->easy, CURLOPT_PROXY, proxy);
    }
}

enum family_use { FAMILY_ASK, FAMILY_FIXED, FAMILY_OFF };

static enum family_use family_use(int family, const char *text)
{
    uint8_t address[16];
    if (text == NULL || text[0] == '\0') {
        return FAMILY_ASK;
    }
    return inet_pton(family, text, address) == 1 ? FAMILY_FIXED : FAMILY_OFF;
}

/* Fixed addresses go into a memory of names that only this transfer has, so that no other request
 * to the same host is led there. Where one family is fixed, the other is used only if fixed too. */
static void set_addresses(struct transfer *transfer, const struct http_target *target, bool v4,
                          bool v6)
{
    char line[LINE_SIZE];
    const struct url_parts *url = &transfer->parts;
    if (url->host[0] == '[') {
        return; /* an IPv6 address already */
    }
    text_format(line, sizeof line, "%s:%s:%s%s%s", url->host, url->port, v4 ? target->ipv4 : "",
                v4 && v6 ? "," : "", v6 ? target->ipv6 : "");
    transfer->resolve = curl_slist_append(NULL, line);
    transfer->names = curl_share_init();
    (void)curl_share_setopt(transfer->names, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_SHARE, transfer->names);
    (void)curl_easy_setopt(transfer->easy, CURLOPT_RESOLVE, transfer->resolve);
}

static void set_target(struct transfer *transfer, const struct transfer_options *options)
{
    const struct http_target *target = &options->target;
    enum family_use v4 = family_use(AF_INET, target->ipv4);
    enum family_use v6 = family_use(AF_INET6, target->ipv6);
    if (v4 == FAMILY_OFF && v6 == FAMILY_OFF) {
        fail_early(transfer, NET_ERR_USAGE,
                   "both IPv4 and IPv6 are disabled for this node in the DERP map");
    } else if (v4 == FAMILY_FIXED || v6 == FAMILY_FIXED) {
        set_addresses(transfer, target, v4 == FAMILY_FIXED, v6 == FAMILY_FIXED);
    } else if (v4 == FAMILY_OFF) {
        (void)curl_easy_setopt(transfer->easy, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V6);
    } else if (v6 == FAMILY_OFF) {
        (void)curl_easy_setopt(transfer->easy, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V4);
    }
    bool own = v4 != FAMILY_ASK || v6 != FAMILY_ASK;
    if (own || options->fresh_connection || options->connect_only) {
        (void)curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
    }
    /* A connection that is only made would be closed as soon as it is. */
    if ((own || options->fresh_connection) && !options->connect_only) {
        (void)curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
    }
}

static void set_basics(struct transfer *transfer, const struct transfer_options *options)
{
    CURL *easy = transfer->easy;
    long timeout_ms = options->timeout_ns / NS_PER_MS < INT32_MAX
                          ? (long)(options->timeout_ns / NS_PER_MS)
                          : (long)INT32_MAX;
    timeout_ms = timeout_ms < 1 ? 1 : timeout_ms;
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    (void)curl_easy_setopt(easy, CURLOPT_URL, options->url);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* Also what TLS offers (ALPN): an upgrade needs it, and one behaviour is enough. */
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    /* Do not wait for the resolver's thread when a request is given up. */
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, http_client_close_socket);
    (void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->client);
    if (transfer->client->user_agent != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, transfer->client->user_agent);
    }
    if (options->connect_only) {
        (void)curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
        /* Plain HTTP goes through a proxy by CONNECT too, for it will not be HTTP for long. */
        (void)curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    } else {
        (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
        (void)curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    }
}

/* Reports those that failed before they began. Each report may end any of them. */
static void report_early(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    struct transfer *transfer = client->transfers;
    while (transfer != NULL && !client->closed) {
        if (transfer->in_multi || transfer->early.code == NET_OK) {
            transfer = transfer->next;
            continue;
        }
        transfer->done(transfer, CURLE_FAILED_INIT);
        transfer = client->transfers;
    }
}

void transfer_start(struct transfer *transfer, struct http_client *client,
                    const struct transfer_options *options)
{
    transfer->client = client;
    transfer->next = client->transfers;
    client->transfers = transfer;
    url_for_people(transfer->url, sizeof transfer->url, options->url);
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL) {
        abort(); /* no memory */
    }
    set_basics(transfer, options);
    set_headers(transfer, options);
    set_tls(transfer, options);
    if (url_parts_split(options->url, &transfer->parts)) {
        set_proxy(transfer, options);
        set_target(transfer, options);
    } else {
        fail_early(transfer, NET_ERR_USAGE, "not a usable http:// or https:// address; check it");
    }
    if (transfer->early.code != NET_OK) {
        (void)uv_timer_start(&client->early, report_early, 0, 0);
        return;
    }
    transfer->in_multi = curl_multi_add_handle(client->multi, transfer->easy) == CURLM_OK;
    assert(transfer->in_multi);
}

static void unlink_transfer(struct transfer *transfer)
{
    struct transfer **link = &transfer->client->transfers;
    while (*link != transfer) {
        link = &(*link)->next;
    }
    *link = transfer->next;
}

void transfer_end(struct transfer *transfer)
{
    if (transfer->easy == NULL) {
        return;
    }
    unlink_transfer(transfer);
    if (transfer->in_multi) {
        (void)curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    }
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    curl_slist_free_all(transfer->resolve);
    if (transfer->names != NULL) {
        (void)curl_share_cleanup(transfer->names);
    }
    transfer->easy = NULL;
}

bool transfer_is_ipv6(const struct transfer *transfer)
{
    const char *address = NULL;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_PRIMARY_IP, &address);
    return address != NULL && strchr(address, ':') != NULL;
}
