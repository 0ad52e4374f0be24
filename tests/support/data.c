#include "tests/support/data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/base/mem.h"
#include "net/base/text.h"

#include <cmocka.h>

struct bytes data_load(const char *name)
{
    char path[512];
    text_format(path, sizeof path, "%s/%s", TEST_DATA_DIR, name);
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    uint8_t *memory = mem_new((size_t)size);
    assert_int_equal(fread(memory, 1, (size_t)size, file), (size_t)size);
    assert_int_equal(fclose(file), 0);
    return bytes_of(memory, (size_t)size);
}

void data_free(struct bytes data)
{
    free((void *)(uintptr_t)data.ptr);
}

struct bytes data_replace(struct bytes data, const char *from, const char *to)
{
    size_t from_len = strlen(from);
    size_t to_len = strlen(to);
    const uint8_t *at = memmem(data.ptr, data.len, from, from_len);
    assert_non_null(at);
    size_t before = (size_t)(at - data.ptr);
    size_t len = data.len - from_len + to_len;
    uint8_t *memory = mem_new(len);
    memcpy(memory, data.ptr, before);
    memcpy(memory + before, to, to_len);
    memcpy(memory + before + to_len, at + from_len, data.len - before - from_len);
    return bytes_of(memory, len);
}
