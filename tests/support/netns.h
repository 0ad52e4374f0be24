/*
 * A network namespace of the test's own, to add addresses and routes in without touching the
 * machine's.
 */
#ifndef TESTS_SUPPORT_NETNS_H
#define TESTS_SUPPORT_NETNS_H

#include <stdbool.h>

/* Moves the calling thread into a fresh network namespace with loopback up, by root's right or,
 * where the system lets a user do so, in a user namespace. There is no way back: the process is a
 * test's own, and this comes before any other thread is started. False: not allowed here, or `ip`
 * is missing (the test is then to be skipped). */
bool netns_enter(void);

/* Runs a shell command in it; fails the test if the command fails. */
void netns_run(const char *command);

#endif
