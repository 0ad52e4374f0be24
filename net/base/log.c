#include "net/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/base/mem.h"
#include "net/base/text.h"

void log_init(struct log *log, enum log_level least)
{
    *log = (struct log){.least = least, .ring = mem_array(LOG_RING, sizeof(struct log_line))};
}

void log_clear(struct log *log)
{
    free(log->ring);
    log->ring = NULL;
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    return names[level];
}

const char *log_part_name(enum log_part part)
{
    switch (part) {
#define X(code, name)                                                                              \
    case code:                                                                                     \
        return name;
        LOG_PART_LIST(X)
#undef X
    }
    return "?";
}

void log_line(struct log *log, enum log_level level, enum log_part part, const char *format, ...)
{
    if (!log_wants(log, level)) {
        return;
    }
    char raw[LOG_TEXT_SIZE * 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    struct log_line *line = &log->ring[log->count % LOG_RING];
    *line = (struct log_line){.when = wall_now(), .level = level, .part = part};
    (void)text_clean(line->text, sizeof line->text, bytes_text(raw));
    log->count++;
    if (log->sink != NULL) {
        log->sink(log->owner, line);
    }
}

void log_to_file(void *owner, const struct log_line *line)
{
    char when[WALL_TEXT_SIZE];
    wall_text(when, sizeof when, line->when, 3, 0);
    (void)fprintf(owner, "%s %-5s %s: %s\n", when, log_level_name(line->level),
                  log_part_name(line->part), line->text);
}
