/*
 * Where the system tells of changes of its links, addresses and routes, if it does.
 */
#ifndef NET_TRANSPORT_LINK_EVENTS_H
#define NET_TRANSPORT_LINK_EVENTS_H

/* A descriptor that becomes readable when something changed; -1: this system has none (or will not
 * give it): look now and then. Close with close(). */
int link_events_open(void);

/* Reads away what it has to say. */
void link_events_drain(int fd);

#endif
