/*
 * `derptop export`: another reader of the core's snapshots, which keeps counts for a collector and
 * gives them out by HTTP or in a file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/transport/http_server_uv.h"
#include "net/wire/address.h"
#include "src/cmd.h"
#include "src/headless_uv.h"
#include "src/metrics.h"
#include "src/out.h"

enum {
    PROBE_TIMEOUT_S = 5,
    TURN_MS = 250,        /* each workspace is looked at once in so long, times their number */
    FIRST_MS = 2000,      /* until there is something to say */
    TEXTFILE_MS = 15000,  /* a usual interval between scrapes */
    TEXTFILE_MODE = 0644, /* the collector runs as another user */
    PATH_SIZE = 4096,
};

#define LISTEN "127.0.0.1:9477"

struct export
{
    const struct options *options;
    struct metrics *metrics;
    struct headless headless;
    struct http_server *server;
    struct log log;
    uv_timer_t turn, textfile;
    size_t missing_told; /* so many of the targets were said to be missing */
    bool left_out_told;
    struct failure failure;
};

/* --- what comes in ---------------------------------------------------------------------------- */

/* Each of them once: a workspace may yet come. */
static void tell_missing(struct export *export)
{
    const char *target = metrics_missing(export->metrics, 0);
    size_t count = 0;
    char text[256];
    while (target != NULL) {
        if (count >= export->missing_told) {
            text_format(text, sizeof text, "%s is not among your workspaces", target);
            out_error(text);
        }
        target = metrics_missing(export->metrics, ++count);
    }
    export->missing_told = count > export->missing_told ? count : export->missing_told;
    if (metrics_left_out(export->metrics) > 0 && !export->left_out_told) {
        export->left_out_told = true;
        text_format(text, sizeof text, "%d agents are watched at once, %zu more are not",
                    METRICS_AGENTS_MAX, metrics_left_out(export->metrics));
        out_error(text);
    }
}

static void take(void *owner, const struct snapshot *s)
{
    struct export *export = owner;
    metrics_take(export->metrics, s);
    if (s->fatal) {
        failure_set(&export->failure, NET_ERR_STATE, "%s", s->notice);
        headless_stop(&export->headless, s->fatal_status);
    }
    tell_missing(export);
}

/* A snapshot tells much of one workspace only: they are selected in turn. */
static void on_turn(uv_timer_t *timer)
{
    struct export *export = timer->data;
    struct command command = {.kind = COMMAND_SELECT};
    if (metrics_next(export->metrics, &command.id)) {
        core_thread_send(export->headless.thread, &command);
    }
}

/* --- what goes out ---------------------------------------------------------------------------- */

/* The exposition as text, to be freed. */
static char *exposition(const struct export *export, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);
    if (out == NULL) {
        abort();
    }
    metrics_write(export->metrics, mono_now(), out);
    if (fclose(out) != 0) {
        abort(); /* no memory */
    }
    return text;
}

static void on_request(void *owner, struct http_exchange *exchange)
{
    struct export *export = owner;
    static const char where[] = "derptop: the metrics are at /metrics\n";
    bool right = strcmp(http_exchange_path(exchange), "/metrics") == 0;
    if (!right) {
        http_exchange_reply(exchange, 404, "text/plain; charset=utf-8", NULL, 0, bytes_text(where));
        return;
    }
    size_t len = 0;
    char *text = exposition(export, &len);
    http_exchange_reply(exchange, 200, METRICS_CONTENT_TYPE, NULL, 0,
                        (struct bytes){(const uint8_t *)text, len});
    free(text);
}

/* Beside and renamed, so that no reader sees half of it. */
static bool write_beside(const struct export *export, const char *beside)
{
    size_t len = 0;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, TEXTFILE_MODE);
    if (fd < 0) {
        return false;
    }
    char *text = exposition(export, &len);
    size_t done = 0;
    while (done < len) {
        ssize_t now = write(fd, text + done, len - done);
        if (now <= 0) {
            break;
        }
        done += (size_t)now;
    }
    free(text);
    return close(fd) == 0 && done == len;
}

static bool write_textfile(struct export *export)
{
    const char *file = export->options->textfile;
    char beside[PATH_SIZE];
    text_format(beside, sizeof beside, "%s.%d.tmp", file, (int)getpid());
    if (write_beside(export, beside) && rename(beside, file) == 0) {
        return true;
    }
    (void)unlink(beside);
    failure_set(&export->failure, NET_ERR_IO, "%s cannot be written", file);
    headless_stop(&export->headless, EXIT_FAILED);
    return false;
}

static void on_textfile(uv_timer_t *timer)
{
    (void)write_textfile(timer->data);
}

/* --- the run ---------------------------------------------------------------------------------- */

static void open_timers(struct export *export)
{
    (void)uv_timer_init(&export->headless.loop, &export->turn);
    (void)uv_timer_init(&export->headless.loop, &export->textfile);
    export->turn.data = export;
    export->textfile.data = export;
}

static void close_all(struct export *export)
{
    if (export->server != NULL) {
        http_server_close(export->server);
    }
    uv_close((uv_handle_t *)&export->turn, NULL);
    uv_close((uv_handle_t *)&export->textfile, NULL);
    headless_close(&export->headless);
}

static void tell_where(const struct export *export, const struct net_address *address)
{
    char text[ADDRESS_TEXT_SIZE];
    char url[ADDRESS_TEXT_SIZE + 32];
    struct net_address at = *address;
    at.port = http_server_port(export->server);
    address_text(&at, text);
    text_format(url, sizeof url, "http://%s/metrics", text);
    if (export->options->json) {
        cJSON *object = out_object("export", wall_now());
        out_add_text(object, "url", url);
        out_json(object);
    } else {
        out_text("metrics are at %s\n", url);
    }
}

static enum net_err listen_at(struct export *export)
{
    struct net_address address;
    char ip[ADDRESS_TEXT_SIZE];
    const char *at = export->options->listen;
    if (address_parse(at == NULL ? LISTEN : at, &address) != NET_OK) {
        return failure_set(&export->failure, NET_ERR_USAGE,
                           "--listen wants an address and a port such as " LISTEN ", not \"%s\"",
                           at);
    }
    address_ip_text(&address, ip);
    enum net_err err = http_server_new(&export->headless.loop, ip, address.port, on_request, export,
                                       &export->log, &export->server, &export->failure);
    if (err == NET_OK) {
        tell_where(export, &address);
    }
    return err;
}

static void run(struct export *export, const struct config *config, const struct settings *settings,
                const struct aws_ranges *aws)
{
    const struct options *options = export->options;
    struct core_options core = {
        .settings = settings,
        .keep_list = true,
        .select_none = true,
        .headless = true,
        .watches_max = METRICS_AGENTS_MAX,
        .interval_ns = config->interval_ns,
        .timeout_ns = PROBE_TIMEOUT_S * NS_PER_SEC,
        .grade = cmd_grade(config),
        .limits = cmd_limits(config),
        .aws = aws,
    };
    headless_log(options, &core);
    if (options->textfile == NULL && listen_at(export) != NET_OK) {
        export->headless.status = cmd_status(&export->failure);
        return;
    }
    /* Once there is a thread to ask: the loop runs only then. */
    (void)uv_timer_start(&export->turn, on_turn, 0, TURN_MS);
    if (options->textfile != NULL) {
        (void)uv_timer_start(&export->textfile, on_textfile, FIRST_MS, TEXTFILE_MS);
    }
    if (headless_run(&export->headless, &core, &export->failure) == NET_OK &&
        options->textfile != NULL && export->failure.code == NET_OK) {
        (void)write_textfile(export); /* what came since */
    }
}

static int export_until_ended(const struct options *options, const struct config *config,
                              const struct settings *settings, const struct aws_ranges *aws)
{
    struct export export = {.options = options};
    log_init(&export.log, LOG_ERROR);
    export.metrics = metrics_new(options->targets, options->target_count);
    headless_open(&export.headless, take, NULL, &export);
    open_timers(&export);
    run(&export, config, settings, aws);
    close_all(&export);
    if (export.failure.code != NET_OK) {
        out_error(export.failure.text);
    }
    metrics_free(export.metrics);
    log_clear(&export.log);
    return export.headless.status;
}

int cmd_export(const struct options *options)
{
    return headless_command(options, export_until_ended);
}
