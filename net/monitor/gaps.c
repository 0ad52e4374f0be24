#include "net/monitor/gaps.h"

#include "net/base/text.h"

void gaps_start(struct gaps *gaps, mono_ns now, uint64_t awake_ns)
{
    *gaps = (struct gaps){0};
    slept_start(&gaps->slept, now, awake_ns, MONO_NEVER);
}

static struct snapshot_gap *newest(struct gaps *gaps)
{
    return &gaps->ring[(gaps->count - 1) % SNAPSHOT_GAPS_MAX];
}

static void add(struct gaps *gaps, const struct snapshot_gap *gap)
{
    gaps->count++;
    *newest(gaps) = *gap;
}

bool gaps_look(struct gaps *gaps, mono_ns now, uint64_t awake_ns, struct snapshot_gap *out)
{
    mono_ns before = gaps->slept.looked_at;
    mono_ns due = gaps->slept.due;
    enum slept_what what = slept_look(&gaps->slept, now, awake_ns, MONO_NEVER);
    if (what == SLEPT_NOT) {
        gaps->slept.due = due; /* a look between changes no plan */
        return false;
    }
    *out = (struct snapshot_gap){
        .from = before, .to = now, .kind = what == SLEPT_ASLEEP ? GAP_ASLEEP : GAP_SUSPENDED};
    add(gaps, out);
    return true;
}

void gaps_due(struct gaps *gaps, mono_ns due)
{
    gaps->slept.due = due;
}

/* The pause that lasts; another gap may have become known since it began. */
static struct snapshot_gap *open_pause(struct gaps *gaps)
{
    for (uint64_t back = 1; back <= gaps->count && back <= SNAPSHOT_GAPS_MAX; back++) {
        struct snapshot_gap *gap = &gaps->ring[(gaps->count - back) % SNAPSHOT_GAPS_MAX];
        if (gap->kind == GAP_PAUSED && gap->to == 0) {
            return gap;
        }
    }
    return NULL;
}

void gaps_pause(struct gaps *gaps, mono_ns now, bool paused)
{
    struct snapshot_gap *open = open_pause(gaps);
    if (paused && !gaps->paused) {
        add(gaps, &(struct snapshot_gap){.from = now, .kind = GAP_PAUSED});
    } else if (!paused && open != NULL) {
        open->to = now;
    }
    gaps->paused = paused;
}

size_t gaps_copy(const struct gaps *gaps, struct snapshot_gap *out)
{
    uint64_t kept = gaps->count < SNAPSHOT_GAPS_MAX ? gaps->count : SNAPSHOT_GAPS_MAX;
    for (uint64_t i = 0; i < kept; i++) {
        out[i] = gaps->ring[(gaps->count - kept + i) % SNAPSHOT_GAPS_MAX];
    }
    return (size_t)kept;
}

void gap_text(const struct snapshot_gap *gap, char *out, size_t size)
{
    static const char *const what[] = {[GAP_PAUSED] = "probing was paused",
                                       [GAP_SUSPENDED] = "the program was suspended",
                                       [GAP_ASLEEP] = "this computer slept"};
    static const struct {
        uint64_t s;
        const char *name;
    } units[] = {{1, "s"}, {60, "min"}, {3600, "h"}};
    uint64_t s = mono_since(gap->to, gap->from) / NS_PER_SEC;
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof *units && s >= 2 * units[i + 1].s) {
        i++;
    }
    text_format(out, size, "%s for %llu %s: nothing was probed", what[gap->kind],
                (unsigned long long)(s / units[i].s), units[i].name);
}
