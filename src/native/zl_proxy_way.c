/* One direction of a proxy: reads a whole message, hands on a whole message, and keeps the one that finds no
 * room until there is some. */
#include "zl_proxy_way.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* As libzmq's proxy_burst_size: messages one way before the other way has its turn. */
#define ZL_PROXY_BURST 1000

int zl_proxy_way_recv (zl_socket *socket, zmq_msg_t *part)
{
    int rc;
    socket->events_known = 0;
    do
        rc = zmq_msg_recv (part, socket->handle, ZMQ_DONTWAIT);
    while (ZL_UNLIKELY (rc < 0 && errno == EINTR));
    return rc;
}

int zl_proxy_way_send (zl_socket *socket, zmq_msg_t *part, int more)
{
    int rc;
    socket->events_known = 0;
    do
        rc = zl_msg_send (part, socket->handle, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
    while (ZL_UNLIKELY (rc < 0 && errno == EINTR));
    return rc;
}

int zl_proxy_way_send_copy (zl_socket *socket, zmq_msg_t *part, int more)
{
    zmq_msg_t copy;
    int rc, error;
    zmq_msg_init (&copy);
    rc = zmq_msg_copy (&copy, part);
    if (rc == 0)
        rc = zl_proxy_way_send (socket, &copy, more);
    if (ZL_LIKELY (rc >= 0))
        return rc; /* a sent message is an empty one: nothing to close */
    error = errno;
    zmq_msg_close (&copy);
    errno = error;
    return rc;
}

static int zl_proxy_way_grow (zl_proxy_way *way)
{
    int room = way->room ? 2 * way->room : 4;
    zmq_msg_t *parts = malloc ((size_t) room * sizeof *parts);
    int at;
    if (!parts) {
        errno = ENOMEM;
        return -1;
    }
    for (at = 0; at < room; at++) {
        zmq_msg_init (&parts[at]);
        if (at < way->room)
            zmq_msg_move (&parts[at], &way->parts[at]);
    }
    free (way->parts);
    way->parts = parts;
    way->room = room;
    return 0;
}

static void zl_proxy_way_empty (zl_proxy_way *way)
{
    while (way->count > 0) {
        zmq_msg_t *part = &way->parts[--way->count];
        zmq_msg_close (part);
        zmq_msg_init (part);
    }
    way->complete = way->captured = 0;
    way->size = 0;
}

int zl_proxy_way_clear (zl_proxy_way *way)
{
    int lost = way->lost + (way->count > 0);
    zl_proxy_way_empty (way);
    free (way->parts);
    way->parts = NULL;
    way->room = 0;
    if (way->has_prefix)
        zmq_msg_close (&way->prefix);
    way->has_prefix = 0;
    return lost;
}

static void zl_proxy_way_swap (zmq_msg_t *parts)
{
    zmq_msg_t first;
    zmq_msg_init (&first);
    zmq_msg_move (&first, &parts[0]);
    zmq_msg_move (&parts[0], &parts[1]);
    zmq_msg_move (&parts[1], &first);
}

/* Takes one whole message in hand. 1: done, 0: there is none, -1: errno. */
static int zl_proxy_way_read (zl_proxy_way *way)
{
    while (!way->complete) {
        zmq_msg_t *part;
        int size;
        if (ZL_UNLIKELY (way->count == way->room) && zl_proxy_way_grow (way) != 0)
            return -1;
        part = &way->parts[way->count];
        size = zl_proxy_way_recv (way->from, part);
        if (size < 0)
            return errno == EAGAIN ? 0 : -1;
        /* What zmq_msg_recv returns ends at INT_MAX. */
        way->size += ZL_LIKELY (size < INT_MAX) ? (size_t) size : zmq_msg_size (part);
        way->count += 1;
        way->complete = !zmq_msg_more (part);
    }
    way->received[0] += 1;
    way->received[1] += way->size;
    if (way->swap && way->count >= 2)
        zl_proxy_way_swap (way->parts);
    return 1;
}

/* A copy of the message in hand for the capture socket. 1: done, 0: there is no room, -1: errno. */
static int zl_proxy_way_capture (zl_proxy_way *way)
{
    int at, rc;
    zmq_msg_t *first = way->has_prefix ? &way->prefix : &way->parts[0];
    if (zl_proxy_way_send_copy (way->capture, first, way->has_prefix || way->count > 1) < 0)
        return errno == EAGAIN ? 0 : -1;
    for (at = !way->has_prefix; at < way->count; at++) {
        rc = zl_proxy_way_send_copy (way->capture, &way->parts[at], at + 1 < way->count);
        if (rc < 0 && errno != EAGAIN)
            return -1;
        if (rc < 0)
            break; /* a PAIR whose peer vanished in the middle of the copy */
    }
    way->captured = 1;
    return 1;
}

int zl_proxy_way_hand_on (zl_proxy_way *way)
{
    int at, rc;
    if (way->capture && !way->captured) {
        rc = zl_proxy_way_capture (way);
        if (rc <= 0) {
            way->waits_for = way->capture;
            return rc;
        }
    }
    for (at = 0; at < way->count; at++) {
        if (ZL_LIKELY (zl_proxy_way_send (way->to, &way->parts[at], at + 1 < way->count) >= 0))
            continue;
        if (errno != EAGAIN)
            return -1;
        if (at == 0) {
            way->waits_for = way->to;
            return 0;
        }
        way->lost += 1; /* a PAIR whose peer vanished has dropped the parts before this one */
        zl_proxy_way_empty (way);
        return 1;
    }
    way->sent[0] += 1;
    way->sent[1] += way->size;
    way->count = way->complete = way->captured = 0; /* a sent part is an empty message again */
    way->size = 0;
    return 1;
}

/* Has the socket room? What zl_poll has just been told is still true; else libzmq is asked, and zl_poll is told: the
 * answer may have used up the edge of the descriptor. */
static int zl_proxy_way_asks (zl_proxy_way *way, zl_socket *socket)
{
    if (socket->events_known != ZL_ALL_EVENTS) {
        socket->events = zl_socket_events (socket);
        if (socket->events < 0)
            return -1;
        socket->events_known = socket->lent ? 0 : ZL_ALL_EVENTS;
    }
    if (socket->events & ZMQ_POLLOUT)
        return 1;
    way->waits_for = socket;
    return 0;
}

/* Is there room for one message more? Asked once for each burst: it may cost a poll(2). */
static int zl_proxy_way_has_room (zl_proxy_way *way)
{
    /* As libzmq: a socket that is both ends is not asked. */
    int rc = way->to == way->from ? 1 : zl_proxy_way_asks (way, way->to);
    return rc > 0 && way->capture ? zl_proxy_way_asks (way, way->capture) : rc;
}

int zl_proxy_way_serve (zl_proxy_way *way)
{
    int left, rc, waited = way->waits_for != NULL;
    way->waits_for = NULL;
    way->refused = 0;
    if (way->count == 0) {
        rc = zl_proxy_way_has_room (way);
        if (rc <= 0)
            return rc;
    }
    for (left = ZL_PROXY_BURST; left > 0; left--) {
        if (!way->complete) {
            rc = zl_proxy_way_read (way);
            if (rc <= 0)
                return rc;
        }
        rc = zl_proxy_way_hand_on (way);
        if (rc <= 0) {
            way->refused = rc == 0 && waited && left == ZL_PROXY_BURST;
            return rc;
        }
    }
    return 0;
}
