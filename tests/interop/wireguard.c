/*
 * Our WireGuard device and the host on it, on a UDP socket of loopback, for a genuine peer to talk
 * to. Told what to do by lines on standard input; says what happens as JSON lines:
 *
 *   peer KEY PORT OWN THEIRS   the genuine peer's key (hex), port, and both addresses in the tunnel
 *   keepalive SECONDS
 *   ping COUNT PAYLOAD         {"pongs":COUNT} when the last of them was answered; one that is lost
 * is sent again after a second ahead SECONDS              from now on our clock is so much further:
 * a suspend, a rekey's time restart                    a new device with the old key status
 * {"status":…}
 *
 * First of all it says {"key":…,"port":…}; each completed handshake is {"handshake":NUMBER}. Ends
 * when standard input does.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/base/hex.h"
#include "net/tunnel/stack.h"
#include "net/tunnel/wg_device.h"

enum { LINE_SIZE = 512, WORDS = 5, ECHO_ID = 4711, RESEND_S = 1 };

struct driver {
    int socket;
    uint64_t ahead_ns;
    struct node_private *key;
    struct node_public theirs;
    struct wg_device *device;
    struct wg_peer *peer;
    struct stack *stack;
    uint8_t address[2][16]; /* ours, theirs */
    unsigned handshakes;
    unsigned long pings_left, ping_count, payload;
    uint16_t seq;
    mono_ns resend_at;
    size_t line_len;
    char line[LINE_SIZE];
};

static void need(bool good, const char *what)
{
    if (!good) {
        (void)fprintf(stderr, "wireguard: %s\n", what);
        exit(1);
    }
}

static mono_ns now_of(const struct driver *d)
{
    return mono_after(mono_now(), d->ahead_ns);
}

static void send_datagram(struct driver *d, struct bytes datagram)
{
    ssize_t sent = send(d->socket, datagram.ptr, datagram.len, 0);
    (void)sent; /* a peer that is not there (yet) is the network's usual loss */
}

static void send_packet(void *owner, struct bytes packet)
{
    struct driver *d = owner;
    uint8_t memory[WG_DATAGRAM_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    if (d->peer != NULL && wg_peer_send(d->peer, now_of(d), packet, &out) == NET_OK) {
        send_datagram(d, writer_done(&out));
    }
}

static void next_ping(struct driver *d)
{
    d->resend_at = mono_after(mono_now(), RESEND_S * NS_PER_SEC);
    enum net_err err =
        stack_echo(d->stack, now_of(d), d->address[1], ECHO_ID, ++d->seq, d->payload);
    need(err == NET_OK, "cannot send an echo request");
}

static void on_echo(void *owner, mono_ns now, const uint8_t from[16], uint16_t id, uint16_t seq,
                    size_t payload)
{
    struct driver *d = owner;
    (void)now;
    if (memcmp(from, d->address[1], 16) != 0 || id != ECHO_ID || seq != d->seq ||
        payload != d->payload || d->pings_left == 0) {
        return;
    }
    if (--d->pings_left > 0) {
        next_ping(d);
    } else {
        d->resend_at = MONO_NEVER;
        (void)printf("{\"pongs\":%lu}\n", d->ping_count);
    }
}

static void open_device(struct driver *d)
{
    wg_device_free(d->device);
    d->device = wg_device_new(d->key, rng_os());
    d->peer = wg_device_add_peer(d->device, &d->theirs, d->address[1], 1, d);
    need(d->peer != NULL, "the peer's key cannot be used");
}

/* --- commands ----------------------------------------------------------------------------------
 */

static void set_peer(struct driver *d, char *const words[WORDS])
{
    static const struct stack_handlers handlers = {.send = send_packet, .echo = on_echo};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(words[2], NULL, 10)),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    need(node_public_parse_untyped(words[1], &d->theirs) == NET_OK, "no key");
    for (size_t i = 0; i < 2; i++) {
        need(inet_pton(AF_INET6, words[3 + i], d->address[i]) == 1, "no address");
    }
    need(connect(d->socket, (struct sockaddr *)&to, sizeof to) == 0, "cannot connect");
    d->stack = stack_new(d->address[0], 1, rng_os(), &handlers, d);
    open_device(d);
}

static void say_status(struct driver *d)
{
    struct wg_status s;
    struct wg_refusals r = wg_device_refusals(d->device);
    uint64_t refused = r.malformed + r.forged + r.replayed + r.expired + r.foreign + r.flooded;
    wg_peer_status(d->peer, now_of(d), &s);
    uint64_t age_ms =
        s.last_handshake == 0 ? 0 : mono_since(now_of(d), s.last_handshake) / NS_PER_MS;
    (void)printf("{\"status\":{\"session\":%d,\"initiator\":%d,\"handshakes\":%llu,\"age_ms\":%llu,"
                 "\"packets_in\":%llu,\"packets_out\":%llu,\"refused\":%llu}}\n",
                 s.has_session, s.initiator, (unsigned long long)s.handshakes,
                 (unsigned long long)age_ms, (unsigned long long)s.packets_in,
                 (unsigned long long)s.packets_out, (unsigned long long)refused);
}

static void obey(struct driver *d, char *const words[WORDS])
{
    uint64_t number = strtoull(words[1], NULL, 10);
    if (strcmp(words[0], "peer") == 0) {
        set_peer(d, words);
        return;
    }
    need(d->device != NULL, "no peer yet");
    if (strcmp(words[0], "ahead") == 0) {
        d->ahead_ns += number * NS_PER_SEC;
    } else if (strcmp(words[0], "keepalive") == 0) {
        wg_peer_set_keepalive(d->peer, now_of(d), number * NS_PER_SEC);
    } else if (strcmp(words[0], "restart") == 0) {
        open_device(d);
    } else if (strcmp(words[0], "status") == 0) {
        say_status(d);
    } else if (strcmp(words[0], "ping") == 0) {
        d->payload = strtoul(words[2], NULL, 10);
        need(number > 0 && d->payload <= STACK_ECHO_MAX, "no such ping");
        d->ping_count = number;
        d->pings_left = number;
        next_ping(d);
    } else {
        need(false, "no such command");
    }
}

static void split(char *line, char *words[WORDS])
{
    static char none[] = "";
    char *rest = NULL;
    char *word = strtok_r(line, " ", &rest);
    for (size_t i = 0; i < WORDS; i++) {
        words[i] = word != NULL ? word : none;
        word = word != NULL ? strtok_r(NULL, " ", &rest) : NULL;
    }
}

/* False: standard input has ended. */
static bool read_lines(struct driver *d)
{
    ssize_t got = read(STDIN_FILENO, d->line + d->line_len, sizeof d->line - 1 - d->line_len);
    if (got <= 0) {
        return false;
    }
    d->line_len += (size_t)got;
    d->line[d->line_len] = '\0';
    for (char *end = strchr(d->line, '\n'); end != NULL; end = strchr(d->line, '\n')) {
        char *words[WORDS];
        *end = '\0';
        split(d->line, words);
        obey(d, words);
        d->line_len -= (size_t)(end + 1 - d->line);
        memmove(d->line, end + 1, d->line_len + 1);
    }
    return true;
}

/* --- the loop ----------------------------------------------------------------------------------
 */

static void read_datagrams(struct driver *d)
{
    uint8_t memory[2048];
    for (;;) {
        ssize_t len = recv(d->socket, memory, sizeof memory, MSG_DONTWAIT);
        if (len < 0) {
            return; /* no more, or an ICMP error: the network's */
        }
        struct wg_input input;
        enum net_err err = wg_device_input(d->device, now_of(d), &d->theirs,
                                           bytes_of(memory, (size_t)len), &input);
        if (err == NET_OK && input.packet.len > 0) {
            (void)!stack_input(d->stack, now_of(d), input.packet); /* what it drops is of no use */
        }
    }
}

static void pump(struct driver *d)
{
    struct wg_event event;
    for (;;) {
        uint8_t memory[WG_DATAGRAM_MAX];
        struct writer out = writer_of(memory, sizeof memory);
        struct node_public to;
        if (wg_device_output(d->device, now_of(d), wall_now(), &out, &to) != NET_OK) {
            break;
        }
        send_datagram(d, writer_done(&out));
    }
    while (wg_device_event(d->device, &event)) {
        if (event.kind == WG_HANDSHAKE_DONE) {
            (void)printf("{\"handshake\":%u}\n", ++d->handshakes);
        }
    }
}

static int wait_ms(const struct driver *d)
{
    mono_ns deadline = d->device == NULL ? MONO_NEVER : wg_device_deadline(d->device);
    uint64_t ns = mono_min(mono_until(now_of(d), deadline), mono_until(mono_now(), d->resend_at));
    if (ns == MONO_NEVER) {
        return -1;
    }
    uint64_t ms = (ns + NS_PER_MS - 1) / NS_PER_MS;
    return ms > 60000 ? 60000 : (int)ms;
}

static void open_socket(struct driver *d)
{
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof own;
    d->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    need(d->socket >= 0 && bind(d->socket, (struct sockaddr *)&own, sizeof own) == 0 &&
             getsockname(d->socket, (struct sockaddr *)&own, &len) == 0,
         "no socket");
    char digits[2 * KEY_LEN + 1];
    struct node_public public_key = node_private_public(d->key);
    hex_encode(public_key.b, KEY_LEN, digits);
    (void)printf("{\"key\":\"%s\",\"port\":%u}\n", digits, (unsigned)ntohs(own.sin_port));
}

int main(void)
{
    static struct driver d;
    need(crypto_start() == NET_OK, "no cryptography");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    d.key = node_private_new(rng_os());
    d.resend_at = MONO_NEVER;
    open_socket(&d);
    for (;;) {
        struct pollfd ready[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                                 {.fd = d.socket, .events = POLLIN}};
        (void)poll(ready, 2, wait_ms(&d));
        if (ready[0].revents != 0 && !read_lines(&d)) {
            break;
        }
        if (d.device != NULL) {
            if (mono_now() >= d.resend_at) {
                next_ping(&d);
            }
            read_datagrams(&d);
            pump(&d);
        }
    }
    if (d.device != NULL) {
        stack_free(d.stack);
        wg_device_free(d.device);
    }
    node_private_free(d.key);
    (void)close(d.socket);
    return 0;
}
