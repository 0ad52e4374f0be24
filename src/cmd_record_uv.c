/*
 * `derptop record`: another reader of the core's snapshots, which writes what changes in them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "src/cmd.h"
#include "src/headless_uv.h"
#include "src/mask_snapshot.h"
#include "src/out.h"
#include "src/recording_write.h"

enum { PROBE_TIMEOUT_S = 5, MODE = 0600 /* addresses and names are in it */ };

struct record {
    struct headless headless;
    struct recorder *recorder;
    struct masker *masker; /* NULL: as it is */
    FILE *out;
    struct failure failure;
};

static void take(void *owner, const struct snapshot *s)
{
    struct record *record = owner;
    recorder_take(record->recorder, record->masker == NULL ? s : masker_copy(record->masker, s),
                  record->out);
    if (fflush(record->out) != 0 || ferror(record->out) != 0) {
        failure_set(&record->failure, NET_ERR_IO, "the recording cannot be written");
        headless_stop(&record->headless, EXIT_FAILED);
    } else if (s->fatal) {
        failure_set(&record->failure, NET_ERR_STATE, "%s", s->notice); /* to our own user */
        headless_stop(&record->headless, s->fatal_status);
    }
}

/* "-" is standard output. NULL: it cannot be, and was said. */
static FILE *open_file(const char *name)
{
    if (strcmp(name, "-") == 0) {
        return stdout;
    }
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, MODE);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) {
        struct failure why;
        failure_set(&why, NET_ERR_IO, "%s cannot be written", name);
        out_error(why.text);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    return file;
}

static void run(struct record *record, const struct options *options, const struct config *config,
                const struct settings *settings, const struct aws_ranges *aws)
{
    struct core_options core = {
        .settings = settings,
        .target = options->target,
        .keep_list = true,
        .must_find = true,
        .interval_ns = config->interval_ns,
        .timeout_ns = PROBE_TIMEOUT_S * NS_PER_SEC,
        .grade = cmd_grade(config),
        .limits = cmd_limits(config),
        .aws = aws,
    };
    headless_log(options, &core);
    if (headless_run(&record->headless, &core, &record->failure) != NET_OK) {
        return;
    }
    recorder_end(record->recorder, record->out);
    if (fflush(record->out) != 0 && record->failure.code == NET_OK) {
        failure_set(&record->failure, NET_ERR_IO, "the recording cannot be written");
        record->headless.status = EXIT_FAILED;
    }
}

static int record_into(FILE *out, const struct options *options, const struct config *config,
                       const struct settings *settings, const struct aws_ranges *aws)
{
    struct record record = {.out = out};
    char masked[SNAPSHOT_NAME];
    record.recorder = recorder_new();
    if (options->share) {
        record.masker = masker_new();
        masker_target(record.masker, options->target, masked, sizeof masked);
    }
    headless_open(&record.headless, take, NULL, &record);
    run(&record, options, config, settings, aws);
    headless_close(&record.headless);
    if (record.failure.code != NET_OK) {
        out_error(record.failure.text);
    }
    recorder_free(record.recorder);
    masker_free(record.masker);
    return record.headless.status;
}

static int record_to_file(const struct options *options, const struct config *config,
                          const struct settings *settings, const struct aws_ranges *aws)
{
    FILE *out = open_file(options->output);
    int status = out == NULL ? EXIT_FAILED : record_into(out, options, config, settings, aws);
    if (out != NULL && out != stdout) {
        (void)fclose(out);
    }
    return status;
}

int cmd_record(const struct options *options)
{
    return headless_command(options, record_to_file);
}
