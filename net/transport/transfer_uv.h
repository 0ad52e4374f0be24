/*
 * Internal to http_uv and dial_uv: libcurl's multi interface on libuv, and one transfer on it.
 */
#ifndef NET_TRANSPORT_TRANSFER_UV_H
#define NET_TRANSPORT_TRANSFER_UV_H

#include <curl/curl.h>
#include <uv.h>

#include "net/transport/http_uv.h"
#include "net/transport/url_parts_uv.h"

enum { TRANSFER_URL_SIZE = 256 };

struct transfer {
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *resolve;
    CURLSH *names; /* a memory of host names of its own, when addresses are given */
    char error[CURL_ERROR_SIZE];
    char url[TRANSFER_URL_SIZE]; /* for people: no secrets */
    struct url_parts parts;
    struct failure early; /* known before anything was tried */
    bool in_multi;
    /* Called once from the loop and outside of libcurl, unless ended before; calls transfer_end
     * some time. */
    void (*done)(struct transfer *transfer, CURLcode code);
    /* The client closes: transfer_end, and free. */
    void (*drop)(struct transfer *transfer);
    void *owner;           /* the user's */
    struct transfer *next; /* of the client's */
};

struct transfer_options {
    const char *url;
    const struct http_header *headers; /* besides the client's own */
    size_t header_count;
    uint64_t timeout_ns;
    bool connect_only;
    bool fresh_connection;
    bool allow_insecure;
    bool no_proxy;
    struct http_target target;
};

struct http_client {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer; /* libcurl's */
    uv_timer_t early; /* reports transfers that failed before they began */
    int open_handles;
    bool closed;
    char *user_agent;
    char *ca_file;
    char *cert_file;
    char *key_file;
    char **headers; /* "Name: value" */
    size_t header_count;
    struct log *log;
    struct watch *watches;
    struct transfer *transfers;
};

/* Begins the transfer in *transfer, whose `done` and `drop` are set and whose other fields are
 * zero. Options of libcurl may be set on transfer->easy afterwards. */
void transfer_start(struct transfer *transfer, struct http_client *client,
                    const struct transfer_options *options);

/* Stops it and frees what it owns, but not *transfer itself. */
void transfer_end(struct transfer *transfer);

/* What went wrong, in a sentence for the user. */
enum net_err transfer_failure(const struct transfer *transfer, CURLcode code, struct failure *out);

/* True when the connection was made over IPv6. */
bool transfer_is_ipv6(const struct transfer *transfer);

/* True for a header that may be sent: a token, and a value of one line. */
bool http_header_is_valid(const struct http_header *header);

/* libcurl's call-back before it closes a socket; `owner` is the struct http_client. */
int http_client_close_socket(void *owner, curl_socket_t socket);

#endif
