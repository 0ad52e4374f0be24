#include "net/lab/lab_relay_uv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/base/hex.h"
#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/path/derp_server.h"
#include "net/wire/derp.h"
#include "net/wire/disco.h"

enum {
    READ_SIZE = 64 << 10,
    /* A connection gets more packets from its queues only while less than this waits for its
     * socket; so the queues, which drop the oldest, are what fills. */
    OUTPUT_LOW = 64 << 10,
};

struct link {
    struct link *next;
    struct lab_relay_shell *shell;
    struct stream *stream;
    struct derp_server *server;
    uint64_t id; /* in the relay; 0 = not logged in yet */
    bool broken; /* to be dropped as soon as nothing runs in it */
};

struct lab_relay_shell {
    uv_loop_t *loop;
    struct rng *rng;
    struct log *log;
    struct lab_relay_config config;
    struct lab_faults faults;
    char health[200]; /* told to those who come; "" = well */
    struct node_private *key;
    struct lab_relay *relay;
    struct link *links;
    uv_timer_t timer;
    bool closing;
};

static struct link *find_link(const struct lab_relay_shell *shell, uint64_t id)
{
    for (struct link *link = shell->links; link != NULL; link = link->next) {
        if (link->id == id) {
            return link;
        }
    }
    return NULL;
}

/* Drops the link that `at` points at. */
static void drop(struct lab_relay_shell *shell, struct link **at)
{
    struct link *link = *at;
    *at = link->next;
    if (link->id != 0) {
        lab_relay_detach(shell->relay, link->id);
    }
    stream_close(link->stream);
    derp_server_free(link->server);
    free(link);
}

static bool drop_broken(struct lab_relay_shell *shell)
{
    bool dropped = false;
    struct link **at = &shell->links;
    while (*at != NULL) {
        if ((*at)->broken) {
            drop(shell, at);
            dropped = true;
        } else {
            at = &(*at)->next;
        }
    }
    return dropped;
}

static void write_all(struct link *link)
{
    while (!link->broken) {
        struct bytes out = derp_server_output(link->server);
        size_t taken = 0;
        if (out.len == 0) {
            return;
        }
        enum net_err err = stream_write(link->stream, out, &taken);
        if (err == NET_ERR_AGAIN) {
            return;
        }
        link->broken = err != NET_OK;
        if (err == NET_OK) {
            derp_server_sent(link->server, taken);
        }
    }
}

/* Moves what is due for this connection to its socket. */
static void flush(struct link *link, mono_ns now)
{
    struct lab_relay_item item;
    if (link->server == NULL) {
        return;
    }
    write_all(link);
    while (!link->broken && link->id != 0 && derp_server_output(link->server).len < OUTPUT_LOW &&
           lab_relay_take(link->shell->relay, now, link->id, &item)) {
        enum net_err err = item.kind == LAB_RELAY_GONE
                               ? derp_server_peer_gone(link->server, &item.peer,
                                                       (enum derp_gone_reason)item.reason)
                               : derp_server_packet(link->server, &item.peer, item.packet);
        link->broken = err != NET_OK && err != NET_ERR_FULL;
        if (derp_server_output(link->server).len >= OUTPUT_LOW) {
            write_all(link);
        }
    }
    write_all(link);
}

static void arm(struct lab_relay_shell *shell, mono_ns now);

/* Sends what is due to all, and drops what broke; a drop may make more due (who is gone). */
static void settle(struct lab_relay_shell *shell, mono_ns now)
{
    do {
        for (uint64_t id = lab_relay_due(shell->relay, now, 0); id != 0;
             id = lab_relay_due(shell->relay, now, id)) {
            struct link *link = find_link(shell, id);
            if (link != NULL) {
                flush(link, now);
            }
        }
    } while (drop_broken(shell));
    arm(shell, now);
}

static void take_event(struct link *link, mono_ns now, const struct derp_server_event *event)
{
    struct lab_relay *relay = link->shell->relay;
    switch (event->kind) {
    case DERP_SERVER_LOGIN:
        link->broken = lab_relay_attach(relay, &event->peer, &link->id) != NET_OK;
        if (!link->broken && link->shell->health[0] != '\0') {
            link->broken = derp_server_health(link->server, link->shell->health) != NET_OK;
        }
        break;
    case DERP_SERVER_PACKET:
        if (link->shell->faults.no_wireguard && !disco_looks_like(event->packet)) {
            break;
        }
        lab_relay_packet(relay, now, link->id, &event->peer, event->packet);
        break;
    case DERP_SERVER_PREFERRED:
        break;
    }
}

static void take_bytes(struct link *link, mono_ns now, struct bytes in)
{
    struct derp_server_event event;
    if (link->id != 0) {
        lab_relay_heard(link->shell->relay, link->id);
    }
    while (in.len > 0 && !link->broken) {
        enum net_err err = derp_server_input(link->server, now, &in);
        while (!link->broken && derp_server_event(link->server, &event)) {
            take_event(link, now, &event);
        }
        link->broken = link->broken || err != NET_OK;
    }
}

static void on_wake(void *owner)
{
    static uint8_t in[READ_SIZE]; /* one loop, one thread; nothing is kept in it */
    struct link *link = owner;
    struct lab_relay_shell *shell = link->shell;
    mono_ns now = mono_now();
    size_t got = 0;
    while (!link->broken) {
        enum net_err err = stream_read(link->stream, in, sizeof in, &got);
        if (err == NET_ERR_AGAIN) {
            break;
        }
        link->broken = err != NET_OK;
        if (err == NET_OK && link->server != NULL) {
            take_bytes(link, now, bytes_of(in, got));
        }
    }
    flush(link, now);
    settle(shell, now);
}

static void on_timer(uv_timer_t *timer)
{
    struct lab_relay_shell *shell = timer->data;
    mono_ns now = mono_now();
    for (struct link *link = shell->links; link != NULL; link = link->next) {
        if (link->server != NULL && derp_server_deadline(link->server) <= now) {
            link->broken = link->broken || derp_server_tick(link->server, now) != NET_OK;
            flush(link, now);
        }
    }
    settle(shell, now);
}

static void arm(struct lab_relay_shell *shell, mono_ns now)
{
    mono_ns next = lab_relay_deadline(shell->relay, now);
    for (const struct link *link = shell->links; link != NULL; link = link->next) {
        next = link->server == NULL ? next : mono_min(next, derp_server_deadline(link->server));
    }
    if (next == MONO_NEVER || shell->closing) {
        (void)uv_timer_stop(&shell->timer);
        return;
    }
    uv_update_time(shell->loop);
    uint64_t wait_ms = (mono_until(now, next) + NS_PER_MS - 1) / NS_PER_MS;
    (void)uv_timer_start(&shell->timer, on_timer, wait_ms, 0);
}

struct lab_relay_shell *lab_relay_shell_new(uv_loop_t *loop, const struct lab_relay_config *config,
                                            struct log *log)
{
    struct lab_relay_shell *shell = mem_new(sizeof *shell);
    shell->loop = loop;
    shell->rng = config->rng;
    shell->log = log;
    shell->config = *config;
    shell->key = node_private_new(config->rng);
    shell->relay = lab_relay_new(config);
    (void)uv_timer_init(loop, &shell->timer);
    shell->timer.data = shell;
    return shell;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct lab_relay_shell *shell = handle->data;
    node_private_free(shell->key);
    lab_relay_free(shell->relay);
    free(shell);
}

void lab_relay_shell_drop(struct lab_relay_shell *shell)
{
    while (shell->links != NULL) {
        drop(shell, &shell->links);
    }
}

void lab_relay_shell_close(struct lab_relay_shell *shell)
{
    shell->closing = true;
    lab_relay_shell_drop(shell);
    uv_close((uv_handle_t *)&shell->timer, on_timer_closed);
}

/* What a GET of /derp asks for, as coderd tells them apart. */
static bool wants_websocket(const struct http_exchange *exchange)
{
    const char *upgrade = http_exchange_header(exchange, "Upgrade");
    const char *protocol = http_exchange_header(exchange, "Sec-WebSocket-Protocol");
    return upgrade != NULL && strcasecmp(upgrade, "websocket") == 0 && protocol != NULL &&
           strstr(protocol, "derp") != NULL;
}

static bool wants_upgrade(const struct http_exchange *exchange)
{
    const char *upgrade = http_exchange_header(exchange, "Upgrade");
    return upgrade != NULL &&
           (strcasecmp(upgrade, "websocket") == 0 || strcasecmp(upgrade, "derp") == 0);
}

static struct stream *upgrade(struct lab_relay_shell *shell, struct http_exchange *exchange)
{
    struct node_public key = node_private_public(shell->key);
    char key_text[2 * KEY_LEN + 1];
    hex_encode(key.b, KEY_LEN, key_text);
    const struct http_header headers[] = {
        {"Derp-Version", "2"},
        {"Derp-Public-Key", key_text},
    };
    return http_exchange_upgrade(exchange, "DERP", headers, 2);
}

void lab_relay_shell_accept(struct lab_relay_shell *shell, struct http_exchange *exchange)
{
    struct stream *stream = NULL;
    if (shell->faults.gone) {
        http_exchange_reply(exchange, 503, "text/plain; charset=utf-8", NULL, 0,
                            bytes_text("the lab's relay is told to be gone"));
    } else if (wants_websocket(exchange)) {
        stream = http_exchange_websocket(exchange, "derp");
    } else if (!wants_upgrade(exchange)) {
        http_exchange_reply(exchange, 426, "text/plain; charset=utf-8", NULL, 0,
                            bytes_text("DERP requires connection upgrade"));
    } else if (shell->faults.upgrade_status != 0) {
        http_exchange_reply(exchange, shell->faults.upgrade_status, "text/plain; charset=utf-8",
                            NULL, 0, bytes_text("this proxy does not know the upgrade"));
    } else {
        stream = upgrade(shell, exchange);
    }
    if (stream == NULL) {
        return;
    }
    struct link *link = mem_new(sizeof *link);
    link->shell = shell;
    link->stream = stream;
    if (!shell->faults.silent) {
        link->server = derp_server_new(shell->key, shell->rng, mono_now());
    }
    link->next = shell->links;
    shell->links = link;
    stream_attach(stream, on_wake, link);
}

void lab_relay_shell_faults(struct lab_relay_shell *shell, const struct lab_faults *faults)
{
    shell->faults = *faults;
    shell->config.drop_percent = faults->drop_percent;
    lab_relay_set(shell->relay, &shell->config);
}

void lab_relay_shell_health(struct lab_relay_shell *shell, const char *text)
{
    text_copy(shell->health, sizeof shell->health, text);
    for (struct link *link = shell->links; link != NULL; link = link->next) {
        if (link->id != 0) {
            link->broken = derp_server_health(link->server, text) != NET_OK;
            flush(link, mono_now());
        }
    }
    settle(shell, mono_now());
}

void lab_relay_shell_restarting(struct lab_relay_shell *shell, uint32_t reconnect_ms,
                                uint32_t try_ms)
{
    for (struct link *link = shell->links; link != NULL; link = link->next) {
        if (link->id != 0) {
            link->broken = derp_server_restarting(link->server, reconnect_ms, try_ms) != NET_OK;
            flush(link, mono_now());
        }
    }
    settle(shell, mono_now());
}

struct lab_relay_counts lab_relay_shell_counts(const struct lab_relay_shell *shell)
{
    return lab_relay_counts(shell->relay);
}
