/* Shared by zl_monitor.c and zl_event_ring.c only: the newest events of a monitor. One thread uses a ring. */
#ifndef ZL_EVENT_RING_H
#define ZL_EVENT_RING_H

#include "zl_optional.h"

typedef struct zl_event
{
    int count;
    zmq_msg_t parts[1]; /* count of them */
} zl_event;

typedef struct zl_event_ring
{
    zl_event **events;
    int capacity, first, count;
} zl_event_ring;

int zl_event_ring_init (zl_event_ring *ring, int capacity);
void zl_event_ring_clear (zl_event_ring *ring);
/* Takes the event. Returns how many had to go for it: 0 or 1. */
int zl_event_ring_push (zl_event_ring *ring, zl_event *event);
/* Hands on to out what it takes now. Returns how many, or -1 with errno; adds to dropped what broke off. */
int zl_event_ring_forward (zl_event_ring *ring, void *out, int *dropped);

/* One event of libzmq's. NULL: errno, EAGAIN when there is none, ENOMEM when one was dropped. */
zl_event *zl_event_ring_read (void *drain);
void zl_event_ring_free_event (zl_event *event);
/* Is it MONITOR_STOPPED? version: of the event's format, 1 or 2. */
int zl_event_ring_is_stop (zl_event *event, int version);

#endif
