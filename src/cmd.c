#include "src/cmd.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/base/text.h"
#include "src/out.h"

int cmd_status(const struct failure *failure)
{
    if (failure->code == NET_OK) {
        return EXIT_DONE;
    }
    return failure->code == NET_ERR_AUTH    ? EXIT_REFUSED
           : failure->code == NET_ERR_USAGE ? EXIT_USAGE
                                            : EXIT_FAILED;
}

static const char *get_env(const char *name)
{
    return getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread is started
}

int cmd_settings_quiet(const struct options *options, struct settings *out, struct failure *why)
{
    struct settings_flags flags;
    options_settings_flags(options, &flags);
    return settings_load(&flags, get_env, out, why) == NET_OK ? EXIT_DONE : cmd_status(why);
}

int cmd_settings(const struct options *options, struct settings *out)
{
    struct failure why;
    int status = cmd_settings_quiet(options, out, &why);
    if (status != EXIT_DONE) {
        out_error(why.text);
    }
    return status;
}

static void tell_problems(const char *path, const struct config_problems *problems)
{
    char text[CONFIG_PATH + 300];
    for (size_t i = 0; i < problems->count && i < CONFIG_PROBLEMS_MAX; i++) {
        const struct config_problem *one = &problems->kept[i];
        if (one->line > 0) {
            text_format(text, sizeof text, "%s:%zu: %s", path, one->line, one->text);
        } else {
            text_format(text, sizeof text, "%s: %s", path, one->text);
        }
        out_error(text);
    }
    if (problems->count > CONFIG_PROBLEMS_MAX) {
        text_format(text, sizeof text, "%s: %zu more", path, problems->count - CONFIG_PROBLEMS_MAX);
        out_error(text);
    }
    (void)fputs("`derptop --print-config` prints what there is; --config /dev/null does without.\n",
                stderr);
}

/* A flag wins over its variable, a variable over the file. */
static void lay_flags_over(const struct options *options, struct config *config)
{
    const char *no_color = get_env("NO_COLOR");
    if (options->color != NULL) {
        text_copy(config->color, sizeof config->color, options->color);
    } else if (no_color != NULL && no_color[0] != '\0') {
        text_copy(config->color, sizeof config->color, "auto"); /* which looks at the variable */
    }
    config->ascii |= options->ascii;
    config->mouse |= options->mouse;
    config->mask |= options->mask;
    config->keep |= options->keep;
    if (options->theme != NULL) {
        text_copy(config->theme, sizeof config->theme, options->theme);
    }
    config->interval_ns = options->interval_ns != 0 ? options->interval_ns : config->interval_ns;
}

struct grade_limits cmd_grade(const struct config *config)
{
    return (struct grade_limits){.good_ns = config->good_ns,
                                 .poor_ns = config->poor_ns,
                                 .samples = (unsigned)config->grade_samples};
}

struct diagnose_limits cmd_limits(const struct config *config)
{
    return (struct diagnose_limits){.loss_permille = (unsigned)config->loss_limit * 10,
                                    .jitter_ns = config->jitter_limit_ns,
                                    .latency_ns = config->poor_ns};
}

int cmd_config(const struct options *options, struct config *out)
{
    struct config_problems problems;
    char path[CONFIG_PATH];
    config_path(options->config_file, get_env, path);
    if (config_load(path, options->config_file != NULL, out, &problems) != NET_OK) {
        tell_problems(path, &problems);
        return EXIT_USAGE;
    }
    lay_flags_over(options, out);
    return EXIT_DONE;
}
