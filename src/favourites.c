#include "src/favourites.h"

#include <stdlib.h>

#include "net/base/text.h"
#include "src/state_file.h"

static const char kind[] = "favourites";

static const char *variable(const char *name)
{
    const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe): nothing changes it
    return value != NULL && value[0] == '/' ? value : NULL;
}

bool favourites_folder(char *out, size_t size)
{
    const char *state = variable("XDG_STATE_HOME");
    const char *home = variable("HOME");
    if (state != NULL) {
        text_format(out, size, "%s/derptop", state);
    } else if (home != NULL) {
        text_format(out, size, "%s/.local/state/derptop", home);
    }
    return state != NULL || home != NULL;
}

void favourites_path(const char *folder, const char *deployment, char out[FAVOURITES_PATH])
{
    state_file_path(folder, kind, deployment, out);
}

static void read_line(void *owner, const char *text)
{
    struct pins *pins = owner;
    if (pins->count < PINS_MAX && uuid_parse(text, &pins->all[pins->count]) == NET_OK) {
        pins->count++;
    }
}

void favourites_read(const char *folder, const char *deployment, struct pins *out)
{
    *out = (struct pins){0};
    state_file_read(folder, kind, deployment, read_line, out);
}

static bool write_lines(const void *what, FILE *out)
{
    const struct pins *pins = what;
    bool good = true;
    for (size_t i = 0; i < pins->count; i++) {
        char text[UUID_TEXT_SIZE];
        uuid_text(&pins->all[i], text);
        good &= fprintf(out, "%s\n", text) > 0;
    }
    return good;
}

void favourites_write(const char *folder, const char *deployment, const struct pins *pins)
{
    state_file_write(folder, kind, deployment, write_lines, pins);
}
