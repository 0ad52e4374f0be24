/*
 * The lab's REST API: a request in, an answer out, or what connection it is to become. Pure: no
 * socket. Paths, status codes and texts: protocol notes 1.3 to 1.5, 2, 3, 4.1; coder/coder
 * coderd/coderd.go.
 */
#ifndef NET_LAB_LAB_REST_H
#define NET_LAB_LAB_REST_H

#include "net/base/bytes.h"
#include "net/lab/lab_coordinator.h"
#include "net/lab/lab_deployment.h"

/* A request, seen through two questions so that a test needs no socket. */
struct lab_request {
    const char *method;
    const char *path; /* decoded, without the query */
    /* NULL: no such header. */
    const char *(*header)(void *owner, const char *name);
    /* False: absent, or does not fit. */
    bool (*query)(void *owner, const char *name, char *out, size_t size);
    void *owner;
};

enum lab_answer_kind {
    LAB_ANSWER_BODY,       /* status and body */
    LAB_ANSWER_COORDINATE, /* to become a websocket to the coordinator, in this seat */
    LAB_ANSWER_RELAY,      /* to become a connection to the relay */
};

struct lab_answer {
    enum lab_answer_kind kind;
    int status;
    const char *content_type; /* static */
    char *body;               /* owned: free with lab_answer_clear; NULL = empty */
    bool www_authenticate;    /* with coderd's header beside a 401 */
    struct lab_seat seat;
};

struct lab_rest {
    struct lab_deployment *deployment;
    struct lab_coordinator *coordinator;
    struct rng *rng;
};

#define LAB_WWW_AUTHENTICATE "Bearer realm=\"coder\""

/* Answers. `now` is for resume tokens. */
void lab_rest_answer(const struct lab_rest *rest, struct wall_time now,
                     const struct lab_request *request, struct lab_answer *out);
void lab_answer_clear(struct lab_answer *answer);

/* coderd's rule: the same major version, a minor not above ours. False: `why` says so in its words.
 */
bool lab_version_supported(const char *version, char *why, size_t size);

#endif
