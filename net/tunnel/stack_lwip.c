#include "net/tunnel/stack.h"

#include <stdlib.h>
#include <string.h>

#include <lwip/init.h>
#include <lwip/ip6.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/icmp6.h>
#include <lwip/prot/ip6.h>
#include <lwip/sys.h>
#include <lwip/tcp.h>

#include "net/base/mem.h"
#include "net/tunnel/slab.h"
#include "net/tunnel/stack_internal_lwip.h"

enum {
    ECHO_HEADER_LEN = 8,

    /* Tailscale's own protocol, which needs no stack: coder/tailscale net/packet/tsmp.go. */
    TSMP_PROTOCOL = 99,
    TSMP_PING = 'p',
    TSMP_PONG = 'o',
    TSMP_DATA_LEN = 8,
    TSMP_PING_LEN = 1 + TSMP_DATA_LEN,
    TSMP_PONG_LEN = TSMP_PING_LEN + 2, /* and the port of a peer API, which Coder has not */
};

/* lwIP is one for the process. */
static struct {
    bool started;
    struct rng *rng;
    struct stack *all;
    mono_ns now;
    mono_ns next_tick; /* of TCP's timers; MONO_NEVER = none runs */
} global = {.next_tick = MONO_NEVER};

/* lwIP's port interface names it. NOLINTNEXTLINE(readability-identifier-naming) */
u32_t sys_now(void)
{
    return (u32_t)(global.now / NS_PER_MS);
}

void stack_set_now(mono_ns now)
{
    global.now = now;
}

mono_ns stack_now(void)
{
    return global.now;
}

uint32_t stack_random(void)
{
    return (uint32_t)rng_u64(global.rng);
}

static void address_in(const uint8_t in[16], ip6_addr_t *out)
{
    memcpy(out->addr, in, 16);
    ip6_addr_clear_zone(out);
}

static bool is_address(const struct stack *stack, const uint8_t address[16])
{
    for (size_t i = 0; i < stack->address_count; i++) {
        if (memcmp(stack->addresses[i], address, 16) == 0) {
            return true;
        }
    }
    return false;
}

struct netif *stack_route_hook(const struct ip6_addr *source, const struct ip6_addr *to)
{
    (void)to;
    for (struct stack *stack = global.all; stack != NULL; stack = stack->next) {
        if (is_address(stack, (const uint8_t *)source->addr)) {
            return &stack->netif;
        }
    }
    return NULL; /* lwIP looks on its own */
}

/* --- out ---------------------------------------------------------------------------------------
 */

static err_t on_output(struct netif *netif, struct pbuf *packet, const ip6_addr_t *to)
{
    struct stack *stack = netif->state;
    uint8_t flat[STACK_MTU];
    (void)to;
    if (packet->tot_len > sizeof flat) {
        return ERR_VAL;
    }
    u16_t len = pbuf_copy_partial(packet, flat, packet->tot_len, 0);
    if (flat[IPV6_NEXT_HEADER] == IP6_NEXTH_TCP) {
        stack_tcp_sent(stack, flat, len);
    }
    stack->handlers.send(stack->owner, bytes_of(flat, len));
    return ERR_OK;
}

static err_t on_netif(struct netif *netif)
{
    netif->mtu = STACK_MTU; /* here, or IPv6 would see an MTU of 0 */
    netif->output_ip6 = on_output;
    netif->name[0] = 't';
    netif->name[1] = 'n';
    return ERR_OK;
}

/* --- echo --------------------------------------------------------------------------------------
 */

/* 1: it was ours and is freed. */
static u8_t on_icmp(void *arg, struct raw_pcb *pcb, struct pbuf *packet, const ip_addr_t *from)
{
    struct stack *stack = arg;
    uint8_t header[ECHO_HEADER_LEN];
    (void)pcb;
    if (ip_current_input_netif() != &stack->netif ||
        pbuf_copy_partial(packet, header, sizeof header, IPV6_HEADER_LEN) != sizeof header ||
        header[0] != ICMP6_TYPE_EREP) {
        return 0;
    }
    if (stack->handlers.echo != NULL) {
        uint8_t source[16];
        memcpy(source, ip_2_ip6(from)->addr, sizeof source);
        stack->handlers.echo(stack->owner, global.now, source,
                             (uint16_t)(header[4] << 8 | header[5]),
                             (uint16_t)(header[6] << 8 | header[7]),
                             packet->tot_len - IPV6_HEADER_LEN - ECHO_HEADER_LEN);
    }
    pbuf_free(packet);
    return 1;
}

enum net_err stack_echo(struct stack *stack, mono_ns now, const uint8_t to[16], uint16_t id,
                        uint16_t seq, size_t payload)
{
    ip_addr_t whom = {0};
    ip_addr_t source = {0};
    global.now = now;
    if (payload > STACK_ECHO_MAX || stack->address_count == 0) {
        return NET_ERR_TOO_BIG;
    }
    struct pbuf *packet = pbuf_alloc(PBUF_IP, (u16_t)(ECHO_HEADER_LEN + payload), PBUF_RAM);
    if (packet == NULL) {
        return NET_ERR_FULL;
    }
    uint8_t *at = packet->payload;
    memset(at, 0, packet->len);
    at[0] = ICMP6_TYPE_EREQ;
    at[4] = (uint8_t)(id >> 8);
    at[5] = (uint8_t)id;
    at[6] = (uint8_t)(seq >> 8);
    at[7] = (uint8_t)seq;
    address_in(to, ip_2_ip6(&whom));
    address_in(stack->addresses[0], ip_2_ip6(&source));
    err_t err = raw_sendto_if_src(stack->icmp, packet, &whom, &stack->netif, &source);
    pbuf_free(packet);
    return err == ERR_OK ? NET_OK : NET_ERR_FULL;
}

/* A ping of Tailscale's own protocol gets its bytes back. */
static void answer_tsmp(struct stack *stack, struct bytes packet)
{
    uint8_t answer[IPV6_HEADER_LEN + TSMP_PONG_LEN] = {0x60};
    const uint8_t *body = packet.ptr + IPV6_HEADER_LEN;
    if (packet.len < IPV6_HEADER_LEN + TSMP_PING_LEN || body[0] != TSMP_PING) {
        return;
    }
    answer[5] = TSMP_PONG_LEN;
    answer[IPV6_NEXT_HEADER] = TSMP_PROTOCOL;
    answer[7] = 64; /* hops */
    memcpy(answer + IPV6_SOURCE, packet.ptr + IPV6_DESTINATION, 16);
    memcpy(answer + IPV6_DESTINATION, packet.ptr + IPV6_SOURCE, 16);
    answer[IPV6_HEADER_LEN] = TSMP_PONG;
    memcpy(answer + IPV6_HEADER_LEN + 1, body + 1, TSMP_DATA_LEN);
    stack->handlers.send(stack->owner, bytes_of(answer, sizeof answer));
}

struct pbuf *stack_copy(struct bytes packet)
{
    struct pbuf *copy = pbuf_alloc(PBUF_RAW, (u16_t)(packet.len + STACK_SPARE), PBUF_RAM);
    if (copy != NULL) {
        memset((uint8_t *)copy->payload + packet.len, 0, STACK_SPARE);
        pbuf_realloc(copy, (u16_t)packet.len); /* the spare stays behind it */
        (void)pbuf_take(copy, packet.ptr, (u16_t)packet.len);
    }
    return copy;
}

void stack_feed(struct stack *stack, struct pbuf *in)
{
    stack_tcp_note(stack, in->payload, in->len);
    if (stack->netif.input(in, &stack->netif) != ERR_OK) {
        pbuf_free(in);
    }
    stack_tcp_look(stack);
}

/* --- in ----------------------------------------------------------------------------------------
 */

enum net_err stack_input(struct stack *stack, mono_ns now, struct bytes packet)
{
    global.now = now;
    if (packet.len < IPV6_HEADER_LEN || packet.len > STACK_MTU || packet.ptr[0] >> 4 != 6 ||
        packet.len != IPV6_HEADER_LEN + ((size_t)packet.ptr[4] << 8 | packet.ptr[5]) ||
        !is_address(stack, packet.ptr + IPV6_DESTINATION)) {
        return NET_ERR_MALFORMED;
    }
    if (packet.ptr[IPV6_NEXT_HEADER] == TSMP_PROTOCOL) {
        answer_tsmp(stack, packet);
        return NET_OK;
    }
    /* There are no extension headers in the tunnel, and lwIP need not see any. */
    if (packet.ptr[IPV6_NEXT_HEADER] != IP6_NEXTH_ICMP6 &&
        packet.ptr[IPV6_NEXT_HEADER] != IP6_NEXTH_TCP) {
        return NET_ERR_UNSUPPORTED;
    }
    if (stack_gather_add(stack, packet)) {
        return NET_OK;
    }
    stack_gather_flush(stack); /* in the order of arrival */
    struct pbuf *in = stack_copy(packet);
    if (in == NULL) {
        return NET_ERR_FULL;
    }
    stack_feed(stack, in);
    return NET_OK;
}

void stack_flush(struct stack *stack, mono_ns now)
{
    global.now = now;
    stack_gather_flush(stack);
}

/* --- time --------------------------------------------------------------------------------------
 */

mono_ns stack_deadline(void)
{
    bool needed = tcp_active_pcbs != NULL || tcp_tw_pcbs != NULL;
    if (!needed) {
        if (global.next_tick != MONO_NEVER) {
            slab_trim(); /* the last connection is gone */
        }
        global.next_tick = MONO_NEVER;
    } else if (global.next_tick == MONO_NEVER) {
        global.next_tick = mono_after(global.now, TCP_TMR_INTERVAL * NS_PER_MS);
    }
    return global.next_tick;
}

void stack_tick(mono_ns now)
{
    global.now = now;
    if (now >= stack_deadline()) {
        global.next_tick = mono_after(now, TCP_TMR_INTERVAL * NS_PER_MS);
        tcp_tmr();
        for (struct stack *stack = global.all; stack != NULL; stack = stack->next) {
            stack_tcp_look(stack);
        }
    }
}

/* --- life --------------------------------------------------------------------------------------
 */

struct stack *stack_new(const uint8_t *addresses, size_t count, struct rng *rng,
                        const struct stack_handlers *handlers, void *owner)
{
    struct stack *stack = mem_new(sizeof *stack);
    global.rng = rng;
    if (!global.started) {
        lwip_init();
        global.started = true;
    }
    stack->handlers = *handlers;
    stack->owner = owner;
    stack->address_count = count < STACK_ADDRESSES_MAX ? count : (size_t)STACK_ADDRESSES_MAX;
    (void)netif_add_noaddr(&stack->netif, stack, on_netif, ip6_input);
    for (size_t i = 0; i < stack->address_count; i++) {
        ip6_addr_t address;
        memcpy(stack->addresses[i], addresses + 16 * i, 16);
        address_in(stack->addresses[i], &address);
        netif_ip6_addr_set(&stack->netif, (s8_t)i, &address);
        netif_ip6_addr_set_state(&stack->netif, (s8_t)i, IP6_ADDR_PREFERRED);
    }
    netif_set_link_up(&stack->netif);
    netif_set_up(&stack->netif);
    stack->icmp = raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6);
    if (stack->icmp != NULL) {
        stack->icmp->chksum_reqd = 1;
        stack->icmp->chksum_offset = 2;
        raw_recv(stack->icmp, on_icmp, stack);
    }
    stack->next = global.all;
    global.all = stack;
    return stack;
}

void stack_free(struct stack *stack)
{
    struct stack **link = &global.all;
    if (stack == NULL) {
        return;
    }
    while (*link != stack) {
        link = &(*link)->next;
    }
    *link = stack->next;
    stack_reset(stack, global.now);
    stack_tcp_forget(stack);
    stack_gather_free(stack);
    if (stack->icmp != NULL) {
        raw_remove(stack->icmp);
    }
    netif_remove(&stack->netif);
    free(stack);
}

const char *stack_lwip_version(void)
{
    return LWIP_VERSION_STRING;
}
