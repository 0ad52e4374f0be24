/*
 * A path machine on simulated time, and the peer at its other end as a script: what the machine
 * sends is opened with the peer's key and kept, what the peer says is sealed for it. Ends the
 * process when the machine breaks its own rules (a packet that does not open, a deadline that lies
 * in the past, more packets at once than any state explains).
 */
#ifndef TESTS_SUPPORT_PATH_RIG_H
#define TESTS_SUPPORT_PATH_RIG_H

#include "net/path/peer_path.h"

enum { RIG_REGION = 999, RIG_PACKETS = 1024, RIG_EVENTS = 256 };

struct rig_packet {
    struct path_route to;
    struct disco_message message;
};

struct path_rig {
    struct rng_seeded seeded;
    struct disco_private *mine, *theirs;
    struct disco_public their_public;
    struct node_public their_node;
    struct box_key box; /* the peer's, to the machine */
    struct peer_path *path;
    mono_ns now;
    size_t count; /* what the last pump brought */
    struct rig_packet packets[RIG_PACKETS];
    size_t event_count;
    struct path_event events[RIG_EVENTS];
};

void path_rig_open(struct path_rig *rig, uint64_t seed, uint64_t timeout_ns);
void path_rig_close(struct path_rig *rig);

/* The peer as it is after a restart: a new disco key, which the machine does not know yet. */
void path_rig_restart_peer(struct path_rig *rig);

/* "192.0.2.1:5" as an address; ends the process if it is none. */
struct net_address rig_address(const char *text);

/* The coordinator tells the peer's node: `endpoints` in one text, apart by blanks. */
void path_rig_tell_node(struct path_rig *rig, const char *endpoints);

/* The peer says this now, by that way. */
enum net_err path_rig_say(struct path_rig *rig, const struct path_route *from,
                          const struct disco_message *message);

/* The same with a payload that need not be a message of any known form. */
enum net_err path_rig_say_payload(struct path_rig *rig, const struct path_route *from,
                                  struct bytes payload);

/* A pong to a packet of the machine's, by the way that it went. */
enum net_err path_rig_pong(struct path_rig *rig, const struct rig_packet *ping);
enum net_err path_rig_ping_from(struct path_rig *rig, const char *address, uint8_t tx);
/* By DERP; `endpoints` as above. */
enum net_err path_rig_call(struct path_rig *rig, const char *endpoints);

/* Takes all packets that are due now, then all events. */
void path_rig_pump(struct path_rig *rig);
/* Time passes, then a pump. What was due on the way is pumped with it. */
void path_rig_wait_ms(struct path_rig *rig, uint64_t ms);
/* The same, and the peer answers every ping that goes to `address` (NULL: by DERP) at once. */
void path_rig_wait_answering_ms(struct path_rig *rig, uint64_t ms, const char *address);

/* What the last pump brought; NULL: nothing of that kind. `address` NULL: by DERP. */
const struct rig_packet *path_rig_find(const struct path_rig *rig, enum disco_type type,
                                       const char *address);
const struct path_event *path_rig_event(const struct path_rig *rig, enum path_event_kind kind);
size_t path_rig_sent_directly(const struct path_rig *rig);

struct path_status path_rig_status(const struct path_rig *rig);
bool path_rig_is_direct(const struct path_rig *rig, const char *address);
bool path_rig_has_candidate(const struct path_rig *rig, const char *address);

#endif
