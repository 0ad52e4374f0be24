#include <string.h>

#include "net/base/text.h"
#include "src/options_internal.h"

enum {
    FOR_MONITOR = 1 << OPTIONS_MONITOR,
    FOR_LIST = 1 << OPTIONS_LIST,
    FOR_PING = 1 << OPTIONS_PING,
    FOR_STATUS = 1 << OPTIONS_STATUS,
    FOR_DOCTOR = 1 << OPTIONS_DOCTOR,
    FOR_SPEEDTEST = 1 << OPTIONS_SPEEDTEST,
    FOR_NETCHECK = 1 << OPTIONS_NETCHECK,
    FOR_RECORD = 1 << OPTIONS_RECORD,
    FOR_EXPORT = 1 << OPTIONS_EXPORT,
    FOR_REPLAY = 1 << OPTIONS_REPLAY,
    FOR_DIFF = 1 << OPTIONS_DIFF,
    FOR_PATHS = 1 << OPTIONS_PATHS,
    FOR_SCREEN = FOR_MONITOR | FOR_REPLAY,
    FOR_WATCHING = FOR_LIST | FOR_PING | FOR_STATUS | FOR_SPEEDTEST | FOR_DOCTOR | FOR_NETCHECK |
                   FOR_RECORD | FOR_EXPORT, /* and not on the full screen */
    FOR_DEPLOYMENT = FOR_MONITOR | FOR_WATCHING | FOR_PATHS,
    FOR_EVERY = FOR_DEPLOYMENT | FOR_REPLAY | FOR_DIFF | 1 << OPTIONS_LAB,
    FOR_JSON = (FOR_WATCHING & ~FOR_RECORD) | FOR_DIFF | FOR_PATHS,
    FOR_FINDINGS = FOR_MONITOR | FOR_PING | FOR_STATUS | FOR_DOCTOR | FOR_RECORD | FOR_EXPORT,
};

const unsigned options_deployment_mask = FOR_DEPLOYMENT;
const unsigned options_every_mask = FOR_EVERY;

#define AT(member) offsetof(struct options, member)

const struct flag options_flags[] = {
    {"lab", 0, NULL, FLAG_SWITCH, FOR_MONITOR, AT(lab), "start a loopback deployment, watch that"},
    {"interval", 0, "TIME", FLAG_DURATION, FOR_MONITOR | FOR_RECORD | FOR_EXPORT, AT(interval_ns),
     "between probes (1s)"},
    {"output", 'o', "FILE", FLAG_FILE, FOR_RECORD, AT(output), "where to; - is standard output"},
    {"speed", 0, "N", FLAG_TEXT, FOR_REPLAY, AT(speed), "times as fast as it was (1)"},
    {"openmetrics", 0, NULL, FLAG_SWITCH, FOR_EXPORT, AT(openmetrics),
     "the format; there is no other"},
    {"listen", 0, "IP:PORT", FLAG_TEXT, FOR_EXPORT, AT(listen),
     "serve /metrics there (127.0.0.1:9477)"},
    {"textfile", 0, "FILE", FLAG_FILE, FOR_EXPORT, AT(textfile), "write them into a file instead"},
    {"num", 'n', "N", FLAG_COUNT, FOR_PING, AT(num), "pings to send; 0 = until interrupted (0)"},
    {"wait", 0, "TIME", FLAG_DURATION, FOR_PING, AT(wait_ns), "between pings (1s)"},
    {"timeout", 't', "TIME", FLAG_DURATION, FOR_PING, AT(timeout_ns),
     "a ping without answer is lost after it (5s)"},
    {"watch", 'w', NULL, FLAG_SWITCH, FOR_STATUS, AT(watch),
     "a line for each change, until interrupted"},
    {"timeout", 't', "TIME", FLAG_DURATION, FOR_STATUS, AT(timeout_ns),
     "how long to wait for a pong (5s)"},
    {"require", 0, "direct|any", FLAG_CHOICE, FOR_PING, AT(require),
     "status 1 unless the last ping came so"},
    {"until-direct", 0, NULL, FLAG_SWITCH, FOR_PING, AT(until_direct),
     "end with the first direct pong"},
    {"time", 0, NULL, FLAG_SWITCH, FOR_PING, AT(time), "print the local time of each pong"},
    {"utc", 0, NULL, FLAG_SWITCH, FOR_PING, AT(utc), "print the time in UTC; implies --time"},
    {"time", 't', "TIME", FLAG_DURATION, FOR_SPEEDTEST, AT(duration_ns),
     "how long a test lasts (5s)"},
    {"direction", 'd', "down|up", FLAG_CHOICE, FOR_SPEEDTEST, AT(direction),
     "as seen from here (down)"},
    {"both", 0, NULL, FLAG_SWITCH, FOR_SPEEDTEST, AT(both), "down, then up"},
    {"direct", 0, NULL, FLAG_SWITCH, FOR_SPEEDTEST, AT(direct),
     "wait for a direct path (up to 30s)"},
    {"threshold", 0, "PERCENT", FLAG_COUNT, FOR_DIFF, AT(threshold),
     "so much worse is a failure (10)"},
    {"share", 0, NULL, FLAG_SWITCH, FOR_DOCTOR | FOR_RECORD, AT(share), "mask names and addresses"},
    {"aws-ranges", 0, "fetch|FILE", FLAG_FILE, FOR_FINDINGS, AT(aws_ranges),
     "AWS's address ranges (a bundled list)"},
    {"json", 0, NULL, FLAG_SWITCH, FOR_JSON, AT(json), "one JSON object a line"},
    {"url", 0, "URL", FLAG_TEXT, FOR_DEPLOYMENT, AT(url), "the deployment (CODER_URL)"},
    {"token", 0, "TOKEN", FLAG_TEXT, FOR_DEPLOYMENT, AT(token),
     "session token (CODER_SESSION_TOKEN)"},
    {"global-config", 0, "DIR", FLAG_DIRECTORY, FOR_DEPLOYMENT, AT(config_dir),
     "files of `coder login` (CODER_CONFIG_DIR)"},
    {"header", 0, "K=V", FLAG_HEADER, FOR_DEPLOYMENT, 0,
     "extra HTTP header; repeats (CODER_HEADER)"},
    {"header-command", 0, "COMMAND", FLAG_TEXT, FOR_DEPLOYMENT, AT(header_command),
     "prints extra ones (CODER_HEADER_COMMAND)"},
    {"client-tls-ca-file", 0, "FILE", FLAG_FILE, FOR_DEPLOYMENT, AT(ca_file),
     "CAs, PEM (CODER_CLIENT_TLS_CA_FILE)"},
    {"client-tls-cert-file", 0, "FILE", FLAG_FILE, FOR_DEPLOYMENT, AT(cert_file),
     "PEM (CODER_CLIENT_TLS_CERT_FILE)"},
    {"client-tls-key-file", 0, "FILE", FLAG_FILE, FOR_DEPLOYMENT, AT(key_file),
     "PEM (CODER_CLIENT_TLS_KEY_FILE)"},
    {"disable-direct-connections", 0, NULL, FLAG_SWITCH, FOR_DEPLOYMENT, AT(disable_direct),
     "relay only"},
    {"color", 0, "auto|always|never", FLAG_CHOICE, FOR_SCREEN, AT(color),
     "when to use colours (auto)"},
    {"ascii", 0, NULL, FLAG_SWITCH, FOR_SCREEN | FOR_STATUS | FOR_DIFF, AT(ascii),
     "draw with ASCII alone (DERPTOP_ASCII)"},
    {"theme", 0, "auto|safe|dark|light|contrast|mono", FLAG_CHOICE, FOR_SCREEN, AT(theme),
     "colours"},
    {"mouse", 0, NULL, FLAG_SWITCH, FOR_SCREEN, AT(mouse), "clicks and the wheel (F2)"},
    {"mask", 0, NULL, FLAG_SWITCH, FOR_SCREEN, AT(mask), "mask names and addresses (M)"},
    {"keep", 0, NULL, FLAG_SWITCH, FOR_SCREEN, AT(keep), "leave a summary at the end (Q)"},
    {"config", 0, "FILE", FLAG_FILE, FOR_FINDINGS | FOR_REPLAY | FOR_PATHS, AT(config_file),
     "settings, not from the usual place"},
    {"print-config", 0, NULL, FLAG_SWITCH, FOR_MONITOR, AT(print_config),
     "print a settings file to begin with"},
    {"print-config-schema", 0, NULL, FLAG_SWITCH, FOR_MONITOR, AT(print_config_schema),
     "print its JSON Schema"},
    {"verbose", 'v', NULL, FLAG_SWITCH, FOR_WATCHING, AT(verbose), "debug log to stderr"},
    {"version", 0, NULL, FLAG_SWITCH, FOR_EVERY, AT(version), "version and libraries"},
    {"help", 'h', NULL, FLAG_SWITCH, FOR_EVERY, AT(help), "this text"},
};
const size_t options_flag_count = sizeof options_flags / sizeof *options_flags;
_Static_assert(sizeof options_flags / sizeof *options_flags <= 64, "the parser has a bit for each");

const struct command_row options_commands[] = {
    {"monitor", OPTIONS_MONITOR, OPERAND_MAY_WORKSPACE, "derptop [monitor] [WORKSPACE]",
     "full-screen monitor"},
    {"list", OPTIONS_LIST, OPERAND_NONE, "derptop list", "workspaces and their agents"},
    {"ping", OPTIONS_PING, OPERAND_WORKSPACE, "derptop ping WORKSPACE",
     "pongs, then the diagnosis"},
    {"status", OPTIONS_STATUS, OPERAND_WORKSPACE, "derptop status WORKSPACE",
     "one line, for prompts and status bars"},
    {"speedtest", OPTIONS_SPEEDTEST, OPERAND_WORKSPACE, "derptop speedtest WORKSPACE",
     "throughput, and what it does to the latency"},
    {"doctor", OPTIONS_DOCTOR, OPERAND_WORKSPACE, "derptop doctor WORKSPACE",
     "what is wrong, what to do, and a report"},
    {"netcheck", OPTIONS_NETCHECK, OPERAND_NONE, "derptop netcheck",
     "what this computer's network allows"},
    {"record", OPTIONS_RECORD, OPERAND_WORKSPACE, "derptop record WORKSPACE -o FILE",
     "what the monitor would show, to be replayed"},
    {"replay", OPTIONS_REPLAY, OPERAND_FILE, "derptop replay FILE",
     "the same screen over a recording"},
    {"export", OPTIONS_EXPORT, OPERAND_WORKSPACES, "derptop export [WORKSPACE...]",
     "metrics for Prometheus and its like"},
    {"diff", OPTIONS_DIFF, OPERAND_FILES, "derptop diff BEFORE AFTER",
     "two saved speed tests or pings compared"},
    {"paths", OPTIONS_PATHS, OPERAND_NONE, "derptop paths", "which files are used, and where"},
    {"lab", OPTIONS_LAB, OPERAND_NONE, "derptop lab", "only the loopback deployment"},
    {"__complete", OPTIONS_COMPLETE, OPERAND_NONE, NULL, NULL},
};
const size_t options_command_count = sizeof options_commands / sizeof *options_commands;

/* The one that goes with the command, if any does; else the first that there is. */
static const struct flag *better(const struct flag *found, const struct flag *flag,
                                 enum options_command command)
{
    bool fits = (flag->commands & 1U << command) != 0;
    return found == NULL || (fits && (found->commands & 1U << command) == 0) ? flag : found;
}

const struct flag *options_find_flag(const char *name, size_t len, enum options_command command)
{
    const struct flag *found = NULL;
    for (size_t i = 0; i < options_flag_count; i++) {
        const struct flag *flag = &options_flags[i];
        if (strlen(flag->name) == len && strncmp(flag->name, name, len) == 0) {
            found = better(found, flag, command);
        }
    }
    return found;
}

const struct flag *options_find_letter(char letter, enum options_command command)
{
    const struct flag *found = NULL;
    for (size_t i = 0; i < options_flag_count; i++) {
        if (letter != '\0' && options_flags[i].letter == letter) {
            found = better(found, &options_flags[i], command);
        }
    }
    return found;
}

bool options_choice(const char *choices, size_t n, char *out, size_t size)
{
    for (; n > 0 && choices != NULL; n--) {
        choices = strchr(choices, '|');
        choices = choices == NULL ? NULL : choices + 1;
    }
    if (choices == NULL) {
        return false;
    }
    text_copy(out, size, choices);
    out[strcspn(out, "|")] = '\0';
    return true;
}

const struct command_row *options_command_row(enum options_command command)
{
    for (size_t i = 0; i < options_command_count; i++) {
        if (options_commands[i].command == command) {
            return &options_commands[i];
        }
    }
    return &options_commands[0];
}
