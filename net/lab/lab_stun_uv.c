#include "net/lab/lab_stun_uv.h"

#include <stdlib.h>

#include "net/base/mem.h"
#include "net/transport/udp_uv.h"
#include "net/wire/stun.h"

struct lab_stun {
    struct udp_socket *udp;
    uint64_t answers;
};

static void on_datagram(void *owner, mono_ns now, const struct net_address *from,
                        struct span datagram)
{
    struct lab_stun *stun = owner;
    struct stun_tx tx;
    uint8_t memory[STUN_RESPONSE_MAX];
    struct writer answer = writer_of(memory, sizeof memory);
    (void)now;
    if (stun_request_decode(span_bytes(datagram), &tx) != NET_OK) {
        return;
    }
    stun_response_encode(&answer, &tx, from);
    if (udp_socket_send(stun->udp, from, writer_done(&answer)) == NET_OK) {
        stun->answers++;
    }
}

enum net_err lab_stun_new(uv_loop_t *loop, const char *ip, struct lab_stun **out,
                          struct failure *why)
{
    struct lab_stun *stun = mem_new(sizeof *stun);
    const struct udp_config config = {.receive = on_datagram, .owner = stun};
    enum net_err err = udp_socket_new(loop, ip, 0, &config, &stun->udp, why);
    if (err != NET_OK) {
        free(stun);
        return err;
    }
    *out = stun;
    return NET_OK;
}

uint16_t lab_stun_port(const struct lab_stun *stun)
{
    struct net_address address;
    udp_socket_address(stun->udp, &address);
    return address.port;
}

uint64_t lab_stun_answers(const struct lab_stun *stun)
{
    return stun->answers;
}

void lab_stun_close(struct lab_stun *stun)
{
    if (stun != NULL) {
        udp_socket_close(stun->udp);
        free(stun);
    }
}
