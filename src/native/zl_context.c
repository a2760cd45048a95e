/* Contexts: made, used, terminated on a thread of their own so that nobody has to wait for ever. */
#include "zl_context.h"
#include "zl_optional.h"
#include <errno.h>
#include <stdlib.h>

#define ZL_SPARE_SOCKETS 32
/* Up to here libzmq reads to see whether an address is that of a context: 140 bytes in 4.3.4. */
#define ZL_CONTEXT_SPAN 256

zl_mutex zl_context_lock = ZL_MUTEX_INIT;
zl_cond zl_context_changed = ZL_COND_INIT;
zl_context *zl_context_list;

/* ---- the lists; the lock is held ---- */

void zl_context_add_socket (zl_context *context, zl_socket *socket)
{
    socket->next = context->sockets;
    if (context->sockets)
        context->sockets->previous = socket;
    context->sockets = socket;
    context->socket_count += 1;
}

void zl_context_free_if_unused (zl_context *context)
{
    if (context->references > 0 || context->sockets || context->hidden_sockets || context->users > 0)
        return;
    if (context->owned && context->handle)
        return; /* its terminator could not be started: the exit path tries again */
    if (context->previous)
        context->previous->next = context->next;
    else
        zl_context_list = context->next;
    if (context->next)
        context->next->previous = context->previous;
    free (context);
}

void zl_context_remove_socket (zl_socket *socket)
{
    zl_context *context = socket->context;
    zl_datagram_forget (socket);
    if (!context)
        return;
    if (socket->previous)
        socket->previous->next = socket->next;
    else
        context->sockets = socket->next;
    if (socket->next)
        socket->next->previous = socket->previous;
    socket->previous = socket->next = NULL;
    socket->context = NULL;
    context->socket_count -= 1;
    zl_inproc_forget (context, socket);
    zl_context_free_if_unused (context);
}

/* ---- calls in progress: the terminator waits for them ---- */

void *zl_context_enter (zl_context *context)
{
    void *handle = NULL;
    if (context->generation != zl_generation) {
        errno = ZL_EFORKED;
        return NULL;
    }
    zl_thread_lock (&zl_context_lock);
    if (context->handle && !context->terminating) {
        handle = context->handle;
        context->users += 1;
    }
    zl_thread_unlock (&zl_context_lock);
    if (!handle)
        errno = ETERM;
    return handle;
}

void zl_context_leave (zl_context *context)
{
    int error = errno;
    zl_thread_lock (&zl_context_lock);
    context->users -= 1;
    if (context->users == 0)
        zl_thread_wake_all (&zl_context_changed);
    zl_thread_unlock (&zl_context_lock);
    errno = error;
}

static zl_context *zl_context_wrap (void *handle, int owned)
{
    zl_context *context = calloc (1, sizeof *context);
    if (!context) {
        errno = ENOMEM;
        return NULL;
    }
    context->handle = handle;
    context->generation = zl_generation;
    context->owned = owned;
    context->references = 1;
    zl_thread_lock (&zl_context_lock);
    context->next = zl_context_list;
    if (zl_context_list)
        zl_context_list->previous = context;
    zl_context_list = context;
    zl_thread_unlock (&zl_context_lock);
    return context;
}

/* libzmq needs more sockets than the user, who is held to the number asked for: it aborts in term when it has none
 * left for pending inproc connects (zl_inproc.c), and what was closed takes up its place a moment longer. */
static int zl_context_set_max_sockets (zl_context *context, void *handle, int value)
{
    int spare = zmq_ctx_get (handle, ZMQ_SOCKET_LIMIT) - value;
    if (value < 1) {
        errno = EINVAL;
        return -1;
    }
    spare = spare < 0 ? 0 : spare > ZL_SPARE_SOCKETS ? ZL_SPARE_SOCKETS : spare;
    if (zmq_ctx_set (handle, ZMQ_MAX_SOCKETS, value + spare) != 0)
        return -1;
    zl_thread_lock (&zl_context_lock);
    context->max_sockets = value;
    context->socket_room = value - !spare;
    zl_thread_unlock (&zl_context_lock);
    return 0;
}

zl_context *zl_context_new (int io_threads)
{
    zl_context *context;
    void *handle;
    int error;
    if (zl_descriptors_check (4) != 0)
        return NULL;
    handle = zmq_ctx_new ();
    if (!handle)
        return NULL;
    context = NULL;
    if (zmq_ctx_set (handle, ZMQ_IO_THREADS, io_threads) == 0)
        context = zl_context_wrap (handle, 1);
    if (!context) {
        error = errno;
        zmq_ctx_term (handle); /* no socket was made: returns at once */
        errno = error;
        return NULL;
    }
    context->io_threads = io_threads;
    zl_context_set_max_sockets (context, handle, zmq_ctx_get (handle, ZMQ_MAX_SOCKETS));
    return context;
}

zl_context *zl_context_shadow (void *handle)
{
    zl_context *context;
    zl_thread_lock (&zl_context_lock);
    for (context = zl_context_list; context && context->handle != handle;)
        context = context->next;
    if (context && handle)
        context->references += 1;
    zl_thread_unlock (&zl_context_lock);
    if (!handle || (!context && (!zl_address_check (handle, ZL_CONTEXT_SPAN) || zmq_ctx_get (handle, ZMQ_IO_THREADS) < 0))) {
        errno = EFAULT;
        return NULL;
    }
    return context ? context : zl_context_wrap (handle, 0);
}

void *zl_context_handle (zl_context *context)
{
    void *handle;
    zl_thread_lock (&zl_context_lock);
    handle = context->generation == zl_generation ? context->handle : NULL;
    zl_thread_unlock (&zl_context_lock);
    return handle;
}

int zl_context_closed (zl_context *context)
{
    return zl_context_handle (context) == NULL;
}

int zl_context_socket_count (zl_context *context)
{
    return context->generation == zl_generation ? context->socket_count : 0;
}

#define ZL_CONTEXT_CALL(name, parameters, call)                                                                        \
    int name parameters                                                                                                \
    {                                                                                                                  \
        int rc;                                                                                                        \
        void *handle = zl_context_enter (context);                                                                     \
        if (!handle)                                                                                                   \
            return -1;                                                                                                 \
        rc = call;                                                                                                     \
        zl_context_leave (context);                                                                                    \
        return rc;                                                                                                     \
    }

static int zl_context_set_any (zl_context *context, void *handle, int option, int value)
{
    int rc;
    if (option == ZMQ_MAX_SOCKETS)
        return zl_context_set_max_sockets (context, handle, value);
    rc = zmq_ctx_set (handle, option, value);
    if (rc == 0 && option == ZMQ_IO_THREADS)
        context->io_threads = value;
    return rc;
}

ZL_CONTEXT_CALL (zl_context_set,
                 (zl_context * context, int option, int value),
                 zl_context_set_any (context, handle, option, value))
/* -1 is a value of some options: errno is 0 when it worked. */
static int zl_context_get_any (zl_context *context, void *handle, int option)
{
    if (option == ZMQ_MAX_SOCKETS && context->max_sockets) {
        errno = 0;
        return context->max_sockets;
    }
    errno = 0;
    return zmq_ctx_get (handle, option);
}

ZL_CONTEXT_CALL (zl_context_get,
                 (zl_context * context, int option),
                 zl_context_get_any (context, handle, option))
ZL_CONTEXT_CALL (zl_context_set_ext,
                 (zl_context * context, int option, const void *value, size_t size),
                 zmq_ctx_set_ext (handle, option, value, size))
ZL_CONTEXT_CALL (zl_context_get_ext,
                 (zl_context * context, int option, void *value, size_t *size),
                 zmq_ctx_get_ext (handle, option, value, size))

static int zl_context_shut_down (zl_context *context, void *handle)
{
    zl_thread_lock (&zl_context_lock);
    zl_inproc_settle (context);
    zl_thread_unlock (&zl_context_lock);
    return zmq_ctx_shutdown (handle);
}

ZL_CONTEXT_CALL (zl_context_shutdown, (zl_context * context), zl_context_shut_down (context, handle))

/* ---- the end of a context ---- */

static void zl_context_terminate (void *argument)
{
    zl_context *context = argument;
    void *handle = context->handle;
    zl_thread_lock (&zl_context_lock);
    while (context->users > 0)
        zl_thread_wait (&zl_context_changed, &zl_context_lock, 100);
    zl_thread_unlock (&zl_context_lock);
    while (zmq_ctx_term (handle) != 0 && errno == EINTR)
        ;
    zl_thread_lock (&zl_context_lock);
    context->handle = NULL;
    context->terminating = 0;
    context->references -= 1;
    zl_context_free_if_unused (context);
    zl_thread_wake_all (&zl_context_changed);
    zl_thread_unlock (&zl_context_lock);
}

int zl_context_start_terminator (zl_context *context)
{
    if (context->terminating || !context->handle || !context->owned)
        return 0;
    context->terminating = 1;
    context->references += 1;
    zl_inproc_settle (context);
    if (zl_thread_start (zl_context_terminate, context) == 0) {
        /* Who waits ends with ETERM from now on, also when term() times out before that thread has run. The handle
         * lives: the thread wants the lock first, which our caller has. */
        zmq_ctx_shutdown (context->handle);
        return 0;
    }
    context->terminating = 0;
    context->references -= 1;
    return -1;
}

static int zl_context_close_all (zl_context *context, int linger, int cap_ms)
{
    int busy = 0;
    zl_socket *socket, *next;
    for (socket = context->sockets; socket; socket = next) {
        next = socket->next;
        busy += !zl_socket_close_later (socket, linger, cap_ms);
    }
    return busy;
}

int zl_context_close_sockets (zl_context *context, int linger, int cap_ms)
{
    int busy = 0;
    if (context->generation != zl_generation)
        return 0;
    zl_thread_lock (&zl_context_lock);
    context->references += 1;
    busy = zl_context_close_all (context, linger, cap_ms);
    context->references -= 1;
    zl_thread_unlock (&zl_context_lock);
    return busy;
}

int zl_context_term (zl_context *context, long timeout_ms)
{
    int64_t until = zl_thread_now () + timeout_ms, left;
    int rc = 0;
    if (context->generation != zl_generation || !context->owned)
        return 0;
    zl_thread_lock (&zl_context_lock);
    context->references += 1; /* somebody else may drop it meanwhile */
    if (zl_context_start_terminator (context) != 0)
        rc = -errno; /* of pthread_create */
    while (rc == 0 && context->handle) {
        left = timeout_ms < 0 ? -1 : until - zl_thread_now ();
        if (timeout_ms >= 0 && left <= 0) {
            rc = -EAGAIN;
            break;
        }
        zl_thread_wait (&zl_context_changed, &zl_context_lock, (long) left);
    }
    context->references -= 1;
    zl_context_free_if_unused (context);
    zl_thread_unlock (&zl_context_lock);
    return rc;
}

void zl_context_leave_behind (zl_context *context)
{
    zl_thread_lock (&zl_context_lock);
    context->left_behind = 1;
    zl_thread_unlock (&zl_context_lock);
}

void zl_context_drop (zl_context *context)
{
    int error = errno; /* as in zl_socket_drop */
    if (context->generation != zl_generation)
        return; /* the parent's: a few bytes stay behind in the child */
    zl_thread_lock (&zl_context_lock);
    if (context->references == 1 && context->owned && context->handle) {
        zl_context_close_all (context, ZL_LINGER_KEEP, zl_exit_linger);
        zl_context_start_terminator (context);
    }
    context->references -= 1;
    zl_context_free_if_unused (context);
    zl_thread_unlock (&zl_context_lock);
    errno = error;
}
