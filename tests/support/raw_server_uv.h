/*
 * A TCP server for tests that says what the test wants, however wrong: it waits for the end of a
 * request's head and then plays an answer. It can also forward to another port after the answer, as
 * a proxy does.
 */
#ifndef TESTS_SUPPORT_RAW_SERVER_UV_H
#define TESTS_SUPPORT_RAW_SERVER_UV_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

struct raw_server;

struct raw_script {
    const char *answer;    /* NULL: say nothing, ever */
    size_t answer_len;     /* 0: strlen */
    size_t step;           /* bytes a write, each on its own turn of the loop; 0: all at once */
    bool endless;          /* then writes for as long as the client takes it */
    bool closes;           /* then ends the connection */
    bool resets;           /* closes without reading the request */
    uint16_t forward_port; /* then joins the connection with one to 127.0.0.1:port */
};

/* Listens on a free port of 127.0.0.1. The script is copied, its answer borrowed. */
struct raw_server *raw_server_new(uv_loop_t *loop, const struct raw_script *script);
uint16_t raw_server_port(const struct raw_server *server);

/* The head of the last request, or what has come of it. */
const char *raw_server_request(const struct raw_server *server);

/* Connections accepted so far, and those that have ended. */
const unsigned *raw_server_accepted(const struct raw_server *server);
bool raw_server_all_ended(void *server);

/* Closes everything; frees on the loop. */
void raw_server_close(struct raw_server *server);

#endif
