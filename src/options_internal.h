/*
 * The tables of flags and commands, shared by parser, help and completions.
 */
#ifndef SRC_OPTIONS_INTERNAL_H
#define SRC_OPTIONS_INTERNAL_H

#include <stddef.h>

#include "src/options.h"

enum flag_kind {
    FLAG_SWITCH,
    FLAG_TEXT,
    FLAG_FILE,
    FLAG_DIRECTORY,
    FLAG_DURATION,
    FLAG_COUNT,
    FLAG_HEADER,
    FLAG_CHOICE,
};

struct flag {
    const char *name;
    char letter;       /* 0 = none */
    const char *value; /* its name in the help; NULL for a switch; a choice's: "auto|never" */
    enum flag_kind kind;
    unsigned commands; /* 1 << enum options_command */
    size_t offset;
    const char *help;
};

/* What a command takes besides flags. */
enum operand {
    OPERAND_NONE,
    OPERAND_MAY_WORKSPACE,
    OPERAND_WORKSPACE,
    OPERAND_WORKSPACES,
    OPERAND_FILE,
    OPERAND_FILES, /* two */
};

struct command_row {
    const char *name; /* "" = without a word: the monitor */
    enum options_command command;
    enum operand operand;
    const char *usage; /* NULL: not for people */
    const char *help;
};

extern const struct flag options_flags[];
extern const size_t options_flag_count;
extern const struct command_row options_commands[];
extern const size_t options_command_count;

/* The flags that every command has which talks to the deployment: they say where it is, and who we
 * are. */
extern const unsigned options_deployment_mask;
extern const unsigned options_every_mask;

/* NULL: no such flag. `len` characters of `name` count. Where two commands have a flag of the same
 * name, that of `command` is meant. */
const struct flag *options_find_flag(const char *name, size_t len, enum options_command command);
const struct flag *options_find_letter(char letter, enum options_command command);

/* The nth of the words of "auto|never", into `out`; false when there are fewer. */
bool options_choice(const char *choices, size_t n, char *out, size_t size);

/* The row of a command (the monitor's first one). */
const struct command_row *options_command_row(enum options_command command);

#endif
