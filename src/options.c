#include "src/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "src/diff.h"
#include "src/duration.h"
#include "src/options_internal.h"

enum {
    NEAR = 3, /* edits: further away is not what was meant */
    NEAR_COMMAND = 2,
    SPEEDTEST_SECONDS_MOST = 300,
};

static enum net_err unknown_flag(const char *given, struct failure *why)
{
    const char *best = NULL;
    unsigned best_distance = NEAR + 1;
    char name[64];
    text_copy(name, sizeof name, given);
    name[strcspn(name, "=")] = '\0';
    for (size_t i = 0; i < options_flag_count; i++) {
        unsigned distance = text_distance(name, options_flags[i].name);
        if (distance < best_distance) {
            best = options_flags[i].name;
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

static bool is_choice(const char *choices, const char *value)
{
    char choice[32];
    for (size_t i = 0; options_choice(choices, i, choice, sizeof choice); i++) {
        if (strcmp(choice, value) == 0) {
            return true;
        }
    }
    return false;
}

static enum net_err set_value(struct options *out, const struct flag *flag, const char *value,
                              struct failure *why)
{
    char *place = (char *)out + flag->offset;
    switch (flag->kind) {
    case FLAG_SWITCH: /* has no value */
        break;
    case FLAG_CHOICE:
        if (!is_choice(flag->value, value)) {
            return failure_set(why, NET_ERR_USAGE, "--%s wants %s, not \"%s\"", flag->name,
                               flag->value, value);
        }
        *(const char **)(void *)place = value;
        return NET_OK;
    case FLAG_TEXT:
    case FLAG_FILE:
    case FLAG_DIRECTORY:
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
    cursor->seen |= UINT64_C(1) << (flag - options_flags);
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
    bool secret = flag->offset == offsetof(struct options, token) && flag->kind == FLAG_TEXT;
    return set_value(out, flag, secret ? hide(value) : value, why);
}

static enum net_err take_long(struct cursor *cursor, char *arg, struct options *out,
                              struct failure *why)
{
    size_t len = strcspn(arg, "=");
    const struct flag *flag = options_find_flag(arg, len, out->command);
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
        const struct flag *flag = options_find_letter(*at, out->command);
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
    for (size_t i = 0; i < options_command_count; i++) {
        if (options_commands[i].name[0] != '\0' && strcmp(word, options_commands[i].name) == 0) {
            out->command = options_commands[i].command;
            out->named = true;
            return true;
        }
    }
    return false;
}

/* Two words and no command: the first may be one with a slip. NULL: none is like it. */
static const char *nearest_command(const char *word)
{
    const char *best = NULL;
    unsigned best_distance = NEAR_COMMAND + 1;
    for (size_t i = 0; i < options_command_count; i++) {
        unsigned distance = text_distance(word, options_commands[i].name);
        if (distance < best_distance && options_commands[i].usage != NULL) {
            best = options_commands[i].name;
            best_distance = distance;
        }
    }
    return best;
}

static enum net_err take_word(char *word, bool *command_seen, struct options *out,
                              struct failure *why)
{
    if (!*command_seen && out->target == NULL && take_command(word, out)) {
        *command_seen = true;
        return NET_OK;
    }
    enum operand operand = options_command_row(out->command)->operand;
    if (operand == OPERAND_FILES && out->target_count == 2) {
        return failure_set(why, NET_ERR_USAGE, "two files are wanted, \"%s\" is a third", word);
    }
    if (out->target != NULL && operand != OPERAND_WORKSPACES && operand != OPERAND_FILES) {
        const char *meant = *command_seen ? NULL : nearest_command(out->target);
        if (meant != NULL) {
            return failure_set(why, NET_ERR_USAGE, "unknown command \"%s\"; did you mean %s?",
                               out->target, meant);
        }
        return failure_set(why, NET_ERR_USAGE, "one WORKSPACE is wanted, \"%s\" is a second", word);
    }
    if (out->target_count == OPTIONS_TARGETS_MAX) {
        return failure_set(why, NET_ERR_USAGE, "more than %d WORKSPACE", OPTIONS_TARGETS_MAX);
    }
    out->target = out->target == NULL ? word : out->target;
    out->targets[out->target_count++] = word;
    return NET_OK;
}

static enum net_err check_speedtest(const struct options *out, struct failure *why)
{
    if (out->duration_ns > SPEEDTEST_SECONDS_MOST * NS_PER_SEC) {
        return failure_set(why, NET_ERR_USAGE, "--time: a speed test lasts 5m at most");
    }
    if (out->both && out->direction != NULL) {
        return failure_set(why, NET_ERR_USAGE,
                           "--both tests down, then up: it goes without --direction");
    }
    if (out->direct && out->disable_direct) {
        return failure_set(why, NET_ERR_USAGE,
                           "--direct does not go with --disable-direct-connections");
    }
    return NET_OK;
}

static enum net_err check_fit(const struct cursor *cursor, const struct options *out,
                              struct failure *why)
{
    for (size_t i = 0; i < options_flag_count; i++) {
        bool given = (cursor->seen >> i & 1) != 0;
        if (given && (options_flags[i].commands & 1U << out->command) == 0) {
            return failure_set(why, NET_ERR_USAGE, "--%s does not go with this command",
                               options_flags[i].name);
        }
    }
    if (out->help || out->version || out->print_config || out->print_config_schema) {
        return NET_OK;
    }
    const struct command_row *row = options_command_row(out->command);
    if (row->operand == OPERAND_WORKSPACE && out->target == NULL) {
        return failure_set(why, NET_ERR_USAGE, "%s: which one? `derptop list` shows them",
                           row->usage);
    }
    if (out->command == OPTIONS_SPEEDTEST) {
        return check_speedtest(out, why);
    }
    if (row->operand == OPERAND_FILE && out->target == NULL) {
        return failure_set(why, NET_ERR_USAGE, "%s: which one?", row->usage);
    }
    if (row->operand == OPERAND_FILES && out->target_count < 2) {
        return failure_set(why, NET_ERR_USAGE, "%s: which two?", row->usage);
    }
    if (out->command == OPTIONS_RECORD && out->output == NULL) {
        return failure_set(why, NET_ERR_USAGE, "%s: into which file?", row->usage);
    }
    if (out->listen != NULL && out->textfile != NULL) {
        return failure_set(why, NET_ERR_USAGE, "--listen or --textfile, not both");
    }
    if (row->operand == OPERAND_NONE && out->target != NULL) {
        return failure_set(why, NET_ERR_USAGE, "derptop %s takes no WORKSPACE", row->name);
    }
    return NET_OK;
}

enum net_err options_parse(int argc, char **argv, struct options *out, struct failure *why)
{
    struct cursor cursor = {.argc = argc, .argv = argv, .at = 1};
    bool command_seen = false;
    bool only_words = false;
    enum net_err err = NET_OK;
    *out = (struct options){.wait_ns = NS_PER_SEC,
                            .timeout_ns = 5 * NS_PER_SEC,
                            .duration_ns = 5 * NS_PER_SEC,
                            .threshold = DIFF_THRESHOLD};
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
        if (err == NET_OK && (out->command == OPTIONS_LAB || out->command == OPTIONS_COMPLETE)) {
            out->rest_argc = argc - (cursor.at - 1);
            out->rest_argv = argv + (cursor.at - 1);
            return NET_OK;
        }
    }
    return err != NET_OK ? err : check_fit(&cursor, out, why);
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
