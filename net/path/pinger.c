#include "net/path/pinger.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"

enum {
    EVENTS_MAX = 2 * PINGER_PENDING_MAX,
    ANSWERS_MAX = 8,       /* pongs owed to the peer; a flood of pings costs no more */
    RETRY_LIMIT_MS = 2000, /* retries to a peer that never answers become rare */
    BEATS_WAITING_MAX = 64,
};

struct probe {
    bool used;
    struct disco_tx tx;
    uint64_t seq;
    mono_ns sent_at;
};

/* A beat is open from its start until a pong of one of its probes, or its time is up. */
struct beat {
    uint64_t seq;
    mono_ns started_at;
    mono_ns first_sent; /* MONO_NEVER: not sent yet */
    bool send;          /* a probe of it is to be sent */
};

struct answer {
    struct disco_tx tx;
    int64_t region;
};

struct pinger {
    struct pinger_config config;
    struct disco_public mine;
    bool has_peer;
    bool answered;
    struct node_public peer;
    struct disco_public peer_disco;
    struct box_key box;
    int64_t region;
    uint64_t last_seq;
    mono_ns next_beat;  /* MONO_NEVER: only when asked */
    mono_ns next_retry; /* before the first answer */
    uint64_t retry_ns;
    struct beat beats[BEATS_WAITING_MAX];
    size_t beat_count;
    struct probe probes[PINGER_PENDING_MAX];
    size_t next_probe;
    struct answer answers[ANSWERS_MAX];
    size_t answer_count;
    struct disco_tx last_ping; /* of the peer: a repeated one gets no pong */
    struct pinger_event events[EVENTS_MAX];
    size_t event_first, event_count;
};

struct pinger *pinger_new(const struct pinger_config *config)
{
    struct pinger *p = mem_new(sizeof *p);
    p->config = *config;
    p->mine = disco_private_public(config->disco);
    p->next_beat = MONO_NEVER;
    p->next_retry = MONO_NEVER;
    return p;
}

void pinger_free(struct pinger *p)
{
    if (p != NULL) {
        box_key_clear(&p->box);
        free(p);
    }
}

static void push(struct pinger *p, const struct pinger_event *event)
{
    if (p->event_count == EVENTS_MAX) {
        p->event_first = (p->event_first + 1) % EVENTS_MAX; /* the owner sleeps: the oldest goes */
        p->event_count--;
    }
    p->events[(p->event_first + p->event_count++) % EVENTS_MAX] = *event;
}

bool pinger_event(struct pinger *p, struct pinger_event *out)
{
    if (p->event_count == 0) {
        return false;
    }
    *out = p->events[p->event_first];
    p->event_first = (p->event_first + 1) % EVENTS_MAX;
    p->event_count--;
    return true;
}

static void forget_probes(struct pinger *p)
{
    for (size_t i = 0; i < PINGER_PENDING_MAX; i++) {
        p->probes[i].used = false;
    }
}

static void plan_retry(struct pinger *p, mono_ns now)
{
    p->next_retry = mono_after(now, p->retry_ns);
    p->retry_ns = p->retry_ns * 3 / 2;
    if (p->retry_ns > RETRY_LIMIT_MS * NS_PER_MS) {
        p->retry_ns = RETRY_LIMIT_MS * NS_PER_MS;
    }
}

void pinger_set_peer(struct pinger *p, mono_ns now, const struct node_public *node,
                     const struct disco_public *disco, int64_t region)
{
    bool same_disco = p->has_peer && disco_public_equal(&p->peer_disco, disco);
    p->peer = *node;
    p->region = region;
    if (same_disco) {
        return;
    }
    struct box_key box;
    if (disco_box_key(p->config.disco, disco, &box) != NET_OK) {
        p->has_peer = false; /* a low-order point, or no disco key: it cannot be probed */
        return;
    }
    p->box = box;
    p->peer_disco = *disco;
    p->has_peer = true;
    p->answered = false;
    p->answer_count = 0;
    p->retry_ns = PINGER_FIRST_RETRY_MS * NS_PER_MS;
    /* Probes under the old key get no answer any more; their beats are probed anew. */
    forget_probes(p);
    for (size_t i = 0; i < p->beat_count; i++) {
        p->beats[i].send = true;
    }
    if (p->config.interval_ns > 0 && p->next_beat == MONO_NEVER) {
        p->next_beat = now;
    }
}

void pinger_clear_peer(struct pinger *p)
{
    p->has_peer = false;
    p->answered = false;
    p->answer_count = 0;
    forget_probes(p);
    box_key_clear(&p->box);
}

void pinger_poke(struct pinger *p, mono_ns now)
{
    if (p->has_peer && !p->answered && p->beat_count > 0) {
        p->beats[p->beat_count - 1].send = true;
        p->retry_ns = PINGER_FIRST_RETRY_MS * NS_PER_MS;
        plan_retry(p, now);
    }
}

uint64_t pinger_beat(struct pinger *p, mono_ns now)
{
    if (p->beat_count ==
        BEATS_WAITING_MAX) { /* far more than a time-out's worth: lose the oldest */
        push(p, &(struct pinger_event){.kind = PINGER_LOST,
                                       .seq = p->beats[0].seq,
                                       .sent_at = p->beats[0].started_at});
        p->beat_count--;
        memmove(&p->beats[0], &p->beats[1], p->beat_count * sizeof *p->beats);
    }
    p->beats[p->beat_count++] = (struct beat){
        .seq = ++p->last_seq, .started_at = now, .first_sent = MONO_NEVER, .send = true};
    return p->last_seq;
}

static void close_beat(struct pinger *p, size_t index)
{
    p->beat_count--;
    memmove(&p->beats[index], &p->beats[index + 1], (p->beat_count - index) * sizeof *p->beats);
}

/* --- what arrives
 * ---------------------------------------------------------------------------------- */

static void on_ping(struct pinger *p, int64_t region, const struct disco_message *message)
{
    bool repeated = memcmp(&message->tx, &p->last_ping, sizeof message->tx) == 0;
    if (!repeated && p->answer_count < ANSWERS_MAX) {
        p->last_ping = message->tx;
        p->answers[p->answer_count++] = (struct answer){.tx = message->tx, .region = region};
    }
}

static void answer_beat(struct pinger *p, const struct probe *probe, mono_ns at, int64_t region,
                        const struct disco_message *message)
{
    for (size_t i = 0; i < p->beat_count; i++) {
        if (p->beats[i].seq == probe->seq) {
            close_beat(p, i);
            push(p, &(struct pinger_event){.kind = PINGER_PONG,
                                           .seq = probe->seq,
                                           .sent_at = probe->sent_at,
                                           .rtt_ns = mono_since(at, probe->sent_at),
                                           .region = region,
                                           .pong_source = message->source});
            return;
        }
    }
}

/* Only the probe whose id the pong carries is answered; a pong that comes too late finds none. */
static void on_pong(struct pinger *p, mono_ns at, int64_t region,
                    const struct disco_message *message)
{
    for (size_t i = 0; i < PINGER_PENDING_MAX; i++) {
        struct probe *probe = &p->probes[i];
        if (probe->used && memcmp(&probe->tx, &message->tx, sizeof message->tx) == 0) {
            probe->used = false;
            p->answered = true;
            p->next_retry = MONO_NEVER;
            answer_beat(p, probe, at, region, message);
            return;
        }
    }
}

enum net_err pinger_input(struct pinger *p, mono_ns at, int64_t region, struct bytes packet)
{
    struct disco_message message;
    struct disco_public sender = disco_sender(packet);
    if (!p->has_peer || !disco_public_equal(&sender, &p->peer_disco)) {
        return NET_ERR_AUTH;
    }
    enum net_err err = disco_open(&p->box, packet, &message);
    if (err == NET_ERR_UNSUPPORTED) {
        return NET_OK;
    }
    if (err != NET_OK) {
        return err;
    }
    if (message.type == DISCO_PING) {
        on_ping(p, region, &message);
    } else if (message.type == DISCO_PONG) {
        on_pong(p, at, region, &message);
    }
    return NET_OK;
}

/* --- what is due
 * ------------------------------------------------------------------------------------ */

static mono_ns beat_end(const struct pinger *p, const struct beat *beat)
{
    mono_ns from = beat->first_sent == MONO_NEVER ? beat->started_at : beat->first_sent;
    return mono_after(from, p->config.timeout_ns);
}

static void expire(struct pinger *p, mono_ns now)
{
    for (size_t i = 0; i < p->beat_count;) {
        const struct beat *beat = &p->beats[i];
        if (now < beat_end(p, beat)) {
            i++;
            continue;
        }
        mono_ns sent = beat->first_sent == MONO_NEVER ? beat->started_at : beat->first_sent;
        for (size_t n = 0; n < PINGER_PENDING_MAX; n++) {
            p->probes[n].used = p->probes[n].used && p->probes[n].seq != beat->seq;
        }
        push(p, &(struct pinger_event){.kind = PINGER_LOST, .seq = beat->seq, .sent_at = sent});
        close_beat(p, i);
    }
}

static void advance(struct pinger *p, mono_ns now)
{
    expire(p, now);
    if (p->has_peer && now >= p->next_beat) {
        (void)pinger_beat(p, now);
        p->next_beat = mono_after(now, p->config.interval_ns);
    }
    if (p->has_peer && !p->answered && now >= p->next_retry) {
        p->next_retry = MONO_NEVER;
        if (p->beat_count > 0) {
            p->beats[p->beat_count - 1].send = true;
        }
    }
}

static void seal(struct pinger *p, const struct disco_message *message, struct writer *out)
{
    disco_seal(&p->box, &p->mine, p->config.rng, message, out);
}

static void write_answer(struct pinger *p, struct writer *out, int64_t *region)
{
    struct answer answer = p->answers[0];
    p->answer_count--;
    memmove(&p->answers[0], &p->answers[1], p->answer_count * sizeof *p->answers);
    struct disco_message pong = {.type = DISCO_PONG, .tx = answer.tx};
    pong.source = (struct net_address){
        .family = ADDRESS_V4, .ip = {127, 3, 3, 40}, .port = (uint16_t)answer.region};
    seal(p, &pong, out);
    *region = answer.region;
}

static void write_probe(struct pinger *p, struct beat *beat, mono_ns now, struct writer *out,
                        int64_t *region)
{
    struct probe *probe = &p->probes[p->next_probe];
    struct disco_message ping = {.type = DISCO_PING, .node = p->config.node};
    p->next_probe = (p->next_probe + 1) % PINGER_PENDING_MAX;
    rng_fill(p->config.rng, ping.tx.b, DISCO_TX_LEN);
    *probe = (struct probe){.used = true, .tx = ping.tx, .seq = beat->seq, .sent_at = now};
    beat->send = false;
    beat->first_sent = beat->first_sent == MONO_NEVER ? now : beat->first_sent;
    if (!p->answered && p->next_retry == MONO_NEVER) {
        plan_retry(p, now);
    }
    seal(p, &ping, out);
    *region = p->region;
}

enum net_err pinger_output(struct pinger *p, mono_ns now, struct writer *out, int64_t *region)
{
    advance(p, now);
    if (!p->has_peer) {
        return NET_ERR_AGAIN;
    }
    if (p->answer_count > 0) {
        write_answer(p, out, region);
        return out->failed ? NET_ERR_TOO_BIG : NET_OK;
    }
    for (size_t i = 0; i < p->beat_count; i++) {
        if (p->beats[i].send) {
            write_probe(p, &p->beats[i], now, out, region);
            return out->failed ? NET_ERR_TOO_BIG : NET_OK;
        }
    }
    return NET_ERR_AGAIN;
}

mono_ns pinger_deadline(const struct pinger *p)
{
    mono_ns next = MONO_NEVER;
    for (size_t i = 0; i < p->beat_count; i++) {
        next = mono_min(next, beat_end(p, &p->beats[i]));
        if (p->has_peer && p->beats[i].send) {
            return 0;
        }
    }
    if (p->has_peer && p->answer_count > 0) {
        return 0;
    }
    if (p->has_peer) {
        next = mono_min(next, p->next_beat);
    }
    if (p->has_peer && !p->answered && p->beat_count > 0) {
        next = mono_min(next, p->next_retry);
    }
    return next;
}

bool pinger_has_answer(const struct pinger *p)
{
    return p->answered;
}
