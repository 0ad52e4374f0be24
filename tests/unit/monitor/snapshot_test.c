#include "net/monitor/snapshot.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ROUNDS = 20000 };

static void test_nothing_is_fresh_before_the_first_publication(void **state)
{
    (void)state;
    struct snapshot_box *box = snapshot_box_new();
    bool fresh = true;
    assert_int_equal(snapshot_box_take(box, &fresh)->seq, 0);
    assert_false(fresh);
    snapshot_box_free(box);
}

static void test_the_newest_is_taken_once(void **state)
{
    (void)state;
    struct snapshot_box *box = snapshot_box_new();
    bool fresh = false;
    for (uint64_t i = 1; i <= 3; i++) {
        snapshot_box_draft(box)->seq = i;
        snapshot_box_publish(box);
    }
    assert_int_equal(snapshot_box_take(box, &fresh)->seq, 3);
    assert_true(fresh);
    assert_int_equal(snapshot_box_take(box, &fresh)->seq, 3);
    assert_false(fresh);
    snapshot_box_free(box);
}

static void *write_rounds(void *arg)
{
    struct snapshot_box *box = arg;
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        struct snapshot *draft = snapshot_box_draft(box);
        draft->seq = i;
        draft->run.sent = i;
        draft->samples[SNAPSHOT_SAMPLES_MAX - 1].sent_at = i;
        snapshot_box_publish(box);
    }
    return NULL;
}

static void test_a_fast_writer_never_tears_what_is_read(void **state)
{
    (void)state;
    struct snapshot_box *box = snapshot_box_new();
    pthread_t writer;
    uint64_t last = 0;
    assert_int_equal(pthread_create(&writer, NULL, write_rounds, box), 0);
    while (last < ROUNDS) {
        bool fresh = false;
        const struct snapshot *taken = snapshot_box_take(box, &fresh);
        assert_true(taken->seq >= last);
        last = taken->seq;
        assert_int_equal(taken->run.sent, last);
        assert_int_equal(taken->samples[SNAPSHOT_SAMPLES_MAX - 1].sent_at, last);
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    snapshot_box_free(box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_fresh_before_the_first_publication),
        cmocka_unit_test(test_the_newest_is_taken_once),
        cmocka_unit_test(test_a_fast_writer_never_tears_what_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
