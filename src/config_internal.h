/*
 * The table of settings, shared by what reads, prints and describes them; and the lines of a JSON
 * text.
 */
#ifndef SRC_CONFIG_INTERNAL_H
#define SRC_CONFIG_INTERNAL_H

#include "src/config.h"

enum setting_kind { SETTING_SWITCH, SETTING_CHOICE, SETTING_DURATION, SETTING_COUNT };

struct setting {
    const char *name; /* "color", or "section.name" */
    enum setting_kind kind;
    const char *choices;   /* of SETTING_CHOICE: "auto|always|never" */
    uint64_t least, most;  /* of a count; of a duration in ns */
    const char *initially; /* the default, as text: "true", "auto", "1s", "5" */
    const char *help;
    size_t offset; /* in struct config */
};

extern const struct setting config_settings[];
extern const size_t config_setting_count;

/* Sets it from a text of the form that its default has. NET_ERR_USAGE with *why, which says what is
 * wanted. */
NET_MUST_USE enum net_err setting_set(const struct setting *setting, const char *text,
                                      struct config *config, struct failure *why);

/* What values it takes, for people: "true or false", "a time of 10ms to 24h". */
enum { SETTING_WANTS_SIZE = 96 };
void setting_wants(const struct setting *setting, char out[SETTING_WANTS_SIZE]);

/* The line, from 1, of each value of a JSON text in the order in which they begin (a container
 * before what it holds); of a member, that of its name. At most `max`; returns how many there are.
 * The text should be valid: of one that is not, the lines are somewhere in it. */
size_t json_lines(struct bytes text, size_t *lines, size_t max);

/* The line of a byte. */
size_t json_line_at(struct bytes text, size_t offset);

#endif
