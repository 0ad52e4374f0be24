/*
 * The diagnosis in time: of all that is watched, about once a second while something changes, and
 * until what has begun to appear or to go has done so. A headless run diagnoses the selected
 * workspace whenever it publishes, for any snapshot may be its last and must say what is so now;
 * but not during a speed test, which publishes a lot.
 */
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/monitor/core_internal.h"

enum { DIAGNOSE_EVERY_MS = 1000 };

static void on_timer(uv_timer_t *timer)
{
    core_dirty(timer->data);
}

static void init(const struct core *core, struct diagnosed *diagnosed)
{
    memset(diagnosed, 0, sizeof *diagnosed);
    findings_init(&diagnosed->findings, core->options.headless ? 1 : FINDINGS_SAMPLES);
}

struct diagnosed *core_diagnosed_new(const struct core *core)
{
    struct diagnosed *diagnosed = mem_new(sizeof *diagnosed);
    init(core, diagnosed);
    return diagnosed;
}

void core_diagnosed_free(struct diagnosed *diagnosed)
{
    free(diagnosed);
}

void core_diagnosis_start(struct core *core)
{
    struct diagnosis *d = &core->diagnosis;
    init(core, &d->unwatched);
    if (core->options.aws != NULL) {
        d->aws = *core->options.aws;
    } else {
        aws_ranges_bundled(&d->aws);
    }
}

/* Another workspace was selected: what was found of one that is not watched belongs to the former.
 */
static bool note_selection(struct core *core)
{
    struct diagnosis *d = &core->diagnosis;
    if (uuid_equal(&d->selected, &core->selected)) {
        return false;
    }
    if (!uuid_is_zero(&d->selected)) {
        init(core, &d->unwatched);
    }
    d->selected = core->selected;
    return true;
}

static void tell(struct core *core, const struct watch *watch, struct findings *findings)
{
    struct findings_event event;
    while (findings_event(findings, &event)) {
        core_watch_event(core, watch, event.began ? "finding: %s (%s)" : "finding is over: %s (%s)",
                         finding_title(event.code), finding_name(event.code));
    }
}

/* Of a watch, or (NULL) of the selected workspace. True: another is needed soon. */
static bool diagnose_one(struct core *core, const struct watch *watch, const struct snapshot *draft,
                         struct facts *facts)
{
    static struct finding list[FINDING_CODES]; /* large; only the core's thread comes here */
    struct diagnosed *diagnosed = watch == NULL ? &core->diagnosis.unwatched : watch->diagnosed;
    if (watch != NULL) {
        core_read_path_mtu(diagnosed, watch, draft->now);
    }
    core_gather_facts(core, watch, diagnosed, draft, facts);
    size_t count = diagnose(facts, &core->options.limits, list);
    findings_step(&diagnosed->findings, draft->now, list, count);
    tell(core, watch, &diagnosed->findings);
    return findings_unsettled(&diagnosed->findings) ||
           (facts->path == FACT_PATH_RELAY &&
            facts->path_for_ns < (DIAGNOSE_FIREWALL_AFTER_S + 1) * NS_PER_SEC);
}

static bool diagnose_selected(struct core *core, const struct watch *selected,
                              const struct snapshot *draft)
{
    struct diagnosis *d = &core->diagnosis;
    bool due = diagnose_one(core, selected, draft, &d->facts);
    const struct diagnosed *its = selected == NULL ? &d->unwatched : selected->diagnosed;
    d->count = findings_list(&its->findings, d->list);
    return due;
}

static bool diagnose_others(struct core *core, const struct watch *selected,
                            const struct snapshot *draft)
{
    static struct facts facts; /* likewise large */
    bool due = false;
    for (size_t i = 0; i < core->watch_count; i++) {
        const struct deployment_workspace *workspace = NULL;
        const struct deployment_agent *agent = NULL;
        /* An agent that is in no list any more went with its workspace's last build. */
        if (core->watches[i] != selected &&
            core_find_row(core, &core->watches[i]->agent, &workspace, &agent)) {
            due |= diagnose_one(core, core->watches[i], draft, &facts);
        }
    }
    return due;
}

/* What stands, on the rows of the list. */
static void mark_rows(const struct core *core, struct snapshot *draft)
{
    for (size_t i = 0; i < draft->workspace_count; i++) {
        struct snapshot_workspace *row = &draft->workspaces[i];
        const struct watch *watch = core_find_watch(core, &row->agent);
        if (watch == NULL && (int)i != draft->selected) {
            continue;
        }
        const struct findings *findings =
            watch == NULL ? &core->diagnosis.unwatched.findings : &watch->diagnosed->findings;
        row->errors = findings_standing(findings, SEVERITY_ERROR);
        row->warnings = findings_standing(findings, SEVERITY_WARNING);
        row->infos = findings_standing(findings, SEVERITY_INFO);
    }
}

void core_diagnose(struct core *core, struct snapshot *draft)
{
    struct diagnosis *d = &core->diagnosis;
    const struct watch *selected = core_selected_watch(core);
    uint64_t every = DIAGNOSE_EVERY_MS * NS_PER_MS;
    bool another = note_selection(core);
    bool all = d->at == 0 || mono_since(draft->now, d->at) >= every;
    if (all || another || (core->options.headless && !core_speed_is_busy(&core->speed))) {
        core_read_interfaces(core, draft->now);
        bool due = diagnose_selected(core, selected, draft);
        if (all) {
            d->at = draft->now;
            d->due = diagnose_others(core, selected, draft);
        }
        d->due |= due;
    } else {
        d->due = true; /* something changed since */
    }
    draft->facts = d->facts;
    draft->finding_count = d->count;
    memcpy(draft->findings, d->list, d->count * sizeof *d->list);
    mark_rows(core, draft);
    if (d->due && !core->closing && !uv_is_active((uv_handle_t *)&core->diagnose_timer)) {
        uint64_t wait = mono_until(draft->now, mono_after(d->at, every)) / NS_PER_MS;
        (void)uv_timer_start(&core->diagnose_timer, on_timer, wait + 1, 0);
    }
}
