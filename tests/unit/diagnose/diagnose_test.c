/*
 * The rules, as a table: what makes a finding appear, and what comes near to it and does not. Then
 * every pair of causes together.
 */
#include "net/diagnose/diagnose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "net/base/text.h"

#include <cmocka.h>

/* All is known and well: a direct path. */
static struct facts well(void)
{
    struct facts f = {
        .connection_known = true,
        .stun_servers = FACT_YES,
        .coordinator = FACT_LINK_UP,
        .workspace = "dev",
        .workspace_state = FACT_WORKSPACE_RUNNING,
        .agent = FACT_AGENT_CONNECTED,
        .agent_node_known = true,
        .relay = FACT_LINK_UP,
        .relay_region = {1, "Frankfurt"},
        .client = {.udp = FACT_YES,
                   .hard_nat = FACT_NO,
                   .hairpin = FACT_YES,
                   .public_v4 = "203.0.113.5:4000",
                   .aws = FACT_NO,
                   .interface_count = 1,
                   .interfaces = {{"eth0", 1500}}},
        .agent_side = {.udp = FACT_YES,
                       .hard_nat = FACT_NO,
                       .hairpin = FACT_YES,
                       .public_v4 = "198.51.100.7:5000",
                       .aws = FACT_NO,
                       .interface_count = 1,
                       .interfaces = {{"ens5", 9001}}},
        .default_route = "eth0",
        .default_route_tunnel = FACT_NO,
        .aws_source = "a list",
        .same_public_address = FACT_NO,
        .path = FACT_PATH_DIRECT,
        .path_for_ns = 60 * NS_PER_SEC,
        .path_address = "198.51.100.7:5000",
        .candidates = 2,
        .probes = {.answered = 60, .avg_ns = 20 * NS_PER_MS, .p95_ns = 25 * NS_PER_MS},
        .path_mtu = 1500,
        .path_mtu_want = 1340,
        .handshake = FACT_YES,
        .handshake_age_ns = 60 * NS_PER_SEC,
        .data_wanted = true,
        .client_home = {1, "Frankfurt"},
        .agent_home = {1, "Frankfurt"},
    };
    return f;
}

/* --- the causes
 * ------------------------------------------------------------------------------------------------
 */

static void token(struct facts *f)
{
    f->token_refused = true;
}

static void workspace_stopped(struct facts *f)
{
    f->workspace_state = FACT_WORKSPACE_STOPPED;
    text_copy(f->workspace_status, sizeof f->workspace_status, "stopped");
}

static void agent_away(struct facts *f)
{
    f->agent = FACT_AGENT_DISCONNECTED;
}

static void agent_unknown(struct facts *f)
{
    f->agent = FACT_AGENT_UNKNOWN;
}

static void version(struct facts *f)
{
    f->version_unsupported = true;
}

static void coordinator_down(struct facts *f)
{
    f->coordinator = FACT_LINK_DOWN;
    f->coordinator_down_ns = 12 * NS_PER_SEC;
}

static void coordinator_begins(struct facts *f)
{
    f->coordinator = FACT_LINK_CONNECTING;
}

static void relay_down(struct facts *f)
{
    f->relay = FACT_LINK_DOWN;
}

static void relay_idle(struct facts *f)
{
    f->relay = FACT_LINK_IDLE;
    text_copy(f->relay_health, sizeof f->relay_health, "an old word");
    f->relay_websocket = true;
}

static void silent(struct facts *f)
{
    f->probes.lost_in_a_row = DIAGNOSE_LOST_IN_A_ROW;
}

static void two_lost(struct facts *f)
{
    f->probes.lost_in_a_row = DIAGNOSE_LOST_IN_A_ROW - 1;
}

static void never_answered(struct facts *f)
{
    f->path = FACT_PATH_NONE;
    f->probes = (struct fact_probes){.lost = 1, .lost_in_a_row = 1};
}

static void never_asked(struct facts *f)
{
    f->path = FACT_PATH_NONE;
    f->probes = (struct fact_probes){0};
}

static void no_handshake(struct facts *f)
{
    f->handshake = FACT_NO;
    f->handshake_attempts = DIAGNOSE_ATTEMPTS_FIRST;
}

static void handshake_begins(struct facts *f)
{
    f->handshake = FACT_NO;
    f->handshake_attempts = DIAGNOSE_ATTEMPTS_FIRST - 1;
}

static void handshake_in_vain(struct facts *f)
{
    f->handshake_attempts = DIAGNOSE_ATTEMPTS;
}

static void handshake_slow(struct facts *f)
{
    f->handshake_attempts = DIAGNOSE_ATTEMPTS - 1;
}

static void handshake_old(struct facts *f)
{
    f->handshake_age_ns = DIAGNOSE_HANDSHAKE_OLD_S * NS_PER_SEC + 1;
}

static void handshake_young(struct facts *f)
{
    f->handshake_age_ns = DIAGNOSE_HANDSHAKE_OLD_S * NS_PER_SEC;
}

static void unwell(struct facts *f)
{
    text_copy(f->relay_health, sizeof f->relay_health, "duplicate client connected");
}

static void disabled_deployment(struct facts *f)
{
    f->direct_disabled_deployment = true;
}

static void disabled_client(struct facts *f)
{
    f->direct_disabled_client = true;
}

static void client_udp(struct facts *f)
{
    f->client.udp = FACT_NO;
}

static void agent_udp(struct facts *f)
{
    f->agent_side.udp = FACT_NO;
}

static void udp_unknown(struct facts *f)
{
    f->client.udp = FACT_UNKNOWN;
    f->agent_side.udp = FACT_UNKNOWN;
}

static void no_stun(struct facts *f)
{
    f->stun_servers = FACT_NO;
}

static void no_map(struct facts *f)
{
    f->stun_servers = FACT_UNKNOWN;
}

static void vpn(struct facts *f)
{
    f->default_route_tunnel = FACT_YES;
    text_copy(f->default_route, sizeof f->default_route, "tun0");
}

static void client_mtu(struct facts *f)
{
    f->client.interfaces[0].mtu = DIAGNOSE_MTU_LEAST - 1;
}

static void agent_mtu(struct facts *f)
{
    f->agent_side.interfaces[0].mtu = 1280;
}

static void mtu_enough(struct facts *f)
{
    f->client.interfaces[0].mtu = DIAGNOSE_MTU_LEAST;
    f->agent_side.interfaces[0].mtu = 0; /* not known */
}

static void narrow(struct facts *f)
{
    f->path_mtu = f->path_mtu_want - 1;
    text_copy(f->path_mtu_to, sizeof f->path_mtu_to, "198.51.100.7:5000");
}

static void just_wide(struct facts *f)
{
    f->path_mtu = f->path_mtu_want;
}

static void mtu_unknown(struct facts *f)
{
    f->path_mtu = 0;
}

static void hairpin(struct facts *f)
{
    f->client.hairpin = FACT_NO;
    f->same_public_address = FACT_YES;
}

static void hairpin_elsewhere(struct facts *f)
{
    f->client.hairpin = FACT_NO;
}

static void client_aws(struct facts *f)
{
    f->client.aws = FACT_YES;
    text_copy(f->client.aws_address, FACT_ADDRESS_SIZE, "3.80.1.2");
    text_copy(f->client.aws_range, FACT_ADDRESS_SIZE, "3.80.0.0/12");
}

static void agent_aws(struct facts *f)
{
    f->agent_side.aws = FACT_YES;
    text_copy(f->agent_side.aws_address, FACT_ADDRESS_SIZE, "3.80.1.3");
    text_copy(f->agent_side.aws_range, FACT_ADDRESS_SIZE, "3.80.0.0/12");
}

static void client_hard(struct facts *f)
{
    f->client.hard_nat = FACT_YES;
}

static void agent_hard(struct facts *f)
{
    f->agent_side.hard_nat = FACT_YES;
}

static void nat_unknown(struct facts *f)
{
    f->client.hard_nat = FACT_UNKNOWN;
    f->agent_side.hard_nat = FACT_UNKNOWN;
}

static void relayed(struct facts *f)
{
    f->path = FACT_PATH_RELAY;
}

static void nowhere(struct facts *f)
{
    f->path = FACT_PATH_NONE;
}

static void firewall(struct facts *f)
{
    relayed(f);
    client_hard(f);
    f->candidates_silent = f->candidates;
}

static void firewall_not_all_tried(struct facts *f)
{
    firewall(f);
    f->candidates_silent--;
}

static void firewall_too_early(struct facts *f)
{
    firewall(f);
    f->path_for_ns = DIAGNOSE_FIREWALL_AFTER_S * NS_PER_SEC - 1;
}

static void firewall_both_easy(struct facts *f)
{
    firewall(f);
    f->client.hard_nat = FACT_NO;
}

static void websocket(struct facts *f)
{
    f->relay_websocket = true;
}

static void far(struct facts *f)
{
    relayed(f);
    f->agent_home = (struct fact_region){2, "Sydney"};
    f->near_region = (struct fact_region){3, "Singapore"};
    f->used_region_ns = 300 * NS_PER_MS;
    f->near_region_ns = 200 * NS_PER_MS;
}

static void not_much_nearer(struct facts *f)
{
    far(f);
    f->near_region_ns = 201 * NS_PER_MS;
}

static void far_of_no_matter(struct facts *f)
{
    far(f);
    f->path = FACT_PATH_DIRECT;
}

static void homes_differ(struct facts *f)
{
    relayed(f);
    f->agent_home = (struct fact_region){2, "Sydney"};
    f->client_to_client_home_ns = 5 * NS_PER_MS;
    f->client_to_agent_home_ns = 280 * NS_PER_MS;
}

static void loss(struct facts *f)
{
    f->probes.answered = 98;
    f->probes.lost = 2;
}

static void little_loss(struct facts *f)
{
    f->probes.answered = 99;
    f->probes.lost = 1;
}

static void few_probes(struct facts *f)
{
    f->probes.answered = DIAGNOSE_SAMPLES_LEAST - 2;
    f->probes.lost = 1;
    f->probes.jitter_ns = NS_PER_SEC;
    f->probes.p50_ns = NS_PER_SEC;
}

static void slow(struct facts *f)
{
    f->probes.p50_ns = DIAGNOSE_LATENCY_MS * NS_PER_MS + 1;
}

static void not_quite_slow(struct facts *f)
{
    f->probes.p50_ns = f->probes.usual_ns = DIAGNOSE_LATENCY_MS * NS_PER_MS;
}

static void worse_than_usual(struct facts *f)
{
    f->probes.usual_ns = 6 * NS_PER_MS;
    f->probes.p50_ns = 18 * NS_PER_MS;
}

static void less_than_three_times(struct facts *f)
{
    f->probes.usual_ns = 6 * NS_PER_MS;
    f->probes.p50_ns = 18 * NS_PER_MS - 1;
}

static void too_little_to_feel(struct facts *f)
{
    f->probes.usual_ns = NS_PER_MS;
    f->probes.p50_ns = 11 * NS_PER_MS - 1;
}

static void nothing_is_usual_yet(struct facts *f)
{
    f->probes.p50_ns = 18 * NS_PER_MS;
}

static void jitter(struct facts *f)
{
    f->probes.jitter_ns = DIAGNOSE_JITTER_MS * NS_PER_MS;
}

static void little_jitter(struct facts *f)
{
    f->probes.jitter_ns = DIAGNOSE_JITTER_MS * NS_PER_MS - 1;
}

static const struct row {
    enum finding_code code;
    void (*make)(struct facts *f);
    void (*almost)(struct facts *f);
} rows[] = {
    {FINDING_TOKEN_REFUSED, token, coordinator_down},
    {FINDING_WORKSPACE_STOPPED, workspace_stopped, agent_away},
    {FINDING_AGENT_NOT_CONNECTED, agent_away, agent_unknown},
    {FINDING_VERSION_SKEW, version, token},
    {FINDING_COORDINATOR_LOST, coordinator_down, coordinator_begins},
    {FINDING_DERP_UNREACHABLE, relay_down, relay_idle},
    {FINDING_AGENT_UNREACHABLE, silent, two_lost},
    {FINDING_AGENT_UNREACHABLE, never_answered, never_asked},
    {FINDING_HANDSHAKE_STALE, no_handshake, handshake_begins},
    {FINDING_HANDSHAKE_STALE, handshake_old, handshake_young},
    {FINDING_HANDSHAKE_STALE, handshake_in_vain, handshake_slow},
    {FINDING_DERP_UNHEALTHY, unwell, relay_idle},
    {FINDING_DIRECT_DISABLED_DEPLOYMENT, disabled_deployment, disabled_client},
    {FINDING_DIRECT_DISABLED_CLIENT, disabled_client, disabled_deployment},
    {FINDING_CLIENT_UDP_BLOCKED, client_udp, udp_unknown},
    {FINDING_AGENT_UDP_BLOCKED, agent_udp, udp_unknown},
    {FINDING_NO_STUN_SERVERS, no_stun, no_map},
    {FINDING_VPN_DEFAULT_ROUTE, vpn, hairpin},
    {FINDING_CLIENT_LOW_MTU, client_mtu, mtu_enough},
    {FINDING_AGENT_LOW_MTU, agent_mtu, mtu_enough},
    {FINDING_PATH_MTU, narrow, just_wide},
    {FINDING_PATH_MTU, narrow, mtu_unknown},
    {FINDING_NO_HAIRPIN, hairpin, hairpin_elsewhere},
    {FINDING_CLIENT_AWS, client_aws, agent_aws},
    {FINDING_AGENT_AWS, agent_aws, client_aws},
    {FINDING_ENDPOINT_FIREWALL, firewall, firewall_not_all_tried},
    {FINDING_ENDPOINT_FIREWALL, firewall, firewall_too_early},
    {FINDING_ENDPOINT_FIREWALL, firewall, firewall_both_easy},
    {FINDING_CLIENT_HARD_NAT, client_hard, nat_unknown},
    {FINDING_AGENT_HARD_NAT, agent_hard, nat_unknown},
    {FINDING_DERP_RELAY, relayed, nowhere},
    {FINDING_DERP_WEBSOCKET, websocket, relay_idle},
    {FINDING_DERP_FAR, far, not_much_nearer},
    {FINDING_DERP_FAR, far, far_of_no_matter},
    {FINDING_DERP_FAR, homes_differ, relayed},
    {FINDING_LATENCY, slow, not_quite_slow},
    {FINDING_LATENCY, slow, few_probes},
    {FINDING_LATENCY, worse_than_usual, less_than_three_times},
    {FINDING_LATENCY, worse_than_usual, too_little_to_feel},
    {FINDING_LATENCY, worse_than_usual, nothing_is_usual_yet},
    {FINDING_LOSS, loss, little_loss},
    {FINDING_LOSS, loss, few_probes},
    {FINDING_JITTER, jitter, little_jitter},
    {FINDING_JITTER, jitter, few_probes},
};

enum { ROWS = sizeof rows / sizeof *rows };

static const struct finding *find(const struct finding *list, size_t count, enum finding_code code)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].code == code) {
            return &list[i];
        }
    }
    return NULL;
}

static size_t diagnose_with(void (*first)(struct facts *f), void (*second)(struct facts *f),
                            struct finding out[FINDING_CODES])
{
    struct facts facts = well();
    first(&facts);
    if (second != NULL) {
        second(&facts);
    }
    return diagnose(&facts, NULL, out);
}

/* --- one cause
 * ------------------------------------------------------------------------------------------------
 */

static void test_nothing_is_found_where_all_is_well(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    struct facts facts = well();
    assert_int_equal(diagnose(&facts, NULL, found), 0);
}

static void test_nothing_is_found_where_nothing_is_known(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    struct facts facts = {0};
    assert_int_equal(diagnose(&facts, NULL, found), 0);
}

static void test_each_cause_makes_its_finding(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    for (size_t i = 0; i < ROWS; i++) {
        size_t count = diagnose_with(rows[i].make, NULL, found);
        const struct finding *one = find(found, count, rows[i].code);
        if (one == NULL) {
            fail_msg("row %zu: no %s", i, finding_name(rows[i].code));
            return;
        }
        assert_string_equal(one->name, finding_name(rows[i].code));
        assert_true(one->observed[0] != '\0' && one->why[0] != '\0' && one->remedy[0] != '\0');
        assert_memory_equal(one->docs, "https://coder.com/docs", 22);
    }
}

static void test_what_comes_near_makes_no_finding(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    for (size_t i = 0; i < ROWS; i++) {
        size_t count = diagnose_with(rows[i].almost, NULL, found);
        if (find(found, count, rows[i].code) != NULL) {
            fail_msg("row %zu: %s", i, finding_name(rows[i].code));
        }
    }
}

static void test_each_code_has_a_row(void **state)
{
    (void)state;
    for (int code = 0; code < FINDING_CODES; code++) {
        bool has = false;
        for (size_t i = 0; i < ROWS; i++) {
            has = has || (int)rows[i].code == code;
        }
        assert_true(has);
    }
}

/* --- two causes
 * ------------------------------------------------------------------------------------------------
 */

/* Two that cannot both be true: what the first says takes the ground from the second. */
static bool exclude(enum finding_code a, enum finding_code b)
{
    static const struct {
        enum finding_code holds, falls;
    } pairs[] = {
        {FINDING_DERP_UNREACHABLE, FINDING_DERP_UNHEALTHY},
        {FINDING_DERP_UNREACHABLE, FINDING_DERP_WEBSOCKET},
        {FINDING_NO_STUN_SERVERS, FINDING_CLIENT_UDP_BLOCKED},
        {FINDING_NO_STUN_SERVERS, FINDING_AGENT_UDP_BLOCKED},
        {FINDING_DIRECT_DISABLED_CLIENT, FINDING_PATH_MTU},
        {FINDING_DIRECT_DISABLED_DEPLOYMENT, FINDING_PATH_MTU},
        {FINDING_DIRECT_DISABLED_CLIENT, FINDING_ENDPOINT_FIREWALL},
        {FINDING_DIRECT_DISABLED_DEPLOYMENT, FINDING_ENDPOINT_FIREWALL},
        {FINDING_CLIENT_UDP_BLOCKED, FINDING_ENDPOINT_FIREWALL},
        {FINDING_AGENT_UDP_BLOCKED, FINDING_ENDPOINT_FIREWALL},
        {FINDING_AGENT_HARD_NAT, FINDING_ENDPOINT_FIREWALL}, /* both sides are hard then */
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if ((pairs[i].holds == a && pairs[i].falls == b) ||
            (pairs[i].holds == b && pairs[i].falls == a)) {
            return true;
        }
    }
    return false;
}

/* A cause stands above what it explains, one step less deep; groups do not mix. */
static void check_order(const struct finding *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct finding *cause =
            list[i].explained ? find(list, count, list[i].explained_by) : NULL;
        assert_int_equal(list[i].explained, cause != NULL);
        if (cause == NULL) {
            assert_int_equal(list[i].depth, 0);
            continue;
        }
        assert_true(cause < &list[i]);
        assert_int_equal(list[i].depth, cause->depth + 1);
        for (const struct finding *between = cause + 1; between < &list[i]; between++) {
            assert_true(between->depth > cause->depth);
        }
    }
}

static void test_every_pair_of_causes_is_found_together(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    struct finding again[FINDING_CODES];
    for (size_t a = 0; a < ROWS; a++) {
        for (size_t b = 0; b < ROWS; b++) {
            bool no_path = rows[a].make == never_answered || rows[b].make == never_answered;
            if (rows[a].code == rows[b].code || exclude(rows[a].code, rows[b].code) || no_path) {
                continue;
            }
            size_t count = diagnose_with(rows[a].make, rows[b].make, found);
            if (find(found, count, rows[a].code) == NULL ||
                find(found, count, rows[b].code) == NULL) {
                fail_msg("%s and %s", finding_name(rows[a].code), finding_name(rows[b].code));
            }
            check_order(found, count);
            assert_int_equal(diagnose_with(rows[a].make, rows[b].make, again), count);
            assert_memory_equal(found, again, count * sizeof *found);
        }
    }
}

/* What a relayed path is put down to when there are several reasons: the first that stands here. */
static void test_a_relayed_path_is_put_down_to_the_likeliest_reason(void **state)
{
    (void)state;
    static void (*const likeliest_first[])(struct facts *) = {
        disabled_client, disabled_deployment, client_udp, agent_udp,  narrow,    hairpin,
        client_hard,     agent_hard,          vpn,        client_mtu, agent_mtu,
    };
    static const enum finding_code codes[] = {
        FINDING_DIRECT_DISABLED_CLIENT,
        FINDING_DIRECT_DISABLED_DEPLOYMENT,
        FINDING_CLIENT_UDP_BLOCKED,
        FINDING_AGENT_UDP_BLOCKED,
        FINDING_PATH_MTU,
        FINDING_NO_HAIRPIN,
        FINDING_CLIENT_HARD_NAT,
        FINDING_AGENT_HARD_NAT,
        FINDING_VPN_DEFAULT_ROUTE,
        FINDING_CLIENT_LOW_MTU,
        FINDING_AGENT_LOW_MTU,
    };
    enum { REASONS = sizeof codes / sizeof *codes };
    struct finding found[FINDING_CODES];
    for (size_t first = 0; first < REASONS; first++) {
        for (size_t second = first + 1; second < REASONS; second++) {
            struct facts facts = well();
            relayed(&facts);
            likeliest_first[second](&facts);
            likeliest_first[first](&facts);
            size_t count = diagnose(&facts, NULL, found);
            const struct finding *relay = find(found, count, FINDING_DERP_RELAY);
            if (find(found, count, codes[second]) == NULL) {
                continue; /* the first takes its ground away */
            }
            assert_non_null(relay);
            assert_true(relay->explained);
            assert_int_equal(relay->explained_by, codes[first]);
            const char *likeliest = strstr(relay->observed, finding_title(codes[first]));
            const char *also = strstr(relay->observed, finding_title(codes[second]));
            assert_non_null(likeliest);
            assert_true(also == NULL || likeliest < also); /* the text may be cut */
        }
    }
}

static void test_an_address_in_aws_without_a_hard_nat_is_no_reason(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    struct facts facts = well();
    relayed(&facts);
    client_aws(&facts);
    size_t count = diagnose(&facts, NULL, found);
    const struct finding *relay = find(found, count, FINDING_DERP_RELAY);
    assert_true(relay != NULL && !relay->explained && strstr(relay->observed, "AWS") == NULL);
    facts.client.hard_nat = FACT_UNKNOWN;
    count = diagnose(&facts, NULL, found);
    relay = find(found, count, FINDING_DERP_RELAY);
    assert_true(relay != NULL && relay->explained && relay->explained_by == FINDING_CLIENT_AWS);
}

static void test_an_agent_that_is_away_explains_what_follows(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    struct facts facts = well();
    workspace_stopped(&facts);
    agent_away(&facts);
    silent(&facts);
    no_handshake(&facts);
    size_t count = diagnose(&facts, NULL, found);
    assert_int_equal(count, 4);
    assert_int_equal(found[0].code, FINDING_WORKSPACE_STOPPED);
    for (size_t i = 1; i < count; i++) {
        assert_true(found[i].explained);
    }
}

static void test_a_hindrance_is_a_warning_only_while_the_path_is_relayed(void **state)
{
    (void)state;
    static void (*const makers[])(struct facts *) = {client_hard, client_udp, vpn,
                                                     client_mtu,  no_stun,    hairpin};
    struct finding found[FINDING_CODES];
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        assert_int_equal(diagnose_with(makers[i], NULL, found), 1);
        assert_int_equal(found[0].severity, SEVERITY_INFO);
        size_t count = diagnose_with(makers[i], relayed, found);
        assert_true(count >= 2);
        assert_int_equal(found[0].severity, SEVERITY_WARNING);
    }
}

static void expect_why(const struct finding *list, size_t count, enum finding_code code,
                       const char *word)
{
    const struct finding *one = find(list, count, code);
    assert_non_null(one);
    assert_true(one != NULL && strstr(one->why, word) != NULL);
}

static void test_a_hard_nat_on_both_sides_is_told_as_such(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    size_t count = diagnose_with(client_hard, agent_hard, found);
    expect_why(found, count, FINDING_CLIENT_HARD_NAT, "impossible");
    expect_why(found, count, FINDING_AGENT_HARD_NAT, "impossible");
    count = diagnose_with(client_hard, NULL, found);
    expect_why(found, count, FINDING_CLIENT_HARD_NAT, "usually");
}

static void test_an_interface_that_is_too_narrow_is_named(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    struct facts facts = well();
    facts.client.interface_count = 3;
    facts.client.interfaces[1] = (struct fact_interface){"tun0", 1280};
    facts.client.interfaces[2] = (struct fact_interface){"wg1", 1300};
    assert_int_equal(diagnose(&facts, NULL, found), 1);
    assert_non_null(strstr(found[0].observed, "tun0 has MTU 1280 (less than 1378)"));
    assert_non_null(strstr(found[0].observed, "1 more"));
    assert_non_null(strstr(found[0].remedy, "ip link set dev tun0"));
}

static void test_a_nearer_relay_is_named_in_what_to_do(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    size_t count = diagnose_with(far, NULL, found);
    const struct finding *one = find(found, count, FINDING_DERP_FAR);
    assert_true(one != NULL && strstr(one->remedy, "let both sides reach Singapore (3)") != NULL);
}

static void test_links_lead_to_the_deployments_own_documentation(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    struct facts facts = well();
    loss(&facts);
    text_copy(facts.docs_url, sizeof facts.docs_url, "https://docs.example/coder");
    assert_int_equal(diagnose(&facts, NULL, found), 1);
    assert_string_equal(found[0].docs,
                        "https://docs.example/coder/admin/networking/troubleshooting#throughput");
    memset(facts.docs_url, 'x', sizeof facts.docs_url - 1); /* which does not fit */
    assert_int_equal(diagnose(&facts, NULL, found), 1);
    assert_memory_equal(found[0].docs, "https://coder.com/docs/", 23);
}

static void test_the_limits_are_the_users(void **state)
{
    (void)state;
    struct finding found[FINDING_CODES];
    struct facts facts = well();
    const struct diagnose_limits strict = {
        .loss_permille = 5, .jitter_ns = NS_PER_MS, .latency_ns = NS_PER_MS};
    const struct diagnose_limits lax = {
        .loss_permille = 500, .jitter_ns = NS_PER_SEC, .latency_ns = NS_PER_SEC};
    little_loss(&facts);
    little_jitter(&facts);
    not_quite_slow(&facts);
    assert_int_equal(diagnose(&facts, NULL, found), 0);
    assert_int_equal(diagnose(&facts, &strict, found), 3);
    loss(&facts);
    jitter(&facts);
    slow(&facts);
    assert_int_equal(diagnose(&facts, NULL, found), 3);
    assert_int_equal(diagnose(&facts, &lax, found), 0);
}

static void test_the_older_of_two_equals_comes_first(void **state)
{
    (void)state;
    struct finding list[3] = {
        {.code = FINDING_TOKEN_REFUSED, .severity = SEVERITY_WARNING, .since = 9},
        {.code = FINDING_JITTER, .severity = SEVERITY_WARNING, .since = 5},
        {.code = FINDING_LOSS, .severity = SEVERITY_ERROR, .since = 20},
    };
    findings_order(list, 3);
    assert_int_equal(list[0].code, FINDING_LOSS);
    assert_int_equal(list[1].code, FINDING_JITTER);
    assert_int_equal(list[2].code, FINDING_TOKEN_REFUSED);
}

static void test_a_cause_that_is_gone_explains_nothing(void **state)
{
    (void)state;
    struct finding list[1] = {{.code = FINDING_DERP_RELAY,
                               .explained = true,
                               .explained_by = FINDING_CLIENT_UDP_BLOCKED}};
    findings_order(list, 1);
    assert_false(list[0].explained);
    assert_int_equal(list[0].depth, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_found_where_all_is_well),
        cmocka_unit_test(test_nothing_is_found_where_nothing_is_known),
        cmocka_unit_test(test_each_cause_makes_its_finding),
        cmocka_unit_test(test_what_comes_near_makes_no_finding),
        cmocka_unit_test(test_each_code_has_a_row),
        cmocka_unit_test(test_every_pair_of_causes_is_found_together),
        cmocka_unit_test(test_a_relayed_path_is_put_down_to_the_likeliest_reason),
        cmocka_unit_test(test_an_address_in_aws_without_a_hard_nat_is_no_reason),
        cmocka_unit_test(test_an_agent_that_is_away_explains_what_follows),
        cmocka_unit_test(test_a_hindrance_is_a_warning_only_while_the_path_is_relayed),
        cmocka_unit_test(test_a_hard_nat_on_both_sides_is_told_as_such),
        cmocka_unit_test(test_an_interface_that_is_too_narrow_is_named),
        cmocka_unit_test(test_a_nearer_relay_is_named_in_what_to_do),
        cmocka_unit_test(test_links_lead_to_the_deployments_own_documentation),
        cmocka_unit_test(test_the_limits_are_the_users),
        cmocka_unit_test(test_the_older_of_two_equals_comes_first),
        cmocka_unit_test(test_a_cause_that_is_gone_explains_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
