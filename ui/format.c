/*
 * Figures as people read them.
 */
#include "net/base/now.h"
#include "net/base/text.h"
#include "ui/panels.h"

void age_text(uint64_t ns, char out[AGE_TEXT])
{
    unsigned long long s = ns / NS_PER_SEC;
    if (s < 60) {
        text_format(out, AGE_TEXT, "%llu s", s);
    } else if (s < 3600) {
        text_format(out, AGE_TEXT, "%llu m %llu s", s / 60, s % 60);
    } else if (s < 86400) {
        text_format(out, AGE_TEXT, "%llu h %llu m", s / 3600, s / 60 % 60);
    } else {
        text_format(out, AGE_TEXT, "%llu d %llu h", s / 86400, s / 3600 % 24);
    }
}

void short_age_text(uint64_t ns, char out[AGE_TEXT])
{
    unsigned long long s = ns / NS_PER_SEC;
    bool small = s < 3600;
    text_format(out, AGE_TEXT, "%llu %s",
                s < 60      ? s
                : small     ? s / 60
                : s < 86400 ? s / 3600
                            : s / 86400,
                s < 60      ? "s"
                : small     ? "m"
                : s < 86400 ? "h"
                            : "d");
}

void latency_text(uint64_t ns, char out[LATENCY_TEXT])
{
    double ms = (double)ns / (double)NS_PER_MS;
    if (ms < 1) {
        text_format(out, LATENCY_TEXT, "%.2f ms", ms);
    } else if (ms < 10) {
        text_format(out, LATENCY_TEXT, "%.1f ms", ms);
    } else if (ms < 1000) {
        text_format(out, LATENCY_TEXT, "%.0f ms", ms);
    } else {
        text_format(out, LATENCY_TEXT, "%.2f s", ms / 1000);
    }
}

void amount_text(uint64_t bytes, char out[BYTES_TEXT])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double amount = (double)bytes;
    size_t unit = 0;
    while (amount >= 999.5 && unit + 1 < sizeof units / sizeof *units) {
        amount /= 1000;
        unit++;
    }
    text_format(out, BYTES_TEXT, unit > 0 && amount < 9.95 ? "%.1f %s" : "%.0f %s", amount,
                units[unit]);
}
