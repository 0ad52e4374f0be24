/*
 * The settings file: whatever it holds is taken or named, and what is said of it is safe to show.
 */
#include "src/config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_problems(const struct config_problems *problems, struct bytes text)
{
    size_t lines = 1;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n';
    }
    if (problems->count == 0) {
        abort();
    }
    for (size_t i = 0; i < problems->count && i < CONFIG_PROBLEMS_MAX; i++) {
        const struct config_problem *one = &problems->kept[i];
        if (one->line > lines || one->text[0] == '\0' ||
            strpbrk(one->text, "\x1b\r\n\x07") != NULL) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;
    struct config_problems problems;
    struct failure why;
    struct bytes text = {data, size};
    if (config_parse(text, &config, &problems) != NET_OK) {
        check_problems(&problems, text);
    }
    if (config.keep_connected == 0 || config.interval_ns == 0 ||
        keys_check(&config.keys, &why) != NET_OK) {
        abort();
    }
    return 0;
}
