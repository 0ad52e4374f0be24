/*
 * The diagnosis: facts in, findings out. Pure: no clock, no I/O, no state. One rule a code; a
 * second step names for each finding the one that likely causes it, and orders them.
 *
 * Rules and texts: design.md, Findings; coder/coder cli/cliui/agent.go (ConnDiags) and
 * docs/admin/networking/troubleshooting.md.
 */
#ifndef NET_DIAGNOSE_DIAGNOSE_H
#define NET_DIAGNOSE_DIAGNOSE_H

#include <stddef.h>

#include "net/diagnose/facts.h"
#include "net/diagnose/finding.h"

enum {
    DIAGNOSE_MTU_LEAST = 1378,      /* codersdk/healthsdk: an interface below it is told */
    DIAGNOSE_HANDSHAKE_OLD_S = 300, /* coder ping warns beyond it; it is renewed every 120 s */
    DIAGNOSE_ATTEMPTS = 3,          /* handshakes begun in vain (5 s each) … */
    DIAGNOSE_ATTEMPTS_FIRST = 6,    /* … and before the first: they follow closely, this is 8 s */
    DIAGNOSE_LOST_IN_A_ROW = 3,     /* probes without answer: the agent is away */
    DIAGNOSE_SAMPLES_LEAST = 10,    /* fewer probes than this say nothing of loss and jitter */
    DIAGNOSE_FIREWALL_AFTER_S = 5,  /* on the relay, with all addresses tried */
    DIAGNOSE_DETOUR_MS = 20,        /* a nearer relay must save so much, and a third */
    DIAGNOSE_LOSS_PERMILLE = 20,    /* default limit: 2 % */
    DIAGNOSE_LOSS_ERROR_FACTOR = 10, /* times the limit: an error */
    DIAGNOSE_JITTER_MS = 30,         /* default limit */
    DIAGNOSE_LATENCY_MS = 200,       /* default limit: what the screens call poor */
    DIAGNOSE_WORSE_FACTOR = 3,       /* times the usual latency, and … */
    DIAGNOSE_WORSE_MS = 10,          /* … so much more: that can be felt */
};

/* Settings of the user; zeroes = the defaults above. */
struct diagnose_limits {
    unsigned loss_permille;
    uint64_t jitter_ns;
    uint64_t latency_ns;
};

/* Writes at most one finding a code, causes before what they explain, and returns how many. `since`
 * is 0. `limits` may be NULL. */
size_t diagnose(const struct facts *facts, const struct diagnose_limits *limits,
                struct finding out[FINDING_CODES]);

/* Puts causes above what they explain (`depth`), the groups by severity, then age, then code. */
void findings_order(struct finding *list, size_t count);

#endif
