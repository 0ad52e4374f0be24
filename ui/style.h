/*
 * Named styles: what a thing means, never a colour. theme.h gives them colours.
 */
#ifndef UI_STYLE_H
#define UI_STYLE_H

#define STYLE_LIST(X)                                                                              \
    X(STYLE_TEXT)                                                                                  \
    X(STYLE_DIM)                                                                                   \
    X(STYLE_STRONG)                                                                                \
    X(STYLE_TITLE)                                                                                 \
    X(STYLE_BORDER)                                                                                \
    X(STYLE_FOCUS)                                                                                 \
    X(STYLE_SELECTED)                                                                              \
    X(STYLE_KEY)                                                                                   \
    X(STYLE_DIRECT)                                                                                \
    X(STYLE_RELAY)                                                                                 \
    X(STYLE_TUNNEL)                                                                                \
    X(STYLE_LOST)                                                                                  \
    X(STYLE_OK)                                                                                    \
    X(STYLE_INFO)                                                                                  \
    X(STYLE_WARNING)                                                                               \
    X(STYLE_ERROR)

enum style {
#define X(name) name,
    STYLE_LIST(X)
#undef X
        STYLE_COUNT
};

#endif
