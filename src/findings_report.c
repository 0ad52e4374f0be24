#include "src/findings_report.h"

#include "net/wire/address.h"
#include "src/out.h"

enum group { GROUP_GENERAL, GROUP_CLIENT, GROUP_AGENT };

/* What `coder ping` lists by sides, in its order, and our own additions. All else is general. */
static const struct {
    enum finding_code code;
    enum group group;
} sides[] = {
    {FINDING_CLIENT_LOW_MTU, GROUP_CLIENT},    {FINDING_CLIENT_UDP_BLOCKED, GROUP_CLIENT},
    {FINDING_CLIENT_HARD_NAT, GROUP_CLIENT},   {FINDING_CLIENT_AWS, GROUP_CLIENT},
    {FINDING_VPN_DEFAULT_ROUTE, GROUP_CLIENT}, {FINDING_NO_HAIRPIN, GROUP_CLIENT},
    {FINDING_AGENT_LOW_MTU, GROUP_AGENT},      {FINDING_AGENT_HARD_NAT, GROUP_AGENT},
    {FINDING_AGENT_UDP_BLOCKED, GROUP_AGENT},  {FINDING_AGENT_AWS, GROUP_AGENT},
};

enum { SIDES = sizeof sides / sizeof *sides };

static enum group group_of(enum finding_code code)
{
    for (size_t i = 0; i < SIDES; i++) {
        if (sides[i].code == code) {
            return sides[i].group;
        }
    }
    return GROUP_GENERAL;
}

const char *findings_glyph(enum finding_severity severity, bool utf8)
{
    static const char *const glyphs[][2] = {
        [SEVERITY_OK] = {"+", "✔"},
        [SEVERITY_INFO] = {"i", "ℹ"},
        [SEVERITY_WARNING] = {"!", "⚠"},
        [SEVERITY_ERROR] = {"x", "✘"},
    };
    return glyphs[severity][utf8 ? 1 : 0];
}

enum finding_severity findings_worst(const struct snapshot *s)
{
    enum finding_severity worst = SEVERITY_OK;
    for (size_t i = 0; i < s->finding_count; i++) {
        worst = s->findings[i].severity > worst ? s->findings[i].severity : worst;
    }
    return worst;
}

/* --- text
 * ------------------------------------------------------------------------------------------------
 */

/* Of no interest while the path is direct, or may not be: as `coder ping` leaves it out. */
static bool is_beside_the_point(const struct snapshot *s, const struct finding *one)
{
    bool mtu = one->code == FINDING_CLIENT_LOW_MTU || one->code == FINDING_AGENT_LOW_MTU;
    bool disabled = s->direct_disabled_client || s->direct_disabled_deployment;
    bool side = group_of(one->code) != GROUP_GENERAL || one->code == FINDING_NO_STUN_SERVERS;
    if (mtu) {
        return false;
    }
    return s->path == PATH_DIRECT ? one->severity < SEVERITY_WARNING : disabled && side;
}

static void print_general(const struct finding *one)
{
    out_text("%s %s: %s\n   %s\n   %s\n", findings_glyph(one->severity, out_is_utf8()), one->title,
             one->observed, one->remedy, one->docs);
}

static bool print_side(const struct snapshot *s, enum group group, const char *title, bool all)
{
    bool any = false;
    for (size_t side = 0; side < SIDES; side++) {
        for (size_t i = 0; i < s->finding_count; i++) {
            const struct finding *one = &s->findings[i];
            if (one->code != sides[side].code || sides[side].group != group ||
                (!all && is_beside_the_point(s, one))) {
                continue;
            }
            if (!any) {
                out_text("%s\n\n", title);
            }
            any = true;
            out_text(" - %s: %s\n   %s\n   %s\n\n", one->title, one->observed, one->remedy,
                     one->docs);
        }
    }
    return any;
}

/* As `coder ping` ends; a relayed path is a finding. */
static void print_verdict(const struct snapshot *s)
{
    struct net_address address;
    if (s->path == PATH_DIRECT) {
        bool inside =
            address_parse(s->path_address, &address) == NET_OK && address_is_private(&address);
        out_text("%s You are connected directly (p2p)%s\n",
                 findings_glyph(SEVERITY_OK, out_is_utf8()),
                 inside ? ", over a private network" : "");
    }
    if (s->facts.agent_report == FACT_NO) {
        out_text("%s The agent's own network report could not be had: %s\n",
                 findings_glyph(SEVERITY_INFO, out_is_utf8()), s->facts.agent_report_text);
    }
}

void findings_print(const struct snapshot *s, bool all)
{
    bool any = false;
    out_text("\n");
    print_verdict(s);
    for (size_t i = 0; i < s->finding_count; i++) {
        const struct finding *one = &s->findings[i];
        if (group_of(one->code) == GROUP_GENERAL && (all || !is_beside_the_point(s, one))) {
            print_general(one);
            any = true;
        }
    }
    if (any) {
        out_text("\n");
    }
    any |= print_side(s, GROUP_CLIENT, "Possible client-side issues with direct connection:", all);
    any |= print_side(s, GROUP_AGENT, "Possible agent-side issues with direct connection:", all);
    if (!any && s->run.answered > 0) {
        out_text("%s no findings\n", findings_glyph(SEVERITY_OK, out_is_utf8()));
    }
}

/* --- JSON
 * ------------------------------------------------------------------------------------------------
 */

void findings_add_json(cJSON *object, const struct finding *finding, mono_ns now)
{
    out_add_text(object, "code", finding->name);
    out_add_text(object, "side", finding_side_name(finding->side));
    out_add_text(object, "severity", finding_severity_name(finding->severity));
    out_add_text(object, "title", finding->title);
    out_add_text(object, "observed", finding->observed);
    out_add_text(object, "why", finding->why);
    out_add_text(object, "remedy", finding->remedy);
    out_add_text(object, "docs", finding->docs);
    if (finding->explained) {
        out_add_text(object, "explained_by", finding_name(finding->explained_by));
    } else {
        (void)cJSON_AddNullToObject(object, "explained_by");
    }
    out_add_ms(object, "for_ms", mono_since(now, finding->since));
}

void findings_add_all_json(cJSON *object, const struct snapshot *s)
{
    cJSON *list = cJSON_AddArrayToObject(object, "findings");
    for (size_t i = 0; i < s->finding_count; i++) {
        cJSON *one = cJSON_CreateObject();
        findings_add_json(one, &s->findings[i], s->now);
        (void)cJSON_AddItemToArray(list, one);
    }
}
