/*
 * The settings as a file to begin with, and as a JSON Schema for editors. Both from the tables.
 */
#include <string.h>

#include "net/base/text.h"
#include "src/config_internal.h"
#include "src/options_internal.h"

static void print_string(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void print_value(FILE *out, const struct setting *setting)
{
    if (setting->kind == SETTING_SWITCH || setting->kind == SETTING_COUNT) {
        (void)fputs(setting->initially, out);
    } else {
        print_string(out, setting->initially);
    }
}

/* The length of the section's name in "section.name"; 0 = it is in none. */
static size_t section_len(const struct setting *setting)
{
    const char *dot = strchr(setting->name, '.');
    return dot == NULL ? 0 : (size_t)(dot - setting->name);
}

static bool same_section(const struct setting *a, const struct setting *b)
{
    return section_len(a) == section_len(b) && strncmp(a->name, b->name, section_len(a)) == 0;
}

static const char *bare_name(const struct setting *setting)
{
    size_t len = section_len(setting);
    return setting->name + (len == 0 ? 0 : len + 1);
}

/* Opens and closes sections around the settings, which stand together in the table. */
static bool opens(size_t i)
{
    return section_len(&config_settings[i]) > 0 &&
           (i == 0 || !same_section(&config_settings[i], &config_settings[i - 1]));
}

static bool closes(size_t i)
{
    return section_len(&config_settings[i]) > 0 &&
           (i + 1 == config_setting_count ||
            !same_section(&config_settings[i], &config_settings[i + 1]));
}

static void print_setting(FILE *out, size_t i)
{
    const struct setting *setting = &config_settings[i];
    const char *indent = section_len(setting) > 0 ? "    " : "  ";
    char wants[SETTING_WANTS_SIZE];
    setting_wants(setting, wants);
    if (opens(i)) {
        (void)fprintf(out, "  \"%.*s\": {\n", (int)section_len(setting), setting->name);
    }
    (void)fprintf(out, "%s\"// %s\": ", indent, bare_name(setting));
    char comment[SETTING_WANTS_SIZE * 2];
    text_format(comment, sizeof comment, "%s; %s", setting->help, wants);
    print_string(out, comment);
    (void)fprintf(out, ",\n%s\"%s\": ", indent, bare_name(setting));
    print_value(out, setting);
    (void)fputs(closes(i) ? "\n  },\n\n" : section_len(setting) > 0 ? ",\n" : ",\n\n", out);
}

static void print_views(unsigned views, char *out, size_t size)
{
    out[0] = '\0';
    for (int view = 0; view < VIEW_COUNT; view++) {
        size_t used = strlen(out);
        if ((views >> view & 1) != 0) {
            text_format(out + used, size - used, used == 0 ? "%s" : ", %s",
                        view_name((enum view)view));
        }
    }
    if (views == (1U << VIEW_COUNT) - 1) {
        text_copy(out, size, "everywhere");
    }
}

static void print_action(FILE *out, enum action action)
{
    const struct action_info *info = action_info(action);
    char views[128];
    char comment[256];
    print_views(info->views, views, sizeof views);
    text_format(comment, sizeof comment, "%s (%s)", info->help, views);
    (void)fprintf(out, "    \"// %s\": ", info->name);
    print_string(out, comment);
    (void)fprintf(out, ",\n    \"%s\": [", info->name);
    for (size_t i = 0; i < KEYS_EACH && info->keys[i] != KEY_NONE; i++) {
        char name[KEY_NAME_SIZE];
        key_text(info->keys[i], name);
        (void)fputs(i == 0 ? "" : ", ", out);
        print_string(out, name);
    }
    (void)fputs(action + 1 < ACTION_COUNT ? "],\n" : "]\n", out);
}

void config_print(FILE *out)
{
    (void)fputs("{\n"
                "  \"$schema\": \"config.schema.json\",\n"
                "  \"// this file\": \"These are the defaults: keep what you change. Members whose "
                "names begin with // are comments. `derptop --print-config-schema` prints the "
                "schema.\",\n\n",
                out);
    for (size_t i = 0; i < config_setting_count; i++) {
        print_setting(out, i);
    }
    (void)fputs("  \"// keys\": \"For each action one key, or a list; [] = none. Names: x, X, "
                "Ctrl-X, F1, Space, Tab, Shift-Tab, Enter, Esc, Up, Down, Left, Right, Home, End, "
                "PgUp, PgDn, Backspace.\",\n"
                "  \"keys\": {\n",
                out);
    for (int i = 0; i < ACTION_COUNT; i++) {
        print_action(out, (enum action)i);
    }
    (void)fputs("  }\n}\n", out);
}

/* --- the schema ------------------------------------------------------------------------------- */

static void schema_value(FILE *out, const struct setting *setting)
{
    char word[CONFIG_WORD];
    switch (setting->kind) {
    case SETTING_SWITCH:
        (void)fputs("\"type\": \"boolean\"", out);
        break;
    case SETTING_CHOICE:
        (void)fputs("\"enum\": [", out);
        for (size_t i = 0; options_choice(setting->choices, i, word, sizeof word); i++) {
            (void)fputs(i == 0 ? "" : ", ", out);
            print_string(out, word);
        }
        (void)fputs("]", out);
        break;
    case SETTING_DURATION:
        (void)fputs("\"type\": \"string\", "
                    "\"pattern\": \"^([0-9]*[.]?[0-9]+(h|m|s|ms|us|ns))+$|^[0-9]*[.]?[0-9]+$\"",
                    out);
        break;
    case SETTING_COUNT:
        (void)fprintf(out, "\"type\": \"integer\", \"minimum\": %llu, \"maximum\": %llu",
                      (unsigned long long)setting->least, (unsigned long long)setting->most);
        break;
    }
}

static void schema_setting(FILE *out, size_t i)
{
    const struct setting *setting = &config_settings[i];
    const char *indent = section_len(setting) > 0 ? "        " : "    ";
    if (opens(i)) {
        (void)fprintf(out, "    \"%.*s\": {\n", (int)section_len(setting), setting->name);
        (void)fputs("      \"type\": \"object\",\n      \"additionalProperties\": false,\n"
                    "      \"patternProperties\": {\"^//\": {}},\n      \"properties\": {\n",
                    out);
    }
    (void)fprintf(out, "%s\"%s\": {\"description\": ", indent, bare_name(setting));
    print_string(out, setting->help);
    (void)fputs(", ", out);
    schema_value(out, setting);
    (void)fputs(", \"default\": ", out);
    print_value(out, setting);
    bool last = closes(i);
    (void)fputs(last ? "}\n      }\n    },\n" : "},\n", out);
}

void config_print_schema(FILE *out)
{
    (void)fputs("{\n"
                "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
                "  \"title\": \"derptop's settings\",\n"
                "  \"type\": \"object\",\n"
                "  \"additionalProperties\": false,\n"
                "  \"patternProperties\": {\"^//\": {}},\n"
                "  \"$defs\": {\"keys\": {\"oneOf\": [{\"type\": \"string\"}, {\"type\": "
                "\"array\", \"items\": {\"type\": \"string\"}, ",
                out);
    (void)fprintf(out, "\"maxItems\": %d}]}},\n", KEYS_EACH);
    (void)fputs("  \"properties\": {\n    \"$schema\": {\"type\": \"string\"},\n", out);
    for (size_t i = 0; i < config_setting_count; i++) {
        schema_setting(out, i);
    }
    (void)fputs("    \"keys\": {\n      \"type\": \"object\",\n"
                "      \"additionalProperties\": false,\n"
                "      \"patternProperties\": {\"^//\": {}},\n      \"properties\": {\n",
                out);
    for (int i = 0; i < ACTION_COUNT; i++) {
        const struct action_info *info = action_info((enum action)i);
        (void)fprintf(out, "        \"%s\": {\"description\": ", info->name);
        print_string(out, info->help);
        (void)fprintf(out, ", \"$ref\": \"#/$defs/keys\"}%s\n", i + 1 < ACTION_COUNT ? "," : "");
    }
    (void)fputs("      }\n    }\n  }\n}\n", out);
}
