#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/recording_fields.h"
#include "src/recording_read.h"
#include "src/recording_write.h"

#include <cmocka.h>

/* --- snapshots of all kinds, made by the table --------------------------------------------------
 */

static uint64_t seed;

static uint64_t below(uint64_t limit)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (seed >> 33) % limit;
}

static const mono_ns start = 5000 * NS_PER_SEC;

static void mutate_table(const struct field_table *table, char *place, unsigned one_in);

static void put(char *place, size_t size, uint64_t value)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    memcpy(place,
           size == 1   ? (const void *)&u8
           : size == 2 ? (const void *)&u16
           : size == 4 ? (const void *)&u32
                       : (const void *)&value,
           size);
}

static void mutate_text(char *place, size_t size)
{
    static const char *const texts[] = {"",  "dev1 · main",       "a \"quoted\" \\ thing",
                                        "é", "203.0.113.7:41641", "a rather longer text than fits"};
    memset(place, 0, size);
    (void)snprintf(place, size < 24 ? size : 24, "%s", texts[below(3)]);
}

static void mutate_value(const struct field *field, char *place)
{
    uint64_t value = 0;
    switch (field->kind) {
    case FIELD_BOOL:
        *place = (char)below(2);
        break;
    case FIELD_NUMBER:
    case FIELD_NUMBERS:
        value = below(4) == 0 ? (uint64_t)field->most : below((uint64_t)field->most + 1);
        put(place, field->size, field->least < 0 && below(3) == 0 ? UINT64_MAX : value);
        break;
    case FIELD_ENUM:
        put(place, field->size, below(field->name_count));
        break;
    case FIELD_TIME:
        value = below(5) == 0   ? 0
                : below(5) == 0 ? MONO_NEVER
                                : start - 3000 * NS_PER_SEC + below(6000000000) * NS_PER_US;
        put(place, sizeof value, value);
        break;
    case FIELD_WALL: {
        struct wall_time when = {(int64_t)(1700000000 + below(100000000)),
                                 (int32_t)below(1000000) * 1000};
        memset(place, 0, sizeof when);
        memcpy(place, &when, sizeof when);
        break;
    }
    case FIELD_TEXT:
    case FIELD_TEXTS:
        mutate_text(place, field->size);
        break;
    case FIELD_UUID:
        for (size_t i = 0; i < field->size; i++) {
            place[i] = (char)below(256);
        }
        break;
    case FIELD_STRUCT:
    case FIELD_ROWS:
    case FIELD_SERIES:
        mutate_table(field->inner, place, 3);
        break;
    }
}

static void series_lengths(const struct field *field, char *parent, size_t length, uint64_t first)
{
    memcpy(parent + field->length_offset, &length, sizeof length);
    if (field->by_place) {
        memcpy(parent + field->first_offset, &first, sizeof first);
    }
}

/* Grows at the end, is cut at the front, changes within, or begins anew. */
static void mutate_series(const struct field *field, char *parent)
{
    char *elements = parent + field->offset;
    size_t length = 0;
    uint64_t first = 0;
    uint64_t last = below(1000) * NS_PER_MS;
    memcpy(&length, parent + field->length_offset, sizeof length);
    if (field->by_place) {
        memcpy(&first, parent + field->first_offset, sizeof first);
    }
    if (below(8) == 0) {
        memset(elements, 0, field->size * length);
        length = 0;
        first = below(100);
    }
    size_t cut = below(4) == 0 ? below(length + 1) : 0;
    memmove(elements, elements + cut * field->size, (length - cut) * field->size);
    memset(elements + (length - cut) * field->size, 0, cut * field->size);
    length -= cut;
    first += cut;
    if (length > 0 && !field->by_place) {
        memcpy(&last, elements + (length - 1) * field->size + field->key_offset, sizeof last);
    }
    for (uint64_t more = below(5); more > 0 && length < field->count; more--) {
        char *element = elements + length++ * field->size;
        mutate_value(field, element);
        last += (1 + below(3)) * NS_PER_US;
        if (!field->by_place) {
            memcpy(element + field->key_offset, &last, sizeof last);
        }
    }
    if (length > 0 && below(2) == 0) {
        char *element = elements + below(length) * field->size;
        uint64_t key = 0;
        memcpy(&key, element + field->key_offset, sizeof key);
        mutate_value(field, element);
        if (!field->by_place) {
            memcpy(element + field->key_offset, &key, sizeof key);
        }
    }
    series_lengths(field, parent, length, first);
}

static void mutate_table(const struct field_table *table, char *place, unsigned one_in)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->fields[i];
        if (below(one_in) != 0) {
            continue;
        }
        if (field->kind == FIELD_SERIES) {
            mutate_series(field, place);
            continue;
        }
        size_t few = field->count < 4 ? field->count : 4;
        for (size_t n = 0; n < few; n++) {
            char *element = place + field->offset + below(field->count) * field->size;
            if (field->kind == FIELD_ROWS && below(4) == 0) {
                memset(element, 0, field->size);
            } else {
                mutate_value(field, element);
            }
        }
    }
}

static struct snapshot *new_snapshot(void)
{
    struct snapshot *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->seq = 1;
    s->selected = -1;
    s->now = start;
    s->wall = (struct wall_time){1764184489, 48000000};
    return s;
}

/* --- the tests ----------------------------------------------------------------------------------
 */

/* What is read back is recorded once more: the two recordings are the same, byte for byte. */
static void check_round_trip(uint64_t from)
{
    char *text = NULL;
    char *again = NULL;
    size_t size = 0;
    size_t size_again = 0;
    FILE *out = open_memstream(&text, &size);
    FILE *out_again = open_memstream(&again, &size_again);
    struct recorder *recorder = recorder_new();
    struct recorder *second = recorder_new();
    struct recording *recording = recording_new();
    struct snapshot *s = new_snapshot();
    seed = from;
    s->workspace_count = from % 2; /* the first one may be selected from the start */
    s->selected = (int)s->workspace_count - 1;
    for (int i = 0; i < 12; i++) {
        recorder_take(recorder, s, out);
        mutate_table(&recording_snapshot, (char *)s, 1 + (unsigned)below(8));
        s->selected = s->selected < (int)s->workspace_count ? s->selected : -1;
        s->now += below(3000) * NS_PER_MS;
    }
    recorder_end(recorder, out);
    (void)fclose(out);
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, "\n");
        enum recording_what what = RECORDING_NOTHING;
        struct failure why = {0};
        enum net_err err =
            recording_load(recording, (struct bytes){(const uint8_t *)at, len}, &what, &why);
        if (err == NET_OK && what == RECORDING_STATE) {
            err = recording_apply(recording, &why);
            recorder_take(second, recording_at(recording, recording_due(recording)), out_again);
        }
        if (err != NET_OK) {
            fail_msg("seed %llu: %s", (unsigned long long)from, why.text);
        }
        at += len + 1;
    }
    recorder_end(second, out_again);
    (void)fclose(out_again);
    if (strcmp(text, again) != 0) {
        size_t i = 0;
        while (text[i] == again[i]) {
            i++;
        }
        i = i > 60 ? i - 60 : 0;
        fail_msg("seed %llu:\n%.200s\n%.200s", (unsigned long long)from, text + i, again + i);
    }
    recorder_free(recorder);
    recorder_free(second);
    recording_free(recording);
    free(s);
    free(text);
    free(again);
}

static void test_what_is_recorded_is_what_is_played(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 150; i++) {
        check_round_trip(i);
    }
}

/* Marks each byte that a row of the table speaks of. */
static void mark(const struct field_table *table, unsigned char *seen)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->fields[i];
        memset(seen + field->offset, 1, field->size * field->count);
        if (field->kind == FIELD_SERIES) {
            memset(seen + field->length_offset, 1, sizeof(size_t));
            memset(seen + field->first_offset, 1, field->by_place ? sizeof(uint64_t) : 0);
        }
    }
}

static void check_covered(const struct field_table *table, unsigned char *seen, const char *name)
{
    size_t gap = 0;
    mark(table, seen);
    for (size_t i = 0; i <= table->size; i++) {
        if (i < table->size && seen[i] == 0) {
            gap++;
            continue;
        }
        /* Padding is shorter than what it aligns, and ends where that begins. */
        if (gap >= 8 || (gap > 0 && i % (gap >= 4 ? 8 : gap >= 2 ? 4 : 2) != 0)) {
            fail_msg("%s: bytes %zu to %zu have no row in src/recording_fields.c", name, i - gap,
                     i - 1);
        }
        gap = 0;
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->fields[i];
        if (field->inner != NULL) {
            unsigned char *inner = calloc(1, field->inner->size);
            assert_non_null(inner);
            assert_int_equal(field->inner->size, field->size);
            assert_true(field->kind == FIELD_STRUCT || field->size <= RECORDING_ELEMENT_MAX);
            check_covered(field->inner, inner, field->name);
            free(inner);
        }
    }
}

static void test_every_member_of_a_snapshot_is_recorded(void **state)
{
    (void)state;
    unsigned char *seen = calloc(1, recording_snapshot.size);
    assert_non_null(seen);
    static const struct {
        size_t at, size;
    } made_anew[] = {
        {offsetof(struct snapshot, seq), sizeof(uint64_t)},
        {offsetof(struct snapshot, now), sizeof(mono_ns)},
        {offsetof(struct snapshot, wall), sizeof(struct wall_time)},
        {offsetof(struct snapshot, replay), sizeof(((struct snapshot *)0)->replay)},
    };
    for (size_t i = 0; i < sizeof made_anew / sizeof *made_anew; i++) {
        memset(seen + made_anew[i].at, 1, made_anew[i].size);
    }
    check_covered(&recording_snapshot, seen, "snapshot");
    free(seen);
}

static struct recording *recording;
static enum recording_what what;
static struct failure why;

static enum net_err load(const char *line)
{
    return recording_load(recording, bytes_text(line), &what, &why);
}

static void begin(void)
{
    recording_free(recording);
    recording = recording_new();
    assert_int_equal(load("{\"type\":\"recording\",\"version\":1,\"began\":1764184489.5}"), NET_OK);
    assert_int_equal(what, RECORDING_NOTHING);
}

static enum net_err set(const char *members)
{
    char line[4096];
    (void)snprintf(line, sizeof line, "{\"type\":\"state\",\"t\":5,\"set\":%s}", members);
    begin();
    assert_int_equal(load(line), NET_OK);
    assert_int_equal(what, RECORDING_STATE);
    return recording_apply(recording, &why);
}

static int teardown(void **state)
{
    (void)state;
    recording_free(recording);
    recording = NULL;
    return 0;
}

static void test_a_state_sets_what_it_names_and_its_clocks_are_those_of_the_recording(void **state)
{
    (void)state;
    assert_int_equal(set("{\"deployment\":\"coder.example.com\",\"path\":\"direct\","
                         "\"handshake_at\":-2000000,\"run\":{\"sent\":7},\"workspace_count\":1,"
                         "\"selected\":0,\"workspaces\":{\"0\":{\"name\":\"dev1\"}}}"),
                     NET_OK);
    const struct snapshot *s = recording_at(recording, 3 * NS_PER_SEC);
    assert_string_equal(s->deployment, "coder.example.com");
    assert_int_equal(s->path, PATH_DIRECT);
    assert_true(s->now - s->handshake_at == 5 * NS_PER_SEC);
    assert_int_equal(s->wall.seconds, 1764184492);
    assert_int_equal(s->wall.nanos, 500000000);
    assert_int_equal(s->run.sent, 7);
    assert_string_equal(s->workspaces[0].name, "dev1");
    assert_int_equal(s->selected, 0);
    assert_int_equal(s->seq, 1);
}

static void test_a_series_grows_is_cut_and_begins_anew(void **state)
{
    (void)state;
    assert_int_equal(set("{\"samples\":{\"add\":[{\"n\":7,\"is\":{\"rtt_us\":1}},"
                         "{\"n\":8,\"is\":{\"rtt_us\":2}},{\"n\":8,\"is\":{\"rtt_us\":3}}]}}"),
                     NET_OK);
    const struct snapshot *s = recording_at(recording, 0);
    assert_int_equal(s->first_sample, 7);
    assert_int_equal(s->sample_count, 2);
    assert_int_equal(s->samples[1].rtt_us, 3);
    assert_int_equal(load("{\"type\":\"state\",\"t\":6,\"set\":{\"samples\":{\"from\":8,"
                          "\"add\":[{\"n\":9,\"is\":{}}]}}}"),
                     NET_OK);
    assert_int_equal(recording_apply(recording, &why), NET_OK);
    assert_int_equal(s->first_sample, 8);
    assert_int_equal(s->sample_count, 2);
    assert_int_equal(s->samples[0].rtt_us, 3);
    assert_int_equal(load("{\"type\":\"state\",\"t\":6,\"set\":{\"samples\":{\"clear\":true,"
                          "\"add\":[]}}}"),
                     NET_OK);
    assert_int_equal(recording_apply(recording, &why), NET_OK);
    assert_int_equal(s->sample_count, 0);
}

static void test_a_full_series_drops_its_oldest(void **state)
{
    (void)state;
    char line[512];
    begin();
    for (unsigned i = 0; i < SNAPSHOT_CHANGES_MAX + 3; i++) {
        (void)snprintf(
            line, sizeof line,
            "{\"type\":\"state\",\"t\":5,\"set\":{\"changes\":{\"add\":[{\"seq\":%u}]}}}", i);
        assert_int_equal(load(line), NET_OK);
        assert_int_equal(recording_apply(recording, &why), NET_OK);
    }
    const struct snapshot *s = recording_at(recording, 0);
    assert_int_equal(s->changes_kept, SNAPSHOT_CHANGES_MAX);
    assert_int_equal(s->changes[0].seq, 3);
}

static void test_values_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "5",
        "{\"paused\":1}",
        "{\"title\":null}",
        "{\"path\":3}",
        "{\"workspace_count\":257}",
        "{\"workspace_count\":-1}",
        "{\"workspace_count\":1.5}",
        "{\"workspace_count\":1e400}",
        "{\"candidate_count\":17}",
        "{\"agent_endpoint_count\":17}",
        "{\"selected\":-2}",
        "{\"handshakes\":1e17}",
        "{\"path_since\":\"soon\"}",
        "{\"path_since\":1e15}",
        "{\"path_since\":-1e15}",
        "{\"workspaces\":{\"256\":{}}}",
        "{\"workspaces\":{\"-1\":{}}}",
        "{\"workspaces\":{\"1x\":{}}}",
        "{\"workspaces\":{\"\":{}}}",
        "{\"workspaces\":[]}",
        "{\"workspaces\":{\"0\":{\"spark_count\":255}}}",
        "{\"workspaces\":{\"0\":{\"agent\":\"no uuid\"}}}",
        "{\"agent_endpoints\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\","
        "\"\",\"\","
        "\"\",\"\"]}",
        "{\"agent_endpoints\":[1]}",
        "{\"agent_endpoints\":\"x\"}",
        "{\"samples\":{}}",
        "{\"samples\":{\"add\":[{\"is\":{}}]}}",
        "{\"samples\":{\"add\":[{\"n\":1}]}}",
        "{\"samples\":{\"add\":[{\"n\":1,\"is\":{}},{\"n\":3,\"is\":{}}]}}",
        "{\"samples\":{\"add\":[{\"n\":3,\"is\":{}},{\"n\":2,\"is\":{}}]}}",
        "{\"samples\":{\"add\":[{\"n\":1,\"is\":{\"endpoint\":16}}]}}",
        "{\"samples\":{\"from\":-1,\"add\":[]}}",
        "{\"events\":{\"add\":[{\"when\":1e18}]}}",
        "{\"events\":{\"add\":[{\"seq\":5},{\"seq\":7},{\"seq\":6}]}}",
        "{\"tens\":{\"add\":[{\"at\":\"x\"}]}}",
        "{\"coordinator\":[]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (set(bad[i]) != NET_ERR_MALFORMED) {
            fail_msg("it takes %s", bad[i]);
        }
        assert_non_null(strstr(why.text, "line 2"));
    }
}

static void test_what_a_newer_derptop_says_is_passed_over(void **state)
{
    (void)state;
    assert_int_equal(set("{\"gravity\":9.81,\"path\":\"teleport\",\"run\":{\"luck\":1}}"), NET_OK);
    assert_int_equal(recording_at(recording, 0)->path, PATH_NONE);
    begin();
    assert_int_equal(load("{\"type\":\"weather\"}"), NET_OK);
    assert_int_equal(what, RECORDING_NOTHING);
    recording_free(recording);
    recording = recording_new();
    assert_int_equal(load("{\"type\":\"recording\",\"version\":2,\"began\":1}"),
                     NET_ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "version 2"));
}

static void test_lines_out_of_order_are_refused(void **state)
{
    (void)state;
    recording_free(recording);
    recording = recording_new();
    assert_int_equal(load("{\"type\":\"pong\"}"), NET_ERR_MALFORMED);
    assert_non_null(strstr(why.text, "not a recording"));
    begin();
    assert_int_equal(load("{\"type\":\"recording\",\"version\":1,\"began\":1}"), NET_ERR_MALFORMED);
    begin();
    assert_int_equal(load("{\"type\":\"state\",\"t\":7,\"set\":{}}"), NET_OK);
    assert_int_equal(load("{\"type\":\"state\",\"t\":6,\"set\":{}}"), NET_ERR_MALFORMED);
    begin();
    assert_int_equal(load("{\"type\":\"summary\"}"), NET_OK);
    assert_int_equal(what, RECORDING_END);
    assert_int_equal(load("{\"type\":\"summary\"}"), NET_ERR_MALFORMED);
    begin();
    assert_int_equal(load("{\"type\":\"state\",\"t\":1e17,\"set\":{}}"), NET_ERR_MALFORMED);
    assert_int_equal(load("[]"), NET_ERR_MALFORMED);
    assert_int_equal(load(""), NET_ERR_MALFORMED);
    assert_int_equal(
        recording_load(recording, (struct bytes){NULL, RECORDING_LINE_MAX + 1}, &what, &why),
        NET_ERR_TOO_BIG);
}

static void test_every_shorter_line_is_refused(void **state)
{
    (void)state;
    static const char line[] =
        "{\"type\":\"state\",\"t\":5,\"set\":{\"title\":\"dev1\",\"run\":{\"sent\":7}}}";
    for (size_t i = 0; i + 1 < sizeof line - 1; i++) {
        begin();
        assert_int_equal(
            recording_load(recording, (struct bytes){(const uint8_t *)line, i}, &what, &why),
            NET_ERR_MALFORMED);
    }
}

static void test_texts_are_made_safe_and_choices_stay_within_the_list(void **state)
{
    (void)state;
    assert_int_equal(set("{\"title\":\"a\\u001b[2J\",\"selected\":3,\"workspace_count\":3}"),
                     NET_OK);
    const struct snapshot *s = recording_at(recording, 0);
    assert_null(strchr(s->title, 27));
    assert_int_equal(s->selected, -1);
}

static void test_nothing_is_written_when_nothing_changed(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct recorder *recorder = recorder_new();
    struct snapshot *s = new_snapshot();
    s->seq = 0;
    recorder_take(recorder, s, out);
    (void)fflush(out);
    assert_int_equal(size, 0);
    s->seq = 1;
    recorder_take(recorder, s, out);
    (void)fflush(out);
    size_t before = size;
    s->seq = 2;
    s->now += NS_PER_SEC;
    recorder_take(recorder, s, out);
    (void)fflush(out);
    assert_int_equal(size, before);
    s->paused = true;
    recorder_take(recorder, s, out);
    recorder_end(recorder, out);
    (void)fclose(out);
    assert_string_equal(text + before,
                        "{\"type\":\"state\",\"t\":1000000,\"set\":{\"paused\":true}}\n"
                        "{\"type\":\"summary\",\"t\":1000000,\"states\":2}\n");
    recorder_free(recorder);
    free(s);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_recorded_is_what_is_played),
        cmocka_unit_test(test_every_member_of_a_snapshot_is_recorded),
        cmocka_unit_test_teardown(
            test_a_state_sets_what_it_names_and_its_clocks_are_those_of_the_recording, teardown),
        cmocka_unit_test_teardown(test_a_series_grows_is_cut_and_begins_anew, teardown),
        cmocka_unit_test_teardown(test_a_full_series_drops_its_oldest, teardown),
        cmocka_unit_test_teardown(test_values_that_cannot_be_are_refused, teardown),
        cmocka_unit_test_teardown(test_what_a_newer_derptop_says_is_passed_over, teardown),
        cmocka_unit_test_teardown(test_lines_out_of_order_are_refused, teardown),
        cmocka_unit_test_teardown(test_every_shorter_line_is_refused, teardown),
        cmocka_unit_test_teardown(test_texts_are_made_safe_and_choices_stay_within_the_list,
                                  teardown),
        cmocka_unit_test(test_nothing_is_written_when_nothing_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
