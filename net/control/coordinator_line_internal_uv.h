/*
 * Internal to the line: its state, and the three jobs around it. coordinator_line_uv.c knows when
 * what is due and how things end, coordinator_line_dial_uv.c dials and reads refusals,
 * coordinator_line_work_uv.c moves the bytes and events of a session that is up.
 */
#ifndef NET_CONTROL_COORDINATOR_LINE_INTERNAL_UV_H
#define NET_CONTROL_COORDINATOR_LINE_INTERNAL_UV_H

#include "net/control/coordinator_line_uv.h"
#include "net/control/coordinator_policy.h"

struct coordinator_line {
    struct coordinator_line_config config;
    struct coordinator_link_status status;
    struct coordinator_pace pace;
    struct tailnet_resume_token token; /* secret; the newest; "" = none */
    bool token_sent;                   /* with the dial under way */
    bool was_up;                       /* ever */
    uv_timer_t timer;                  /* the next dial, or the session's deadline, or the end */
    struct dial *dial;
    struct stream *stream;
    struct coordinator *session; /* with the stream, or neither */
    mono_ns up_since;
    bool working;       /* inside work(): what is asked for now is done at its end */
    bool wants_retry;   /* asked for while working */
    bool says_goodbye;  /* closing: the server is to end the RPC */
    mono_ns goodbye_at; /* closing: the time is over */
    bool closing;
    bool has_ended; /* of the session, while working */
    struct failure end;
};

/* Tells the owner that the status is another, unless the line closes. */
void coordinator_line_tell(struct coordinator_line *line);

/* The one place where the state changes. `why` NULL: nothing is wrong. */
void coordinator_line_set_state(struct coordinator_line *line, enum coordinator_state state,
                                mono_ns now, const struct failure *why);

/* Sets the timer to what is next due. */
void coordinator_line_arm(struct coordinator_line *line, mono_ns now);

/* Waits for as long as the pace says, then dials. */
void coordinator_line_wait(struct coordinator_line *line, const struct failure *why);

void coordinator_line_drop_token(struct coordinator_line *line);
void coordinator_line_drop_session(struct coordinator_line *line, mono_ns now);

/* Nothing more is to come: frees on the loop. May be called again. */
void coordinator_line_finish(struct coordinator_line *line);

void coordinator_line_dial(struct coordinator_line *line);

/* A session on the stream, which is taken. */
void coordinator_line_open(struct coordinator_line *line, struct stream *stream);

/* Moves bytes and events of the session, if there is one, until there is nothing to do now. Inside
 * of itself it does nothing. */
void coordinator_line_work(struct coordinator_line *line);

/* Does what was asked for, or came about, while working. */
void coordinator_line_after_work(struct coordinator_line *line, mono_ns now);

/* Sends our node on the session, if it is known. */
void coordinator_line_say_node(struct coordinator_line *line);

/* For what calls into the session return: what matters of it is in the ENDED event too. */
void coordinator_line_note(const struct coordinator_line *line, enum net_err err);

#endif
