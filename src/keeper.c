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
#include "src/finding_text.h"
#include "src/mask_snapshot.h"
#include "src/recording_write.h"
#include "ui/canvas_text.h"

enum { MODE = 0600, TIME_SIZE = 32, LINE_COLS = 76 };

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

/* Where the text of a line begins: after its label, or its indentation. */
static size_t text_of_line(const char *line, size_t len)
{
    size_t indent = strspn(line, " ");
    const char *gap = strstr(line + indent, "  ");
    if (gap != NULL && gap < line + len && gap < line + LINE_COLS / 2) {
        indent = (size_t)(gap - line) + strspn(gap, " ");
    }
    return indent < len ? indent : 0;
}

/* What is longer than a line of a mail goes on below, under its text. */
static void print_wrapped(FILE *out, const char *line, size_t len)
{
    size_t indent = text_of_line(line, len);
    size_t col = indent;
    (void)fprintf(out, "%.*s", (int)indent, line);
    for (size_t at = indent; at < len;) {
        size_t word = strcspn(line + at, " \n");
        if (at > indent && col + 1 + word > LINE_COLS) {
            (void)fprintf(out, "\n%*s", (int)indent, "");
            col = indent;
        } else if (at > indent) {
            (void)fputc(' ', out);
            col++;
        }
        (void)fprintf(out, "%.*s", (int)word, line + at);
        col += word;
        at += word + 1;
    }
    (void)fputc('\n', out);
}

static FILE *open_text(char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);
    if (out == NULL) {
        abort(); /* no memory; as below */
    }
    return out;
}

static void close_text(FILE *out)
{
    if (fclose(out) != 0) {
        abort();
    }
}

/* Ends what was written to `out`, and returns it in lines that a mail can hold. Free it. */
static char *end_text(FILE *out, char **text)
{
    char *wrapped = NULL;
    size_t size = 0;
    close_text(out);
    out = open_text(&wrapped, &size);
    for (const char *line = *text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        print_wrapped(out, line, len);
        line += len + (line[len] == '\n' ? 1 : 0);
    }
    close_text(out);
    free(*text);
    return wrapped;
}

static char *report_text(const struct snapshot *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_text(&text, &size);
    struct doctor_view view = {
        .snapshot = s,
        .target = s->selected >= 0 ? s->workspaces[s->selected].name : "(none)",
        .took_ns = s->first_sent_at == 0 ? 0 : mono_since(s->now, s->first_sent_at),
        .out = out};
    doctor_print_text(&view);
    return end_text(out, &text);
}

/* Into a file and the clipboard. */
static void hand_over(const char *name, FILE *file, const char *text, const char *what,
                      bool (*copy)(const char *text), char said[KEEPER_SAID])
{
    char words[64];
    (void)fputs(text, file);
    text_format(words, sizeof words, copy(text) ? "%s copied, and kept" : "%s kept", what);
    say_kept(name, file, words, said);
}

void keeper_report(struct keeper *keeper, const struct snapshot *snapshot,
                   bool (*copy)(const char *text), char said[KEEPER_SAID])
{
    char name[KEEPER_NAME];
    const struct snapshot *s = masker_copy(keeper->masker, snapshot);
    keeper_name(s, "report.txt", name);
    FILE *file = create(name, said);
    if (file != NULL) {
        char *text = report_text(s);
        hand_over(name, file, text, "masked report", copy, said);
        free(text);
    }
}

void keeper_finding(struct keeper *keeper, const struct snapshot *snapshot, enum finding_code code,
                    bool (*copy)(const char *text), char said[KEEPER_SAID])
{
    char name[KEEPER_NAME];
    char ending[FINDING_NAME_SIZE + 8];
    const struct snapshot *s = masker_copy(keeper->masker, snapshot);
    text_format(ending, sizeof ending, "%s.txt", finding_name(code));
    keeper_name(s, ending, name);
    FILE *file = create(name, said);
    if (file != NULL) {
        char *raw = NULL;
        size_t size = 0;
        FILE *out = open_text(&raw, &size);
        finding_text(s, code, out);
        char *text = end_text(out, &raw);
        hand_over(name, file, text, "masked finding", copy, said);
        free(text);
    }
}
