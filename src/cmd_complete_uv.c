/*
 * `derptop __complete WORDS…`: what the last word may become, for the scripts in src/completions.
 * First a line that says of which kind it is (words, files, directories), then each word, a tab and
 * what it means. Says nothing else, and asks the deployment for a second at most: a shell waits.
 */
#include <stdlib.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/cmd.h"
#include "src/complete.h"
#include "src/out.h"
#include "src/workspaces_uv.h"

enum { PATIENCE_MS = 1000 };

static void add_workspace(struct completion *out, const struct deployment_workspace *workspace)
{
    char name[2 * DEPLOYMENT_NAME_SIZE];
    const char *state = workspace_status_name(workspace->status);
    completion_add(out, workspace->name, state);
    for (size_t i = 0; i < workspace->agent_count && workspace->agent_count > 1; i++) {
        text_format(name, sizeof name, "%s.%s", workspace->name, workspace->agents[i].name);
        completion_add(out, name, state);
    }
}

static void on_list(void *owner, const struct failure *failure,
                    struct deployment_workspaces *workspaces)
{
    (void)failure;
    for (size_t i = 0; workspaces != NULL && i < workspaces->count; i++) {
        add_workspace(owner, &workspaces->items[i]);
    }
}

static const char *get_env(const char *name)
{
    return getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread is started
}

/* With the flags that stand on the line; what is wrong with it is no matter yet. */
static void ask_deployment(int argc, char **argv, struct completion *out)
{
    struct options options;
    struct settings_flags flags;
    struct settings settings;
    struct failure why;
    struct log log;
    why.code = options_parse(argc, argv, &options, &why);
    options_settings_flags(&options, &flags);
    if (settings_load(&flags, get_env, &settings, &why) != NET_OK) {
        return;
    }
    log_init(&log, LOG_ERROR);
    workspaces_fetch(&settings, &log, PATIENCE_MS, on_list, out);
    log_clear(&log);
    settings_clear(&settings);
}

int cmd_complete(int argc, char **argv)
{
    static const char *const kinds[] = {
        [COMPLETION_WORDS] = "words",
        [COMPLETION_FILES] = "files",
        [COMPLETION_DIRECTORIES] = "directories",
    };
    struct completion *found = mem_new(sizeof *found);
    /* argv[0] is "__complete", where a command line has the program's name. */
    complete((size_t)argc - 1, (const char *const *)(argv + 1), found);
    if (found->workspaces) {
        ask_deployment(argc - 1, argv, found);
    }
    out_text("%s\n", kinds[found->kind]);
    for (size_t i = 0; i < found->count; i++) {
        char word[COMPLETION_WORD];
        (void)text_clean(word, sizeof word, bytes_text(found->words[i].word));
        out_text("%s\t%s\n", word, found->words[i].help);
    }
    free(found);
    return EXIT_DONE;
}
