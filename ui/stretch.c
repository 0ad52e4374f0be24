#include "ui/stretch.h"

#include "ui/series.h"

/* Shorter ones are the ordinary work of a probe's time limit. */
enum { LEAST_S = 5, LEAST_PROBES = 5, HOLD_PERCENT = 160 };

struct finder {
    const struct snapshot *s;
    mono_ns from, to;
    uint64_t least_ns;
    struct stretch *out;
    size_t count, most;
};

static void add(struct finder *finder, const struct stretch *one)
{
    if (one->from < finder->to && one->to > finder->from && finder->count < finder->most) {
        finder->out[finder->count++] = *one;
    }
}

static struct stretch told(const struct snapshot *s, const struct snapshot_gap *gap)
{
    static const enum stretch_kind kinds[] = {[GAP_PAUSED] = STRETCH_PAUSED,
                                              [GAP_SUSPENDED] = STRETCH_SUSPENDED,
                                              [GAP_ASLEEP] = STRETCH_ASLEEP};
    bool lasts = gap->to == 0;
    return (struct stretch){gap->from, lasts ? s->now : gap->to, kinds[gap->kind], lasts};
}

/* What the core tells of needs no guess. */
static void add_guess(struct finder *finder, const struct stretch *one)
{
    bool known = false;
    for (size_t i = 0; i < finder->s->gap_count; i++) {
        struct stretch other = told(finder->s, &finder->s->gaps[i]);
        known |= other.from < one->to && other.to > one->from;
    }
    if (!known && mono_since(one->to, one->from) >= finder->least_ns) {
        add(finder, one);
    }
}

/* When a point's probes are over with. */
static mono_ns end_of(const struct snapshot *s, const struct point *point)
{
    return mono_after(point->at,
                      point->span_ns > 0 ? point->span_ns : s->interval_ns * HOLD_PERCENT / 100);
}

/* The whole past, for a stretch may begin before the window and end after it. */
static void find_guesses(struct finder *finder)
{
    const struct snapshot *s = finder->s;
    struct series series;
    struct point point;
    mono_ns covered = 0; /* up to when there is something; 0: nothing yet */
    mono_ns lost = 0;    /* since when nothing but losses */
    series_start(&series, s, 0, mono_after(s->now, 1));
    while (series_next(&series, &point)) {
        if (covered != 0) {
            add_guess(finder, &(struct stretch){covered, point.at, STRETCH_NO_DATA, false});
        }
        if (point.answered > 0 && lost != 0) {
            add_guess(finder, &(struct stretch){lost, point.at, STRETCH_NO_ANSWER, false});
            lost = 0;
        } else if (point.answered == 0 && lost == 0) {
            lost = point.at;
        }
        covered = end_of(s, &point);
    }
    size_t count = s->sample_count;
    bool waits = count > 0 && s->samples[count - 1].state == SAMPLE_PENDING;
    if (lost != 0) {
        add_guess(finder, &(struct stretch){lost, s->now, STRETCH_NO_ANSWER, true});
    } else if (covered != 0 && !waits) {
        add_guess(finder, &(struct stretch){covered, s->now, STRETCH_NO_DATA, true});
    }
}

size_t stretches_find(const struct snapshot *s, mono_ns from, mono_ns to, struct stretch *out,
                      size_t most)
{
    uint64_t probes = s->interval_ns * LEAST_PROBES;
    struct finder finder = {s, from, to, LEAST_S * NS_PER_SEC, out, 0, most};
    finder.least_ns = probes > finder.least_ns ? probes : finder.least_ns;
    find_guesses(&finder);
    for (size_t i = 0; i < s->gap_count; i++) {
        struct stretch one = told(s, &s->gaps[i]);
        add(&finder, &one);
    }
    return finder.count;
}

bool stretch_at(const struct snapshot *s, mono_ns at, struct stretch *out)
{
    struct stretch found[STRETCHES_MAX];
    size_t count = stretches_find(s, at, mono_after(at, 1), found, STRETCHES_MAX);
    if (count > 0) {
        *out = found[count - 1];
    }
    return count > 0;
}

const char *stretch_word(enum stretch_kind kind)
{
    static const char *const words[] = {[STRETCH_PAUSED] = "paused",
                                        [STRETCH_SUSPENDED] = "suspended",
                                        [STRETCH_ASLEEP] = "asleep",
                                        [STRETCH_NO_ANSWER] = "no answer",
                                        [STRETCH_NO_DATA] = "no data"};
    return words[kind];
}
