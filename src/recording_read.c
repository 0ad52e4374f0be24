#include "src/recording_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/recording_fields.h"
#include "src/recording_write.h"

/* The recording's beginning on the clock of what is read: later than all that it can speak of. */
static const mono_ns epoch = UINT64_C(400) * 86400 * NS_PER_SEC;
static const double us_max = (double)RECORDING_DAYS_MAX * 86400e6;
static const double exact = 9007199254740992.0; /* whole numbers up to it are what they seem */

struct recording {
    struct snapshot state;
    uint64_t line;
    bool begun, ended;
    double began;  /* seconds since 1970 */
    cJSON *loaded; /* a state that waits */
    uint64_t due_us;
};

struct recording *recording_new(void)
{
    struct recording *recording = mem_new(sizeof *recording);
    recording->state.selected = -1;
    return recording;
}

void recording_free(struct recording *recording)
{
    if (recording != NULL) {
        cJSON_Delete(recording->loaded);
        free(recording);
    }
}

struct recording *recording_copy(const struct recording *recording)
{
    struct recording *copy = mem_new(sizeof *copy);
    memcpy(copy, recording, sizeof *copy);
    copy->loaded = NULL;
    return copy;
}

/* --- values ------------------------------------------------------------------------------------
 * Each returns false when the value is not of its kind or out of bounds. */

static bool take_table(const struct field_table *table, char *place, const cJSON *object);

static bool whole_number(const cJSON *value, double least, double most, double *out)
{
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= least) || !(value->valuedouble <= most) ||
        floor(value->valuedouble) != value->valuedouble) {
        return false;
    }
    *out = value->valuedouble;
    return true;
}

static void put_number(char *place, size_t size, uint64_t value)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    const void *from = size == sizeof u8    ? (const void *)&u8
                       : size == sizeof u16 ? (const void *)&u16
                       : size == sizeof u32 ? (const void *)&u32
                                            : (const void *)&value;
    memcpy(place, from, size);
}

static bool take_number(const struct field *field, char *place, const cJSON *value)
{
    double number = 0;
    if (!whole_number(value, field->least, field->most, &number)) {
        return false;
    }
    put_number(place, field->size, number < 0 ? (uint64_t)(int64_t)number : (uint64_t)number);
    return true;
}

static bool take_time(char *place, const cJSON *value)
{
    double us = 0;
    mono_ns when = 0;
    if (cJSON_IsString(value) && strcmp(value->valuestring, "never") == 0) {
        when = MONO_NEVER;
    } else if (!cJSON_IsNull(value)) {
        if (!whole_number(value, -us_max, us_max, &us)) {
            return false;
        }
        when = epoch + (uint64_t)((int64_t)us * (int64_t)NS_PER_US);
    }
    memcpy(place, &when, sizeof when);
    return true;
}

/* Seconds since 1970, at most some time in the year 9999. */
static bool take_seconds(const cJSON *value, double *out)
{
    if (!cJSON_IsNumber(value) || !(fabs(value->valuedouble) < 253402300800.0)) {
        return false;
    }
    *out = value->valuedouble;
    return true;
}

static struct wall_time wall_of(double seconds)
{
    double us = floor(seconds * 1e6 + 0.5);
    double whole = floor(us / 1e6);
    return (struct wall_time){(int64_t)whole, (int32_t)(us - whole * 1e6) * 1000};
}

static bool take_wall(char *place, const cJSON *value)
{
    double seconds = 0;
    if (!take_seconds(value, &seconds)) {
        return false;
    }
    struct wall_time when = wall_of(seconds);
    memcpy(place, &when, sizeof when);
    return true;
}

static bool take_text(char *place, size_t size, const cJSON *value)
{
    if (!cJSON_IsString(value)) {
        return false;
    }
    memset(place, 0, size);
    (void)text_clean(place, size, bytes_text(value->valuestring));
    return true;
}

static bool take_uuid(char *place, const cJSON *value)
{
    struct uuid id;
    if (!cJSON_IsString(value) || uuid_parse(value->valuestring, &id) != NET_OK) {
        return false;
    }
    memcpy(place, &id, sizeof id);
    return true;
}

/* A name that is not known is a newer derptop's: the first one stands for it. */
static bool take_enum(const struct field *field, char *place, const cJSON *value)
{
    uint64_t number = 0;
    if (!cJSON_IsString(value)) {
        return false;
    }
    for (uint64_t i = 0; i < field->name_count; i++) {
        number = strcmp(field->names[i], value->valuestring) == 0 ? i : number;
    }
    put_number(place, field->size, number);
    return true;
}

static bool take_array(const struct field *field, char *place, const cJSON *value)
{
    size_t i = 0;
    if (!cJSON_IsArray(value)) {
        return false;
    }
    memset(place, 0, field->size * field->count);
    for (const cJSON *item = value->child; item != NULL; item = item->next, i++) {
        char *element = place + field->size * i;
        if (i == field->count ||
            !(field->kind == FIELD_TEXTS ? take_text(element, field->size, item)
                                         : take_number(field, element, item))) {
            return false;
        }
    }
    return true;
}

static bool take_rows(const struct field *field, char *place, const cJSON *value)
{
    if (!cJSON_IsObject(value)) {
        return false;
    }
    for (const cJSON *row = value->child; row != NULL; row = row->next) {
        char *end = NULL;
        unsigned long i = strtoul(row->string, &end, 10);
        if (row->string[0] < '0' || row->string[0] > '9' || *end != '\0' || i >= field->count) {
            return false;
        }
        char *element = place + field->size * i;
        if (cJSON_IsNull(row)) {
            memset(element, 0, field->size);
        } else if (!take_table(field->inner, element, row)) {
            return false;
        }
    }
    return true;
}

/* --- series ----------------------------------------------------------------------------------- */

struct series {
    const struct field *field;
    char *elements;
    size_t length;
    uint64_t first; /* by place */
};

static struct series series_of(const struct field *field, char *parent)
{
    struct series series = {field, parent + field->offset, 0, 0};
    memcpy(&series.length, parent + field->length_offset, sizeof series.length);
    if (field->by_place) {
        memcpy(&series.first, parent + field->first_offset, sizeof series.first);
    }
    return series;
}

static uint64_t key_at(const struct series *series, size_t i)
{
    uint64_t key = 0;
    if (series->field->by_place) {
        return series->first + i;
    }
    memcpy(&key, series->elements + series->field->size * i + series->field->key_offset,
           sizeof key);
    return key;
}

static void cut_front(struct series *series, size_t count)
{
    size_t size = series->field->size;
    memmove(series->elements, series->elements + size * count, size * (series->length - count));
    series->length -= count;
    series->first += series->field->by_place ? count : 0;
    memset(series->elements + size * series->length, 0, size * count);
}

static bool cut_before(struct series *series, const cJSON *from)
{
    const struct field *field = series->field;
    uint64_t key = 0;
    double number = 0;
    size_t count = 0;
    if (!field->by_place && field->inner->fields[0].kind == FIELD_TIME) {
        if (!take_time((char *)&key, from)) {
            return false;
        }
    } else {
        if (!whole_number(from, 0, exact, &number)) {
            return false;
        }
        key = (uint64_t)number;
    }
    while (count < series->length && key_at(series, count) < key) {
        count++;
    }
    cut_front(series, count);
    return true;
}

/* Puts the element in the place that its key has: over one that is there, or at the end. */
static bool put_element(struct series *series, uint64_t key, const char *element)
{
    const struct field *field = series->field;
    size_t i = series->length;
    while (i > 0 && key_at(series, i - 1) > key) {
        i--;
    }
    bool known = i > 0 && key_at(series, i - 1) == key;
    if (!known && i < series->length) {
        return false; /* between two that are there */
    }
    if (!known && series->length == field->count) {
        cut_front(series, 1);
    }
    if (!known && field->by_place && series->length == 0) {
        series->first = key;
    }
    if (!known && field->by_place && series->first + series->length != key) {
        return false; /* leaves a gap */
    }
    size_t at = known ? i - 1 : series->length++;
    memcpy(series->elements + field->size * at, element, field->size);
    return true;
}

static bool add_element(struct series *series, const cJSON *item)
{
    const struct field *field = series->field;
    char element[RECORDING_ELEMENT_MAX] = {0};
    uint64_t key = 0;
    double number = 0;
    if (field->size > sizeof element) {
        return false; /* a test sees to it that none is */
    }
    if (!field->by_place) {
        if (!take_table(field->inner, element, item)) {
            return false;
        }
        memcpy(&key, element + field->key_offset, sizeof key);
    } else {
        if (!whole_number(cJSON_GetObjectItemCaseSensitive(item, "n"), 0, exact, &number) ||
            !take_table(field->inner, element, cJSON_GetObjectItemCaseSensitive(item, "is"))) {
            return false;
        }
        key = (uint64_t)number;
    }
    return put_element(series, key, element);
}

static bool take_series(const struct field *field, char *parent, const cJSON *value)
{
    struct series series = series_of(field, parent);
    const cJSON *from = cJSON_GetObjectItemCaseSensitive(value, "from");
    const cJSON *add = cJSON_GetObjectItemCaseSensitive(value, "add");
    if (!cJSON_IsObject(value) || !cJSON_IsArray(add)) {
        return false;
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(value, "clear"))) {
        cut_front(&series, series.length);
        series.first = 0;
    }
    bool good = from == NULL || cut_before(&series, from);
    for (const cJSON *item = add->child; good && item != NULL; item = item->next) {
        good = add_element(&series, item);
    }
    memcpy(parent + field->length_offset, &series.length, sizeof series.length);
    if (field->by_place) {
        memcpy(parent + field->first_offset, &series.first, sizeof series.first);
    }
    return good;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool take_field(const struct field *field, char *parent, const cJSON *value)
{
    char *place = parent + field->offset;
    bool flag = cJSON_IsTrue(value);
    switch (field->kind) {
    case FIELD_BOOL:
        memcpy(place, &flag, sizeof flag);
        return cJSON_IsBool(value);
    case FIELD_NUMBER:
        return take_number(field, place, value);
    case FIELD_TIME:
        return take_time(place, value);
    case FIELD_WALL:
        return take_wall(place, value);
    case FIELD_TEXT:
        return take_text(place, field->size, value);
    case FIELD_UUID:
        return take_uuid(place, value);
    case FIELD_ENUM:
        return take_enum(field, place, value);
    case FIELD_STRUCT:
        return take_table(field->inner, place, value);
    case FIELD_NUMBERS:
    case FIELD_TEXTS:
        return take_array(field, place, value);
    case FIELD_ROWS:
        return take_rows(field, place, value);
    case FIELD_SERIES:
        return take_series(field, parent, value);
    }
    return false;
}

static const struct field *find_field(const struct field_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->fields[i].name, name) == 0) {
            return &table->fields[i];
        }
    }
    return NULL;
}

/* Members that are not known are a newer derptop's, and passed over. */
static bool take_table(const struct field_table *table, char *place, const cJSON *object)
{
    if (!cJSON_IsObject(object)) {
        return false;
    }
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        const struct field *field = find_field(table, member->string);
        if (field != NULL && !take_field(field, place, member)) {
            return false;
        }
    }
    return true;
}

static enum net_err bad_line(const struct recording *recording, enum net_err code, const char *what,
                             struct failure *why)
{
    return failure_set(why, code, "line %llu %s", (unsigned long long)recording->line, what);
}

static enum net_err begin(struct recording *recording, const cJSON *object, struct failure *why)
{
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(object, "version");
    const cJSON *began = cJSON_GetObjectItemCaseSensitive(object, "began");
    double number = 0;
    if (recording->begun || !whole_number(version, 1, exact, &number) ||
        !take_seconds(began, &recording->began)) {
        return bad_line(recording, NET_ERR_MALFORMED, "is not how a recording begins", why);
    }
    if (number > RECORDING_VERSION) {
        return failure_set(why, NET_ERR_UNSUPPORTED,
                           "a recording of version %.0f: this derptop reads up to %d", number,
                           RECORDING_VERSION);
    }
    recording->begun = true;
    return NET_OK;
}

static enum net_err load_state(struct recording *recording, const cJSON *object,
                               struct failure *why)
{
    double us = 0;
    if (!whole_number(cJSON_GetObjectItemCaseSensitive(object, "t"), (double)recording->due_us,
                      us_max, &us)) {
        return bad_line(recording, NET_ERR_MALFORMED, "has no time, or one before the last", why);
    }
    recording->due_us = (uint64_t)us;
    return NET_OK;
}

static enum net_err load(struct recording *recording, cJSON *object, enum recording_what *what,
                         struct failure *why)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(object, "type");
    const char *name = cJSON_IsString(type) ? type->valuestring : "";
    *what = RECORDING_NOTHING;
    if (name[0] == '\0' || recording->ended) {
        return bad_line(recording, NET_ERR_MALFORMED,
                        recording->ended ? "comes after the end" : "is no object with a type", why);
    }
    if (!recording->begun || strcmp(name, "recording") == 0) {
        if (strcmp(name, "recording") != 0) {
            return failure_set(why, NET_ERR_MALFORMED, "not a recording of derptop");
        }
        return begin(recording, object, why);
    }
    if (strcmp(name, "state") == 0) {
        *what = RECORDING_STATE;
        return load_state(recording, object, why);
    }
    if (strcmp(name, "summary") == 0) {
        recording->ended = true;
        *what = RECORDING_END;
    }
    return NET_OK;
}

enum net_err recording_load(struct recording *recording, struct bytes line,
                            enum recording_what *what, struct failure *why)
{
    recording->line++;
    if (line.len > RECORDING_LINE_MAX) {
        return bad_line(recording, NET_ERR_TOO_BIG, "is too long", why);
    }
    cJSON *object = cJSON_ParseWithLength((const char *)line.ptr, line.len);
    enum net_err err = load(recording, object, what, why);
    if (err == NET_OK && *what == RECORDING_STATE) {
        cJSON_Delete(recording->loaded);
        recording->loaded = object;
    } else {
        cJSON_Delete(object);
    }
    return err;
}

uint64_t recording_due(const struct recording *recording)
{
    return recording->due_us * NS_PER_US;
}

/* What no single value can vouch for. */
static void mend(struct snapshot *state)
{
    if (state->selected >= (int)state->workspace_count) {
        state->selected = -1;
    }
}

enum net_err recording_apply(struct recording *recording, struct failure *why)
{
    const cJSON *set = cJSON_GetObjectItemCaseSensitive(recording->loaded, "set");
    bool good = take_table(&recording_snapshot, (char *)&recording->state, set);
    mend(&recording->state);
    cJSON_Delete(recording->loaded);
    recording->loaded = NULL;
    recording->state.seq++;
    return good ? NET_OK
                : bad_line(recording, NET_ERR_MALFORMED, "holds a value that cannot be", why);
}

const struct snapshot *recording_at(struct recording *recording, uint64_t position)
{
    recording->state.now = mono_after(epoch, position);
    recording->state.wall = wall_of(recording->began + (double)position / 1e9);
    return &recording->state;
}
