#include "ui/theme.h"

static const struct look looks[STYLE_COUNT] = {
    [STYLE_TEXT] = {-1, -1, 0, 0},
    [STYLE_DIM] = {246, -1, 0, 0},
    [STYLE_STRONG] = {-1, -1, LOOK_BOLD, LOOK_BOLD},
    [STYLE_TITLE] = {-1, -1, LOOK_BOLD, LOOK_BOLD},
    [STYLE_BORDER] = {240, -1, 0, 0},
    [STYLE_SELECTED] = {-1, -1, LOOK_REVERSE, LOOK_REVERSE},
    [STYLE_KEY] = {75, 6, LOOK_BOLD, LOOK_BOLD},
    [STYLE_DIRECT] = {33, 4, 0, LOOK_BOLD},
    [STYLE_RELAY] = {214, 3, 0, 0},
    [STYLE_LOST] = {-1, -1, LOOK_BOLD, LOOK_BOLD},
    [STYLE_OK] = {-1, -1, 0, 0},
    [STYLE_INFO] = {39, 6, 0, 0},
    [STYLE_WARNING] = {-1, -1, LOOK_BOLD, LOOK_BOLD},
    [STYLE_ERROR] = {204, 1, LOOK_BOLD, LOOK_BOLD},
};

const struct look *theme_look(enum style style)
{
    return &looks[style];
}
