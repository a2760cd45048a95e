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
    if (zl_cas (&socket->state, ZL_IDLE, ZL_INSIDE)) {
        if (socket->lent)
            socket->events_known = 0;
        return 0;
    }
    errno = zl_load (&socket->state) == ZL_CLOSED || !zl_load_ptr (&socket->handle) ? ENOTSOCK : EBUSY;
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

/* Freed when 255 others have come after it. A call that is on its way in while the last Python object goes, which takes
 * a __del__() or __init__() called by hand, finds a socket that is closed, and not freed memory. The lock is held. */
static void zl_socket_free_later (zl_socket *socket)
{
    static zl_socket *waiting[256];
    static unsigned next;
    zl_socket **place = &waiting[next++ % 256];
    free (*place);
    *place = socket;
}

/* The caller is the only one inside. The handle stays readable for error paths that race with it; what
 * keeps others out is the state. */
static int zl_socket_finish (zl_socket *socket)
{
    int rc = 0, error;
    void *handle = socket->handle;
    zl_store_ptr (&socket->handle, NULL);
    /* zmq_close only hands the socket to the reaper. Under the lock, so that zl_inproc_settle never binds what is
     * being closed. */
    zl_thread_lock (&zl_context_lock);
    zl_draft_fd_close (socket);
    if (socket->owned && handle)
        rc = zmq_close (handle);
    error = errno;
    zl_store (&socket->state, ZL_CLOSED);
    zl_context_remove_socket (socket);
    if (socket->references == 0)
        zl_socket_free_later (socket);
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
    socket->lent = !owned || socket->thread_safe;
    size = sizeof socket->fd;
    if (!socket->thread_safe && zmq_getsockopt (handle, ZMQ_FD, &socket->fd, &size) != 0)
        goto failed;
    zl_socket_find_mailbox (socket);
    return socket;
failed:
    free (socket);
    return NULL;
}

/* Messages that wait leave in writes of this size, not 8 KiB: eight messages of 64 KiB with their headers. Not with the
 * system's libzmq, which may lose what it took from the queue for a batch (vendor/libzmq/mends/faults.py). */
#if !defined ZL_SYSTEM
static const int zl_out_batch_size = 528 * 1024;
#endif
#ifndef ZMQ_OUT_BATCH_SIZE
#define ZMQ_OUT_BATCH_SIZE 102
#endif

/* Closed sockets take up libzmq's room until its own thread has reaped them, a moment later: it is waited for. */
#define ZL_REAPED_MS 1000

void *zl_socket_open (void *context_handle, int type)
{
    int64_t until = zl_thread_now () + ZL_REAPED_MS;
    void *handle = zmq_socket (context_handle, type);
    while (!handle && errno == EMFILE && zl_thread_now () < until) {
        zl_thread_lock (&zl_context_lock);
        zl_thread_wait (&zl_context_changed, &zl_context_lock, 1);
        zl_thread_unlock (&zl_context_lock);
        handle = zmq_socket (context_handle, type);
    }
    return handle;
}

static zl_socket *zl_socket_make (zl_context *context, void *context_handle, int type, void *(*open) (void *, int))
{
    void *handle;
    zl_socket *socket;
    int error, full, started = zl_load (&context->started);
    /* The first socket also starts the reaper and the I/O threads, with two descriptors each. */
    if (zl_descriptors_check (started ? 2 : 8 + 2 * context->io_threads) != 0)
        return NULL;
    if (!started && zl_threads_check (1 + context->io_threads) != 0) {
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
    handle = open (context_handle, type);
    if (!handle)
        return NULL;
#if !defined ZL_SYSTEM
    /* A libzmq without drafts has no such option, and keeps its 8 KiB. */
    (void) zmq_setsockopt (handle, ZMQ_OUT_BATCH_SIZE, &zl_out_batch_size, sizeof zl_out_batch_size);
#endif
    socket = zl_socket_wrap (handle, context, 1);
    if (!socket) {
        error = errno;
        zmq_close (handle);
        errno = error;
        return NULL;
    }
    zl_thread_lock (&zl_context_lock);
    zl_store (&context->started, 1);
    zl_context_add_socket (context, socket);
    zl_thread_unlock (&zl_context_lock);
    return socket;
}

static zl_socket *zl_socket_make_inside (zl_context *context, int type, void *(*open) (void *, int))
{
    zl_socket *socket;
    void *handle = zl_context_enter (context);
    if (!handle)
        return NULL;
    socket = zl_socket_make (context, handle, type, open);
    zl_context_leave (context);
    return socket;
}

zl_socket *zl_socket_new (zl_context *context, int type)
{
    return zl_socket_make_inside (context, type, zl_socket_open);
}

zl_socket *zl_socket_make_at_once (zl_context *context, int type)
{
    return zl_socket_make_inside (context, type, zmq_socket);
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
        for (socket = context->sockets; socket && zl_load_ptr (&socket->handle) != handle;)
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

int zl_socket_closed (zl_socket *socket)
{
    return socket->generation != zl_generation || !zl_load_ptr (&socket->handle);
}

void *zl_socket_lend (zl_socket *socket)
{
    void *handle = zl_socket_closed (socket) ? NULL : zl_load_ptr (&socket->handle);
    if (handle)
        socket->lent = 1;
    return handle;
}

/* Who is inside and does not wait is out again in microseconds, but for zl_poll and the proxies: close() waits that long.
 * A thread that closes what an event loop of another thread has just looked at is not refused by chance. */
#define ZL_VISIT_MS 100

static int zl_socket_claim_after_visit (zl_socket *socket)
{
    int64_t until = zl_thread_now () + ZL_VISIT_MS;
    while (!zl_socket_claim (socket)) {
        int state = zl_load (&socket->state);
        if (socket->thread_safe || (state != ZL_INSIDE && state != ZL_IDLE) || zl_thread_now () >= until)
            return 0;
        zl_thread_lock (&zl_context_lock);
        zl_thread_wait (&zl_context_changed, &zl_context_lock, 1);
        zl_thread_unlock (&zl_context_lock);
    }
    return 1;
}

int zl_socket_close (zl_socket *socket, int linger)
{
    if (socket->generation != zl_generation || !zl_load_ptr (&socket->handle))
        return 0; /* closing what is closed, or the parent's, is no error */
    if (!zl_socket_claim_after_visit (socket)) {
        if (!zl_load_ptr (&socket->handle))
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
    if (socket->generation != zl_generation || !zl_load_ptr (&socket->handle))
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
    zl_store_ptr (&socket->handle, NULL);
    zl_store (&socket->state, ZL_CLOSED);
    zl_context_remove_socket (socket);
    zl_draft_fd_close (socket);
    if (socket->owned)
        zmq_close (handle); /* hands the socket to the reaper, does not wait */
    if (socket->references == 0)
        zl_socket_free_later (socket);
    return 1;
}

void zl_socket_drop (zl_socket *socket)
{
    int claimed = 0, error = errno; /* finalisers come between a call and the reading of its errno */
    zl_thread_lock (&zl_context_lock);
    if (--socket->references == 0) {
        /* Under the lock: who closes it from the context's list is through with it, or finds it taken. */
        if (socket->generation != zl_generation || zl_load (&socket->state) == ZL_CLOSED)
            zl_socket_free_later (socket);
        else if (!(claimed = zl_socket_claim (socket))) {
            /* Somebody is inside, and closes it when he leaves. */
            zl_store (&socket->close_linger, zl_exit_linger < 0 ? ZL_LINGER_KEEP : zl_exit_linger);
            zl_store (&socket->close_pending, 1);
        }
    }
    zl_thread_unlock (&zl_context_lock);
    if (claimed && socket->owned)
        zl_socket_cap_linger (socket, zl_exit_linger);
    if (claimed)
        zl_socket_finish (socket);
    errno = error;
}
