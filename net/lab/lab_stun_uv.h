/*
 * The lab's STUN server: answers binding requests of this family of clients, and is silent to all
 * else. coder/tailscale net/stun/stun.go; protocol notes 5.2, 5.3.
 */
#ifndef NET_LAB_LAB_STUN_UV_H
#define NET_LAB_LAB_STUN_UV_H

#include <uv.h>

#include "net/base/err.h"

struct lab_stun;

/* On a port of its own choice. NET_ERR_IO with *why: the address cannot be bound. */
NET_MUST_USE enum net_err lab_stun_new(uv_loop_t *loop, const char *ip, struct lab_stun **out,
                                       struct failure *why);
uint16_t lab_stun_port(const struct lab_stun *stun);
uint64_t lab_stun_answers(const struct lab_stun *stun);
/* Frees on the loop. NULL is fine. */
void lab_stun_close(struct lab_stun *stun);

#endif
