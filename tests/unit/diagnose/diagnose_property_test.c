/*
 * Facts at random, sound or not: whatever they are, the findings are whole and each code comes
 * once; and a check that has passed is not undone by what comes to be known later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "net/base/rng.h"
#include "net/base/text.h"
#include "net/diagnose/checks.h"
#include "net/diagnose/diagnose.h"
#include "net/diagnose/findings.h"

#include <cmocka.h>

enum { ROUNDS = 10000, SEED = 1 };

/* One of the values that are at an edge of some rule. */
static uint64_t number(struct rng *rng)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     3,
                                     9,
                                     10,
                                     20,
                                     1280,
                                     1378,
                                     1500,
                                     NS_PER_MS,
                                     30 * NS_PER_MS,
                                     5 * NS_PER_SEC,
                                     300 * NS_PER_SEC,
                                     UINT32_MAX,
                                     UINT64_MAX};
    return edges[rng_u64(rng) % (sizeof edges / sizeof *edges)];
}

static enum fact fact(struct rng *rng)
{
    return (enum fact)(rng_u64(rng) % 3);
}

static bool maybe(struct rng *rng)
{
    return rng_u64(rng) % 4 == 0;
}

static void text(struct rng *rng, char *out, size_t size)
{
    size_t len = rng_u64(rng) % 3 == 0 ? 0 : rng_u64(rng) % size;
    memset(out, 'x', len);
    out[len] = '\0';
}

static void side(struct rng *rng, struct fact_side *out)
{
    out->udp = fact(rng);
    out->hard_nat = fact(rng);
    out->hairpin = fact(rng);
    out->aws = fact(rng);
    text(rng, out->seen_v4[0], FACT_ADDRESS_SIZE);
    text(rng, out->seen_v4[1], FACT_ADDRESS_SIZE);
    text(rng, out->public_v4, FACT_ADDRESS_SIZE);
    text(rng, out->aws_address, FACT_ADDRESS_SIZE);
    text(rng, out->aws_range, FACT_ADDRESS_SIZE);
    out->interface_count = rng_u64(rng) % (FACT_INTERFACES_MAX + 1);
    for (size_t i = 0; i < out->interface_count; i++) {
        text(rng, out->interfaces[i].name, sizeof out->interfaces[i].name);
        out->interfaces[i].mtu = (uint32_t)number(rng);
    }
}

static void region(struct rng *rng, struct fact_region *out)
{
    out->id = (int64_t)(rng_u64(rng) % 3);
    text(rng, out->name, sizeof out->name);
}

static void deployment(struct rng *rng, struct facts *f)
{
    f->connection_known = maybe(rng);
    f->direct_disabled_deployment = maybe(rng);
    f->direct_disabled_client = maybe(rng);
    f->stun_servers = fact(rng);
    f->websockets_forced = maybe(rng);
    f->token_refused = maybe(rng);
    text(rng, f->token_text, sizeof f->token_text);
    f->version_unsupported = maybe(rng);
    text(rng, f->version_text, sizeof f->version_text);
    text(rng, f->server_version, sizeof f->server_version);
    f->coordinator = (enum fact_link)(rng_u64(rng) % 4);
    f->coordinator_down_ns = number(rng);
    text(rng, f->coordinator_text, sizeof f->coordinator_text);
    text(rng, f->workspace, sizeof f->workspace);
    f->workspace_state = (enum fact_workspace)(rng_u64(rng) % 4);
    text(rng, f->workspace_status, sizeof f->workspace_status);
    f->agent = (enum fact_agent)(rng_u64(rng) % 5);
    f->agent_node_known = maybe(rng);
    f->agent_lost = maybe(rng);
    f->agent_left = maybe(rng);
}

static void path(struct rng *rng, struct facts *f)
{
    f->relay = (enum fact_link)(rng_u64(rng) % 4);
    f->relay_down_ns = number(rng);
    region(rng, &f->relay_region);
    text(rng, f->relay_text, sizeof f->relay_text);
    text(rng, f->relay_health, sizeof f->relay_health);
    f->relay_websocket = maybe(rng);
    text(rng, f->relay_websocket_reason, sizeof f->relay_websocket_reason);
    f->path = (enum fact_path)(rng_u64(rng) % 3);
    f->path_for_ns = number(rng);
    f->candidates = rng_u64(rng) % 4;
    f->candidates_silent = rng_u64(rng) % 4;
    f->probes =
        (struct fact_probes){number(rng) % 4000, number(rng) % 4000, number(rng), number(rng),
                             number(rng),        number(rng),        number(rng), number(rng)};
    f->path_mtu = (uint32_t)number(rng);
    f->path_mtu_want = (uint32_t)number(rng);
    f->handshake = fact(rng);
    f->handshake_age_ns = number(rng);
    f->handshake_attempts = (unsigned)number(rng);
    f->data_wanted = maybe(rng);
    region(rng, &f->client_home);
    region(rng, &f->agent_home);
    region(rng, &f->near_region);
    f->client_to_client_home_ns = number(rng);
    f->client_to_agent_home_ns = number(rng);
    f->near_region_ns = number(rng) / 2;
    f->used_region_ns = number(rng);
}

static void check(const struct finding *list, size_t count)
{
    bool seen[FINDING_CODES] = {false};
    assert_true(count <= FINDING_CODES);
    for (size_t i = 0; i < count; i++) {
        const struct finding *one = &list[i];
        assert_false(seen[one->code]);
        seen[one->code] = true;
        assert_true(one->severity >= SEVERITY_INFO && one->severity <= SEVERITY_ERROR);
        assert_true(one->observed[0] != '\0' && one->why[0] != '\0' && one->remedy[0] != '\0' &&
                    one->docs[0] != '\0' && one->title[0] != '\0' && one->name[0] != '\0');
        assert_true(one->depth < FINDING_CODES);
        assert_true(!one->explained || seen[one->explained_by]); /* the cause stands above */
    }
}

static void random_facts(struct rng *rng, struct facts *out)
{
    memset(out, 0, sizeof *out);
    side(rng, &out->client);
    side(rng, &out->agent_side);
    out->default_route_tunnel = fact(rng);
    out->same_public_address = fact(rng);
    deployment(rng, out);
    path(rng, out);
}

static void test_whatever_the_facts_the_findings_are_whole(void **state)
{
    (void)state;
    struct rng_seeded seeded;
    static struct facts facts;
    static struct finding list[FINDING_CODES];
    static struct findings findings;
    rng_seeded_init(&seeded, SEED);
    findings_init(&findings, FINDINGS_SAMPLES);
    for (size_t i = 0; i < ROUNDS; i++) {
        random_facts(&seeded.rng, &facts);
        size_t count = diagnose(&facts, NULL, list);
        check(list, count);
        findings_step(&findings, i, list, count);
        check(list, findings_list(&findings, list));
    }
}

/* --- checks ----------------------------------------------------------------------------------- */

static void learn(struct rng *rng, enum fact *known)
{
    *known = *known == FACT_UNKNOWN ? fact(rng) : *known;
}

static void learn_side(struct rng *rng, struct fact_side *known)
{
    learn(rng, &known->udp);
    learn(rng, &known->hard_nat);
    learn(rng, &known->hairpin);
    learn(rng, &known->aws);
    if (known->interface_count == 0) {
        known->interface_count = 1;
    }
    for (size_t i = 0; i < known->interface_count; i++) {
        uint32_t *mtu = &known->interfaces[i].mtu;
        *mtu = *mtu == 0 ? (uint32_t)number(rng) : *mtu;
    }
}

static void learn_deployment(struct rng *rng, struct facts *f)
{
    if (!f->connection_known) {
        f->connection_known = true;
        f->token_refused = maybe(rng);
        f->direct_disabled_deployment = maybe(rng);
    }
    if (f->coordinator != FACT_LINK_UP && f->coordinator != FACT_LINK_DOWN) {
        f->version_unsupported = maybe(rng);
        f->coordinator = (enum fact_link)(rng_u64(rng) % 4);
    } else if (f->coordinator == FACT_LINK_DOWN) {
        f->version_unsupported |= maybe(rng); /* it comes back and is another */
    }
    if (f->workspace_state == FACT_WORKSPACE_UNKNOWN) {
        f->workspace_state = (enum fact_workspace)(rng_u64(rng) % 4);
    }
    f->agent = f->agent == FACT_AGENT_UNKNOWN ? (enum fact_agent)(rng_u64(rng) % 5) : f->agent;
}

static void learn_path(struct rng *rng, struct facts *f)
{
    if (f->path == FACT_PATH_NONE) {
        f->path = (enum fact_path)(rng_u64(rng) % 3);
        f->path_for_ns = number(rng);
        f->probes.lost_in_a_row = number(rng);
        f->agent_left = maybe(rng);
    }
    if (f->relay != FACT_LINK_UP && f->relay != FACT_LINK_DOWN) {
        f->relay = (enum fact_link)(rng_u64(rng) % 4);
        f->relay_websocket = maybe(rng);
        text(rng, f->relay_health, sizeof f->relay_health);
    }
    if (f->path == FACT_PATH_RELAY && f->path_mtu == 0) {
        f->path_mtu = (uint32_t)number(rng);
    }
    if (f->handshake != FACT_YES) {
        f->handshake = fact(rng);
        f->handshake_attempts = (unsigned)number(rng);
    }
    struct fact_region *const regions[] = {&f->client_home, &f->agent_home, &f->near_region};
    uint64_t *const distances[] = {&f->client_to_client_home_ns, &f->client_to_agent_home_ns,
                                   &f->near_region_ns, &f->used_region_ns};
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        regions[i]->id = regions[i]->id == 0 ? 1 + (int64_t)(rng_u64(rng) % 2) : regions[i]->id;
    }
    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
        *distances[i] = *distances[i] == 0 ? number(rng) / 2 : *distances[i];
    }
    if (f->probes.answered < DIAGNOSE_SAMPLES_LEAST) {
        f->probes.answered = DIAGNOSE_SAMPLES_LEAST;
        f->probes.lost += rng_u64(rng) % 3;
    }
    f->probes.usual_ns = f->probes.usual_ns == 0 ? number(rng) : f->probes.usual_ns;
    f->candidates_silent = maybe(rng) ? f->candidates : f->candidates_silent;
}

/* What was not known comes to be known, one way or another; what was known stays. */
static void learn_more(struct rng *rng, struct facts *f)
{
    learn_deployment(rng, f);
    learn(rng, &f->stun_servers);
    learn_side(rng, &f->client);
    learn_side(rng, &f->agent_side);
    learn(rng, &f->default_route_tunnel);
    learn(rng, &f->same_public_address);
    learn_path(rng, f);
}

static void test_a_check_stands_exactly_if_it_is_found_and_a_passed_one_is_sure(void **state)
{
    (void)state;
    struct rng_seeded seeded;
    static struct facts facts;
    static struct finding list[FINDING_CODES];
    static struct check before[FINDING_CODES];
    static struct check after[FINDING_CODES];
    size_t passed[FINDING_CODES] = {0};
    size_t came[FINDING_CODES] = {0};
    rng_seeded_init(&seeded, SEED + 1);
    for (size_t i = 0; i < ROUNDS; i++) {
        bool found[FINDING_CODES] = {false};
        random_facts(&seeded.rng, &facts);
        size_t count = diagnose(&facts, NULL, list);
        for (size_t f = 0; f < count; f++) {
            found[list[f].code] = true;
        }
        checks_make(&facts, NULL, before);
        learn_more(&seeded.rng, &facts);
        checks_make(&facts, NULL, after);
        for (int code = 0; code < FINDING_CODES; code++) {
            assert_int_equal(before[code].state == CHECK_STANDS, found[code]);
            assert_int_equal(before[code].state == CHECK_UNKNOWN, before[code].unknown[0] != '\0');
            if (before[code].state == CHECK_PASSED && after[code].state == CHECK_STANDS) {
                fail_msg("%s passed too early", finding_name((enum finding_code)code));
            }
            passed[code] += before[code].state == CHECK_PASSED ? 1 : 0;
            came[code] += before[code].state == CHECK_UNKNOWN && after[code].state == CHECK_STANDS;
        }
    }
    for (int code = 0; code < FINDING_CODES; code++) {
        bool always_known = code == FINDING_DIRECT_DISABLED_CLIENT;
        if (passed[code] == 0 || (came[code] == 0 && !always_known)) {
            fail_msg("%s was never put to the test: %zu passed, %zu came",
                     finding_name((enum finding_code)code), passed[code], came[code]);
        }
    }
}

static void test_evidence_is_whole_whatever_the_facts(void **state)
{
    (void)state;
    struct rng_seeded seeded;
    static struct facts facts;
    static char lines[CHECK_LINES_MAX][CHECK_LINE_SIZE];
    rng_seeded_init(&seeded, SEED + 2);
    for (size_t i = 0; i < ROUNDS / 10; i++) {
        random_facts(&seeded.rng, &facts);
        for (int code = 0; code < FINDING_CODES; code++) {
            size_t count = check_evidence(&facts, (enum finding_code)code, lines);
            assert_true(count <= CHECK_LINES_MAX);
            for (size_t line = 0; line < count; line++) {
                assert_true(lines[line][0] != '\0');
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_the_facts_the_findings_are_whole),
        cmocka_unit_test(test_a_check_stands_exactly_if_it_is_found_and_a_passed_one_is_sure),
        cmocka_unit_test(test_evidence_is_whole_whatever_the_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
