/*
 * Where the values of a JSON text stand: cJSON does not keep it.
 */
#include "src/config_internal.h"

struct scan {
    struct bytes text;
    size_t at;
    size_t line;
};

static int peek(const struct scan *scan)
{
    return scan->at < scan->text.len ? scan->text.ptr[scan->at] : -1;
}

static void step(struct scan *scan)
{
    scan->line += peek(scan) == '\n';
    scan->at++;
}

/* From the opening quote to behind the closing one. */
static void skip_string(struct scan *scan)
{
    step(scan);
    while (peek(scan) >= 0 && peek(scan) != '"') {
        if (peek(scan) == '\\') {
            step(scan);
        }
        step(scan);
    }
    step(scan);
}

static void skip_blank(struct scan *scan)
{
    while (peek(scan) >= 0 && peek(scan) <= ' ') {
        step(scan);
    }
}

static bool is_literal(int c)
{
    return c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

size_t json_lines(struct bytes text, size_t *lines, size_t max)
{
    struct scan scan = {.text = text, .line = 1};
    size_t count = 0;
    size_t name_line = 0; /* of the member whose value comes next; 0 = none */
    for (skip_blank(&scan); peek(&scan) >= 0; skip_blank(&scan)) {
        size_t line = name_line != 0 ? name_line : scan.line;
        int c = peek(&scan);
        bool value = true;
        if (c == '"') {
            skip_string(&scan);
            skip_blank(&scan);
            if (peek(&scan) == ':') {
                name_line = line;
                step(&scan);
                continue;
            }
        } else if (is_literal(c)) {
            while (is_literal(peek(&scan))) {
                step(&scan);
            }
        } else {
            value = c == '{' || c == '[';
            step(&scan);
        }
        if (value) {
            if (count < max) {
                lines[count] = line;
            }
            count++;
            name_line = 0;
        }
    }
    return count;
}

size_t json_line_at(struct bytes text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        line += text.ptr[i] == '\n';
    }
    return line;
}
