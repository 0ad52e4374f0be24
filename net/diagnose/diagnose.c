#include "net/diagnose/diagnose.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "net/diagnose/rules_internal.h"

/* What explains what, the likeliest cause first. A cause stands before its effects in FINDING_LIST:
 * so there are no circles (a test looks). */
static const struct {
    enum finding_code effect, cause;
} causes[] = {
    {FINDING_AGENT_NOT_CONNECTED, FINDING_WORKSPACE_STOPPED},
    {FINDING_AGENT_NOT_CONNECTED, FINDING_COORDINATOR_LOST},
    {FINDING_COORDINATOR_LOST, FINDING_TOKEN_REFUSED},
    {FINDING_COORDINATOR_LOST, FINDING_VERSION_SKEW},
    {FINDING_AGENT_UNREACHABLE, FINDING_WORKSPACE_STOPPED},
    {FINDING_AGENT_UNREACHABLE, FINDING_AGENT_NOT_CONNECTED},
    {FINDING_AGENT_UNREACHABLE, FINDING_DERP_UNREACHABLE},
    {FINDING_HANDSHAKE_STALE, FINDING_WORKSPACE_STOPPED},
    {FINDING_HANDSHAKE_STALE, FINDING_AGENT_NOT_CONNECTED},
    {FINDING_HANDSHAKE_STALE, FINDING_AGENT_UNREACHABLE},
    {FINDING_HANDSHAKE_STALE, FINDING_DERP_UNREACHABLE},
    {FINDING_LATENCY, FINDING_DERP_UNHEALTHY},
    {FINDING_LATENCY, FINDING_DERP_FAR},
    {FINDING_LATENCY, FINDING_DERP_RELAY},
    {FINDING_LOSS, FINDING_AGENT_UNREACHABLE},
    {FINDING_LOSS, FINDING_DERP_UNREACHABLE},
    {FINDING_LOSS, FINDING_DERP_UNHEALTHY},
    {FINDING_JITTER, FINDING_DERP_UNHEALTHY},
    {FINDING_JITTER, FINDING_DERP_WEBSOCKET},
    {FINDING_CLIENT_HARD_NAT, FINDING_CLIENT_AWS},
    {FINDING_AGENT_HARD_NAT, FINDING_AGENT_AWS},
    {FINDING_NO_HAIRPIN, FINDING_VPN_DEFAULT_ROUTE},
    {FINDING_PATH_MTU, FINDING_CLIENT_LOW_MTU},
    {FINDING_PATH_MTU, FINDING_VPN_DEFAULT_ROUTE},
    {FINDING_DERP_RELAY, FINDING_DIRECT_DISABLED_CLIENT},
    {FINDING_DERP_RELAY, FINDING_DIRECT_DISABLED_DEPLOYMENT},
    {FINDING_DERP_RELAY, FINDING_CLIENT_UDP_BLOCKED},
    {FINDING_DERP_RELAY, FINDING_AGENT_UDP_BLOCKED},
    {FINDING_DERP_RELAY, FINDING_NO_STUN_SERVERS},
    {FINDING_DERP_RELAY, FINDING_PATH_MTU},
    {FINDING_DERP_RELAY, FINDING_ENDPOINT_FIREWALL},
    {FINDING_DERP_RELAY, FINDING_NO_HAIRPIN},
    {FINDING_DERP_RELAY, FINDING_CLIENT_HARD_NAT},
    {FINDING_DERP_RELAY, FINDING_AGENT_HARD_NAT},
    {FINDING_DERP_RELAY, FINDING_VPN_DEFAULT_ROUTE},
    {FINDING_DERP_RELAY, FINDING_CLIENT_LOW_MTU},
    {FINDING_DERP_RELAY, FINDING_AGENT_LOW_MTU},
    {FINDING_DERP_RELAY, FINDING_AGENT_AWS},
    {FINDING_DERP_RELAY, FINDING_CLIENT_AWS},
};

enum { CAUSES = sizeof causes / sizeof *causes };

/* --- texts
 * ------------------------------------------------------------------------------------------------
 */

struct finding *draft_add(struct draft *draft, enum finding_code code,
                          enum finding_severity severity, const char *observed, ...)
{
    char raw[FINDING_OBSERVED_SIZE * 2];
    va_list args;
    va_start(args, observed);
    (void)vsnprintf(raw, sizeof raw, observed, args);
    va_end(args);
    struct finding *found = &draft->out[draft->count++];
    const struct remedy *texts = remedy_of(code);
    memset(found, 0, sizeof *found);
    found->code = code;
    found->side = finding_side_of(code);
    found->severity = severity;
    text_copy(found->name, sizeof found->name, finding_name(code));
    text_copy(found->title, sizeof found->title, finding_title(code));
    text_copy(found->observed, sizeof found->observed, raw);
    text_copy(found->why, sizeof found->why, texts->why);
    text_copy(found->remedy, sizeof found->remedy, texts->remedy);
    remedy_docs(draft->facts, code, found->docs);
    return found;
}

const char *span_text(uint64_t ns, char out[SPAN_TEXT_SIZE])
{
    unsigned long long s = ns / NS_PER_SEC;
    if (s < 1) {
        text_format(out, SPAN_TEXT_SIZE, "%llu ms", (unsigned long long)(ns / NS_PER_MS));
    } else if (s < 120) {
        text_format(out, SPAN_TEXT_SIZE, "%llu s", s);
    } else if (s < 7200) {
        text_format(out, SPAN_TEXT_SIZE, "%llu min", s / 60);
    } else {
        text_format(out, SPAN_TEXT_SIZE, "%llu h", s / 3600);
    }
    return out;
}

const char *for_text(uint64_t ns, char out[SPAN_TEXT_SIZE])
{
    char span[SPAN_TEXT_SIZE];
    if (ns < NS_PER_SEC) {
        out[0] = '\0';
    } else {
        text_format(out, SPAN_TEXT_SIZE, " for %s", span_text(ns, span));
    }
    return out;
}

const char *ms_text(uint64_t ns, char out[SPAN_TEXT_SIZE])
{
    text_format(out, SPAN_TEXT_SIZE, "%.1f ms", (double)ns / (double)NS_PER_MS);
    return out;
}

/* --- causes
 * ------------------------------------------------------------------------------------------------
 */

static struct finding *find(const struct draft *draft, enum finding_code code)
{
    for (size_t i = 0; i < draft->count; i++) {
        if (draft->out[i].code == code) {
            return &draft->out[i];
        }
    }
    return NULL;
}

/* What stands for less than its effect does not explain it: an address in AWS without a hard NAT,
 * as STUN sees it, is no reason for a relayed path. */
static const struct finding *find_cause(const struct draft *draft, size_t row,
                                        const struct finding *effect)
{
    const struct finding *cause =
        causes[row].effect == effect->code ? find(draft, causes[row].cause) : NULL;
    bool weak =
        cause != NULL && effect->code == FINDING_DERP_RELAY && cause->severity < effect->severity;
    return weak ? NULL : cause;
}

/* A path that is relayed says why, as far as it is known: the likeliest reason, then the others. */
static void tell_reasons(struct finding *relay, const struct draft *draft)
{
    size_t told = 0;
    for (size_t i = 0; i < CAUSES; i++) {
        if (find_cause(draft, i, relay) == NULL) {
            continue;
        }
        char before[FINDING_OBSERVED_SIZE];
        text_copy(before, sizeof before, relay->observed);
        text_format(relay->observed, sizeof relay->observed, "%s%s%s", before,
                    told == 0   ? "; likeliest reason: "
                    : told == 1 ? "; also: "
                                : ", ",
                    finding_title(causes[i].cause));
        told++;
    }
    if (told > 0) {
        text_copy(
            relay->remedy, sizeof relay->remedy,
            "see to the reasons named, the likeliest first: each is a finding of its own with "
            "what to do");
    }
}

static void explain(struct draft *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        struct finding *effect = &draft->out[i];
        for (size_t c = 0; c < CAUSES && !effect->explained; c++) {
            if (find_cause(draft, c, effect) != NULL) {
                effect->explained = true;
                effect->explained_by = causes[c].cause;
            }
        }
        if (effect->code == FINDING_DERP_RELAY) {
            tell_reasons(effect, draft);
        }
    }
}

size_t diagnose(const struct facts *facts, const struct diagnose_limits *limits,
                struct finding out[FINDING_CODES])
{
    struct draft draft = {.facts = facts, .out = out};
    draft.limits.loss_permille = limits != NULL && limits->loss_permille != 0
                                     ? limits->loss_permille
                                     : DIAGNOSE_LOSS_PERMILLE;
    draft.limits.jitter_ns = limits != NULL && limits->jitter_ns != 0
                                 ? limits->jitter_ns
                                 : DIAGNOSE_JITTER_MS * NS_PER_MS;
    draft.limits.latency_ns = limits != NULL && limits->latency_ns != 0
                                  ? limits->latency_ns
                                  : DIAGNOSE_LATENCY_MS * NS_PER_MS;
    rules_deployment(&draft);
    rules_network(&draft);
    rules_relay(&draft);
    explain(&draft);
    findings_order(out, draft.count);
    return draft.count;
}

/* --- order
 * ------------------------------------------------------------------------------------------------
 */

static int compare(const void *left, const void *right)
{
    const struct finding *a = left;
    const struct finding *b = right;
    if (a->severity != b->severity) {
        return a->severity > b->severity ? -1 : 1;
    }
    if (a->since != b->since) {
        return a->since < b->since ? -1 : 1;
    }
    return (a->code > b->code) - (a->code < b->code);
}

static bool in_list(const struct finding *list, size_t count, enum finding_code code)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].code == code) {
            return true;
        }
    }
    return false;
}

/* A cause is shown as badly as the worst that it explains: what it explains stands below it. */
static enum finding_severity worst(const struct finding *list, size_t count, size_t of,
                                   unsigned depth)
{
    enum finding_severity out = list[of].severity;
    for (size_t i = 0; i < count && depth < FINDING_CODES; i++) {
        if (list[i].explained && list[i].explained_by == list[of].code) {
            enum finding_severity below = worst(list, count, i, depth + 1);
            out = below > out ? below : out;
        }
    }
    return out;
}

/* Appends `from` and what it explains to `to`. */
static size_t take_group(const struct finding *list, size_t count, size_t from, unsigned depth,
                         struct finding *to, size_t taken)
{
    to[taken] = list[from];
    to[taken].depth = depth;
    taken++;
    for (size_t i = 0; i < count && depth < FINDING_CODES; i++) {
        if (list[i].explained && list[i].explained_by == list[from].code) {
            taken = take_group(list, count, i, depth + 1, to, taken);
        }
    }
    return taken;
}

void findings_order(struct finding *list, size_t count)
{
    struct finding sorted[FINDING_CODES];
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        /* Its cause may have gone a moment before it. */
        list[i].explained = list[i].explained && in_list(list, count, list[i].explained_by);
    }
    qsort(list, count, sizeof *list, compare);
    for (int severity = SEVERITY_ERROR; severity >= SEVERITY_OK; severity--) {
        for (size_t i = 0; i < count; i++) {
            if (!list[i].explained && (int)worst(list, count, i, 0) == severity) {
                taken = take_group(list, count, i, 0, sorted, taken);
            }
        }
    }
    memcpy(list, sorted, taken * sizeof *list);
}
