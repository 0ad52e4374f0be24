#include "src/doctor_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/base/text.h"
#include "net/diagnose/checks.h"
#include "src/findings_report.h"
#include "src/out.h"

enum { LINE = 2048, LABEL = 15 };

static const char *const answers[] = {
    [FACT_UNKNOWN] = "not known", [FACT_NO] = "no", [FACT_YES] = "yes"};
static const char *const links[] = {
    [FACT_LINK_IDLE] = "not in use",
    [FACT_LINK_CONNECTING] = "connecting",
    [FACT_LINK_UP] = "connected",
    [FACT_LINK_DOWN] = "down",
};
static const char *const agents[] = {
    [FACT_AGENT_UNKNOWN] = "not known",       [FACT_AGENT_CONNECTING] = "connecting",
    [FACT_AGENT_CONNECTED] = "connected",     [FACT_AGENT_DISCONNECTED] = "disconnected",
    [FACT_AGENT_TIMEOUT] = "never connected",
};
static const char *const workspaces[] = {
    [FACT_WORKSPACE_UNKNOWN] = "not known",
    [FACT_WORKSPACE_RUNNING] = "running",
    [FACT_WORKSPACE_STARTING] = "starting",
    [FACT_WORKSPACE_STOPPED] = "stopped",
};

/* --- text
 * ------------------------------------------------------------------------------------------------
 */

static void say(const struct doctor_view *view, const char *format, ...) NET_PRINTF(2, 3);

static void say(const struct doctor_view *view, const char *format, ...)
{
    char line[LINE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (view->out != NULL) {
        (void)fputs(line, view->out);
    } else {
        out_text("%s", line);
    }
}

static void print_finding(const struct doctor_view *view, const struct finding *one)
{
    char indent[24];
    unsigned depth = one->depth > 5 ? 5 : one->depth;
    text_format(indent, sizeof indent, "%*s", (int)(depth * 3), "");
    say(view, "%s%s%s %s: %s\n", indent, depth > 0 ? "> " : "",
        findings_glyph(one->severity, out_is_utf8()), finding_severity_name(one->severity),
        one->title);
    say(view, "%s    seen: %s\n", indent, one->observed);
    say(view, "%s    why:  %s\n", indent, one->why);
    say(view, "%s    do:   %s\n", indent, one->remedy);
    say(view, "%s    see:  %s\n\n", indent, one->docs);
}

static void print_findings(const struct doctor_view *view)
{
    const struct snapshot *s = view->snapshot;
    size_t counts[SEVERITY_ERROR + 1] = {0};
    for (size_t i = 0; i < s->finding_count; i++) {
        counts[s->findings[i].severity]++;
    }
    if (s->finding_count == 0) {
        say(view, "%s %s: %s%s\n\n",
            findings_glyph(view->failure == NULL ? SEVERITY_OK : SEVERITY_ERROR, out_is_utf8()),
            view->target, view->failure == NULL ? "all is well" : "it could not be examined: ",
            view->failure == NULL ? "" : view->failure);
        return;
    }
    say(view, "%s: %zu error%s, %zu warning%s, %zu to know\n\n", view->target,
        counts[SEVERITY_ERROR], counts[SEVERITY_ERROR] == 1 ? "" : "s", counts[SEVERITY_WARNING],
        counts[SEVERITY_WARNING] == 1 ? "" : "s", counts[SEVERITY_INFO]);
    for (size_t i = 0; i < s->finding_count; i++) {
        print_finding(view, &s->findings[i]);
    }
}

static void report_path(const struct doctor_view *view)
{
    const struct snapshot *s = view->snapshot;
    const struct facts *f = &s->facts;
    const struct fact_probes *p = &f->probes;
    const char *kind = f->path == FACT_PATH_DIRECT  ? "direct to "
                       : f->path == FACT_PATH_RELAY ? "relayed by "
                                                    : "none: nothing has answered";
    say(view, "%-*s%s%s, %zu candidate%s, %zu silent\n", LABEL, "path", kind,
        f->path == FACT_PATH_DIRECT  ? f->path_address
        : f->path == FACT_PATH_RELAY ? f->relay_region.name
                                     : "",
        f->candidates, f->candidates == 1 ? "" : "s", f->candidates_silent);
    if (f->path_mtu != 0) {
        say(view, "%-*s%u bytes to %s; a full packet has %u\n", LABEL, "path MTU",
            (unsigned)f->path_mtu, f->path_mtu_to, (unsigned)f->path_mtu_want);
    }
    if (p->answered > 0) {
        say(view,
            "%-*s%llu answered, %llu lost; average %.3f ms, 95 of 100 below %.3f ms, jitter %.3f "
            "ms\n",
            LABEL, "probes", (unsigned long long)p->answered, (unsigned long long)p->lost,
            (double)p->avg_ns / 1e6, (double)p->p95_ns / 1e6, (double)p->jitter_ns / 1e6);
    } else {
        say(view, "%-*snone answered, %llu lost\n", LABEL, "probes", (unsigned long long)p->lost);
    }
    if (f->handshake == FACT_YES) {
        say(view, "%-*s%.0f s old\n", LABEL, "handshake", (double)f->handshake_age_ns / 1e9);
    } else {
        say(view, "%-*snone completed, %u begun\n", LABEL, "handshake", f->handshake_attempts);
    }
}

static void report_side(const struct doctor_view *view, const char *name,
                        const struct fact_side *side)
{
    char interfaces[LINE / 2] = "";
    size_t len = 0;
    say(view, "%-*sUDP %s, hard NAT %s, hairpinning %s; public %s %s; in AWS %s\n", LABEL, name,
        answers[side->udp], answers[side->hard_nat], answers[side->hairpin],
        side->public_v4[0] != '\0' ? side->public_v4 : "(no IPv4)",
        side->public_v6[0] != '\0' ? side->public_v6 : "(no IPv6)", answers[side->aws]);
    for (size_t i = 0; i < side->interface_count; i++) {
        text_format(interfaces + len, sizeof interfaces - len, "%s%s %u", i > 0 ? ", " : "",
                    side->interfaces[i].name, (unsigned)side->interfaces[i].mtu);
        len += strlen(interfaces + len);
    }
    if (len > 0) {
        say(view, "%-*sinterfaces with their MTU: %s\n", LABEL, "", interfaces);
    }
}

/* "Frankfurt (3), 12.3 ms from here", or "not known". */
static const char *home_text(const struct fact_region *region, uint64_t ns, char *out, size_t size)
{
    char away[48] = ", not measured from here";
    if (ns > 0) {
        text_format(away, sizeof away, ", %.1f ms from here", (double)ns / 1e6);
    }
    text_format(out, size, "%s (%lld)%s", region->name, (long long)region->id, away);
    return region->id == 0 ? "not known" : out;
}

static void report_relays(const struct doctor_view *view)
{
    const struct facts *f = &view->snapshot->facts;
    char own[FACT_NAME_SIZE + 80];
    char agents_own[FACT_NAME_SIZE + 80];
    if (f->relay_region.id != 0) {
        say(view, "%-*s%s (%lld): %s%s%s%s\n", LABEL, "relay", f->relay_region.name,
            (long long)f->relay_region.id, links[f->relay],
            f->relay_websocket ? ", by websocket" : "",
            f->relay_health[0] != '\0' ? ", says: " : "", f->relay_health);
    }
    say(view, "%-*sthis computer's: %s; the agent's: %s\n", LABEL, "home relays",
        home_text(&f->client_home, f->client_to_client_home_ns, own, sizeof own),
        home_text(&f->agent_home, f->client_to_agent_home_ns, agents_own, sizeof agents_own));
}

static size_t count_of(const struct check checks[FINDING_CODES], enum check_state state)
{
    size_t count = 0;
    for (size_t code = 0; code < FINDING_CODES; code++) {
        count += checks[code].state == state ? 1 : 0;
    }
    return count;
}

/* What was looked for and is not so, and what could not be told; why not, unless all of it broke
 * off. */
static void report_checks(const struct doctor_view *view)
{
    const struct snapshot *s = view->snapshot;
    struct check checks[FINDING_CODES];
    checks_beside(&s->facts, s->findings, s->finding_count, checks);
    say(view, "%-*s%zu passed, %zu not known\n", LABEL, "checks", count_of(checks, CHECK_PASSED),
        count_of(checks, CHECK_UNKNOWN));
    for (int code = 0; code < FINDING_CODES && view->failure == NULL; code++) {
        if (checks[code].state == CHECK_UNKNOWN) {
            say(view, "%-*s%s: %s\n", LABEL, "", finding_name((enum finding_code)code),
                checks[code].unknown);
        }
    }
}

static void print_report(const struct doctor_view *view)
{
    const struct snapshot *s = view->snapshot;
    const struct facts *f = &s->facts;
    char when[WALL_TEXT_SIZE];
    wall_text(when, sizeof when, s->wall.seconds == 0 ? wall_now() : s->wall, 0, 1);
    say(view, "--- report: paste it into a ticket%s\n",
        s->masked ? "" : " (--share masks names and addresses)");
    say(view, "%-*s%s at %s, after %.1f s\n", LABEL, "derptop", DERPTOP_VERSION, when,
        (double)view->took_ns / 1e9);
    say(view, "%-*s%s, server %s, coordinator %s\n", LABEL, "deployment", s->deployment,
        f->server_version[0] != '\0' ? f->server_version : "of unknown version",
        links[f->coordinator]);
    say(view, "%-*s%s %s, agent %s%s%s\n", LABEL, "workspace", view->target,
        workspaces[f->workspace_state], agents[f->agent],
        f->agent_version[0] != '\0' ? ", version " : "", f->agent_version);
    report_path(view);
    report_relays(view);
    report_side(view, "this computer", &f->client);
    say(view, "%-*sdefault route by %s; a tunnel: %s\n", LABEL, "",
        f->default_route[0] != '\0' ? f->default_route : "(not known)",
        answers[f->default_route_tunnel]);
    report_side(view, "the agent", &f->agent_side);
    if (f->agent_report == FACT_NO) {
        say(view, "%-*sits own report could not be had: %s\n", LABEL, "", f->agent_report_text);
    }
    say(view, "%-*s%s\n", LABEL, "AWS ranges", f->aws_source);
    say(view, "%-*s", LABEL, "findings");
    for (size_t i = 0; i < s->finding_count; i++) {
        say(view, "%s%s (%s)", i > 0 ? ", " : "", s->findings[i].name,
            finding_severity_name(s->findings[i].severity));
    }
    say(view, "%s\n", s->finding_count == 0 ? "none" : "");
    report_checks(view);
    say(view, "---\n");
}

void doctor_print_text(const struct doctor_view *view)
{
    print_findings(view);
    print_report(view);
}

/* --- JSON
 * ------------------------------------------------------------------------------------------------
 */

static void add_fact(cJSON *object, const char *name, enum fact fact)
{
    if (fact == FACT_UNKNOWN) {
        (void)cJSON_AddNullToObject(object, name);
    } else {
        (void)cJSON_AddBoolToObject(object, name, fact == FACT_YES);
    }
}

/* 0 is not known. */
static void add_known_ms(cJSON *object, const char *name, uint64_t ns)
{
    if (ns == 0) {
        (void)cJSON_AddNullToObject(object, name);
    } else {
        out_add_ms(object, name, ns);
    }
}

static void add_side(cJSON *object, const char *name, const struct fact_side *side)
{
    cJSON *out = cJSON_AddObjectToObject(object, name);
    add_fact(out, "udp", side->udp);
    add_fact(out, "hard_nat", side->hard_nat);
    add_fact(out, "hairpinning", side->hairpin);
    out_add_text(out, "public_v4", side->public_v4);
    out_add_text(out, "public_v6", side->public_v6);
    add_fact(out, "aws", side->aws);
    cJSON *list = cJSON_AddArrayToObject(out, "interfaces");
    for (size_t i = 0; i < side->interface_count; i++) {
        cJSON *one = cJSON_CreateObject();
        out_add_text(one, "name", side->interfaces[i].name);
        out_add_int(one, "mtu", side->interfaces[i].mtu);
        (void)cJSON_AddItemToArray(list, one);
    }
}

static void add_relay(cJSON *object, const struct facts *f)
{
    cJSON *relay = cJSON_AddObjectToObject(object, "relay");
    out_add_int(relay, "region_id", f->relay_region.id);
    out_add_text(relay, "region", f->relay_region.name);
    out_add_text(relay, "state", links[f->relay]);
    (void)cJSON_AddBoolToObject(relay, "websocket", f->relay_websocket);
    out_add_text(relay, "health", f->relay_health);
    out_add_text(relay, "home_region", f->client_home.name);
    add_known_ms(relay, "home_ms", f->client_to_client_home_ns);
    out_add_text(relay, "agent_region", f->agent_home.name);
    add_known_ms(relay, "agent_region_ms", f->client_to_agent_home_ns);
}

static void add_path(cJSON *object, const struct facts *f)
{
    cJSON *path = cJSON_AddObjectToObject(object, "path");
    out_add_text(path, "path",
                 f->path == FACT_PATH_DIRECT  ? "direct"
                 : f->path == FACT_PATH_RELAY ? "derp"
                                              : "none");
    out_add_text(path, "endpoint", f->path_address);
    out_add_int(path, "candidates", (int64_t)f->candidates);
    out_add_int(path, "candidates_silent", (int64_t)f->candidates_silent);
    out_add_int(path, "answered", (int64_t)f->probes.answered);
    out_add_int(path, "lost", (int64_t)f->probes.lost);
    add_known_ms(path, "avg_ms", f->probes.avg_ns);
    add_known_ms(path, "p95_ms", f->probes.p95_ns);
    add_known_ms(path, "jitter_ms", f->probes.jitter_ns);
    out_add_int(path, "mtu", f->path_mtu);
    add_known_ms(path, "handshake_age_ms", f->handshake == FACT_YES ? f->handshake_age_ns : 0);
}

static void add_checks(cJSON *object, const struct snapshot *s)
{
    struct check checks[FINDING_CODES];
    checks_beside(&s->facts, s->findings, s->finding_count, checks);
    out_add_int(object, "passed", (int64_t)count_of(checks, CHECK_PASSED));
    cJSON *list = cJSON_AddArrayToObject(object, "not_known");
    for (int code = 0; code < FINDING_CODES; code++) {
        if (checks[code].state == CHECK_UNKNOWN) {
            cJSON *one = cJSON_CreateObject();
            out_add_text(one, "code", finding_name((enum finding_code)code));
            out_add_text(one, "reason", checks[code].unknown);
            (void)cJSON_AddItemToArray(list, one);
        }
    }
}

void doctor_print_json(const struct doctor_view *view)
{
    const struct snapshot *s = view->snapshot;
    const struct facts *f = &s->facts;
    for (size_t i = 0; i < s->finding_count; i++) {
        cJSON *object = out_object("finding", wall_now());
        out_add_text(object, "workspace", view->target);
        findings_add_json(object, &s->findings[i], s->now);
        out_json(object);
    }
    cJSON *object = out_object("summary", wall_now());
    out_add_text(object, "workspace", view->target);
    out_add_text(object, "severity", finding_severity_name(findings_worst(s)));
    out_add_int(object, "findings", (int64_t)s->finding_count);
    add_checks(object, s);
    out_add_ms(object, "took_ms", view->took_ns);
    out_add_text(object, "derptop_version", DERPTOP_VERSION);
    out_add_text(object, "deployment", s->deployment);
    out_add_text(object, "server_version", f->server_version);
    out_add_text(object, "coordinator", links[f->coordinator]);
    out_add_text(object, "workspace_status", workspaces[f->workspace_state]);
    out_add_text(object, "agent_status", agents[f->agent]);
    out_add_text(object, "agent_version", f->agent_version);
    add_path(object, f);
    add_relay(object, f);
    add_side(object, "client", &f->client);
    out_add_text(object, "default_route", f->default_route);
    add_fact(object, "default_route_tunnel", f->default_route_tunnel);
    add_side(object, "agent", &f->agent_side);
    out_add_text(object, "agent_report_failure", f->agent_report_text);
    out_add_text(object, "aws_ranges", f->aws_source);
    out_json(object);
}
