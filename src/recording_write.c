#include "src/recording_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "src/recording_fields.h"

struct recorder {
    struct snapshot last; /* what a reader has now */
    mono_ns began_at;
    bool begun;
    uint64_t lines;
    uint64_t at_us; /* of the last line */
};

struct recorder *recorder_new(void)
{
    struct recorder *recorder = mem_new(sizeof *recorder);
    recorder->last.selected = -1; /* as a reader begins */
    return recorder;
}

void recorder_free(struct recorder *recorder)
{
    free(recorder);
}

/* --- what is equal ---------------------------------------------------------------------------- */

static bool table_equal(const struct field_table *table, const char *a, const char *b);

static bool element_equal(const struct field *field, const char *a, const char *b)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_TEXTS:
        return strcmp(a, b) == 0;
    case FIELD_STRUCT:
    case FIELD_ROWS:
    case FIELD_SERIES:
        return table_equal(field->inner, a, b);
    case FIELD_WALL: { /* has padding */
        const struct wall_time *x = (const void *)a;
        const struct wall_time *y = (const void *)b;
        return x->seconds == y->seconds && x->nanos == y->nanos;
    }
    case FIELD_BOOL:
    case FIELD_NUMBER:
    case FIELD_NUMBERS:
    case FIELD_TIME:
    case FIELD_UUID:
    case FIELD_ENUM:
        break;
    }
    return memcmp(a, b, field->size) == 0;
}

static size_t length_of(const struct field *field, const char *parent)
{
    size_t length = 0;
    if (field->kind != FIELD_SERIES) {
        return field->count;
    }
    memcpy(&length, parent + field->length_offset, sizeof length);
    return length;
}

static bool field_equal(const struct field *field, const char *a, const char *b)
{
    size_t length = length_of(field, a);
    if (length != length_of(field, b) ||
        (field->by_place && length > 0 &&
         memcmp(a + field->first_offset, b + field->first_offset, sizeof(uint64_t)) != 0)) {
        return false;
    }
    /* Most of the time nothing differs, and this is fast. */
    if (memcmp(a + field->offset, b + field->offset, field->size * length) == 0) {
        return true;
    }
    for (size_t i = 0; i < length; i++) {
        size_t at = field->offset + field->size * i;
        if (!element_equal(field, a + at, b + at)) {
            return false;
        }
    }
    return true;
}

static bool table_equal(const struct field_table *table, const char *a, const char *b)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!field_equal(&table->fields[i], a, b)) {
            return false;
        }
    }
    return true;
}

/* --- values ----------------------------------------------------------------------------------- */

struct writer_state {
    FILE *out;
    mono_ns began_at;
    const char *zero; /* as large as the largest struct in an array */
};

static void write_text(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            (void)fputc('\\', out);
        }
        if (*at < ' ') {
            (void)fprintf(out, "\\u%04x", *at);
        } else {
            (void)fputc(*at, out);
        }
    }
    (void)fputc('"', out);
}

static uint64_t number_of(const char *place, size_t size)
{
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    switch (size) {
    case sizeof u8:
        memcpy(&u8, place, sizeof u8);
        return u8;
    case sizeof u16:
        memcpy(&u16, place, sizeof u16);
        return u16;
    case sizeof u32:
        memcpy(&u32, place, sizeof u32);
        return u32;
    default:
        memcpy(&u64, place, sizeof u64);
        return u64;
    }
}

static void write_number(FILE *out, const struct field *field, const char *place)
{
    uint64_t value = number_of(place, field->size);
    if (field->least < 0) {
        int64_t number = field->size == sizeof(int32_t) ? (int32_t)(uint32_t)value : (int64_t)value;
        (void)fprintf(out, "%" PRId64, number);
    } else {
        (void)fprintf(out, "%" PRIu64, value);
    }
}

static void write_time(const struct writer_state *w, mono_ns when)
{
    if (when == 0) {
        (void)fputs("null", w->out);
    } else if (when == MONO_NEVER) {
        (void)fputs("\"never\"", w->out);
    } else if (when >= w->began_at) {
        (void)fprintf(w->out, "%" PRIu64, (when - w->began_at) / NS_PER_US);
    } else {
        (void)fprintf(w->out, "-%" PRIu64, (w->began_at - when + NS_PER_US - 1) / NS_PER_US);
    }
}

static void write_wall(FILE *out, const char *place)
{
    struct wall_time when;
    memcpy(&when, place, sizeof when);
    (void)fprintf(out, "%" PRId64 ".%06d", when.seconds, (int)(when.nanos / 1000));
}

static void write_uuid(FILE *out, const char *place)
{
    struct uuid id;
    char text[UUID_TEXT_SIZE];
    memcpy(&id, place, sizeof id);
    uuid_text(&id, text);
    (void)fprintf(out, "\"%s\"", text);
}

static void write_changed(const struct writer_state *w, const struct field_table *table,
                          const char *old, const char *new);

/* How many elements stand before the zeros at the end. */
static size_t used_length(const struct field *field, const char *place, const char *zero)
{
    size_t length = field->count;
    while (length > 0 && memcmp(place + field->size * (length - 1), zero, field->size) == 0) {
        length--;
    }
    return length;
}

static void write_array(const struct writer_state *w, const struct field *field, const char *place)
{
    size_t length = used_length(field, place, w->zero);
    (void)fputc('[', w->out);
    for (size_t i = 0; i < length; i++) {
        const char *element = place + field->size * i;
        (void)fputs(i == 0 ? "" : ",", w->out);
        if (field->kind == FIELD_TEXTS) {
            write_text(w->out, element);
        } else {
            write_number(w->out, field, element);
        }
    }
    (void)fputc(']', w->out);
}

/* {"3": {what changed}, "4": null}: null where a row became empty. */
static void write_rows(const struct writer_state *w, const struct field *field, const char *old,
                       const char *new)
{
    const char *comma = "";
    (void)fputc('{', w->out);
    for (size_t i = 0; i < field->count; i++) {
        size_t at = field->size * i;
        if (element_equal(field, old + at, new + at)) {
            continue;
        }
        (void)fprintf(w->out, "%s\"%zu\":", comma, i);
        comma = ",";
        if (element_equal(field, new + at, w->zero)) {
            (void)fputs("null", w->out);
        } else {
            write_changed(w, field->inner, old + at, new + at);
        }
    }
    (void)fputc('}', w->out);
}

/* --- series ----------------------------------------------------------------------------------- */

/* The elements of a series, and what each is known by. */
struct series {
    const struct field *field;
    const char *elements;
    size_t length;
    uint64_t first; /* of those known by their place */
};

static struct series series_of(const struct field *field, const char *parent)
{
    struct series series = {field, parent + field->offset, length_of(field, parent), 0};
    if (field->by_place) {
        memcpy(&series.first, parent + field->first_offset, sizeof series.first);
    }
    return series;
}

static const char *series_at(const struct series *series, size_t i)
{
    return series->elements + series->field->size * i;
}

static uint64_t series_key(const struct series *series, size_t i)
{
    uint64_t key = 0;
    if (series->field->by_place) {
        return series->first + i;
    }
    memcpy(&key, series_at(series, i) + series->field->key_offset, sizeof key);
    return key;
}

/* Whether the old series becomes the new one by being cut at its front, changed and added to. */
static bool continues(const struct series *old, const struct series *new)
{
    size_t at = 0;
    if (old->length == 0 || new->length == 0) {
        return old->length == 0;
    }
    for (size_t i = 0; i < old->length; i++) {
        uint64_t key = series_key(old, i);
        if (key < series_key(new, 0)) {
            continue; /* is cut */
        }
        while (at < new->length && series_key(new, at) < key) {
            at++;
        }
        if (at == new->length || series_key(new, at) != key) {
            return false;
        }
    }
    /* Nothing may have been put in before what is kept. */
    return series_key(old, 0) <= series_key(new, 0);
}

static void write_key(const struct writer_state *w, const struct series *series, size_t i)
{
    uint64_t key = series_key(series, i);
    bool is_time = !series->field->by_place && series->field->inner->fields[0].kind == FIELD_TIME;
    if (is_time) {
        write_time(w, key);
    } else {
        (void)fprintf(w->out, "%" PRIu64, key);
    }
}

/* {"from": the key of the first that is kept, "add": [what is new or changed]}, and "clear" where
 * the old series ends. Each element is whole. */
static void write_series(const struct writer_state *w, const struct field *field, const char *old,
                         const char *new)
{
    struct series before = series_of(field, old);
    struct series now = series_of(field, new);
    const char *comma = "";
    size_t at = 0;
    (void)fputc('{', w->out);
    if (!continues(&before, &now)) {
        before.length = 0;
        (void)fputs("\"clear\":true,", w->out);
    }
    if (before.length > 0 && series_key(&before, 0) < series_key(&now, 0)) {
        (void)fputs("\"from\":", w->out);
        write_key(w, &now, 0);
        (void)fputc(',', w->out);
    }
    (void)fputs("\"add\":[", w->out);
    for (size_t i = 0; i < now.length; i++) {
        uint64_t key = series_key(&now, i);
        while (at < before.length && series_key(&before, at) < key) {
            at++;
        }
        bool known = at < before.length && series_key(&before, at) == key;
        if (known && element_equal(field, series_at(&before, at), series_at(&now, i))) {
            continue;
        }
        (void)fputs(comma, w->out);
        comma = ",";
        if (field->by_place) {
            (void)fprintf(w->out, "{\"n\":%" PRIu64 ",\"is\":", key);
        }
        write_changed(w, field->inner, w->zero, series_at(&now, i));
        (void)fputs(field->by_place ? "}" : "", w->out);
    }
    (void)fputs("]}", w->out);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void write_field(const struct writer_state *w, const struct field *field, const char *old,
                        const char *new)
{
    const char *place = new + field->offset;
    uint64_t number = 0;
    switch (field->kind) {
    case FIELD_BOOL:
        (void)fputs(*(const bool *)(const void *)place ? "true" : "false", w->out);
        break;
    case FIELD_NUMBER:
        write_number(w->out, field, place);
        break;
    case FIELD_TIME:
        memcpy(&number, place, sizeof number);
        write_time(w, number);
        break;
    case FIELD_WALL:
        write_wall(w->out, place);
        break;
    case FIELD_TEXT:
        write_text(w->out, place);
        break;
    case FIELD_UUID:
        write_uuid(w->out, place);
        break;
    case FIELD_ENUM:
        number = number_of(place, field->size);
        write_text(w->out, number < field->name_count ? field->names[number] : "");
        break;
    case FIELD_STRUCT:
        write_changed(w, field->inner, old + field->offset, place);
        break;
    case FIELD_NUMBERS:
    case FIELD_TEXTS:
        write_array(w, field, place);
        break;
    case FIELD_ROWS:
        write_rows(w, field, old + field->offset, place);
        break;
    case FIELD_SERIES:
        write_series(w, field, old, new);
        break;
    }
}

static void write_changed(const struct writer_state *w, const struct field_table *table,
                          const char *old, const char *new)
{
    const char *comma = "";
    (void)fputc('{', w->out);
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->fields[i];
        if (!field_equal(field, old, new)) {
            (void)fprintf(w->out, "%s\"%s\":", comma, field->name);
            write_field(w, field, old, new);
            comma = ",";
        }
    }
    (void)fputc('}', w->out);
}

static void begin(struct recorder *recorder, const struct snapshot *snapshot, FILE *out)
{
    recorder->begun = true;
    recorder->began_at = snapshot->now;
    (void)fprintf(out,
                  "{\"type\":\"recording\",\"version\":%d,\"program\":\"derptop %s\",\"began\":",
                  RECORDING_VERSION, DERPTOP_VERSION);
    write_wall(out, (const char *)&snapshot->wall);
    (void)fputs("}\n", out);
}

void recorder_take(struct recorder *recorder, const struct snapshot *snapshot, FILE *out)
{
    static const char zero[RECORDING_ELEMENT_MAX];
    if (snapshot->seq == 0) {
        return; /* nothing was published yet */
    }
    if (!recorder->begun) {
        begin(recorder, snapshot, out);
    }
    const char *old = (const char *)&recorder->last;
    const char *new = (const char *)snapshot;
    if (recorder->lines > 0 && table_equal(&recording_snapshot, old, new)) {
        return;
    }
    struct writer_state w = {out, recorder->began_at, zero};
    recorder->at_us = mono_since(snapshot->now, recorder->began_at) / NS_PER_US;
    (void)fprintf(out, "{\"type\":\"state\",\"t\":%" PRIu64 ",\"set\":", recorder->at_us);
    write_changed(&w, &recording_snapshot, old, new);
    (void)fputs("}\n", out);
    recorder->lines++;
    memcpy(&recorder->last, snapshot, sizeof recorder->last);
}

void recorder_end(struct recorder *recorder, FILE *out)
{
    if (recorder->begun) {
        (void)fprintf(out, "{\"type\":\"summary\",\"t\":%" PRIu64 ",\"states\":%" PRIu64 "}\n",
                      recorder->at_us, recorder->lines);
    }
}
