/*
 * `--help`: that of the program and of each command fits a screen of 80x24.
 */
#include "net/base/text.h"
#include "src/options_internal.h"

enum {
    USAGE_COLUMN = 34,
    FLAG_COLUMN = 34,
    FLAGS_BESIDE = 9, /* of a command, so that those of the deployment fit the screen, too */
};

static void help_flag(FILE *out, const struct flag *flag)
{
    char left[64];
    const char *value = flag->value == NULL ? "" : flag->value;
    if (flag->letter == 0) {
        text_format(left, sizeof left, "      --%s%s%s", flag->name, *value == '\0' ? "" : " ",
                    value);
    } else {
        text_format(left, sizeof left, "  -%c, --%s%s%s", flag->letter, flag->name,
                    *value == '\0' ? "" : " ", value);
    }
    (void)fprintf(out, "%-*s  %s\n", FLAG_COLUMN, left, flag->help);
}

static bool is_of_deployment(const struct flag *flag)
{
    return flag->commands == options_deployment_mask && flag->commands != options_every_mask;
}

/* Every command has these two: they share a line. */
static void help_common(FILE *out)
{
    (void)fprintf(out, "%-*s  %s\n", FLAG_COLUMN, "  -h, --help, --version",
                  "this text; version and libraries");
}

/* Whether it is one of the command's own, or one of those that say where the deployment is. */
static bool is_listed(const struct flag *flag, enum options_command command, bool of_deployment)
{
    return (flag->commands & 1U << command) != 0 && flag->commands != options_every_mask &&
           is_of_deployment(flag) == of_deployment;
}

/* Returns how many they are. */
static unsigned help_flags(FILE *out, enum options_command command, bool of_deployment)
{
    unsigned count = 0;
    for (size_t i = 0; i < options_flag_count; i++) {
        if (is_listed(&options_flags[i], command, of_deployment)) {
            help_flag(out, &options_flags[i]);
            count++;
        }
    }
    if (!of_deployment) {
        help_common(out);
    }
    return count;
}

static void help_program(FILE *out)
{
    (void)fputs("derptop: live monitor of a Coder tailnet connection\n", out);
    for (size_t i = 0; i < options_command_count; i++) {
        const struct command_row *row = &options_commands[i];
        if (row->usage != NULL) {
            (void)fprintf(out, "  %-*s%s\n", USAGE_COLUMN, row->usage, row->help);
        }
    }
    (void)fputs(
        "\nWORKSPACE is [owner/]name[.agent]. With no deployment at hand: `derptop --lab`.\n\n"
        "Flags of a command: `derptop COMMAND --help`. Those that say where the\n"
        "deployment is, and who you are: `derptop list --help`. All: `man derptop`.\n",
        out);
    help_common(out);
}

void options_help(FILE *out, const struct options *options)
{
    enum options_command command = options->command;
    const struct command_row *row = options_command_row(command);
    if (!options->named) {
        help_program(out);
        return;
    }
    (void)fprintf(out, "%s: %s\n", row->usage, row->help);
    unsigned own = help_flags(out, command, false);
    if ((options_deployment_mask >> command & 1) == 0) {
        /* it talks to none */
    } else if (own > FLAGS_BESIDE) {
        (void)fputs("Where the deployment is, and who you are: `derptop list --help`.\n", out);
    } else {
        (void)fputs("Where the deployment is, and who you are:\n", out);
        (void)help_flags(out, command, true);
        (void)fputs("A flag wins over its variable, a variable over the files.\n", out);
    }
    (void)fputs("Exit status: 0 done, 1 failed, 2 wrong usage, 3 not signed in, 130 interrupted.\n",
                out);
}
