/*
 * The netcheck report for people.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "net/base/text.h"
#include "src/duration.h"
#include "src/netcheck_report.h"

enum {
    LABEL_COLUMN = 16,
    NAME_COLUMN_MAX = 36,
    LATENCY_COLUMN = 8,
    BAR_LEAST = 8,
    EIGHTHS = 8,
    TEXT_SIZE = 400,
};

/* --- lines
 * ------------------------------------------------------------------------------------------------
 */

static void line(FILE *out, const char *label, const char *format, ...) NET_PRINTF(3, 4);

static void line(FILE *out, const char *label, const char *format, ...)
{
    va_list args;
    (void)fprintf(out, "  %-*s", LABEL_COLUMN, label);
    va_start(args, format);
    (void)vfprintf(out, format, args);
    va_end(args);
    (void)fputc('\n', out);
}

static void udp_line(FILE *out, const struct netcheck_view *view)
{
    const struct netcheck_report *report = view->report;
    if (report->udp) {
        line(out, "UDP", "works");
    } else if (report->stun_asked) {
        line(out, "UDP", "blocked: no STUN server answered");
    } else if (view->direct_disabled_client) {
        line(out, "UDP", "not tested: direct connections are disabled here");
    } else if (view->direct_disabled_deployment) {
        line(out, "UDP", "not tested: the deployment disables direct connections");
    } else if (!derp_map_has_stun(view->map)) {
        line(out, "UDP", "not tested: the deployment has no STUN server");
    } else {
        line(out, "UDP", "does not work: no STUN server could be asked");
    }
}

static void v4_line(FILE *out, const struct netcheck_report *report)
{
    char text[ADDRESS_TEXT_SIZE];
    address_text(&report->global_v4, text);
    if (report->global_v4.family != ADDRESS_NONE) {
        line(out, "IPv4", "works, seen as %s", text);
    } else {
        line(out, "IPv4", "%s", report->ipv4 ? "works, public address not known" : "no answer");
    }
}

/* Whether some server was asked over IPv6 and what came of it: the furthest that one got. */
static enum netcheck_stun_state v6_state(const struct netcheck_report *report)
{
    enum netcheck_stun_state state = NETCHECK_STUN_NONE;
    for (size_t i = 0; i < report->region_count; i++) {
        enum netcheck_stun_state one = report->regions[i].stun_v6.state;
        state = one > state ? one : state;
    }
    return state;
}

static void v6_line(FILE *out, const struct netcheck_report *report)
{
    char text[ADDRESS_TEXT_SIZE];
    address_text(&report->global_v6, text);
    if (report->global_v6.family != ADDRESS_NONE) {
        line(out, "IPv6", "works, seen as %s", text);
    } else if (report->ipv6) {
        line(out, "IPv6", "works, public address not known");
    } else if (!report->os_has_ipv6) {
        line(out, "IPv6", "no: this system has none");
    } else {
        enum netcheck_stun_state state = v6_state(report);
        line(out, "IPv6", "no: %s",
             state == NETCHECK_STUN_SENT     ? "no server answered"
             : state == NETCHECK_STUN_UNSENT ? "no route to the servers"
                                             : "no server has an address of that kind");
    }
}

/* Whether an address is one of this computer's own: then there is no NAT. */
static bool is_own(const struct interfaces *interfaces, const struct net_address *address)
{
    for (size_t i = 0; interfaces != NULL && i < interfaces->count; i++) {
        const struct interface *one = &interfaces->all[i];
        for (size_t a = 0; a < one->address_count; a++) {
            struct net_address ip = one->addresses[a].ip;
            ip.port = address->port;
            if (address_equal(&ip, address)) {
                return true;
            }
        }
    }
    return false;
}

static void nat_line(FILE *out, const struct netcheck_view *view)
{
    const struct netcheck_report *report = view->report;
    if (report->mapping_varies == NETCHECK_YES) {
        line(out, "NAT", "hard NAT: the public address depends on the destination");
    } else if (report->global_v4.family == ADDRESS_NONE) {
        line(out, "NAT", "not known: no STUN server saw an IPv4 address");
    } else if (is_own(view->interfaces, &report->global_v4)) {
        line(out, "NAT", "none: the public address is this computer's own");
    } else if (report->mapping_varies == NETCHECK_NO) {
        line(out, "NAT", "easy NAT: every server sees the same address");
    } else {
        line(out, "NAT", "not known: that takes the answers of two STUN servers");
    }
}

static const char *answer_text(enum netcheck_answer answer)
{
    return answer == NETCHECK_YES ? "yes" : answer == NETCHECK_NO ? "no" : "not tested";
}

static void portmap_line(FILE *out, const struct netcheck_portmap *portmap)
{
    char external[ADDRESS_TEXT_SIZE];
    address_text(&portmap->external, external);
    if (portmap->upnp == NETCHECK_UNKNOWN && portmap->pmp == NETCHECK_UNKNOWN &&
        portmap->pcp == NETCHECK_UNKNOWN) {
        line(out, "Port mapping", "not tested");
        return;
    }
    line(out, "Port mapping", "%s%sUPnP %s, NAT-PMP %s, PCP %s", external,
         external[0] == '\0' ? "" : " in force; ", answer_text(portmap->upnp),
         answer_text(portmap->pmp), answer_text(portmap->pcp));
}

static void home_line(FILE *out, const struct netcheck_view *view)
{
    int64_t home = view->report->preferred_derp;
    const struct derp_region *region = derp_map_find(view->map, home);
    if (region == NULL) {
        line(out, "Home region", "none: the deployment has no relay");
    } else {
        line(out, "Home region", "%s (%lld)%s", region->name, (long long)home,
             netcheck_reaches_relay(view) ? "" : ", by default: no relay answers");
    }
}

static void facts(FILE *out, const struct netcheck_view *view)
{
    const struct netcheck_report *report = view->report;
    udp_line(out, view);
    v4_line(out, report);
    v6_line(out, report);
    nat_line(out, view);
    line(out, "Hairpinning", "%s",
         report->hairpinning == NETCHECK_UNKNOWN ? "not known" : answer_text(report->hairpinning));
    portmap_line(out, &report->portmap);
    line(out, "Captive portal", "%s",
         report->captive_portal == NETCHECK_YES
             ? "yes: something else answers in the relays' place (a sign-in page?)"
         : report->captive_portal == NETCHECK_NO ? "no"
                                                 : "not known");
    home_line(out, view);
}

/* --- bars
 * ------------------------------------------------------------------------------------------------
 */

struct row {
    const struct derp_region *region;
    uint64_t latency_ns; /* 0 = no answer */
    char name[DERP_NAME_SIZE + 16];
    int name_columns;
};

/* How many columns a text takes; its bytes when the locale does not know. */
static int columns_of(const char *text)
{
    wchar_t wide[TEXT_SIZE];
    size_t count = mbstowcs(wide, text, TEXT_SIZE - 1);
    if (count == (size_t)-1) {
        return (int)strlen(text);
    }
    wide[count < TEXT_SIZE ? count : TEXT_SIZE - 1] = L'\0';
    int columns = wcswidth(wide, TEXT_SIZE);
    return columns < 0 ? (int)strlen(text) : columns;
}

/* Nearest first, then those without an answer in order of id. */
static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    if (left->latency_ns != right->latency_ns) {
        bool first = left->latency_ns != 0 &&
                     (right->latency_ns == 0 || left->latency_ns < right->latency_ns);
        return first ? -1 : 1;
    }
    return left->region->id < right->region->id ? -1 : 1;
}

static size_t make_rows(const struct netcheck_view *view, struct row *out)
{
    size_t count = 0;
    for (size_t i = 0; i < view->map->region_count; i++) {
        const struct derp_region *region = &view->map->regions[i];
        const struct netcheck_region *found = netcheck_report_region(view->report, region->id);
        if (!derp_region_can_relay(region)) {
            continue;
        }
        struct row *row = &out[count++];
        row->region = region;
        row->latency_ns = found == NULL ? 0 : netcheck_region_latency(found);
        text_format(row->name, sizeof row->name, "%s (%lld)", region->name, (long long)region->id);
        row->name_columns = columns_of(row->name);
    }
    qsort(out, count, sizeof *out, compare_rows);
    return count;
}

/* As long as its share of `room` columns, in eighths of one where there are such signs. */
static void bar(FILE *out, uint64_t value, uint64_t most, int room, bool utf8)
{
    static const char *const parts[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    double share = (double)value / (double)most;
    int eighths = (int)(share * (double)room * EIGHTHS + 0.5);
    eighths = eighths < 1 ? 1 : eighths;
    int whole = utf8 ? eighths / EIGHTHS : (eighths + EIGHTHS / 2) / EIGHTHS;
    for (int i = 0; i < whole; i++) {
        (void)fputs(utf8 ? "█" : "#", out);
    }
    if (utf8) {
        (void)fputs(parts[eighths % EIGHTHS], out);
    } else if (whole == 0) {
        (void)fputs("#", out);
    }
}

static void latency_row(FILE *out, const struct netcheck_view *view, const struct row *row,
                        int name_column, int room, uint64_t most, bool utf8)
{
    char latency[DURATION_TEXT_SIZE] = "-";
    bool home = row->region->id == view->report->preferred_derp;
    int pad = name_column > row->name_columns ? name_column - row->name_columns : 0;
    if (row->latency_ns != 0) {
        duration_text(row->latency_ns, latency);
    }
    (void)fprintf(out, "%s %s%*s  %*s  ", home ? "*" : " ", row->name, pad, "", LATENCY_COLUMN,
                  latency);
    if (row->latency_ns != 0) {
        bar(out, row->latency_ns, most, room, utf8);
    } else {
        const char *why = netcheck_relay_failure(view, row->region->id);
        (void)fputs(why[0] != '\0' ? why : "no answer in time", out);
    }
    (void)fputc('\n', out);
}

static void latencies(FILE *out, const struct netcheck_view *view, unsigned columns, bool utf8)
{
    struct row rows[DERP_MAP_REGIONS_MAX];
    size_t count = make_rows(view, rows);
    int name_column = 0;
    uint64_t most = 1;
    for (size_t i = 0; i < count; i++) {
        name_column = rows[i].name_columns > name_column ? rows[i].name_columns : name_column;
        most = rows[i].latency_ns > most ? rows[i].latency_ns : most;
    }
    name_column = name_column > NAME_COLUMN_MAX ? NAME_COLUMN_MAX : name_column;
    int room = (int)columns - name_column - LATENCY_COLUMN - 7; /* and one column to spare */
    (void)fputs("\nLatency of the relays, by HTTP (* home):\n", out);
    for (size_t i = 0; i < count; i++) {
        latency_row(out, view, &rows[i], name_column, room < BAR_LEAST ? BAR_LEAST : room, most,
                    utf8);
    }
}

/* --- the servers and what else there is
 * ------------------------------------------------------------------------------------------------
 */

static void stun_row(FILE *out, const struct derp_region *region, const struct netcheck_stun *stun)
{
    char server[ADDRESS_TEXT_SIZE];
    char mapped[ADDRESS_TEXT_SIZE];
    char rtt[DURATION_TEXT_SIZE];
    address_text(&stun->server, server);
    address_text(&stun->mapped, mapped);
    (void)fprintf(out, "  %s", region->name);
    switch (stun->state) {
    case NETCHECK_STUN_ANSWERED:
        duration_text(stun->rtt_ns, rtt);
        (void)fprintf(out, "  %s: %s %s in %s\n", server, mapped[0] == '\0' ? "answered" : "saw",
                      mapped[0] == '\0' ? "with an address that cannot be ours" : mapped, rtt);
        break;
    case NETCHECK_STUN_SENT:
        (void)fprintf(out, "  %s: no answer\n", server);
        break;
    case NETCHECK_STUN_UNSENT:
        (void)fputs(": could not be asked (no route?)\n", out);
        break;
    case NETCHECK_STUN_UNRESOLVED:
    case NETCHECK_STUN_NONE:
        (void)fputs(": its name has no address\n", out);
        break;
    }
}

/* A server that only has addresses of a family that leads nowhere is not an error of its own. */
static bool is_worth_a_row(const struct netcheck_stun *stun, const struct netcheck_stun *other)
{
    return stun->state == NETCHECK_STUN_ANSWERED || stun->state == NETCHECK_STUN_SENT ||
           (stun->state > other->state);
}

static void stun_servers(FILE *out, const struct netcheck_view *view)
{
    if (!view->report->stun_asked) {
        return;
    }
    (void)fputs("\nSTUN servers:\n", out);
    for (size_t i = 0; i < view->map->region_count; i++) {
        const struct derp_region *region = &view->map->regions[i];
        const struct netcheck_region *found = netcheck_report_region(view->report, region->id);
        if (found == NULL) {
            continue;
        }
        if (is_worth_a_row(&found->stun_v4, &found->stun_v6)) {
            stun_row(out, region, &found->stun_v4);
        }
        if (is_worth_a_row(&found->stun_v6, &found->stun_v4)) {
            stun_row(out, region, &found->stun_v6);
        }
    }
}

static void all_warnings(FILE *out, const struct netcheck_view *view)
{
    struct netcheck_warning warnings[NETCHECK_WARNINGS_MAX];
    char text[NETCHECK_WARNING_SIZE];
    size_t count = netcheck_warnings(view, warnings);
    const char *before = "\n";
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%swarning: %s (%s)\n", before, warnings[i].text, warnings[i].code);
        before = "";
    }
    for (size_t i = 0; view->interfaces != NULL && i < view->interfaces->count; i++) {
        if (netcheck_interface_warning(&view->interfaces->all[i], text, sizeof text)) {
            (void)fprintf(out, "%swarning: %s (EIF01)\n", before, text);
            before = "";
        }
    }
}

void netcheck_text(FILE *out, const struct netcheck_view *view, unsigned columns, bool utf8)
{
    char deployment[TEXT_SIZE];
    (void)text_clean(deployment, sizeof deployment, bytes_text(view->deployment));
    (void)fprintf(out, "Network of this computer, for %s\n\n", deployment);
    facts(out, view);
    latencies(out, view, columns, utf8);
    stun_servers(out, view);
    all_warnings(out, view);
}
