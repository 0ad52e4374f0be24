/*
 * Keys as the program names them: characters stand for themselves, the others are above Unicode.
 */
#ifndef UI_KEY_H
#define UI_KEY_H

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
    KEY_CODE_RESIZE,
};

#endif
