/*
 * The path panel: how packets travel now, and what holds it up. And the events.
 */
#include <time.h>

#include "net/base/text.h"
#include "ui/panels.h"

static void draw_current(struct canvas *canvas, struct rect inner, const struct snapshot *s)
{
    char latency[LATENCY_TEXT] = "";
    if (s->path == PATH_NONE) {
        (void)canvas_print(canvas, inner, 0, 1, STYLE_DIM, "%s no path yet",
                           canvas->glyphs->connecting);
        return;
    }
    latency_text(s->window.last_ns, latency);
    struct rect left = {inner.row, inner.col, 1, inner.cols - text_columns(latency) - 1};
    (void)canvas_print(canvas, left, 0, 1, STYLE_RELAY, "%s DERP %s (%lld)", canvas->glyphs->relay,
                       s->region_name, (long long)s->region);
    canvas_right(canvas, inner, 0, STYLE_STRONG, latency);
}

static void draw_link(struct canvas *canvas, struct rect inner, int row, const char *name,
                      const struct snapshot_link *link, const struct snapshot *s)
{
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
        col += canvas_print(canvas, inner, row, col, STYLE_DIM, "  next in %s", age);
    }
    if (link->detail[0] != '\0') {
        (void)canvas_print(canvas, inner, row, col, STYLE_ERROR, "  %s", link->detail);
    }
}

static void draw_relay_detail(struct canvas *canvas, struct rect inner, int row,
                              const struct snapshot *s)
{
    char rtt[LATENCY_TEXT] = "not known";
    if (s->relay_health[0] != '\0') {
        (void)canvas_print(canvas, inner, row, 13, STYLE_WARNING, "%s says: %s",
                           canvas->glyphs->warning, s->relay_health);
        return;
    }
    if (s->relay_rtt_ns > 0) {
        latency_text(s->relay_rtt_ns, rtt);
    }
    (void)canvas_print(canvas, inner, row, 13, STYLE_DIM, "to it %s  %s%llu %s%llu%s", rtt,
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

static void draw_endpoints(struct canvas *canvas, struct rect inner, int row,
                           const struct snapshot *s)
{
    int col = 1 + canvas_print(canvas, inner, row, 1, STYLE_DIM, "%-12s", "agent at");
    if (s->agent_endpoint_count == 0) {
        (void)canvas_text(canvas, inner, row, col, STYLE_DIM,
                          s->node_received ? "no endpoints announced" : "not known");
        return;
    }
    for (size_t i = 0; i < s->agent_endpoint_count; i++) {
        col += canvas_print(canvas, inner, row, col, STYLE_TEXT, "%s  ", s->agent_endpoints[i]);
    }
}

void panel_path(struct canvas *canvas, struct rect rect, const struct snapshot *s)
{
    struct rect inner = rect_inner(rect);
    canvas_box(canvas, rect, "path", "");
    draw_current(canvas, inner, s);
    draw_link(canvas, inner, 1, "relay", &s->relay, s);
    draw_relay_detail(canvas, inner, 2, s);
    draw_link(canvas, inner, 3, "coordinator", &s->coordinator, s);
    int col = 1 + canvas_print(canvas, inner, 4, 1, STYLE_DIM, "%-12s", "node");
    col += draw_node(canvas, inner, 4, col, s->node_sent, s->node_sent_at, "sent", s);
    (void)draw_node(canvas, inner, 4, col, s->node_received, s->node_received_at, "received", s);
    draw_homes(canvas, inner, 5, s);
    draw_endpoints(canvas, inner, 6, s);
    if (s->agent_version[0] != '\0') {
        (void)canvas_print(canvas, inner, 7, 1, STYLE_DIM, "%-12s%s (server %s)", "agent",
                           s->agent_version, s->server_version);
    }
}

void panel_events(struct canvas *canvas, struct rect rect, const struct snapshot *s)
{
    struct rect inner = rect_inner(rect);
    canvas_box(canvas, rect, "events", "");
    int shown = inner.rows < (int)s->event_count ? inner.rows : (int)s->event_count;
    for (int i = 0; i < shown; i++) {
        const struct snapshot_event *event = &s->events[(int)s->event_count - shown + i];
        time_t at = (time_t)event->when.seconds;
        struct tm parts;
        char clock[16] = "";
        if (localtime_r(&at, &parts) != NULL) {
            (void)strftime(clock, sizeof clock, "%H:%M:%S", &parts);
        }
        int col = canvas_print(canvas, inner, i, 1, STYLE_DIM, "%s  ", clock);
        (void)canvas_text(canvas, inner, i, 1 + col, STYLE_TEXT, event->text);
    }
}
