#include "src/favourites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "net/base/text.h"

enum { LINE_SIZE = 128, FOLDER_MODE = 0700 };

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
    char name[SNAPSHOT_NAME]; /* letters, digits, dots and dashes stay */
    text_copy(name, sizeof name, deployment);
    for (char *c = name; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || *c == '.' || *c == '-';
        *c = plain ? *c : '_';
    }
    text_format(out, FAVOURITES_PATH, "%s/favourites-%s", folder, name);
}

void favourites_read(const char *folder, const char *deployment, struct pins *out)
{
    char path[FAVOURITES_PATH];
    char line[LINE_SIZE];
    *out = (struct pins){0};
    if (folder == NULL || deployment[0] == '\0') {
        return;
    }
    favourites_path(folder, deployment, path);
    FILE *file = fopen(path, "re");
    while (file != NULL && out->count < PINS_MAX && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (uuid_parse(line, &out->all[out->count]) == NET_OK) {
            out->count++;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* Each folder on the way, as `mkdir -p` does. */
static void make_folders(const char *folder)
{
    char path[FAVOURITES_PATH];
    text_copy(path, sizeof path, folder);
    for (char *c = path + 1; *c != '\0'; c++) {
        if (*c == '/') {
            *c = '\0';
            (void)mkdir(path, FOLDER_MODE);
            *c = '/';
        }
    }
    (void)mkdir(path, FOLDER_MODE);
}

void favourites_write(const char *folder, const char *deployment, const struct pins *pins)
{
    char path[FAVOURITES_PATH];
    char beside[FAVOURITES_PATH + 8];
    if (folder == NULL || deployment[0] == '\0') {
        return;
    }
    make_folders(folder);
    favourites_path(folder, deployment, path);
    text_format(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "we");
    if (file == NULL) {
        return;
    }
    bool good = true;
    for (size_t i = 0; i < pins->count; i++) {
        char text[UUID_TEXT_SIZE];
        uuid_text(&pins->all[i], text);
        good &= fprintf(file, "%s\n", text) > 0;
    }
    good &= fclose(file) == 0;
    if (!good || rename(beside, path) != 0) {
        (void)remove(beside);
    }
}
