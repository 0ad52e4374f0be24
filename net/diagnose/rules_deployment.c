/*
 * What the deployment says, or does not say any more; the workspace, its agent and the handshake.
 */
#include "net/base/text.h"
#include "net/diagnose/rules_internal.h"

static bool path_works(const struct facts *facts)
{
    return facts->path != FACT_PATH_NONE && facts->probes.lost_in_a_row == 0;
}

static const char *or_else(const char *text, const char *other)
{
    return text[0] != '\0' ? text : other;
}

static void rule_token(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    if (facts->token_refused) {
        draft_add(draft, FINDING_TOKEN_REFUSED, SEVERITY_ERROR, "%s",
                  or_else(facts->token_text, "the deployment refuses the session token"))
            ->certain = true;
    }
}

static void rule_version(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    if (facts->version_unsupported) {
        draft_add(draft, FINDING_VERSION_SKEW,
                  path_works(facts) ? SEVERITY_WARNING : SEVERITY_ERROR, "%s%s%s%s",
                  or_else(facts->version_text, "the deployment does not know this API version"),
                  facts->server_version[0] != '\0' ? " (server " : "", facts->server_version,
                  facts->server_version[0] != '\0' ? ")" : "")
            ->certain = true;
    }
}

static void rule_coordinator(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    char span[SPAN_TEXT_SIZE];
    if (facts->coordinator == FACT_LINK_DOWN) {
        draft_add(
            draft, FINDING_COORDINATOR_LOST, path_works(facts) ? SEVERITY_WARNING : SEVERITY_ERROR,
            "no session with the coordinator%s%s%s%s", for_text(facts->coordinator_down_ns, span),
            facts->coordinator_text[0] != '\0' ? ": " : "", facts->coordinator_text,
            path_works(facts) ? " (the connection that stands still works)" : "")
            ->certain = true;
    }
}

static void rule_workspace(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    bool starting = facts->workspace_state == FACT_WORKSPACE_STARTING;
    if (facts->workspace_state != FACT_WORKSPACE_STOPPED && !starting) {
        return;
    }
    struct finding *found =
        draft_add(draft, FINDING_WORKSPACE_STOPPED, starting ? SEVERITY_WARNING : SEVERITY_ERROR,
                  "workspace %s is %s", or_else(facts->workspace, "(unnamed)"),
                  or_else(facts->workspace_status, starting ? "starting" : "stopped"));
    found->certain = true;
    if (starting) {
        text_copy(found->remedy, sizeof found->remedy,
                  "wait until it runs; its page in the dashboard shows how far it is");
    } else {
        text_format(found->remedy, sizeof found->remedy, "start it: coder start %s",
                    or_else(facts->workspace, "WORKSPACE"));
    }
}

static void rule_agent_connected(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    static const char *const texts[] = {
        [FACT_AGENT_UNKNOWN] = "",
        [FACT_AGENT_CONNECTED] = "",
        [FACT_AGENT_CONNECTING] = "the agent has not connected to the deployment yet",
        [FACT_AGENT_DISCONNECTED] = "the agent was connected to the deployment and is not any more",
        [FACT_AGENT_TIMEOUT] = "the agent should have connected to the deployment and has not",
    };
    if (texts[facts->agent][0] != '\0') {
        /* What the list says may be older than the node that came. */
        draft_add(draft, FINDING_AGENT_NOT_CONNECTED,
                  path_works(facts) ? SEVERITY_WARNING : SEVERITY_ERROR, "%s", texts[facts->agent]);
    }
}

static void rule_agent_reachable(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    bool never = facts->path == FACT_PATH_NONE; /* no probe was ever answered */
    bool silent = facts->agent_node_known &&
                  facts->probes.lost_in_a_row >= (never ? 1 : DIAGNOSE_LOST_IN_A_ROW);
    bool gone = (facts->agent_lost || facts->agent_left) && !path_works(facts);
    if (!silent && !gone) {
        return;
    }
    const char *told = facts->agent_left   ? "the agent signed off at the coordinator"
                       : facts->agent_lost ? "the coordinator lost the agent"
                                           : "";
    char lost[64] = "";
    if (facts->probes.lost_in_a_row > 0) {
        text_format(lost, sizeof lost, "the last %llu probe%s had no answer",
                    (unsigned long long)facts->probes.lost_in_a_row,
                    facts->probes.lost_in_a_row == 1 ? "" : "s");
    }
    draft_add(draft, FINDING_AGENT_UNREACHABLE, SEVERITY_ERROR, "%s%s%s", told,
              told[0] != '\0' && lost[0] != '\0' ? ", and " : "", lost);
}

static void rule_handshake(struct draft *draft)
{
    const struct facts *facts = draft->facts;
    char span[SPAN_TEXT_SIZE];
    bool done = facts->handshake == FACT_YES;
    bool old = done && facts->data_wanted &&
               facts->handshake_age_ns > DIAGNOSE_HANDSHAKE_OLD_S * NS_PER_SEC;
    bool vain = facts->handshake_attempts >= (done ? DIAGNOSE_ATTEMPTS : DIAGNOSE_ATTEMPTS_FIRST);
    if (vain && !done) {
        draft_add(draft, FINDING_HANDSHAKE_STALE, SEVERITY_ERROR,
                  "%u handshakes were begun and none was answered", facts->handshake_attempts);
    } else if (vain) {
        draft_add(draft, FINDING_HANDSHAKE_STALE, SEVERITY_ERROR,
                  "%u handshakes in a row were not answered; the last that completed is %s old",
                  facts->handshake_attempts, span_text(facts->handshake_age_ns, span));
    } else if (old) {
        draft_add(draft, FINDING_HANDSHAKE_STALE, SEVERITY_WARNING,
                  "the last handshake is %s old (it should be renewed every 2 min)",
                  span_text(facts->handshake_age_ns, span));
    }
}

void rules_deployment(struct draft *draft)
{
    rule_token(draft);
    rule_workspace(draft);
    rule_agent_connected(draft);
    rule_version(draft);
    rule_coordinator(draft);
    rule_agent_reachable(draft);
    rule_handshake(draft);
}
