#include "src/complete.h"

#include <string.h>

#include "net/base/text.h"
#include "src/lab_options.h"
#include "src/options_internal.h"

void completion_add(struct completion *out, const char *word, const char *help)
{
    if (out->count < COMPLETION_WORDS_MAX && strncmp(word, out->typed, strlen(out->typed)) == 0) {
        text_copy(out->words[out->count].word, COMPLETION_WORD, word);
        text_copy(out->words[out->count].help, COMPLETION_WORD, help);
        out->count++;
    }
}

/* The flag that the word is, if it still wants its value: "--color", "-n", "-vn". */
static const struct flag *open_flag(const char *word, enum options_command command)
{
    const struct flag *flag = NULL;
    if (strncmp(word, "--", 2) == 0) {
        flag = options_find_flag(word + 2, strlen(word + 2), command);
    } else if (word[0] == '-') {
        flag = options_find_letter(word[strlen(word) - 1], command);
    }
    return flag != NULL && flag->value != NULL ? flag : NULL;
}

/* The values of a flag; `before` stands before each ("--color=", or nothing). */
static void add_values(const struct flag *flag, const char *before, struct completion *out)
{
    char choice[COMPLETION_WORD];
    char word[COMPLETION_WORD * 2];
    switch (flag->kind) {
    case FLAG_FILE:
        out->kind = COMPLETION_FILES;
        break;
    case FLAG_DIRECTORY:
        out->kind = COMPLETION_DIRECTORIES;
        break;
    case FLAG_CHOICE:
        for (size_t i = 0; options_choice(flag->value, i, choice, sizeof choice); i++) {
            text_format(word, sizeof word, "%s%s", before, choice);
            completion_add(out, word, "");
        }
        break;
    case FLAG_SWITCH:
    case FLAG_TEXT:
    case FLAG_DURATION:
    case FLAG_COUNT:
    case FLAG_HEADER:
        break;
    }
}

static void add_flags(enum options_command command, struct completion *out)
{
    for (size_t i = 0; i < options_flag_count; i++) {
        char word[COMPLETION_WORD];
        if ((options_flags[i].commands & 1U << command) != 0) {
            text_format(word, sizeof word, "--%s", options_flags[i].name);
            completion_add(out, word, options_flags[i].help);
        }
    }
}

/* The lab has a parser of its own, whose help has a line "  --flag VALUE   text" for each. */
static void add_lab_flags(struct completion *out)
{
    for (const char *at = lab_options_help(); at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        const char *flag = strstr(at, "--");
        if (flag != NULL && strncmp(at, "  -", 3) == 0 && flag < at + strcspn(at, "\n")) {
            char word[COMPLETION_WORD];
            text_copy(word, sizeof word, flag);
            word[strcspn(word, " \n")] = '\0';
            completion_add(out, word, "");
        }
    }
}

static void add_commands(struct completion *out)
{
    for (size_t i = 0; i < options_command_count; i++) {
        if (options_commands[i].name[0] != '\0' && options_commands[i].usage != NULL) {
            completion_add(out, options_commands[i].name, options_commands[i].help);
        }
    }
}

/* What stands before the word that is typed. */
struct before {
    const struct command_row *row; /* of the command */
    bool command_seen;
    size_t operands;
    const struct flag *open; /* wants its value */
    bool only_words;         /* after "--" */
};

static void take_word(struct before *before, const char *word)
{
    if (before->command_seen || before->operands > 0) {
        before->operands++;
        return;
    }
    for (size_t i = 0; i < options_command_count; i++) {
        if (options_commands[i].name[0] != '\0' && strcmp(word, options_commands[i].name) == 0) {
            before->row = &options_commands[i];
            before->command_seen = true;
            return;
        }
    }
    before->operands++;
}

static void look_before(size_t count, const char *const *words, struct before *before)
{
    *before = (struct before){.row = options_command_row(OPTIONS_MONITOR)};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], "=") == 0) {
            continue;
        }
        if (before->open != NULL) {
            before->open = NULL; /* that was its value */
        } else if (strcmp(words[i], "--") == 0) {
            before->only_words = true;
        } else if (!before->only_words && words[i][0] == '-' && words[i][1] != '\0') {
            before->open = open_flag(words[i], before->row->command);
        } else {
            take_word(before, words[i]);
        }
    }
}

static void add_operands(const struct before *before, struct completion *out)
{
    if (!before->command_seen && before->operands == 0) {
        add_commands(out);
    }
    switch (before->row->operand) {
    case OPERAND_NONE:
        break;
    case OPERAND_FILE:
        out->kind = before->operands == 0 ? COMPLETION_FILES : COMPLETION_WORDS;
        break;
    case OPERAND_FILES:
        out->kind = before->operands < 2 ? COMPLETION_FILES : COMPLETION_WORDS;
        break;
    case OPERAND_WORKSPACES:
        out->workspaces = true;
        break;
    case OPERAND_MAY_WORKSPACE:
    case OPERAND_WORKSPACE:
        out->workspaces = before->operands == 0;
        break;
    }
}

/* "--color=al": the shell wants the whole word back. */
static void add_values_inline(enum options_command command, struct completion *out)
{
    char before[COMPLETION_WORD];
    size_t len = strcspn(out->typed, "=");
    if (strncmp(out->typed, "--", 2) != 0 || len + 2 > sizeof before) {
        return;
    }
    memcpy(before, out->typed, len + 1);
    before[len + 1] = '\0';
    const struct flag *flag = options_find_flag(before + 2, len - 2, command);
    if (flag != NULL && flag->value != NULL) {
        add_values(flag, before, out);
    }
}

void complete(size_t count, const char *const *words, struct completion *out)
{
    struct before before;
    *out = (struct completion){.typed = count > 0 ? words[count - 1] : ""};
    if (strcmp(out->typed, "=") == 0) {
        out->typed = "";
    }
    look_before(count > 0 ? count - 1 : 0, words, &before);
    bool flag = out->typed[0] == '-' && !before.only_words;
    if (before.open != NULL) {
        add_values(before.open, "", out);
    } else if (flag && strchr(out->typed, '=') != NULL) {
        add_values_inline(before.row->command, out);
    } else if (flag) {
        if (before.row->command == OPTIONS_LAB) {
            add_lab_flags(out);
        } else {
            add_flags(before.row->command, out);
        }
    } else {
        add_operands(&before, out);
    }
}
