/*
 * The agent's own HTTP API, as far as a monitor asks for it: one GET a connection, JSON. A machine;
 * the report is its owner's. Protocol notes (coder) 9.
 */
#ifndef NET_LAB_LAB_API_H
#define NET_LAB_LAB_API_H

#include <cjson/cJSON.h>

#include "net/base/buf.h"

enum { LAB_API_HEAD_MAX = 8 << 10, LAB_API_ANSWER_MAX = 256 << 10 };

struct lab_api_call {
    struct buf in;
    struct buf out; /* the answer, to be consumed as it is written; then the connection ends */
    bool answered;
};

void lab_api_init(struct lab_api_call *call);
void lab_api_clear(struct lab_api_call *call);

/* What the client sends. Once its head is there, `out` is the answer, and the rest is ignored.
 * `netcheck` makes the report (an object, taken); it is asked only for that. */
void lab_api_input(struct lab_api_call *call, struct bytes in, cJSON *(*netcheck)(void *owner),
                   void *owner);

#endif
