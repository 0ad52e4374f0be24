#include "net/path/relay_policy.h"

#include "net/base/now.h"
#include "net/base/text.h"

enum { STEP_MS = 10, LIMIT_MS = 5000, JITTER_STEPS = 1000, REFUSALS_MAX = 2 };

void relay_policy_init(struct relay_policy *policy, bool force_websocket)
{
    *policy = (struct relay_policy){.forced = force_websocket, .websocket = force_websocket};
}

static void use_websocket(struct relay_policy *policy, int status, const char *why)
{
    policy->websocket = true;
    text_format(policy->reason, sizeof policy->reason,
                "the upgrade to DERP was answered with %d: %s", status, why);
}

void relay_policy_failed(struct relay_policy *policy, int status)
{
    policy->failures++;
    bool away =
        status == 503 || status == 504; /* the relay itself: a restart, not a proxy's taste */
    if (policy->websocket || status == 0 || status == 101 || away) {
        return;
    }
    if (status >= 400 && status <= 499) {
        use_websocket(policy, status, "a proxy may not allow 'Upgrade: DERP'");
    } else if (++policy->refusals >= REFUSALS_MAX) {
        use_websocket(policy, status, "something between may swallow 'Upgrade: DERP'");
    }
}

void relay_policy_works(struct relay_policy *policy)
{
    policy->failures = 0;
    policy->refusals = 0;
}

uint64_t relay_policy_delay(const struct relay_policy *policy, struct rng *rng)
{
    uint64_t n = policy->failures;
    uint64_t ms = n > LIMIT_MS ? LIMIT_MS : n * n * STEP_MS;
    ms = ms < LIMIT_MS ? ms : LIMIT_MS;
    double share = 0.5 + (double)rng_below(rng, JITTER_STEPS + 1) / JITTER_STEPS;
    return (uint64_t)((double)(ms * NS_PER_MS) * share);
}
