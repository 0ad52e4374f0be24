/*
 * lwIP as the tunnel needs it: no operating system, IPv6 alone, no neighbours, no timers of its
 * own. Why each: protocol notes (wireguard-paths-speedtest) 6.2.
 */
#ifndef NET_TUNNEL_LWIPOPTS_H
#define NET_TUNNEL_LWIPOPTS_H

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_TIMERS          0 /* stack_tick drives TCP; nothing else may wake an idle program */

#define LWIP_IPV4                     0
#define LWIP_IPV6                     1
#define LWIP_IPV6_NUM_ADDRESSES       4
#define LWIP_IPV6_SCOPES              0
#define LWIP_IPV6_FRAG                0
#define LWIP_IPV6_REASS               0
#define LWIP_IPV6_MLD                 0
#define LWIP_IPV6_AUTOCONFIG          0
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 0
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0
#define LWIP_ICMP6                    1
#define LWIP_RAW                      1
#define LWIP_UDP                      0
#define LWIP_DNS                      0
#define LWIP_ETHERNET                 0
#define LWIP_ARP                      0
#define LWIP_NETIF_LOOPBACK           0
#define LWIP_SUPPORT_CUSTOM_PBUF      1

#define LWIP_TCP              1
#define TCP_MSS               1220
#define LWIP_WND_SCALE        1
#define TCP_RCV_SCALE         8
#define TCP_WND               (8 * 1024 * 1024) /* 500 Mbit/s over 100 ms take 6.3 MB */
#define TCP_SND_BUF           (4 * 1024 * 1024) /* the agent's window is 3 MiB at most */
#define TCP_SND_QUEUELEN      16384
#define MEMP_NUM_TCP_SEG      16384
#define TCP_SNDLOWAT          (32 * TCP_MSS) /* what lwIP would derive does not fit its own 16 bits */
#define LWIP_TCP_SACK_OUT     1
#define LWIP_TCP_MAX_SACK_NUM 4
#define TCP_QUEUE_OOSEQ       1
#define LWIP_TCP_TIMESTAMPS   0
#define TCP_TMR_INTERVAL      25   /* a time-out is three times twice this at least: 150 ms */
#define LWIP_TCP_RTO_TIME     1000 /* before the first measurement: RFC 6298, 2.1 */
#define TCP_MSL               1000UL /* nothing strays in a tunnel; the timer is not to tick on for minutes */

#include "net/tunnel/slab.h"
#define MEM_LIBC_MALLOC 1
#define mem_clib_malloc slab_alloc
#define mem_clib_calloc slab_alloc_zeroed
#define mem_clib_free   slab_free
#define MEMP_MEM_MALLOC 1
#define PBUF_LINK_HLEN  0
#define LWIP_STATS      0

/* Poly1305 has authenticated what comes in; what goes out, the other side verifies. */
#define CHECKSUM_CHECK_TCP   0
#define CHECKSUM_CHECK_ICMP6 0
#define CHECKSUM_GEN_TCP     1
#define CHECKSUM_GEN_ICMP6   1
#include "net/tunnel/checksum.h"
#define LWIP_CHKSUM tunnel_checksum

/* Several stacks in one process (the lab's agents): a packet leaves by the one that has its source.
 */
struct netif;
struct ip6_addr;
struct netif *stack_route_hook(const struct ip6_addr *source, const struct ip6_addr *to);
#define LWIP_HOOK_IP6_ROUTE(source, to) stack_route_hook(source, to)

#endif
