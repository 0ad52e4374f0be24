/*
 * Two saved results of `derptop speedtest --json` or `ping --json`, compared. Pure; the files may
 * be anybody's: what is no result is refused, and text is made safe for a terminal.
 */
#ifndef SRC_DIFF_H
#define SRC_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/bytes.h"
#include "net/base/err.h"
#include "net/monitor/snapshot.h"

enum {
    DIFF_LINE_MAX = 1 << 20,  /* bytes; a speed test's summary has some 80 KiB at most */
    DIFF_FILE_MAX = 64 << 20, /* bytes; a day of pings */
    DIFF_TIME = 32,
    DIFF_THRESHOLD = 10, /* percent, unless another is asked for */
};

enum diff_test { DIFF_DOWN, DIFF_UP, DIFF_PING, DIFF_TESTS };

enum diff_unit {
    DIFF_MBITS, /* the more the better */
    DIFF_MS,    /* the less the better; a difference below a millisecond is none */
    DIFF_SHARE, /* percent, the less the better; compared by points: more than one is worse */
};

/* Test (0 = of a speed test), name in the JSON, unit, words. */
#define DIFF_FIGURES_LIST(X)                                                                       \
    X(DIFF_THROUGHPUT, 0, "throughput_mbits", DIFF_MBITS, "throughput")                            \
    X(DIFF_REST, 0, "latency_rest_ms", DIFF_MS, "latency at rest")                                 \
    X(DIFF_LOAD, 0, "latency_load_ms", DIFF_MS, "latency under load")                              \
    X(DIFF_PINGS_LOST, 0, "pings_lost_percent", DIFF_SHARE, "pings lost")                          \
    X(DIFF_MISSING, 0, "packets_missing_percent", DIFF_SHARE, "packets missing")                   \
    X(DIFF_P50, 1, "p50_ms", DIFF_MS, "latency, median")                                           \
    X(DIFF_P95, 1, "p95_ms", DIFF_MS, "latency, 95 %")                                             \
    X(DIFF_JITTER, 1, "jitter_ms", DIFF_MS, "jitter")                                              \
    X(DIFF_LOSS, 1, "loss_percent", DIFF_SHARE, "pings lost")

enum diff_figure {
#define X(code, ping, name, unit, text) code,
    DIFF_FIGURES_LIST(X)
#undef X
        DIFF_FIGURES
};

const char *diff_figure_name(enum diff_figure figure); /* "throughput_mbits" */
const char *diff_figure_text(enum diff_figure figure); /* "throughput" */
enum diff_unit diff_figure_unit(enum diff_figure figure);
bool diff_figure_is_of(enum diff_figure figure, enum diff_test test);

/* A figure that may not be known. */
struct diff_value {
    bool known;
    double is; /* finite, not negative */
};

struct diff_result {
    bool there;
    char when[DIFF_TIME];
    char workspace[SNAPSHOT_NAME];
    struct diff_value figures[DIFF_FIGURES];
    enum path_kind path;
    char way[SNAPSHOT_NAME]; /* address or region; "" = not known */
};

struct diff_file {
    struct diff_result tests[DIFF_TESTS]; /* the last of each that the file has */
};

/* Takes one line of a file; all but summaries is passed over. NET_ERR_MALFORMED with *why: it is no
 * object, or a summary with what cannot be; NET_ERR_TOO_BIG. */
NET_MUST_USE enum net_err diff_take_line(struct diff_file *file, struct bytes line,
                                         struct failure *why);

enum diff_verdict { DIFF_UNKNOWN, DIFF_SAME, DIFF_WORSE, DIFF_BETTER };

struct diff_change {
    struct diff_value before, after;
    struct diff_value change;  /* after - before; may be negative */
    struct diff_value percent; /* of before; not known if that is 0; may be negative */
    enum diff_verdict verdict;
};

/* What was measured before and not after is worse if it is the throughput. `threshold` in percent.
 */
struct diff_change diff_compare(const struct diff_result *before, const struct diff_result *after,
                                enum diff_figure figure, double threshold);

/* Direct is better than relayed, and that than none. */
enum diff_verdict diff_compare_paths(const struct diff_result *before,
                                     const struct diff_result *after);

#endif
