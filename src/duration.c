#include "src/duration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/now.h"
#include "net/base/text.h"

static const struct {
    const char *name;
    double ns;
} units[] = {{"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};

static const double day_ns = 86400e9;

/* The factor of the unit at *text, which moves past it; 0 when there is none. */
static double take_unit(const char **text)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i].name);
        if (strncmp(*text, units[i].name, len) == 0) {
            *text += len;
            return units[i].ns;
        }
    }
    return 0;
}

enum net_err duration_parse(const char *text, uint64_t *ns)
{
    double total = 0;
    if (*text == '\0') {
        return NET_ERR_MALFORMED;
    }
    for (const char *at = text; *at != '\0';) {
        char *end = (char *)(uintptr_t)at;
        if (*at != '.' && (*at < '0' || *at > '9')) {
            return NET_ERR_MALFORMED; /* strtod would take signs, "inf" and "0x" */
        }
        double number = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') ? NAN : strtod(at, &end);
        if (!(number >= 0) || end == at) {
            return NET_ERR_MALFORMED;
        }
        bool bare = *end == '\0' && at == text;
        at = end;
        double unit = bare ? 1e9 : take_unit(&at);
        if (unit == 0) {
            return NET_ERR_MALFORMED;
        }
        total += number * unit;
    }
    if (total > day_ns) {
        return NET_ERR_TOO_BIG;
    }
    *ns = (uint64_t)(total + 0.5);
    return NET_OK;
}

void duration_text(uint64_t ns, char out[DURATION_TEXT_SIZE])
{
    uint64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS >= NS_PER_MS / 2 ? 1 : 0);
    if (ns < 10 * NS_PER_MS) {
        text_format(out, DURATION_TEXT_SIZE, "%.2fms", (double)ns / (double)NS_PER_MS);
    } else if (ms < 1000) {
        text_format(out, DURATION_TEXT_SIZE, "%llums", (unsigned long long)ms);
    } else {
        text_format(out, DURATION_TEXT_SIZE, "%llu.%03llus", (unsigned long long)(ms / 1000),
                    (unsigned long long)(ms % 1000));
    }
}
