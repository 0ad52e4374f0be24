#include "src/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/config_internal.h"

enum { NEAR = 3 }; /* edits: further away is not what was meant */

void config_init(struct config *config)
{
    struct failure why;
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < config_setting_count; i++) {
        enum net_err err =
            setting_set(&config_settings[i], config_settings[i].initially, config, &why);
        assert(err == NET_OK);
    }
    keys_init(&config->keys);
}

/* --- reading ---------------------------------------------------------------------------------- */

struct reading {
    struct config *config;
    struct config_problems *problems;
    size_t *lines; /* of the values, in the order in which they come; each takes a byte at least */
    size_t line_count;
    size_t value; /* which of them is next */
};

static void problem(struct config_problems *problems, size_t line, const char *format, ...)
    NET_PRINTF(3, 4);

static void problem(struct config_problems *problems, size_t line, const char *format, ...)
{
    char raw[sizeof problems->kept[0].text];
    va_list args;
    if (problems->count++ >= CONFIG_PROBLEMS_MAX) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    struct config_problem *kept = &problems->kept[problems->count - 1];
    kept->line = line;
    (void)text_clean(kept->text, sizeof kept->text, bytes_text(raw));
}

/* The line of the value that is looked at now; goes on to the next. */
static size_t take_line(struct reading *reading)
{
    size_t at = reading->value++;
    return at < reading->line_count ? reading->lines[at] : 0;
}

/* Goes past all that a value holds. */
static void skip_children(struct reading *reading, const cJSON *value)
{
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        (void)take_line(reading);
        skip_children(reading, child); /* no deeper than CONFIG_DEPTH_MAX: check_depth */
    }
}

static bool is_comment(const cJSON *member)
{
    return strncmp(member->string, "//", 2) == 0;
}

static bool is_repeated(const cJSON *object, const cJSON *member)
{
    for (const cJSON *at = object->child; at != member; at = at->next) {
        if (strcmp(at->string, member->string) == 0 && !is_comment(member)) {
            return true;
        }
    }
    return false;
}

static void nearest(const char *given, const char *name, unsigned *best, const char **meant)
{
    unsigned distance = text_distance(given, name);
    if (distance < *best) {
        *best = distance;
        *meant = name;
    }
}

static void unknown(struct reading *reading, size_t line, const char *what, const char *given,
                    const char *meant)
{
    if (meant == NULL) {
        problem(reading->problems, line, "%s %.60s is not known", what, given);
    } else {
        problem(reading->problems, line, "%s %.60s is not known; did you mean %s?", what, given,
                meant);
    }
}

static void unknown_setting(struct reading *reading, size_t line, const char *given)
{
    const char *meant = NULL;
    unsigned best = NEAR + 1;
    nearest(given, "keys", &best, &meant);
    for (size_t i = 0; i < config_setting_count; i++) {
        nearest(given, config_settings[i].name, &best, &meant);
    }
    unknown(reading, line, "the setting", given, meant);
}

/* A value as the text that setting_set takes. False: it is of no such kind. */
static bool value_text(const struct setting *setting, const cJSON *value, char *out, size_t size)
{
    bool fits = setting->kind == SETTING_SWITCH  ? cJSON_IsBool(value)
                : setting->kind == SETTING_COUNT ? cJSON_IsNumber(value)
                                                 : cJSON_IsString(value);
    if (cJSON_IsString(value)) {
        text_format(out, size, fits ? "%s" : "\"%s\"", value->valuestring);
    } else if (cJSON_IsBool(value)) {
        text_copy(out, size, cJSON_IsTrue(value) ? "true" : "false");
    } else if (cJSON_IsNumber(value)) {
        text_format(out, size, "%.15g", value->valuedouble);
    } else {
        text_copy(out, size,
                  cJSON_IsNull(value)    ? "null"
                  : cJSON_IsArray(value) ? "a list"
                                         : "an object");
    }
    return fits;
}

static void take_setting(struct reading *reading, size_t line, const struct setting *setting,
                         const cJSON *value)
{
    char text[64];
    char wants[SETTING_WANTS_SIZE];
    struct failure why;
    if (!value_text(setting, value, text, sizeof text)) {
        setting_wants(setting, wants);
        problem(reading->problems, line, "%s wants %s, not %s", setting->name, wants, text);
    } else if (setting_set(setting, text, reading->config, &why) != NET_OK) {
        problem(reading->problems, line, "%s", why.text);
    }
    skip_children(reading, value);
}

static const struct setting *find_setting(const char *name)
{
    for (size_t i = 0; i < config_setting_count; i++) {
        if (strcmp(config_settings[i].name, name) == 0) {
            return &config_settings[i];
        }
    }
    return NULL;
}

static bool is_section(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < config_setting_count; i++) {
        if (strncmp(config_settings[i].name, name, len) == 0 &&
            config_settings[i].name[len] == '.') {
            return true;
        }
    }
    return false;
}

/* --- keys */

/* One key's name; false when there is a problem. */
static bool take_key(struct reading *reading, size_t line, const char *action, const cJSON *value,
                     int *key)
{
    if (!cJSON_IsString(value)) {
        problem(reading->problems, line, "keys.%s wants names of keys, such as \"x\" or \"Ctrl-X\"",
                action);
        return false;
    }
    if (!key_parse(value->valuestring, key)) {
        problem(reading->problems, line, "keys.%s: there is no key \"%.40s\"", action,
                value->valuestring);
        return false;
    }
    if (*key == KEY_CODE_INTERRUPT) {
        problem(reading->problems, line, "keys.%s: Ctrl-C always quits", action);
        return false;
    }
    return true;
}

/* "quit": "q", or ["q", "Ctrl-X"], or [] for none. */
static void take_keys_of(struct reading *reading, size_t line, enum action action,
                         const cJSON *value)
{
    int keys[KEYS_EACH + 1];
    size_t count = 0;
    bool good = true;
    const char *name = action_info(action)->name;
    struct failure why;
    if (!cJSON_IsArray(value)) {
        good = take_key(reading, line, name, value, &keys[count++]);
        skip_children(reading, value);
    }
    for (const cJSON *item = cJSON_IsArray(value) ? value->child : NULL; item != NULL;
         item = item->next) {
        size_t item_line = take_line(reading);
        int key = 0;
        good &= take_key(reading, item_line, name, item, &key);
        skip_children(reading, item);
        if (count <= KEYS_EACH) {
            keys[count++] = key;
        }
    }
    if (good && keys_set(&reading->config->keys, action, keys, count, &why) != NET_OK) {
        problem(reading->problems, line, "keys.%s", why.text);
    }
}

static void unknown_action(struct reading *reading, size_t line, const char *given)
{
    const char *meant = NULL;
    unsigned best = NEAR + 1;
    for (int i = 0; i < ACTION_COUNT; i++) {
        nearest(given, action_info((enum action)i)->name, &best, &meant);
    }
    unknown(reading, line, "the action", given, meant);
}

static void take_keys(struct reading *reading, size_t line, const cJSON *keys)
{
    struct failure why;
    size_t before = reading->problems->count;
    if (!cJSON_IsObject(keys)) {
        problem(reading->problems, line, "keys wants an object of actions and their keys");
        skip_children(reading, keys);
        return;
    }
    for (const cJSON *member = keys->child; member != NULL; member = member->next) {
        size_t member_line = take_line(reading);
        enum action action = action_named(member->string);
        if (is_repeated(keys, member)) {
            problem(reading->problems, member_line, "keys.%.60s is given twice", member->string);
            skip_children(reading, member);
        } else if (action != ACTION_NONE) {
            take_keys_of(reading, member_line, action, member);
        } else {
            if (!is_comment(member)) {
                unknown_action(reading, member_line, member->string);
            }
            skip_children(reading, member);
        }
    }
    if (reading->problems->count == before && keys_check(&reading->config->keys, &why) != NET_OK) {
        problem(reading->problems, line, "keys: %s", why.text);
    }
}

/* --- the whole */

static void take_member(struct reading *reading, const char *section, const cJSON *object,
                        const cJSON *member);

/* The members of the root (section "") or of one section. */
static void take_object(struct reading *reading, const char *section, const cJSON *object)
{
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        take_member(reading, section, object, member);
    }
}

static void take_member(struct reading *reading, const char *section, const cJSON *object,
                        const cJSON *member)
{
    size_t line = take_line(reading);
    char name[128];
    bool root = section[0] == '\0';
    text_format(name, sizeof name, root ? "%s%s" : "%s.%s", section, member->string);
    /* A dot stands for a section, which is an object: not for a name. */
    const struct setting *setting = strchr(member->string, '.') == NULL ? find_setting(name) : NULL;
    if (is_comment(member) || (root && strcmp(name, "$schema") == 0)) {
        skip_children(reading, member);
    } else if (is_repeated(object, member)) {
        problem(reading->problems, line, "%.60s is given twice", name);
        skip_children(reading, member);
    } else if (setting != NULL) {
        take_setting(reading, line, setting, member);
    } else if (root && strcmp(name, "keys") == 0) {
        take_keys(reading, line, member);
    } else if (root && is_section(name) && cJSON_IsObject(member)) {
        take_object(reading, name, member); /* one level: sections hold no sections */
    } else {
        if (root && is_section(name)) {
            problem(reading->problems, line, "%s wants an object", name);
        } else {
            unknown_setting(reading, line, name);
        }
        skip_children(reading, member);
    }
}

/* False: containers stand deeper than CONFIG_DEPTH_MAX within each other. Looks no deeper. */
static bool check_depth(const cJSON *value, int depth)
{
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        if (depth == CONFIG_DEPTH_MAX || !check_depth(child, depth + 1)) {
            return false;
        }
    }
    return true;
}

static void take_root(struct reading *reading, const cJSON *root)
{
    size_t line = take_line(reading);
    if (!cJSON_IsObject(root)) {
        problem(reading->problems, line, "an object with settings is wanted: { … }");
    } else if (!check_depth(root, 0)) {
        problem(reading->problems, 0, "its containers stand too deep within each other");
    } else {
        take_object(reading, "", root);
        if (reading->config->good_ns > reading->config->poor_ns) {
            problem(reading->problems, 0, "latency.good is more than latency.poor");
        }
    }
}

static bool is_blank(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] > ' ') {
            return false;
        }
    }
    return true;
}

/* What cJSON stopped at, to be shown. */
static void malformed(struct bytes text, const char *end, struct config_problems *problems)
{
    size_t at = end == NULL ? 0 : (size_t)((const uint8_t *)end - text.ptr);
    at = at < text.len ? at : text.len;
    size_t len = text.len - at < 20 ? text.len - at : 20;
    char near[32];
    text_format(near, sizeof near, "%.*s", (int)len, (const char *)text.ptr + at);
    near[strcspn(near, "\n")] = '\0';
    if (near[0] == '\0') {
        problem(problems, json_line_at(text, at), "not JSON: something is missing or too much");
    } else {
        problem(problems, json_line_at(text, at), "not JSON, near: %s", near);
    }
}

enum net_err config_parse(struct bytes text, struct config *out, struct config_problems *problems)
{
    const char *end = NULL;
    problems->count = 0;
    config_init(out);
    if (text.len > CONFIG_FILE_MAX) {
        problem(problems, 0, "larger than %d bytes", CONFIG_FILE_MAX);
        return NET_ERR_USAGE;
    }
    if (is_blank(text)) {
        return NET_OK;
    }
    char *copy = mem_new(text.len + 1); /* with an end: cJSON is asked to see that it comes there */
    memcpy(copy, text.ptr, text.len);
    cJSON *root = cJSON_ParseWithLengthOpts(copy, text.len + 1, &end, true);
    if (root == NULL) {
        malformed((struct bytes){(const uint8_t *)copy, text.len}, end, problems);
    } else {
        struct reading reading = {
            .config = out, .problems = problems, .lines = mem_array(text.len, sizeof(size_t))};
        reading.line_count = json_lines(text, reading.lines, text.len);
        take_root(&reading, root);
        free(reading.lines);
        cJSON_Delete(root);
    }
    free(copy);
    if (problems->count > 0) {
        config_init(out);
        return NET_ERR_USAGE;
    }
    return NET_OK;
}

/* --- the file --------------------------------------------------------------------------------- */

void config_path(const char *file, const char *(*getenv_fn)(const char *name),
                 char out[CONFIG_PATH])
{
    const char *base = getenv_fn("XDG_CONFIG_HOME");
    const char *home = getenv_fn("HOME");
    out[0] = '\0';
    if (file != NULL) {
        text_copy(out, CONFIG_PATH, file);
    } else if (base != NULL && base[0] == '/') { /* a relative one is to be ignored */
        text_format(out, CONFIG_PATH, "%s/derptop/config.json", base);
    } else if (home != NULL && home[0] != '\0') {
        text_format(out, CONFIG_PATH, "%s/.config/derptop/config.json", home);
    }
}

enum net_err config_load(const char *path, bool must_exist, struct config *out,
                         struct config_problems *problems)
{
    problems->count = 0;
    config_init(out);
    FILE *file = path[0] == '\0' ? NULL : fopen(path, "rbe");
    if (file == NULL) {
        if (!must_exist && (path[0] == '\0' || errno == ENOENT || errno == ENOTDIR)) {
            return NET_OK;
        }
        problem(problems, 0, "cannot be read");
        return NET_ERR_USAGE;
    }
    uint8_t *memory = mem_new(CONFIG_FILE_MAX + 1);
    size_t len = fread(memory, 1, CONFIG_FILE_MAX + 1, file);
    enum net_err err = NET_ERR_USAGE;
    if (ferror(file) != 0) {
        problem(problems, 0, "cannot be read");
    } else {
        err = config_parse((struct bytes){memory, len}, out, problems);
    }
    free(memory);
    (void)fclose(file);
    return err;
}
