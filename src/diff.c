#include "src/diff.h"

#include <math.h>
#include <string.h>

#include "net/base/text.h"
#include "net/json/json_view.h"

enum { POINTS_WORSE = 1, MS_WORSE = 1 };
static const double most = 1e9; /* of any figure: a petabit a second, eleven days of latency */

static const struct {
    bool ping;
    enum diff_unit unit;
    const char *name, *text;
} figures[] = {
#define X(code, ping, name, unit, text) [code] = {ping, unit, name, text},
    DIFF_FIGURES_LIST(X)
#undef X
};

const char *diff_figure_name(enum diff_figure figure)
{
    return figures[figure].name;
}

const char *diff_figure_text(enum diff_figure figure)
{
    return figures[figure].text;
}

enum diff_unit diff_figure_unit(enum diff_figure figure)
{
    return figures[figure].unit;
}

bool diff_figure_is_of(enum diff_figure figure, enum diff_test test)
{
    return figures[figure].ping == (test == DIFF_PING);
}

/* --- reading ----------------------------------------------------------------------------------
 */

static struct diff_value number(const struct json_view *view, const char *name)
{
    struct diff_value out = {0};
    const cJSON *item = json_member(view, name);
    if (item == NULL) {
        return out;
    }
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble < 0 ||
        item->valuedouble > most) {
        json_wrong(view, name, "is no number that can be");
        return out;
    }
    return (struct diff_value){.known = true, .is = item->valuedouble};
}

static struct diff_value share(const struct json_view *view, const char *part, const char *whole)
{
    struct diff_value a = number(view, part);
    struct diff_value b = number(view, whole);
    if (!a.known || !b.known || b.is <= 0) {
        return (struct diff_value){0};
    }
    if (a.is > b.is) {
        json_wrong(view, part, "is more than there are");
    }
    return (struct diff_value){.known = true, .is = 100 * a.is / b.is};
}

static enum path_kind path_of(const struct json_view *view, const char *name)
{
    char path[16];
    json_text(view, name, false, path, sizeof path);
    if (strcmp(path, "direct") == 0) {
        return PATH_DIRECT;
    }
    if (strcmp(path, "derp") == 0) {
        return PATH_DERP;
    }
    if (path[0] != '\0' && strcmp(path, "none") != 0) {
        json_wrong(view, name, "is no path");
    }
    return PATH_NONE;
}

static void take_speedtest(const struct json_view *view, struct diff_result *out)
{
    struct json_view overall = {.why = view->why, .where = "overall"};
    overall.object = json_object(view, "overall", false);
    if (overall.object != NULL) {
        out->figures[DIFF_THROUGHPUT] = number(&overall, "throughput_mbits");
    }
    out->figures[DIFF_REST] = number(view, "latency_rest_ms");
    out->figures[DIFF_LOAD] = number(view, "latency_load_ms");
    out->figures[DIFF_PINGS_LOST] = share(view, "pings_lost", "pings");
    out->figures[DIFF_MISSING] = share(view, "packets_missing", "packets");
    out->path = path_of(view, "path");
    json_text(view, out->path == PATH_DIRECT ? "endpoint" : "region", false, out->way,
              sizeof out->way);
}

static void take_ping(const struct json_view *view, struct diff_result *out)
{
    out->figures[DIFF_P50] = number(view, "p50_ms");
    out->figures[DIFF_P95] = number(view, "p95_ms");
    out->figures[DIFF_JITTER] = number(view, "jitter_ms");
    struct diff_value total = number(view, "total");
    if (total.known && total.is > 0) {
        out->figures[DIFF_LOSS] = number(view, "loss_percent");
    }
    out->path = path_of(view, "path");
    if (out->path == PATH_DIRECT) {
        json_text(view, "endpoint", false, out->way, sizeof out->way);
    } else if (out->path == PATH_DERP) {
        json_text(view, "agent_region", false, out->way, sizeof out->way);
    }
}

static void take_summary(const struct json_view *view, struct diff_file *file)
{
    struct diff_result result = {.there = true};
    char direction[8];
    json_text(view, "time", true, result.when, sizeof result.when);
    json_text(view, "workspace", false, result.workspace, sizeof result.workspace);
    json_text(view, "direction", false, direction, sizeof direction);
    if (json_member(view, "overall") != NULL || direction[0] != '\0') {
        bool up = strcmp(direction, "up") == 0;
        if (!up && strcmp(direction, "down") != 0) {
            json_wrong(view, "direction", "is neither down nor up");
        }
        take_speedtest(view, &result);
        file->tests[up ? DIFF_UP : DIFF_DOWN] = result;
    } else if (json_member(view, "loss_percent") != NULL) {
        take_ping(view, &result);
        file->tests[DIFF_PING] = result;
    }
}

enum net_err diff_take_line(struct diff_file *file, struct bytes line, struct failure *why)
{
    cJSON *object = NULL;
    char type[16];
    *why = (struct failure){.code = NET_OK};
    enum net_err err = json_object_parse(line, DIFF_LINE_MAX, &object, why);
    if (err != NET_OK) {
        return err;
    }
    struct json_view view = {.object = object, .why = why, .where = ""};
    json_text(&view, "type", true, type, sizeof type);
    if (why->code == NET_OK && strcmp(type, "summary") == 0) {
        take_summary(&view, file);
    }
    cJSON_Delete(object);
    return why->code;
}

/* --- comparing --------------------------------------------------------------------------------
 */

/* How much worse, in percent of before; negative = better. */
static double worse_by(const struct diff_change *change, enum diff_unit unit)
{
    double more = change->change.is;
    double worse = unit == DIFF_MBITS ? -more : more;
    if (worse == 0) {
        return 0;
    }
    return change->before.is > 0 ? 100 * worse / change->before.is : worse * INFINITY;
}

static enum diff_verdict verdict_of(const struct diff_change *change, enum diff_unit unit,
                                    double threshold)
{
    double worse = worse_by(change, unit);
    double size = fabs(change->change.is);
    bool enough = unit == DIFF_SHARE
                      ? size > POINTS_WORSE
                      : fabs(worse) > threshold && (unit == DIFF_MBITS || size >= MS_WORSE);
    return !enough ? DIFF_SAME : worse > 0 ? DIFF_WORSE : DIFF_BETTER;
}

struct diff_change diff_compare(const struct diff_result *before, const struct diff_result *after,
                                enum diff_figure figure, double threshold)
{
    struct diff_change out = {.before = before->figures[figure], .after = after->figures[figure]};
    if (!out.before.known || !out.after.known) {
        bool lost = figure == DIFF_THROUGHPUT && out.before.known;
        out.verdict = lost ? DIFF_WORSE : DIFF_UNKNOWN;
        return out;
    }
    out.change = (struct diff_value){true, out.after.is - out.before.is};
    if (out.before.is > 0) {
        out.percent = (struct diff_value){true, 100 * out.change.is / out.before.is};
    }
    out.verdict = verdict_of(&out, figures[figure].unit, threshold);
    return out;
}

enum diff_verdict diff_compare_paths(const struct diff_result *before,
                                     const struct diff_result *after)
{
    return after->path == before->path  ? DIFF_SAME
           : after->path < before->path ? DIFF_WORSE
                                        : DIFF_BETTER;
}
