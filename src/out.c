#include "src/out.h"

#include <errno.h>
#include <langinfo.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SIGPIPE is ignored because of the sockets; the shell is to see 141. */
static void end_by_sigpipe(void)
{
    (void)signal(SIGPIPE, SIG_DFL);
    (void)raise(SIGPIPE);
}

void out_need_reader(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    if (poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0) {
        end_by_sigpipe();
    }
}

void out_flush(void)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return;
    }
    if (errno == EPIPE) {
        end_by_sigpipe();
    }
    out_error("cannot write to standard output");
    exit(1); // NOLINT(concurrency-mt-unsafe): the core's thread has nothing to save
}

void out_text(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    out_flush();
}

cJSON *out_object(const char *type, struct wall_time when)
{
    char text[WALL_TEXT_SIZE];
    cJSON *object = cJSON_CreateObject();
    if (object == NULL) {
        abort();
    }
    wall_text(text, sizeof text, when, 3, 1);
    out_add_text(object, "type", type);
    out_add_text(object, "time", text);
    return object;
}

void out_json(cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    if (text == NULL) {
        abort();
    }
    (void)puts(text);
    cJSON_free(text);
    cJSON_Delete(object);
    out_flush();
}

void out_add_ms(cJSON *object, const char *name, uint64_t ns)
{
    (void)cJSON_AddNumberToObject(object, name, round((double)ns / 1e3) / 1e3);
}

void out_add_text(cJSON *object, const char *name, const char *text)
{
    (void)cJSON_AddStringToObject(object, name, text);
}

void out_add_int(cJSON *object, const char *name, int64_t value)
{
    (void)cJSON_AddNumberToObject(object, name, (double)value);
}

void out_error(const char *text)
{
    (void)fprintf(stderr, "derptop: %s\n", text);
}

bool out_is_utf8(void)
{
    const char *codeset = nl_langinfo(CODESET); // NOLINT(concurrency-mt-unsafe): main thread only
    return strcmp(codeset, "UTF-8") == 0;
}
