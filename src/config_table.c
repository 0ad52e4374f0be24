#include <stdlib.h>
#include <string.h>

#include "net/base/now.h"
#include "net/base/text.h"
#include "src/config_internal.h"
#include "src/duration.h"
#include "src/options_internal.h"

#define AT(member) offsetof(struct config, member)

const struct setting config_settings[] = {
    {"color", SETTING_CHOICE, "auto|always|never", 0, 0, "auto", "when to use colours; --color",
     AT(color)},
    {"ascii", SETTING_SWITCH, NULL, 0, 0, "false", "draw with ASCII alone; --ascii", AT(ascii)},
    {"graph", SETTING_CHOICE, "auto|braille|block|ascii", 0, 0, "auto", "what graphs are made of",
     AT(graph)},
    {"theme", SETTING_CHOICE, "auto|safe|dark|light|contrast|mono", 0, 0, "auto",
     "colours; --theme", AT(theme)},
    {"mouse", SETTING_SWITCH, NULL, 0, 0, "false",
     "clicks and the wheel, in place of the terminal's own selection; --mouse", AT(mouse)},
    {"mask", SETTING_SWITCH, NULL, 0, 0, "false", "begin with names and addresses masked; --mask",
     AT(mask)},
    {"keep", SETTING_SWITCH, NULL, 0, 0, "false", "leave a summary behind at the end; --keep",
     AT(keep)},
    {"notify", SETTING_CHOICE, "none|bell|desktop", 0, 0, "none",
     "what tells that a direct path is lost", AT(notify)},
    {"interval", SETTING_DURATION, NULL, 10 * NS_PER_MS, 3600 * NS_PER_SEC, "1s",
     "between probes; --interval", AT(interval_ns)},
    {"latency.good", SETTING_DURATION, NULL, NS_PER_MS, 60 * NS_PER_SEC, "100ms",
     "below it the latency is good", AT(good_ns)},
    {"latency.poor", SETTING_DURATION, NULL, NS_PER_MS, 60 * NS_PER_SEC, "200ms",
     "above it the latency is poor: the lists mark it, and it is a finding", AT(poor_ns)},
    {"latency.samples", SETTING_COUNT, NULL, 1, 60, "3",
     "so many answers in a row to call it otherwise", AT(grade_samples)},
    {"keep_connected", SETTING_COUNT, NULL, 1, 64, "5",
     "so many workspaces stay connected, to switch back to", AT(keep_connected)},
    {"loss_limit", SETTING_COUNT, NULL, 1, 100, "2", "so many percent of lost probes are a finding",
     AT(loss_limit)},
    {"jitter_limit", SETTING_DURATION, NULL, NS_PER_MS, 60 * NS_PER_SEC, "30ms",
     "so much change from probe to probe is a finding", AT(jitter_limit_ns)},
};
const size_t config_setting_count = sizeof config_settings / sizeof *config_settings;

/* "10ms", "1s", "1h": bounds are round. */
static void bound_text(uint64_t ns, char *out, size_t size)
{
    bool hours = ns % (3600 * NS_PER_SEC) == 0;
    bool seconds = ns % NS_PER_SEC == 0;
    text_format(out, size, "%llu%s",
                (unsigned long long)(ns / (hours     ? 3600 * NS_PER_SEC
                                           : seconds ? NS_PER_SEC
                                                     : NS_PER_MS)),
                hours     ? "h"
                : seconds ? "s"
                          : "ms");
}

void setting_wants(const struct setting *setting, char out[SETTING_WANTS_SIZE])
{
    char least[16];
    char most[16];
    switch (setting->kind) {
    case SETTING_SWITCH:
        text_copy(out, SETTING_WANTS_SIZE, "true or false");
        break;
    case SETTING_CHOICE:
        text_format(out, SETTING_WANTS_SIZE, "one of %s", setting->choices);
        break;
    case SETTING_DURATION:
        bound_text(setting->least, least, sizeof least);
        bound_text(setting->most, most, sizeof most);
        text_format(out, SETTING_WANTS_SIZE, "a time from \"%s\" to \"%s\"", least, most);
        break;
    case SETTING_COUNT:
        text_format(out, SETTING_WANTS_SIZE, "a whole number from %llu to %llu",
                    (unsigned long long)setting->least, (unsigned long long)setting->most);
        break;
    }
}

static bool is_choice(const char *choices, const char *text)
{
    char choice[CONFIG_WORD];
    for (size_t i = 0; options_choice(choices, i, choice, sizeof choice); i++) {
        if (strcmp(choice, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool parse_count(const char *text, uint64_t *out)
{
    char *end = NULL;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && strlen(text) < 18;
}

static bool set(const struct setting *setting, const char *text, struct config *config)
{
    char *place = (char *)config + setting->offset;
    uint64_t number = 0;
    switch (setting->kind) {
    case SETTING_SWITCH:
        *(bool *)(void *)place = strcmp(text, "true") == 0;
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    case SETTING_CHOICE:
        if (!is_choice(setting->choices, text)) {
            return false;
        }
        text_copy(place, CONFIG_WORD, text);
        return true;
    case SETTING_DURATION:
    case SETTING_COUNT:
        if (setting->kind == SETTING_COUNT ? !parse_count(text, &number)
                                           : duration_parse(text, &number) != NET_OK) {
            return false;
        }
        *(uint64_t *)(void *)place = number;
        return number >= setting->least && number <= setting->most;
    }
    return false;
}

enum net_err setting_set(const struct setting *setting, const char *text, struct config *config,
                         struct failure *why)
{
    char wants[SETTING_WANTS_SIZE];
    if (set(setting, text, config)) {
        return NET_OK;
    }
    setting_wants(setting, wants);
    return failure_set(why, NET_ERR_USAGE, "%s wants %s, not %.40s", setting->name, wants, text);
}
