#include "net/probe/refusals.h"

#include <stddef.h>

static const struct {
    size_t offset;
    const char *text;
} kinds[REFUSALS_KINDS] = {
    {offsetof(struct wg_refusals, malformed), "a datagram that is no WireGuard message; dropped"},
    {offsetof(struct wg_refusals, forged),
     "a message that does not open: forged or damaged; dropped"},
    {offsetof(struct wg_refusals, replayed),
     "a message that came before, or far too late; dropped"},
    {offsetof(struct wg_refusals, expired), "a packet of a session that is over; dropped"},
    {offsetof(struct wg_refusals, foreign),
     "a packet from an address that is not its peer's; dropped"},
    {offsetof(struct wg_refusals, flooded),
     "a flood of handshakes: a cookie is demanded of the sender"},
};

static uint64_t count_of(const struct wg_refusals *counts, size_t kind)
{
    return *(const uint64_t *)(const void *)((const char *)counts + kinds[kind].offset);
}

void refusals_note(struct refusals *refusals, struct log *log, mono_ns now,
                   const struct wg_refusals *counts)
{
    for (size_t i = 0; i < REFUSALS_KINDS; i++) {
        if (count_of(counts, i) > count_of(&refusals->seen, i)) {
            log_limited(log, &refusals->limits[i], now, LOG_DEBUG, LOG_WG, kinds[i].text);
        }
    }
    refusals->seen = *counts;
}
