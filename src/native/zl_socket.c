/* Sockets and their guard: who may be inside, and the calls made from there. */
#include "zl_context.h"
#include "zl_optional.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- the guard ---- */

static int zl_socket_enter_shared (zl_socket *socket)
{
    for (;;) {
        int users = zl_load (&socket->users);
        if (users < 0) {
            errno = ENOTSOCK;
            return -1;
        }
        if (zl_cas (&socket->users, users, users + 1))
            return 0;
    }
}

int zl_socket_enter_to_poll (zl_socket *socket)
{
    if (socket->generation != zl_generation) {
        errno = ZL_EFORKED;
        return -1;
    }
    if (socket->thread_safe)
        return zl_socket_enter_shared (socket);
    if (zl_cas (&socket->state, ZL_IDLE, ZL_INSIDE))
        return 0;
    errno = zl_load (&socket->state) == ZL_CLOSED ? ENOTSOCK : EBUSY;
    return -1;
}

int zl_socket_enter_slow (zl_socket *socket)
{
    if (zl_socket_enter_to_poll (socket) != 0)
        return -1;
    socket->events_known = 0;
    return 0;
}

static int zl_socket_set_linger (zl_socket *socket, int linger)
{
    return zmq_setsockopt (socket->handle, ZMQ_LINGER, &linger, sizeof linger);
}

int zl_socket_cap_linger (zl_socket *socket, int cap_ms)
{
    int linger = 0;
    size_t size = sizeof linger;
    if (cap_ms < 0 || zmq_getsockopt (socket->handle, ZMQ_LINGER, &linger, &size) != 0)
        return 0;
    return linger < 0 || linger > cap_ms ? zl_socket_set_linger (socket, cap_ms) : 0;
}

/* The caller is the only one inside. The handle stays readable for error paths that race with it; what
 * keeps others out is the state. */
static int zl_socket_finish (zl_socket *socket)
{
    int rc = 0, error;
    void *handle = socket->handle;
    socket->handle = NULL;
    /* zmq_close only hands the socket to the reaper. Under the lock, so that zl_inproc_settle never binds what is
     * being closed. */
    zl_thread_lock (&zl_context_lock);
    if (socket->owned && handle)
        rc = zmq_close (handle);
    error = errno;
    zl_store (&socket->state, ZL_CLOSED);
    zl_context_remove_socket (socket);
    zl_thread_unlock (&zl_context_lock);
    errno = error;
    return rc;
}

/* Takes the last place inside for good: nobody enters any more. */
static int zl_socket_claim (zl_socket *socket)
{
    if (socket->thread_safe)
        return zl_cas (&socket->users, 0, -1);
    return zl_cas (&socket->state, ZL_IDLE, ZL_INSIDE);
}

void zl_socket_leave_slow (zl_socket *socket)
{
    int error = errno;
    int pending = zl_load (&socket->close_pending);
    if (socket->thread_safe) {
        zl_add (&socket->users, -1);
        pending = pending && zl_socket_claim (socket);
    } else if (!pending)
        zl_store (&socket->state, ZL_IDLE);
    if (pending) {
        if (zl_load (&socket->close_linger) != ZL_LINGER_KEEP)
            zl_socket_set_linger (socket, zl_load (&socket->close_linger));
        zl_socket_finish (socket);
    }
    errno = error;
}

#define zl_socket_enter(socket) zl_socket_enter_slow (socket)

static int zl_socket_leave (zl_socket *socket, int rc)
{
    int error = errno;
    zl_socket_leave_slow (socket);
    errno = error;
    return rc;
}

/* ---- make, share, close ---- */

/* Up to here libzmq reads to see whether an address is that of a socket: 1564 bytes in 4.3.4. */
#define ZL_SOCKET_SPAN 1600

static zl_socket *zl_socket_wrap (void *handle, zl_context *context, int owned)
{
    size_t size = sizeof (int);
    int thread_safe = 0;
    zl_socket *socket = calloc (1, sizeof *socket);
    if (!socket) {
        errno = ENOMEM;
        return NULL;
    }
    socket->handle = handle;
    socket->generation = zl_generation;
    socket->owned = owned;
    socket->references = 1;
    socket->close_linger = ZL_LINGER_KEEP;
    socket->context = context;
    if (zmq_getsockopt (handle, ZMQ_TYPE, &socket->type, &size) != 0)
        goto failed;
    size = sizeof thread_safe;
    if (zmq_getsockopt (handle, ZMQ_THREAD_SAFE, &thread_safe, &size) == 0)
        socket->thread_safe = thread_safe;
    size = sizeof socket->fd;
    if (!socket->thread_safe && zmq_getsockopt (handle, ZMQ_FD, &socket->fd, &size) != 0)
        goto failed;
    return socket;
failed:
    free (socket);
    return NULL;
}

static zl_socket *zl_socket_make (zl_context *context, void *context_handle, int type)
{
    void *handle;
    zl_socket *socket;
    int error, full;
    /* The first socket also starts the reaper and the I/O threads, with two descriptors each. */
    if (zl_descriptors_check (context->started ? 2 : 8 + 2 * context->io_threads) != 0)
        return NULL;
    if (!context->started && zl_threads_check (1 + context->io_threads) != 0) {
        errno = EMTHREAD;
        return NULL;
    }
    zl_thread_lock (&zl_context_lock);
    full = context->max_sockets > 0
           && context->socket_count + context->hidden_sockets >= context->socket_room;
    zl_thread_unlock (&zl_context_lock);
    if (full) {
        errno = EMFILE;
        return NULL;
    }
    handle = zmq_socket (context_handle, type);
    if (!handle)
        return NULL;
    socket = zl_socket_wrap (handle, context, 1);
    if (!socket) {
        error = errno;
        zmq_close (handle);
        errno = error;
        return NULL;
    }
    zl_thread_lock (&zl_context_lock);
    context->started = 1;
    zl_context_add_socket (context, socket);
    zl_thread_unlock (&zl_context_lock);
    return socket;
}

zl_socket *zl_socket_new (zl_context *context, int type)
{
    zl_socket *socket;
    void *handle = zl_context_enter (context);
    if (!handle)
        return NULL;
    socket = zl_socket_make (context, handle, type);
    zl_context_leave (context);
    return socket;
}

zl_socket *zl_socket_shadow (void *handle)
{
    zl_context *context;
    zl_socket *socket = NULL;
    if (!handle) {
        errno = ENOTSOCK;
        return NULL;
    }
    zl_thread_lock (&zl_context_lock);
    for (context = zl_context_list; context && !socket; context = context->next)
        for (socket = context->sockets; socket && socket->handle != handle;)
            socket = socket->next;
    if (socket)
        socket->references += 1;
    zl_thread_unlock (&zl_context_lock);
    if (!socket && !zl_address_check (handle, ZL_SOCKET_SPAN)) {
        errno = ENOTSOCK;
        return NULL;
    }
    return socket ? socket : zl_socket_wrap (handle, NULL, 0);
}

void *zl_socket_handle (zl_socket *socket)
{
    return socket->generation == zl_generation ? socket->handle : NULL;
}

int zl_socket_closed (zl_socket *socket)
{
    return zl_socket_handle (socket) == NULL;
}

int zl_socket_close (zl_socket *socket, int linger)
{
    if (socket->generation != zl_generation || !socket->handle)
        return 0; /* closing what is closed, or the parent's, is no error */
    if (!zl_socket_claim (socket)) {
        if (!socket->handle)
            return 0;
        errno = EBUSY;
        return -1;
    }
    if (linger != ZL_LINGER_KEEP && socket->owned)
        zl_socket_set_linger (socket, linger);
    return zl_socket_finish (socket);
}

int zl_socket_close_later (zl_socket *socket, int linger, int cap_ms)
{
    void *handle;
    int borrowed = 0;
    if (socket->generation != zl_generation || !socket->handle)
        return 1;
    if (!zl_socket_claim (socket)) {
        /* A parked thread is outside libzmq: borrow the socket to set its linger before ETERM forbids it. */
        borrowed = zl_cas (&socket->state, ZL_PARKED, ZL_BORROWED);
        if (borrowed) {
            if (linger != ZL_LINGER_KEEP)
                zl_socket_set_linger (socket, linger);
            zl_socket_cap_linger (socket, cap_ms);
            zl_store (&socket->close_pending, 1);
            zl_store (&socket->state, ZL_PARKED);
        } else {
            zl_store (&socket->close_linger, linger != ZL_LINGER_KEEP ? linger : cap_ms < 0 ? ZL_LINGER_KEEP : cap_ms);
            zl_store (&socket->close_pending, 1);
        }
        return 0;
    }
    if (linger != ZL_LINGER_KEEP)
        zl_socket_set_linger (socket, linger);
    zl_socket_cap_linger (socket, cap_ms);
    handle = socket->handle;
    socket->handle = NULL;
    zl_store (&socket->state, ZL_CLOSED);
    zl_context_remove_socket (socket);
    if (socket->owned)
        zmq_close (handle); /* hands the socket to the reaper, does not wait */
    return 1;
}

void zl_socket_drop (zl_socket *socket)
{
    int last, open, claimed;
    zl_thread_lock (&zl_context_lock);
    last = --socket->references == 0;
    /* Under the lock: who closes it from the context's list is through with it, or finds it taken. */
    open = last && socket->generation == zl_generation && socket->handle;
    claimed = open && zl_socket_claim (socket);
    zl_thread_unlock (&zl_context_lock);
    if (!last)
        return;
    if (open && !claimed) {
        /* Somebody is inside and closes it when he leaves: these few bytes stay. */
        zl_store (&socket->close_linger, zl_exit_linger < 0 ? ZL_LINGER_KEEP : zl_exit_linger);
        zl_store (&socket->close_pending, 1);
        return;
    }
    if (open) {
        if (socket->owned)
            zl_socket_cap_linger (socket, zl_exit_linger);
        zl_socket_finish (socket);
    }
    free (socket);
}

/* ---- calls ---- */

int zl_socket_bind (zl_socket *socket, const char *endpoint)
{
    int rc = -1, error;
    if (zl_socket_enter (socket) != 0)
        return -1;
    if (zl_descriptors_check (4) == 0)
        rc = zmq_bind (socket->handle, endpoint);
    error = errno;
    if (rc == 0)
        zl_inproc_after_bind (socket->context, socket, endpoint);
    errno = error;
    return zl_socket_leave (socket, rc);
}

int zl_socket_connect (zl_socket *socket, const char *endpoint)
{
    int rc = -1;
    if (zl_socket_enter (socket) != 0)
        return -1;
    if (zl_descriptors_check (4) == 0 && zl_inproc_before_connect (socket->context, endpoint) == 0)
        rc = zmq_connect (socket->handle, endpoint);
    return zl_socket_leave (socket, rc);
}

uint32_t zl_socket_connect_peer (zl_socket *socket, const char *endpoint)
{
    uint32_t peer = 0;
    if (zl_socket_enter (socket) != 0)
        return 0;
    if (zl_descriptors_check (4) == 0 && zl_inproc_before_connect (socket->context, endpoint) == 0)
        peer = zmq_connect_peer (socket->handle, endpoint);
    zl_socket_leave (socket, 0);
    return peer;
}

/* The plain calls: enter, call, leave. */
#define ZL_SOCKET_CALL(name, parameters, call)                                                                         \
    int name parameters                                                                                                \
    {                                                                                                                  \
        if (zl_socket_enter (socket) != 0)                                                                             \
            return -1;                                                                                                 \
        return zl_socket_leave (socket, call);                                                                         \
    }

static int zl_socket_unbind_inside (zl_socket *socket, const char *endpoint)
{
    int rc = zmq_unbind (socket->handle, endpoint), error = errno;
    if (rc == 0)
        zl_inproc_after_unbind (socket->context, socket, endpoint);
    errno = error;
    return rc;
}

ZL_SOCKET_CALL (zl_socket_unbind,
                (zl_socket * socket, const char *endpoint),
                zl_socket_unbind_inside (socket, endpoint))
ZL_SOCKET_CALL (zl_socket_disconnect,
                (zl_socket * socket, const char *endpoint),
                zmq_disconnect (socket->handle, endpoint))
ZL_SOCKET_CALL (zl_socket_join, (zl_socket * socket, const char *group), zmq_join (socket->handle, group))
ZL_SOCKET_CALL (zl_socket_leave_group, (zl_socket * socket, const char *group), zmq_leave (socket->handle, group))
ZL_SOCKET_CALL (zl_socket_setsockopt,
                (zl_socket * socket, int option, const void *value, size_t size),
                zmq_setsockopt (socket->handle, option, value, size))
ZL_SOCKET_CALL (zl_socket_getsockopt,
                (zl_socket * socket, int option, void *value, size_t *size),
                zmq_getsockopt (socket->handle, option, value, size))
ZL_SOCKET_CALL (zl_socket_peer_state,
                (zl_socket * socket, const void *routing_id, size_t size),
                zmq_socket_get_peer_state (socket->handle, routing_id, size))
int zl_socket_has_peer (zl_socket *socket, const void *routing_id, size_t size)
{
    return zl_socket_peer_state (socket, routing_id, size) >= 0;
}

ZL_SOCKET_CALL (zl_socket_pipes_stats, (zl_socket * socket), zmq_socket_monitor_pipes_stats (socket->handle))
/* Never block: the caller waits in slices, so that signals are seen. */
ZL_SOCKET_CALL (zl_socket_send,
                (zl_socket * socket, zmq_msg_t *message, int flags),
                zmq_msg_send (message, socket->handle, flags | ZMQ_DONTWAIT))
ZL_SOCKET_CALL (zl_socket_recv,
                (zl_socket * socket, zmq_msg_t *message, int flags),
                zmq_msg_recv (message, socket->handle, flags | ZMQ_DONTWAIT))
ZL_SOCKET_CALL (zl_socket_poll,
                (zl_socket * socket, int events, long timeout_ms),
                zl_socket_wait (socket, events, timeout_ms))

/* ---- numbers, without pointers to pass: errno is 0 when it worked ---- */

int64_t zl_socket_get_number (zl_socket *socket, int option, size_t size)
{
    int small = 0;
    int64_t large = 0;
    int rc;
    if (zl_socket_enter (socket) != 0)
        return -1;
    rc = size == sizeof small ? zmq_getsockopt (socket->handle, option, &small, &size)
                              : zmq_getsockopt (socket->handle, option, &large, &size);
    if (rc == 0)
        errno = 0;
    zl_socket_leave (socket, rc);
    return size == sizeof small ? small : large;
}

int zl_socket_set_number (zl_socket *socket, int option, size_t size, int64_t value)
{
    int small = (int) value;
    if (size == sizeof small)
        return zl_socket_setsockopt (socket, option, &small, sizeof small);
    return zl_socket_setsockopt (socket, option, &value, sizeof value);
}
