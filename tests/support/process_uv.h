/*
 * Programs that a test starts.
 */
#ifndef TESTS_SUPPORT_PROCESS_UV_H
#define TESTS_SUPPORT_PROCESS_UV_H

#include <stdbool.h>

#include <uv.h>

enum { PROCESS_OUTPUT_SIZE = 4096 };

struct process {
    uv_process_t handle;
    uv_pipe_t pipe;
    char output[PROCESS_OUTPUT_SIZE]; /* its standard output so far, cut */
    size_t output_len;
    char chunk[1024];
    bool exited;
    int64_t status;
    unsigned open;
};

/* Starts a program found in PATH; `args` ends with NULL. False: there is no such program. */
bool process_start(uv_loop_t *loop, struct process *process, const char *const *args);

/* Waits for its end; true if it was a success. */
bool process_wait(uv_loop_t *loop, struct process *process);

/* Waits until its output holds `text`. */
void process_wait_for(uv_loop_t *loop, struct process *process, const char *text);

/* Ends it if it runs, and waits until its handles are closed. */
void process_end(uv_loop_t *loop, struct process *process);

#endif
