/*
 * Just enough settings to compile lwIP's core as the tunnel will: no operating system, IPv6 only.
 * The tunnel's own settings will replace these; they prove that the source that net/fetch_lwip gets
 * can be built and configured by us.
 */
#ifndef TESTS_LWIP_LWIPOPTS_H
#define TESTS_LWIP_LWIPOPTS_H

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN         0
#define LWIP_SOCKET          0
#define LWIP_IPV4            0
#define LWIP_IPV6            1
#define LWIP_TCP             1
#define LWIP_ETHERNET        0
#define LWIP_ARP             0
#define LWIP_UDP             0
#define LWIP_RAW             0
#define LWIP_DNS             0
#define LWIP_IPV6_MLD        0
#define LWIP_ICMP6           1
#define LWIP_IPV6_AUTOCONFIG 0
#define LWIP_NETIF_LOOPBACK  1
#define LWIP_HAVE_LOOPIF     1

/* What the distribution's binary cannot do: a window of more than 64 KiB. */
#define LWIP_WND_SCALE   1
#define TCP_RCV_SCALE    7
#define TCP_MSS          1220
#define TCP_WND          (4 * 1024 * 1024)
#define TCP_SND_BUF      (64 * 1024)
#define TCP_SND_QUEUELEN 256
#define MEMP_NUM_TCP_SEG 512
#define MEM_LIBC_MALLOC  1
#define MEMP_MEM_MALLOC  1

#endif
