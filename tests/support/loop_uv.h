/*
 * Tests on a libuv loop: run until something is true, with a time-out that fails the test, and see
 * that nothing is left open.
 */
#ifndef TESTS_SUPPORT_LOOP_UV_H
#define TESTS_SUPPORT_LOOP_UV_H

#include <stdbool.h>

#include <uv.h>

/* Runs the loop until *flag, or fails the test after ten seconds, naming `what`. */
void loop_until(uv_loop_t *loop, const bool *flag, const char *what);

/* Runs the loop until `done(owner)` is true; otherwise the same. */
void loop_until_call(uv_loop_t *loop, bool (*done)(void *owner), void *owner, const char *what);

/* Runs the loop for some turns, without waiting: what should not happen had its chance. */
void loop_turns(uv_loop_t *loop, unsigned turns);

/* Runs the loop until no handle is left and closes it; fails the test if one stays open. */
void loop_finish(uv_loop_t *loop);

#endif
