/*
 * What lwIP asks of a port: a hosted C compiler gives nearly all of it.
 */
#ifndef NET_TUNNEL_ARCH_CC_H
#define NET_TUNNEL_ARCH_CC_H

#include <stdint.h>

uint32_t stack_random(void);

#define LWIP_RAND() stack_random()

#endif
