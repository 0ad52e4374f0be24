#include "tests/support/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/hex.h"
#include "net/base/mem.h"

static void fail_with(const char *what, const char *which)
{
    (void)fprintf(stderr, "vectors: %s: %s\n", what, which);
    abort();
}

cJSON *vectors_load(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", TEST_VECTORS_DIR, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_with("cannot open", path);
        return NULL;
    }
    (void)fseek(file, 0, SEEK_END);
    long size = ftell(file);
    (void)fseek(file, 0, SEEK_SET);
    char *text = mem_new((size_t)size + 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size) {
        fail_with("cannot read", path);
    }
    (void)fclose(file);
    cJSON *root = cJSON_Parse(text);
    free(text);
    if (root == NULL) {
        fail_with("not JSON", path);
    }
    return root;
}

const cJSON *vectors_get(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item == NULL) {
        fail_with("no member", name);
    }
    return item;
}

const char *vectors_text(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(vectors_get(object, name));
    if (text == NULL) {
        fail_with("not text", name);
    }
    return text;
}

int64_t vectors_int(const cJSON *object, const char *name)
{
    const cJSON *item = vectors_get(object, name);
    if (!cJSON_IsNumber(item)) {
        fail_with("not a number", name);
    }
    return (int64_t)item->valuedouble;
}

struct bytes vectors_hex_item(const cJSON *item)
{
    const char *text = cJSON_GetStringValue(item);
    if (text == NULL) {
        fail_with("not text", item != NULL && item->string != NULL ? item->string : "(item)");
        return (struct bytes){0};
    }
    size_t len = strlen(text) / 2;
    uint8_t *memory = mem_new(len);
    if (hex_decode(text, strlen(text), memory, len) != NET_OK) {
        fail_with("not hex", text);
    }
    return bytes_of(memory, len);
}

struct bytes vectors_hex(const cJSON *object, const char *name)
{
    return vectors_hex_item(vectors_get(object, name));
}

void vectors_free(struct bytes bytes)
{
    free((void *)(uintptr_t)bytes.ptr);
}
