#include "net/lab/lab_control.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"

/* Each takes what follows its words. */
typedef enum net_err action(struct lab *lab, const char *rest, struct failure *why);

static enum net_err relay_health(struct lab *lab, const char *rest, struct failure *why)
{
    (void)why;
    lab_say_health(lab, rest);
    return NET_OK;
}

static enum net_err relay_gone(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_faults faults = lab_get_faults(lab);
    (void)rest;
    (void)why;
    faults.gone = true;
    lab_set_faults(lab, &faults);
    lab_drop_relay(lab);
    return NET_OK;
}

static enum net_err number(const char *text, unsigned most, unsigned *out, struct failure *why)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > most) {
        return failure_set(why, NET_ERR_USAGE, "a number up to %u is wanted, not \"%s\"", most,
                           text);
    }
    *out = (unsigned)value;
    return NET_OK;
}

static enum net_err relay_upgrade(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_faults faults = lab_get_faults(lab);
    unsigned status = 0;
    enum net_err err = number(rest, 599, &status, why);
    if (err == NET_OK) {
        faults.upgrade_status = (int)status;
        lab_set_faults(lab, &faults);
        lab_drop_relay(lab);
    }
    return err;
}

static enum net_err relay_drop(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_faults faults = lab_get_faults(lab);
    enum net_err err = number(rest, 100, &faults.drop_percent, why);
    if (err == NET_OK) {
        lab_set_faults(lab, &faults);
    }
    return err;
}

static enum net_err relay_no_wireguard(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_faults faults = lab_get_faults(lab);
    (void)rest;
    (void)why;
    faults.no_wireguard = true;
    lab_set_faults(lab, &faults);
    return NET_OK;
}

static enum net_err relay_well(struct lab *lab, const char *rest, struct failure *why)
{
    const struct lab_faults none = {0};
    (void)rest;
    (void)why;
    lab_set_faults(lab, &none);
    lab_say_health(lab, "");
    return NET_OK;
}

static enum net_err set_refusals(struct lab *lab, const struct lab_refusals *refusals)
{
    lab_set_refusals(lab, refusals);
    lab_drop_sessions(lab, true, refusals->coordinator);
    return NET_OK;
}

static enum net_err coordinator_gone(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_refusals refusals = lab_get_refusals(lab);
    (void)rest;
    (void)why;
    refusals.coordinator = true;
    return set_refusals(lab, &refusals);
}

static enum net_err coordinator_back(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_refusals refusals = lab_get_refusals(lab);
    (void)rest;
    (void)why;
    refusals.coordinator = false;
    lab_set_refusals(lab, &refusals);
    return NET_OK;
}

static enum net_err version_refused(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_refusals refusals = lab_get_refusals(lab);
    (void)rest;
    (void)why;
    refusals.version = true;
    return set_refusals(lab, &refusals);
}

static enum net_err version_known(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_refusals refusals = lab_get_refusals(lab);
    (void)rest;
    (void)why;
    refusals.version = false;
    lab_set_refusals(lab, &refusals);
    return NET_OK;
}

static enum net_err token_refused(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_refusals refusals = lab_get_refusals(lab);
    (void)rest;
    (void)why;
    refusals.token = true;
    return set_refusals(lab, &refusals);
}

static enum net_err token_taken(struct lab *lab, const char *rest, struct failure *why)
{
    struct lab_refusals refusals = lab_get_refusals(lab);
    (void)rest;
    (void)why;
    refusals.token = false;
    lab_set_refusals(lab, &refusals);
    return NET_OK;
}

/* What came of something that was done to the workspace of that name. */
static enum net_err named(enum net_err err, const char *name, struct failure *why)
{
    return err == NET_OK ? err
                         : failure_set(why, err, "no running workspace is named \"%s\"", name);
}

static enum net_err agent_gone(struct lab *lab, const char *rest, struct failure *why)
{
    return named(lab_set_agent_gone(lab, rest, true), rest, why);
}

static enum net_err agent_back(struct lab *lab, const char *rest, struct failure *why)
{
    return named(lab_set_agent_gone(lab, rest, false), rest, why);
}

static enum net_err agents_relayed(struct lab *lab, const char *rest, struct failure *why)
{
    (void)rest;
    (void)why;
    lab_set_agents_relayed(lab, true);
    return NET_OK;
}

static enum net_err agents_direct(struct lab *lab, const char *rest, struct failure *why)
{
    (void)rest;
    (void)why;
    lab_set_agents_relayed(lab, false);
    return NET_OK;
}

static enum net_err workspace_stop(struct lab *lab, const char *rest, struct failure *why)
{
    return named(lab_set_stopped(lab, rest, true), rest, why);
}

static enum net_err workspace_start(struct lab *lab, const char *rest, struct failure *why)
{
    return named(lab_set_stopped(lab, rest, false), rest, why);
}

static const struct {
    const char *words;
    bool more; /* something may follow */
    action *act;
} rows[] = {
    {"relay health", true, relay_health},
    {"relay gone", false, relay_gone},
    {"relay upgrade", true, relay_upgrade},
    {"relay drop", true, relay_drop},
    {"relay no-wireguard", false, relay_no_wireguard},
    {"relay well", false, relay_well},
    {"coordinator gone", false, coordinator_gone},
    {"coordinator back", false, coordinator_back},
    {"version refused", false, version_refused},
    {"version known", false, version_known},
    {"token refused", false, token_refused},
    {"token taken", false, token_taken},
    {"agent gone", true, agent_gone},
    {"agent back", true, agent_back},
    {"agents relayed", false, agents_relayed},
    {"agents direct", false, agents_direct},
    {"workspace stop", true, workspace_stop},
    {"workspace start", true, workspace_start},
};

enum net_err lab_control(struct lab *lab, const char *line, struct failure *why)
{
    *why = (struct failure){.code = NET_OK};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].words);
        if (strncmp(line, rows[i].words, len) == 0 &&
            (line[len] == '\0' || (rows[i].more && line[len] == ' '))) {
            return rows[i].act(lab, line + len + (line[len] == ' ' ? 1 : 0), why);
        }
    }
    return failure_set(why, NET_ERR_USAGE, "the lab knows no \"%s\"", line);
}
