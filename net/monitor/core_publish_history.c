/*
 * The watched agent's older past, its echoes through the tunnel, and the log as a snapshot.
 */
#include "net/monitor/core_internal.h"

void core_fill_history(const struct watch *watch, struct snapshot *out)
{
    struct latency_figures figures;
    latency_run_figures(&watch->run_by_way[1], &figures);
    core_copy_figures(&out->run_direct, &figures);
    latency_run_figures(&watch->run_by_way[0], &figures);
    core_copy_figures(&out->run_relayed, &figures);
    out->first_sent_at = watch->beats > 0 ? watch->started_at : 0;
    out->ten_count = history_copy(&watch->history, 0, out->tens);
    out->minute_count = history_copy(&watch->history, 1, out->minutes);
    uint64_t kept =
        watch->echo_count < SNAPSHOT_ECHOES_MAX ? watch->echo_count : SNAPSHOT_ECHOES_MAX;
    out->echo_count = (size_t)kept;
    for (uint64_t i = 0; i < kept; i++) {
        out->echoes[i] = watch->echoes[(watch->echo_count - kept + i) % SNAPSHOT_ECHOES_MAX];
    }
    out->echo_interval_ns = watch->echo.interval_ns;
}

void core_fill_log(const struct log *log, struct snapshot *out)
{
    uint64_t kept = log->count < LOG_RING ? log->count : LOG_RING;
    out->log_first = log->count - kept;
    out->log_count = (size_t)kept;
    for (uint64_t i = 0; i < kept; i++) {
        out->log[i] = log->ring[(out->log_first + i) % LOG_RING];
    }
}
