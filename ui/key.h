/*
 * Keys as the program names them: characters stand for themselves, the others are above Unicode.
 */
#ifndef UI_KEY_H
#define UI_KEY_H

#include <stdbool.h>

enum key {
    KEY_NONE = 0,
    KEY_CODE_TAB = '\t',
    KEY_CODE_ENTER = '\n',
    KEY_CODE_ESC = 27,
    KEY_CODE_SUSPEND = 26, /* Ctrl-Z */
    KEY_CODE_INTERRUPT = 3,
    KEY_CODE_REDRAW = 12, /* Ctrl-L */
    KEY_CODE_FIRST = 0x110000,
    KEY_CODE_UP,
    KEY_CODE_DOWN,
    KEY_CODE_LEFT,
    KEY_CODE_RIGHT,
    KEY_CODE_HOME,
    KEY_CODE_END,
    KEY_CODE_PAGE_UP,
    KEY_CODE_PAGE_DOWN,
    KEY_CODE_BACKSPACE,
    KEY_CODE_BACK_TAB,
    KEY_CODE_F1, /* F12 is KEY_CODE_F1 + 11 */
    KEY_CODE_F12 = KEY_CODE_F1 + 11,
    KEY_CODE_UNKNOWN, /* a key, but none that has a name */
    KEY_CODE_MOUSE,   /* term_mouse tells where */
    KEY_CODE_RESIZE,
};

enum { KEY_NAME_SIZE = 16 };

/* "q", "Space", "Ctrl-L", "F2", "Shift-Tab": the name in help, footer and settings. */
void key_text(int key, char out[KEY_NAME_SIZE]);

/* Reads such a name, without regard to case but for single characters. False: no such key. */
bool key_parse(const char *name, int *key);

#endif
