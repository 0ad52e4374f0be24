#include "src/cmd_lab.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <uv.h>

#include "net/base/log.h"
#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/crypto/key.h"
#include "net/lab/lab_control.h"
#include "net/lab/lab_json.h"
#include "net/lab/lab_uv.h"
#include "src/lab_options.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

enum { STARTUP_SECONDS = 10 };

/* What runs while the command does. */
struct command {
    uv_loop_t loop;
    uv_signal_t interrupt, terminate, relayed;
    uv_timer_t startup; /* the agents must be there by then */
    union {
        uv_stream_t stream;
        uv_pipe_t pipe;
        uv_tty_t tty;
    } input; /* watched for its end */
    bool watches_input;
    struct lab *lab;
    struct lab_options options;
    struct log log;
    int status;
    bool ending;
    char scratch[256];
    char line[LAB_CONTROL_LINE]; /* of --control, as far as it has come */
    size_t line_len;
};

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/* Ends the lab; the loop then runs dry. */
static void end(struct command *command, int status)
{
    if (command->ending) {
        return;
    }
    command->ending = true;
    command->status = status;
    if (command->lab != NULL) {
        lab_close(command->lab, NULL, NULL);
    }
    close_handle((uv_handle_t *)&command->interrupt);
    close_handle((uv_handle_t *)&command->terminate);
    close_handle((uv_handle_t *)&command->relayed);
    close_handle((uv_handle_t *)&command->startup);
    if (command->watches_input) {
        close_handle((uv_handle_t *)&command->input.stream);
    }
}

/* For trying out what a client makes of it: the agents' direct paths go, and come back. */
static void on_relayed(uv_signal_t *handle, int number)
{
    struct command *command = handle->data;
    (void)number;
    if (command->lab != NULL) {
        lab_set_agents_relayed(command->lab, !lab_agents_relayed(command->lab));
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    end(handle->data, number == SIGINT ? EXIT_INTERRUPTED : EXIT_DONE);
}

static void on_startup_timer(uv_timer_t *timer)
{
    (void)fprintf(stderr, "derptop lab: its agents did not connect within %d s\n", STARTUP_SECONDS);
    end(timer->data, EXIT_FAILED);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct command *command = handle->data;
    (void)size;
    *buf = uv_buf_init(command->scratch, sizeof command->scratch);
}

static void do_line(struct command *command)
{
    struct failure why = {.code = NET_OK};
    enum net_err err = command->lab == NULL
                           ? failure_set(&why, NET_ERR_STATE, "the lab is not there yet")
                           : lab_control(command->lab, command->line, &why);
    cJSON *out = cJSON_CreateObject();
    char shown[LAB_CONTROL_LINE * 3];
    (void)text_clean(shown, sizeof shown, bytes_text(command->line));
    cJSON_AddStringToObject(out, "type", "control");
    cJSON_AddStringToObject(out, "line", shown);
    cJSON_AddBoolToObject(out, "done", err == NET_OK);
    cJSON_AddStringToObject(out, "failure", why.text);
    char *text = cJSON_PrintUnformatted(out);
    (void)printf("%s\n", text == NULL ? "" : text);
    (void)fflush(stdout);
    cJSON_free(text);
    cJSON_Delete(out);
}

/* A line that is too long is cut: then it is one that the lab does not know. */
static void take_input(struct command *command, const char *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (in[i] == '\n') {
            command->line[command->line_len] = '\0';
            command->line_len = 0;
            do_line(command);
        } else if (command->line_len + 1 < sizeof command->line && in[i] != '\0') {
            command->line[command->line_len++] = in[i];
        }
    }
}

static void on_input(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct command *command = stream->data;
    if (len < 0 && command->options.stdin_eof) {
        end(command, EXIT_DONE);
    } else if (len < 0) {
        (void)uv_read_stop(stream);
    } else if (command->options.control) {
        take_input(command, buf->base, (size_t)len);
    }
}

static void print_json(const struct lab_deployment *deployment)
{
    cJSON *out = cJSON_CreateObject();
    cJSON_AddStringToObject(out, "type", "lab");
    cJSON_AddStringToObject(out, "url", deployment->url);
    cJSON_AddStringToObject(out, "token", deployment->token);
    cJSON *list = cJSON_AddArrayToObject(out, "workspaces");
    for (size_t i = 0; i < deployment->count; i++) {
        const struct lab_workspace *workspace = &deployment->workspaces[i];
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "name", workspace->name);
        cJSON_AddStringToObject(item, "status", workspace->stopped ? "stopped" : "running");
        if (!workspace->stopped) {
            char id[UUID_TEXT_SIZE];
            uuid_text(&workspace->agent_id, id);
            cJSON_AddStringToObject(item, "agent_id", id);
            cJSON_AddStringToObject(item, "agent_status", lab_agent_status(workspace));
        }
        cJSON_AddItemToArray(list, item);
    }
    char *text = cJSON_PrintUnformatted(out);
    (void)printf("%s\n", text == NULL ? "" : text);
    cJSON_free(text);
    cJSON_Delete(out);
}

static void print_text(const struct lab_deployment *deployment)
{
    (void)printf("lab deployment at %s\n\n", deployment->url);
    for (size_t i = 0; i < deployment->count; i++) {
        const struct lab_workspace *workspace = &deployment->workspaces[i];
        (void)printf("  %-8s %s\n", workspace->name, workspace->stopped ? "stopped" : "running");
    }
    (void)printf("\nTo reach it from another terminal:\n\n"
                 "  export CODER_URL=%s\n"
                 "  export CODER_SESSION_TOKEN=%s\n\n"
                 "Ctrl-C ends it.\n",
                 deployment->url, deployment->token);
}

static void on_ready(void *owner)
{
    struct command *command = owner;
    (void)uv_timer_stop(&command->startup);
    if (command->options.json) {
        print_json(lab_deployment(command->lab));
    } else {
        print_text(lab_deployment(command->lab));
    }
    if (fflush(stdout) != 0) {
        end(command, EXIT_FAILED); /* whoever started it is gone */
    }
}

/* Standard input counts by its end, or by its lines. A file or /dev/null has no end to wait for. */
static void watch_input(struct command *command)
{
    uv_handle_type type = uv_guess_handle(0);
    if (!command->options.stdin_eof && !command->options.control) {
        return;
    }
    if (type != UV_NAMED_PIPE && type != UV_TTY) {
        (void)fputs("derptop lab: --stdin-eof and --control want a pipe or a terminal as its "
                    "standard input\n",
                    stderr);
        end(command, EXIT_USAGE);
        return;
    }
    int err = 0;
    if (type == UV_TTY) {
        err = uv_tty_init(&command->loop, &command->input.tty, 0, 0);
        command->watches_input = err == 0;
    } else {
        (void)uv_pipe_init(&command->loop, &command->input.pipe, 0);
        command->watches_input = true;
        err = uv_pipe_open(&command->input.pipe, 0);
    }
    command->input.stream.data = command;
    if (err != 0 || uv_read_start(&command->input.stream, on_alloc, on_input) != 0) {
        (void)fputs("derptop lab: cannot read standard input\n", stderr);
        end(command, EXIT_FAILED);
    }
}

static void start_watching(struct command *command)
{
    (void)uv_signal_init(&command->loop, &command->interrupt);
    (void)uv_signal_init(&command->loop, &command->terminate);
    (void)uv_signal_init(&command->loop, &command->relayed);
    command->relayed.data = command;
    (void)uv_signal_start(&command->relayed, on_relayed, SIGUSR1);
    (void)uv_timer_init(&command->loop, &command->startup);
    command->interrupt.data = command;
    command->terminate.data = command;
    command->startup.data = command;
    (void)uv_signal_start(&command->interrupt, on_signal, SIGINT);
    (void)uv_signal_start(&command->terminate, on_signal, SIGTERM);
    (void)uv_timer_start(&command->startup, on_startup_timer, UINT64_C(1000) * STARTUP_SECONDS, 0);
    watch_input(command);
}

static void run(struct command *command)
{
    const struct lab_options *options = &command->options;
    struct failure why;
    struct lab_config config = {
        .ip = options->ip,
        .port = options->port,
        .workspaces = options->workspaces,
        .stopped = options->stopped,
        .block_direct = options->block_direct,
        .no_stun = options->no_stun,
        .force_websockets = options->force_websockets,
        .relay_delay_ms = options->relay_delay_ms,
        .relay_jitter_ms = options->relay_jitter_ms,
        .log = &command->log,
    };
    if (command->ending) {
        (void)uv_run(&command->loop, UV_RUN_DEFAULT);
        return;
    }
    if (lab_new(&command->loop, &config, on_ready, command, &command->lab, &why) != NET_OK) {
        (void)fprintf(stderr, "derptop lab: %s\n", why.text);
        command->lab = NULL;
        end(command, EXIT_FAILED);
    }
    (void)uv_run(&command->loop, UV_RUN_DEFAULT);
}

int cmd_lab(int argc, char **argv)
{
    struct command *command = mem_new(sizeof *command);
    struct failure why;
    int status = EXIT_USAGE;
    if (lab_options_parse(argc, argv, &command->options, &why) != NET_OK) {
        (void)fprintf(stderr, "derptop lab: %s\n", why.text);
    } else if (command->options.help) {
        (void)fputs(lab_options_help(), stdout);
        status = EXIT_DONE;
    } else if (crypto_start() != NET_OK || uv_loop_init(&command->loop) != 0) {
        (void)fputs("derptop lab: cannot start libsodium, libcrypto or libuv\n", stderr);
        status = EXIT_FAILED;
    } else {
        (void)signal(SIGPIPE, SIG_IGN);
        log_init(&command->log, command->options.verbose ? LOG_DEBUG : LOG_WARN);
        command->log.sink = log_to_file;
        command->log.owner = stderr;
        start_watching(command);
        run(command);
        status = command->status;
        log_clear(&command->log);
        (void)uv_loop_close(&command->loop);
    }
    mem_free_wiped(command, sizeof *command);
    return status;
}
