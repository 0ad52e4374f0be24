#include "src/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"

/* Upper bounds of the histogram's buckets: round, and close together where people tell paths apart.
 */
static const struct {
    uint64_t us;
    const char *le;
} bounds[] = {
    {1000, "0.001"}, {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},
    {20000, "0.02"}, {35000, "0.035"}, {50000, "0.05"},  {75000, "0.075"},
    {100000, "0.1"}, {150000, "0.15"}, {200000, "0.2"},  {350000, "0.35"},
    {500000, "0.5"}, {1000000, "1.0"}, {2500000, "2.5"}, {5000000, "5.0"},
};
enum { BOUNDS = sizeof bounds / sizeof *bounds };

enum { WAY_DERP, WAY_DIRECT, WAYS };
static const char *const way_names[WAYS] = {"derp", "direct"};

struct histogram {
    uint64_t counts[BOUNDS + 1]; /* the last: above all bounds */
    uint64_t count;
    uint64_t sum_us;
};

/* One agent, or a workspace that has none. */
struct entry {
    bool listed; /* in the last snapshot */
    struct snapshot_workspace row;
    /* Of the agent, when it was last selected. */
    bool seen;
    uint64_t next_sample;               /* all before it are counted, or were lost to us */
    bool decided[SNAPSHOT_SAMPLES_MAX]; /* by number % SNAPSHOT_SAMPLES_MAX, from next_sample on */
    uint64_t probes, lost;
    struct histogram latency[WAYS];
    uint64_t path_changes;
    mono_ns handshake_at;
    uint64_t handshakes;
    int64_t region;
    char region_name[SNAPSHOT_NAME];
    struct snapshot_traffic traffic[WAYS];
    size_t finding_count;
    struct {
        enum finding_code code;
        enum finding_side side;
        enum finding_severity severity;
    } findings[FINDING_CODES];
};

struct metrics {
    const char *const *targets;
    size_t target_count;
    struct entry *entries; /* SNAPSHOT_WORKSPACES_MAX */
    size_t count;
    size_t turn; /* of the entry that was selected last */
    size_t left_out;
    bool list_known;
    bool signed_in;
    bool coordinator_up;
    char deployment[SNAPSHOT_NAME];
    char server_version[SNAPSHOT_NAME];
};

struct metrics *metrics_new(const char *const *targets, size_t count)
{
    struct metrics *metrics = mem_new(sizeof *metrics);
    metrics->targets = targets;
    metrics->target_count = count;
    metrics->entries = mem_array(SNAPSHOT_WORKSPACES_MAX, sizeof *metrics->entries);
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics != NULL) {
        free(metrics->entries);
        free(metrics);
    }
}

/* --- which ones ------------------------------------------------------------------------------- */

/* "[owner/]name[.agent]". */
static bool matches(const char *target, const struct snapshot_workspace *row)
{
    const char *slash = strchr(target, '/');
    const char *name = slash == NULL ? target : slash + 1;
    size_t owner_len = slash == NULL ? 0 : (size_t)(slash - target);
    size_t name_len = strcspn(name, ".");
    if (slash != NULL && strncmp(target, "me/", 3) != 0 &&
        (strlen(row->owner) != owner_len || strncmp(target, row->owner, owner_len) != 0)) {
        return false;
    }
    return strlen(row->name) == name_len && strncmp(name, row->name, name_len) == 0 &&
           (name[name_len] == '\0' || strcmp(name + name_len + 1, row->agent_name) == 0);
}

static bool is_wanted(const struct metrics *metrics, const struct snapshot_workspace *row)
{
    for (size_t i = 0; i < metrics->target_count; i++) {
        if (matches(metrics->targets[i], row)) {
            return true;
        }
    }
    return metrics->target_count == 0;
}

const char *metrics_missing(const struct metrics *metrics, size_t n)
{
    for (size_t i = 0; metrics->list_known && i < metrics->target_count; i++) {
        bool found = false;
        for (size_t e = 0; e < metrics->count; e++) {
            const struct entry *entry = &metrics->entries[e];
            found |= entry->listed && matches(metrics->targets[i], &entry->row);
        }
        if (!found && n-- == 0) {
            return metrics->targets[i];
        }
    }
    return NULL;
}

/* The same labels are the same series, whatever happened to the agent behind them. */
static bool same_labels(const struct snapshot_workspace *a, const struct snapshot_workspace *b)
{
    /* Arrays in a struct are never NULL. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
    return strcmp(a->name, b->name) == 0 && strcmp(a->owner, b->owner) == 0 &&
           strcmp(a->agent_name, b->agent_name) == 0;
}

static struct entry *entry_of(struct metrics *metrics, const struct snapshot_workspace *row)
{
    for (size_t i = 0; i < metrics->count; i++) {
        if (same_labels(&metrics->entries[i].row, row)) {
            return &metrics->entries[i];
        }
    }
    if (metrics->count == SNAPSHOT_WORKSPACES_MAX) {
        return NULL;
    }
    return &metrics->entries[metrics->count++];
}

static void take_row(struct metrics *metrics, const struct snapshot_workspace *row)
{
    struct entry *entry = is_wanted(metrics, row) ? entry_of(metrics, row) : NULL;
    if (entry == NULL) {
        return;
    }
    if (!uuid_equal(&entry->row.agent, &row->agent)) { /* built anew: its probes begin again */
        entry->seen = false;
        entry->next_sample = 0;
        memset(entry->decided, 0, sizeof entry->decided);
    }
    memcpy(&entry->row, row, sizeof entry->row);
    entry->listed = true;
}

static bool can_watch(const struct entry *entry)
{
    return entry->listed && !uuid_is_zero(&entry->row.agent) &&
           entry->row.state == WORKSPACE_RUNNING;
}

bool metrics_next(struct metrics *metrics, struct uuid *agent)
{
    size_t watched = 0;
    metrics->left_out = 0;
    for (size_t i = 0; i < metrics->count; i++) {
        watched += can_watch(&metrics->entries[i]);
    }
    metrics->left_out = watched > METRICS_AGENTS_MAX ? watched - METRICS_AGENTS_MAX : 0;
    for (size_t step = 1; step <= metrics->count; step++) {
        size_t i = (metrics->turn + step) % metrics->count;
        size_t place = 0; /* among those that can be watched */
        for (size_t before = 0; before < i; before++) {
            place += can_watch(&metrics->entries[before]);
        }
        if (can_watch(&metrics->entries[i]) && place < METRICS_AGENTS_MAX) {
            metrics->turn = i;
            *agent = metrics->entries[i].row.agent;
            return true;
        }
    }
    return false;
}

size_t metrics_left_out(const struct metrics *metrics)
{
    return metrics->left_out;
}

/* --- what is taken ---------------------------------------------------------------------------- */

static void count_latency(struct histogram *histogram, uint64_t us)
{
    size_t i = 0;
    while (i < BOUNDS && us > bounds[i].us) {
        i++;
    }
    histogram->counts[i]++;
    histogram->count++;
    histogram->sum_us += us;
}

static void count_sample(struct entry *entry, const struct snapshot_sample *sample)
{
    entry->probes++;
    if (sample->state == SAMPLE_LOST) {
        entry->lost++;
    } else {
        count_latency(&entry->latency[sample->path == PATH_DIRECT ? WAY_DIRECT : WAY_DERP],
                      sample->rtt_us);
    }
}

/* Probes may end in another order than they began. */
static void take_samples(struct entry *entry, const struct snapshot *s)
{
    uint64_t end = s->first_sample + s->sample_count;
    for (; entry->next_sample < s->first_sample; entry->next_sample++) {
        entry->decided[entry->next_sample % SNAPSHOT_SAMPLES_MAX] = false;
    }
    for (uint64_t n = entry->next_sample; n < end; n++) {
        const struct snapshot_sample *sample = &s->samples[n - s->first_sample];
        bool *decided = &entry->decided[n % SNAPSHOT_SAMPLES_MAX];
        if (sample->state != SAMPLE_PENDING && !*decided) {
            if (sample->state != SAMPLE_VOID) {
                count_sample(entry, sample);
            }
            *decided = true;
        }
        if (*decided && n == entry->next_sample) {
            *decided = false; /* the place is used again later */
            entry->next_sample++;
        }
    }
}

static void take_findings(struct entry *entry, const struct snapshot *s)
{
    entry->finding_count = 0;
    for (size_t i = 0; i < s->finding_count && i < FINDING_CODES; i++) {
        entry->findings[entry->finding_count].code = s->findings[i].code;
        entry->findings[entry->finding_count].side = s->findings[i].side;
        entry->findings[entry->finding_count].severity = s->findings[i].severity;
        entry->finding_count++;
    }
}

static void take_selected(struct metrics *metrics, const struct snapshot *s)
{
    const struct snapshot_workspace *row = &s->workspaces[s->selected];
    struct entry *entry = is_wanted(metrics, row) ? entry_of(metrics, row) : NULL;
    if (entry == NULL || !row->watched) {
        return;
    }
    entry->seen = true;
    take_samples(entry, s);
    take_findings(entry, s);
    entry->path_changes = s->change_count;
    entry->handshake_at = s->handshake_at;
    entry->handshakes = s->handshakes;
    entry->region = s->region;
    memcpy(entry->region_name, s->region_name, sizeof entry->region_name);
    entry->traffic[WAY_DIRECT] = s->direct;
    entry->traffic[WAY_DERP] = s->relayed;
}

void metrics_take(struct metrics *metrics, const struct snapshot *s)
{
    if (s->seq == 0) {
        return;
    }
    metrics->list_known = s->list_known;
    metrics->signed_in = s->signed_in;
    metrics->coordinator_up = s->coordinator.state == LINK_UP;
    memcpy(metrics->deployment, s->deployment, sizeof metrics->deployment);
    memcpy(metrics->server_version, s->server_version, sizeof metrics->server_version);
    for (size_t i = 0; i < metrics->count; i++) {
        metrics->entries[i].listed = false;
    }
    for (size_t i = 0; i < s->workspace_count; i++) {
        take_row(metrics, &s->workspaces[i]);
    }
    if (s->selected >= 0) {
        take_selected(metrics, s);
    }
}

/* --- what is written -------------------------------------------------------------------------- */

static void family(FILE *out, const char *name, const char *type, const char *unit,
                   const char *help)
{
    (void)fprintf(out, "# TYPE %s %s\n", name, type);
    if (unit != NULL) {
        (void)fprintf(out, "# UNIT %s %s\n", name, unit);
    }
    (void)fprintf(out, "# HELP %s %s\n", name, help);
}

static void label(FILE *out, const char *before, const char *name, const char *value)
{
    (void)fprintf(out, "%s%s=\"", before, name);
    for (; *value != '\0'; value++) {
        if (*value == '\n') {
            (void)fputs("\\n", out);
            continue;
        }
        if (*value == '"' || *value == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*value, out);
    }
    (void)fputc('"', out);
}

/* name{owner="…",workspace="…",agent="…" and leaves the braces open. */
static void sample(FILE *out, const char *name, const struct entry *entry)
{
    (void)fputs(name, out);
    label(out, "{", "owner", entry->row.owner);
    label(out, ",", "workspace", entry->row.name);
    label(out, ",", "agent", entry->row.agent_name);
}

static void value(FILE *out, uint64_t number)
{
    (void)fprintf(out, "} %" PRIu64 "\n", number);
}

static void seconds(FILE *out, uint64_t us)
{
    (void)fprintf(out, "} %" PRIu64 ".%06" PRIu64 "\n", us / 1000000, us % 1000000);
}

/* Goes through the entries that are shown: listed, and seen if `seen`. */
static const struct entry *next_entry(const struct metrics *metrics, size_t *at, bool seen)
{
    while (*at < metrics->count) {
        const struct entry *entry = &metrics->entries[(*at)++];
        if (entry->listed && (entry->seen || !seen)) {
            return entry;
        }
    }
    return NULL;
}

static void write_deployment(const struct metrics *metrics, FILE *out)
{
    family(out, "derptop_build", "info", NULL, "The program.");
    label(out, "derptop_build_info{", "version", DERPTOP_VERSION);
    (void)fputs("} 1\n", out);
    family(out, "derptop_deployment", "info", NULL, "What is watched.");
    label(out, "derptop_deployment_info{", "deployment", metrics->deployment);
    label(out, ",", "version", metrics->server_version);
    (void)fputs("} 1\n", out);
    family(out, "derptop_signed_in", "gauge", NULL, "Whether the deployment takes the token.");
    (void)fprintf(out, "derptop_signed_in %d\n", metrics->signed_in);
    family(out, "derptop_coordinator_up", "gauge", NULL, "Whether the coordinator is connected.");
    (void)fprintf(out, "derptop_coordinator_up %d\n", metrics->coordinator_up);
}

static void stateset(FILE *out, const char *name, const struct entry *entry,
                     const char *const *states, size_t count, size_t state)
{
    for (size_t i = 0; i < count; i++) {
        sample(out, name, entry);
        label(out, ",", name, states[i]);
        value(out, i == state);
    }
}

static void write_states(const struct metrics *metrics, FILE *out)
{
    static const char *const workspace_states[] = {"unknown", "running", "starting", "stopping",
                                                   "stopped", "broken",  "deleted"};
    static const char *const agent_states[] = {"unknown", "connecting", "connected", "disconnected",
                                               "timeout"};
    static const char *const paths[] = {"none", "derp", "direct"};
    const struct entry *e = NULL;
    family(out, "derptop_workspace_state", "stateset", NULL,
           "The workspace, as the deployment says.");
    for (size_t i = 0; (e = next_entry(metrics, &i, false)) != NULL;) {
        stateset(out, "derptop_workspace_state", e, workspace_states,
                 sizeof workspace_states / sizeof *workspace_states, e->row.state);
    }
    family(out, "derptop_agent_state", "stateset", NULL, "Its agent, as the deployment says.");
    for (size_t i = 0; (e = next_entry(metrics, &i, false)) != NULL;) {
        stateset(out, "derptop_agent_state", e, agent_states,
                 sizeof agent_states / sizeof *agent_states, e->row.agent_state);
    }
    family(out, "derptop_path", "stateset", NULL, "How packets travel to the agent.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        stateset(out, "derptop_path", e, paths, sizeof paths / sizeof *paths, e->row.path);
    }
    family(out, "derptop_relay", "info", NULL, "The DERP region that serves the agent.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        char id[24];
        (void)snprintf(id, sizeof id, "%" PRId64, e->region);
        sample(out, "derptop_relay_info", e);
        label(out, ",", "region_id", id);
        label(out, ",", "region", e->region_name);
        value(out, 1);
    }
}

static void write_histogram(FILE *out, const struct entry *entry, size_t way)
{
    const struct histogram *histogram = &entry->latency[way];
    uint64_t count = 0;
    for (size_t i = 0; i <= BOUNDS; i++) {
        count += histogram->counts[i];
        sample(out, "derptop_latency_seconds_bucket", entry);
        label(out, ",", "path", way_names[way]);
        label(out, ",", "le", i < BOUNDS ? bounds[i].le : "+Inf");
        value(out, count);
    }
    sample(out, "derptop_latency_seconds_count", entry);
    label(out, ",", "path", way_names[way]);
    value(out, histogram->count);
    sample(out, "derptop_latency_seconds_sum", entry);
    label(out, ",", "path", way_names[way]);
    seconds(out, histogram->sum_us);
}

static void write_probes(const struct metrics *metrics, FILE *out)
{
    const struct entry *e = NULL;
    family(out, "derptop_latency_seconds", "histogram", "seconds",
           "Round trips of disco pings, by the path that they took.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        write_histogram(out, e, WAY_DERP);
        write_histogram(out, e, WAY_DIRECT);
    }
    family(out, "derptop_probes", "counter", NULL, "Disco pings that have their result.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        sample(out, "derptop_probes_total", e);
        value(out, e->probes);
    }
    family(out, "derptop_probes_lost", "counter", NULL, "Those of them that had no answer.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        sample(out, "derptop_probes_lost_total", e);
        value(out, e->lost);
    }
}

static void write_path(const struct metrics *metrics, mono_ns now, FILE *out)
{
    const struct entry *e = NULL;
    family(out, "derptop_path_changes", "counter", NULL, "How often the path became another one.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        sample(out, "derptop_path_changes_total", e);
        value(out, e->path_changes);
    }
    family(out, "derptop_path_bytes", "counter", "bytes", "What travelled each way.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        for (size_t way = 0; way < WAYS; way++) {
            sample(out, "derptop_path_bytes_total", e);
            label(out, ",", "path", way_names[way]);
            label(out, ",", "direction", "in");
            value(out, e->traffic[way].bytes_in);
            sample(out, "derptop_path_bytes_total", e);
            label(out, ",", "path", way_names[way]);
            label(out, ",", "direction", "out");
            value(out, e->traffic[way].bytes_out);
        }
    }
    family(out, "derptop_handshakes", "counter", NULL, "WireGuard handshakes that completed.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        sample(out, "derptop_handshakes_total", e);
        value(out, e->handshakes);
    }
    family(out, "derptop_handshake_age_seconds", "gauge", "seconds",
           "Since the last one; nothing while there was none.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        if (e->handshake_at != 0) {
            sample(out, "derptop_handshake_age_seconds", e);
            seconds(out, mono_since(now, e->handshake_at) / NS_PER_US);
        }
    }
}

static void write_findings(const struct metrics *metrics, FILE *out)
{
    const struct entry *e = NULL;
    family(out, "derptop_finding", "gauge", NULL, "1 for each finding that stands.");
    for (size_t i = 0; (e = next_entry(metrics, &i, true)) != NULL;) {
        for (size_t f = 0; f < e->finding_count; f++) {
            sample(out, "derptop_finding", e);
            label(out, ",", "code", finding_name(e->findings[f].code));
            label(out, ",", "side", finding_side_name(e->findings[f].side));
            label(out, ",", "severity", finding_severity_name(e->findings[f].severity));
            value(out, 1);
        }
    }
}

void metrics_write(const struct metrics *metrics, mono_ns now, FILE *out)
{
    write_deployment(metrics, out);
    write_states(metrics, out);
    write_probes(metrics, out);
    write_path(metrics, now, out);
    write_findings(metrics, out);
    (void)fputs("# EOF\n", out);
}
