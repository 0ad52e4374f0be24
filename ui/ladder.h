/*
 * When the steps of a connection take the graph's place: by themselves as long as all is lost, once
 * it stood; unless the user has put them away. Pure: snapshots in, with the time in them.
 */
#ifndef UI_LADDER_H
#define UI_LADDER_H

#include "net/monitor/snapshot.h"

/* An answer or two in between make no other outage, so that it does not nag. */
enum { LADDER_AGAIN_S = 30 };

/* All zeroes: closed. */
struct ladder {
    bool open;
    struct uuid away;   /* the agent whose outage was put away; zero = none */
    mono_ns away_until; /* when that outage was last seen */
};

void ladder_see(struct ladder *ladder, const struct snapshot *s);

/* The user wants the graph. */
void ladder_put_away(struct ladder *ladder, const struct snapshot *s);

#endif
