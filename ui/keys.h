/*
 * The one table of what a key does: view, key, action, words. The footer, the help, the settings
 * file and its check all read it.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/err.h"
#include "ui/key.h"

/* What fills the screen, or stands over it. */
enum view {
    VIEW_MONITOR,
    VIEW_THROUGHPUT,
    VIEW_DETAILS, /* findings in full */
    VIEW_LOG,
    VIEW_EVENTS,
    VIEW_OVERVIEW,
    VIEW_PICKER,
    VIEW_HELP,
    VIEW_TEST,    /* direction and time of a throughput test */
    VIEW_WELCOME, /* there are no credentials */
    VIEW_COUNT
};

/* The order is that of footer and help. */
enum action {
    ACTION_NONE = -1,
    ACTION_TEST,
    ACTION_TEST_CHOOSE,
    ACTION_TEST_STOP,
    ACTION_PICK,
    ACTION_OVERVIEW,
    ACTION_DETAILS,
    ACTION_LOG,
    ACTION_EVENTS,
    ACTION_ZOOM_IN,
    ACTION_ZOOM_OUT,
    ACTION_ZOOM_RESET,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_OLDEST,
    ACTION_LIVE,
    ACTION_CURSOR,
    ACTION_FREEZE,
    ACTION_SCALE,
    ACTION_FORM,
    ACTION_SERIES,
    ACTION_MARK,
    ACTION_CHOOSE,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_FILTER,
    ACTION_MATCH_NEXT,
    ACTION_MATCH_BACK,
    ACTION_OTHERS,
    ACTION_SORT,
    ACTION_PIN,
    ACTION_FOLLOW,
    ACTION_LEVEL,
    ACTION_MUTE,
    ACTION_PASSED,
    ACTION_NTH,
    ACTION_PREVIOUS,
    ACTION_NEXT,
    ACTION_BEFORE,
    ACTION_PANEL,
    ACTION_PANEL_BACK,
    ACTION_FULL,
    ACTION_UNITS,
    ACTION_RETRY,
    ACTION_PROBES,
    ACTION_RECORD,
    ACTION_SHOT,
    ACTION_REPORT,
    ACTION_MASK,
    ACTION_COPY,
    ACTION_SLOWER,
    ACTION_FASTER,
    ACTION_STEP,
    ACTION_STEP_BACK,
    ACTION_REWIND,
    ACTION_NOTIFY,
    ACTION_THEME,
    ACTION_MOUSE,
    ACTION_BACK,
    ACTION_HELP,
    ACTION_QUIT,
    ACTION_QUIT_KEEP,
    ACTION_SUSPEND,
    ACTION_REPAINT,
    ACTION_COUNT
};

enum { KEYS_EACH = 9 }; /* at most so many keys for one action */

struct action_info {
    const char *name; /* in the settings file: "zoom_in" */
    unsigned views;   /* 1 << enum view: where it does something */
    const char *group;
    const char *word; /* in the footer; NULL = only in the help */
    const char *help;
    int keys[KEYS_EACH]; /* the defaults; 0 = none */
};

struct keys {
    int bound[ACTION_COUNT][KEYS_EACH];
};

const struct action_info *action_info(enum action action);

/* ACTION_NONE for a name that is not known. */
enum action action_named(const char *name);

const char *view_name(enum view view); /* "monitor" */

void keys_init(struct keys *keys); /* the defaults */

/* Gives the action these keys and no others. NET_ERR_USAGE with *why: more than KEYS_EACH. */
NET_MUST_USE enum net_err keys_set(struct keys *keys, enum action action, const int *to,
                                   size_t count, struct failure *why);

/* Whether each key does one thing in each view; NET_ERR_USAGE with *why names key, view and both
 * actions. Also when nothing is left that ends the program. */
NET_MUST_USE enum net_err keys_check(const struct keys *keys, struct failure *why);

/* What the key does there; *index: which of the action's keys it is. */
enum action keys_find(const struct keys *keys, enum view view, int key, int *index);

/* Where else the key does something, for "only in the list"; VIEW_COUNT = nowhere. */
enum view keys_elsewhere(const struct keys *keys, int key);

/* "+ =" of an action, at most `most` of its keys; "1-9" for a row of digits. */
enum { KEYS_TEXT_SIZE = 48 };
void keys_text(const struct keys *keys, enum action action, size_t most, char out[KEYS_TEXT_SIZE]);

#endif
