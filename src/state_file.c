#include "src/state_file.h"

#include <string.h>
#include <sys/stat.h>

#include "net/base/text.h"
#include "net/monitor/snapshot.h"

enum { LINE_SIZE = 128, FOLDER_MODE = 0700 };

void state_file_path(const char *folder, const char *kind, const char *deployment,
                     char out[STATE_FILE_PATH])
{
    char name[SNAPSHOT_NAME];
    text_copy(name, sizeof name, deployment);
    for (char *c = name; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || *c == '.' || *c == '-';
        *c = plain ? *c : '_';
    }
    text_format(out, STATE_FILE_PATH, "%s/%s-%s", folder, kind, name);
}

void state_file_read(const char *folder, const char *kind, const char *deployment,
                     void (*line)(void *owner, const char *text), void *owner)
{
    char path[STATE_FILE_PATH];
    char text[LINE_SIZE];
    if (folder == NULL || deployment[0] == '\0') {
        return;
    }
    state_file_path(folder, kind, deployment, path);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(text, sizeof text, file) != NULL) {
        text[strcspn(text, "\n")] = '\0';
        line(owner, text);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

/* Each folder on the way, as `mkdir -p` does. */
static void make_folders(const char *folder)
{
    char path[STATE_FILE_PATH];
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

void state_file_write(const char *folder, const char *kind, const char *deployment,
                      bool (*write)(const void *what, FILE *out), const void *what)
{
    char path[STATE_FILE_PATH];
    char beside[STATE_FILE_PATH + 8];
    if (folder == NULL || deployment[0] == '\0') {
        return;
    }
    make_folders(folder);
    state_file_path(folder, kind, deployment, path);
    text_format(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "we");
    if (file == NULL) {
        return;
    }
    bool good = write(what, file);
    good &= fclose(file) == 0;
    if (!good || rename(beside, path) != 0) {
        (void)remove(beside);
    }
}
