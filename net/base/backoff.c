#include "net/base/backoff.h"

enum { JITTER_STEPS = 1000 };

void backoff_init(struct backoff *backoff, uint64_t first_ns, uint64_t limit_ns, double factor)
{
    *backoff = (struct backoff){
        .first_ns = first_ns, .limit_ns = limit_ns, .factor = factor, .next_ns = first_ns};
}

uint64_t backoff_next(struct backoff *backoff, struct rng *rng)
{
    uint64_t base = backoff->next_ns;
    double grown = (double)base * backoff->factor;
    backoff->next_ns = grown < (double)backoff->limit_ns ? (uint64_t)grown : backoff->limit_ns;
    backoff->attempts++;
    double share = 0.5 + (double)rng_below(rng, JITTER_STEPS + 1) / JITTER_STEPS;
    return (uint64_t)((double)base * share);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->next_ns = backoff->first_ns;
    backoff->attempts = 0;
}
