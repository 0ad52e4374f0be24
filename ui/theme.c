#include "ui/theme.h"

#include <stdlib.h>
#include <string.h>

enum { DIM_16 = 8, B = LOOK_BOLD, D = LOOK_DIM, R = LOOK_REVERSE, OWN = COLOR_OWN };

/* 256, 16 and 8 colours; attributes with colours and without. On 8 colours direct is cyan: ANSI's
 * blue cannot be read on black. Orange is the relay's alone: beside it, yellow is the same colour
 * to many, so a warning is bold and has a sign. */
static const struct look looks[THEME_COUNT][STYLE_COUNT] =
    {
        [THEME_SAFE] =
            {
                [STYLE_TEXT] = {OWN, OWN, OWN, 0, 0},
                [STYLE_DIM] = {245, DIM_16, OWN, 0, D},
                [STYLE_STRONG] = {OWN, OWN, OWN, B, B},
                [STYLE_TITLE] = {OWN, OWN, OWN, B, B},
                [STYLE_BORDER] = {241, DIM_16, OWN, 0, D},
                [STYLE_FOCUS] = {OWN, OWN, OWN, B, B},
                [STYLE_SELECTED] = {OWN, OWN, OWN, R, R},
                [STYLE_KEY] = {OWN, OWN, OWN, B, B},
                [STYLE_DIRECT] = {32, 12, 6, 0, 0},
                [STYLE_RELAY] = {166, 3, 3, 0, D},
                [STYLE_TUNNEL] = {OWN, OWN, OWN, B, B},
                [STYLE_LOST] = {161, 13, 1, B, B},
                [STYLE_OK] = {OWN, OWN, OWN, 0, 0},
                [STYLE_INFO] = {32, 12, 6, 0, 0},
                [STYLE_WARNING] = {OWN, OWN, OWN, B, B},
                [STYLE_ERROR] = {161, 13, 1, B, B | R},
            },
        [THEME_DARK] =
            {
                [STYLE_TEXT] = {OWN, OWN, OWN, 0, 0},
                [STYLE_DIM] = {247, 7, OWN, 0, D},
                [STYLE_STRONG] = {OWN, OWN, OWN, B, B},
                [STYLE_TITLE] = {OWN, OWN, OWN, B, B},
                [STYLE_BORDER] = {240, DIM_16, OWN, 0, D},
                [STYLE_FOCUS] = {OWN, OWN, OWN, B, B},
                [STYLE_SELECTED] = {OWN, OWN, OWN, R, R},
                [STYLE_KEY] = {75, 14, 6, B, B},
                [STYLE_DIRECT] = {39, 12, 6, 0, 0},
                [STYLE_RELAY] = {214, 11, 3, 0, D},
                [STYLE_TUNNEL] = {OWN, OWN, OWN, B, B},
                [STYLE_LOST] = {204, 13, 1, B, B},
                [STYLE_OK] = {OWN, OWN, OWN, 0, 0},
                [STYLE_INFO] = {39, 14, 6, 0, 0},
                [STYLE_WARNING] = {OWN, OWN, OWN, B, B},
                [STYLE_ERROR] = {204, 13, 1, B, B | R},
            },
        [THEME_LIGHT] =
            {
                [STYLE_TEXT] = {OWN, OWN, OWN, 0, 0},
                [STYLE_DIM] = {241, DIM_16, OWN, 0, D},
                [STYLE_STRONG] = {OWN, OWN, OWN, B, B},
                [STYLE_TITLE] = {OWN, OWN, OWN, B, B},
                [STYLE_BORDER] = {249, 7, OWN, 0, D},
                [STYLE_FOCUS] = {OWN, OWN, OWN, B, B},
                [STYLE_SELECTED] = {OWN, OWN, OWN, R, R},
                [STYLE_KEY] = {25, 4, 4, B, B},
                [STYLE_DIRECT] = {25, 4, 4, 0, 0},
                [STYLE_RELAY] = {166, 3, 3, 0, D},
                [STYLE_TUNNEL] = {OWN, OWN, OWN, B, B},
                [STYLE_LOST] = {161, 5, 1, B, B},
                [STYLE_OK] = {OWN, OWN, OWN, 0, 0},
                [STYLE_INFO] = {25, 4, 4, 0, 0},
                [STYLE_WARNING] = {OWN, OWN, OWN, B, B},
                [STYLE_ERROR] = {161, 5, 1, B, B | R},
            },
        [THEME_CONTRAST] =
            {
                [STYLE_TEXT] = {OWN, OWN, OWN, 0, 0},
                [STYLE_DIM] = {OWN, OWN, OWN, 0, 0},
                [STYLE_STRONG] = {OWN, OWN, OWN, B, B},
                [STYLE_TITLE] = {OWN, OWN, OWN, B, B},
                [STYLE_BORDER] = {OWN, OWN, OWN, 0, 0},
                [STYLE_FOCUS] = {OWN, OWN, OWN, B | R, B | R},
                [STYLE_SELECTED] = {OWN, OWN, OWN, B | R, B | R},
                [STYLE_KEY] = {OWN, OWN, OWN, B, B},
                [STYLE_DIRECT] = {45, 14, 6, B, B},
                [STYLE_RELAY] = {214, 11, 3, B, 0},
                [STYLE_TUNNEL] = {OWN, OWN, OWN, B, B},
                [STYLE_LOST] = {OWN, OWN, OWN, B | R, B | R},
                [STYLE_OK] = {OWN, OWN, OWN, 0, 0},
                [STYLE_INFO] = {OWN, OWN, OWN, 0, 0},
                [STYLE_WARNING] = {OWN, OWN, OWN, B, B},
                [STYLE_ERROR] = {OWN, OWN, OWN, B | R, B | R},
            },
        [THEME_MONO] =
            {
                [STYLE_TEXT] = {OWN, OWN, OWN, 0, 0},
                [STYLE_DIM] = {OWN, OWN, OWN, D, D},
                [STYLE_STRONG] = {OWN, OWN, OWN, B, B},
                [STYLE_TITLE] = {OWN, OWN, OWN, B, B},
                [STYLE_BORDER] = {OWN, OWN, OWN, D, D},
                [STYLE_FOCUS] = {OWN, OWN, OWN, B, B},
                [STYLE_SELECTED] = {OWN, OWN, OWN, R, R},
                [STYLE_KEY] = {OWN, OWN, OWN, B, B},
                [STYLE_DIRECT] = {OWN, OWN, OWN, 0, 0},
                [STYLE_RELAY] = {OWN, OWN, OWN, D, D},
                [STYLE_TUNNEL] = {OWN, OWN, OWN, B, B},
                [STYLE_LOST] = {OWN, OWN, OWN, B, B},
                [STYLE_OK] = {OWN, OWN, OWN, 0, 0},
                [STYLE_INFO] = {OWN, OWN, OWN, 0, 0},
                [STYLE_WARNING] = {OWN, OWN, OWN, B, B},
                [STYLE_ERROR] = {OWN, OWN, OWN, B | R, B | R},
            },
};

static const char *const names[THEME_COUNT] = {
#define X(code, name) [code] = (name),
    THEME_LIST(X)
#undef X
};

const struct look *theme_look(enum theme theme, enum style style)
{
    return &looks[theme][style];
}

const char *theme_name(enum theme theme)
{
    return names[theme];
}

enum theme theme_named(const char *name)
{
    int found = 0;
    while (found < THEME_COUNT && strcmp(names[found], name) != 0) {
        found++;
    }
    return (enum theme)found;
}

enum theme theme_guess(const char *colorfgbg)
{
    const char *back = colorfgbg == NULL ? NULL : strrchr(colorfgbg, ';');
    bool light = back != NULL && (strcmp(back + 1, "7") == 0 || strcmp(back + 1, "15") == 0);
    return light ? THEME_LIGHT : THEME_SAFE;
}

unsigned theme_rgb(short color_256)
{
    static const unsigned first[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x1e90ff, 0xcd00cd,
                                       0x00cdcd, 0xe5e5e5, 0x4c4c4c, 0xff0000, 0x00ff00, 0xffff00,
                                       0x4682ff, 0xff00ff, 0x00ffff, 0xffffff};
    enum { CUBE = 16, GREYS = 232, SIDE = 6 };
    unsigned index = color_256 < 0 ? 7U : (unsigned)color_256;
    if (index < CUBE) {
        return first[index];
    }
    if (index >= GREYS) {
        unsigned level = 8 + (index - GREYS) * 10;
        return level << 16 | level << 8 | level;
    }
    static const unsigned levels[SIDE] = {0, 95, 135, 175, 215, 255};
    unsigned cube = index - CUBE;
    return levels[cube / (SIDE * SIDE)] << 16 | levels[cube / SIDE % SIDE] << 8 |
           levels[cube % SIDE];
}
