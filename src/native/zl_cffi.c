/* One socket for _hotpath_cffi: see zl_cffi.h. */
#define ZL_NATIVE
#include "zl_cffi.h"
#include <errno.h>
#include <string.h>

/* libzmq keeps messages of up to 33 bytes in the zmq_msg_t itself: there is nothing to free. */

/* ---- inside ---- */

int zl_cffi_enter (const zl_cffi_socket *socket, zl_socket **native)
{
    *native = socket->native;
    if (ZL_UNLIKELY (!*native))
        return -ENOTSOCK;
    if (ZL_LIKELY (zl_socket_enter_fast (*native, &zl_generation)))
        return 0;
    return zl_socket_enter_slow (*native) == 0 ? 0 : -errno;
}

void zl_cffi_leave (zl_socket *native)
{
    if (ZL_UNLIKELY (!zl_socket_leave_fast (native)))
        zl_socket_leave_slow (native);
}

void zl_cffi_socket_init (zl_cffi_socket *socket, zl_socket *native, char *busy, size_t own_from)
{
    socket->native = native;
    socket->busy = busy;
    socket->own_from = own_from;
    zmq_msg_init (&socket->message);
}

void zl_cffi_socket_detach (zl_cffi_socket *socket)
{
    zl_socket *native;
    int rc = zl_cffi_enter (socket, &native);
    if (rc == 0 || rc == -ENOTSOCK) {
        /* Nobody is inside, or comes inside any more, so nobody uses the message. */
        zmq_msg_close (&socket->message);
        zmq_msg_init (&socket->message);
    }
    socket->native = NULL;
    if (rc == 0)
        zl_cffi_leave (native);
}

int zl_cffi_socket_timeout (zl_cffi_socket *socket, int option)
{
    zl_socket *native = socket->native;
    int value = -1;
    size_t size = sizeof value;
    if (!native)
        return -ENOTSOCK;
    return zl_socket_getsockopt (native, option, &value, &size) == 0 ? value : -errno;
}

/* ---- waiting; the caller is inside ---- */

void zl_cffi_waiting_begin (zl_cffi_waiting *waiting, long timeout_ms)
{
    waiting->timeout_ms = timeout_ms;
    waiting->until = timeout_ms > 0 ? zl_thread_now () + timeout_ms : 0;
    waiting->tries = 0;
}

/* A try gave EAGAIN. 0: try again; else -errno, -EAGAIN when the time is over. */
static int zl_cffi_waiting_wait (zl_cffi_waiting *waiting, zl_socket *native, int events)
{
    int64_t left = waiting->timeout_ms;
    if (left > 0)
        left = waiting->until - zl_thread_now ();
    if (left <= 0 && waiting->timeout_ms >= 0)
        return -EAGAIN;
    if (events == ZMQ_POLLOUT)
        return zl_socket_park_to_send (native, waiting->tries++, (long) left) < 0 ? -errno : 0;
    return zl_socket_park (native, events, (long) left) < 0 ? -errno : 0;
}

/* ---- messages ---- */

/* GCC knows the bound of an inlined copy and takes "rep movs" for it: 15 ns more for 16 bytes. */
#if defined __GNUC__
__attribute__ ((noinline))
#endif
void zl_cffi_copy (char *target, const void *source, size_t size)
{
    memcpy (target, source, size);
}

int zl_cffi_message_copy (zmq_msg_t *message, const char *data, size_t size)
{
    if (zmq_msg_init_size (message, size) != 0)
        return -errno;
    if (size)
        memcpy (zmq_msg_data (message), data, size);
    return 0;
}

uintptr_t zl_cffi_message_pass (zmq_msg_t *message, char *data, size_t size, uintptr_t key, zl_hold **hold)
{
    zl_hold *made = zl_hold_new ((void *) key);
    if (!made)
        return 0;
    if (zl_hold_message (message, data, size, made) != 0) {
        zl_hold_release (data, made); /* collected later, with the key */
        return 0;
    }
    if (hold)
        *hold = made;
    return (uintptr_t) data;
}

int zl_cffi_collect (uintptr_t *keys, int max)
{
    zl_hold *next, *hold = zl_hold_collect ();
    int count = 0;
    for (; hold; hold = next) {
        next = hold->next;
        if (count < max) {
            keys[count++] = (uintptr_t) hold->object;
            zl_hold_unreference (hold);
        } else {
            void *head;
            do {
                head = zl_load_ptr (&zl_hold_released);
                hold->next = head;
            } while (!zl_cas_ptr (&zl_hold_released, head, hold));
        }
    }
    return count;
}

/* ---- sending ---- */

int zl_cffi_drops_rest (zl_socket *native)
{
    return native->type == ZMQ_PUSH || native->type == ZMQ_DEALER || native->type == ZMQ_REQ;
}

/* What to answer for a part that libzmq did not take. The rest of a message that it has dropped meanwhile is dropped too
 * when the call may wait, as in libzmq's own send, and refused when it may not. Sent again it would be a message of its own. */
static int zl_cffi_not_sent (zl_cffi_socket *socket, zl_socket *native, int flags)
{
    int error = errno, timeout = 0;
    size_t size = sizeof timeout;
    if (error != EAGAIN || !socket->sending_more || !zl_cffi_drops_rest (native))
        return -error;
    socket->sending_more = flags & ZMQ_SNDMORE;
    if ((flags & ZMQ_DONTWAIT) || zmq_getsockopt (native->handle, ZMQ_SNDTIMEO, &timeout, &size) != 0 || timeout == 0)
        return ZL_CFFI_LOST;
    return 0;
}

int zl_cffi_send_inside (zl_cffi_socket *socket, zl_socket *native, zmq_msg_t *message, int flags, zl_cffi_waiting *waiting)
{
    int rc;
    while (zl_msg_send (message, native->handle, flags | ZMQ_DONTWAIT) < 0) {
        rc = zl_cffi_not_sent (socket, native, flags);
        if (rc == 0) {
            zmq_msg_close (message);
            zmq_msg_init (message);
            return 0;
        }
        if (rc != -EAGAIN)
            return rc;
        rc = zl_cffi_waiting_wait (waiting, native, ZMQ_POLLOUT);
        if (rc != 0)
            return rc;
    }
    socket->sending_more = flags & ZMQ_SNDMORE;
    return 0;
}

int zl_cffi_send (zl_cffi_socket *socket, const char *data, size_t size, int flags)
{
    zl_socket *native;
    int rc = zl_cffi_enter (socket, &native);
    if (ZL_UNLIKELY (rc != 0))
        return rc;
    if (ZL_LIKELY (zl_send (native->handle, data, size, flags | ZMQ_DONTWAIT) >= 0)) {
        socket->sending_more = flags & ZMQ_SNDMORE;
        socket->sent += 1;
        rc = zl_load_ptr (&zl_hold_released) != NULL;
    } else
        rc = zl_cffi_not_sent (socket, native, flags);
    zl_cffi_leave (native);
    return rc;
}

int zl_cffi_send_message (zl_cffi_socket *socket, zmq_msg_t *message, int flags, long timeout_ms)
{
    zl_cffi_waiting waiting;
    zl_socket *native;
    int rc = zl_cffi_enter (socket, &native);
    if (rc != 0)
        return rc;
    zl_cffi_waiting_begin (&waiting, timeout_ms);
    rc = zl_cffi_send_inside (socket, native, message, flags, &waiting);
    socket->sent += rc == 0;
    zl_cffi_leave (native);
    return rc;
}

/* ---- receiving ---- */

int zl_cffi_recv_inside (zl_socket *native, zmq_msg_t *message, long timeout_ms)
{
    zl_cffi_waiting waiting;
    int rc;
    zl_cffi_waiting_begin (&waiting, timeout_ms);
    while (zmq_msg_recv (message, native->handle, ZMQ_DONTWAIT) < 0) {
        if (errno != EAGAIN)
            return -errno;
        rc = zl_cffi_waiting_wait (&waiting, native, ZMQ_POLLIN);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Why the fast way in is closed. Several threads may be inside a thread-safe socket: no inbox for them. */
static int zl_cffi_recv_refused (zl_cffi_socket *socket)
{
    zl_socket *native;
    int rc = zl_cffi_enter (socket, &native);
    if (rc != 0)
        return rc;
    zl_cffi_leave (native);
    return -EALREADY;
}

int zl_cffi_recv (zl_cffi_socket *socket)
{
    zmq_msg_t *message = &socket->message;
    zl_socket *native = socket->native;
    void *data;
    int size;
    if (ZL_UNLIKELY (!native || !zl_socket_enter_fast (native, &zl_generation)))
        return zl_cffi_recv_refused (socket);
    if (ZL_UNLIKELY (*socket->busy)) {
        size = -EALREADY;
        goto done;
    }
    size = zmq_msg_recv (message, native->handle, ZMQ_DONTWAIT);
    if (ZL_UNLIKELY (size < 0)) {
        size = -errno;
        goto done;
    }
    *socket->busy = 1;
    if (ZL_UNLIKELY (size > ZL_CFFI_INBOX_SIZE || ((size_t) size >= socket->own_from && zl_hold_count () > 0))) {
        size = ZL_CFFI_LARGE;
        goto done;
    }
    data = zmq_msg_data (message);
    zl_cffi_copy (socket->inbox, data, (size_t) size);
    if (!ZL_IS_WITHIN (message, data)) {
        zmq_msg_close (message);
        zmq_msg_init (message);
    }
done:
    zl_cffi_leave (native);
    return size;
}

void zl_cffi_recv_done (zl_cffi_socket *socket)
{
    zmq_msg_close (&socket->message);
    zmq_msg_init (&socket->message);
    *socket->busy = 0;
}

int zl_cffi_recv_message (zl_cffi_socket *socket, zmq_msg_t *message, long timeout_ms)
{
    zl_socket *native;
    int rc;
    zmq_msg_init (message);
    rc = zl_cffi_enter (socket, &native);
    if (rc != 0)
        return rc;
    rc = zl_cffi_recv_inside (native, message, timeout_ms);
    zl_cffi_leave (native);
    return rc;
}

int64_t zl_cffi_recv_into (zl_cffi_socket *socket, char *buffer, size_t size, long timeout_ms)
{
    zmq_msg_t message;
    int64_t rc = zl_cffi_recv_message (socket, &message, timeout_ms);
    if (rc == 0) {
        rc = (int64_t) zmq_msg_size (&message);
        if (rc && size)
            memcpy (buffer, zmq_msg_data (&message), (size_t) rc < size ? (size_t) rc : size);
    }
    zmq_msg_close (&message);
    return rc;
}
