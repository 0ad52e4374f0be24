#include "net/base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "net/base/text.h"

const char *net_err_name(enum net_err code)
{
    switch (code) {
#define X(id, name, text)                                                                          \
    case id:                                                                                       \
        return name;
        NET_ERR_LIST(X)
#undef X
    }
    return "unknown";
}

const char *net_err_text(enum net_err code)
{
    switch (code) {
#define X(id, name, text)                                                                          \
    case id:                                                                                       \
        return text;
        NET_ERR_LIST(X)
#undef X
    }
    return "unknown error";
}

enum net_err failure_set(struct failure *out, enum net_err code, const char *format, ...)
{
    char raw[sizeof out->text * 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(raw, sizeof raw, format, args); /* what is cut here is cut below, too */
    va_end(args);
    *out = (struct failure){.code = code};
    (void)text_clean(out->text, sizeof out->text, bytes_text(raw));
    return code;
}
