/*
 * Results that can fail. One list: code, stable name, one line of text.
 *
 * Codecs and machines return a code and nothing more. A shell adds a `struct failure` once, where
 * the context is known. `assert` is for our own mistakes; nothing that a peer sends may reach one.
 */
#ifndef NET_BASE_ERR_H
#define NET_BASE_ERR_H

#define NET_MUST_USE           __attribute__((warn_unused_result))
#define NET_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

#define NET_ERR_LIST(X)                                                                            \
    X(NET_OK, "ok", "done")                                                                        \
    X(NET_ERR_AGAIN, "again", "nothing now, try again later")                                      \
    X(NET_ERR_TRUNCATED, "truncated", "ends too early")                                            \
    X(NET_ERR_MALFORMED, "malformed", "not of the expected form")                                  \
    X(NET_ERR_TOO_BIG, "too_big", "larger than the limit")                                         \
    X(NET_ERR_AUTH, "auth", "authentication failed")                                               \
    X(NET_ERR_UNSUPPORTED, "unsupported", "not supported by the other side")                       \
    X(NET_ERR_REFUSED, "refused", "refused by the other side")                                     \
    X(NET_ERR_NOT_FOUND, "not_found", "not found")                                                 \
    X(NET_ERR_CLOSED, "closed", "closed by the other side")                                        \
    X(NET_ERR_TIMEOUT, "timeout", "no answer in time")                                             \
    X(NET_ERR_IO, "io", "input or output failed")                                                  \
    X(NET_ERR_CANCELLED, "cancelled", "cancelled")                                                 \
    X(NET_ERR_STATE, "state", "not possible in this state")                                        \
    X(NET_ERR_FULL, "full", "no room left")                                                        \
    X(NET_ERR_USAGE, "usage", "wrong arguments or settings")

enum net_err {
#define X(code, name, text) code,
    NET_ERR_LIST(X)
#undef X
};

/* The stable name ("too_big"), for logs and JSON. Static memory. */
const char *net_err_name(enum net_err code);

/* One line for people. Static memory. */
const char *net_err_text(enum net_err code);

/* An error with its context: what was tried, what happened, what to do, on one line. */
struct failure {
    enum net_err code;
    int http_status; /* 0 unless a server answered with one */
    char text[400];  /* cleaned for a terminal; no secrets */
};

/* Fills `out`; the text is cut at its size and cleaned of control characters. Returns `code`. */
enum net_err failure_set(struct failure *out, enum net_err code, const char *format, ...)
    NET_PRINTF(3, 4);

#endif
