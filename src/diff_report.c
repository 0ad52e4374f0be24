#include "src/diff_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "net/base/text.h"
#include "src/out.h"
#include "ui/glyphs.h"
#include "ui/panels.h"

enum { CELL = 32 };

static const char *const titles[] = {
    [DIFF_DOWN] = "download", [DIFF_UP] = "upload", [DIFF_PING] = "ping"};

static bool both_have(const struct diff_view *view, enum diff_test test)
{
    return view->before->tests[test].there && view->after->tests[test].there;
}

static void count_one(struct diff_count *count, enum diff_verdict verdict)
{
    count->compared += verdict != DIFF_UNKNOWN;
    count->worse += verdict == DIFF_WORSE;
    count->better += verdict == DIFF_BETTER;
}

struct diff_count diff_count(const struct diff_view *view)
{
    struct diff_count count = {0};
    for (int test = 0; test < DIFF_TESTS; test++) {
        const struct diff_result *a = &view->before->tests[test];
        const struct diff_result *b = &view->after->tests[test];
        if (!both_have(view, (enum diff_test)test)) {
            continue;
        }
        for (int i = 0; i < DIFF_FIGURES; i++) {
            if (diff_figure_is_of((enum diff_figure)i, (enum diff_test)test)) {
                count_one(&count, diff_compare(a, b, (enum diff_figure)i, view->threshold).verdict);
            }
        }
        count_one(&count, diff_compare_paths(a, b));
    }
    return count;
}

/* --- text -------------------------------------------------------------------------------------
 */

static const char *verdict_text(const struct diff_view *view, enum diff_verdict verdict)
{
    static const char *const words[][2] = {
        [DIFF_UNKNOWN] = {"  ? not known", "  ? not known"},
        [DIFF_SAME] = {"", ""},
        [DIFF_WORSE] = {"  x worse", "  ✘ worse"},
        [DIFF_BETTER] = {"  + better", "  ✓ better"},
    };
    return words[verdict][view->utf8 ? 1 : 0];
}

/* `sign`: as a difference. */
static void value_text(const struct diff_value *value, enum diff_unit unit, bool sign,
                       char out[CELL])
{
    char ms[LATENCY_TEXT];
    const char *mark = !sign ? "" : value->is < 0 ? "-" : "+";
    double is = fabs(value->is);
    if (!value->known) {
        text_copy(out, CELL, "-");
        return;
    }
    switch (unit) {
    case DIFF_MBITS:
        text_format(out, CELL, is < 10 ? "%s%.2f Mbit/s" : "%s%.1f Mbit/s", mark, is);
        break;
    case DIFF_MS:
        latency_text((uint64_t)(is * 1e6), ms);
        text_format(out, CELL, "%s%s", mark, ms);
        break;
    case DIFF_SHARE:
        text_format(out, CELL, sign ? "%s%.1f points" : "%s%.1f %%", mark, is);
        break;
    }
}

static void percent_text(const struct diff_value *percent, char out[CELL])
{
    if (percent->known) {
        text_format(out, CELL, fabs(percent->is) < 10 ? "%+.1f %%" : "%+.0f %%", percent->is);
    } else {
        text_copy(out, CELL, "-");
    }
}

static void print_row(const char *name, const char *before, const char *after, const char *change,
                      const char *percent, const char *verdict)
{
    char line[CELL * 7];
    text_format(line, sizeof line, "  %-18s  %14s  %14s  %14s  %9s%s", name, before, after, change,
                percent, verdict);
    size_t len = strlen(line);
    while (len > 0 && line[len - 1] == ' ') {
        len--;
    }
    out_text("%.*s\n", (int)len, line);
}

static void print_figure(const struct diff_view *view, enum diff_test test, enum diff_figure figure)
{
    char cells[4][CELL];
    enum diff_unit unit = diff_figure_unit(figure);
    struct diff_change change = diff_compare(&view->before->tests[test], &view->after->tests[test],
                                             figure, view->threshold);
    value_text(&change.before, unit, false, cells[0]);
    value_text(&change.after, unit, false, cells[1]);
    value_text(&change.change, unit, true, cells[2]);
    if (unit == DIFF_SHARE) { /* a percentage of percents would only confuse */
        cells[3][0] = '\0';
    } else {
        percent_text(&change.percent, cells[3]);
    }
    print_row(diff_figure_text(figure), cells[0], cells[1], cells[2], cells[3],
              verdict_text(view, change.verdict));
}

static void way_text(const struct diff_result *result, char *out, size_t size)
{
    static const char *const paths[] = {"none", "relayed", "direct"};
    bool known = result->way[0] != '\0';
    text_format(out, size, "%s%s%s%s", paths[result->path], known ? " (" : "", result->way,
                known ? ")" : "");
}

static void print_test(const struct diff_view *view, enum diff_test test)
{
    const struct diff_result *before = &view->before->tests[test];
    const struct diff_result *after = &view->after->tests[test];
    const char *arrow = view->utf8 ? "→" : ">";
    char ways[2][SNAPSHOT_NAME + 16];
    out_text("%s: %s %s %s %s %s\n", titles[test], before->workspace, before->when, arrow,
             after->workspace, after->when);
    print_row("", "BEFORE", "AFTER", "CHANGE", "", "");
    for (int i = 0; i < DIFF_FIGURES; i++) {
        if (diff_figure_is_of((enum diff_figure)i, test)) {
            print_figure(view, test, (enum diff_figure)i);
        }
    }
    way_text(before, ways[0], sizeof ways[0]);
    way_text(after, ways[1], sizeof ways[1]);
    out_text("  %-18s  %s %s %s%s\n", "path", ways[0], arrow, ways[1],
             verdict_text(view, diff_compare_paths(before, after)));
}

void diff_print_text(const struct diff_view *view)
{
    struct diff_count count = diff_count(view);
    for (int test = 0; test < DIFF_TESTS; test++) {
        const struct diff_result *before = &view->before->tests[test];
        if (both_have(view, (enum diff_test)test)) {
            print_test(view, (enum diff_test)test);
        } else if (before->there || view->after->tests[test].there) {
            out_text("%s: only %s\n", titles[test], before->there ? "before" : "after");
        }
    }
    out_text("%u of %u worse, %u better (threshold %.0f %%)\n", count.worse, count.compared,
             count.better, view->threshold);
}

/* --- JSON -------------------------------------------------------------------------------------
 */

static void add_value(cJSON *object, const char *name, const struct diff_value *value,
                      double precision)
{
    if (value->known) {
        (void)cJSON_AddNumberToObject(object, name, round(value->is * precision) / precision);
    } else {
        (void)cJSON_AddNullToObject(object, name);
    }
}

static cJSON *object_of(enum diff_test test, const char *figure)
{
    cJSON *object = out_object("difference", wall_now());
    out_add_text(object, "test", titles[test]);
    out_add_text(object, "figure", figure);
    return object;
}

static void add_verdict(cJSON *object, enum diff_verdict verdict)
{
    static const char *const verdicts[] = {"unknown", "same", "worse", "better"};
    out_add_text(object, "verdict", verdicts[verdict]);
}

static void json_test(const struct diff_view *view, enum diff_test test)
{
    static const char *const paths[] = {"none", "derp", "direct"};
    const struct diff_result *before = &view->before->tests[test];
    const struct diff_result *after = &view->after->tests[test];
    for (int i = 0; i < DIFF_FIGURES; i++) {
        enum diff_figure figure = (enum diff_figure)i;
        if (diff_figure_is_of(figure, test)) {
            struct diff_change change = diff_compare(before, after, figure, view->threshold);
            cJSON *object = object_of(test, diff_figure_name(figure));
            add_value(object, "before", &change.before, 1e3);
            add_value(object, "after", &change.after, 1e3);
            add_value(object, "change", &change.change, 1e3);
            add_value(object, "percent", &change.percent, 10);
            add_verdict(object, change.verdict);
            out_json(object);
        }
    }
    cJSON *object = object_of(test, "path");
    out_add_text(object, "before", paths[before->path]);
    out_add_text(object, "after", paths[after->path]);
    (void)cJSON_AddNullToObject(object, "change");
    (void)cJSON_AddNullToObject(object, "percent");
    add_verdict(object, diff_compare_paths(before, after));
    out_json(object);
}

void diff_print_json(const struct diff_view *view)
{
    struct diff_count count = diff_count(view);
    for (int test = 0; test < DIFF_TESTS; test++) {
        if (both_have(view, (enum diff_test)test)) {
            json_test(view, (enum diff_test)test);
        }
    }
    cJSON *object = out_object("summary", wall_now());
    (void)cJSON_AddNumberToObject(object, "threshold_percent", view->threshold);
    out_add_int(object, "compared", count.compared);
    out_add_int(object, "worse", count.worse);
    out_add_int(object, "better", count.better);
    out_json(object);
}
