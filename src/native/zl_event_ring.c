/* The newest events of a monitor: see zl_event_ring.h. */
#include "zl_event_ring.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* libzmq's events have 2 frames in version 1, and at most 6 in version 2. */
#define ZL_EVENT_RING_MOST_PARTS 16

int zl_event_ring_init (zl_event_ring *ring, int capacity)
{
    ring->events = calloc ((size_t) capacity, sizeof *ring->events);
    ring->capacity = capacity;
    ring->first = ring->count = 0;
    if (!ring->events)
        errno = ENOMEM;
    return ring->events ? 0 : -1;
}

void zl_event_ring_free_event (zl_event *event)
{
    while (event->count > 0)
        zmq_msg_close (&event->parts[--event->count]);
    free (event);
}

static void zl_event_ring_pop (zl_event_ring *ring)
{
    zl_event_ring_free_event (ring->events[ring->first]);
    ring->first = (ring->first + 1) % ring->capacity;
    ring->count -= 1;
}

void zl_event_ring_clear (zl_event_ring *ring)
{
    while (ring->count > 0)
        zl_event_ring_pop (ring);
    free (ring->events);
    ring->events = NULL;
}

int zl_event_ring_push (zl_event_ring *ring, zl_event *event)
{
    int full = ring->count == ring->capacity;
    if (full)
        zl_event_ring_pop (ring);
    ring->events[(ring->first + ring->count) % ring->capacity] = event;
    ring->count += 1;
    return full;
}

int zl_event_ring_forward (zl_event_ring *ring, void *out, int *dropped)
{
    int at, sent = 0;
    while (ring->count > 0) {
        zl_event *event = ring->events[ring->first];
        for (at = 0; at < event->count; at++) {
            int flags = ZMQ_DONTWAIT | (at + 1 < event->count ? ZMQ_SNDMORE : 0);
            if (zmq_msg_send (&event->parts[at], out, flags) >= 0)
                continue;
            if (errno != EAGAIN && errno != EINTR)
                return -1;
            if (at == 0)
                return sent;
            *dropped += 1; /* the reader went away in the middle of it */
            break;
        }
        zl_event_ring_pop (ring);
        sent += 1;
    }
    return sent;
}

zl_event *zl_event_ring_read (void *drain)
{
    zmq_msg_t parts[ZL_EVENT_RING_MOST_PARTS], part;
    zl_event *event = NULL;
    int at, more = 1, count = 0, error = 0;
    while (more) {
        zmq_msg_init (&part);
        if (zmq_msg_recv (&part, drain, ZMQ_DONTWAIT) < 0) {
            if (errno == EINTR)
                continue;
            error = errno;
            break;
        }
        more = zmq_msg_more (&part);
        if (count == ZL_EVENT_RING_MOST_PARTS) {
            error = ENOMEM; /* the rest of it is still to be read */
            zmq_msg_close (&part);
            continue;
        }
        zmq_msg_init (&parts[count]);
        zmq_msg_move (&parts[count++], &part);
    }
    if (!error && !(event = malloc (sizeof *event + (size_t) (count - 1) * sizeof event->parts[0])))
        error = ENOMEM;
    for (at = 0; at < count; at++) {
        if (event) {
            zmq_msg_init (&event->parts[at]);
            zmq_msg_move (&event->parts[at], &parts[at]);
        }
        zmq_msg_close (&parts[at]);
    }
    if (event)
        event->count = count;
    errno = error;
    return event;
}

int zl_event_ring_is_stop (zl_event *event, int version)
{
    const void *data = zmq_msg_data (&event->parts[0]);
    size_t size = zmq_msg_size (&event->parts[0]);
    uint16_t first = 0;
    uint64_t second = 0;
    if (version == 1 && size >= sizeof first)
        memcpy (&first, data, sizeof first);
    if (version == 2 && size >= sizeof second)
        memcpy (&second, data, sizeof second);
    return (version == 1 ? first : second) == ZMQ_EVENT_MONITOR_STOPPED;
}
