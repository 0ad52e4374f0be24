/*
 * What the files of the lab's REST API share.
 */
#ifndef NET_LAB_LAB_REST_INTERNAL_H
#define NET_LAB_LAB_REST_INTERNAL_H

#include <cjson/cJSON.h>

#include "net/lab/lab_rest.h"

enum { LAB_SEGMENTS_MAX = 6, LAB_SEGMENT_SIZE = 128, LAB_QUERY_SIZE = 512 };

/* One request while it is answered. */
struct lab_call {
    const struct lab_rest *rest;
    const struct lab_request *request;
    struct wall_time now;
    struct lab_answer *out;
    size_t count;
    char segments[LAB_SEGMENTS_MAX][LAB_SEGMENT_SIZE]; /* of the path after /api/v2 */
};

/* Each answers. The cJSON body is taken. */
void lab_answer_json(struct lab_call *call, int status, cJSON *body);
void lab_answer_error(struct lab_call *call, int status, const char *message, const char *detail);
void lab_answer_invalid(struct lab_call *call, int status, const char *message, const char *field,
                        const char *detail);
void lab_answer_text(struct lab_call *call, int status, const char *text);

/* The value of a query parameter; false and "": absent. */
bool lab_query(const struct lab_call *call, const char *name, char *out, size_t size);
/* A number of the query: absent = 0. False: not one, 400 answered. */
bool lab_query_number(struct lab_call *call, const char *name, size_t *out);

/* Where coderd looks for the token, in its order; the first that is not empty counts.
 * coder/coder coderd/httpmw/apikey.go. */
void lab_request_token(const struct lab_call *call, char out[LAB_QUERY_SIZE]);
/* False: 401 answered. */
bool lab_signed_in(struct lab_call *call);
/* The API version asked for; `otherwise` when none is. False: 400 answered. */
bool lab_version_checked(struct lab_call *call, const char *otherwise);
/* Who the client is to be: drawn, or what its resume token says. False: 401 answered. */
bool lab_client_peer(struct lab_call *call, struct uuid *out);

#endif
