/* Waiting for many sockets and descriptors at once.
 *
 * A look costs what it must: a socket that was not used since the last one, and whose mailbox has no command, is as it
 * was. libzmq's mailboxes tell in memory (zl_wait.c), so poll(2) of all of them comes only before sleeping: of 1000
 * sockets it takes 40 us. */
#include "zl_wait.h"
#include "zl_context.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined ZL_HAVE_PARK
#include <poll.h>
#endif

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

/* What is waited for. Those that only poll(2) tells of come first among fds: descriptors, and sockets without a mailbox
 * to read. The others follow when there is nothing left but to sleep. */
typedef struct zl_poll_view
{
    zl_pollitem *items;
    int count, silent;
    struct pollfd *fds, few_fds[32];
    int *places, few_places[32]; /* of fds, among the items */
} zl_poll_view;

static int zl_poll_is_silent (const zl_pollitem *item)
{
    return !item->socket || !item->socket->mailbox;
}

/* Lists the silent ones, or the others behind them. */
static void zl_poll_list (zl_poll_view *view, int silent)
{
    int at, next = silent ? 0 : view->silent;
    for (at = 0; at < view->count; at++) {
        zl_pollitem *item = &view->items[at];
        if (zl_poll_is_silent (item) != silent)
            continue;
        view->fds[next].fd = item->socket ? item->socket->fd : item->fd;
        view->fds[next].events = item->socket ? POLLIN : zl_poll_to_system (item->events);
        view->fds[next].revents = 0;
        view->places[next++] = at;
    }
}

static int zl_poll_make_room (zl_poll_view *view)
{
    if (view->fds)
        return 0;
    view->fds = view->few_fds;
    view->places = view->few_places;
    if (view->count <= (int) (sizeof view->few_fds / sizeof view->few_fds[0]))
        return 0;
    view->fds = malloc ((size_t) view->count * (sizeof *view->fds + sizeof *view->places));
    if (!view->fds) {
        errno = ENOMEM;
        return -1;
    }
    view->places = (int *) (view->fds + view->count);
    return 0;
}

/* One look at everything, after poll(2) for the silent ones. To ask libzmq takes its time, so only those sockets are
 * asked that were used since the last time, or that have commands. */
static int zl_poll_look (zl_poll_view *view, int *ready)
{
    int at, found = 0;
    for (at = 0; at < view->silent; at++)
        view->items[view->places[at]].revents = view->fds[at].revents;
    for (at = 0; at < view->count; at++) {
        zl_pollitem *item = &view->items[at];
        zl_socket *socket = item->socket;
        if (!socket)
            item->revents = zl_poll_from_system (item->revents, item->events);
        else {
            int moved = socket->mailbox ? zl_load_ptr (socket->mailbox) != NULL : item->revents != 0;
            if (moved || item->events & ZL_ALL_EVENTS & ~socket->events_known) {
                socket->events_known = 0; /* and stays so when libzmq says ETERM */
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

/* As poll(2) without a wait, of all. What a mailbox tells, the descriptor has to confirm: between the two the sender may
 * have lost its core, and who goes on asking libzmq would keep it. */
static int zl_poll_glance (zl_poll_view *view)
{
    int at, rc = view->silent > 0 ? poll (view->fds, (nfds_t) view->silent, 0) : 0;
    for (at = view->silent; rc == 0 && at < view->count; at++)
        if (zl_load_ptr (view->items[view->places[at]].socket->mailbox))
            rc = poll (&view->fds[at], 1, 0);
    return rc;
}

static int zl_poll_awake (zl_poll_view *view)
{
    int at = 0, rc;
    zl_busy *busy;
    while (at < view->count && !view->items[at].socket)
        at++;
    if (at == view->count)
        return 0;
    busy = &view->items[at].socket->busy;
    while (zl_busy_more (busy)) {
        rc = zl_poll_glance (view);
        if (rc != 0) {
            zl_busy_found (busy);
            return rc;
        }
    }
    return 0;
}

/* Until something has moved: awake for a moment, then asleep. */
static int zl_poll_sleep (zl_poll_view *view, long timeout_ms)
{
    int rc, error;
    zl_poll_set_state (view->items, view->count, 1);
    rc = zl_poll_awake (view);
    if (rc == 0)
        rc = poll (view->fds, (nfds_t) view->count, timeout_ms > INT32_MAX ? INT32_MAX : (int) timeout_ms);
    error = errno;
    zl_poll_set_state (view->items, view->count, 0);
    errno = error;
    return rc;
}

static int zl_poll_descriptors (zl_poll_view *view, long timeout_ms, int *ready)
{
    int64_t until = timeout_ms > 0 ? zl_thread_now () + timeout_ms : 0;
    int at, error, listed = 0, look_first = 0, found = -1;
    if (view->silent > 0) {
        if (zl_poll_make_room (view) != 0)
            return -1;
        zl_poll_list (view, 1);
        for (at = 0; at < view->silent; at++) {
            zl_socket *socket = view->items[view->places[at]].socket;
            look_first |= !socket || socket->events_known;
        }
    }
    for (;;) {
        if (look_first && poll (view->fds, (nfds_t) view->silent, 0) < 0)
            break;
        look_first = 0;
        found = zl_poll_look (view, ready);
        timeout_ms = timeout_ms > 0 ? zl_wait_left (until, timeout_ms) : timeout_ms;
        if (found != 0 || timeout_ms == 0)
            break;
        found = -1;
        if (!listed) {
            if (zl_poll_make_room (view) != 0)
                break;
            zl_poll_list (view, 0);
            listed = 1;
        }
        if (zl_poll_sleep (view, timeout_ms) < 0)
            break;
    }
    error = errno;
    if (view->fds != view->few_fds)
        free (view->fds);
    errno = error;
    return found;
}
#endif

int zl_poll_inside (zl_pollitem *items, int count, long timeout_ms, int *ready)
{
    int at, simple = 0;
#if defined ZL_HAVE_PARK
    zl_poll_view view;
    view.silent = 0;
#endif
    for (at = 0; at < count; at++) {
        items[at].revents = 0;
        simple |= items[at].socket && items[at].socket->thread_safe;
#if defined ZL_HAVE_PARK
        view.silent += zl_poll_is_silent (&items[at]);
#endif
    }
#if defined ZL_HAVE_PARK
    view.items = items;
    view.count = count;
    view.fds = NULL;
    return simple ? zl_poll_simple (items, count, timeout_ms, ready) : zl_poll_descriptors (&view, timeout_ms, ready);
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
