#include "ui/ladder.h"

static const struct uuid *agent_of(const struct snapshot *s)
{
    static const struct uuid none;
    return s->selected < 0 ? &none : &s->workspaces[s->selected].agent;
}

static bool is_lost(const struct snapshot *s)
{
    return s->silent_since != 0 && s->run.answered > 0;
}

/* Whether this is the outage that was put away. */
static bool is_away(const struct ladder *ladder, const struct snapshot *s)
{
    return ladder->away_until != 0 && uuid_equal(&ladder->away, agent_of(s)) &&
           s->now >= ladder->away_until && /* a replay begins anew */
           mono_since(s->silent_since, ladder->away_until) < LADDER_AGAIN_S * NS_PER_SEC;
}

void ladder_see(struct ladder *ladder, const struct snapshot *s)
{
    bool away = is_lost(s) && is_away(ladder, s);
    ladder->away_until = away ? s->now : ladder->away_until;
    ladder->open = is_lost(s) && !away;
}

void ladder_put_away(struct ladder *ladder, const struct snapshot *s)
{
    ladder->away = *agent_of(s);
    ladder->away_until = s->now;
    ladder->open = false;
}
