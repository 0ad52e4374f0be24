#include "net/control/coordinator_link_uv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/coordinator_line_uv.h"

struct coordinator_link {
    struct coordinator_line_config config; /* of its lines */
    struct coordinator_link_handlers handlers;
    void *owner;
    struct coordinator_wishes wishes;
    struct coordinator_link_status status;
    bool started;
    size_t line_count; /* those in use */
    struct coordinator_line **lines;
    size_t closing_count; /* those whose end is awaited */
    bool closing;
    uv_timer_t end; /* calls `closed` on a later turn even if there was no line */
    void (*closed)(void *owner);
    void *closed_owner;
};

/* --- status --- */

/* The session that does best stands for all; the higher the better. */
static int rank(enum coordinator_state state)
{
    static const int ranks[] = {
        [COORDINATOR_IDLE] = 0,       [COORDINATOR_FAILED] = 1, [COORDINATOR_WAITING] = 2,
        [COORDINATOR_CONNECTING] = 3, [COORDINATOR_UP] = 4,
    };
    return ranks[state];
}

static struct coordinator_link_status sum_up(const struct coordinator_link *link)
{
    struct coordinator_link_status sum = {.state = COORDINATOR_IDLE, .retry_at = MONO_NEVER};
    bool all_sent = true;
    for (size_t i = 0; i < link->line_count; i++) {
        const struct coordinator_link_status *one = coordinator_line_status(link->lines[i]);
        if (rank(one->state) > rank(sum.state)) {
            sum = *one;
        }
        all_sent = all_sent && (one->node_sent || one->state != COORDINATOR_UP);
    }
    sum.node_sent = sum.node_sent && all_sent;
    sum.fallback = link->config.per_agent;
    return sum;
}

static bool is_same(const struct coordinator_link_status *a,
                    const struct coordinator_link_status *b)
{
    return a->state == b->state && a->since == b->since && a->retry_at == b->retry_at &&
           a->attempts == b->attempts && a->fallback == b->fallback &&
           a->node_sent == b->node_sent && a->has_workspace_updates == b->has_workspace_updates &&
           a->failure.code == b->failure.code && strcmp(a->failure.text, b->failure.text) == 0;
}

static void on_changed(void *owner)
{
    struct coordinator_link *link = owner;
    struct coordinator_link_status sum = sum_up(link);
    if (link->line_count == 0) {
        bool was_idle = link->status.state == COORDINATOR_IDLE;
        sum.since = was_idle ? link->status.since : mono_now();
    }
    if (link->closing || is_same(&sum, &link->status)) {
        return;
    }
    link->status = sum;
    if (link->handlers.state != NULL) {
        link->handlers.state(link->owner);
    }
}

const struct coordinator_link_status *coordinator_link_status(const struct coordinator_link *link)
{
    return &link->status;
}

/* --- what the lines say --- */

static void on_map(struct coordinator_link *link, struct derp_map *map)
{
    const struct settings *settings = link->config.settings;
    if (link->handlers.derp_map == NULL) {
        derp_map_clear(map);
        return;
    }
    derp_map_rewrite_embedded(map, settings->host, settings->port, settings->plain_http);
    link->handlers.derp_map(link->owner, map);
}

static void on_event(void *owner, struct coordinator_event *event)
{
    struct coordinator_link *link = owner;
    switch (event->kind) {
    case COORDINATOR_PEER:
        if (link->handlers.peer != NULL) {
            link->handlers.peer(link->owner, &event->peer);
        }
        return;
    case COORDINATOR_DERP_MAP:
        on_map(link, &event->derp_map);
        return;
    case COORDINATOR_WORKSPACES:
        if (link->handlers.workspaces != NULL) {
            link->handlers.workspaces(link->owner, &event->workspaces);
        }
        tailnet_workspaces_clear(&event->workspaces);
        return;
    case COORDINATOR_RESUME_TOKEN:
    case COORDINATOR_NO_WORKSPACES:
    case COORDINATOR_NO_RESUME_TOKENS:
    case COORDINATOR_ENDED:
        return;
    }
}

static void on_lost(void *owner, struct coordinator_line *line)
{
    struct coordinator_link *link = owner;
    if (!link->config.per_agent && link->handlers.lost != NULL) {
        link->handlers.lost(link->owner);
    } else if (link->config.per_agent && link->handlers.peer != NULL) {
        struct tailnet_peer_update update = {.id = *coordinator_line_agent(line),
                                             .kind = TAILNET_PEER_LOST};
        text_copy(update.reason, sizeof update.reason, "the coordinator session broke");
        link->handlers.peer(link->owner, &update);
    }
}

static void finish(uv_handle_t *handle)
{
    struct coordinator_link *link = handle->data;
    void (*closed)(void *) = link->closed;
    void *owner = link->closed_owner;
    free(link->wishes.agents);
    free(link->lines);
    free(link);
    if (closed != NULL) {
        closed(owner);
    }
}

static void on_line_closed(void *owner, struct coordinator_line *line)
{
    struct coordinator_link *link = owner;
    (void)line;
    link->closing_count--;
    if (link->closing && link->closing_count == 0) {
        uv_close((uv_handle_t *)&link->end, finish);
    }
}

/* --- lines --- */

static void add_line(struct coordinator_link *link, const struct uuid *agent)
{
    struct coordinator_line_config config = link->config;
    config.agent = *agent;
    link->lines = mem_resize(link->lines, link->line_count + 1, sizeof(struct coordinator_line *));
    link->lines[link->line_count++] = coordinator_line_new(&config);
}

/* Starts those that were added. Each start tells the owner, who may add and remove lines. */
static void start_lines(struct coordinator_link *link)
{
    for (size_t i = 0; i < link->line_count;) {
        bool is_new = coordinator_line_status(link->lines[i])->state == COORDINATOR_IDLE;
        if (is_new) {
            coordinator_line_start(link->lines[i]);
        }
        i = is_new ? 0 : i + 1;
    }
}

static void close_line(struct coordinator_link *link, size_t index)
{
    struct coordinator_line *line = link->lines[index];
    link->lines[index] = link->lines[--link->line_count];
    link->closing_count++;
    coordinator_line_close(line);
}

/* The server has no /api/v2/tailnet: from now on a line for each agent. */
static void on_fall_back(void *owner, struct coordinator_line *line)
{
    struct coordinator_link *link = owner;
    assert(link->line_count == 1 && link->lines[0] == line && !link->config.per_agent);
    link->config.per_agent = true;
    close_line(link, 0);
    for (size_t i = 0; i < link->wishes.agent_count; i++) {
        add_line(link, &link->wishes.agents[i]);
    }
    start_lines(link);
    on_changed(link);
}

static const struct coordinator_line_owner line_owner = {.changed = on_changed,
                                                         .event = on_event,
                                                         .lost = on_lost,
                                                         .fall_back = on_fall_back,
                                                         .closed = on_line_closed};

struct coordinator_link *coordinator_link_new(uv_loop_t *loop, struct http_client *client,
                                              const struct settings *settings, struct rng *rng,
                                              struct log *log,
                                              const struct coordinator_link_handlers *handlers,
                                              void *owner)
{
    struct coordinator_link *link = mem_new(sizeof *link);
    link->config = (struct coordinator_line_config){.loop = loop,
                                                    .client = client,
                                                    .settings = settings,
                                                    .rng = rng,
                                                    .log = log,
                                                    .wishes = &link->wishes,
                                                    .handlers = &line_owner,
                                                    .owner = link};
    link->handlers = *handlers;
    link->owner = owner;
    link->status = (struct coordinator_link_status){.since = mono_now(), .retry_at = MONO_NEVER};
    (void)uv_timer_init(loop, &link->end);
    link->end.data = link;
    return link;
}

void coordinator_link_start(struct coordinator_link *link, const struct uuid *user_id)
{
    if (link->started || link->closing) {
        return;
    }
    link->started = true;
    link->config.has_user = user_id != NULL;
    if (user_id != NULL) {
        link->config.user_id = *user_id;
    }
    add_line(link, &(struct uuid){{0}});
    start_lines(link);
}

void coordinator_link_set_node(struct coordinator_link *link, const struct tailnet_node *node)
{
    link->wishes.has_node = true;
    link->wishes.node = *node;
    for (size_t i = 0; i < link->line_count; i++) {
        coordinator_line_node_changed(link->lines[i]);
    }
}

/* Its place among the agents; their number when it is none of them. */
static size_t find_agent(const struct coordinator_link *link, const struct uuid *agent)
{
    size_t at = 0;
    while (at < link->wishes.agent_count && !uuid_equal(&link->wishes.agents[at], agent)) {
        at++;
    }
    return at;
}

void coordinator_link_add_agent(struct coordinator_link *link, const struct uuid *agent)
{
    struct coordinator_wishes *wishes = &link->wishes;
    if (link->closing || find_agent(link, agent) < wishes->agent_count) {
        return;
    }
    wishes->agents = mem_resize(wishes->agents, wishes->agent_count + 1, sizeof *wishes->agents);
    wishes->agents[wishes->agent_count++] = *agent;
    if (!link->started) {
        return;
    }
    if (link->config.per_agent) {
        add_line(link, agent);
        start_lines(link);
    } else {
        coordinator_line_add_agent(link->lines[0], agent);
    }
}

void coordinator_link_remove_agent(struct coordinator_link *link, const struct uuid *agent)
{
    struct coordinator_wishes *wishes = &link->wishes;
    const struct uuid id = *agent; /* it may be the one in our own list */
    size_t at = find_agent(link, &id);
    if (link->closing || at == wishes->agent_count) {
        return;
    }
    wishes->agents[at] = wishes->agents[--wishes->agent_count];
    if (!link->started) {
        return;
    }
    if (!link->config.per_agent) {
        coordinator_line_remove_agent(link->lines[0], &id);
        return;
    }
    for (size_t i = 0; i < link->line_count; i++) {
        if (uuid_equal(coordinator_line_agent(link->lines[i]), &id)) {
            close_line(link, i);
            on_changed(link);
            return;
        }
    }
}

void coordinator_link_retry(struct coordinator_link *link)
{
    for (size_t i = 0; i < link->line_count; i++) {
        coordinator_line_retry(link->lines[i]);
    }
}

void coordinator_link_close(struct coordinator_link *link, void (*closed)(void *owner), void *owner)
{
    assert(!link->closing);
    link->closing = true;
    link->closed = closed;
    link->closed_owner = owner;
    while (link->line_count > 0) {
        close_line(link, link->line_count - 1);
    }
    if (link->closing_count == 0) {
        uv_close((uv_handle_t *)&link->end, finish);
    }
}
