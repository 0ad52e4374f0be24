#include "src/status_line.h"

#include <string.h>

#include "net/base/text.h"
#include "src/out.h"
#include "ui/glyphs.h"
#include "ui/panels.h"

/* --- from the snapshot ------------------------------------------------------------------------
 */

static size_t lost_in_a_row(const struct snapshot *s)
{
    size_t lost = 0;
    for (size_t i = s->sample_count; i > 0; i--) {
        if (s->samples[i - 1].state == SAMPLE_PONG) {
            break;
        }
        lost += s->samples[i - 1].state == SAMPLE_LOST;
    }
    return lost;
}

/* Of the last pong that came by the path in use; a path that is newer has the latency that chose
 * it. */
static uint64_t latency_of(const struct snapshot *s)
{
    for (size_t i = s->sample_count; i > 0; i--) {
        const struct snapshot_sample *sample = &s->samples[i - 1];
        if (sample->state == SAMPLE_PONG && sample->path == s->path) {
            return (uint64_t)sample->rtt_us * NS_PER_US;
        }
    }
    return s->path == PATH_DIRECT ? s->path_latency_ns : 0;
}

/* An error that leaves no answer to be waited for. NULL: none of these stands. */
static const struct finding *cause_of(const struct snapshot *s)
{
    static const bool causes[FINDING_CODES] = {
        [FINDING_TOKEN_REFUSED] = true,       [FINDING_WORKSPACE_STOPPED] = true,
        [FINDING_VERSION_SKEW] = true,        [FINDING_COORDINATOR_LOST] = true,
        [FINDING_AGENT_NOT_CONNECTED] = true, [FINDING_DERP_UNREACHABLE] = true,
        [FINDING_AGENT_UNREACHABLE] = true,   [FINDING_HANDSHAKE_STALE] = true,
    };
    for (size_t i = 0; i < s->finding_count; i++) {
        if (s->findings[i].severity == SEVERITY_ERROR && causes[s->findings[i].code]) {
            return &s->findings[i];
        }
    }
    return NULL;
}

static enum status_state state_of(const struct snapshot *s, bool over)
{
    if (s->run.answered == 0) {
        bool vain = over || s->fatal || cause_of(s) != NULL;
        return vain ? STATUS_NO_ANSWER : STATUS_CONNECTING;
    }
    if (s->path == PATH_NONE || lost_in_a_row(s) >= STATUS_LOST_IN_A_ROW) {
        return STATUS_NO_ANSWER;
    }
    return s->path == PATH_DIRECT ? STATUS_DIRECT : STATUS_RELAYED;
}

/* A finding stays for some seconds after its cause is gone; the line is not to say both. */
static bool is_refuted(const struct finding *one, enum status_state state)
{
    bool answered = state == STATUS_RELAYED || state == STATUS_DIRECT;
    bool absent = one->code == FINDING_AGENT_UNREACHABLE ||
                  (one->code == FINDING_AGENT_NOT_CONNECTED && one->severity == SEVERITY_ERROR);
    return (absent && answered) || (one->code == FINDING_DERP_RELAY && state == STATUS_DIRECT);
}

static void take_findings(const struct snapshot *s, struct status *out)
{
    enum finding_severity worst = SEVERITY_OK;
    for (size_t i = 0; i < s->finding_count; i++) {
        const struct finding *one = &s->findings[i];
        if (is_refuted(one, out->state)) {
            continue;
        }
        out->findings[one->code] = (uint8_t)one->severity;
        out->finding_count++;
        if (one->severity > worst) {
            worst = one->severity;
            out->worst = one->code;
        }
    }
}

/* A finding that says why; else the step on which the connection stands. */
static void reason_of(const struct snapshot *s, struct status *out)
{
    const struct finding *cause = cause_of(s);
    bool began = s->run.answered > 0;
    if (cause != NULL) { /* in fewer words than a notice has */
        text_copy(out->reason, sizeof out->reason, finding_title(cause->code));
        return;
    }
    if (s->fatal || began) {
        text_copy(out->reason, sizeof out->reason,
                  s->fatal               ? s->notice
                  : s->path == PATH_NONE ? "the agent left the tailnet"
                                         : "the last pings are lost");
        return;
    }
    for (size_t i = 0; i < LADDER_STEPS; i++) {
        const struct snapshot_step *step = &s->ladder[i];
        if (step->state != LADDER_DONE) {
            text_format(out->reason, sizeof out->reason, "stopped at \"%s\"%s%s",
                        ladder_step_text((enum ladder_step)i), step->detail[0] != '\0' ? ": " : "",
                        step->detail);
            return;
        }
    }
}

static enum latency_grade grade_of(const struct snapshot *s, const struct grade_limits *limits,
                                   uint64_t latency_ns)
{
    struct grade grade = {.now = GRADE_UNKNOWN};
    if (limits == NULL) {
        return s->selected >= 0 ? s->workspaces[s->selected].grade : GRADE_UNKNOWN;
    }
    if (latency_ns != 0) {
        grade_sample(&grade, limits, latency_ns);
    }
    return grade.now;
}

void status_of(const struct snapshot *s, bool over, const struct grade_limits *limits,
               struct status *out)
{
    *out = (struct status){0};
    out->state = state_of(s, over);
    take_findings(s, out);
    if (out->state == STATUS_NO_ANSWER) {
        reason_of(s, out);
    } else if (out->state != STATUS_CONNECTING) {
        out->latency_ns = latency_of(s);
        out->grade = grade_of(s, limits, out->latency_ns);
    }
    if (out->state == STATUS_DIRECT) {
        text_copy(out->endpoint, sizeof out->endpoint, s->path_address);
    } else if (out->state == STATUS_RELAYED) {
        out->region = s->region;
        text_copy(out->region_name, sizeof out->region_name, s->region_name);
    }
}

/* --- the line ---------------------------------------------------------------------------------
 */

/* Names may have letters beyond ASCII: each becomes one question mark. */
static void only_ascii(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0';) {
        uint32_t code = 0;
        size_t len = utf8_decode(bytes_text(at), &code);
        len = len == 0 ? 1 : len;
        *to++ = (char)(len == 1 && (unsigned char)*at < 0x80 ? *at : '?');
        at += len;
    }
    *to = '\0';
}

/* What is of the path: "→ direct", "⇄ relay 999 Council Bluffs", "✘ no answer: …". */
static void way_text(const struct status *status, const struct glyphs *signs, char *out,
                     size_t size)
{
    switch (status->state) {
    case STATUS_CONNECTING:
        text_format(out, size, "%s connecting", signs->connecting);
        break;
    case STATUS_RELAYED:
        text_format(out, size, "%s relay %lld%s%s", signs->relay, (long long)status->region,
                    status->region_name[0] != '\0' ? " " : "", status->region_name);
        break;
    case STATUS_DIRECT:
        text_format(out, size, "%s direct", signs->direct);
        break;
    case STATUS_NO_ANSWER:
        text_format(out, size, "%s no answer: %s", signs->error, status->reason);
        break;
    }
}

/* " ▲ client_low_mtu +2"; "" if nothing stands. */
static void findings_text(const struct status *status, const struct glyphs *signs, char *out,
                          size_t size)
{
    const char *const glyphs[] = {signs->ok, signs->info, signs->warning, signs->error};
    char more[16] = "";
    if (status->finding_count == 0) {
        out[0] = '\0';
        return;
    }
    if (status->finding_count > 1) {
        text_format(more, sizeof more, " +%zu", status->finding_count - 1);
    }
    text_format(out, size, " %s %s%s", glyphs[status->findings[status->worst]],
                finding_name(status->worst), more);
}

void status_text(const struct status *status, const char *target, bool utf8, char out[STATUS_LINE])
{
    static const char *const grades[] = {
        [GRADE_UNKNOWN] = "", [GRADE_GOOD] = "", [GRADE_FAIR] = " fair", [GRADE_POOR] = " poor"};
    const struct glyphs *signs = utf8 ? &glyphs_utf8 : &glyphs_ascii;
    char name[SNAPSHOT_NAME];
    char way[SNAPSHOT_TEXT + 32];
    char latency[LATENCY_TEXT] = "";
    char findings[FINDING_NAME_SIZE + 32];
    (void)text_clean(name, sizeof name, bytes_text(target));
    way_text(status, signs, way, sizeof way);
    if (status->latency_ns != 0) {
        latency_text(status->latency_ns, latency);
    }
    findings_text(status, signs, findings, sizeof findings);
    text_format(out, STATUS_LINE, "%s %s%s%s%s%s", name, way, latency[0] != '\0' ? " " : "",
                latency, grades[status->grade], findings);
    if (!utf8) {
        only_ascii(out);
    }
}

bool status_is_news(const struct status *before, const struct status *now, bool json)
{
    struct status silent[2] = {*before, *now};
    char lines[2][STATUS_LINE];
    if (json) {
        return before->state != now->state || before->grade != now->grade ||
               before->region != now->region || strcmp(before->endpoint, now->endpoint) != 0 ||
               strcmp(before->reason, now->reason) != 0 ||
               memcmp(before->findings, now->findings, sizeof now->findings) != 0;
    }
    for (size_t i = 0; i < 2; i++) {
        silent[i].latency_ns = 0;
        status_text(&silent[i], "", true, lines[i]);
    }
    return strcmp(lines[0], lines[1]) != 0;
}

/* --- JSON -------------------------------------------------------------------------------------
 */

static void add_text_or_null(cJSON *object, const char *name, const char *text)
{
    if (text[0] == '\0') {
        (void)cJSON_AddNullToObject(object, name);
    } else {
        out_add_text(object, name, text);
    }
}

cJSON *status_json(const struct status *status, const char *target, struct wall_time when)
{
    static const char *const states[] = {"connecting", "relayed", "direct", "no_answer"};
    static const char *const paths[] = {"none", "derp", "direct", "none"};
    static const char *const grades[] = {"", "good", "fair", "poor"};
    cJSON *object = out_object("status", when);
    out_add_text(object, "workspace", target);
    out_add_text(object, "state", states[status->state]);
    out_add_text(object, "path", paths[status->state]);
    add_text_or_null(object, "endpoint", status->endpoint);
    if (status->state == STATUS_RELAYED) {
        out_add_int(object, "region_id", status->region);
    } else {
        (void)cJSON_AddNullToObject(object, "region_id");
    }
    add_text_or_null(object, "region", status->region_name);
    if (status->latency_ns != 0) {
        out_add_ms(object, "latency_ms", status->latency_ns);
    } else {
        (void)cJSON_AddNullToObject(object, "latency_ms");
    }
    add_text_or_null(object, "grade", grades[status->grade]);
    add_text_or_null(object, "reason", status->reason);
    add_text_or_null(object, "worst", status->finding_count > 0 ? finding_name(status->worst) : "");
    cJSON *list = cJSON_AddArrayToObject(object, "findings");
    for (size_t i = 0; i < FINDING_CODES; i++) {
        if (status->findings[i] != SEVERITY_OK) {
            cJSON *one = cJSON_CreateObject();
            out_add_text(one, "code", finding_name((enum finding_code)i));
            out_add_text(one, "severity",
                         finding_severity_name((enum finding_severity)status->findings[i]));
            (void)cJSON_AddItemToArray(list, one);
        }
    }
    return object;
}
