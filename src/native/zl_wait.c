/* Waiting for one socket, and for many: the libzmq side of every blocking call.
 *
 * ZMQ_FD is edge-triggered: it says that commands came, not that a message is there. So the order is
 * always: let libzmq process its commands (ZMQ_EVENTS, or a try that gave EAGAIN), then wait. */
#include "zl_context.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if !defined _WIN32
#include <poll.h>
#define ZL_HAVE_PARK 1
#endif

zl_atomic_int zl_parked;

#if defined __linux__ && !defined ZL_SYSTEM
/* In libzmq's mailbox.cpp, by vendor/libzmq/mends.py; not there when this libzmq reads otherwise. */
extern const int zl_mailbox_tells __attribute__ ((weak));
#define ZL_MAILBOX_TELLS (&zl_mailbox_tells != NULL)
#else
#define ZL_MAILBOX_TELLS 0
#endif

int zl_socket_events (zl_socket *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt (socket->handle, ZMQ_EVENTS, &events, &size) == 0 ? events : -1;
}

int zl_socket_look (zl_socket *socket, int known, int wanted)
{
    if ((known & wanted) == wanted && !zl_socket_moved (socket)) {
        socket->events_known = known;
        return socket->events & wanted;
    }
    socket->events = zl_socket_events (socket);
    if (socket->events < 0)
        return -1;
    socket->events_known = socket->lent ? 0 : ZL_ALL_EVENTS;
    return socket->events & wanted;
}

static long zl_wait_left (int64_t until, long timeout_ms)
{
    int64_t left;
    if (timeout_ms < 0)
        return -1;
    left = until - zl_thread_now ();
    return left > 0 ? (long) left : 0;
}

/* What zmq_poll does for sockets without a usable descriptor (thread-safe ones, and on Windows). */
static int zl_wait_item (zl_socket *socket, int events, long timeout_ms)
{
    zmq_pollitem_t item;
    memset (&item, 0, sizeof item);
    item.socket = socket->handle;
    item.events = (short) events;
    if (zmq_poll (&item, 1, timeout_ms) < 0)
        return -1;
    return item.revents;
}

#if defined ZL_HAVE_PARK
int zl_socket_moved (const zl_socket *socket)
{
    struct pollfd fd;
    if (ZL_MAILBOX_TELLS)
        return 1; /* libzmq itself asks without a system call */
    fd.fd = socket->fd;
    fd.events = POLLIN;
    fd.revents = 0;
    return poll (&fd, 1, 0) != 0;
}

static void zl_wait_park (zl_socket *socket)
{
    if (socket->inproc)
        zl_add (&zl_parked, 1);
    zl_store (&socket->state, ZL_PARKED);
}

static void zl_wait_unpark (zl_socket *socket)
{
    if (socket->inproc)
        zl_add (&zl_parked, -1);
    while (!zl_cas (&socket->state, ZL_PARKED, ZL_INSIDE))
        zl_thread_yield (); /* borrowed for the few microseconds of a setsockopt */
}

int zl_socket_park (zl_socket *socket, int events, long timeout_ms)
{
    struct pollfd fd;
    int rc, error;
    if (socket->thread_safe) {
        rc = zl_wait_item (socket, events, timeout_ms);
        return rc > 0 ? 1 : rc;
    }
    fd.fd = socket->fd;
    fd.events = POLLIN;
    fd.revents = 0;
    zl_wait_park (socket);
    rc = zl_busy_poll (&socket->busy, &fd, 1);
    if (rc == 0)
        rc = poll (&fd, 1, timeout_ms > INT32_MAX ? INT32_MAX : (int) timeout_ms);
    error = errno;
    zl_wait_unpark (socket);
    errno = error;
    return rc > 0 ? 1 : rc;
}
#else
int zl_socket_moved (const zl_socket *socket)
{
    (void) socket;
    return 1;
}

int zl_socket_park (zl_socket *socket, int events, long timeout_ms)
{
    int rc = zl_wait_item (socket, events, timeout_ms);
    return rc > 0 ? 1 : rc;
}
#endif

int zl_socket_park_to_send (zl_socket *socket, int tries, long timeout_ms)
{
    /* zmq_send puts off libzmq's commands (for about 1 ms), and the descriptor does not tell of those: so they are
     * processed first, and again when more came. */
    if (tries > 0) {
        /* Without a descriptor it is "until ZMQ_POLLOUT" after all. */
        if (tries > 1 && socket->thread_safe)
            zmq_poll (NULL, 0, 1);
        if (zl_socket_park (socket, ZMQ_POLLOUT, timeout_ms) < 0)
            return -1;
    }
    return zl_socket_events (socket) < 0 ? -1 : 1;
}

int zl_socket_wait (zl_socket *socket, int events, long timeout_ms)
{
    int64_t until = timeout_ms > 0 ? zl_thread_now () + timeout_ms : 0;
    int ready, rc;
#if defined ZL_HAVE_PARK
    if (socket->thread_safe)
        return zl_wait_item (socket, events, timeout_ms);
#else
    return zl_wait_item (socket, events, timeout_ms);
#endif
    for (;;) {
        ready = zl_socket_events (socket);
        if (ready < 0)
            return -1;
        if (ready & events)
            return ready & events;
        timeout_ms = timeout_ms > 0 ? zl_wait_left (until, timeout_ms) : timeout_ms;
        if (timeout_ms == 0)
            return 0;
        rc = zl_socket_park (socket, events, timeout_ms);
        if (rc < 0)
            return -1;
    }
}

/* ---- many ---- */

/* Enters every socket once. A socket listed twice is entered by its first place. */
int zl_poll_enter (zl_pollitem *items, int count)
{
    int at, error;
    for (at = 0; at < count; at++) {
        zl_socket *socket = items[at].socket;
        if (!socket)
            continue;
        if (zl_socket_enter_to_poll (socket) == 0) {
            if (!socket->thread_safe)
                zl_store_ptr (&socket->visitor, items);
            continue;
        }
        if (errno == EBUSY && zl_load_ptr (&socket->visitor) == items)
            continue;
        error = errno;
        while (at-- > 0) {
            socket = items[at].socket;
            if (!socket || (!socket->thread_safe && zl_load_ptr (&socket->visitor) != items))
                continue;
            zl_store_ptr (&socket->visitor, NULL);
            zl_socket_leave_slow (socket);
        }
        errno = error;
        return -1;
    }
    return 0;
}

void zl_poll_leave (zl_pollitem *items, int count)
{
    int at, error = errno;
    for (at = 0; at < count; at++) {
        zl_socket *socket = items[at].socket;
        if (!socket || (!socket->thread_safe && zl_load_ptr (&socket->visitor) != items))
            continue;
        zl_store_ptr (&socket->visitor, NULL);
        zl_socket_leave_slow (socket);
    }
    errno = error;
}

static int zl_poll_simple (zl_pollitem *items, int count, long timeout_ms, int *ready)
{
    int at, rc, found = 0;
    zmq_pollitem_t *list = calloc ((size_t) count + 1, sizeof *list);
    if (!list) {
        errno = ENOMEM;
        return -1;
    }
    for (at = 0; at < count; at++) {
        list[at].socket = items[at].socket ? items[at].socket->handle : NULL;
        list[at].fd = items[at].fd;
        list[at].events = items[at].events;
    }
    rc = zmq_poll (list, count, timeout_ms);
    for (at = 0; rc > 0 && at < count; at++) {
        items[at].revents = list[at].revents;
        if (list[at].revents)
            ready[found++] = at;
    }
    at = errno;
    free (list);
    errno = at;
    return rc < 0 ? -1 : found;
}

#if defined ZL_HAVE_PARK
static void zl_poll_set_state (zl_pollitem *items, int count, int park)
{
    int at;
    for (at = 0; at < count; at++) {
        zl_socket *socket = items[at].socket;
        if (!socket || zl_load_ptr (&socket->visitor) != items)
            continue;
        /* Once for each socket, however often it is listed. */
        if (park == (zl_load (&socket->state) == ZL_INSIDE))
            (park ? zl_wait_park : zl_wait_unpark) (socket);
    }
}

static short zl_poll_to_system (short events)
{
    return (short) ((events & ZMQ_POLLIN ? POLLIN : 0) | (events & ZMQ_POLLOUT ? POLLOUT : 0)
                    | (events & ZMQ_POLLPRI ? POLLPRI : 0));
}

static short zl_poll_from_system (short events, short wanted)
{
    int found = (events & POLLIN ? ZMQ_POLLIN : 0) | (events & POLLOUT ? ZMQ_POLLOUT : 0)
                | (events & POLLPRI ? ZMQ_POLLPRI : 0);
    /* As zmq_poll: whatever else the system reports is an error, asked for or not. */
    return (short) ((found & wanted) | (events & ~(POLLIN | POLLOUT | POLLPRI) ? ZMQ_POLLERR : 0));
}

/* One look at everything, after poll(2). Asking libzmq costs a system call for each socket, so only those are
 * asked that were used since the last time, or whose descriptor has moved. */
static int zl_poll_look (zl_pollitem *items, struct pollfd *fds, int count, int *ready)
{
    int at, found = 0;
    for (at = 0; at < count; at++) {
        zl_pollitem *item = &items[at];
        zl_socket *socket = item->socket;
        if (!socket)
            item->revents = zl_poll_from_system (fds[at].revents, item->events);
        else {
            if (fds[at].revents || item->events & ZL_ALL_EVENTS & ~socket->events_known) {
                socket->events = zl_socket_events (socket);
                if (socket->events < 0)
                    return -1;
                socket->events_known = socket->lent ? 0 : ZL_ALL_EVENTS;
            }
            item->revents = (short) (socket->events & item->events);
        }
        if (item->revents)
            ready[found++] = at;
    }
    return found;
}

/* As many sockets are asked faster than their descriptors, where asking takes no system call. */
#define ZL_POLL_FEW 8

static int zl_poll_descriptors (zl_pollitem *items, int count, long timeout_ms, int *ready)
{
    struct pollfd few[32], *fds = few;
    int64_t until = timeout_ms > 0 ? zl_thread_now () + timeout_ms : 0;
    int at, rc, error, look_first = 0, found = -1;
    if (count > (int) (sizeof few / sizeof few[0]) && !(fds = malloc ((size_t) count * sizeof *fds))) {
        errno = ENOMEM;
        return -1;
    }
    for (at = 0; at < count; at++) {
        zl_pollitem *item = &items[at];
        if (ZL_MAILBOX_TELLS && count <= ZL_POLL_FEW && item->socket)
            item->socket->events_known = 0;
        look_first |= !item->socket || item->socket->events_known;
        fds[at].fd = item->socket ? item->socket->fd : item->fd;
        fds[at].events = item->socket ? POLLIN : zl_poll_to_system (item->events);
        fds[at].revents = 0;
    }
    for (;;) {
        if (look_first && poll (fds, (nfds_t) count, 0) < 0)
            break;
        look_first = 0;
        found = zl_poll_look (items, fds, count, ready);
        timeout_ms = timeout_ms > 0 ? zl_wait_left (until, timeout_ms) : timeout_ms;
        if (found != 0 || timeout_ms == 0)
            break;
        found = -1;
        zl_poll_set_state (items, count, 1);
        rc = count > 0 && items[0].socket ? zl_busy_poll (&items[0].socket->busy, fds, (unsigned) count) : 0;
        if (rc == 0)
            rc = poll (fds, (nfds_t) count, timeout_ms > INT32_MAX ? INT32_MAX : (int) timeout_ms);
        error = errno;
        zl_poll_set_state (items, count, 0);
        errno = error;
        if (rc < 0)
            break;
    }
    error = errno;
    if (fds != few)
        free (fds);
    errno = error;
    return found;
}
#endif

int zl_poll_inside (zl_pollitem *items, int count, long timeout_ms, int *ready)
{
    int at, simple = 0;
    for (at = 0; at < count; at++) {
        items[at].revents = 0;
        simple |= items[at].socket && items[at].socket->thread_safe;
    }
#if defined ZL_HAVE_PARK
    return simple ? zl_poll_simple (items, count, timeout_ms, ready)
                  : zl_poll_descriptors (items, count, timeout_ms, ready);
#else
    (void) simple;
    return zl_poll_simple (items, count, timeout_ms, ready);
#endif
}

int zl_poll (zl_pollitem *items, int count, long timeout_ms, int *ready)
{
    int rc;
    if (zl_poll_enter (items, count) != 0)
        return -errno;
    rc = zl_poll_inside (items, count, timeout_ms, ready);
    zl_poll_leave (items, count); /* keeps errno */
    return rc < 0 ? -errno : rc;
}

int zl_socket_poll (zl_socket *socket, int events, long timeout_ms)
{
    int rc;
    if (zl_socket_enter_slow (socket) != 0)
        return -errno;
    rc = zl_socket_wait (socket, events, timeout_ms);
    zl_socket_leave_slow (socket); /* keeps errno */
    return rc < 0 ? -errno : rc;
}
