#include "net/monitor/outage.h"

void outage_sent(struct outage *outage, mono_ns now)
{
    outage->since = outage->since == 0 ? now : outage->since;
    outage->unanswered++;
}

void outage_answered(struct outage *outage)
{
    if (outage->lost) {
        outage->back = true;
    } else {
        *outage = (struct outage){0};
    }
}

void outage_paused(struct outage *outage)
{
    if (!outage->lost) {
        *outage = (struct outage){0};
    }
}

enum outage_news outage_look(struct outage *outage, mono_ns now, uint64_t *lasted)
{
    *lasted = 0;
    if (outage->back) {
        *lasted = mono_since(now, outage->since);
        *outage = (struct outage){0};
        return OUTAGE_OVER;
    }
    if (!outage->lost && outage->unanswered >= OUTAGE_PROBES &&
        mono_since(now, outage->since) >= OUTAGE_S * NS_PER_SEC) {
        outage->lost = true;
        return OUTAGE_BEGAN;
    }
    return OUTAGE_NOTHING;
}

mono_ns outage_deadline(const struct outage *outage)
{
    bool near = !outage->lost && outage->unanswered >= OUTAGE_PROBES;
    return near ? mono_after(outage->since, OUTAGE_S * NS_PER_SEC) : MONO_NEVER;
}
