/*
 * A recording, as a replay reads it: whatever a line holds, what stands can be shown, and recorded
 * once more.
 */
#include <stdlib.h>
#include <string.h>

#include "src/recording_read.h"
#include "src/recording_write.h"
#include "ui/app.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_text(const char *text, size_t size)
{
    check(memchr(text, '\0', size) != NULL && strpbrk(text, "\x1b\r\n\x07") == NULL);
}

/* What the screen relies on. */
static void check_state(const struct snapshot *s)
{
    check(s->workspace_count <= SNAPSHOT_WORKSPACES_MAX);
    check(s->selected >= -1 && s->selected < (int)s->workspace_count);
    check(s->candidate_count <= SNAPSHOT_CANDIDATES_MAX);
    check(s->agent_endpoint_count <= SNAPSHOT_ENDPOINTS_MAX);
    check(s->own_endpoint_count <= SNAPSHOT_ENDPOINTS_MAX);
    check(s->changes_kept <= SNAPSHOT_CHANGES_MAX && s->event_count <= SNAPSHOT_EVENTS_MAX);
    check(s->sample_count <= SNAPSHOT_SAMPLES_MAX && s->log_count <= SNAPSHOT_LOG_MAX);
    check(s->ten_count <= SNAPSHOT_TENS_MAX && s->minute_count <= SNAPSHOT_MINUTES_MAX);
    check(s->echo_count <= SNAPSHOT_ECHOES_MAX && s->finding_count <= FINDING_CODES);
    check(s->path <= PATH_DIRECT && s->relay.state <= LINK_FAILED);
    for (size_t i = 0; i < s->sample_count; i++) {
        check(s->samples[i].endpoint < SNAPSHOT_ENDPOINTS_MAX);
        check(s->samples[i].state <= SAMPLE_VOID && s->samples[i].path <= PATH_DIRECT);
    }
    for (size_t i = 0; i < s->workspace_count; i++) {
        check(s->workspaces[i].spark_count <= SNAPSHOT_SPARK);
        check_text(s->workspaces[i].name, sizeof s->workspaces[i].name);
    }
    check_text(s->title, sizeof s->title);
    check_text(s->notice, sizeof s->notice);
    check_text(s->findings[0].observed, sizeof s->findings[0].observed);
}

/* Every view draws it, at a size that the state chooses. */
static void draw(const struct snapshot *s)
{
    static const int keys[] = {KEY_NONE, 'o', 'd', 'l', 'e', 'w'};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct app app;
        struct command command;
        struct canvas canvas;
        app_init(&app);
        (void)app_key(&app, keys[i], s, &command);
        canvas_init(&canvas, 15 + (int)(s->change_count % 45), 60 + (int)(s->run.sent % 140),
                    &glyphs_utf8);
        app_draw(&app, s, &canvas);
        canvas_clear(&canvas);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recording *recording = recording_new();
    struct recorder *recorder = recorder_new();
    FILE *out = fopen("/dev/null", "we");
    enum net_err err = NET_OK;
    while (size > 0 && err == NET_OK) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t len = newline == NULL ? size : (size_t)(newline - data);
        enum recording_what what = RECORDING_NOTHING;
        struct failure why;
        err = recording_load(recording, (struct bytes){data, len}, &what, &why);
        if (err == NET_OK && what == RECORDING_STATE) {
            err = recording_apply(recording, &why);
            const struct snapshot *s = recording_at(recording, recording_due(recording));
            check_state(s);
            recorder_take(recorder, s, out);
            draw(s);
        }
        if (err != NET_OK) {
            check_text(why.text, sizeof why.text);
        }
        data += len;
        size -= len;
        if (size > 0) {
            data++;
            size--;
        }
    }
    recorder_end(recorder, out);
    (void)fclose(out);
    recorder_free(recorder);
    recording_free(recording);
    return 0;
}
