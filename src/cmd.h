/*
 * The commands. Each returns the exit status: 0 done; 1 it failed; 2 wrong usage; 3 not signed in
 * or refused; 130 interrupted. (`derptop lab` is in cmd_lab.h.)
 */
#ifndef SRC_CMD_H
#define SRC_CMD_H

#include "net/diagnose/diagnose.h"
#include "net/monitor/grade.h"
#include "src/config.h"
#include "src/options.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3, EXIT_INTERRUPTED = 130 };

int cmd_monitor(const struct options *options);
int cmd_list(const struct options *options);
int cmd_ping(const struct options *options);
int cmd_status_line(const struct options *options); /* `derptop status` */
int cmd_doctor(const struct options *options);
int cmd_speedtest(const struct options *options);
int cmd_netcheck(const struct options *options);
int cmd_record(const struct options *options);
int cmd_export(const struct options *options);
int cmd_replay(const struct options *options);
int cmd_diff(const struct options *options);
int cmd_paths(const struct options *options);
int cmd_version(void);

/* `derptop __complete WORDS…`, for the shells: what the last word may become (complete.h). */
int cmd_complete(int argc, char **argv);

/* The exit status that a failure means. */
int cmd_status(const struct failure *failure);

/* Reads the settings file and lays the flags over it; says what is wrong on stderr, each problem
 * with its line. Returns EXIT_DONE or EXIT_USAGE. */
int cmd_config(const struct options *options, struct config *out);

/* The limits that latencies are called good or poor by. */
struct grade_limits cmd_grade(const struct config *config);

/* The limits that findings are measured by. */
struct diagnose_limits cmd_limits(const struct config *config);

/* Loads the settings; says what is wrong on stderr. Returns EXIT_DONE or the exit status. */
int cmd_settings(const struct options *options, struct settings *out);

/* The same, but *why is the caller's to say. */
int cmd_settings_quiet(const struct options *options, struct settings *out, struct failure *why);

#endif
