#include "ui/key.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/bytes.h"
#include "net/base/text.h"

static const struct {
    int key;
    const char *name;
} names[] = {
    {' ', "Space"},
    {KEY_CODE_TAB, "Tab"},
    {KEY_CODE_ENTER, "Enter"},
    {KEY_CODE_ESC, "Esc"},
    {KEY_CODE_UP, "Up"},
    {KEY_CODE_DOWN, "Down"},
    {KEY_CODE_LEFT, "Left"},
    {KEY_CODE_RIGHT, "Right"},
    {KEY_CODE_HOME, "Home"},
    {KEY_CODE_END, "End"},
    {KEY_CODE_PAGE_UP, "PgUp"},
    {KEY_CODE_PAGE_DOWN, "PgDn"},
    {KEY_CODE_BACKSPACE, "Backspace"},
    {KEY_CODE_BACK_TAB, "Shift-Tab"},
};

enum { NAMED = sizeof names / sizeof *names, FUNCTION_KEYS = 12, CTRL_LAST = 26, UTF8_SIZE = 5 };

static size_t utf8_encode(uint32_t code, char out[UTF8_SIZE])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

void key_text(int key, char out[KEY_NAME_SIZE])
{
    for (size_t i = 0; i < NAMED; i++) {
        if (names[i].key == key) {
            text_copy(out, KEY_NAME_SIZE, names[i].name);
            return;
        }
    }
    if (key > 0 && key <= CTRL_LAST) {
        text_format(out, KEY_NAME_SIZE, "Ctrl-%c", 'A' + key - 1);
    } else if (key >= KEY_CODE_F1 && key <= KEY_CODE_F12) {
        text_format(out, KEY_NAME_SIZE, "F%d", key - KEY_CODE_F1 + 1);
    } else if (key > ' ' && key < KEY_CODE_FIRST && !text_is_unsafe((uint32_t)key)) {
        char text[UTF8_SIZE] = "";
        text[utf8_encode((uint32_t)key, text)] = '\0';
        text_copy(out, KEY_NAME_SIZE, text);
    } else {
        text_copy(out, KEY_NAME_SIZE, "this key");
    }
}

static bool parse_ctrl(const char *name, int *key)
{
    char prefix[6];
    text_format(prefix, sizeof prefix, "%.5s", name);
    if (!text_equal_nocase(prefix, "ctrl-") || strlen(name) != 6) {
        return false;
    }
    int letter = name[5] >= 'a' ? name[5] - 'a' : name[5] - 'A';
    *key = letter + 1;
    return letter >= 0 && letter < CTRL_LAST;
}

static bool parse_function(const char *name, int *key)
{
    char *end = NULL;
    if ((name[0] != 'F' && name[0] != 'f') || name[1] < '1' || name[1] > '9') {
        return false;
    }
    unsigned long number = strtoul(name + 1, &end, 10);
    *key = KEY_CODE_F1 + (int)number - 1;
    return *end == '\0' && number <= FUNCTION_KEYS;
}

bool key_parse(const char *name, int *key)
{
    uint32_t code = 0;
    size_t len = utf8_decode(bytes_text(name), &code);
    if (len > 0 && name[len] == '\0' && code > ' ' && !text_is_unsafe(code)) {
        *key = (int)code;
        return true;
    }
    for (size_t i = 0; i < NAMED; i++) {
        if (text_equal_nocase(names[i].name, name)) {
            *key = names[i].key;
            return true;
        }
    }
    return parse_ctrl(name, key) || parse_function(name, key);
}
