/* Monitors. libzmq writes events to a PAIR, on its I/O thread, and waits when that PAIR is full: one monitor that
 * nobody reads freezes every socket of the I/O thread. So a thread of ours reads libzmq's PAIR at once, always,
 * keeps the newest events in a ring, and hands them on to a PAIR at the user's endpoint, as fast as that is read.
 *
 * The thread ends when libzmq says that the monitor stopped (disabled, replaced, or its socket is gone) or when
 * the context terminates. Until then it reads, also when nobody listens: libzmq would wait for it.
 *
 * Each monitor has three libzmq sockets that the user does not see: libzmq's PAIR and the thread's two. They are
 * counted in the context's hidden_sockets, against max_sockets. */
#include "zl_context.h"
#include "zl_event_ring.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZL_MONITOR_SOCKETS 3
#define ZL_MONITOR_MOST_CAPACITY 10000000
/* Once stopped: how long the last events wait for a reader that takes none. */
#define ZL_MONITOR_GRACE_MS 1000
/* How long a stop waits for the thread to give the endpoint free, which takes microseconds. */
#define ZL_MONITOR_STOP_MS 1000

struct zl_monitor
{
    const void *handle;    /* the monitored libzmq socket: never called, only compared */
    unsigned generation;
    zl_context *context;   /* kept by its hidden_sockets */
    void *drain, *out;     /* the thread's */
    char *endpoint;        /* where out is bound */
    uint64_t events;       /* what the user asked for */
    int version;
    int serving;           /* the endpoint is taken */
    int read;              /* somebody reads, or did */
    int references;        /* the thread, and Python */
    uint64_t dropped;
    zl_event_ring ring;
    zl_monitor *next;      /* in the list of those that are serving */
};

/* The list, and serving, references and dropped of its members: under zl_context_lock. */
static zl_monitor *zl_monitor_list;

static void zl_monitor_release (zl_monitor *monitor)
{
    int last;
    zl_thread_lock (&zl_context_lock);
    last = --monitor->references == 0;
    zl_thread_unlock (&zl_context_lock);
    if (!last)
        return;
    zl_event_ring_clear (&monitor->ring);
    free (monitor->endpoint);
    free (monitor);
}

/* ---- the endpoint and the sockets ---- */

static void zl_monitor_start_serving (zl_monitor *monitor)
{
    zl_inproc_after_bind (monitor->context, monitor, monitor->endpoint);
    zl_thread_lock (&zl_context_lock);
    monitor->serving = 1;
    monitor->next = zl_monitor_list;
    zl_monitor_list = monitor;
    zl_thread_unlock (&zl_context_lock);
}

/* Gives the endpoint free, for who waits to bind there. Readers that are connected stay. */
static void zl_monitor_stop_serving (zl_monitor *monitor)
{
    zl_monitor **place = &zl_monitor_list;
    if (!monitor->serving)
        return;
    zmq_unbind (monitor->out, monitor->endpoint);
    zl_inproc_after_unbind (monitor->context, monitor, monitor->endpoint);
    zl_thread_lock (&zl_context_lock);
    monitor->serving = 0;
    while (*place && *place != monitor)
        place = &(*place)->next;
    if (*place)
        *place = monitor->next;
    zl_thread_wake_all (&zl_context_changed);
    zl_thread_unlock (&zl_context_lock);
}

static void *zl_monitor_pair (void *context_handle, int option, int high_water_mark)
{
    int linger = 0;
    void *pair = zl_socket_open (context_handle, ZMQ_PAIR);
    if (!pair)
        return NULL;
    zmq_setsockopt (pair, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt (pair, option, &high_water_mark, sizeof high_water_mark);
    return pair;
}

static void zl_monitor_name (char *endpoint, size_t size)
{
    static uint64_t number;
    uint64_t mine;
    zl_thread_lock (&zl_context_lock);
    mine = ++number;
    zl_thread_unlock (&zl_context_lock);
    snprintf (endpoint, size, "inproc://zmqlite.monitor.%llu", (unsigned long long) mine);
}

static int zl_monitor_reserve (zl_context *context)
{
    int full;
    zl_thread_lock (&zl_context_lock);
    full = context->max_sockets > 0
           && context->socket_count + context->hidden_sockets + ZL_MONITOR_SOCKETS > context->socket_room;
    if (!full)
        context->hidden_sockets += ZL_MONITOR_SOCKETS;
    zl_thread_unlock (&zl_context_lock);
    if (full)
        errno = EMFILE;
    return full ? -1 : 0;
}

/* Closes, and gives the share of max_sockets back. The context may be gone once the sockets are closed. */
static void zl_monitor_close (zl_monitor *monitor)
{
    zl_monitor_stop_serving (monitor);
    zl_thread_lock (&zl_context_lock);
    monitor->context->hidden_sockets -= ZL_MONITOR_SOCKETS;
    zl_context_free_if_unused (monitor->context);
    monitor->context = NULL;
    zl_thread_unlock (&zl_context_lock);
    if (monitor->drain)
        zmq_close (monitor->drain);
    if (monitor->out)
        zmq_close (monitor->out);
    monitor->drain = monitor->out = NULL;
}

/* ---- the thread ---- */

static void zl_monitor_count_dropped (zl_monitor *monitor, int count)
{
    if (count == 0)
        return;
    zl_thread_lock (&zl_context_lock);
    monitor->dropped += (uint64_t) count;
    zl_thread_unlock (&zl_context_lock);
}

/* Everything that libzmq has written. 1: it has stopped, 0: more may come, -1: errno. */
static int zl_monitor_drain (zl_monitor *monitor)
{
    for (;;) {
        int stopped;
        zl_event *event = zl_event_ring_read (monitor->drain);
        if (!event && errno == ENOMEM) {
            zl_monitor_count_dropped (monitor, 1);
            continue;
        }
        if (!event)
            return errno == EAGAIN ? 0 : -1;
        stopped = zl_event_ring_is_stop (event, monitor->version);
        if (stopped && !(monitor->events & ZMQ_EVENT_MONITOR_STOPPED))
            zl_event_ring_free_event (event); /* the user did not ask for it, we did */
        else
            zl_monitor_count_dropped (monitor, zl_event_ring_push (&monitor->ring, event));
        if (stopped)
            return 1;
    }
}

static int zl_monitor_forward (zl_monitor *monitor)
{
    int dropped = 0, rc = zl_event_ring_forward (&monitor->ring, monitor->out, &dropped);
    zl_monitor_count_dropped (monitor, dropped);
    monitor->read |= rc > 0;
    return rc;
}

/* What somebody writes to a monitor is not for anybody; left unread it would wake the thread for ever. */
static void zl_monitor_discard_input (zl_monitor *monitor)
{
    zmq_msg_t part;
    zmq_msg_init (&part);
    while (zmq_msg_recv (&part, monitor->out, ZMQ_DONTWAIT) >= 0)
        ;
    zmq_msg_close (&part);
}

/* Waits until libzmq writes, or the reader takes, or readers come and go. 0, or -1 with errno. */
static int zl_monitor_wait (zl_monitor *monitor, int stopped, long timeout_ms)
{
    zmq_pollitem_t items[2];
    memset (items, 0, sizeof items);
    items[0].socket = monitor->out;
    items[0].events = (short) (ZMQ_POLLIN | (monitor->ring.count ? ZMQ_POLLOUT : 0));
    items[1].socket = monitor->drain;
    items[1].events = ZMQ_POLLIN;
    if (zmq_poll (items, stopped ? 1 : 2, timeout_ms) < 0)
        return errno == EINTR ? 0 : -1;
    if (items[0].revents & ZMQ_POLLIN)
        zl_monitor_discard_input (monitor);
    return 0;
}

/* Until libzmq stops. 1: it has stopped, -1: the context terminates. */
static int zl_monitor_serve (zl_monitor *monitor)
{
    for (;;) {
        int stopped;
        if (zl_monitor_wait (monitor, 0, -1) < 0)
            return -1;
        stopped = zl_monitor_drain (monitor);
        if (stopped)
            return stopped;
        if (zl_monitor_forward (monitor) < 0)
            return -1;
    }
}

/* Whether the thread's PAIR has a peer, which nothing tells: full and alone look the same from outside. But a PAIR turns
 * a second peer away. Only once it serves no more: nobody else can come between. */
static int zl_monitor_has_reader (zl_monitor *monitor)
{
    int events = 0, found = 1;
    size_t size = sizeof events;
    char endpoint[64];
    void *second = zl_descriptors_check (2) == 0 ? zl_monitor_pair (monitor->context->handle, ZMQ_RCVHWM, 1) : NULL;
    if (!second)
        return found;
    zl_monitor_name (endpoint, sizeof endpoint);
    if (zmq_bind (monitor->out, endpoint) == 0 && zmq_connect (second, endpoint) == 0
        && zmq_getsockopt (monitor->out, ZMQ_EVENTS, &events, &size) == 0
        && zmq_getsockopt (second, ZMQ_EVENTS, &events, &size) == 0)
        found = !(events & ZMQ_POLLOUT);
    zmq_close (second);
    return found;
}

/* The events that are left, as long as the reader goes on taking some. Whether there is one is asked again and again: that
 * it was closed is heard of a moment later. */
static void zl_monitor_finish (zl_monitor *monitor)
{
    int64_t until = zl_thread_now () + ZL_MONITOR_GRACE_MS;
    long slice = 1;
    if (zl_monitor_wait (monitor, 1, 0) < 0) /* hears of a reader that has just come */
        return;
    for (;;) {
        int64_t left = until - zl_thread_now ();
        int sent = zl_monitor_forward (monitor);
        if (sent < 0 || monitor->ring.count == 0 || !monitor->read || left <= 0)
            return;
        if (sent > 0)
            until = zl_thread_now () + ZL_MONITOR_GRACE_MS;
        else if (!zl_monitor_has_reader (monitor))
            return;
        slice = sent > 0 ? 1 : 2 * slice;
        if (zl_monitor_wait (monitor, 1, slice < left ? slice : (long) left) < 0)
            return;
    }
}

static void zl_monitor_run (void *argument)
{
    zl_monitor *monitor = argument;
    if (zl_monitor_serve (monitor) == 1) {
        zl_monitor_stop_serving (monitor);
        zl_monitor_finish (monitor);
    }
    zl_monitor_close (monitor);
    zl_monitor_release (monitor);
}

/* ---- start and stop; the caller is inside the socket ---- */

static int zl_monitor_is_served (const void *handle)
{
    const zl_monitor *monitor = zl_monitor_list;
    while (monitor && (monitor->handle != handle || monitor->generation != zl_generation))
        monitor = monitor->next;
    return monitor != NULL;
}

static int zl_monitor_end (zl_socket *socket)
{
    int64_t until = zl_thread_now () + ZL_MONITOR_STOP_MS;
    if (zmq_socket_monitor (socket->handle, NULL, 0) != 0)
        return -1;
    zl_thread_lock (&zl_context_lock);
    while (zl_monitor_is_served (socket->handle) && zl_thread_now () < until)
        zl_thread_wait (&zl_context_changed, &zl_context_lock, 10);
    zl_thread_unlock (&zl_context_lock);
    return 0;
}

/* libzmq's PAIR, connected to the drain. Until it is connected libzmq's I/O thread waits with its events. */
static int zl_monitor_listen (zl_monitor *monitor, zl_socket *socket)
{
    uint64_t events = monitor->events | ZMQ_EVENT_MONITOR_STOPPED;
    char endpoint[64];
    int rc;
    zl_monitor_name (endpoint, sizeof endpoint);
    rc = monitor->version == 1
           ? zmq_socket_monitor (socket->handle, endpoint, (int) events)
           : zmq_socket_monitor_versioned (socket->handle, endpoint, events, monitor->version, ZMQ_PAIR);
    return rc == 0 ? zmq_connect (monitor->drain, endpoint) : rc;
}

static int zl_monitor_open (zl_monitor *monitor, zl_socket *socket, void *context_handle)
{
    int error;
    /* What this PAIR queues is little beside the ring: the reader's own high-water mark decides. */
    monitor->out = zl_monitor_pair (context_handle, ZMQ_SNDHWM, 1);
    if (!monitor->out || zmq_bind (monitor->out, monitor->endpoint) != 0)
        return -1;
    zl_monitor_start_serving (monitor);
    /* No limit: libzmq never waits for room. */
    monitor->drain = zl_monitor_pair (context_handle, ZMQ_RCVHWM, 0);
    if (!monitor->drain)
        return -1;
    if (zl_monitor_listen (monitor, socket) == 0 && zl_thread_start (zl_monitor_run, monitor) == 0)
        return 0;
    error = errno;
    zmq_socket_monitor (socket->handle, NULL, 0);
    errno = error;
    return -1;
}

static zl_monitor *zl_monitor_new (zl_socket *socket, const char *endpoint, uint64_t events, int version, int capacity)
{
    zl_monitor *monitor = calloc (1, sizeof *monitor);
    char *copy = malloc (strlen (endpoint) + 1);
    if (!monitor || !copy || zl_event_ring_init (&monitor->ring, capacity) != 0) {
        free (monitor);
        free (copy);
        errno = ENOMEM;
        return NULL;
    }
    monitor->endpoint = strcpy (copy, endpoint);
    monitor->handle = socket->handle;
    monitor->generation = zl_generation;
    monitor->context = socket->context;
    monitor->events = events;
    monitor->version = version;
    monitor->references = 1;
    return monitor;
}

static zl_monitor *
zl_monitor_make (zl_socket *socket, const char *endpoint, uint64_t events, int version, int capacity)
{
    zl_monitor *monitor;
    void *context_handle;
    int rc, error;
    if (!socket->context) {
        errno = ENOTSUP; /* a handle that is somebody else's: nothing tells its context */
        return NULL;
    }
    /* As libzmq: a new monitor takes the place of the one before, and may take its endpoint. */
    if (zl_descriptors_check (8) != 0 || zl_monitor_end (socket) != 0)
        return NULL;
    monitor = zl_monitor_new (socket, endpoint, events, version, capacity);
    if (!monitor)
        return NULL;
    context_handle = zl_context_enter (socket->context);
    rc = context_handle ? zl_monitor_reserve (socket->context) : -1;
    if (rc == 0) {
        monitor->references = 2;
        rc = zl_monitor_open (monitor, socket, context_handle);
        error = errno;
        if (rc != 0) {
            monitor->references = 1; /* no thread */
            zl_monitor_close (monitor);
        }
        errno = error;
    }
    error = errno;
    if (context_handle)
        zl_context_leave (socket->context);
    if (rc == 0)
        return monitor;
    zl_monitor_release (monitor);
    errno = error;
    return NULL;
}

zl_monitor *
zl_monitor_start (zl_socket *socket, const char *endpoint, uint64_t events, int version, int capacity)
{
    zl_monitor *monitor;
    if (version < 1 || version > 2 || capacity < 1 || capacity > ZL_MONITOR_MOST_CAPACITY
        || (version == 1 && events >> 16)) {
        errno = EINVAL;
        return NULL;
    }
    if (strncmp (endpoint, "inproc://", 9) != 0) {
        errno = strstr (endpoint, "://") ? EPROTONOSUPPORT : EINVAL;
        return NULL;
    }
    if (zl_socket_enter_slow (socket) != 0)
        return NULL;
    monitor = zl_monitor_make (socket, endpoint, events, version, capacity);
    zl_socket_leave_slow (socket); /* keeps errno */
    return monitor;
}

int zl_monitor_stop (zl_socket *socket)
{
    int rc;
    if (zl_socket_enter_slow (socket) != 0)
        return -1;
    rc = zl_monitor_end (socket);
    zl_socket_leave_slow (socket);
    return rc;
}

uint64_t zl_monitor_dropped (zl_monitor *monitor)
{
    uint64_t dropped;
    zl_thread_lock (&zl_context_lock);
    dropped = monitor->dropped;
    zl_thread_unlock (&zl_context_lock);
    return dropped;
}

void zl_monitor_unreference (zl_monitor *monitor)
{
    zl_monitor_release (monitor);
}
