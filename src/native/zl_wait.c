/* Waiting for one socket: the libzmq side of every blocking call. zl_poll.c waits for many.
 *
 * ZMQ_FD is edge-triggered: it says that commands came, not that a message is there. So the order is
 * always: let libzmq process its commands (ZMQ_EVENTS, or a try that gave EAGAIN), then wait.
 *
 * With the bundled libzmq the mailbox tells the same in memory, and a moment earlier: its word is no longer NULL when a
 * command was written, and then the descriptor becomes readable, when libzmq can take the command. So a look takes no
 * system call; who is about to sleep asks for the descriptor. */
#include "zl_wait.h"
#include "zl_context.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined ZL_HAVE_PARK
#include <poll.h>
#endif

zl_atomic_int zl_parked;

#if defined __linux__ && !defined ZL_SYSTEM
/* In libzmq's socket_base.cpp, by vendor/libzmq/mends; not there when this libzmq reads otherwise. */
extern const void *zl_mailbox_word (void *handle) __attribute__ ((weak));
#endif

void zl_socket_find_mailbox (zl_socket *socket)
{
#if defined __linux__ && !defined ZL_SYSTEM
    if (&zl_mailbox_word && socket->owned && !socket->thread_safe)
        socket->mailbox = zl_mailbox_word (socket->handle);
#else
    (void) socket;
#endif
}

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
    if (socket->mailbox)
        return zl_load_ptr (socket->mailbox) != NULL;
    fd.fd = socket->fd;
    fd.events = POLLIN;
    fd.revents = 0;
    return poll (&fd, 1, 0) != 0;
}

void zl_wait_park (zl_socket *socket)
{
    if (socket->inproc)
        zl_add (&zl_parked, 1);
    zl_store (&socket->state, ZL_PARKED);
}

void zl_wait_unpark (zl_socket *socket)
{
    if (socket->inproc)
        zl_add (&zl_parked, -1);
    while (!zl_cas (&socket->state, ZL_PARKED, ZL_INSIDE))
        zl_thread_yield (); /* borrowed for the few microseconds of a setsockopt */
}

/* Awake, for a moment: as poll(2), 0 when nothing came. To read the mailbox here instead gained nothing in a REQ/REP round
 * trip over tcp, and sees each message of many sockets so early that they come one by one. */
static int zl_wait_awake (zl_busy *busy, struct pollfd *fd)
{
    while (zl_busy_more (busy)) {
        int rc = poll (fd, 1, 0);
        if (rc != 0) {
            zl_busy_found (busy);
            return rc;
        }
    }
    return 0;
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
    rc = zl_wait_awake (&socket->busy, &fd);
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

int zl_socket_poll (zl_socket *socket, int events, long timeout_ms)
{
    int rc;
    if (zl_socket_enter_slow (socket) != 0)
        return -errno;
    rc = zl_socket_wait (socket, events, timeout_ms);
    zl_socket_leave_slow (socket); /* keeps errno */
    return rc < 0 ? -errno : rc;
}
