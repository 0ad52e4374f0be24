#include "net/probe/echo.h"

#include <string.h>

void echo_init(struct echo *echo, uint16_t id, uint64_t interval_ns, uint64_t timeout_ns)
{
    memset(echo, 0, sizeof *echo);
    echo->id = id;
    echo->interval_ns = interval_ns;
    echo->timeout_ns = timeout_ns;
    echo->next = MONO_NEVER;
}

void echo_start(struct echo *echo, mono_ns now)
{
    if (echo->next == MONO_NEVER) {
        echo->next = now;
    }
}

void echo_stop(struct echo *echo)
{
    echo->next = MONO_NEVER;
    memset(echo->pending, 0, sizeof echo->pending);
}

void echo_gap(struct echo *echo)
{
    for (size_t i = 0; i < ECHO_PENDING_MAX; i++) {
        if (echo->pending[i].used) {
            echo->pending[i].used = false;
            latency_run_unsent(&echo->run);
        }
    }
}

static void expire(struct echo *echo, mono_ns now)
{
    for (size_t i = 0; i < ECHO_PENDING_MAX; i++) {
        if (echo->pending[i].used &&
            mono_since(now, echo->pending[i].sent_at) >= echo->timeout_ns) {
            echo->pending[i].used = false;
            echo->lost_in_a_row++;
            latency_run_lost(&echo->run);
        }
    }
}

bool echo_tick(struct echo *echo, mono_ns now, uint16_t *seq)
{
    expire(echo, now);
    if (now < echo->next) {
        return false;
    }
    echo->next = mono_after(now, echo->interval_ns);
    for (size_t i = 0; i < ECHO_PENDING_MAX; i++) {
        if (!echo->pending[i].used) {
            *seq = echo->next_seq++;
            echo->pending[i].used = true;
            echo->pending[i].seq = *seq;
            echo->pending[i].sent_at = now;
            latency_run_sent(&echo->run);
            return true;
        }
    }
    return false; /* all are open: the timeout is long and nothing comes back */
}

bool echo_answer(struct echo *echo, mono_ns now, uint16_t id, uint16_t seq)
{
    for (size_t i = 0; i < ECHO_PENDING_MAX && id == echo->id; i++) {
        if (echo->pending[i].used && echo->pending[i].seq == seq) {
            echo->pending[i].used = false;
            echo->last_ns = mono_since(now, echo->pending[i].sent_at);
            echo->answered_at = now;
            echo->lost_in_a_row = 0;
            latency_run_answered(&echo->run, echo->last_ns);
            return true;
        }
    }
    return false;
}

mono_ns echo_deadline(const struct echo *echo)
{
    mono_ns next = echo->next;
    for (size_t i = 0; i < ECHO_PENDING_MAX; i++) {
        if (echo->pending[i].used) {
            next = mono_min(next, mono_after(echo->pending[i].sent_at, echo->timeout_ns));
        }
    }
    return next;
}
