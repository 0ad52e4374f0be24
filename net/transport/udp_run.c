#include "net/transport/udp_run.h"

#include <assert.h>
#include <string.h>

bool udp_run_takes(const struct udp_run *run, const struct net_address *to, size_t max)
{
    size_t limit = to->family == ADDRESS_V6 ? UDP_RUN_BYTES_V6_MAX : UDP_RUN_BYTES_V4_MAX;
    if (run->len == 0) {
        return max <= limit;
    }
    return !run->ended && address_equal(&run->to, to) && max <= limit - run->len &&
           udp_run_count(run) < UDP_RUN_SEGMENTS_MAX;
}

bool udp_run_fits(const struct udp_run *run, size_t len)
{
    return run->len == 0 || len <= run->segment;
}

uint8_t *udp_run_place(const struct udp_run *run)
{
    return run->memory + run->len;
}

void udp_run_add(struct udp_run *run, const struct net_address *to, size_t len)
{
    assert(len > 0 && udp_run_takes(run, to, len) && udp_run_fits(run, len));
    if (run->len == 0) {
        run->to = *to;
        run->segment = len;
    }
    run->len += len;
    run->ended = len < run->segment;
}

size_t udp_run_count(const struct udp_run *run)
{
    return run->len == 0 ? 0 : (run->len + run->segment - 1) / run->segment;
}

struct bytes udp_run_at(const struct udp_run *run, size_t index)
{
    size_t start = index * run->segment;
    assert(start < run->len);
    size_t left = run->len - start;
    return bytes_of(run->memory + start, left < run->segment ? left : run->segment);
}

void udp_run_drop(struct udp_run *run, size_t count)
{
    size_t gone = count * run->segment;
    if (gone >= run->len) {
        run->len = 0;
        run->segment = 0;
        run->ended = false;
        return;
    }
    memmove(run->memory, run->memory + gone, run->len - gone);
    run->len -= gone;
}
