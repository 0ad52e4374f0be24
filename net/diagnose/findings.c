#include "net/diagnose/findings.h"

#include <string.h>

#include "net/diagnose/diagnose.h"

void findings_init(struct findings *findings, unsigned samples)
{
    memset(findings, 0, sizeof *findings);
    findings->samples = samples == 0 ? 1 : samples;
}

static void tell(struct findings *findings, enum finding_code code, bool began)
{
    findings->events[findings->event_count++] = (struct findings_event){code, began};
}

static void see(struct findings *findings, mono_ns now, const struct finding *found)
{
    struct findings_entry *entry = &findings->all[found->code];
    enum finding_severity was = entry->newest.severity;
    entry->missed = 0;
    entry->seen++;
    if (entry->seen == 1 && !entry->standing) {
        entry->since = now;
    }
    entry->newest = *found;
    if (!entry->standing) {
        entry->standing = found->certain || entry->seen >= findings->samples;
        entry->other = 0;
        if (entry->standing) {
            tell(findings, found->code, true);
        }
        return;
    }
    entry->other = found->severity == was ? 0 : entry->other + 1;
    if (entry->other > 0 && entry->other < findings->samples) {
        entry->newest.severity = was;
    } else {
        entry->other = 0;
    }
}

static void miss(struct findings *findings, enum finding_code code)
{
    struct findings_entry *entry = &findings->all[code];
    entry->seen = 0;
    if (!entry->standing) {
        return;
    }
    entry->missed++;
    if (entry->missed >= findings->samples) {
        *entry = (struct findings_entry){0};
        tell(findings, code, false);
    }
}

void findings_step(struct findings *findings, mono_ns now, const struct finding *list, size_t count)
{
    bool present[FINDING_CODES] = {false};
    findings->event_count = 0;
    findings->events_taken = 0;
    for (size_t i = 0; i < count; i++) {
        present[list[i].code] = true;
        see(findings, now, &list[i]);
    }
    for (int code = 0; code < FINDING_CODES; code++) {
        if (!present[code]) {
            miss(findings, (enum finding_code)code);
        }
    }
}

bool findings_event(struct findings *findings, struct findings_event *out)
{
    if (findings->events_taken == findings->event_count) {
        return false;
    }
    *out = findings->events[findings->events_taken++];
    return true;
}

bool findings_unsettled(const struct findings *findings)
{
    for (size_t i = 0; i < FINDING_CODES; i++) {
        const struct findings_entry *entry = &findings->all[i];
        if (entry->missed > 0 || entry->other > 0 || (!entry->standing && entry->seen > 0)) {
            return true;
        }
    }
    return false;
}

uint32_t findings_standing(const struct findings *findings, enum finding_severity severity)
{
    uint32_t set = 0;
    for (unsigned i = 0; i < FINDING_CODES; i++) {
        const struct findings_entry *one = &findings->all[i];
        set |= one->standing && one->newest.severity == severity ? UINT32_C(1) << i : 0;
    }
    return set;
}

size_t findings_list(const struct findings *findings, struct finding out[FINDING_CODES])
{
    size_t count = 0;
    for (size_t i = 0; i < FINDING_CODES; i++) {
        if (findings->all[i].standing) {
            out[count] = findings->all[i].newest;
            out[count].since = findings->all[i].since;
            count++;
        }
    }
    findings_order(out, count);
    return count;
}
