#include "src/finding_text.h"

#include "net/diagnose/checks.h"
#include "ui/graph_marks.h"

static void say_part(FILE *out, const char *word, const char *text)
{
    if (text[0] != '\0') {
        (void)fprintf(out, "%-7s %s\n", word, text);
    }
}

static const struct finding *find(const struct snapshot *s, enum finding_code code)
{
    for (size_t i = 0; i < s->finding_count; i++) {
        if (s->findings[i].code == code) {
            return &s->findings[i];
        }
    }
    return NULL;
}

static void say_standing(FILE *out, const struct snapshot *s, const struct finding *one)
{
    char since[WALL_TEXT_SIZE];
    wall_text(since, sizeof since, graph_wall(s, one->since), 0, 1);
    (void)fprintf(out, "%-7s %s, since %s\n", "state:", finding_severity_name(one->severity),
                  since);
    if (one->explained) {
        say_part(out, "cause:", finding_title(one->explained_by));
    }
    say_part(out, "seen:", one->observed);
    say_part(out, "why:", one->why);
    say_part(out, "do:", one->remedy);
}

void finding_text(const struct snapshot *s, enum finding_code code, FILE *out)
{
    struct check checks[FINDING_CODES];
    char lines[CHECK_LINES_MAX][CHECK_LINE_SIZE];
    char now[WALL_TEXT_SIZE];
    char docs[FINDING_DOCS_SIZE];
    const struct finding *one = find(s, code);
    wall_text(now, sizeof now, s->wall, 0, 1);
    checks_beside(&s->facts, s->findings, s->finding_count, checks);
    (void)fprintf(out, "%s (%s): %s\n", finding_name(code),
                  finding_side_name(finding_side_of(code)), finding_title(code));
    if (one != NULL) {
        say_standing(out, s, one);
    } else if (checks[code].state == CHECK_UNKNOWN) {
        (void)fprintf(out, "%-7s not known: %s\n", "state:", checks[code].unknown);
    } else {
        say_part(out, "state:", "looked for, and not so");
    }
    size_t count = check_evidence(&s->facts, code, lines);
    for (size_t i = 0; i < count; i++) {
        say_part(out, "known:", lines[i]);
    }
    check_docs(&s->facts, code, docs);
    say_part(out, "see:", docs);
    (void)fprintf(out, "%-7s derptop %s at %s\n", "by:", DERPTOP_VERSION, now);
}
