/*
 * `derptop paths`: which files are used, where they are looked for, and whether they are there.
 * Opens none but that with the URL, whose host names the file of favourites; prints no content.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/base/text.h"
#include "src/aws_source_uv.h"
#include "src/cmd.h"
#include "src/favourites.h"
#include "src/muted.h"
#include "src/out.h"

enum { PATH = FAVOURITES_PATH };

struct row {
    const char *name;
    const char *path; /* "" or NULL: there is none */
    const char *note; /* "" = none */
    bool unused;
};

static const char *get_env(const char *name)
{
    return getenv(name); // NOLINT(concurrency-mt-unsafe): there is no other thread
}

static const char *state_of(const struct row *row)
{
    if (row->path == NULL || row->path[0] == '\0') {
        return "none";
    }
    if (access(row->path, R_OK) == 0) {
        return "there";
    }
    return errno == EACCES ? "unreadable" : "not there";
}

static void print(const struct options *options, const struct row *row)
{
    char path[PATH];
    const char *state = state_of(row);
    bool none = row->path == NULL || row->path[0] == '\0';
    (void)text_clean(path, sizeof path, bytes_text(none ? "-" : row->path));
    if (!options->json) {
        bool noted = row->note[0] != '\0';
        out_text("%-11s %-11s %s%s%s%s\n", row->name, state, path, noted ? " (" : "", row->note,
                 noted ? ")" : "");
        return;
    }
    cJSON *object = out_object("file", wall_now());
    out_add_text(object, "name", row->name);
    if (none) {
        (void)cJSON_AddNullToObject(object, "path");
    } else {
        out_add_text(object, "path", path);
    }
    (void)cJSON_AddBoolToObject(object, "exists", strcmp(state, "there") == 0);
    out_add_text(object, "state", state);
    (void)cJSON_AddBoolToObject(object, "used", !row->unused);
    out_add_text(object, "note", row->note);
    out_json(object);
}

/* What `coder login` left, and the files that are named for TLS. */
static void print_settings(const struct options *options, const struct settings_places *places)
{
    char url_note[64] = "";
    char token_note[64] = "";
    if (places->url_by != NULL) {
        text_format(url_note, sizeof url_note, "not used: %s is set", places->url_by);
    }
    if (places->token_by != NULL) {
        text_format(token_note, sizeof token_note, "not used: %s is set", places->token_by);
    }
    const struct row rows[] = {
        {"url", places->url_file, url_note, places->url_by != NULL},
        {"session", places->token_file, token_note, places->token_by != NULL},
        {"ca_file", places->ca_file != NULL ? places->ca_file : get_env("SSL_CERT_FILE"),
         "in place of the system's CAs", false},
        {"cert_file", places->cert_file, "client certificate", false},
        {"key_file", places->key_file, "its key", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (i < 2 || rows[i].path != NULL) {
            print(options, &rows[i]);
        }
    }
}

/* The files of the deployment's favourites and of what is muted on its screens; while none is
 * known, the folder of all. */
static void print_state(const struct options *options, const char *deployment)
{
    char folder[CONFIG_PATH];
    char pinned[PATH] = "";
    char muted[PATH] = "";
    const char *note = deployment[0] == '\0' ? "a file for each deployment" : "";
    if (favourites_folder(folder, sizeof folder)) {
        favourites_path(folder, deployment, pinned);
        muted_path(folder, deployment, muted);
        if (deployment[0] == '\0') {
            text_copy(pinned, sizeof pinned, folder);
            text_copy(muted, sizeof muted, folder);
        }
    }
    print(options, &(struct row){"favourites", pinned, note, false});
    print(options, &(struct row){"muted", muted, note, false});
}

int cmd_paths(const struct options *options)
{
    struct settings_flags flags;
    struct settings_places places;
    char path[PATH];
    char deployment[SNAPSHOT_NAME];
    options_settings_flags(options, &flags);
    settings_places(&flags, get_env, &places);
    config_path(options->config_file, get_env, path);
    print(options, &(struct row){"settings", path, "", false});
    print_settings(options, &places);
    (void)text_clean(deployment, sizeof deployment, bytes_text(places.deployment));
    print_state(options, deployment);
    (void)aws_source_kept_path(path);
    print(options,
          &(struct row){"aws_ranges", path, "for --aws-ranges fetch, else a bundled list", false});
    print(options, &(struct row){"kept_files", getcwd(path, sizeof path),
                                 "recordings, screens and reports of the monitor", false});
    print(options, &(struct row){"log", NULL, "none is kept; -v prints it on stderr", false});
    if (options->json) {
        cJSON *object = out_object("summary", wall_now());
        out_add_text(object, "deployment", deployment);
        out_json(object);
    }
    return EXIT_DONE;
}
