/*
 * The relay, and how well packets travel.
 */
#include "net/base/text.h"
#include "net/diagnose/rules_internal.h"

static const char *region_text(const struct fact_region *region, char out[FACT_NAME_SIZE + 24])
{
    text_format(out, FACT_NAME_SIZE + 24, "%s (%lld)",
                region->name[0] != '\0' ? region->name : "unknown", (long long)region->id);
    return out;
}

/* The relay carries the data now. */
static bool relayed(const struct facts *facts)
{
    return facts->path != FACT_PATH_DIRECT;
}

static void rule_relay(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    char region[FACT_NAME_SIZE + 24];
    char span[SPAN_TEXT_SIZE];
    char avg[SPAN_TEXT_SIZE];
    bool disabled = facts->direct_disabled_client || facts->direct_disabled_deployment;
    if (facts->path != FACT_PATH_RELAY) {
        return;
    }
    struct finding *found = draft_add(
        draft, FINDING_DERP_RELAY, disabled ? SEVERITY_INFO : SEVERITY_WARNING,
        "relayed by %s for %s%s%s", region_text(&facts->relay_region, region),
        span_text(facts->path_for_ns, span), facts->probes.answered > 0 ? ", average " : "",
        facts->probes.answered > 0 ? ms_text(facts->probes.avg_ns, avg) : "");
    text_copy(found->remedy, sizeof found->remedy,
              "let UDP pass between both sides' networks: nothing that is known here explains yet "
              "why there is no direct path; `derptop netcheck` shows more of this side");
}

static void rule_link(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    char region[FACT_NAME_SIZE + 24];
    char span[SPAN_TEXT_SIZE];
    if (facts->relay == FACT_LINK_DOWN) {
        draft_add(draft, FINDING_DERP_UNREACHABLE,
                  relayed(facts) ? SEVERITY_ERROR : SEVERITY_WARNING,
                  "relay %s cannot be reached%s%s%s", region_text(&facts->relay_region, region),
                  for_text(facts->relay_down_ns, span), facts->relay_text[0] != '\0' ? ": " : "",
                  facts->relay_text);
        return;
    }
    if (facts->relay == FACT_LINK_UP && facts->relay_health[0] != '\0') {
        draft_add(draft, FINDING_DERP_UNHEALTHY, SEVERITY_WARNING, "relay %s says: \"%s\"",
                  region_text(&facts->relay_region, region), facts->relay_health);
    }
}

static void rule_websocket(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    char region[FACT_NAME_SIZE + 24];
    if (facts->relay != FACT_LINK_UP || !facts->relay_websocket) {
        return;
    }
    const char *reason = facts->relay_websocket_reason[0] != '\0' ? facts->relay_websocket_reason
                         : facts->websockets_forced ? "the deployment tells its clients to"
                                                    : "no other way worked";
    struct finding *found = draft_add(
        draft, FINDING_DERP_WEBSOCKET, relayed(facts) ? SEVERITY_WARNING : SEVERITY_INFO,
        "relay %s is reached by websocket: %s", region_text(&facts->relay_region, region), reason);
    text_copy(
        found->remedy, sizeof found->remedy,
        facts->websockets_forced
            ? "if the proxies in front of the server pass the header \"Upgrade: DERP\", unset "
              "CODER_DERP_FORCE_WEBSOCKETS (--derp-force-websockets) on the Coder server"
            : "let the proxy between here and the relay pass the HTTP header \"Upgrade: "
              "DERP\" and the connection behind it unchanged");
}

/* Both sides' way through the relays, there and back, against the best single relay. */
static void rule_far(struct draft *draft)
{
    const struct facts *f = draft->facts;
    char home[FACT_NAME_SIZE + 24];
    char theirs[FACT_NAME_SIZE + 24];
    char near[FACT_NAME_SIZE + 24];
    char ms[4][SPAN_TEXT_SIZE];
    if (f->path != FACT_PATH_RELAY || f->client_home.id == 0 || f->agent_home.id == 0) {
        return;
    }
    bool nearer = f->near_region.id != 0 && f->used_region_ns != 0 &&
                  f->near_region_ns + DIAGNOSE_DETOUR_MS * NS_PER_MS <= f->used_region_ns &&
                  f->near_region_ns / 2 <= f->used_region_ns / 3;
    bool differ = f->client_home.id != f->agent_home.id && f->client_to_client_home_ns != 0 &&
                  f->client_to_agent_home_ns != 0;
    if (nearer) {
        struct finding *found = draft_add(
            draft, FINDING_DERP_FAR, SEVERITY_WARNING,
            "by way of %s both sides would be %s apart; by the relays in use (%s, %s) they are %s "
            "apart",
            region_text(&f->near_region, near), ms_text(f->near_region_ns, ms[0]),
            region_text(&f->client_home, home), region_text(&f->agent_home, theirs),
            ms_text(f->used_region_ns, ms[1]));
        text_format(found->remedy, sizeof found->remedy,
                    "let both sides reach %s without a detour (TCP, and UDP to its STUN port, "
                    "usually 3478): each takes the relay that answers it soonest; or make the "
                    "direct path possible: it needs no relay",
                    near);
    } else if (differ) {
        draft_add(draft, FINDING_DERP_FAR, SEVERITY_INFO,
                  "this computer's relay is %s, %s away; the agent's is %s, %s away from here",
                  region_text(&f->client_home, home), ms_text(f->client_to_client_home_ns, ms[2]),
                  region_text(&f->agent_home, theirs), ms_text(f->client_to_agent_home_ns, ms[3]));
    }
}

static void rule_path_mtu(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    if (facts->path_mtu != 0 && facts->path_mtu < facts->path_mtu_want &&
        !facts->direct_disabled_client && !facts->direct_disabled_deployment) {
        draft_add(draft, FINDING_PATH_MTU, SEVERITY_WARNING,
                  "the way to %s takes packets of %u bytes at most; a full one has %u",
                  facts->path_mtu_to, (unsigned)facts->path_mtu, (unsigned)facts->path_mtu_want);
    }
}

/* A fixed limit says nothing in one building, nor across an ocean: what counts, too, is what was
 * usual before. */
static void rule_latency(struct draft *draft)
{
    const struct fact_probes *probes = &draft->facts->probes;
    uint64_t usual = probes->usual_ns;
    char ms[3][SPAN_TEXT_SIZE];
    if (probes->answered < DIAGNOSE_SAMPLES_LEAST) {
        return;
    }
    if (probes->p50_ns > draft->limits.latency_ns) {
        draft_add(
            draft, FINDING_LATENCY, SEVERITY_WARNING,
            "half of the last %llu pings took longer than %s (limit %s); 5 of 100 longer than "
            "%s",
            (unsigned long long)probes->answered, ms_text(probes->p50_ns, ms[0]),
            ms_text(draft->limits.latency_ns, ms[1]), ms_text(probes->p95_ns, ms[2]));
    } else if (usual != 0 && probes->p50_ns >= DIAGNOSE_WORSE_FACTOR * usual &&
               probes->p50_ns - usual >= DIAGNOSE_WORSE_MS * NS_PER_MS) {
        draft_add(
            draft, FINDING_LATENCY, SEVERITY_WARNING,
            "half of the last %llu pings took longer than %s, which is %.0f times the usual %s "
            "of this path",
            (unsigned long long)probes->answered, ms_text(probes->p50_ns, ms[0]),
            (double)probes->p50_ns / (double)usual, ms_text(usual, ms[1]));
    }
}

static void rule_loss(struct draft *draft)
{
    const struct fact_probes *probes = &draft->facts->probes;
    uint64_t total = probes->answered + probes->lost;
    uint64_t limit = draft->limits.loss_permille;
    if (total < DIAGNOSE_SAMPLES_LEAST || probes->answered == 0 ||
        probes->lost * 1000 < limit * total || probes->lost == 0) {
        return;
    }
    bool bad = probes->lost * 1000 >= limit * total * DIAGNOSE_LOSS_ERROR_FACTOR;
    draft_add(draft, FINDING_LOSS, bad ? SEVERITY_ERROR : SEVERITY_WARNING,
              "%llu of the last %llu probes were lost: %.1f %% (limit %.1f %%)",
              (unsigned long long)probes->lost, (unsigned long long)total,
              100.0 * (double)probes->lost / (double)total, (double)limit / 10.0);
}

static void rule_jitter(struct draft *draft)
{
    const struct fact_probes *probes = &draft->facts->probes;
    char ms[4][SPAN_TEXT_SIZE];
    if (probes->answered >= DIAGNOSE_SAMPLES_LEAST &&
        probes->jitter_ns >= draft->limits.jitter_ns) {
        draft_add(draft, FINDING_JITTER, SEVERITY_WARNING,
                  "the latency changes by %s from probe to probe (limit %s); average %s, 95 of 100 "
                  "below %s",
                  ms_text(probes->jitter_ns, ms[0]), ms_text(draft->limits.jitter_ns, ms[1]),
                  ms_text(probes->avg_ns, ms[2]), ms_text(probes->p95_ns, ms[3]));
    }
}

void rules_relay(struct draft *draft)
{
    rule_link(draft);
    rule_path_mtu(draft);
    rule_relay(draft);
    rule_websocket(draft);
    rule_far(draft);
    rule_latency(draft);
    rule_loss(draft);
    rule_jitter(draft);
}
