/*
 * Facts at random, sound or not: whatever they are, the findings are whole and each code comes
 * once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "net/base/rng.h"
#include "net/base/text.h"
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

static void test_whatever_the_facts_the_findings_are_whole(void **state)
{
    (void)state;
    struct rng_seeded seeded;
    struct rng *rng = &seeded.rng;
    static struct facts facts;
    static struct finding list[FINDING_CODES];
    static struct findings findings;
    rng_seeded_init(&seeded, SEED);
    findings_init(&findings, FINDINGS_SAMPLES);
    for (size_t i = 0; i < ROUNDS; i++) {
        memset(&facts, 0, sizeof facts);
        side(rng, &facts.client);
        side(rng, &facts.agent_side);
        facts.default_route_tunnel = fact(rng);
        facts.same_public_address = fact(rng);
        deployment(rng, &facts);
        path(rng, &facts);
        size_t count = diagnose(&facts, NULL, list);
        check(list, count);
        findings_step(&findings, i, list, count);
        check(list, findings_list(&findings, list));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_the_facts_the_findings_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
