#include "src/lab_child_uv.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "net/base/buf.h"
#include "net/base/mem.h"
#include "net/base/text.h"

enum { KILL_AFTER_MS = 2000 };

struct lab_child {
    uv_process_t process;
    uv_pipe_t input;  /* its standard input: ends when we do */
    uv_pipe_t output; /* its standard output: the ready line */
    uv_pipe_t errors; /* its standard error, when it is not ours: why it ended */
    uv_timer_t timer;
    size_t open_handles;
    bool running;
    bool errors_open; /* its end is told when it has ended and said why */
    bool ready;
    bool closing;
    struct lab_child_handlers handlers;
    void *owner;
    void (*closed)(void *owner);
    void *closed_owner;
    struct failure ending; /* how it ended */
    struct buf line;
    char chunk[4096];
    size_t reason_len;
    char reason[256]; /* the first that it wrote to standard error */
};

static void handle_closed(uv_handle_t *handle)
{
    struct lab_child *child = handle->data;
    if (--child->open_handles > 0) {
        return;
    }
    if (child->closed != NULL) {
        child->closed(child->closed_owner);
    }
    buf_clear(&child->line);
    free(child);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, handle_closed);
    }
}

/* Once the child has been reaped, everything goes. */
static void close_all(struct lab_child *child)
{
    close_handle((uv_handle_t *)&child->process);
    close_handle((uv_handle_t *)&child->input);
    close_handle((uv_handle_t *)&child->output);
    close_handle((uv_handle_t *)&child->errors);
    close_handle((uv_handle_t *)&child->timer);
}

static void tell_ended(struct lab_child *child, const struct failure *failure)
{
    void (*ended)(void *, const struct failure *) = child->handlers.ended;
    child->handlers.ended = NULL;
    if (!child->closing && ended != NULL) {
        ended(child->owner, failure);
    }
}

/* It ends twice: as a process and as the writer of its standard error; the order is not known. */
static void maybe_over(struct lab_child *child)
{
    if (child->running || child->errors_open) {
        return;
    }
    if (child->closing) {
        close_all(child);
        return;
    }
    size_t len = child->reason_len;
    while (len > 0 && child->reason[len - 1] == '\n') {
        len--;
    }
    struct failure failure = child->ending;
    if (len > 0) {
        failure_set(&failure, child->ending.code, "%s: %.*s", child->ending.text, (int)len,
                    child->reason);
    }
    tell_ended(child, &failure);
}

static void on_child_exit(uv_process_t *process, int64_t status, int term_signal)
{
    struct lab_child *child = process->data;
    child->running = false;
    (void)uv_timer_stop(&child->timer);
    if (term_signal != 0) {
        failure_set(&child->ending, NET_ERR_CLOSED, "the lab was ended by signal %d", term_signal);
    } else {
        failure_set(&child->ending, NET_ERR_CLOSED, "the lab ended%s with status %d",
                    child->ready ? "" : " before it was up", (int)status);
    }
    maybe_over(child);
}

static void on_reason_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct lab_child *child = handle->data;
    static char rest[256]; /* what does not fit is read and forgotten */
    (void)size;
    size_t room = sizeof child->reason - child->reason_len;
    *buf = room > 0 ? uv_buf_init(child->reason + child->reason_len, (unsigned)room)
                    : uv_buf_init(rest, sizeof rest);
}

static void on_reason(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct lab_child *child = stream->data;
    if (len < 0) {
        (void)uv_read_stop(stream);
        child->errors_open = false;
        maybe_over(child);
    } else if (buf->base == child->reason + child->reason_len) {
        child->reason_len += (size_t)len;
    }
}

/* The first line: {"type":"lab","url":…,"token":…}. */
static bool parse_ready(struct lab_child *child, struct bytes line)
{
    cJSON *object = cJSON_ParseWithLength((const char *)line.ptr, line.len);
    const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "url"));
    char *token = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "token"));
    bool good = url != NULL && token != NULL;
    if (good) {
        child->ready = true;
        (void)uv_timer_stop(&child->timer);
        child->handlers.ready(child->owner, url, token);
    }
    if (token != NULL) {
        mem_wipe(token, strlen(token));
    }
    cJSON_Delete(object);
    return good;
}

static void fail_and_kill(struct lab_child *child, const char *what)
{
    struct failure failure;
    failure_set(&failure, NET_ERR_TIMEOUT, "the lab did not come up: %s", what);
    if (child->running) {
        (void)uv_process_kill(&child->process, SIGKILL);
    }
    tell_ended(child, &failure);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct lab_child *child = handle->data;
    (void)size;
    *buf = uv_buf_init(child->chunk, sizeof child->chunk);
}

static void on_output(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct lab_child *child = stream->data;
    if (len < 0) {
        (void)uv_read_stop(stream);
        return; /* its end is told by on_child_exit */
    }
    if (child->ready || child->closing || len == 0) {
        return;
    }
    if (buf_append(&child->line, bytes_of(buf->base, (size_t)len)) != NET_OK) {
        fail_and_kill(child, "its first line is too long");
        return;
    }
    struct bytes all = buf_view(&child->line);
    const uint8_t *end = memchr(all.ptr, '\n', all.len);
    if (end == NULL) {
        return;
    }
    if (!parse_ready(child, bytes_of(all.ptr, (size_t)(end - all.ptr)))) {
        fail_and_kill(child, "its first line is not what it should be");
    }
    mem_wipe(child->chunk, sizeof child->chunk);
    buf_clear(&child->line);
}

static void on_timer(uv_timer_t *timer)
{
    struct lab_child *child = timer->data;
    if (!child->closing) {
        fail_and_kill(child, "no answer in time");
    } else if (child->running) {
        (void)uv_process_kill(&child->process, SIGKILL);
    }
}

static int spawn(struct lab_child *child, uv_loop_t *loop, const struct lab_options *options,
                 const char *executable)
{
    struct lab_options theirs = *options;
    struct lab_options_args args;
    char self[4096];
    size_t size = sizeof self;
    theirs.json = true;
    theirs.stdin_eof = true;
    if (executable == NULL) {
        int err = uv_exepath(self, &size);
        if (err != 0) {
            return err;
        }
        executable = self;
    }
    lab_options_args(&theirs, "derptop", &args);
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&child->input},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&child->output},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    if (!options->verbose) { /* it would write across the screen */
        stdio[2].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        stdio[2].data.stream = (uv_stream_t *)&child->errors;
    }
    uv_process_options_t process = {
        .exit_cb = on_child_exit,
        .file = executable,
        .args = args.argv,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
    };
    return uv_spawn(loop, &child->process, &process);
}

static void init_handles(struct lab_child *child, uv_loop_t *loop)
{
    (void)uv_pipe_init(loop, &child->input, 0);
    (void)uv_pipe_init(loop, &child->output, 0);
    (void)uv_pipe_init(loop, &child->errors, 0);
    (void)uv_timer_init(loop, &child->timer);
    child->process.data = child;
    child->input.data = child;
    child->output.data = child;
    child->errors.data = child;
    child->timer.data = child;
    child->open_handles = 5;
}

enum net_err lab_child_start(uv_loop_t *loop, const struct lab_options *options,
                             const char *executable, const struct lab_child_handlers *handlers,
                             void *owner, struct lab_child **out, struct failure *why)
{
    struct lab_child *child = mem_new(sizeof *child);
    child->handlers = *handlers;
    child->owner = owner;
    buf_init(&child->line, LAB_CHILD_LINE_MAX);
    init_handles(child, loop);
    int err = spawn(child, loop, options, executable);
    if (err != 0) {
        close_all(child);
        return failure_set(why, NET_ERR_IO, "cannot start the lab: %s", uv_strerror(err));
    }
    child->running = true;
    (void)uv_read_start((uv_stream_t *)&child->output, on_alloc, on_output);
    if (!options->verbose) {
        child->errors_open = true;
        (void)uv_read_start((uv_stream_t *)&child->errors, on_reason_alloc, on_reason);
    }
    (void)uv_timer_start(&child->timer, on_timer, UINT64_C(1000) * LAB_CHILD_READY_SECONDS, 0);
    *out = child;
    return NET_OK;
}

int lab_child_pid(const struct lab_child *child)
{
    return uv_process_get_pid(&child->process);
}

void lab_child_close(struct lab_child *child, void (*closed)(void *owner), void *owner)
{
    child->closing = true;
    child->closed = closed;
    child->closed_owner = owner;
    if (!child->running) {
        close_all(child);
        return;
    }
    if (child->errors_open) {
        child->errors_open = false;
        (void)uv_read_stop((uv_stream_t *)&child->errors);
    }
    close_handle((uv_handle_t *)&child->input); /* it ends when its input does */
    (void)uv_process_kill(&child->process, SIGTERM);
    (void)uv_timer_start(&child->timer, on_timer, KILL_AFTER_MS, 0);
}
