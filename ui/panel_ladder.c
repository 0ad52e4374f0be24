/*
 * The ladder: on which step a connection stands that does not come about, or that was lost; since
 * when, what is next, and what was found about it.
 */
#include "net/base/text.h"
#include "ui/graph_marks.h"
#include "ui/panels.h"

bool ladder_stands(const struct app *app, const struct snapshot *s)
{
    bool never = s->path == PATH_NONE && s->run.answered == 0;
    return app->window.end == 0 && (never || app->ladder.open);
}

/* The first step that is not done; LADDER_STEPS: all are. */
static int stuck_at(const struct snapshot *s)
{
    int at = 0;
    while (at < LADDER_STEPS && s->ladder[at].state == LADDER_DONE) {
        at++;
    }
    return at;
}

/* --- the steps -------------------------------------------------------------------------------- */

static void relay_words(const struct snapshot *s, char *out, size_t size)
{
    char rtt[LATENCY_TEXT] = "";
    if (s->relay_rtt_ns != 0) {
        latency_text(s->relay_rtt_ns, rtt);
    }
    text_format(out, size, "%s%s%s", s->region_name, rtt[0] != '\0' ? ", " : "", rtt);
}

/* What a step came to. */
static void done_words(const struct snapshot *s, enum ladder_step which, char *out, size_t size)
{
    out[0] = '\0';
    switch (which) {
    case LADDER_SERVER:
        text_format(out, size, "%s %s", s->deployment, s->server_version);
        break;
    case LADDER_AGENT:
        text_format(out, size, "%s%s", s->agent_version[0] != '\0' ? "version " : "",
                    s->agent_version);
        break;
    case LADDER_RELAY:
        relay_words(s, out, size);
        break;
    case LADDER_NODE_SENT:
        text_format(out, size, "%zu addresses of ours", s->own_endpoint_count);
        break;
    case LADDER_NODE_RECEIVED:
        text_format(out, size, "%zu addresses, home %s", s->agent_endpoint_count,
                    s->agent_region_name);
        break;
    case LADDER_COORDINATOR:
    case LADDER_DISCO:
    case LADDER_HANDSHAKE:
    case LADDER_STEPS:
        break;
    }
}

static void detail_words(const struct snapshot *s, enum ladder_step which, char *out, size_t size)
{
    const struct snapshot_step *step = &s->ladder[which];
    int stuck = stuck_at(s);
    char since[ROW_STOPPED] = "";
    if (which == LADDER_AGENT && s->selected >= 0) {
        row_stopped(s, &s->workspaces[s->selected], since);
    }
    if (since[0] != '\0') {
        text_format(out, size, "the workspace is stopped since %s", since);
    } else if (step->detail[0] != '\0') {
        text_copy(out, size, step->detail);
    } else if (step->state == LADDER_DONE) {
        done_words(s, which, out, size);
    } else if (step->state == LADDER_TODO && stuck < (int)which) {
        text_format(out, size, "waits for %d", stuck + 1);
    } else {
        out[0] = '\0';
    }
}

/* Returns the row after it; it may take up to `spare` rows more than one. */
static int draw_step(struct canvas *canvas, struct rect inner, int row, int spare,
                     const struct snapshot *s, enum ladder_step which)
{
    enum { DETAIL_COL = 6 };
    const struct snapshot_step *step = &s->ladder[which];
    const struct glyphs *g = canvas->glyphs;
    static const enum style styles[] = {STYLE_DIM, STYLE_INFO, STYLE_OK, STYLE_ERROR};
    const char *const signs[] = {g->stopped, g->connecting, g->ok, g->error};
    char age[AGE_TEXT] = "";
    char detail[SNAPSHOT_TEXT];
    int col = 2;
    col += canvas_print(canvas, inner, row, col, styles[step->state], "%s", signs[step->state]);
    col += canvas_print(canvas, inner, row, col, STYLE_DIM, " %d ", (int)which + 1);
    col +=
        canvas_print(canvas, inner, row, col, step->state == LADDER_TODO ? STYLE_DIM : STYLE_TEXT,
                     "%-17s", ladder_step_text(which));
    if (step->since > 0 && step->state != LADDER_TODO) {
        char text[AGE_TEXT + 8];
        age_text(mono_since(s->now, step->since), age);
        text_format(text, sizeof text, "%s%s", step->state == LADDER_DONE ? "" : "for ", age);
        col += canvas_print(canvas, inner, row, col, STYLE_DIM, "%-11s ", text);
    }
    detail_words(s, which, detail, sizeof detail);
    enum style style = step->state == LADDER_FAILED ? STYLE_ERROR : STYLE_DIM;
    int wide = text_columns(detail);
    bool alone = spare < 1 && col + wide <= inner.cols; /* one of both, then this one */
    if (step->state != LADDER_DONE && step->retry_at != MONO_NEVER && step->retry_at > s->now) {
        char next[AGE_TEXT + 24];
        uint64_t until = mono_until(s->now, step->retry_at);
        age_text(until, age);
        if (until < NS_PER_SEC) {
            text_copy(next, sizeof next, "next try now  ");
        } else {
            text_format(next, sizeof next, "next try in %s  ", age);
        }
        if (!alone || col + text_columns(next) + wide <= inner.cols) {
            col += canvas_text(canvas, inner, row, col, STYLE_DIM, next);
        }
    }
    if (detail[0] == '\0' || col + wide <= inner.cols || spare < 1) {
        if (step->state != LADDER_DONE || col + wide <= inner.cols) { /* what is done can wait */
            (void)canvas_text(canvas, inner, row, col, style, detail);
        }
        return row + 1;
    }
    /* Too long for what is left of the line: below it. */
    struct rect below = {inner.row, inner.col, row + 1 + spare, inner.cols - 1};
    int used = canvas_wrap(canvas, below, row + 1, DETAIL_COL, style, detail);
    return row + 1 + (used > spare ? spare : used);
}

/* --- what was found --------------------------------------------------------------------------- */

/* Which findings are about a step. */
static bool is_about(const struct finding *finding, int step)
{
    switch ((int)finding->code) {
    case FINDING_TOKEN_REFUSED:
    case FINDING_VERSION_SKEW:
        return step == LADDER_SERVER || step == LADDER_COORDINATOR;
    case FINDING_WORKSPACE_STOPPED:
    case FINDING_AGENT_NOT_CONNECTED:
        return step == LADDER_AGENT || step == LADDER_NODE_RECEIVED;
    case FINDING_COORDINATOR_LOST:
        return step == LADDER_COORDINATOR || step == LADDER_NODE_SENT;
    case FINDING_DERP_UNREACHABLE:
        return step == LADDER_RELAY || step == LADDER_NODE_SENT;
    case FINDING_AGENT_UNREACHABLE:
        return step == LADDER_NODE_RECEIVED || step == LADDER_DISCO;
    case FINDING_HANDSHAKE_STALE:
        return step == LADDER_HANDSHAKE;
    default:
        return false;
    }
}

/* The one that goes with the step that failed; else the worst, if it is an error. */
static const struct finding *finding_for(const struct snapshot *s)
{
    int stuck = stuck_at(s);
    const struct finding *worst = NULL;
    for (size_t i = 0; i < s->finding_count; i++) {
        const struct finding *one = &s->findings[i];
        if (is_about(one, stuck)) {
            return one;
        }
        worst = worst == NULL && one->severity == SEVERITY_ERROR ? one : worst;
    }
    return worst;
}

enum { WORD_COL = 4, PART_COL = 10 };

static int part_rows(struct canvas *canvas, struct rect inner, const char *text)
{
    struct rect nothing = {inner.row, inner.col, 0, inner.cols};
    return text[0] == '\0' ? 0 : canvas_wrap(canvas, nothing, 0, PART_COL, STYLE_TEXT, text);
}

/* What, why and do; where there is no room for all, what to do comes first, then what it is. */
static int draw_finding(struct canvas *canvas, struct rect inner, int row,
                        const struct finding *one)
{
    enum { WHAT, WHY, DO, PARTS };
    static const char *const words[PARTS] = {"what", "why", "do"};
    static const int order[PARTS] = {DO, WHAT, WHY};
    const char *const texts[PARTS] = {one->observed, one->why, one->remedy};
    int rows[PARTS] = {0};
    int spare = inner.rows - row - 1;
    for (int i = 0; i < PARTS && spare > 0; i++) {
        int wanted = part_rows(canvas, inner, texts[order[i]]);
        rows[order[i]] = wanted < spare ? wanted : spare;
        spare -= rows[order[i]];
    }
    int col = 2 + canvas_print(canvas, inner, row, 2, severity_style(one->severity), "%s ",
                               severity_sign(canvas->glyphs, one->severity));
    col += canvas_text(canvas, inner, row, col, STYLE_STRONG, one->title);
    (void)canvas_print(canvas, inner, row, col, STYLE_DIM, " %s %s", canvas->glyphs->dot,
                       finding_side_name(one->side));
    row++;
    for (int i = 0; i < PARTS; i++) {
        struct rect part = {inner.row, inner.col, row + rows[i], inner.cols - 1};
        (void)canvas_text(canvas, part, row, WORD_COL, STYLE_DIM, words[i]);
        (void)canvas_wrap(canvas, part, row, PART_COL, STYLE_TEXT, texts[i]);
        row += rows[i];
    }
    return row;
}

/* --- the rest --------------------------------------------------------------------------------- */

/* "last seen: direct, 41 ms, 13:52:07 · Left shows history". */
static void seen_words(const struct glyphs *g, const struct app *app, const struct snapshot *s,
                       char *out, size_t size)
{
    char key[KEYS_TEXT_SIZE];
    char latency[LATENCY_TEXT];
    char clock[CLOCK_TEXT];
    keys_text(&app->keys, ACTION_LEFT, 1, key);
    for (size_t i = s->sample_count; i-- > 0;) {
        const struct snapshot_sample *sample = &s->samples[i];
        if (sample->state == SAMPLE_PONG) {
            latency_text((uint64_t)sample->rtt_us * NS_PER_US, latency);
            clock_text(graph_wall(s, sample->sent_at), true, clock);
            text_format(out, size, "last seen: %s, %s, %s %s %s shows history",
                        sample->path == PATH_DIRECT ? "direct" : "relayed", latency, clock, g->dot,
                        key);
            return;
        }
    }
    text_format(out, size, "last seen: more than an hour ago %s %s shows history", g->dot, key);
}

/* How often it was tried: the step that is stuck knows. 0: nothing counts that. */
static unsigned long long attempts(const struct snapshot *s)
{
    switch (stuck_at(s)) {
    case LADDER_COORDINATOR:
        return s->coordinator.attempts;
    case LADDER_RELAY:
        return s->relay.attempts;
    case LADDER_DISCO:
        return s->unanswered;
    case LADDER_HANDSHAKE:
        return s->handshake_attempts;
    default:
        return 0;
    }
}

/* "attempt 3 · 12 s". */
static void note_words(const struct glyphs *g, const struct snapshot *s, bool lost, char *out,
                       size_t size)
{
    char age[AGE_TEXT] = "";
    char attempt[32] = "";
    if (!lost && s->silent_since != 0) {
        age_text(mono_since(s->now, s->silent_since), age);
    }
    if (attempts(s) > 0) {
        text_format(attempt, sizeof attempt, "attempt %llu", attempts(s));
    }
    text_format(out, size, "%s%s%s%s%s", attempt, attempt[0] && age[0] ? " " : "",
                attempt[0] && age[0] ? g->dot : "", attempt[0] && age[0] ? " " : "", age);
}

static void draw_frame(struct canvas *canvas, struct rect rect, const struct app *app,
                       const struct snapshot *s, bool lost)
{
    char title[SNAPSHOT_NAME + 64];
    char note[AGE_TEXT + 64];
    char foot[4 * KEYS_TEXT_SIZE];
    char age[AGE_TEXT];
    char keys[3][KEYS_TEXT_SIZE];
    const char *name = s->selected >= 0 ? s->workspaces[s->selected].name : "";
    const char *dot = canvas->glyphs->dot;
    age_text(mono_since(s->now, s->silent_since), age);
    if (lost && name[0] != '\0' && s->workspaces[s->selected].state != WORKSPACE_RUNNING) {
        text_format(title, sizeof title, "%s is %s, connection lost %s", name,
                    row_word(&s->workspaces[s->selected]), age);
    } else if (lost) {
        text_format(title, sizeof title, "connection lost %s", age);
    } else {
        text_format(title, sizeof title, name[0] != '\0' ? "connecting to %s" : "connecting", name);
    }
    note_words(canvas->glyphs, s, lost, note, sizeof note);
    keys_text(&app->keys, ACTION_RETRY, 1, keys[0]);
    keys_text(&app->keys, ACTION_PICK, 1, keys[1]);
    keys_text(&app->keys, ACTION_BACK, 1, keys[2]);
    text_format(foot, sizeof foot,
                lost ? "%s retry now %s %s other workspace %s %s graph"
                     : "%s retry now %s %s other workspace",
                keys[0], dot, keys[1], dot, keys[2]);
    canvas_box(canvas, rect, title, note);
    canvas_box_foot(canvas, rect, foot);
    canvas_box_focus(canvas, rect, app->panel == PANEL_GRAPH && app->full);
}

/* What there is to say beside the steps, in the last row of all. */
static void last_words(const struct glyphs *g, const struct app *app, const struct snapshot *s,
                       bool lost, char *out, size_t size)
{
    out[0] = '\0';
    if (lost) {
        seen_words(g, app, s, out, size);
    } else if (s->selected >= 0 && s->workspaces[s->selected].state != WORKSPACE_RUNNING) {
        row_advice(s, &s->workspaces[s->selected], out, size);
    } else if (s->run.lost > 0) {
        text_format(out, size, "%llu probes were sent, none was answered",
                    (unsigned long long)s->run.sent);
    }
}

void panel_ladder(struct canvas *canvas, struct rect rect, const struct app *app,
                  const struct snapshot *s)
{
    enum { PLENTY = 4 }; /* rows to spare: then also what is done may take more than one */
    struct rect inner = rect_inner(rect);
    char last[SNAPSHOT_TEXT];
    bool lost = app->ladder.open;
    const struct finding *finding = finding_for(s);
    last_words(canvas->glyphs, app, s, lost, last, sizeof last);
    draw_frame(canvas, rect, app, s, lost);
    int below = (last[0] != '\0' ? 1 : 0) + (finding != NULL ? 2 : 0);
    int row = 0;
    for (int i = 0; i < LADDER_STEPS; i++) {
        int spare = inner.rows - row - (LADDER_STEPS - i) - below;
        bool plain = s->ladder[i].state == LADDER_DONE && spare < PLENTY; /* no row of its own */
        spare = plain ? 0 : spare;
        row = draw_step(canvas, inner, row, spare < 2 ? spare : 2, s, (enum ladder_step)i);
    }
    struct rect middle = {inner.row, inner.col, inner.rows - (last[0] != '\0' ? 1 : 0), inner.cols};
    row += inner.rows - row > below + 1 ? 1 : 0;
    if (finding != NULL && row < middle.rows) {
        row = draw_finding(canvas, middle, row, finding);
    }
    row += inner.rows - row > 2 ? 1 : 0;
    if (last[0] != '\0' && row < inner.rows) {
        (void)canvas_text(canvas, inner, row, 2, lost ? STYLE_TEXT : STYLE_STRONG, last);
    }
}
