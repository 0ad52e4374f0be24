#include "ui/series.h"

#include <stdlib.h>

#include "net/base/mem.h"

enum { STAGE_MINUTES, STAGE_TENS, STAGE_PROBES, STAGE_END };

static const uint64_t ten_ns = 10 * NS_PER_SEC;
static const uint64_t minute_ns = 60 * NS_PER_SEC;

static mono_ns round_up(mono_ns at, uint64_t width)
{
    return (at + width - 1) / width * width;
}

void series_start(struct series *series, const struct snapshot *s, mono_ns from, mono_ns to)
{
    bool probes_all = s->first_sample == 0 || s->sample_count == 0;
    bool tens_all = s->ten_count < SNAPSHOT_TENS_MAX;
    *series = (struct series){.s = s, .from = from, .to = to};
    series->probes_from = probes_all ? 0 : round_up(s->samples[0].sent_at, ten_ns);
    series->tens_from = tens_all ? 0 : round_up(s->tens[0].at, minute_ns);
}

static bool of_bucket(const struct snapshot_bucket *bucket, uint64_t width, struct point *out)
{
    *out = (struct point){.at = bucket->at,
                          .span_ns = width,
                          .min_us = bucket->min_us,
                          .p50_us = bucket->p50_us,
                          .max_us = bucket->max_us,
                          .jitter_us = bucket->jitter_us,
                          .answered = bucket->answered,
                          .direct = bucket->direct,
                          .lost = bucket->lost,
                          .lost_direct = bucket->lost_direct};
    return bucket->answered + bucket->lost > 0;
}

static bool of_probe(const struct snapshot_sample *sample, struct point *out)
{
    bool pong = sample->state == SAMPLE_PONG;
    bool lost = sample->state == SAMPLE_LOST;
    *out = (struct point){.at = sample->sent_at,
                          .min_us = sample->rtt_us,
                          .p50_us = sample->rtt_us,
                          .max_us = sample->rtt_us,
                          .answered = pong ? 1 : 0,
                          .direct = pong && sample->path == PATH_DIRECT ? 1 : 0,
                          .lost = lost ? 1 : 0,
                          .lost_direct = lost && sample->path == PATH_DIRECT ? 1 : 0};
    return pong || lost;
}

/* The next of the stage; false at its end. *fits: it belongs to the series. */
static bool step(struct series *series, struct point *out, bool *fits)
{
    const struct snapshot *s = series->s;
    size_t i = series->next++;
    switch (series->stage) {
    case STAGE_MINUTES:
        if (i >= s->minute_count) {
            return false;
        }
        *fits = of_bucket(&s->minutes[i], minute_ns, out) && out->at < series->tens_from &&
                out->at < series->probes_from;
        return true;
    case STAGE_TENS:
        if (i >= s->ten_count) {
            return false;
        }
        *fits = of_bucket(&s->tens[i], ten_ns, out) && out->at >= series->tens_from &&
                out->at < series->probes_from;
        return true;
    default:
        if (i >= s->sample_count) {
            return false;
        }
        *fits = of_probe(&s->samples[i], out) && out->at >= series->probes_from;
        return true;
    }
}

bool series_next(struct series *series, struct point *out)
{
    while (series->stage != STAGE_END) {
        bool fits = false;
        if (!step(series, out, &fits)) {
            series->stage++;
            series->next = 0;
        } else if (fits && out->at < series->to && out->at + out->span_ns >= series->from &&
                   (out->span_ns > 0 || out->at >= series->from)) {
            return true;
        }
    }
    return false;
}

mono_ns series_oldest(const struct snapshot *s)
{
    mono_ns oldest = s->now;
    oldest = s->minute_count > 0 && s->minutes[0].at < oldest ? s->minutes[0].at : oldest;
    oldest = s->ten_count > 0 && s->tens[0].at < oldest ? s->tens[0].at : oldest;
    return s->sample_count > 0 && s->samples[0].sent_at < oldest ? s->samples[0].sent_at : oldest;
}

enum path_kind point_path(const struct point *point)
{
    return point->answered == 0                   ? PATH_NONE
           : point->direct * 2 >= point->answered ? PATH_DIRECT
                                                  : PATH_DERP;
}

size_t point_parts(const struct point *point, struct point_part parts[POINT_PARTS])
{
    uint32_t direct = point->direct < point->answered ? point->direct : point->answered;
    uint32_t relayed = point->answered - direct;
    if (point->answered < 2) {
        parts[0] = (struct point_part){point->max_us, direct, relayed};
        return point->answered;
    }
    parts[0] = (struct point_part){point->min_us, direct > 0, direct == 0};
    parts[1] = (struct point_part){point->max_us, relayed == 0, relayed > 0};
    parts[2] = (struct point_part){point->p50_us, direct - parts[0].direct - parts[1].direct,
                                   relayed - parts[0].relayed - parts[1].relayed};
    return point->answered == 2 ? 2 : POINT_PARTS;
}

/* --- figures ---------------------------------------------------------------------------------- */

/* A value that stands for several round trips. */
struct weighed {
    uint32_t us, weight;
};

enum { WEIGHED_MAX = 2 * (SNAPSHOT_SAMPLES_MAX + SNAPSHOT_TENS_MAX + SNAPSHOT_MINUTES_MAX) };

static int compare(const void *a, const void *b)
{
    uint32_t x = ((const struct weighed *)a)->us;
    uint32_t y = ((const struct weighed *)b)->us;
    return x < y ? -1 : x > y;
}

static uint32_t rank_of(const struct weighed *values, size_t count, uint64_t total,
                        unsigned percent)
{
    uint64_t rank = (total * percent + 99) / 100;
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        seen += values[i].weight;
        if (seen >= rank) {
            return values[i].us;
        }
    }
    return 0;
}

struct gathered {
    struct weighed *values;
    size_t count;
    uint64_t jitter_sum_us, jitter_count;
};

static void add_value(struct gathered *to, uint32_t us, uint32_t weight)
{
    if (weight > 0 && to->count < WEIGHED_MAX) {
        to->values[to->count++] = (struct weighed){us, weight};
    }
}

static void add_point(struct gathered *to, const struct point *point, struct series_figures *out)
{
    if (point->span_ns > 0) {
        out->rough = true;
        add_value(to, point->p50_us, point->answered - 1);
        add_value(to, point->max_us, 1);
        to->jitter_sum_us += (uint64_t)point->jitter_us * point->answered;
        to->jitter_count += point->answered;
    } else {
        add_value(to, point->p50_us, 1);
        if (out->answered > 0) {
            uint32_t last = out->last_us;
            to->jitter_sum_us += point->p50_us > last ? point->p50_us - last : last - point->p50_us;
            to->jitter_count++;
        }
    }
    out->min_us = out->answered == 0 || point->min_us < out->min_us ? point->min_us : out->min_us;
    out->max_us = point->max_us > out->max_us ? point->max_us : out->max_us;
    out->last_us = point->p50_us;
    out->answered += point->answered;
}

void series_figures(const struct snapshot *s, mono_ns from, mono_ns to, enum path_kind path,
                    struct series_figures *out)
{
    struct series series;
    struct point point;
    struct gathered gathered = {.values = mem_array(WEIGHED_MAX, sizeof(struct weighed))};
    *out = (struct series_figures){0};
    series_start(&series, s, from, to);
    while (series_next(&series, &point)) {
        uint32_t direct = point.lost_direct < point.lost ? point.lost_direct : point.lost;
        out->lost += path == PATH_DIRECT ? direct : point.lost - direct;
        if (point.answered > 0 && point_path(&point) == path) {
            add_point(&gathered, &point, out);
        }
    }
    if (gathered.count > 0) {
        qsort(gathered.values, gathered.count, sizeof *gathered.values, compare);
        out->p50_us = rank_of(gathered.values, gathered.count, out->answered, 50);
        out->p95_us = rank_of(gathered.values, gathered.count, out->answered, 95);
        out->p99_us = rank_of(gathered.values, gathered.count, out->answered, 99);
    }
    if (gathered.jitter_count > 0) {
        out->jitter_us = (uint32_t)(gathered.jitter_sum_us / gathered.jitter_count);
    }
    free(gathered.values);
}
