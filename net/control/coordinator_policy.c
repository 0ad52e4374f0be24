#include "net/control/coordinator_policy.h"

enum {
    SESSION_HELD_S = 5
}; /* ours: shorter than a server's restart, longer than a crash loop's turn */

#define PACE_FIRST_NS (50 * NS_PER_MS)
#define PACE_LIMIT_NS (10 * NS_PER_SEC)
#define PACE_FACTOR   1.618

/* 4xx that say "later" or come of the way there: time-out, too early, too many. */
static bool may_pass(int status)
{
    return status < 400 || status >= 500 || status == 408 || status == 425 || status == 429;
}

enum coordinator_action coordinator_decide(const struct coordinator_refusal *refusal)
{
    if (refusal->resume_token_refused) {
        return refusal->token_sent ? COORDINATOR_DIAL_WITHOUT_TOKEN : COORDINATOR_DIAL_AGAIN;
    }
    if (refusal->status == 401) {
        return COORDINATOR_GIVE_UP;
    }
    /* What has worked before is not given up for a proxy's or a restarting server's 404. */
    if (refusal->was_up || may_pass(refusal->status)) {
        return COORDINATOR_DIAL_AGAIN;
    }
    bool lacks_endpoint = refusal->status == 404 || refusal->code == NET_ERR_UNSUPPORTED;
    return lacks_endpoint && !refusal->per_agent ? COORDINATOR_FALL_BACK : COORDINATOR_GIVE_UP;
}

void coordinator_pace_init(struct coordinator_pace *pace)
{
    backoff_init(&pace->backoff, PACE_FIRST_NS, PACE_LIMIT_NS, PACE_FACTOR);
    pace->waits = false;
}

uint64_t coordinator_pace_next(struct coordinator_pace *pace, struct rng *rng)
{
    if (!pace->waits) {
        pace->waits = true;
        return 0;
    }
    return backoff_next(&pace->backoff, rng);
}

void coordinator_pace_reset(struct coordinator_pace *pace)
{
    backoff_reset(&pace->backoff);
    pace->waits = false;
}

void coordinator_pace_ended(struct coordinator_pace *pace, uint64_t lasted_ns)
{
    if (lasted_ns >= SESSION_HELD_S * NS_PER_SEC) {
        coordinator_pace_reset(pace);
    }
}

bool coordinator_token_is_usable(const struct tailnet_resume_token *token, struct wall_time now)
{
    bool expires = token->expires.seconds != 0;
    return token->token[0] != '\0' && (!expires || now.seconds < token->expires.seconds);
}
