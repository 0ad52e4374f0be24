/*
 * Times of day as servers write them: RFC 3339.
 */
#include "net/base/now.h"

/* `count` digits and what follows them; -1: it is not so. The text is gone past them. */
static int read_number(const char **text, int count, char after)
{
    int out = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9') {
            return -1;
        }
        out = out * 10 + (**text - '0');
    }
    if (after != '\0' && *(*text)++ != after) {
        return -1;
    }
    return out;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar, by eras of 400 years (year >= 1). */
static int64_t days_to(int year, int month, int day)
{
    enum { ERA_YEARS = 400, ERA_DAYS = 146097, EPOCH = 719468 };
    int y = month <= 2 ? year - 1 : year; /* years begin in March: the leap day is their last */
    int era = y / ERA_YEARS;
    int of_era = y - era * ERA_YEARS;
    int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (int64_t)era * ERA_DAYS + days - EPOCH;
}

static int32_t read_decimals(const char **text)
{
    int32_t nanos = 0;
    int32_t unit = 100000000;
    for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10) {
        nanos += (**text - '0') * unit; /* from the tenth on they count nothing */
    }
    return nanos;
}

/* "Z" or "+01:00"; seconds east of it. False: neither. */
static bool read_zone(const char **text, int *east)
{
    char sign = *(*text)++;
    *east = 0;
    if (sign == 'Z' || sign == 'z') {
        return true;
    }
    if (sign != '+' && sign != '-') {
        return false;
    }
    int hours = read_number(text, 2, ':');
    int minutes = hours < 0 ? -1 : read_number(text, 2, '\0');
    *east = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

bool wall_read(const char *text, struct wall_time *out)
{
    enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };
    static const struct {
        int digits;
        char after;
        int least, most;
    } parts[PARTS] = {
        [YEAR] = {4, '-', 1, 9999}, [MONTH] = {2, '-', 1, 12},  [DAY] = {2, 'T', 1, 31},
        [HOUR] = {2, ':', 0, 23},   [MINUTE] = {2, ':', 0, 59}, [SECOND] = {2, '\0', 0, 60},
    };
    int values[PARTS];
    int east = 0;
    *out = (struct wall_time){0};
    for (int i = 0; i < PARTS; i++) {
        values[i] = read_number(&text, parts[i].digits, parts[i].after);
        if (values[i] < parts[i].least || values[i] > parts[i].most) {
            return false;
        }
    }
    int32_t nanos = 0;
    if (*text == '.') {
        text++;
        nanos = read_decimals(&text);
    }
    if (!read_zone(&text, &east) || *text != '\0') {
        return false;
    }
    int of_day = values[HOUR] * 3600 + values[MINUTE] * 60 + values[SECOND] - east;
    out->seconds = days_to(values[YEAR], values[MONTH], values[DAY]) * 86400 + of_day;
    out->nanos = nanos;
    return true;
}
