/*
 * Where the system tells of changes of its links, addresses and routes, and that it slept, if it
 * does.
 */
#ifndef NET_TRANSPORT_LINK_EVENTS_H
#define NET_TRANSPORT_LINK_EVENTS_H

/* A descriptor that becomes readable when something changed; -1: this system has none (or will not
 * give it): look now and then. Close with close(). */
int link_events_open(void);

/* Reads away what it has to say. */
void link_events_drain(int fd);

/* A descriptor that becomes readable as soon as the computer wakes up (and whenever its wall clock
 * is set: look whether it slept); -1: there is none. Close with close(). */
int wake_events_open(void);

/* Reads away the event; the descriptor waits for the next one. */
void wake_events_drain(int fd);

#endif
