/*
 * What lwIP asks of a port: a hosted C compiler gives nearly all of it.
 */
#ifndef TESTS_LWIP_ARCH_CC_H
#define TESTS_LWIP_ARCH_CC_H

#include <stdlib.h>

#define LWIP_RAND() ((u32_t)random())

#endif
