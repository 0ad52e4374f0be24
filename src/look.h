/*
 * How the screen is to look and behave, as the settings say.
 */
#ifndef SRC_LOOK_H
#define SRC_LOOK_H

#include "src/config.h"
#include "src/tui_uv.h"

/* `folder`: where favourites are kept, and what is muted; NULL = nowhere. Both are borrowed. */
void look_of(const struct config *config, const char *folder, struct tui_options *out);

#endif
