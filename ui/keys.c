#include "ui/keys.h"

#include <stdint.h>
#include <string.h>

#include "net/base/text.h"

#define IN(view) (1U << (view))
#define GRAPHS   (IN(VIEW_MONITOR) | IN(VIEW_THROUGHPUT))
#define TEXTS    (IN(VIEW_LOG) | IN(VIEW_EVENTS) | IN(VIEW_DETAILS))
#define ROWS     (TEXTS | IN(VIEW_OVERVIEW) | IN(VIEW_PICKER))
#define LINES    (IN(VIEW_LOG) | IN(VIEW_EVENTS))
#define FOUND    (ROWS & ~IN(VIEW_DETAILS))
#define MAIN     (GRAPHS | TEXTS | IN(VIEW_OVERVIEW))
#define ALL      (MAIN | IN(VIEW_PICKER) | IN(VIEW_HELP) | IN(VIEW_TEST) | IN(VIEW_WELCOME))

#define VIEW    "VIEW"
#define MOVE    "LISTS"
#define PLACES  "WORKSPACES"
#define TESTING "THROUGHPUT"
#define PROBING "PROBES"
#define WHY     "FINDINGS, LOG, EVENTS"
#define KEEP    "KEEP"
#define PROGRAM "PROGRAM"

static const struct action_info infos[ACTION_COUNT] = {
    [ACTION_TEST] = {"test", GRAPHS, TESTING, "speed", "test the download, 5 s", {'s'}},
    [ACTION_TEST_CHOOSE] =
        {"test_choose", GRAPHS, TESTING, NULL, "choose direction and time", {'S'}},
    [ACTION_TEST_STOP] = {"test_stop", GRAPHS, TESTING, NULL, "stop the test", {'x'}},
    [ACTION_PICK] =
        {"workspaces", MAIN, PLACES, "workspaces", "pick a workspace; / filters", {'w'}},
    [ACTION_OVERVIEW] = {"overview", MAIN, PLACES, "overview", "all that run, side by side", {'o'}},
    [ACTION_DETAILS] = {"details", MAIN, WHY, "details", "what was found, and what to do", {'d'}},
    [ACTION_LOG] = {"log", MAIN, WHY, "log", "the log", {'l'}},
    [ACTION_EVENTS] = {"events", MAIN, WHY, "events", "all that happened", {'e'}},
    [ACTION_ZOOM_IN] = {"zoom_in", IN(VIEW_MONITOR), VIEW, "zoom", "a shorter time", {'+', '='}},
    [ACTION_ZOOM_OUT] = {"zoom_out", IN(VIEW_MONITOR), VIEW, NULL, "a longer time, to 24 h", {'-'}},
    [ACTION_ZOOM_RESET] = {"zoom_reset", IN(VIEW_MONITOR), VIEW, NULL, "back to 5 min", {'0'}},
    [ACTION_LEFT] = {"left",
                     IN(VIEW_MONITOR) | IN(VIEW_TEST),
                     VIEW,
                     NULL,
                     "back in time",
                     {KEY_CODE_LEFT, '<'}},
    [ACTION_RIGHT] = {"right",
                      IN(VIEW_MONITOR) | IN(VIEW_TEST),
                      VIEW,
                      NULL,
                      "forth in time",
                      {KEY_CODE_RIGHT, '>'}},
    [ACTION_OLDEST] = {"oldest", IN(VIEW_MONITOR), VIEW, NULL, "the oldest", {KEY_CODE_HOME}},
    [ACTION_LIVE] = {"live", IN(VIEW_MONITOR), VIEW, NULL, "live again", {KEY_CODE_END}},
    [ACTION_CURSOR] = {"cursor", IN(VIEW_MONITOR), VIEW, NULL, "crosshair: the value below", {'c'}},
    [ACTION_FREEZE] = {"freeze", IN(VIEW_MONITOR), VIEW, NULL, "freeze the graph", {'p', ' '}},
    [ACTION_SCALE] =
        {"scale", IN(VIEW_MONITOR), VIEW, NULL, "scale: auto, clip, log, fixed", {'y'}},
    [ACTION_FORM] = {"form", IN(VIEW_MONITOR), VIEW, NULL, "line, heat map, histogram", {'v'}},
    [ACTION_SERIES] = {"series", IN(VIEW_MONITOR), VIEW, NULL, "disco, tunnel or both", {'V'}},
    [ACTION_MARK] = {"mark", IN(VIEW_MONITOR) | LINES, VIEW, NULL, "mark this moment", {'m'}},
    [ACTION_CHOOSE] = {"choose",
                       FOUND | IN(VIEW_MONITOR) | IN(VIEW_TEST) | IN(VIEW_WELCOME),
                       MOVE,
                       "choose",
                       "take this one",
                       {KEY_CODE_ENTER}},
    [ACTION_UP] = {"up", ALL, MOVE, NULL, "up", {KEY_CODE_UP, 'k'}},
    [ACTION_DOWN] = {"down", ALL, MOVE, NULL, "down", {KEY_CODE_DOWN, 'j'}},
    [ACTION_PAGE_UP] = {"page_up", ALL, MOVE, NULL, "a page up", {KEY_CODE_PAGE_UP}},
    [ACTION_PAGE_DOWN] = {"page_down", ALL, MOVE, NULL, "a page down", {KEY_CODE_PAGE_DOWN}},
    [ACTION_FIRST] = {"first", ROWS | IN(VIEW_HELP), MOVE, NULL, "the first", {'g', KEY_CODE_HOME}},
    [ACTION_LAST] = {"last", ROWS | IN(VIEW_HELP), MOVE, NULL, "the last", {'G', KEY_CODE_END}},
    [ACTION_FILTER] = {"filter", ROWS, MOVE, "filter", "filter as you type", {'/'}},
    [ACTION_MATCH_NEXT] = {"match_next", TEXTS, WHY, "match", "the next match", {'n'}},
    [ACTION_MATCH_BACK] = {"match_back", TEXTS, WHY, NULL, "the match before", {'N'}},
    [ACTION_OTHERS] = {"others", LINES, WHY, NULL, "the other lines: hide, show", {KEY_CODE_TAB}},
    [ACTION_SORT] = {"sort",
                     IN(VIEW_PICKER) | IN(VIEW_OVERVIEW),
                     PLACES,
                     "sort",
                     "by name, state, latency, path",
                     {'s'}},
    [ACTION_PIN] = {"pin",
                    GRAPHS | IN(VIEW_PICKER) | IN(VIEW_OVERVIEW),
                    PLACES,
                    NULL,
                    "pin: favourites come first",
                    {'P'}},
    [ACTION_FOLLOW] = {"follow", LINES, WHY, "follow", "follow the newest", {'f'}},
    [ACTION_LEVEL] = {"level",
                      IN(VIEW_LOG),
                      WHY,
                      "level",
                      "log: debug, info, warn, error",
                      {'1', '2', '3', '4'}},
    [ACTION_MUTE] =
        {"mute", IN(VIEW_DETAILS), WHY, "mute", "mute a finding, or tell it again", {'a'}},
    [ACTION_PASSED] = {"passed",
                       IN(VIEW_DETAILS),
                       WHY,
                       "passed",
                       "with what has passed, or without",
                       {KEY_CODE_TAB}},
    [ACTION_NTH] = {"nth",
                    GRAPHS | IN(VIEW_OVERVIEW) | IN(VIEW_PICKER),
                    PLACES,
                    NULL,
                    "watch the nth",
                    {'1', '2', '3', '4', '5', '6', '7', '8', '9'}},
    [ACTION_PREVIOUS] = {"previous", MAIN, PLACES, NULL, "the previous workspace", {'['}},
    [ACTION_NEXT] = {"next", MAIN, PLACES, NULL, "the next workspace", {']'}},
    [ACTION_BEFORE] =
        {"before", MAIN, PLACES, NULL, "the one watched before", {KEY_CODE_BACKSPACE, '`'}},
    [ACTION_PANEL] = {"panel", GRAPHS, VIEW, NULL, "the next panel", {KEY_CODE_TAB}},
    [ACTION_PANEL_BACK] =
        {"panel_back", GRAPHS, VIEW, NULL, "the panel before", {KEY_CODE_BACK_TAB}},
    [ACTION_FULL] = {"full", GRAPHS, VIEW, NULL, "this panel alone", {'z'}},
    [ACTION_UNITS] = {"units", MAIN, TESTING, NULL, "bits or bytes", {'b'}},
    [ACTION_RETRY] = {"retry", ALL, PROBING, NULL, "probe and reconnect now", {'r'}},
    [ACTION_PROBES] = {"pause_probes", MAIN, PROBING, NULL, "stop and go on probing", {'P' - 64}},
    [ACTION_RECORD] = {"record", MAIN, KEEP, NULL, "record to a file, or stop it", {'E'}},
    [ACTION_SHOT] = {"shot", ALL, KEEP, NULL, "this screen into a file", {'S' - 64}},
    [ACTION_REPORT] = {"report", MAIN, KEEP, NULL, "copy a masked report", {'C'}},
    [ACTION_MASK] = {"mask", ALL, KEEP, NULL, "mask names and addresses", {'M'}},
    [ACTION_COPY] = {"copy", IN(VIEW_DETAILS), KEEP, "copy", "copy this finding, masked", {'c'}},
    [ACTION_SLOWER] = {"slower", MAIN, KEEP, NULL, "replay: slower", {','}},
    [ACTION_FASTER] = {"faster", MAIN, KEEP, NULL, "replay: faster", {'.'}},
    [ACTION_STEP] = {"step", MAIN & ~TEXTS, KEEP, NULL, "replay: one step", {'n'}},
    [ACTION_STEP_BACK] = {"step_back", MAIN & ~TEXTS, KEEP, NULL, "replay: one step back", {'N'}},
    [ACTION_REWIND] = {"rewind", MAIN, KEEP, NULL, "replay: from the beginning", {'^'}},
    [ACTION_NOTIFY] = {"notify", MAIN, PROGRAM, NULL, "tell when direct is lost", {'B'}},
    [ACTION_THEME] = {"theme", ALL, PROGRAM, NULL, "the next theme", {'t'}},
    [ACTION_MOUSE] = {"mouse", ALL, PROGRAM, NULL, "mouse on or off", {KEY_CODE_F1 + 1}},
    [ACTION_BACK] = {"back", ALL, PROGRAM, NULL, "back out; never quits", {KEY_CODE_ESC}},
    [ACTION_HELP] = {"help", ALL, PROGRAM, "help", "keys and signs", {'?', KEY_CODE_F1}},
    [ACTION_QUIT] = {"quit", ALL, PROGRAM, "quit", "quit", {'q'}},
    [ACTION_QUIT_KEEP] = {"quit_keep", ALL, PROGRAM, NULL, "quit, leave a summary", {'Q'}},
    [ACTION_SUSPEND] = {"suspend", ALL, PROGRAM, NULL, "stop; `fg` comes back", {KEY_CODE_SUSPEND}},
    [ACTION_REPAINT] = {"repaint", ALL, PROGRAM, NULL, "paint anew", {KEY_CODE_REDRAW}},
};

const struct action_info *action_info(enum action action)
{
    return &infos[action];
}

enum action action_named(const char *name)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            return (enum action)i;
        }
    }
    return ACTION_NONE;
}

const char *view_name(enum view view)
{
    static const char *const names[VIEW_COUNT] = {"monitor", "throughput", "details", "log",
                                                  "events",  "overview",   "picker",  "help",
                                                  "test",    "welcome"};
    return names[view];
}

void keys_init(struct keys *keys)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        memcpy(keys->bound[i], infos[i].keys, sizeof keys->bound[i]);
    }
}

enum net_err keys_set(struct keys *keys, enum action action, const int *to, size_t count,
                      struct failure *why)
{
    if (count > KEYS_EACH) {
        return failure_set(why, NET_ERR_USAGE, "%s can have %d keys at most", infos[action].name,
                           KEYS_EACH);
    }
    memset(keys->bound[action], 0, sizeof keys->bound[action]);
    for (size_t i = 0; i < count; i++) {
        keys->bound[action][i] = to[i];
    }
    return NET_OK;
}

static bool has_key(const struct keys *keys, enum action action, int key, int *index)
{
    for (int i = 0; i < KEYS_EACH; i++) {
        if (key != KEY_NONE && keys->bound[action][i] == key) {
            *index = i;
            return true;
        }
    }
    return false;
}

enum action keys_find(const struct keys *keys, enum view view, int key, int *index)
{
    for (int i = 0; i < ACTION_COUNT; i++) {
        if ((infos[i].views & IN(view)) != 0 && has_key(keys, (enum action)i, key, index)) {
            return (enum action)i;
        }
    }
    return ACTION_NONE;
}

enum view keys_elsewhere(const struct keys *keys, int key)
{
    int index = 0;
    for (int view = 0; view < VIEW_COUNT; view++) {
        if (keys_find(keys, (enum view)view, key, &index) != ACTION_NONE) {
            return (enum view)view;
        }
    }
    return VIEW_COUNT;
}

static enum net_err check_pair(const struct keys *keys, enum action a, enum action b,
                               struct failure *why)
{
    unsigned shared = infos[a].views & infos[b].views;
    int index = 0;
    for (int i = 0; shared != 0 && i < KEYS_EACH; i++) {
        int key = keys->bound[a][i];
        if (has_key(keys, b, key, &index)) {
            char name[KEY_NAME_SIZE];
            key_text(key, name);
            return failure_set(why, NET_ERR_USAGE, "%s is bound to both %s and %s in the %s view",
                               name, infos[a].name, infos[b].name,
                               view_name((enum view)__builtin_ctz(shared)));
        }
    }
    return NET_OK;
}

enum net_err keys_check(const struct keys *keys, struct failure *why)
{
    for (int a = 0; a < ACTION_COUNT; a++) {
        for (int b = a + 1; b < ACTION_COUNT; b++) {
            enum net_err err = check_pair(keys, (enum action)a, (enum action)b, why);
            if (err != NET_OK) {
                return err;
            }
        }
    }
    if (keys->bound[ACTION_QUIT][0] == KEY_NONE && keys->bound[ACTION_QUIT_KEEP][0] == KEY_NONE) {
        return failure_set(why, NET_ERR_USAGE, "no key is left for quit");
    }
    return NET_OK;
}

void keys_text(const struct keys *keys, enum action action, size_t most, char out[KEYS_TEXT_SIZE])
{
    const int *bound = keys->bound[action];
    size_t count = 0;
    bool row = true;
    while (count < KEYS_EACH && bound[count] != KEY_NONE) {
        row &= count == 0 || bound[count] == bound[count - 1] + 1;
        count++;
    }
    if (row && count > 3) {
        text_format(out, KEYS_TEXT_SIZE, "%c-%c", bound[0], bound[count - 1]);
        return;
    }
    out[0] = '\0';
    for (size_t i = 0; i < count && i < most; i++) {
        char name[KEY_NAME_SIZE];
        size_t used = strlen(out);
        key_text(bound[i], name);
        text_format(out + used, KEYS_TEXT_SIZE - used, i == 0 ? "%s" : " %s", name);
    }
}
