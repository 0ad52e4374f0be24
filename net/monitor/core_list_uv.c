/*
 * What the deployment is asked by REST: who am I, which workspaces, which one is meant, how to
 * connect. Each is a question that is asked until it is answered; the list is asked again and
 * again.
 */
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/monitor/core_internal.h"

enum {
    RETRY_FIRST_MS = 500,
    RETRY_LIMIT_MS = 15000,
    REFUSED_RETRY_S = 30, /* a refused token is seldom accepted soon after */
    LIST_POLL_S = 10, /* agents' states, and the list itself where the server sends no updates */
    LIST_SETTLE_MS = 300, /* after an update: a build changes several things at once */
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_REFUSED = 3,
};

static void on_timer(uv_timer_t *timer)
{
    struct question *question = timer->data;
    question->retry_at = MONO_NEVER;
    if (question->call == NULL && !question->core->closing) {
        question->ask(question->core);
    }
}

static void ask_after(struct question *question, uint64_t delay_ns)
{
    question->retry_at = mono_after(mono_now(), delay_ns);
    (void)uv_timer_start(&question->timer, on_timer, delay_ns / NS_PER_MS, 0);
}

static void answered(struct question *question)
{
    struct core *core = question->core;
    question->call = NULL;
    if (question->failure.code != NET_OK) {
        core_event(core, "%s: answered again", question->what);
    }
    if (!question->answered || question->failure.code != NET_OK) {
        question->since = mono_now();
    }
    question->answered = true;
    question->failure = (struct failure){.code = NET_OK};
    backoff_reset(&question->backoff);
    core_dirty(core);
}

static void failed(struct question *question, const struct failure *failure)
{
    struct core *core = question->core;
    bool is_new = strcmp(question->failure.text, failure->text) != 0;
    question->call = NULL;
    if (question->failure.code == NET_OK) {
        question->since = mono_now();
    }
    question->failure = *failure;
    bool no_such = failure->code == NET_ERR_NOT_FOUND || failure->code == NET_ERR_USAGE;
    if (question == &core->target &&
        (core->options.headless || (core->options.must_find && no_such))) {
        core_fatal(core, failure);
        return;
    }
    if (is_new) {
        core_event(core, "%s", failure->text);
    }
    if (failure->code == NET_ERR_AUTH) {
        core_fatal(core, failure);
        ask_after(question, REFUSED_RETRY_S * NS_PER_SEC);
    } else {
        ask_after(question, backoff_next(&question->backoff, core->rng));
    }
    core_dirty(core);
}

/* --- who am I ------------------------------------------------------------------------------- */

static void on_user(void *owner, const struct failure *failure, const struct deployment_user *user)
{
    struct core *core = owner;
    if (user == NULL) {
        failed(&core->user, failure);
        return;
    }
    core->user_info = *user;
    core->user_known = true;
    core_signed_in_again(core);
    answered(&core->user);
    core_coordinator_start(core);
}

static void ask_user(struct core *core)
{
    core->user.call = api_user(core->api, on_user, core);
}

/* --- the list ------------------------------------------------------------------------------- */

static const struct deployment_agent *first_agent(const struct deployment_workspace *workspace)
{
    return workspace->agent_count > 0 ? &workspace->agents[0] : NULL;
}

/* With nothing named, the first agent that is connected; else the first of any workspace. */
static void select_first(struct core *core)
{
    const struct deployment_workspace *best = NULL;
    for (size_t i = 0; i < core->workspaces.count; i++) {
        const struct deployment_workspace *workspace = &core->workspaces.items[i];
        const struct deployment_agent *agent = first_agent(workspace);
        if (agent != NULL && agent->status == AGENT_CONNECTED) {
            core_select(core, &workspace->id, &agent->id);
            return;
        }
        if (best == NULL || (agent != NULL && first_agent(best) == NULL)) {
            best = workspace;
        }
    }
    if (best != NULL) {
        const struct deployment_agent *agent = first_agent(best);
        core_select(core, &best->id, agent == NULL ? NULL : &agent->id);
    }
}

/* What the selected agent is called: after a stop and a start it is another one of that name. */
static void remember_agent(struct core *core)
{
    const struct deployment_workspace *workspace = NULL;
    const struct deployment_agent *agent = NULL;
    if (core_find_row(core, &core->selected, &workspace, &agent) && agent != NULL) {
        core->agent_workspace = workspace->id;
        text_copy(core->agent_name, sizeof core->agent_name, agent->name);
    }
}

static const struct deployment_agent *agent_again(const struct core *core,
                                                  const struct deployment_workspace *workspace)
{
    bool known = uuid_equal(&workspace->id, &core->agent_workspace);
    for (size_t i = 0; known && i < workspace->agent_count; i++) {
        if (strcmp(workspace->agents[i].name, core->agent_name) == 0) {
            return &workspace->agents[i];
        }
    }
    return first_agent(workspace);
}

/* The selected workspace may have got its agent, or a new one, by being started. */
static void reselect(struct core *core)
{
    for (size_t i = 0; i < core->workspaces.count; i++) {
        const struct deployment_workspace *workspace = &core->workspaces.items[i];
        if (!uuid_equal(&workspace->id, &core->selected_workspace)) {
            continue;
        }
        for (size_t a = 0; a < workspace->agent_count; a++) {
            if (uuid_equal(&workspace->agents[a].id, &core->selected)) {
                return;
            }
        }
        const struct deployment_agent *agent = agent_again(core, workspace);
        if (agent != NULL || !uuid_equal(&core->selected, &workspace->id)) {
            core_select(core, &workspace->id, agent == NULL ? NULL : &agent->id);
        }
        return;
    }
}

static bool holds(const struct deployment_workspaces *list, const struct uuid *id)
{
    for (size_t i = 0; i < list->count; i++) {
        if (uuid_equal(&list->items[i].id, id)) {
            return true;
        }
    }
    return false;
}

/* Takes it. */
static const struct deployment_workspace *add(struct deployment_workspaces *list,
                                              struct deployment_workspace *workspace)
{
    list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count] = *workspace;
    *workspace = (struct deployment_workspace){0};
    list->total++;
    return &list->items[list->count++];
}

/* A workspace of somebody else's that was named is in no list of ours: it is carried over. */
static void carry_over(struct core *core, struct deployment_workspaces *fresh)
{
    for (size_t i = 0; i < core->workspaces.count; i++) {
        struct deployment_workspace *old = &core->workspaces.items[i];
        bool ours = core->user_known && strcmp(old->owner_name, core->user_info.username) == 0;
        if (!ours && uuid_equal(&old->id, &core->selected_workspace) && !holds(fresh, &old->id)) {
            (void)add(fresh, old);
            return;
        }
    }
}

static void on_list(void *owner, const struct failure *failure,
                    struct deployment_workspaces *workspaces)
{
    struct core *core = owner;
    if (workspaces == NULL) {
        failed(&core->list, failure);
        return;
    }
    remember_agent(core);
    carry_over(core, workspaces);
    deployment_workspaces_clear(&core->workspaces);
    core->workspaces = *workspaces;
    *workspaces = (struct deployment_workspaces){0};
    core_signed_in_again(core);
    answered(&core->list);
    if (uuid_is_zero(&core->selected) && !core->has_target) {
        if (!core->options.select_none) {
            select_first(core);
        }
    } else {
        reselect(core);
    }
    ask_after(&core->list, LIST_POLL_S * NS_PER_SEC);
    core_pump(core);
}

static void ask_list(struct core *core)
{
    core->list.call = api_workspaces(core->api, "owner:me", on_list, core);
}

void core_list_refresh(struct core *core)
{
    if (core->options.keep_list && core->list.call == NULL) {
        ask_after(&core->list, LIST_SETTLE_MS * NS_PER_MS);
    }
}

/* --- the workspace that was named ------------------------------------------------------------- */

static void on_target(void *owner, const struct failure *failure,
                      struct deployment_workspace *workspace)
{
    struct core *core = owner;
    if (workspace == NULL) {
        failed(&core->target, failure);
        return;
    }
    struct workspace_ref ref;
    const struct deployment_agent *agent = NULL;
    struct failure why = {.code = NET_OK};
    /* Until the list arrives, and when it is somebody else's, the list does not have it. */
    const struct deployment_workspace *found =
        holds(&core->workspaces, &workspace->id) ? workspace : add(&core->workspaces, workspace);
    if (workspace_ref_parse(core->target_text, &ref, &why) != NET_OK ||
        workspace_pick_agent(found, ref.agent, &agent, &why) != NET_OK) {
        if (uuid_is_zero(&core->selected_workspace)) {
            core_select(core, &found->id, NULL);
        }
        failed(&core->target, &why);
        return;
    }
    answered(&core->target);
    core_select(core, &found->id, &agent->id);
    core_pump(core);
}

static void ask_target(struct core *core)
{
    struct workspace_ref ref;
    struct failure why;
    if (workspace_ref_parse(core->target_text, &ref, &why) != NET_OK) {
        core_fatal(core, &why);
        return;
    }
    core->target.call = api_workspace(core->api, &ref, on_target, core);
}

/* --- how to connect -----------------------------------------------------------------------------
 */

/* What a finding's link may begin with: nothing that a terminal or a reader could take for
 * something else. */
static bool is_web_address(const char *url)
{
    bool web = strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0;
    for (; *url != '\0' && web; url++) {
        web = *url > ' ' && *url <= '~' && strchr("\"'<>`\\", *url) == NULL;
    }
    return web;
}

/* Where the documentation is: a courtesy. Without an answer the links lead to the usual place. */
static void on_appearance(void *owner, const struct failure *failure,
                          const struct deployment_appearance *appearance)
{
    struct core *core = owner;
    core->appearance = NULL;
    if (appearance == NULL) {
        log_line(&core->log, LOG_DEBUG, LOG_CONTROL, "%s", failure->text);
    } else if (strlen(appearance->docs_url) < sizeof core->docs_url &&
               is_web_address(appearance->docs_url)) {
        size_t len = strlen(appearance->docs_url);
        while (len > 0 && appearance->docs_url[len - 1] == '/') {
            len--;
        }
        text_format(core->docs_url, sizeof core->docs_url, "%.*s", (int)len, appearance->docs_url);
        core_dirty(core);
    }
}

static void ask_appearance(struct core *core)
{
    if (!core->appearance_asked) {
        core->appearance_asked = true;
        core->appearance = api_appearance(core->api, on_appearance, core);
    }
}

static void on_connection(void *owner, const struct failure *failure, struct connection_info *info)
{
    struct core *core = owner;
    if (info == NULL) {
        failed(&core->connection, failure);
        core_no_connection(core);
        return;
    }
    answered(&core->connection);
    core_set_connection(core, info);
    ask_appearance(core);
}

static void ask_connection(struct core *core)
{
    core->connection.call = api_connection(core->api, NULL, on_connection, core);
}

/* --- all of them --------------------------------------------------------------------------------
 */

static void question_init(struct core *core, struct question *question, const char *what,
                          void (*ask)(struct core *core))
{
    *question = (struct question){
        .core = core, .what = what, .ask = ask, .since = mono_now(), .retry_at = MONO_NEVER};
    backoff_init(&question->backoff, RETRY_FIRST_MS * NS_PER_MS, RETRY_LIMIT_MS * NS_PER_MS, 2.0);
    (void)uv_timer_init(core->loop, &question->timer);
    question->timer.data = question;
    core->handles_open++;
}

void core_questions_start(struct core *core)
{
    question_init(core, &core->user, "who am I", ask_user);
    question_init(core, &core->list, "list workspaces", ask_list);
    question_init(core, &core->target, "find the workspace", ask_target);
    question_init(core, &core->connection, "connection info", ask_connection);
    if (core->has_target) {
        ask_target(core);
    }
    ask_connection(core);
    if (core->options.keep_list) {
        ask_user(core); /* the coordinator session starts when it is known whose workspaces */
        ask_list(core);
    } else {
        core_coordinator_start(core);
    }
}

static void each_question(struct core *core, void (*apply)(struct question *question))
{
    apply(&core->user);
    apply(&core->list);
    apply(&core->target);
    apply(&core->connection);
}

static void stop(struct question *question)
{
    (void)uv_timer_stop(&question->timer);
    if (question->call != NULL) {
        api_cancel(question->call);
        question->call = NULL;
    }
}

void core_questions_stop(struct core *core)
{
    each_question(core, stop);
    if (core->appearance != NULL) {
        api_cancel(core->appearance);
        core->appearance = NULL;
    }
}

static void retry(struct question *question)
{
    if (question->call == NULL && question->retry_at != MONO_NEVER) {
        ask_after(question, 0);
    }
}

void core_questions_retry(struct core *core)
{
    each_question(core, retry);
}

int core_exit_status(const struct failure *failure)
{
    if (failure->code == NET_OK) {
        return 0;
    }
    return failure->code == NET_ERR_AUTH    ? EXIT_REFUSED
           : failure->code == NET_ERR_USAGE ? EXIT_USAGE
                                            : EXIT_FAILED;
}
