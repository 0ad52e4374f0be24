/*
 * The log: data first (time, level, part, text), kept in a ring, and given to a sink if there is
 * one.
 *
 * The mask is tested before anything is formatted. In steady state nothing is written at the
 * default level; a change of state writes one line with its reason. Text is cleaned for a terminal
 * here. One log belongs to one thread.
 */
#ifndef NET_BASE_LOG_H
#define NET_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/base/err.h"
#include "net/base/now.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

#define LOG_PART_LIST(X)                                                                           \
    X(LOG_MAIN, "main")                                                                            \
    X(LOG_HTTP, "http")                                                                            \
    X(LOG_CONTROL, "control")                                                                      \
    X(LOG_DERP, "derp")                                                                            \
    X(LOG_DISCO, "disco")                                                                          \
    X(LOG_PATH, "path")                                                                            \
    X(LOG_WG, "wg")                                                                                \
    X(LOG_LAB, "lab")

enum log_part {
#define X(code, name) code,
    LOG_PART_LIST(X)
#undef X
};

enum { LOG_TEXT_SIZE = 240, LOG_RING = 512 };

struct log_line {
    struct wall_time when;
    enum log_level level;
    enum log_part part;
    char text[LOG_TEXT_SIZE];
};

struct log {
    enum log_level least; /* lines below it are not even formatted */
    void (*sink)(void *owner, const struct log_line *line); /* may be NULL */
    void *owner;
    uint64_t count; /* lines ever written; line n is ring[n % LOG_RING] */
    struct log_line *ring;
};

void log_init(struct log *log, enum log_level least);
void log_clear(struct log *log);

const char *log_level_name(enum log_level level);
const char *log_part_name(enum log_part part);

static inline bool log_wants(const struct log *log, enum log_level level)
{
    return log != NULL && level >= log->least;
}

/* Writes a line if the level is wanted. `log` may be NULL. */
void log_line(struct log *log, enum log_level level, enum log_part part, const char *format, ...)
    NET_PRINTF(4, 5);

/* A sink that prints "time level part: text" to the FILE given as owner. */
void log_to_file(void *owner, const struct log_line *line);

#endif
