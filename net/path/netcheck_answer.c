/*
 * What comes in by STUN: answers, and our own request that a NAT sent back.
 */
#include <string.h>

#include "net/path/netcheck_internal.h"

struct found {
    struct netcheck_asked *asked;
    struct netcheck_request *request;
};

static bool tx_equal(const struct stun_tx *a, const struct stun_tx *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static bool find_request(struct netcheck *n, const struct stun_tx *tx, struct found *out)
{
    for (size_t s = 0; s < n->set_count; s++) {
        for (size_t t = 0; t < n->sets[s].plan.try_count; t++) {
            struct netcheck_request *request = &n->sets[s].requests[t];
            if (request->state == TRY_SENT && tx_equal(&request->tx, tx)) {
                *out = (struct found){&n->sets[s], request};
                return true;
            }
        }
    }
    return false;
}

/* Whether a server may have seen us at that address. A hostile one could otherwise have us announce
 * addresses that are somebody's inner ones. */
static bool is_usable(const struct net_address *mapped, const struct net_address *server)
{
    static const uint8_t broadcast[4] = {255, 255, 255, 255};
    uint16_t region = 0;
    if (mapped->family != server->family || mapped->port == 0 || address_is_unspecified(mapped) ||
        address_is_multicast(mapped) || address_is_derp(mapped, &region)) {
        return false;
    }
    if (mapped->family == ADDRESS_V4 && memcmp(mapped->ip, broadcast, sizeof broadcast) == 0) {
        return false;
    }
    return (!address_is_loopback(mapped) || address_is_loopback(server)) &&
           (!address_is_link_local(mapped) || address_is_link_local(server));
}

/* The first server's word is our address; another's tells whether that depends on the server. */
static void take_v4(struct netcheck *n, mono_ns at, const struct net_address *server,
                    const struct net_address *mapped)
{
    struct netcheck_report *report = &n->report;
    if (report->global_v4.family == ADDRESS_NONE) {
        report->global_v4 = *mapped;
        n->first_server = *server;
        n->hairpin = n->hairpin == HAIRPIN_ARMED ? HAIRPIN_WANTED : n->hairpin;
        netcheck_changed(n, at);
        return;
    }
    if (address_equal(server, &n->first_server) || report->mapping_varies == NETCHECK_YES) {
        return;
    }
    enum netcheck_answer varies =
        address_equal(mapped, &report->global_v4) ? NETCHECK_NO : NETCHECK_YES;
    if (varies != report->mapping_varies) {
        report->mapping_varies = varies;
        if (n->published) {
            netcheck_changed(n, at);
        }
    }
}

static void take_v6(struct netcheck *n, mono_ns at, const struct net_address *mapped)
{
    if (n->report.global_v6.family == ADDRESS_NONE) {
        n->report.global_v6 = *mapped;
        netcheck_changed(n, at);
    }
}

/* The first sign of life over a family. */
static void take_works(struct netcheck *n, mono_ns at, bool is_v4)
{
    bool *works = is_v4 ? &n->report.ipv4 : &n->report.ipv6;
    bool news = !n->report.udp || !*works;
    n->report.udp = true;
    *works = true;
    if (news && n->published) {
        netcheck_changed(n, at);
    }
}

static void take_answer(struct netcheck *n, mono_ns at, const struct found *found,
                        const struct net_address *mapped)
{
    struct netcheck_stun *stun = netcheck_stun_of(n, &found->asked->plan);
    bool is_v4 = found->asked->plan.family == ADDRESS_V4;
    bool usable = is_usable(mapped, &found->request->to);
    n->report.counts.answers++;
    n->report.counts.useless += usable ? 0 : 1;
    found->request->answered = true;
    found->asked->answered = true;
    take_works(n, at, is_v4);
    if (stun->state != NETCHECK_STUN_ANSWERED) {
        uint64_t rtt_ns = mono_since(at, found->request->sent_at);
        *stun = (struct netcheck_stun){.state = NETCHECK_STUN_ANSWERED,
                                       .server = found->request->to,
                                       .rtt_ns = rtt_ns == 0 ? 1 : rtt_ns};
    }
    if (!usable) {
        return;
    }
    stun->mapped = stun->mapped.family == ADDRESS_NONE ? *mapped : stun->mapped;
    if (is_v4) {
        take_v4(n, at, &found->request->to, mapped);
    } else {
        take_v6(n, at, mapped);
    }
    if (is_v4 && n->v4_enough_at == 0 && netcheck_family_enough(n, ADDRESS_V4)) {
        n->v4_enough_at = at;
    }
}

/* Our own request, come back through the NAT. */
static enum net_err take_request(struct netcheck *n, mono_ns at, const struct stun_tx *tx)
{
    bool expected = n->hairpin == HAIRPIN_SENT || n->hairpin == HAIRPIN_LOST;
    if (!expected || !tx_equal(tx, &n->hairpin_tx)) {
        n->report.counts.strangers++;
        return NET_ERR_NOT_FOUND;
    }
    n->hairpin = HAIRPIN_OFF;
    n->report.hairpinning = NETCHECK_YES;
    if (n->published) {
        netcheck_changed(n, at);
    }
    return NET_OK;
}

enum net_err netcheck_input(struct netcheck *n, mono_ns at, const struct net_address *from,
                            struct bytes packet)
{
    struct stun_tx tx;
    struct net_address mapped;
    struct found found;
    (void)from; /* the id is the proof; a server may answer from another of its addresses */
    if (stun_request_decode(packet, &tx) == NET_OK) {
        return take_request(n, at, &tx);
    }
    if (stun_response_decode(packet, &tx, &mapped) != NET_OK) {
        n->report.counts.malformed++;
        return NET_ERR_MALFORMED;
    }
    if (!n->active || !find_request(n, &tx, &found)) {
        n->report.counts.strangers++;
        return NET_ERR_NOT_FOUND;
    }
    if (!found.request->answered) {
        take_answer(n, at, &found, &mapped);
    }
    return NET_OK;
}
