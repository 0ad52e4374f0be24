#include "src/mask_snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/recording_fields.h"
#include "tests/support/face.h"

#include <cmocka.h>

static struct snapshot *s;
static struct masker *masker;

static int set_up(void **state)
{
    (void)state;
    face_start();
    s = mem_new(sizeof *s);
    masker = masker_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    masker_free(masker);
    free(s);
    return 0;
}

/* --- every text of the table ------------------------------------------------------------------ */

static size_t filled, ours;

static void fill_text(const struct field *field, char *place)
{
    filled++;
    ours += field->holds == HOLDS_OURS;
    text_copy(place, field->size,
              field->holds == HOLDS_TITLE  ? "zebra · okapi"
              : field->holds == HOLDS_NAME ? "zebra"
              : field->holds == HOLDS_HOST ? "zebra:81"
              : field->holds == HOLDS_OURS ? "plain"
                                           : "zebra at 203.0.113.7");
}

static void fill_table(const struct field_table *table, char *place)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->fields[i];
        for (size_t n = 0; n < field->count; n++) {
            char *element = place + field->offset + n * field->size;
            if (field->kind == FIELD_TEXT || field->kind == FIELD_TEXTS) {
                fill_text(field, element);
            } else if (field->kind == FIELD_UUID) {
                memset(element, 0x5a, field->size);
            } else if (field->inner != NULL) {
                fill_table(field->inner, element);
            }
        }
        if (field->kind == FIELD_SERIES) {
            memcpy(place + field->length_offset, &field->count, sizeof field->count);
        }
    }
}

static bool holds(const char *what, size_t len)
{
    return memmem(s, sizeof *s, what, len) != NULL;
}

static void test_no_text_keeps_a_secret(void **state)
{
    (void)state;
    fill_table(&recording_snapshot, (char *)s);
    text_copy(s->replay, sizeof s->replay, "derptop-zebra-20261126.jsonl 4x");
    assert_in_range(filled, 1000, 100000);
    assert_in_range(ours, 20, 10000);
    assert_true(holds("zebra", 5));
    masker_snapshot(masker, s);
    assert_false(holds("zebra", 5));
    assert_false(holds("okapi", 5));
    assert_false(holds("203.0.113", 9));
    assert_true(s->masked);
    assert_string_equal(s->replay, "file 4x");
    assert_string_equal(s->workspaces[0].owner, s->user);
}

/* Every text that is passed over was looked at by a person: it is one of these. */
static void test_what_is_our_own_is_known_by_name(void **state)
{
    (void)state;
    static const char *const known[] = {"reason", "name",     "title",           "docs",
                                        "code",   "severity", "workspace_status"};
    const struct field_table *tables[64] = {&recording_snapshot};
    size_t count = 1;
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            const struct field *field = &tables[t]->fields[i];
            bool found = field->holds != HOLDS_OURS;
            for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
                found |= strcmp(known[k], field->name) == 0;
            }
            assert_true(found);
            if (field->inner != NULL) {
                assert_true(count < 64);
                tables[count++] = field->inner;
            }
        }
    }
}

static void test_a_file_holds_no_uuid_either(void **state)
{
    (void)state;
    uint8_t id[UUID_LEN];
    memset(id, 0x5a, sizeof id);
    fill_table(&recording_snapshot, (char *)s);
    const struct snapshot *copy = masker_copy(masker, s);
    assert_true(holds((const char *)id, sizeof id));
    assert_null(memmem(copy, sizeof *copy, id, sizeof id));
    assert_true(uuid_equal(&copy->workspaces[0].agent, &copy->workspaces[1].workspace));
    assert_false(uuid_is_zero(&copy->workspaces[0].agent));
}

/* --- what is shown ---------------------------------------------------------------------------- */

static void test_the_same_thing_keeps_its_word_from_frame_to_frame(void **state)
{
    (void)state;
    face_fill(s);
    masker_snapshot(masker, s);
    char first[sizeof s->title];
    text_copy(first, sizeof first, s->title);
    assert_string_equal(first, "workspace-1 · agent-1");
    assert_string_equal(s->workspaces[2].name, "workspace-3");
    face_fill(s);
    s->masked = false;
    text_copy(s->workspaces[0].name, SNAPSHOT_NAME, "newcomer");
    masker_snapshot(masker, s);
    assert_string_equal(s->title, first);
    assert_string_equal(s->workspaces[2].name, "workspace-3");
    assert_string_equal(s->workspaces[0].name, "workspace-4");
}

static void test_what_is_masked_already_stays(void **state)
{
    (void)state;
    face_fill(s);
    masker_snapshot(masker, s);
    text_copy(s->notice, sizeof s->notice, "workspace-1 is at public-ip-9");
    masker_snapshot(masker, s);
    assert_string_equal(s->notice, "workspace-1 is at public-ip-9");
}

static void test_a_name_that_comes_later_is_masked_in_old_lines(void **state)
{
    (void)state;
    s->log_count = 1;
    text_copy(s->log[0].text, LOG_TEXT_SIZE, "looking for giraffe");
    masker_snapshot(masker, s);
    assert_string_equal(s->log[0].text, "looking for giraffe");
    s->masked = false;
    s->workspace_count = 1;
    text_copy(s->workspaces[0].name, SNAPSHOT_NAME, "giraffe");
    text_copy(s->log[0].text, LOG_TEXT_SIZE, "looking for giraffe");
    masker_snapshot(masker, s);
    assert_string_equal(s->log[0].text, "looking for workspace-1");
}

static void test_what_was_asked_for_is_known_from_the_start(void **state)
{
    (void)state;
    char out[64];
    masker_target(masker, "ann/giraffe.main", out, sizeof out);
    assert_string_equal(out, "user-1/workspace-1.agent-1");
    masker_target(masker, "giraffe", out, sizeof out);
    assert_string_equal(out, "workspace-1");
    text_copy(s->notice, sizeof s->notice, "no workspace ann/giraffe");
    masker_snapshot(masker, s);
    assert_string_equal(s->notice, "no workspace user-1/workspace-1");
}

static void test_what_was_cut_leaves_no_part_of_a_name(void **state)
{
    (void)state;
    char text[SNAPSHOT_TEXT * 2] = "";
    text_copy(s->user, sizeof s->user, "hippopotamus");
    memset(text, 'x', SNAPSHOT_TEXT - 8);
    text_copy(text + SNAPSHOT_TEXT - 8, 64, " hippopotamus");
    text_copy(s->notice, sizeof s->notice, text);
    assert_non_null(strstr(s->notice, " hip"));
    text_copy(s->relay.detail, sizeof s->relay.detail, "looked for hippo…");
    masker_snapshot(masker, s);
    assert_null(strstr(s->notice, "hip"));
    assert_string_equal(s->relay.detail, "looked for …");
}

static void test_this_computers_own_addresses_stay(void **state)
{
    (void)state;
    text_copy(s->deployment, sizeof s->deployment, "127.0.0.1:3000");
    text_copy(s->relay_url, sizeof s->relay_url, "127.0.0.1");
    text_copy(s->path_address, sizeof s->path_address, "127.0.0.1:4000");
    masker_snapshot(masker, s);
    assert_string_equal(s->deployment, "127.0.0.1:3000");
    assert_string_equal(s->relay_url, "127.0.0.1");
    assert_string_equal(s->path_address, "127.0.0.1:4000");
}

static void test_the_frame_says_that_it_is_masked_at_every_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{15, 60}, {24, 80}, {45, 140}};
    struct app app;
    app_init(&app);
    face_fill(s);
    masker_snapshot(masker, s);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *frame = face_frame(&app, s, sizes[i][0], sizes[i][1], &glyphs_utf8);
        assert_non_null(strstr(frame, " MASKED "));
        assert_null(strstr(frame, "dev1"));
        assert_null(strstr(frame, "203.0.113"));
        free(frame);
    }
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_no_text_keeps_a_secret),
        CASE(test_what_is_our_own_is_known_by_name),
        CASE(test_a_file_holds_no_uuid_either),
        CASE(test_the_same_thing_keeps_its_word_from_frame_to_frame),
        CASE(test_what_is_masked_already_stays),
        CASE(test_a_name_that_comes_later_is_masked_in_old_lines),
        CASE(test_what_was_asked_for_is_known_from_the_start),
        CASE(test_what_was_cut_leaves_no_part_of_a_name),
        CASE(test_this_computers_own_addresses_stay),
        CASE(test_the_frame_says_that_it_is_masked_at_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
