#include "ui/found.h"

#include <string.h>

#include "net/base/text.h"
#include "ui/panels.h"

/* Of a cause that stands apart nothing is seen above the row. */
static unsigned depth_of(const struct found *found, const struct finding *one)
{
    for (size_t i = 0; one->explained && i < found->count; i++) {
        if (found->rows[i].code == (int)one->explained_by) {
            return found->rows[i].depth + 1;
        }
    }
    return 0;
}

static void add_standing(const struct app *app, const struct snapshot *s, bool muted,
                         struct found *out)
{
    for (size_t i = 0; i < s->finding_count; i++) {
        const struct finding *one = &s->findings[i];
        if (app->muted[one->code] == muted) {
            out->rows[out->count] = (struct found_row){.code = (int)one->code,
                                                       .state = CHECK_STANDS,
                                                       .unknown = "",
                                                       .finding = one,
                                                       .depth = muted ? 0 : depth_of(out, one),
                                                       .muted = muted};
            out->count++;
            out->standing++;
            out->muted += muted ? 1 : 0;
            out->counts[one->severity] += muted ? 0 : 1;
        }
    }
}

static size_t add_others(const struct app *app, const struct check *checks, enum check_state state,
                         struct found *out)
{
    size_t before = out->count;
    for (int code = 0; code < FINDING_CODES; code++) {
        if (checks[code].state == state) {
            out->rows[out->count++] = (struct found_row){.code = code,
                                                         .state = state,
                                                         .unknown = checks[code].unknown,
                                                         .muted = app->muted[code]};
        }
    }
    return out->count - before;
}

void found_all(const struct app *app, const struct snapshot *s, struct found *out)
{
    struct check checks[FINDING_CODES];
    *out = (struct found){0};
    checks_beside(&s->facts, s->findings, s->finding_count, checks);
    add_standing(app, s, false, out);
    add_standing(app, s, true, out);
    out->unknown = add_others(app, checks, CHECK_UNKNOWN, out);
    out->passed = add_others(app, checks, CHECK_PASSED, out);
    out->rows[out->count++] =
        (struct found_row){.code = FOUND_PATH, .state = CHECK_PASSED, .unknown = ""};
}

bool found_holds(const struct found_row *row, const char *word)
{
    size_t at = 0;
    if (row->code == FOUND_PATH) {
        return text_holds("the path, in full", word, &at);
    }
    enum finding_code code = (enum finding_code)row->code;
    return text_holds(finding_name(code), word, &at) ||
           text_holds(finding_title(code), word, &at) ||
           text_holds(finding_side_name(finding_side_of(code)), word, &at);
}

static bool is_listed(const struct app *app, const struct found_row *row)
{
    bool hidden = row->code != FOUND_PATH && row->state == CHECK_PASSED && app->hide_passed;
    return !hidden && found_holds(row, app->lists[VIEW_DETAILS].filter);
}

void found_listed(const struct app *app, const struct snapshot *s, struct found *out)
{
    size_t kept = 0;
    found_all(app, s, out);
    for (size_t i = 0; i < out->count; i++) {
        if (is_listed(app, &out->rows[i])) {
            out->rows[kept++] = out->rows[i];
        }
    }
    out->count = kept;
}

size_t found_chosen(const struct app *app, const struct found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        if ((uint64_t)found->rows[i].code + 1 == app->lists[VIEW_DETAILS].at) {
            return i;
        }
    }
    return 0;
}

void found_counts(const struct glyphs *glyphs, const struct found *found, char *out, size_t size)
{
    out[0] = '\0';
    for (int severity = SEVERITY_ERROR; severity >= SEVERITY_INFO; severity--) {
        size_t used = strlen(out);
        if (found->counts[severity] > 0) {
            text_format(out + used, size - used, "%s%zu %s", used > 0 ? " " : "",
                        found->counts[severity],
                        severity_sign(glyphs, (enum finding_severity)severity));
        }
    }
}

void found_sum(const struct found *found, char out[FOUND_SUM])
{
    if (found->unknown == 0) {
        text_format(out, FOUND_SUM, "%zu passed", found->passed);
    } else if (found->passed == 0) {
        text_format(out, FOUND_SUM, "%zu not known", found->unknown);
    } else {
        text_format(out, FOUND_SUM, "%zu passed, %zu not known", found->passed, found->unknown);
    }
}

const char *found_sign(const struct glyphs *glyphs, const struct found_row *row, enum style *style)
{
    if (row->code == FOUND_PATH) {
        *style = STYLE_TEXT;
        return glyphs->dot;
    }
    if (row->finding != NULL) {
        *style = row->muted ? STYLE_DIM : severity_style(row->finding->severity);
        return row->muted ? glyphs->muted : severity_sign(glyphs, row->finding->severity);
    }
    *style = row->state == CHECK_UNKNOWN ? STYLE_DIM : STYLE_OK;
    return row->state == CHECK_UNKNOWN ? glyphs->unknown : glyphs->ok;
}
