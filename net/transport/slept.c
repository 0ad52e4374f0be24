#include "net/transport/slept.h"

void slept_start(struct slept *slept, mono_ns now, uint64_t awake_ns, uint64_t period_ns)
{
    slept->looked_at = now;
    slept->awake_ns = awake_ns;
    slept->due = mono_after(now, period_ns);
}

enum slept_what slept_look(struct slept *slept, mono_ns now, uint64_t awake_ns, uint64_t period_ns)
{
    uint64_t passed = mono_since(now, slept->looked_at);
    uint64_t awake = mono_since(awake_ns, slept->awake_ns);
    bool asleep = passed > awake && passed - awake >= SLEPT_MIN_S * NS_PER_SEC;
    bool late = mono_since(now, slept->due) >= SLEPT_LATE_S * NS_PER_SEC;
    slept_start(slept, now, awake_ns, period_ns);
    return asleep ? SLEPT_ASLEEP : late ? SLEPT_STOPPED : SLEPT_NOT;
}
