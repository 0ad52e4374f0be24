#include "net/probe/speedtest_source.h"

#include "net/base/mem.h"
#include "net/probe/speedtest_line.h"

const uint8_t *speedtest_block(struct rng *rng)
{
    static uint8_t *block;
    if (block == NULL) {
        block = mem_new(SPEEDTEST_BLOCK);
        rng_fill(rng, block, SPEEDTEST_BLOCK);
    }
    return block;
}

void speedtest_source_init(struct speedtest_source *source, const uint8_t *block, mono_ns until)
{
    *source = (struct speedtest_source){.block = block, .until = until};
}

bool speedtest_source_is_over(const struct speedtest_source *source, mono_ns now)
{
    return now > source->until && source->written > 0 && source->written % SPEEDTEST_BLOCK == 0;
}

struct bytes speedtest_source_next(const struct speedtest_source *source, mono_ns now)
{
    size_t at = (size_t)(source->written % SPEEDTEST_BLOCK);
    size_t len = SPEEDTEST_BLOCK - at;
    uint64_t ahead = source->written - source->acked;
    size_t room = ahead < SPEEDTEST_AHEAD ? SPEEDTEST_AHEAD - (size_t)ahead : 0;
    if (speedtest_source_is_over(source, now)) {
        return (struct bytes){0};
    }
    return bytes_of(source->block + at, len < room ? len : room);
}

void speedtest_source_written(struct speedtest_source *source, size_t count)
{
    source->written += count;
}

size_t speedtest_source_acked(struct speedtest_source *source, size_t count)
{
    uint64_t open = source->written - source->acked;
    size_t taken = count < open ? count : (size_t)open;
    source->acked += taken;
    return taken;
}
