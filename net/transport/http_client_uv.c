#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/transport/transfer_uv.h"

enum { HEADER_LINE_SIZE = 16 << 10 };

/* One socket that libcurl wants to be told about. */
struct watch {
    uv_poll_t poll;
    struct http_client *client;
    curl_socket_t socket;
    int events;
    struct watch *next;
};

static void free_client(struct http_client *client)
{
    for (size_t i = 0; i < client->header_count; i++) {
        mem_free_wiped(client->headers[i], strlen(client->headers[i]));
    }
    free(client->headers);
    free(client->user_agent);
    free(client->ca_file);
    free(client->cert_file);
    free(client->key_file);
    free(client);
    curl_global_cleanup();
}

static void handle_closed(struct http_client *client)
{
    if (--client->open_handles == 0) {
        free_client(client);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct http_client *client = watch->client;
    free(watch);
    handle_closed(client);
}

static struct watch *find_watch(struct http_client *client, curl_socket_t socket)
{
    struct watch *watch = client->watches;
    while (watch != NULL && watch->socket != socket) {
        watch = watch->next;
    }
    return watch;
}

static void remove_watch(struct http_client *client, curl_socket_t socket)
{
    struct watch **link = &client->watches;
    while (*link != NULL && (*link)->socket != socket) {
        link = &(*link)->next;
    }
    struct watch *watch = *link;
    if (watch != NULL) {
        *link = watch->next;
        (void)uv_poll_stop(&watch->poll);
        uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
    }
}

static struct watch *add_watch(struct http_client *client, curl_socket_t socket)
{
    struct watch *watch = mem_new(sizeof *watch);
    watch->client = client;
    watch->socket = socket;
    watch->poll.data = watch;
    if (uv_poll_init_socket(client->loop, &watch->poll, socket) != 0) {
        free(watch);
        return NULL;
    }
    client->open_handles++;
    watch->next = client->watches;
    client->watches = watch;
    return watch;
}

static struct transfer *transfer_of(CURL *easy)
{
    char *owner = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &owner);
    return (struct transfer *)(void *)owner;
}

/* Reports what has ended. A call-back may close the client: it is freed only later, on the loop. */
static void report_done(struct http_client *client)
{
    int left = 0;
    for (;;) {
        CURLMsg *message = client->closed ? NULL : curl_multi_info_read(client->multi, &left);
        if (message == NULL) {
            return;
        }
        if (message->msg == CURLMSG_DONE) {
            CURLcode code = message->data.result;
            struct transfer *transfer = transfer_of(message->easy_handle);
            transfer->done(transfer, code);
        }
    }
}

/* A socket with an error may still hold what the server said before (a TLS alert): libcurl is to
 * read, and meets the error itself. libuv has stopped polling it then. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct http_client *client = watch->client;
    int running = 0;
    if (status < 0) {
        events = UV_READABLE | UV_WRITABLE;
        (void)uv_poll_start(poll, watch->events, on_poll);
    }
    int flags = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
                (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);
    (void)curl_multi_socket_action(client->multi, watch->socket, flags, &running);
    report_done(client);
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *owner, void *unused)
{
    struct http_client *client = owner;
    (void)easy;
    (void)unused;
    if (what == CURL_POLL_REMOVE || client->closed) {
        remove_watch(client, socket);
        return 0;
    }
    struct watch *watch = find_watch(client, socket);
    if (watch == NULL) {
        watch = add_watch(client, socket);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (watch == NULL) {
        return -1;
    }
    watch->events = events;
    return uv_poll_start(&watch->poll, events, on_poll) == 0 ? 0 : -1;
}

int http_client_close_socket(void *owner, curl_socket_t socket)
{
    /* Polling must end before the descriptor can be used again by another socket. */
    remove_watch(owner, socket);
    return close(socket);
}

static void on_timer(uv_timer_t *timer)
{
    struct http_client *client = timer->data;
    int running = 0;
    (void)curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    report_done(client);
}

static int on_timeout(CURLM *multi, long timeout_ms, void *owner)
{
    struct http_client *client = owner;
    (void)multi;
    if (client->closed || timeout_ms < 0) {
        (void)uv_timer_stop(&client->timer);
        return 0;
    }
    return uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0) == 0 ? 0 : -1;
}

static enum net_err check_file(const char *path, const char *what, struct failure *why)
{
    if (path != NULL && access(path, R_OK) != 0) {
        return failure_set(why, NET_ERR_USAGE,
                           "the %s %s cannot be read; check its name and rights", what, path);
    }
    return NET_OK;
}

static enum net_err check_headers(const struct http_config *config, struct failure *why)
{
    for (size_t i = 0; i < config->header_count; i++) {
        if (!http_header_is_valid(&config->headers[i])) {
            return failure_set(why, NET_ERR_USAGE,
                               "\"%s\" cannot be sent as an HTTP header: the name or the value has "
                               "characters that are not allowed",
                               config->headers[i].name);
        }
    }
    return NET_OK;
}

static enum net_err check_config(const struct http_config *config, struct failure *why)
{
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    if ((version->features & CURL_VERSION_SSL) == 0) {
        return failure_set(why, NET_ERR_USAGE,
                           "this libcurl is built without TLS; install another");
    }
    if ((config->cert_file == NULL) != (config->key_file == NULL)) {
        return failure_set(why, NET_ERR_USAGE,
                           "a client certificate and its key must be given together");
    }
    enum net_err err = check_file(config->ca_file, "CA file", why);
    if (err == NET_OK) {
        err = check_file(config->cert_file, "client certificate", why);
    }
    if (err == NET_OK) {
        err = check_file(config->key_file, "client key", why);
    }
    return err == NET_OK ? check_headers(config, why) : err;
}

static char *copy(const char *text)
{
    return text == NULL || text[0] == '\0' ? NULL : mem_text(text);
}

/* The name that OpenSSL, Go and the curl command have for it; the library leaves it to its user. */
static const char *ca_file_of(const struct http_config *config)
{
    const char *from_environment = getenv("SSL_CERT_FILE"); /* NOLINT(concurrency-mt-unsafe): read
                                                               only, at start */
    return config->ca_file != NULL ? config->ca_file : from_environment;
}

static void copy_config(struct http_client *client, const struct http_config *config)
{
    client->user_agent = copy(config->user_agent);
    client->ca_file = copy(ca_file_of(config));
    client->cert_file = copy(config->cert_file);
    client->key_file = copy(config->key_file);
    client->log = config->log;
    client->header_count = config->header_count;
    client->headers = mem_array(config->header_count, sizeof *client->headers);
    for (size_t i = 0; i < config->header_count; i++) {
        char line[HEADER_LINE_SIZE];
        text_format(line, sizeof line, "%s: %s", config->headers[i].name, config->headers[i].value);
        client->headers[i] = mem_text(line);
        mem_wipe(line, sizeof line);
    }
}

enum net_err http_client_new(uv_loop_t *loop, const struct http_config *config,
                             struct http_client **out, struct failure *why)
{
    enum net_err err = check_config(config, why);
    if (err != NET_OK) {
        return err;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return failure_set(why, NET_ERR_USAGE, "libcurl cannot be started");
    }
    struct http_client *client = mem_new(sizeof *client);
    client->loop = loop;
    client->multi = curl_multi_init();
    if (client->multi == NULL) {
        abort(); /* no memory */
    }
    (void)uv_timer_init(loop, &client->timer);
    (void)uv_timer_init(loop, &client->early);
    client->timer.data = client;
    client->early.data = client;
    client->open_handles = 2;
    copy_config(client, config);
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    *out = client;
    return NET_OK;
}

void http_client_close(struct http_client *client)
{
    while (client->transfers != NULL) {
        client->transfers->drop(client->transfers);
    }
    client->closed = true;
    (void)curl_multi_cleanup(client->multi);
    while (client->watches != NULL) {
        remove_watch(client, client->watches->socket);
    }
    uv_close((uv_handle_t *)&client->timer, on_timer_closed);
    uv_close((uv_handle_t *)&client->early, on_timer_closed);
}
