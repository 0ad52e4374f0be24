/*
 * The rules, shared by their files: each looks at the facts and adds its finding, or does not.
 *   rules_deployment.c  the deployment, the workspace, the agent, the handshake
 *   rules_network.c     what stands in the way of a direct path
 *   rules_relay.c       the relay, and the quality of the path
 *   remedies.c          the texts that no fact changes
 *   checks.c            what is not so, or not known
 *   evidence.c          the figures behind each check
 */
#ifndef NET_DIAGNOSE_RULES_INTERNAL_H
#define NET_DIAGNOSE_RULES_INTERNAL_H

#include "net/base/err.h"
#include "net/diagnose/diagnose.h"

struct draft {
    const struct facts *facts;
    struct diagnose_limits limits; /* none is 0 */
    struct finding *out;
    size_t count;
};

/* Adds the finding with its fixed texts; the rest of the arguments make `observed`. The result is
 * valid until the diagnosis ends. */
struct finding *draft_add(struct draft *draft, enum finding_code code,
                          enum finding_severity severity, const char *observed, ...)
    NET_PRINTF(4, 5);

/* The fixed texts of a code; each may be replaced by its rule. Static. */
struct remedy {
    const char *why;
    const char *remedy;
    const char *docs;
};
const struct remedy *remedy_of(enum finding_code code);
/* Where it is described, in the deployment's documentation. */
void remedy_docs(const struct facts *facts, enum finding_code code, char out[FINDING_DOCS_SIZE]);

/* "850 ms", "12 s", "3 min", "2 h": rounded down, for sentences. */
enum { SPAN_TEXT_SIZE = 24 };
const char *span_text(uint64_t ns, char out[SPAN_TEXT_SIZE]);

/* " for 12 s"; "" below a second */
const char *for_text(uint64_t ns, char out[SPAN_TEXT_SIZE]);

/* "12.3 ms" */
const char *ms_text(uint64_t ns, char out[SPAN_TEXT_SIZE]);

/* There is no direct path, and there could be one. */
bool wants_direct(const struct facts *facts);

void rules_deployment(struct draft *draft);
void rules_network(struct draft *draft);
void rules_relay(struct draft *draft);

#endif
