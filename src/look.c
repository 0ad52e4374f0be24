#include "src/look.h"

#include <string.h>

static enum app_notify notify_of(const struct config *config)
{
    return strcmp(config->notify, "bell") == 0      ? NOTIFY_BELL
           : strcmp(config->notify, "desktop") == 0 ? NOTIFY_DESKTOP
                                                    : NOTIFY_NONE;
}

void look_of(const struct config *config, const char *folder, struct tui_options *out)
{
    *out = (struct tui_options){.ascii = config->ascii,
                                .mouse = config->mouse,
                                .mask = config->mask,
                                .keep = config->keep,
                                .color = config->color,
                                .graph = config->graph,
                                .theme = config->theme,
                                .notify = notify_of(config),
                                .keys = &config->keys,
                                .state_folder = folder};
}
