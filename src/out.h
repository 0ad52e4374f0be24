/*
 * Standard output of the headless commands: text or one JSON object a line. A reader that went away
 * (`| head`) ends the program as SIGPIPE would, without a message.
 */
#ifndef SRC_OUT_H
#define SRC_OUT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "net/base/err.h"
#include "net/base/now.h"

/* What was printed to stdout goes out now, or the program ends: there is no place for it. */
void out_flush(void);

/* Likewise when nobody reads it any more, for one who has nothing to print yet. */
void out_need_reader(void);

/* Prints text and flushes. */
void out_text(const char *format, ...) NET_PRINTF(1, 2);

/* An object with "type" and "time" (RFC 3339, now) to be filled. Never NULL. */
cJSON *out_object(const char *type, struct wall_time when);

/* Prints it on a line of its own and frees it. */
void out_json(cJSON *object);

/* Members of an object; times in ms with three decimals. */
void out_add_ms(cJSON *object, const char *name, uint64_t ns);
void out_add_text(cJSON *object, const char *name, const char *text);
void out_add_int(cJSON *object, const char *name, int64_t value);

/* One line on stderr: "derptop: …". */
void out_error(const char *text);

/* Whether the locale shows UTF-8 (setlocale must have been called). */
bool out_is_utf8(void);

#endif
