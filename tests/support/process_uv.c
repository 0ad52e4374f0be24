#include "tests/support/process_uv.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/loop_uv.h"

#include <cmocka.h>

enum { ARGS_MAX = 32 };

static void on_exit(uv_process_t *handle, int64_t status, int signal_number)
{
    struct process *process = handle->data;
    process->exited = true;
    process->status = signal_number != 0 ? -signal_number : status;
}

static void on_memory(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct process *process = handle->data;
    (void)suggested;
    *out = uv_buf_init(process->chunk, sizeof process->chunk);
}

static void on_output(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct process *process = stream->data;
    size_t room = sizeof process->output - 1 - process->output_len;
    if (len < 0) {
        (void)uv_read_stop(stream);
        return;
    }
    size_t take = (size_t)len < room ? (size_t)len : room;
    memcpy(process->output + process->output_len, buf->base, take);
    process->output_len += take;
    process->output[process->output_len] = '\0';
}

static void on_closed(uv_handle_t *handle)
{
    ((struct process *)handle->data)->open--;
}

static bool is_closed(void *owner)
{
    return ((struct process *)owner)->open == 0;
}

static void close_handles(uv_loop_t *loop, struct process *process)
{
    uv_close((uv_handle_t *)&process->handle, on_closed);
    uv_close((uv_handle_t *)&process->pipe, on_closed);
    loop_until_call(loop, is_closed, process, "the handles of a program are closed");
}

bool process_start(uv_loop_t *loop, struct process *process, const char *const *args)
{
    union {
        const char *in;
        char *out;
    } copy[ARGS_MAX] = {{NULL}};
    char *argv[ARGS_MAX + 1] = {NULL};
    for (size_t i = 0; args[i] != NULL; i++) {
        assert_true(i < ARGS_MAX);
        copy[i].in = args[i];
        argv[i] = copy[i].out;
    }
    *process = (struct process){.open = 2};
    process->handle.data = process;
    process->pipe.data = process;
    assert_int_equal(uv_pipe_init(loop, &process->pipe, 0), 0);
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&process->pipe},
        {.flags = UV_IGNORE}};
    uv_process_options_t options = {
        .exit_cb = on_exit, .file = argv[0], .args = argv, .stdio = stdio, .stdio_count = 3};
    if (uv_spawn(loop, &process->handle, &options) != 0) {
        close_handles(loop, process);
        return false;
    }
    return uv_read_start((uv_stream_t *)&process->pipe, on_memory, on_output) == 0;
}

bool process_wait(uv_loop_t *loop, struct process *process)
{
    loop_until(loop, &process->exited, "a program ends");
    close_handles(loop, process);
    return process->status == 0;
}

struct expectation {
    const struct process *process;
    const char *text;
};

static bool has_text(void *owner)
{
    const struct expectation *expected = owner;
    return strstr(expected->process->output, expected->text) != NULL;
}

void process_wait_for(uv_loop_t *loop, struct process *process, const char *text)
{
    struct expectation expected = {process, text};
    loop_until_call(loop, has_text, &expected, text);
}

void process_end(uv_loop_t *loop, struct process *process)
{
    if (!process->exited) {
        (void)uv_process_kill(&process->handle, SIGKILL);
    }
    (void)process_wait(loop, process);
}
