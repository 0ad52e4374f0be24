/*
 * What to do after a dial to the coordinator that came to nothing, and when. Pure.
 *
 * Sources: coder/coder tailnet/controllers.go and codersdk/workspacesdk/dialer.go; protocol notes
 * 5.5. Two things differ on purpose: we tell the user at once when signed out (the Go client keeps
 * trying), and the pauses have jitter.
 */
#ifndef NET_CONTROL_COORDINATOR_POLICY_H
#define NET_CONTROL_COORDINATOR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "net/base/backoff.h"
#include "net/base/err.h"
#include "net/base/now.h"
#include "net/wire/tailnet.h"

enum coordinator_action {
    COORDINATOR_DIAL_AGAIN,         /* after a pause */
    COORDINATOR_DIAL_WITHOUT_TOKEN, /* at once; the token is of no use any more */
    COORDINATOR_FALL_BACK,          /* an older server: one session per agent */
    COORDINATOR_GIVE_UP,            /* trying again changes nothing: tell the user */
};

struct coordinator_refusal {
    int status;                /* of the HTTP answer; 0: there was none */
    enum net_err code;         /* as deployment_explain found */
    bool resume_token_refused; /* likewise */
    bool token_sent;
    bool per_agent; /* the dial was for one agent already */
    bool was_up;    /* this address has worked before in this run */
};

enum coordinator_action coordinator_decide(const struct coordinator_refusal *refusal);

/* When to dial: at once, then after 50 ms growing by 1.618 up to 10 s, each with jitter. */
struct coordinator_pace {
    struct backoff backoff;
    bool waits; /* the attempt at once has been used */
};

void coordinator_pace_init(struct coordinator_pace *pace);

/* The pause before the next dial, in ns. */
uint64_t coordinator_pace_next(struct coordinator_pace *pace, struct rng *rng);

/* A session that lasted this long has ended. A session that held begins the pauses anew; one that
 * broke at once does not, or a server that accepts and drops would be dialled without a pause. */
void coordinator_pace_ended(struct coordinator_pace *pace, uint64_t lasted_ns);

/* The user asks: the next dial is at once. */
void coordinator_pace_reset(struct coordinator_pace *pace);

/* True for a token that is there and has not expired. */
bool coordinator_token_is_usable(const struct tailnet_resume_token *token, struct wall_time now);

#endif
