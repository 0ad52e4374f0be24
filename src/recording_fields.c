#include "src/recording_fields.h"

#include "net/monitor/snapshot.h"

/* Whole numbers up to it are in a double, and so in JSON, what they seem. */
#define EXACT 9007199254740992.0

#define SIZE(s, m)  sizeof(((s *)0)->m)
#define EACH(s, m)  sizeof(((s *)0)->m[0])
#define COUNT(s, m) (SIZE(s, m) / EACH(s, m))
#define COMMON(s, m, k)                                                                            \
    .name = #m, .kind = (k), .offset = offsetof(s, m), .size = SIZE(s, m), .count = 1

#define BOOL(s, m)                                                                                 \
    {                                                                                              \
        COMMON(s, m, FIELD_BOOL)                                                                   \
    }
#define TIME(s, m)                                                                                 \
    {                                                                                              \
        COMMON(s, m, FIELD_TIME)                                                                   \
    }
#define WALL(s, m)                                                                                 \
    {                                                                                              \
        COMMON(s, m, FIELD_WALL)                                                                   \
    }
/* Texts: who adds one decides what is in it, for the mask. */
#define HOLDS(s, m, what)                                                                          \
    {                                                                                              \
        COMMON(s, m, FIELD_TEXT), .holds = (what)                                                  \
    }
#define PROSE(s, m) HOLDS(s, m, HOLDS_PROSE)
#define OURS(s, m)  HOLDS(s, m, HOLDS_OURS)
#define HOST(s, m)  HOLDS(s, m, HOLDS_HOST)
#define TITLE(s, m) HOLDS(s, m, HOLDS_TITLE)
#define NAME(s, m, what)                                                                           \
    {                                                                                              \
        COMMON(s, m, FIELD_TEXT), .holds = HOLDS_NAME, .kind_of_name = (what)                      \
    }
#define UUID(s, m)                                                                                 \
    {                                                                                              \
        COMMON(s, m, FIELD_UUID)                                                                   \
    }
#define NUMBER(s, m, top)                                                                          \
    {                                                                                              \
        COMMON(s, m, FIELD_NUMBER), .most = (top)                                                  \
    }
#define SIGNED(s, m, low, top)                                                                     \
    {                                                                                              \
        COMMON(s, m, FIELD_NUMBER), .least = (low), .most = (top)                                  \
    }
#define U64(s, m) NUMBER(s, m, EXACT)
#define U32(s, m) NUMBER(s, m, UINT32_MAX)
#define NAMED(s, m, list)                                                                          \
    {                                                                                              \
        COMMON(s, m, FIELD_ENUM), .names = (list), .name_count = sizeof(list) / sizeof *(list)     \
    }
#define STRUCT(s, m, table)                                                                        \
    {                                                                                              \
        COMMON(s, m, FIELD_STRUCT), .inner = &(table)                                              \
    }
#define ARRAY(s, m, k)                                                                             \
    .name = #m, .kind = (k), .offset = offsetof(s, m), .size = EACH(s, m), .count = COUNT(s, m)
#define NUMBERS(s, m, top)                                                                         \
    {                                                                                              \
        ARRAY(s, m, FIELD_NUMBERS), .most = (top)                                                  \
    }
#define TEXTS(s, m)                                                                                \
    {                                                                                              \
        ARRAY(s, m, FIELD_TEXTS)                                                                   \
    }
#define ROWS(s, m, table)                                                                          \
    {                                                                                              \
        ARRAY(s, m, FIELD_ROWS), .inner = &(table)                                                 \
    }
#define SERIES(s, m, length, table, element, key)                                                  \
    {                                                                                              \
        ARRAY(s, m, FIELD_SERIES), .inner = &(table), .length_offset = offsetof(s, length),        \
                                   .key_offset = offsetof(element, key)                            \
    }
#define PLACED(s, m, length, table, first)                                                         \
    {                                                                                              \
        ARRAY(s, m, FIELD_SERIES), .inner = &(table), .length_offset = offsetof(s, length),        \
                                   .by_place = true, .first_offset = offsetof(s, first)            \
    }
#define TABLE(list, s)                                                                             \
    {                                                                                              \
        (list), sizeof(list) / sizeof *(list), sizeof(s)                                           \
    }

/* --- names of values ----------------------------------------------------------------------- */

static const char *const paths[] = {"none", "derp", "direct"};
static const char *const sample_states[] = {"pending", "pong", "lost", "void"};
static const char *const gap_kinds[] = {"paused", "suspended", "asleep"};
static const char *const candidate_states[] = {"untried", "silent", "too_big", "answered", "best"};
static const char *const ladder_states[] = {"todo", "running", "done", "failed"};
static const char *const link_states[] = {"idle", "connecting", "up", "waiting", "failed"};
static const char *const speed_states[] = {"none", "waiting", "connecting", "running",
                                           "done", "stopped", "failed"};
static const char *const workspace_states[] = {"unknown", "running", "starting", "stopping",
                                               "stopped", "broken",  "deleted"};
static const char *const stop_reasons[] = {"unknown", "schedule", "dormant"};
static const char *const grades[] = {"unknown", "good", "fair", "poor"};
static const char *const agent_states[] = {"unknown", "connecting", "connected", "disconnected",
                                           "timeout"};
static const char *const log_levels[] = {"debug", "info", "warn", "error"};
static const char *const log_parts[] = {
#define X(code, name) name,
    LOG_PART_LIST(X)
#undef X
};

static const char *const finding_codes[] = {
#define X(code, name, side, title) name,
    FINDING_LIST(X)
#undef X
};
static const char *const finding_sides[] = {"deployment", "client", "agent", "path"};
static const char *const severities[] = {"ok", "info", "warning", "error"};
static const char *const facts_known[] = {"unknown", "no", "yes"};
static const char *const fact_paths[] = {"none", "relay", "direct"};
static const char *const fact_links[] = {"idle", "connecting", "up", "down"};
static const char *const fact_agents[] = {"unknown", "connecting", "connected", "disconnected",
                                          "timeout"};
static const char *const fact_workspaces[] = {"unknown", "running", "starting", "stopped"};

/* --- the structs ---------------------------------------------------------------------------- */

#define S struct snapshot_sample
static const struct field sample_fields[] = {
    TIME(S, sent_at),
    U32(S, rtt_us),
    NAMED(S, state, sample_states),
    NAMED(S, path, paths),
    NUMBER(S, region, UINT16_MAX),
    NUMBER(S, endpoint, SNAPSHOT_ENDPOINTS_MAX - 1),
};
static const struct field_table samples = TABLE(sample_fields, S);
#undef S

#define S struct snapshot_bucket
static const struct field bucket_fields[] = {
    TIME(S, at),      U32(S, min_us), U32(S, p50_us), U32(S, max_us),      U32(S, jitter_us),
    U32(S, answered), U32(S, lost),   U32(S, direct), U32(S, lost_direct),
};
static const struct field_table buckets = TABLE(bucket_fields, S);
#undef S

#define S struct snapshot_echo
static const struct field echo_fields[] = {TIME(S, at), U32(S, rtt_us)};
static const struct field_table echoes = TABLE(echo_fields, S);
#undef S

#define S struct snapshot_gap
static const struct field gap_fields[] = {TIME(S, from), TIME(S, to), NAMED(S, kind, gap_kinds)};
static const struct field_table gaps = TABLE(gap_fields, S);
#undef S

#define S struct snapshot_candidate
static const struct field candidate_fields[] = {
    PROSE(S, address),  NAMED(S, state, candidate_states),
    U64(S, latency_ns), TIME(S, pong_at),
    U64(S, probes),     U64(S, pongs),
    BOOL(S, told),      BOOL(S, heard),
};
static const struct field_table candidates = TABLE(candidate_fields, S);
#undef S

#define S struct snapshot_change
static const struct field change_fields[] = {
    U64(S, seq),
    TIME(S, at),
    WALL(S, when),
    NAMED(S, from, paths),
    NAMED(S, to, paths),
    NAME(S, from_text, "region"),
    NAME(S, to_text, "region"),
    OURS(S, reason),
    PROSE(S, why),
};
static const struct field_table changes = TABLE(change_fields, S);
#undef S

#define S struct snapshot_traffic
static const struct field traffic_fields[] = {
    U64(S, packets_in),
    U64(S, packets_out),
    U64(S, bytes_in),
    U64(S, bytes_out),
};
static const struct field_table traffic = TABLE(traffic_fields, S);
#undef S

#define S struct snapshot_stats
static const struct field stats_fields[] = {
    U64(S, sent),   U64(S, answered), U64(S, lost),      U64(S, last_ns),
    U64(S, min_ns), U64(S, avg_ns),   U64(S, max_ns),    U64(S, p50_ns),
    U64(S, p95_ns), U64(S, p99_ns),   U64(S, jitter_ns), U64(S, stddev_ns),
};
static const struct field_table stats = TABLE(stats_fields, S);
#undef S

#define S struct snapshot_step
static const struct field step_fields[] = {
    NAMED(S, state, ladder_states),
    TIME(S, since),
    TIME(S, retry_at),
    PROSE(S, detail),
};
static const struct field_table steps = TABLE(step_fields, S);
#undef S

#define S struct snapshot_link
static const struct field link_fields[] = {
    NAMED(S, state, link_states),
    TIME(S, since),
    TIME(S, retry_at),
    U32(S, attempts),
    PROSE(S, detail),
};
static const struct field_table links = TABLE(link_fields, S);
#undef S

#define S struct snapshot_workspace
static const struct field workspace_fields[] = {
    UUID(S, workspace),
    UUID(S, agent),
    NAME(S, owner, "user"),
    NAME(S, name, "workspace"),
    NAME(S, agent_name, "agent"),
    BOOL(S, show_agent_name),
    NAMED(S, state, workspace_states),
    WALL(S, stopped_at),
    NAMED(S, stopped_by, stop_reasons),
    NAMED(S, agent_state, agent_states),
    BOOL(S, watched),
    NAMED(S, path, paths),
    NAMED(S, grade, grades),
    U32(S, last_rtt_us),
    NUMBER(S, spark_count, SNAPSHOT_SPARK),
    NUMBERS(S, spark_us, UINT32_MAX),
    NUMBERS(S, spark_path, PATH_DIRECT),
    U32(S, errors),
    U32(S, warnings),
    U32(S, infos),
};
static const struct field_table workspaces = TABLE(workspace_fields, S);
#undef S

#define S struct log_line
static const struct field log_fields[] = {
    WALL(S, when),
    NAMED(S, level, log_levels),
    NAMED(S, part, log_parts),
    PROSE(S, text),
};
static const struct field_table log_lines = TABLE(log_fields, S);
#undef S

#define S struct snapshot_event
static const struct field event_fields[] = {
    U64(S, seq), WALL(S, when), TIME(S, at), UUID(S, agent), TITLE(S, about), PROSE(S, text),
};
static const struct field_table events = TABLE(event_fields, S);
#undef S

#define S struct finding
static const struct field finding_fields[] = {
    NAMED(S, code, finding_codes),
    NAMED(S, side, finding_sides),
    NAMED(S, severity, severities),
    OURS(S, name),
    OURS(S, title),
    PROSE(S, observed),
    PROSE(S, why),
    PROSE(S, remedy),
    PROSE(S, docs),
    BOOL(S, certain),
    BOOL(S, explained),
    NAMED(S, explained_by, finding_codes),
    NUMBER(S, depth, FINDING_CODES),
    TIME(S, since),
};
static const struct field_table findings = TABLE(finding_fields, S);
#undef S

#define S struct fact_interface
static const struct field fact_interface_fields[] = {PROSE(S, name), U32(S, mtu)};
static const struct field_table fact_interfaces = TABLE(fact_interface_fields, S);
#undef S

#define S struct fact_side
static const struct field fact_side_fields[] = {
    NAMED(S, udp, facts_known),
    NAMED(S, hard_nat, facts_known),
    NAMED(S, hairpin, facts_known),
    TEXTS(S, seen_v4),
    PROSE(S, public_v4),
    PROSE(S, public_v6),
    NAMED(S, aws, facts_known),
    PROSE(S, aws_address),
    PROSE(S, aws_range),
    NUMBER(S, interface_count, FACT_INTERFACES_MAX),
    ROWS(S, interfaces, fact_interfaces),
};
static const struct field_table fact_sides = TABLE(fact_side_fields, S);
#undef S

#define S struct fact_region
static const struct field fact_region_fields[] = {SIGNED(S, id, -EXACT, EXACT),
                                                  NAME(S, name, "region")};
static const struct field_table fact_regions = TABLE(fact_region_fields, S);
#undef S

#define S struct fact_probes
static const struct field fact_probes_fields[] = {
    U64(S, answered), U64(S, lost),      U64(S, p50_ns),   U64(S, avg_ns),
    U64(S, p95_ns),   U64(S, jitter_ns), U64(S, usual_ns), U64(S, lost_in_a_row),
};
static const struct field_table fact_probes = TABLE(fact_probes_fields, S);
#undef S

#define S struct facts
static const struct field fact_fields[] = {
    BOOL(S, connection_known),
    BOOL(S, direct_disabled_deployment),
    BOOL(S, direct_disabled_client),
    NAMED(S, stun_servers, facts_known),
    BOOL(S, websockets_forced),
    BOOL(S, token_refused),
    PROSE(S, token_text),
    BOOL(S, version_unsupported),
    PROSE(S, version_text),
    PROSE(S, server_version),
    PROSE(S, docs_url),
    NAMED(S, coordinator, fact_links),
    U64(S, coordinator_down_ns),
    PROSE(S, coordinator_text),
    NAME(S, workspace, "workspace"),
    NAMED(S, workspace_state, fact_workspaces),
    OURS(S, workspace_status),
    NAMED(S, agent, fact_agents),
    BOOL(S, agent_node_known),
    BOOL(S, agent_lost),
    BOOL(S, agent_left),
    PROSE(S, agent_version),
    NAMED(S, relay, fact_links),
    U64(S, relay_down_ns),
    STRUCT(S, relay_region, fact_regions),
    PROSE(S, relay_text),
    PROSE(S, relay_health),
    BOOL(S, relay_websocket),
    PROSE(S, relay_websocket_reason),
    NAMED(S, agent_report, facts_known),
    PROSE(S, agent_report_text),
    STRUCT(S, client, fact_sides),
    STRUCT(S, agent_side, fact_sides),
    PROSE(S, default_route),
    NAMED(S, default_route_tunnel, facts_known),
    PROSE(S, aws_source),
    NAMED(S, same_public_address, facts_known),
    NAMED(S, path, fact_paths),
    U64(S, path_for_ns),
    PROSE(S, path_address),
    NUMBER(S, candidates, UINT32_MAX),
    NUMBER(S, candidates_silent, UINT32_MAX),
    STRUCT(S, probes, fact_probes),
    U32(S, path_mtu),
    U32(S, path_mtu_want),
    PROSE(S, path_mtu_to),
    NAMED(S, handshake, facts_known),
    U64(S, handshake_age_ns),
    U32(S, handshake_attempts),
    BOOL(S, data_wanted),
    STRUCT(S, client_home, fact_regions),
    STRUCT(S, agent_home, fact_regions),
    U64(S, client_to_client_home_ns),
    U64(S, client_to_agent_home_ns),
    U64(S, agent_to_client_home_ns),
    U64(S, agent_to_agent_home_ns),
    STRUCT(S, near_region, fact_regions),
    U64(S, near_region_ns),
    U64(S, used_region_ns),
};
static const struct field_table facts_table = TABLE(fact_fields, S);
#undef S

#define S struct snapshot_speed_run
static const struct field speed_run_fields[] = {
    U64(S, number),
    NAMED(S, state, speed_states),
    BOOL(S, up),
    UUID(S, agent),
    TITLE(S, title),
    WALL(S, when),
    TIME(S, asked_at),
    TIME(S, started_at),
    TIME(S, ended_at),
    U64(S, duration_ns),
    U64(S, elapsed_ns),
    U64(S, bytes),
    U64(S, rate),
    NAMED(S, path, paths),
    NAME(S, path_text, "region"),
    NAME(S, path_code, "region-code"),
    BOOL(S, path_changed),
    NAME(S, path_changed_to, "region"),
    U64(S, rest_ns),
    U64(S, load_ns),
    U64(S, rest_count),
    U64(S, load_count),
    U64(S, load_lost),
    U64(S, retransmits),
    U64(S, packets),
    U64(S, missing),
    PROSE(S, failure),
    PROSE(S, note),
};
static const struct field_table speed_runs = TABLE(speed_run_fields, S);
#undef S

#define S struct snapshot_speed_row
static const struct field speed_row_fields[] = {U64(S, start_ns), U64(S, end_ns), U64(S, bytes)};
static const struct field_table speed_rows = TABLE(speed_row_fields, S);
#undef S

#define S struct snapshot_speed
static const struct field speed_fields[] = {
    STRUCT(S, run, speed_runs),
    BOOL(S, want_direct),
    PROSE(S, waits_for),
    TIME(S, waits_until),
    U64(S, rate_now),
    U64(S, slice_ns),
    NUMBER(S, slice_count, SNAPSHOT_SLICES_MAX),
    NUMBERS(S, slices, EXACT),
    NUMBER(S, row_count, SNAPSHOT_ROWS_MAX),
    ROWS(S, rows, speed_rows),
    NUMBER(S, history_count, SNAPSHOT_RUNS_MAX),
    ROWS(S, history, speed_runs),
};
static const struct field_table speed_table = TABLE(speed_fields, S);
#undef S

#define S struct snapshot_warning
static const struct field warning_fields[] = {OURS(S, code), PROSE(S, text)};
static const struct field_table warnings = TABLE(warning_fields, S);
#undef S

#define S struct snapshot_interface
static const struct field interface_fields[] = {PROSE(S, name), U32(S, mtu), PROSE(S, addresses)};
static const struct field_table interfaces = TABLE(interface_fields, S);
#undef S

#define S struct snapshot_agent_report
static const struct field agent_report_fields[] = {
    TIME(S, at),
    PROSE(S, failure),
    OURS(S, severity),
    BOOL(S, has_net_info),
    BOOL(S, udp),
    BOOL(S, ipv4),
    BOOL(S, ipv6),
    NAMED(S, hard_nat, facts_known),
    NAMED(S, hairpinning, facts_known),
    NAMED(S, captive_portal, facts_known),
    NAMED(S, upnp, facts_known),
    NAMED(S, pmp, facts_known),
    NAMED(S, pcp, facts_known),
    U64(S, preferred_derp),
    U64(S, home_latency_ns),
    PROSE(S, global_v4),
    PROSE(S, global_v6),
    NUMBER(S, warning_count, SNAPSHOT_WARNINGS_MAX),
    NUMBER(S, interface_warning_count, SNAPSHOT_WARNINGS_MAX),
    NUMBER(S, interface_count, SNAPSHOT_INTERFACES_MAX),
    ROWS(S, warnings, warnings),
    ROWS(S, interface_warnings, warnings),
    ROWS(S, interfaces, interfaces),
};
static const struct field_table agent_reports = TABLE(agent_report_fields, S);
#undef S

#define S struct snapshot
static const struct field snapshot_fields[] = {
    HOST(S, deployment),
    NAME(S, user, "user"),
    PROSE(S, server_version),
    BOOL(S, lab),
    BOOL(S, masked),
    BOOL(S, signed_in),
    PROSE(S, notice),
    BOOL(S, fatal),
    SIGNED(S, fatal_status, -255, 255),
    BOOL(S, finished),
    NUMBER(S, workspaces_total, UINT32_MAX),
    NUMBER(S, workspace_count, SNAPSHOT_WORKSPACES_MAX),
    ROWS(S, workspaces, workspaces),
    BOOL(S, list_live),
    BOOL(S, list_known),
    SIGNED(S, selected, -1, SNAPSHOT_WORKSPACES_MAX - 1),
    TITLE(S, title),
    BOOL(S, paused),
    ROWS(S, ladder, steps),
    STRUCT(S, coordinator, links),
    STRUCT(S, relay, links),
    NAME(S, relay_url, "relay"),
    PROSE(S, relay_health),
    BOOL(S, relay_websocket),
    U64(S, relay_rtt_ns),
    U64(S, relay_packets_in),
    U64(S, relay_packets_out),
    U64(S, relay_bytes_in),
    U64(S, relay_bytes_out),
    NAMED(S, path, paths),
    TIME(S, path_since),
    BOOL(S, path_stale),
    PROSE(S, path_address),
    U64(S, path_latency_ns),
    U64(S, direct_after_ns),
    BOOL(S, was_direct),
    SIGNED(S, region, -EXACT, EXACT),
    NAME(S, region_name, "region"),
    NAME(S, region_code, "region-code"),
    SIGNED(S, home_region, -EXACT, EXACT),
    NAME(S, home_region_name, "region"),
    U64(S, home_latency_ns),
    SIGNED(S, agent_region, -EXACT, EXACT),
    NAME(S, agent_region_name, "region"),
    BOOL(S, node_sent),
    TIME(S, node_sent_at),
    BOOL(S, node_received),
    TIME(S, node_received_at),
    NUMBER(S, agent_endpoint_count, SNAPSHOT_ENDPOINTS_MAX),
    NUMBER(S, own_endpoint_count, SNAPSHOT_ENDPOINTS_MAX),
    TEXTS(S, agent_endpoints),
    TEXTS(S, own_endpoints),
    TEXTS(S, direct_endpoints),
    NUMBER(S, candidate_count, SNAPSHOT_CANDIDATES_MAX),
    ROWS(S, candidates, candidates),
    STRUCT(S, direct, traffic),
    STRUCT(S, relayed, traffic),
    BOOL(S, has_tunnel),
    TIME(S, handshake_at),
    TIME(S, handshake_due_at),
    U64(S, handshakes),
    BOOL(S, handshake_under_way),
    U32(S, handshake_attempts),
    STRUCT(S, tunnel, traffic),
    STRUCT(S, tunnel_stats, stats),
    TIME(S, tunnel_answer_at),
    U64(S, change_count),
    SERIES(S, changes, changes_kept, changes, struct snapshot_change, seq),
    PROSE(S, agent_version),
    STRUCT(S, agent_report, agent_reports),
    STRUCT(S, speed, speed_table),
    BOOL(S, direct_disabled_deployment),
    BOOL(S, direct_disabled_client),
    NUMBER(S, finding_count, FINDING_CODES),
    ROWS(S, findings, findings),
    STRUCT(S, facts, facts_table),
    STRUCT(S, window, stats),
    STRUCT(S, other, stats),
    STRUCT(S, run, stats),
    PLACED(S, samples, sample_count, samples, first_sample),
    U64(S, interval_ns),
    TIME(S, silent_since),
    U64(S, silence_ns),
    TIME(S, silence_at),
    U64(S, unanswered),
    STRUCT(S, run_direct, stats),
    STRUCT(S, run_relayed, stats),
    TIME(S, first_sent_at),
    SERIES(S, tens, ten_count, buckets, struct snapshot_bucket, at),
    SERIES(S, minutes, minute_count, buckets, struct snapshot_bucket, at),
    SERIES(S, echoes, echo_count, echoes, struct snapshot_echo, at),
    U64(S, echo_interval_ns),
    SERIES(S, gaps, gap_count, gaps, struct snapshot_gap, from),
    PLACED(S, log, log_count, log_lines, log_first),
    SERIES(S, events, event_count, events, struct snapshot_event, seq),
};
const struct field_table recording_snapshot = TABLE(snapshot_fields, S);
#undef S
