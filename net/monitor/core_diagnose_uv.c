/*
 * The diagnosis in time: about once a second while something changes, and until what has begun to
 * appear or to go has done so. A headless run diagnoses whenever it publishes, for any snapshot may
 * be its last and must say what is so now; but not during a speed test, which publishes a lot.
 */
#include <string.h>

#include "net/monitor/core_internal.h"

enum { DIAGNOSE_EVERY_MS = 1000 };

static void on_timer(uv_timer_t *timer)
{
    core_dirty(timer->data);
}

void core_diagnosis_start(struct core *core)
{
    struct diagnosis *d = &core->diagnosis;
    findings_init(&d->findings, core->options.headless ? 1 : FINDINGS_SAMPLES);
    if (core->options.aws != NULL) {
        d->aws = *core->options.aws;
    } else {
        aws_ranges_bundled(&d->aws);
    }
}

/* Another workspace: what was found belongs to the former. */
static void note_selection(struct core *core)
{
    struct diagnosis *d = &core->diagnosis;
    if (!uuid_equal(&d->selected, &core->selected)) {
        bool first = uuid_is_zero(&d->selected);
        d->selected = core->selected;
        d->read_at = 0;
        if (!first) {
            findings_init(&d->findings, d->findings.samples);
        }
    }
}

static void tell(struct core *core)
{
    struct findings_event event;
    while (findings_event(&core->diagnosis.findings, &event)) {
        core_event(core, event.began ? "finding: %s (%s)" : "finding is over: %s (%s)",
                   finding_title(event.code), finding_name(event.code));
    }
}

void core_diagnose(struct core *core, struct snapshot *draft)
{
    struct diagnosis *d = &core->diagnosis;
    static struct finding list[FINDING_CODES]; /* large; only the core's thread comes here */
    uint64_t every = DIAGNOSE_EVERY_MS * NS_PER_MS;
    bool always = core->options.headless && !core_speed_is_busy(&core->speed);
    note_selection(core);
    if (always || d->at == 0 || mono_since(draft->now, d->at) >= every) {
        d->at = draft->now;
        core_read_surroundings(core, draft->now);
        core_gather_facts(core, draft, &d->facts);
        size_t count = diagnose(&d->facts, &core->options.limits, list);
        findings_step(&d->findings, draft->now, list, count);
        tell(core);
        d->count = findings_list(&d->findings, d->list);
        d->due = findings_unsettled(&d->findings) ||
                 (d->facts.path == FACT_PATH_RELAY &&
                  d->facts.path_for_ns < (DIAGNOSE_FIREWALL_AFTER_S + 1) * NS_PER_SEC);
    } else {
        d->due = true; /* something changed since */
    }
    draft->facts = d->facts;
    draft->finding_count = d->count;
    memcpy(draft->findings, d->list, d->count * sizeof *d->list);
    if (d->due && !core->closing && !uv_is_active((uv_handle_t *)&core->diagnose_timer)) {
        uint64_t wait = mono_until(draft->now, mono_after(d->at, every)) / NS_PER_MS;
        (void)uv_timer_start(&core->diagnose_timer, on_timer, wait + 1, 0);
    }
}
