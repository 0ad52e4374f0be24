#include "net/path/home.h"

#include <stdlib.h>

#include "net/base/mem.h"

enum { KEPT_SECONDS = 300, REPORTS_MAX = 64, GAIN_MIN_MS = 10 };

struct report {
    mono_ns at;
    size_t count;
    struct home_latency latencies[DERP_MAP_REGIONS_MAX];
};

struct home {
    int64_t current;
    size_t count;
    struct report *reports[REPORTS_MAX]; /* oldest first */
};

struct home *home_new(void)
{
    return mem_new(sizeof(struct home));
}

void home_free(struct home *home)
{
    if (home == NULL) {
        return;
    }
    for (size_t i = 0; i < home->count; i++) {
        free(home->reports[i]);
    }
    free(home);
}

static void drop_first(struct home *home)
{
    free(home->reports[0]);
    home->count--;
    for (size_t i = 0; i < home->count; i++) {
        home->reports[i] = home->reports[i + 1];
    }
}

static void keep(struct home *home, mono_ns now, const struct home_latency *latencies, size_t count)
{
    while (home->count > 0 && mono_since(now, home->reports[0]->at) > KEPT_SECONDS * NS_PER_SEC) {
        drop_first(home);
    }
    if (home->count == REPORTS_MAX) {
        drop_first(home);
    }
    struct report *report = mem_new(sizeof *report);
    report->at = now;
    report->count = count < DERP_MAP_REGIONS_MAX ? count : DERP_MAP_REGIONS_MAX;
    for (size_t i = 0; i < report->count; i++) {
        report->latencies[i] = latencies[i];
    }
    home->reports[home->count++] = report;
}

static double scaled(const struct derp_map *map, int64_t region, uint64_t latency_ns)
{
    const struct derp_region *found = derp_map_find(map, region);
    double score = found != NULL && found->score > 0 ? found->score : 1;
    return score * (double)latency_ns;
}

/* The least scaled latency of the reports that are kept. */
static double best_of(const struct home *home, const struct derp_map *map, int64_t region)
{
    double best = -1;
    for (size_t i = 0; i < home->count; i++) {
        for (size_t n = 0; n < home->reports[i]->count; n++) {
            const struct home_latency *latency = &home->reports[i]->latencies[n];
            double value = scaled(map, region, latency->latency_ns);
            if (latency->region == region && (best < 0 || value < best)) {
                best = value;
            }
        }
    }
    return best;
}

static bool can_relay(const struct derp_map *map, int64_t region)
{
    const struct derp_region *found = derp_map_find(map, region);
    return found != NULL && derp_region_can_relay(found);
}

static int64_t first_relay(const struct derp_map *map)
{
    for (size_t i = 0; i < map->region_count; i++) {
        if (derp_region_can_relay(&map->regions[i])) {
            return map->regions[i].id;
        }
    }
    return 0;
}

/* Keeps the old home, if it still answers, against a gain that is not worth a move. */
static bool worth_moving(const struct home *home, const struct derp_map *map,
                         const struct home_latency *latencies, size_t count, double best)
{
    for (size_t i = 0; i < count; i++) {
        if (latencies[i].region == home->current) {
            double now = scaled(map, home->current, latencies[i].latency_ns);
            bool small_gain = now - best < (double)(GAIN_MIN_MS * NS_PER_MS);
            return !small_gain && best <= now / 3 * 2;
        }
    }
    return true;
}

int64_t home_report(struct home *home, mono_ns now, const struct derp_map *map,
                    const struct home_latency *latencies, size_t count)
{
    int64_t pick = 0;
    double best = -1;
    keep(home, now, latencies, count);
    for (size_t i = 0; i < count; i++) {
        double value = best_of(home, map, latencies[i].region);
        if (can_relay(map, latencies[i].region) && (best < 0 || value < best)) {
            pick = latencies[i].region;
            best = value;
        }
    }
    bool old_stands = can_relay(map, home->current);
    if (pick == 0) {
        home->current = old_stands ? home->current : first_relay(map);
    } else if (!old_stands || worth_moving(home, map, latencies, count, best)) {
        home->current = pick;
    }
    return home->current;
}

int64_t home_current(const struct home *home)
{
    return home->current;
}

int64_t home_only_choice(const struct derp_map *map)
{
    int64_t first = first_relay(map);
    for (size_t i = 0; i < map->region_count; i++) {
        if (map->regions[i].id != first && derp_region_can_relay(&map->regions[i])) {
            return 0;
        }
    }
    return first;
}
