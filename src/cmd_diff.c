/*
 * `derptop diff A B`: whether a connection became worse from one saved result to another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/cmd.h"
#include "src/diff_report.h"
#include "src/out.h"

static void tell(const char *path, size_t line, const char *why)
{
    char name[256];
    char text[600];
    (void)text_clean(name, sizeof name, bytes_text(path));
    if (line > 0) {
        text_format(text, sizeof text, "%s:%zu: %s", name, line, why);
    } else {
        text_format(text, sizeof text, "%s: %s", name, why);
    }
    out_error(text);
}

/* The next line without its end into `out`; its length, or -1 at the end of the file. One of more
 * than DIFF_LINE_MAX has DIFF_LINE_MAX + 1. */
static ssize_t read_line(FILE *file, char *out)
{
    size_t len = 0;
    int c = getc(file);
    if (c == EOF) {
        return -1;
    }
    for (; c != EOF && c != '\n' && len <= DIFF_LINE_MAX; c = getc(file)) {
        out[len++] = (char)c;
    }
    return (ssize_t)len;
}

/* False, and told, if it is no such file. */
static bool read_lines(FILE *file, const char *path, char *memory, struct diff_file *out)
{
    struct failure why;
    size_t number = 0;
    size_t total = 0;
    for (ssize_t len = read_line(file, memory); len >= 0; len = read_line(file, memory)) {
        number++;
        total += (size_t)len + 1;
        if (total > DIFF_FILE_MAX) {
            tell(path, 0, "more than 64 MiB");
            return false;
        }
        if (len > 0 && diff_take_line(out, bytes_of(memory, (size_t)len), &why) != NET_OK) {
            tell(path, number, why.text);
            return false;
        }
    }
    if (ferror(file) != 0) {
        tell(path, 0, "cannot be read");
        return false;
    }
    return true;
}

static bool read_file(const char *path, struct diff_file *out)
{
    bool any = false;
    FILE *file = fopen(path, "re");
    *out = (struct diff_file){0};
    if (file == NULL) {
        tell(path, 0, "cannot be read");
        return false;
    }
    char *memory = mem_new(DIFF_LINE_MAX + 1);
    bool good = read_lines(file, path, memory, out);
    free(memory);
    (void)fclose(file);
    for (size_t i = 0; i < DIFF_TESTS; i++) {
        any |= out->tests[i].there;
    }
    if (good && !any) {
        tell(path, 0, "no result of `derptop speedtest --json` or `derptop ping --json` is in it");
    }
    return good && any;
}

int cmd_diff(const struct options *options)
{
    static struct diff_file before;
    static struct diff_file after;
    const char *ascii = getenv("DERPTOP_ASCII"); // NOLINT(concurrency-mt-unsafe): one thread
    const struct diff_view view = {
        .before = &before,
        .after = &after,
        .threshold = (double)options->threshold,
        .utf8 = out_is_utf8() && !options->ascii && (ascii == NULL || ascii[0] == '\0'),
    };
    if (!read_file(options->targets[0], &before) || !read_file(options->targets[1], &after)) {
        return EXIT_USAGE;
    }
    struct diff_count count = diff_count(&view);
    if (count.compared == 0) {
        out_error("the two files have no test in common");
        return EXIT_USAGE;
    }
    (options->json ? diff_print_json : diff_print_text)(&view);
    return count.worse > 0 ? EXIT_FAILED : EXIT_DONE;
}
