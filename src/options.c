#include "src/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "src/duration.h"

enum flag_kind { FLAG_SWITCH, FLAG_TEXT, FLAG_DURATION, FLAG_COUNT, FLAG_HEADER, FLAG_CHOICE };

enum {
    FOR_MONITOR = 1 << OPTIONS_MONITOR,
    FOR_LIST = 1 << OPTIONS_LIST,
    FOR_PING = 1 << OPTIONS_PING,
    FOR_NETCHECK = 1 << OPTIONS_NETCHECK,
    FOR_ALL = FOR_MONITOR | FOR_LIST | FOR_PING | FOR_NETCHECK,
    FOR_HEADLESS = FOR_LIST | FOR_PING | FOR_NETCHECK,
    NAME_COLUMN = 34,
    NEAR = 3, /* edits: further away is not what was meant */
};

struct flag {
    const char *name;
    char letter;       /* 0 = none */
    const char *value; /* its name in the help; NULL for a switch */
    enum flag_kind kind;
    unsigned commands;
    size_t offset;
    const char *help;
};

#define AT(member) offsetof(struct options, member)

static const struct flag flags[] = {
    {"lab", 0, NULL, FLAG_SWITCH, FOR_MONITOR, AT(lab),
     "start a deployment on loopback and watch that"},
    {"interval", 0, "TIME", FLAG_DURATION, FOR_MONITOR, AT(interval_ns),
     "between probes of the monitor (1s)"},
    {"num", 'n', "N", FLAG_COUNT, FOR_PING, AT(num), "pings to send; 0 = until interrupted (0)"},
    {"wait", 0, "TIME", FLAG_DURATION, FOR_PING, AT(wait_ns), "between pings (1s)"},
    {"timeout", 't', "TIME", FLAG_DURATION, FOR_PING, AT(timeout_ns),
     "a ping without answer is lost after it (5s)"},
    {"time", 0, NULL, FLAG_SWITCH, FOR_PING, AT(time), "print the local time of each pong"},
    {"utc", 0, NULL, FLAG_SWITCH, FOR_PING, AT(utc), "print the time in UTC; implies --time"},
    {"json", 0, NULL, FLAG_SWITCH, FOR_HEADLESS, AT(json), "one JSON object a line"},
    {"url", 0, "URL", FLAG_TEXT, FOR_ALL, AT(url), "the deployment (CODER_URL)"},
    {"token", 0, "TOKEN", FLAG_TEXT, FOR_ALL, AT(token), "session token (CODER_SESSION_TOKEN)"},
    {"global-config", 0, "DIR", FLAG_TEXT, FOR_ALL, AT(config_dir),
     "where `coder login` left its files (CODER_CONFIG_DIR)"},
    {"header", 0, "K=V", FLAG_HEADER, FOR_ALL, 0,
     "extra HTTP header on every request; repeats (CODER_HEADER)"},
    {"header-command", 0, "COMMAND", FLAG_TEXT, FOR_ALL, AT(header_command),
     "prints extra headers, K=V a line (CODER_HEADER_COMMAND)"},
    {"client-tls-ca-file", 0, "FILE", FLAG_TEXT, FOR_ALL, AT(ca_file),
     "CAs to trust, PEM (CODER_CLIENT_TLS_CA_FILE, SSL_CERT_FILE)"},
    {"client-tls-cert-file", 0, "FILE", FLAG_TEXT, FOR_ALL, AT(cert_file),
     "client certificate, PEM (CODER_CLIENT_TLS_CERT_FILE)"},
    {"client-tls-key-file", 0, "FILE", FLAG_TEXT, FOR_ALL, AT(key_file),
     "its key, PEM (CODER_CLIENT_TLS_KEY_FILE)"},
    {"disable-direct-connections", 0, NULL, FLAG_SWITCH, FOR_ALL, AT(disable_direct),
     "relay only (CODER_DISABLE_DIRECT_CONNECTIONS)"},
    {"color", 0, "WHEN", FLAG_CHOICE, FOR_MONITOR, AT(color),
     "auto, always or never (auto; NO_COLOR)"},
    {"ascii", 0, NULL, FLAG_SWITCH, FOR_MONITOR, AT(ascii),
     "draw with ASCII alone (DERPTOP_ASCII)"},
    {"verbose", 'v', NULL, FLAG_SWITCH, FOR_HEADLESS, AT(verbose), "debug log to stderr"},
    {"version", 0, NULL, FLAG_SWITCH, FOR_ALL, AT(version), "version and libraries"},
    {"help", 'h', NULL, FLAG_SWITCH, FOR_ALL, AT(help), "this text"},
};

enum { FLAG_TOTAL = sizeof flags / sizeof *flags };

static const struct {
    const char *name;
    enum options_command command;
    const char *usage;
    const char *help;
} commands[] = {
    {"", OPTIONS_MONITOR, "derptop [WORKSPACE]", "full-screen monitor"},
    {"", OPTIONS_MONITOR, "derptop --lab", "the same, on a deployment started on loopback"},
    {"list", OPTIONS_LIST, "derptop list", "workspaces and their agents"},
    {"ping", OPTIONS_PING, "derptop ping WORKSPACE", "pongs, then the diagnosis"},
    {"netcheck", OPTIONS_NETCHECK, "derptop netcheck", "what this computer's network allows"},
    {"lab", OPTIONS_LAB, "derptop lab", "only the loopback deployment; `derptop lab --help`"},
};

static const struct flag *find_flag(const char *name, size_t len)
{
    for (size_t i = 0; i < FLAG_TOTAL; i++) {
        if (strlen(flags[i].name) == len && strncmp(flags[i].name, name, len) == 0) {
            return &flags[i];
        }
    }
    return NULL;
}

static const struct flag *find_letter(char letter)
{
    for (size_t i = 0; i < FLAG_TOTAL; i++) {
        if (letter != '\0' && flags[i].letter == letter) {
            return &flags[i];
        }
    }
    return NULL;
}

static enum net_err unknown_flag(const char *given, struct failure *why)
{
    const char *best = NULL;
    unsigned best_distance = NEAR + 1;
    char name[64];
    text_copy(name, sizeof name, given);
    name[strcspn(name, "=")] = '\0';
    for (size_t i = 0; i < FLAG_TOTAL; i++) {
        unsigned distance = text_distance(name, flags[i].name);
        if (distance < best_distance) {
            best = flags[i].name;
            best_distance = distance;
        }
    }
    if (best == NULL) {
        return failure_set(why, NET_ERR_USAGE, "unknown flag --%s; see derptop --help", name);
    }
    return failure_set(why, NET_ERR_USAGE, "unknown flag --%s; did you mean --%s?", name, best);
}

static enum net_err set_count(uint64_t *out, const struct flag *flag, const char *value,
                              struct failure *why)
{
    char *end = (char *)(uintptr_t)value;
    bool digits = *value >= '0' && *value <= '9';
    unsigned long long number = strtoull(value, &end, 10);
    if (!digits || *end != '\0' || number > 1000000000) {
        return failure_set(why, NET_ERR_USAGE, "--%s wants a whole number, not \"%s\"", flag->name,
                           value);
    }
    *out = number;
    return NET_OK;
}

static enum net_err set_duration(uint64_t *out, const struct flag *flag, const char *value,
                                 struct failure *why)
{
    if (duration_parse(value, out) != NET_OK || *out < 10 * NS_PER_MS) {
        return failure_set(why, NET_ERR_USAGE,
                           "--%s wants a time of 10ms to 24h, such as 500ms or 2s, not \"%s\"",
                           flag->name, value);
    }
    return NET_OK;
}

static enum net_err set_value(struct options *out, const struct flag *flag, const char *value,
                              struct failure *why)
{
    char *place = (char *)out + flag->offset;
    switch (flag->kind) {
    case FLAG_SWITCH: /* has no value */
        break;
    case FLAG_CHOICE:
        if (strcmp(value, "auto") != 0 && strcmp(value, "always") != 0 &&
            strcmp(value, "never") != 0) {
            return failure_set(why, NET_ERR_USAGE, "--%s wants auto, always or never, not \"%s\"",
                               flag->name, value);
        }
        *(const char **)(void *)place = value;
        return NET_OK;
    case FLAG_TEXT:
        *(const char **)(void *)place = value;
        return NET_OK;
    case FLAG_DURATION:
        return set_duration((uint64_t *)(void *)place, flag, value, why);
    case FLAG_COUNT:
        return set_count((uint64_t *)(void *)place, flag, value, why);
    case FLAG_HEADER:
        if (out->header_count == SETTINGS_HEADERS_MAX) {
            return failure_set(why, NET_ERR_USAGE, "more than %d --header", SETTINGS_HEADERS_MAX);
        }
        out->headers[out->header_count++] = value;
        return NET_OK;
    }
    return NET_ERR_USAGE;
}

/* A token given as a flag must not stay in the process list. */
static const char *hide(char *value)
{
    char *copy = mem_text(value);
    mem_wipe(value, strlen(value));
    return copy;
}

struct cursor {
    int argc;
    char **argv;
    int at;
    uint64_t seen;
};

static enum net_err take_flag(struct cursor *cursor, const struct flag *flag, char *inline_value,
                              struct options *out, struct failure *why)
{
    char *value = inline_value;
    cursor->seen |= UINT64_C(1) << (flag - flags);
    if (flag->kind == FLAG_SWITCH) {
        if (inline_value != NULL) {
            return failure_set(why, NET_ERR_USAGE, "--%s takes no value", flag->name);
        }
        *(bool *)(void *)((char *)out + flag->offset) = true;
        return NET_OK;
    }
    if (value == NULL) {
        if (cursor->at >= cursor->argc) {
            return failure_set(why, NET_ERR_USAGE, "--%s wants a value (%s)", flag->name,
                               flag->value);
        }
        value = cursor->argv[cursor->at++];
    }
    bool secret = flag->offset == AT(token) && flag->kind == FLAG_TEXT;
    return set_value(out, flag, secret ? hide(value) : value, why);
}

static enum net_err take_long(struct cursor *cursor, char *arg, struct options *out,
                              struct failure *why)
{
    size_t len = strcspn(arg, "=");
    const struct flag *flag = find_flag(arg, len);
    if (flag == NULL) {
        return unknown_flag(arg, why);
    }
    return take_flag(cursor, flag, arg[len] == '=' ? arg + len + 1 : NULL, out, why);
}

/* "-n 5", "-n5", "-vh". */
static enum net_err take_short(struct cursor *cursor, char *arg, struct options *out,
                               struct failure *why)
{
    for (char *at = arg; *at != '\0'; at++) {
        const struct flag *flag = find_letter(*at);
        if (flag == NULL) {
            return failure_set(why, NET_ERR_USAGE, "unknown flag -%c; see derptop --help", *at);
        }
        bool rest = flag->value != NULL && at[1] != '\0';
        enum net_err err = take_flag(cursor, flag, rest ? at + 1 : NULL, out, why);
        if (err != NET_OK || flag->value != NULL) {
            return err;
        }
    }
    return NET_OK;
}

static bool take_command(const char *word, struct options *out)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (commands[i].name[0] != '\0' && strcmp(word, commands[i].name) == 0) {
            out->command = commands[i].command;
            return true;
        }
    }
    return false;
}

static enum net_err take_word(char *word, bool *command_seen, struct options *out,
                              struct failure *why)
{
    if (!*command_seen && out->target == NULL && take_command(word, out)) {
        *command_seen = true;
        return NET_OK;
    }
    if (out->target != NULL) {
        return failure_set(why, NET_ERR_USAGE, "one WORKSPACE is wanted, \"%s\" is a second", word);
    }
    out->target = word;
    return NET_OK;
}

static enum net_err check_fit(const struct cursor *cursor, const struct options *out,
                              struct failure *why)
{
    for (size_t i = 0; i < FLAG_TOTAL; i++) {
        bool given = (cursor->seen >> i & 1) != 0;
        if (given && (flags[i].commands & 1U << out->command) == 0) {
            return failure_set(why, NET_ERR_USAGE, "--%s does not go with this command",
                               flags[i].name);
        }
    }
    if (out->help || out->version) {
        return NET_OK;
    }
    if (out->command == OPTIONS_PING && out->target == NULL) {
        return failure_set(why, NET_ERR_USAGE,
                           "derptop ping WORKSPACE: which one? `derptop list` shows them");
    }
    bool takes_none = out->command == OPTIONS_LIST || out->command == OPTIONS_NETCHECK;
    if (takes_none && out->target != NULL) {
        return failure_set(why, NET_ERR_USAGE, "derptop %s takes no WORKSPACE",
                           out->command == OPTIONS_LIST ? "list" : "netcheck");
    }
    return NET_OK;
}

enum net_err options_parse(int argc, char **argv, struct options *out, struct failure *why)
{
    struct cursor cursor = {.argc = argc, .argv = argv, .at = 1};
    bool command_seen = false;
    bool only_words = false;
    enum net_err err = NET_OK;
    *out = (struct options){.color = "auto",
                            .interval_ns = NS_PER_SEC,
                            .wait_ns = NS_PER_SEC,
                            .timeout_ns = 5 * NS_PER_SEC};
    while (err == NET_OK && cursor.at < argc) {
        char *arg = argv[cursor.at++];
        if (only_words || arg[0] != '-' || arg[1] == '\0') {
            err = take_word(arg, &command_seen, out, why);
        } else if (strcmp(arg, "--") == 0) {
            only_words = true;
        } else if (arg[1] == '-') {
            err = take_long(&cursor, arg + 2, out, why);
        } else {
            err = take_short(&cursor, arg + 1, out, why);
        }
        if (err == NET_OK && out->command == OPTIONS_LAB) {
            out->lab_argc = argc - (cursor.at - 1);
            out->lab_argv = argv + (cursor.at - 1);
            return NET_OK;
        }
    }
    return err != NET_OK ? err : check_fit(&cursor, out, why);
}

static void help_flags(FILE *out, const char *title, unsigned mask)
{
    (void)fprintf(out, "\n%s:\n", title);
    for (size_t i = 0; i < FLAG_TOTAL; i++) {
        char left[64];
        if (flags[i].commands != mask) {
            continue;
        }
        text_format(left, sizeof left, "  %c%c%s--%s%s%s", flags[i].letter == 0 ? ' ' : '-',
                    flags[i].letter == 0 ? ' ' : flags[i].letter,
                    flags[i].letter == 0 ? "  " : ", ", flags[i].name,
                    flags[i].value == NULL ? "" : " ",
                    flags[i].value == NULL ? "" : flags[i].value);
        (void)fprintf(out, "%-*s  %s\n", NAME_COLUMN, left, flags[i].help);
    }
}

void options_help(FILE *out)
{
    (void)fputs("derptop: live monitor of a Coder tailnet connection\n\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        (void)fprintf(out, "  %-*s%s\n", NAME_COLUMN, commands[i].usage, commands[i].help);
    }
    (void)fputs("\nWORKSPACE is [owner/]name[.agent].\n", out);
    help_flags(out, "Monitor", FOR_MONITOR);
    help_flags(out, "ping", FOR_PING);
    help_flags(out, "list, ping and netcheck", FOR_HEADLESS);
    help_flags(out, "All", FOR_ALL);
    (void)fputs("\nA flag wins over its variable, a variable over the files of `coder login`.\n"
                "Proxies: HTTPS_PROXY, HTTP_PROXY, NO_PROXY.\n"
                "Exit status: 0 done; 1 it failed (no pong); 2 wrong usage; 3 not signed in or\n"
                "refused; 130 interrupted. Results go to stdout, all else to stderr.\n",
                out);
}

void options_settings_flags(const struct options *options, struct settings_flags *out)
{
    *out = (struct settings_flags){
        .url = options->url,
        .token = options->token,
        .config_dir = options->config_dir,
        .headers = options->headers,
        .header_count = options->header_count,
        .header_command = options->header_command,
        .ca_file = options->ca_file,
        .cert_file = options->cert_file,
        .key_file = options->key_file,
        .disable_direct = options->disable_direct,
    };
}
