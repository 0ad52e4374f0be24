/*
 * Internal to the API: a call under way, and the requests that it consists of. What is asked and
 * how an answer is read is the questions' business (api_uv.c).
 */
#ifndef NET_CONTROL_API_CALL_UV_H
#define NET_CONTROL_API_CALL_UV_H

#include "net/control/api_uv.h"
#include "net/control/endpoint.h"

enum {
    API_SECONDS = 30,             /* a list of a large deployment takes some */
    API_SMALL_BODY_MAX = 4 << 20, /* all but workspaces */
    API_QUERY_SIZE = 256,
    API_URL_SIZE = 4 << 10, /* a base, two names or a query, each encoded */
};

struct api {
    struct http_client *client;
    const struct settings *settings;
    struct log *log;
    struct api_call *calls;
    char build_version[64];
};

/* What kinds of question differ in. Both functions end the call or ask again. */
struct api_question {
    const char *what; /* for "cannot …" */
    size_t body_max;
    void (*answer)(struct api_call *call, struct bytes body);
    void (*fail)(struct api_call *call, const struct failure *failure);
};

struct api_call {
    struct api *api;
    struct api_call *next;
    const struct api_question *question;
    struct http_call *http;
    char url[API_URL_SIZE];
    struct workspace_ref ref;
    struct failure failure; /* of a workspace that was not found, while near names are looked for */
    char query[API_QUERY_SIZE];
    struct deployment_workspaces all;
    void *owner;
    union {
        void (*user)(void *owner, const struct failure *failure,
                     const struct deployment_user *user);
        void (*build)(void *owner, const struct failure *failure,
                      const struct deployment_build *build);
        void (*appearance)(void *owner, const struct failure *failure,
                           const struct deployment_appearance *appearance);
        void (*workspaces)(void *owner, const struct failure *failure,
                           struct deployment_workspaces *workspaces);
        void (*workspace)(void *owner, const struct failure *failure,
                          struct deployment_workspace *workspace);
        void (*connection)(void *owner, const struct failure *failure,
                           struct connection_info *info);
    } done;
};

/* A call that has asked nothing yet. */
struct api_call *api_call_new(struct api *api, const struct api_question *question, void *owner);

/* Asks for a pattern of endpoint_url; the answer goes to the question. */
void api_call_ask(struct api_call *call, const char *pattern, const char *const *parts);

/* For an end: the api knows nothing of the call any more, so the callback may free the api. After
 * the callback, api_call_free. */
void api_call_unlink(struct api_call *call);
void api_call_free(struct api_call *call);

/* The failure of an answer that is JSON, but not what was expected. */
void api_call_not_understood(const struct api_call *call, const struct failure *parser,
                             struct failure *out);

#endif
