/*
 * The path panel: how packets travel now, and what holds it up.
 */
#include "net/base/text.h"
#include "ui/figures.h"
#include "ui/panels.h"

void path_line(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s)
{
    enum { GRADE_COLS = 46 };
    char latency[LATENCY_TEXT + 8] = "";
    char last[LATENCY_TEXT];
    char age[AGE_TEXT];
    const struct glyphs *g = canvas->glyphs;
    if (s->path == PATH_NONE) {
        (void)canvas_print(canvas, inner, row, 1, STYLE_DIM, "%s no path yet", g->connecting);
        return;
    }
    static const char *const grades[] = {"", "good ", "fair ", "poor "};
    bool graded = s->selected >= 0 && inner.cols >= GRADE_COLS;
    bool silent = snapshot_is_silent(s);
    if (silent) {
        text_format(latency, sizeof latency, "%s silent", g->error);
    } else if (s->window.answered > 0) {
        latency_text(s->window.last_ns, last);
        text_format(latency, sizeof latency, "%s%s",
                    graded ? grades[s->workspaces[s->selected].grade] : "", last);
    } else {
        text_copy(latency, sizeof latency, "no pong yet");
    }
    age_text(mono_since(s->now, s->path_since), age);
    struct rect left = {inner.row, inner.col, inner.rows, inner.cols - text_columns(latency) - 1};
    int col = 1;
    if (s->path == PATH_DIRECT) {
        col += canvas_print(canvas, left, row, col, STYLE_DIRECT, "%s direct %s", g->direct,
                            s->path_address);
    } else {
        col += canvas_print(canvas, left, row, col, STYLE_RELAY, "%s relay %lld %s", g->relay,
                            (long long)s->region, s->region_name);
    }
    char more[SNAPSHOT_ADDRESS + 32];
    if (s->path_stale) {
        text_format(more, sizeof more, "  %s %s is silent", g->warning, s->path_address);
    } else {
        text_format(more, sizeof more, "  for %s", age);
    }
    if (col + text_columns(more) <= left.cols) {
        (void)canvas_text(canvas, left, row, col, s->path_stale ? STYLE_WARNING : STYLE_DIM, more);
    }
    canvas_right(canvas, inner, row, silent ? STYLE_ERROR : STYLE_STRONG, latency);
}

static void draw_handshake(struct canvas *canvas, struct rect inner, int row,
                           const struct snapshot *s)
{
    enum { OLD_S = 180 }; /* a session that old is dead */
    char text[AGE_TEXT];
    char latency[LATENCY_TEXT];
    const struct glyphs *g = canvas->glyphs;
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%-12s", "handshake");
    if (s->handshake_at == 0) {
        (void)canvas_print(canvas, inner, row, col,
                           s->handshake_attempts > 1 ? STYLE_ERROR : STYLE_DIM,
                           s->handshake_attempts > 1 ? "%s not answered yet"
                           : s->handshake_under_way  ? "%s under way"
                                                     : "%s not yet",
                           s->handshake_attempts > 1 ? g->error : g->connecting);
        return;
    }
    uint64_t age = mono_since(s->now, s->handshake_at);
    bool old = age > OLD_S * NS_PER_SEC;
    age_text(age, text);
    col += canvas_print(canvas, inner, row, col, old ? STYLE_ERROR : STYLE_OK, "%s ",
                        old ? g->error : g->ok);
    col += canvas_print(canvas, inner, row, col, STYLE_TEXT, "%s ago ", text);
    if (s->tunnel_stats.answered > 0) {
        latency_text(s->tunnel_stats.last_ns, latency);
        col += canvas_whole(canvas, inner, row, col, STYLE_TEXT, "tunnel %s", latency);
    }
    if (s->tunnel_stats.lost > 0) {
        col += canvas_whole(canvas, inner, row, col, STYLE_ERROR, " lost %llu/%llu",
                            (unsigned long long)s->tunnel_stats.lost,
                            (unsigned long long)s->tunnel_stats.sent);
    }
    if (s->handshake_due_at > s->now) {
        age_text(mono_until(s->now, s->handshake_due_at), text);
        (void)canvas_whole(canvas, inner, row, col, STYLE_DIM, "  next in %s", text);
    }
}

static int draw_bytes(struct canvas *canvas, struct rect inner, int row, int col, const char *name,
                      const struct snapshot_traffic *traffic)
{
    enum { WIDE = 60 };
    char out[BYTES_TEXT];
    char in[BYTES_TEXT];
    const struct glyphs *g = canvas->glyphs;
    amount_text(traffic->bytes_out, out);
    amount_text(traffic->bytes_in, in);
    if (inner.cols < WIDE) {
        return canvas_whole(canvas, inner, row, col, STYLE_TEXT, "%s %s%s %s%s ", name, g->up, out,
                            g->down, in);
    }
    return canvas_whole(canvas, inner, row, col, STYLE_TEXT, "%s %s%llu %s %s%llu %s  ", name,
                        g->up, (unsigned long long)traffic->packets_out, out, g->down,
                        (unsigned long long)traffic->packets_in, in);
}

/* What is in use comes first: where it is narrow, there is room for one. */
static void draw_traffic(struct canvas *canvas, struct rect inner, int row,
                         const struct snapshot *s)
{
    const struct glyphs *g = canvas->glyphs;
    bool relay_first = s->path == PATH_DERP;
    const struct snapshot_traffic *first = relay_first ? &s->relayed : &s->direct;
    const struct snapshot_traffic *second = relay_first ? &s->direct : &s->relayed;
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%-12s", "traffic");
    col += draw_bytes(canvas, inner, row, col, relay_first ? g->relay : g->direct, first);
    if (second->bytes_in + second->bytes_out > 0) {
        (void)draw_bytes(canvas, inner, row, col, relay_first ? g->direct : g->relay, second);
    }
}

static int draw_nat(struct canvas *canvas, struct rect inner, int row, int col, const char *who,
                    const struct fact_side *side)
{
    int used = canvas_print(canvas, inner, row, col, STYLE_DIM, "%s ", who);
    if (side->udp == FACT_NO) {
        return used + canvas_text(canvas, inner, row, col + used, STYLE_WARNING, "no UDP");
    }
    const char *words = side->hard_nat == FACT_YES  ? "hard"
                        : side->hard_nat == FACT_NO ? "easy"
                                                    : "?";
    return used + canvas_text(canvas, inner, row, col + used,
                              side->hard_nat == FACT_UNKNOWN ? STYLE_DIM : STYLE_TEXT, words);
}

/* Not known looks different from no. */
static void draw_nats(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s)
{
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%-12s", "NAT");
    col += draw_nat(canvas, inner, row, col, "you", &s->facts.client);
    col += canvas_print(canvas, inner, row, col, STYLE_DIM, " %s ", canvas->glyphs->dot);
    (void)draw_nat(canvas, inner, row, col, "agent", &s->facts.agent_side);
}

/* Why an address is not the path. */
static void draw_candidate(struct canvas *canvas, struct rect inner, int row,
                           const struct snapshot *s, const struct snapshot_candidate *one)
{
    char latency[LATENCY_TEXT] = "";
    const struct glyphs *g = canvas->glyphs;
    int col = 3;
    if (one->latency_ns > 0) {
        latency_text(one->latency_ns, latency);
    }
    switch (one->state) {
    case CANDIDATE_BEST:
        col +=
            canvas_print(canvas, inner, row, col, STYLE_DIRECT, "%s %s  ", g->direct, one->address);
        (void)canvas_print(canvas, inner, row, col, STYLE_TEXT, "%s  in use", latency);
        break;
    case CANDIDATE_ANSWERED:
        col += canvas_print(canvas, inner, row, col, STYLE_TEXT, "%s %s  ", g->ok, one->address);
        (void)canvas_print(canvas, inner, row, col, STYLE_DIM, "%s  %s", latency,
                           s->path == PATH_DIRECT ? "no better" : "answers");
        break;
    case CANDIDATE_TOO_BIG:
        col +=
            canvas_print(canvas, inner, row, col, STYLE_TEXT, "%s %s  ", g->warning, one->address);
        (void)canvas_text(canvas, inner, row, col, STYLE_WARNING,
                          "an interface is too small for a full packet");
        break;
    case CANDIDATE_SILENT:
        col += canvas_print(canvas, inner, row, col, STYLE_TEXT, "%s %s  ", g->lost, one->address);
        (void)canvas_print(canvas, inner, row, col, STYLE_DIM, "no answer to %llu probes",
                           (unsigned long long)(one->probes - one->pongs));
        break;
    case CANDIDATE_UNTRIED:
        (void)canvas_print(canvas, inner, row, col, STYLE_DIM, "%s %s  not tried", g->dot,
                           one->address);
        break;
    }
}

/* One line where there is no room for a line each. */
static void draw_tried(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s)
{
    size_t answer = 0;
    size_t too_big = 0;
    for (size_t i = 0; i < s->candidate_count; i++) {
        answer += s->candidates[i].state >= CANDIDATE_ANSWERED ? 1U : 0U;
        too_big += s->candidates[i].state == CANDIDATE_TOO_BIG ? 1U : 0U;
    }
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%-12s", "tried");
    if (s->direct_disabled_client || s->direct_disabled_deployment) {
        (void)canvas_print(canvas, inner, row, col, STYLE_INFO, "%s direct is disabled by %s",
                           canvas->glyphs->info,
                           s->direct_disabled_client ? "your own setting" : "the deployment");
        return;
    }
    if (s->candidate_count == 0) {
        (void)canvas_text(canvas, inner, row, col, STYLE_DIM, "no address yet");
        return;
    }
    char answers[32];
    char small[32] = "";
    text_format(answers, sizeof answers, "%zu answer%s", answer, answer == 1 ? "s" : "");
    const char *words = answer == 0               ? "no answer"
                        : s->candidate_count == 1 ? "it answers"
                                                  : answers;
    if (too_big > 0) {
        text_format(small, sizeof small, ", %zu too small", too_big);
    }
    int used = canvas_whole(canvas, inner, row, col, STYLE_TEXT, "%zu address%s, %s%s",
                            s->candidate_count, s->candidate_count == 1 ? "" : "es", words, small);
    if (used == 0) {
        (void)canvas_print(canvas, inner, row, col, STYLE_TEXT, "%zu, %s%s", s->candidate_count,
                           words, small);
    }
}

static void draw_link(struct canvas *canvas, struct rect inner, int row, const char *name,
                      const struct snapshot_link *link, const struct snapshot *s)
{
    enum { DETAIL_COLS = 16 };
    static const char *const words[] = {"idle", "connecting", "connected", "waiting", "failed"};
    static const enum style styles[] = {STYLE_DIM, STYLE_INFO, STYLE_OK, STYLE_ERROR, STYLE_ERROR};
    const struct glyphs *g = canvas->glyphs;
    const char *const signs[] = {g->stopped, g->connecting, g->connected, g->error, g->error};
    char age[AGE_TEXT];
    age_text(mono_since(s->now, link->since), age);
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%-12s", name);
    col += canvas_print(canvas, inner, row, col, styles[link->state], "%s ", signs[link->state]);
    col += canvas_print(canvas, inner, row, col, STYLE_TEXT, "%s %s", words[link->state],
                        link->state == LINK_IDLE ? "" : age);
    if (link->state == LINK_WAITING && link->retry_at != MONO_NEVER) {
        age_text(mono_until(s->now, link->retry_at), age);
        col += canvas_whole(canvas, inner, row, col, STYLE_DIM, "  next in %s", age);
    }
    bool readable = inner.cols - col >= DETAIL_COLS; /* "http:/..." tells nobody anything */
    if (link->detail[0] != '\0' && readable) {
        (void)canvas_print(canvas, inner, row, col, STYLE_ERROR, "  %s", link->detail);
    }
}

/* By the agent's own measure of the relay in use; 0 = not known. */
static uint64_t agents_leg(const struct snapshot *s)
{
    const struct snapshot_agent_report *report = &s->agent_report;
    if (report->preferred_derp == s->region && report->home_latency_ns > 0) {
        return report->home_latency_ns;
    }
    return s->facts.agent_home.id == s->region ? s->facts.agent_to_agent_home_ns : 0;
}

static int draw_leg(struct canvas *canvas, struct rect inner, int row, int col, const char *from,
                    const char *to, uint64_t ns)
{
    char latency[LATENCY_TEXT] = "?";
    if (ns > 0) {
        latency_text(ns, latency);
    }
    int used = canvas_print(canvas, inner, row, col, STYLE_DIM, "%s %s %s ", from,
                            canvas->glyphs->relay, to);
    return used +
           canvas_text(canvas, inner, row, col + used, ns > 0 ? STYLE_TEXT : STYLE_DIM, latency);
}

/* Which leg of the way by the relay is the slow one. */
static void draw_legs(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s)
{
    enum { WORDS = 54 }; /* with the column of the names before them */
    int col = inner.cols < WORDS ? 3 : 13;
    col += draw_leg(canvas, inner, row, col, "you", "relay", s->relay_rtt_ns);
    col += canvas_print(canvas, inner, row, col, STYLE_DIM, " %s ", canvas->glyphs->dot);
    (void)draw_leg(canvas, inner, row, col, "relay", "agent", agents_leg(s));
}

static bool has_legs(const struct rect inner, const struct snapshot *s)
{
    enum { ROWS_LEAST = 8 }; /* below it there are more telling rows */
    return inner.rows >= ROWS_LEAST && (s->relay_rtt_ns > 0 || agents_leg(s) > 0);
}

static void draw_relay_detail(struct canvas *canvas, struct rect inner, int row,
                              const struct snapshot *s)
{
    if (s->relay_health[0] != '\0') {
        (void)canvas_print(canvas, inner, row, 13, STYLE_WARNING, "%s says: %s",
                           canvas->glyphs->warning, s->relay_health);
        return;
    }
    (void)canvas_print(canvas, inner, row, 13, STYLE_DIM, "packets by it %s%llu %s%llu%s",
                       canvas->glyphs->up, (unsigned long long)s->relay_packets_out,
                       canvas->glyphs->down, (unsigned long long)s->relay_packets_in,
                       s->relay_websocket ? "  by websocket" : "");
}

static void draw_homes(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s)
{
    char latency[LATENCY_TEXT] = "not measured";
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%-12s", "home");
    if (s->home_latency_ns > 0) {
        latency_text(s->home_latency_ns, latency);
    }
    if (s->home_region == 0) {
        col += canvas_text(canvas, inner, row, col, STYLE_DIM, "ours not chosen yet");
    } else {
        col += canvas_print(canvas, inner, row, col, STYLE_TEXT, "ours %lld (%s)",
                            (long long)s->home_region, latency);
    }
    if (s->agent_region == 0) {
        (void)canvas_text(canvas, inner, row, col, STYLE_DIM, "  agent's not known");
    } else {
        (void)canvas_print(canvas, inner, row, col, STYLE_TEXT, "  agent's %lld %s",
                           (long long)s->agent_region, s->agent_region_name);
    }
}

static int draw_node(struct canvas *canvas, struct rect inner, int row, int col, bool done,
                     mono_ns at, const char *word, const struct snapshot *s)
{
    char age[AGE_TEXT];
    if (!done) {
        return canvas_print(canvas, inner, row, col, STYLE_DIM, "%s %s not yet  ",
                            canvas->glyphs->connecting, word);
    }
    age_text(mono_since(s->now, at), age);
    return canvas_print(canvas, inner, row, col, STYLE_TEXT, "%s %s %s ago  ", canvas->glyphs->ok,
                        word, age);
}

static void draw_endpoints(struct canvas *canvas, struct rect inner, int row, const char *name,
                           const char (*endpoints)[SNAPSHOT_ADDRESS], size_t count,
                           const char *none)
{
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%-12s", name);
    if (count == 0) {
        (void)canvas_text(canvas, inner, row, col, STYLE_DIM, none);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        col += canvas_print(canvas, inner, row, col, STYLE_TEXT, "%s  ", endpoints[i]);
    }
}

static void draw_nodes(struct canvas *canvas, struct rect inner, int row, const struct snapshot *s)
{
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%-12s", "node");
    col += draw_node(canvas, inner, row, col, s->node_sent, s->node_sent_at, "sent", s);
    (void)draw_node(canvas, inner, row, col, s->node_received, s->node_received_at, "received", s);
}

/* All there is to say of the path, from that row on; returns the row after it. */
static int draw_rows(struct canvas *canvas, struct rect inner, int row, bool legs,
                     const struct app *app, const struct snapshot *s)
{
    path_line(canvas, inner, row, s);
    draw_handshake(canvas, inner, ++row, s);
    draw_link(canvas, inner, ++row, "relay", &s->relay, s);
    if (legs) {
        draw_legs(canvas, inner, ++row, s);
    }
    draw_nats(canvas, inner, ++row, s);
    draw_tried(canvas, inner, ++row, s);
    draw_traffic(canvas, inner, ++row, s);
    draw_nodes(canvas, inner, ++row, s);
    draw_link(canvas, inner, ++row, "coordinator", &s->coordinator, s);
    draw_endpoints(canvas, inner, ++row, "us at", s->own_endpoints, s->own_endpoint_count,
                   "no endpoints announced");
    draw_endpoints(canvas, inner, ++row, "agent at", s->agent_endpoints, s->agent_endpoint_count,
                   s->node_received ? "no endpoints announced" : "not known");
    for (size_t i = 0; i < s->candidate_count; i++) {
        draw_candidate(canvas, inner, ++row, s, &s->candidates[i]);
    }
    row = figures_table(canvas, inner, row + 1, app, s) - 1;
    draw_relay_detail(canvas, inner, ++row, s);
    draw_homes(canvas, inner, ++row, s);
    if (s->agent_version[0] != '\0') {
        (void)canvas_print(canvas, inner, ++row, 1, STYLE_DIM, "%-12s%s (server %s)", "agent",
                           s->agent_version,
                           s->server_version[0] == '\0' ? "not known" : s->server_version);
    }
    return row + 1;
}

/* How far the panel is scrolled, while it has the focus, or is what the details show. */
static int scrolled(const struct app *app)
{
    bool here = app_view(app) == VIEW_MONITOR && app->panel == PANEL_PATH;
    return app_view(app) == VIEW_DETAILS ? app->scrolled
           : here                        ? (int)app->lists[VIEW_MONITOR].at
                                         : 0;
}

bool panel_path(struct canvas *canvas, struct rect rect, const struct app *app,
                const struct snapshot *s)
{
    struct rect inner = rect_inner(rect);
    struct rect nowhere = {inner.row, inner.col, 0, inner.cols};
    bool legs = has_legs(inner, s);
    int most = draw_rows(canvas, nowhere, 0, legs, app, s) - inner.rows;
    int by = scrolled(app);
    by = by > most ? most : by;
    canvas_box(canvas, rect, "path", "");
    canvas_box_focus(canvas, rect, app_view(app) == VIEW_MONITOR && app->panel == PANEL_PATH);
    (void)draw_rows(canvas, inner, by > 0 ? -by : 0, legs, app, s);
    return by < most;
}
