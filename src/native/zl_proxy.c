/* Forwarding between two sockets, as zmq_proxy and zmq_proxy_steerable do, in slices.
 *
 * libzmq's own loop blocks inside a send, so a signal ends it with a message in its hands, and nobody can
 * tell it to stop. This one never blocks inside libzmq: it reads a whole message, hands on a whole message,
 * and keeps the one that finds no room until there is some. It returns between messages only. */
#include "zl_proxy_way.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A ROUTER with ROUTER_MANDATORY and an XPUB with XPUB_NODROP say POLLOUT and refuse: try again then. */
#define ZL_PROXY_RETRY_MS 2
/* How long TERMINATE waits for room for a message that was read already. */
#define ZL_PROXY_GRACE_MS 1000
/* And how long whatever else ends the proxy. */
#define ZL_PROXY_LAST_MS 50
#define ZL_PROXY_ITEMS 4

enum
{
    ZL_PROXY_ACTIVE,
    ZL_PROXY_PAUSED,
    ZL_PROXY_TERMINATED
};

enum
{
    ZL_PROXY_NO_REPLY,
    ZL_PROXY_EMPTY,
    ZL_PROXY_STATISTICS
};

struct zl_proxy
{
    zl_proxy_way ways[2];
    int way_count; /* 1 when both ends are one socket */
    zl_socket *capture, *control;
    zl_pollitem items[ZL_PROXY_ITEMS]; /* each socket once */
    int ready[ZL_PROXY_ITEMS];
    int item_count;
    int state;
    int reply; /* what the control socket still has to send */
    int64_t terminate_until;
    uint64_t counters[8];
};

/* ---- make and free ---- */

static void zl_proxy_add_item (zl_proxy *proxy, zl_socket *socket)
{
    int at;
    for (at = 0; at < proxy->item_count; at++)
        if (proxy->items[at].socket == socket)
            return;
    if (socket)
        proxy->items[proxy->item_count++].socket = socket;
}

static zl_pollitem *zl_proxy_item (zl_proxy *proxy, const zl_socket *socket)
{
    zl_pollitem *item = proxy->items;
    while (item->socket != socket)
        item += 1;
    return item;
}

zl_proxy *zl_proxy_new (zl_socket *frontend, zl_socket *backend, zl_socket *capture, zl_socket *control)
{
    zl_proxy *proxy;
    if (!frontend || !backend) {
        errno = EFAULT;
        return NULL;
    }
    proxy = calloc (1, sizeof *proxy);
    if (!proxy) {
        errno = ENOMEM;
        return NULL;
    }
    proxy->ways[0].from = proxy->ways[1].to = frontend;
    proxy->ways[0].to = proxy->ways[1].from = backend;
    proxy->ways[0].received = proxy->counters;
    proxy->ways[1].sent = proxy->counters + 2;
    proxy->ways[1].received = proxy->counters + 4;
    proxy->ways[0].sent = proxy->counters + 6;
    proxy->way_count = frontend == backend ? 1 : 2;
    proxy->capture = proxy->ways[0].capture = proxy->ways[1].capture = capture;
    proxy->control = control;
    zl_proxy_add_item (proxy, frontend);
    zl_proxy_add_item (proxy, backend);
    zl_proxy_add_item (proxy, capture);
    zl_proxy_add_item (proxy, control);
    return proxy;
}

static int zl_proxy_fill (zmq_msg_t *message, const void *data, size_t size)
{
    if (zmq_msg_init_size (message, size) != 0)
        return -1;
    if (size)
        memcpy (zmq_msg_data (message), data, size);
    return 0;
}

int zl_proxy_set_prefix (zl_proxy *proxy, const void *in, size_t in_size, const void *out, size_t out_size)
{
    int at, both = proxy->ways[0].from->type == ZMQ_ROUTER && proxy->ways[0].to->type == ZMQ_ROUTER;
    if (proxy->ways[0].has_prefix) {
        errno = EBUSY;
        return -1;
    }
    if (zl_proxy_fill (&proxy->ways[0].prefix, in, in_size) != 0)
        return -1;
    if (zl_proxy_fill (&proxy->ways[1].prefix, out, out_size) != 0) {
        zmq_msg_close (&proxy->ways[0].prefix);
        return -1;
    }
    for (at = 0; at < 2; at++) {
        proxy->ways[at].has_prefix = 1;
        proxy->ways[at].swap = both;
    }
    return 0;
}

void zl_proxy_counters (zl_proxy *proxy, uint64_t *counters)
{
    memcpy (counters, proxy->counters, sizeof proxy->counters);
}

/* ---- the control socket ---- */

static int zl_proxy_send_statistics (zl_proxy *proxy)
{
    int at, rc = 0;
    for (at = 0; at < 8 && rc >= 0; at++) {
        zmq_msg_t part;
        int error;
        if (zl_proxy_fill (&part, &proxy->counters[at], sizeof proxy->counters[at]) != 0)
            return -1;
        rc = zl_proxy_way_send (proxy->control, &part, at < 7);
        error = errno;
        zmq_msg_close (&part);
        errno = error;
        if (rc < 0 && errno == EAGAIN && at > 0)
            return 0; /* the peer vanished in the middle of its answer */
    }
    return rc < 0 ? -1 : 0;
}

/* What the control socket owes. A socket type that cannot send, such as SUB, owes nothing. */
static int zl_proxy_send_reply (zl_proxy *proxy)
{
    int rc;
    if (proxy->reply == ZL_PROXY_STATISTICS)
        rc = zl_proxy_send_statistics (proxy);
    else {
        zmq_msg_t empty;
        zmq_msg_init (&empty);
        rc = zl_proxy_way_send (proxy->control, &empty, 0);
    }
    if (rc < 0 && errno == EAGAIN)
        return 0;
    if (rc < 0 && errno != ENOTSUP && errno != EHOSTUNREACH)
        return -1;
    proxy->reply = ZL_PROXY_NO_REPLY;
    return 0;
}

static int zl_proxy_is (zmq_msg_t *message, const char *command)
{
    size_t size = strlen (command);
    return zmq_msg_size (message) == size && memcmp (zmq_msg_data (message), command, size) == 0;
}

static void zl_proxy_obey (zl_proxy *proxy, zmq_msg_t *command)
{
    proxy->reply = proxy->control->type == ZMQ_REP ? ZL_PROXY_EMPTY : ZL_PROXY_NO_REPLY;
    if (zl_proxy_is (command, "STATISTICS"))
        proxy->reply = ZL_PROXY_STATISTICS;
    else if (zl_proxy_is (command, "PAUSE"))
        proxy->state = ZL_PROXY_PAUSED;
    else if (zl_proxy_is (command, "RESUME"))
        proxy->state = ZL_PROXY_ACTIVE;
    else if (zl_proxy_is (command, "TERMINATE")) {
        proxy->state = ZL_PROXY_TERMINATED;
        proxy->terminate_until = zl_thread_now () + ZL_PROXY_GRACE_MS;
    }
}

/* One command. What is not one, and what has several parts, is read and left alone. 0, or -1 with errno. */
static int zl_proxy_take_command (zl_proxy *proxy)
{
    zmq_msg_t command;
    int rc, error, more, parts = 0;
    zmq_msg_init (&command);
    do {
        rc = zl_proxy_way_recv (proxy->control, &command);
        more = rc >= 0 && zmq_msg_more (&command);
        /* As libzmq does. Full, it does without: commands do not wait for whoever watches. */
        if (rc >= 0 && proxy->capture && zl_proxy_way_send_copy (proxy->capture, &command, more) < 0 && errno != EAGAIN)
            rc = -1;
        parts += 1;
        if (rc >= 0 && !more && parts > 1) {
            zmq_msg_close (&command);
            zmq_msg_init (&command);
        }
    } while (more && rc >= 0);
    if (rc >= 0)
        zl_proxy_obey (proxy, &command);
    error = errno;
    zmq_msg_close (&command);
    errno = error;
    return rc < 0 && errno != EAGAIN ? -1 : 0;
}

static int zl_proxy_serve_control (zl_proxy *proxy)
{
    short ready = zl_proxy_item (proxy, proxy->control)->revents;
    if (proxy->reply && !(ready & ZMQ_POLLOUT))
        return 0;
    if (!proxy->reply && ready & ZMQ_POLLIN && zl_proxy_take_command (proxy) != 0)
        return -1;
    return proxy->reply ? zl_proxy_send_reply (proxy) : 0;
}

/* ---- the loop ---- */

/* Says what to wait for, and returns how long at most. */
static long zl_proxy_prepare (zl_proxy *proxy, long timeout_ms)
{
    int at, soon = proxy->state == ZL_PROXY_TERMINATED;
    for (at = 0; at < proxy->item_count; at++)
        proxy->items[at].events = 0;
    if (proxy->control && !soon)
        zl_proxy_item (proxy, proxy->control)->events = proxy->reply ? ZMQ_POLLOUT : ZMQ_POLLIN;
    for (at = 0; at < proxy->way_count && proxy->state == ZL_PROXY_ACTIVE; at++) {
        zl_proxy_way *way = &proxy->ways[at];
        if (way->refused)
            soon = 1;
        else if (way->waits_for)
            zl_proxy_item (proxy, way->waits_for)->events |= ZMQ_POLLOUT;
        else
            zl_proxy_item (proxy, way->from)->events |= ZMQ_POLLIN;
    }
    return soon && (timeout_ms < 0 || timeout_ms > ZL_PROXY_RETRY_MS) ? ZL_PROXY_RETRY_MS : timeout_ms;
}

/* Only what was read already, for a while. 1: all of it is handed on, or the time is over. */
static int zl_proxy_finish (zl_proxy *proxy)
{
    int at, rc, left;
    if (proxy->reply && zl_proxy_send_reply (proxy) != 0)
        return -1;
    left = proxy->reply != ZL_PROXY_NO_REPLY;
    for (at = 0; at < proxy->way_count; at++) {
        zl_proxy_way *way = &proxy->ways[at];
        if (!way->complete)
            continue;
        rc = zl_proxy_way_hand_on (way);
        if (rc < 0)
            return -1;
        left += rc == 0;
    }
    return left == 0 || zl_thread_now () >= proxy->terminate_until;
}

/* Is there something to do for this direction, as far as the last wait tells? */
static int zl_proxy_due (zl_proxy *proxy, const zl_proxy_way *way)
{
    if (way->refused)
        return 1;
    if (way->waits_for)
        return zl_proxy_item (proxy, way->waits_for)->revents & ZMQ_POLLOUT;
    return zl_proxy_item (proxy, way->from)->revents & ZMQ_POLLIN;
}

static int zl_proxy_loop (zl_proxy *proxy, long slice_ms)
{
    int64_t until = zl_thread_now () + slice_ms;
    long left = slice_ms < 0 ? -1 : slice_ms;
    int at, rc;
    for (;;) {
        rc = zl_poll_inside (proxy->items, proxy->item_count, zl_proxy_prepare (proxy, left), proxy->ready);
        if (rc < 0)
            return -1;
        if (proxy->control && proxy->state != ZL_PROXY_TERMINATED && zl_proxy_serve_control (proxy) != 0)
            return -1;
        for (at = 0; at < proxy->way_count && proxy->state == ZL_PROXY_ACTIVE; at++)
            if (zl_proxy_due (proxy, &proxy->ways[at]) && zl_proxy_way_serve (&proxy->ways[at]) != 0)
                return -1;
        if (proxy->state == ZL_PROXY_TERMINATED) {
            rc = zl_proxy_finish (proxy);
            if (rc != 0)
                return rc < 0 ? -1 : 0;
        }
        if (slice_ms < 0)
            continue;
        left = (long) (until - zl_thread_now ());
        if (left <= 0) {
            errno = EAGAIN;
            return -1;
        }
    }
}

int zl_proxy_run (zl_proxy *proxy, long slice_ms)
{
    int rc;
    if (zl_poll_enter (proxy->items, proxy->item_count) != 0)
        return -errno;
    rc = zl_proxy_loop (proxy, slice_ms);
    zl_poll_leave (proxy->items, proxy->item_count); /* keeps errno */
    return rc < 0 ? -errno : 0;
}

/* What was read and found no room, for as long as somebody may be about to make some. */
static void zl_proxy_hand_on_rest (zl_proxy *proxy)
{
    int64_t left, until = zl_thread_now () + ZL_PROXY_LAST_MS;
    int at, waits;
    do {
        for (at = 0; at < proxy->item_count; at++)
            proxy->items[at].events = 0;
        for (at = 0, waits = 0; at < 2; at++) {
            zl_proxy_way *way = &proxy->ways[at];
            if (!way->complete)
                continue;
            if (zl_proxy_way_hand_on (way) != 0)
                continue; /* handed on, or an error that stays */
            zl_proxy_item (proxy, way->waits_for)->events |= ZMQ_POLLOUT;
            waits = 1;
        }
        left = until - zl_thread_now ();
        if (left > ZL_PROXY_RETRY_MS)
            left = ZL_PROXY_RETRY_MS;
    } while (waits && left > 0 && zl_poll_inside (proxy->items, proxy->item_count, (long) left, proxy->ready) >= 0);
}

int zl_proxy_free (zl_proxy *proxy)
{
    int at, lost = 0;
    if (!proxy)
        return 0;
    if ((proxy->ways[0].complete || proxy->ways[1].complete) && zl_poll_enter (proxy->items, proxy->item_count) == 0) {
        zl_proxy_hand_on_rest (proxy);
        zl_poll_leave (proxy->items, proxy->item_count);
    }
    for (at = 0; at < 2; at++)
        lost += zl_proxy_way_clear (&proxy->ways[at]);
    free (proxy);
    return lost;
}
