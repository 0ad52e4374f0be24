#include "src/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/doctor_report.h"
#include "src/mask_snapshot.h"
#include "src/recording_write.h"
#include "ui/canvas_text.h"

enum { MODE = 0600, TIME_SIZE = 32 };

struct keeper {
    FILE *out; /* NULL: nothing is recorded */
    struct recorder *recorder;
    struct masker *masker;
    bool masked; /* what is recorded is */
    char name[KEEPER_NAME];
};

struct keeper *keeper_new(struct masker *masker)
{
    struct keeper *keeper = mem_new(sizeof *keeper);
    keeper->masker = masker;
    return keeper;
}

void keeper_name(const struct snapshot *s, const char *ending, char out[KEEPER_NAME])
{
    const char *who = s->selected >= 0 ? s->workspaces[s->selected].name : "";
    time_t at = (time_t)s->wall.seconds;
    struct tm parts;
    char when[TIME_SIZE] = "";
    if (localtime_r(&at, &parts) != NULL) {
        (void)strftime(when, sizeof when, "%Y%m%d-%H%M%S", &parts);
    }
    text_format(out, KEEPER_NAME, "derptop-%s%s%s.%s", who, who[0] == '\0' ? "" : "-", when,
                ending);
    for (char *c = out; *c != '\0'; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("-_.", *c) != NULL;
        *c = *c != '\0' && plain ? *c : '_';
    }
}

static FILE *create(const char *name, char said[KEEPER_SAID])
{
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        text_format(said, KEEPER_SAID,
                    errno == EEXIST ? "%s is there already" : "%s cannot be written here", name);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    return file;
}

/* --- recordings ------------------------------------------------------------------------------- */

/* False: what it wrote is not whole. */
static bool end_recording(struct keeper *keeper)
{
    recorder_end(keeper->recorder, keeper->out);
    bool good = ferror(keeper->out) == 0;
    good &= fclose(keeper->out) == 0;
    recorder_free(keeper->recorder);
    keeper->out = NULL;
    keeper->recorder = NULL;
    return good;
}

void keeper_free(struct keeper *keeper)
{
    if (keeper != NULL && keeper->out != NULL) {
        (void)end_recording(keeper);
    }
    free(keeper);
}

bool keeper_is_masked(const struct keeper *keeper)
{
    return keeper->masked;
}

static const struct snapshot *as_kept(struct keeper *keeper, const struct snapshot *s)
{
    return keeper->masked ? masker_copy(keeper->masker, s) : s;
}

bool keeper_record(struct keeper *keeper, const struct snapshot *s, bool masked,
                   char said[KEEPER_SAID])
{
    if (keeper->out != NULL) {
        bool good = end_recording(keeper);
        text_format(said, KEEPER_SAID, good ? "recorded: derptop replay %s" : "%s is not whole",
                    keeper->name);
        return false;
    }
    keeper->masked = masked;
    keeper_name(as_kept(keeper, s), "jsonl", keeper->name);
    keeper->out = create(keeper->name, said);
    if (keeper->out == NULL) {
        return false;
    }
    keeper->recorder = recorder_new();
    text_format(said, KEEPER_SAID, "recording%s to %s", masked || s->masked ? ", masked," : "",
                keeper->name);
    return keeper_take(keeper, s, said);
}

bool keeper_take(struct keeper *keeper, const struct snapshot *s, char said[KEEPER_SAID])
{
    if (keeper->out == NULL) {
        return true;
    }
    recorder_take(keeper->recorder, as_kept(keeper, s), keeper->out);
    if (fflush(keeper->out) == 0 && ferror(keeper->out) == 0) {
        return true;
    }
    (void)end_recording(keeper);
    text_format(said, KEEPER_SAID, "%s can no longer be written: recording ended", keeper->name);
    return false;
}

/* --- pictures and reports --------------------------------------------------------------------- */

static void say_kept(const char *name, FILE *file, const char *what, char said[KEEPER_SAID])
{
    bool good = ferror(file) == 0;
    good &= fclose(file) == 0;
    text_format(said, KEEPER_SAID, good ? "%s: %s" : "%s: %s is not whole", what, name);
}

void keeper_shot(const struct snapshot *s, const struct canvas *canvas, enum theme theme,
                 char said[KEEPER_SAID])
{
    char name[KEEPER_NAME];
    keeper_name(s, "txt", name);
    FILE *file = create(name, said);
    if (file != NULL) {
        canvas_ansi(canvas, theme, file);
        say_kept(name, file, "screen kept", said);
    }
}

static char *report_text(const struct snapshot *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        abort();
    }
    struct doctor_view view = {.snapshot = s,
                               .target = s->selected >= 0 ? s->workspaces[s->selected].name : "",
                               .out = out};
    doctor_print_text(&view);
    if (fclose(out) != 0) {
        abort(); /* no memory */
    }
    return text;
}

void keeper_report(struct keeper *keeper, const struct snapshot *snapshot,
                   void (*copy)(const char *text), char said[KEEPER_SAID])
{
    char name[KEEPER_NAME];
    const struct snapshot *s = masker_copy(keeper->masker, snapshot);
    keeper_name(s, "report.txt", name);
    FILE *file = create(name, said);
    if (file == NULL) {
        return;
    }
    char *text = report_text(s);
    (void)fputs(text, file);
    copy(text);
    free(text);
    say_kept(name, file, "masked report copied, and kept", said);
}
