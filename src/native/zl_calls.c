/* The calls that are made from inside a socket: enter, call, leave. */
#include "zl_context.h"
#include "zl_optional.h"
#include <errno.h>

#define zl_socket_enter(socket) zl_socket_enter_slow (socket)

static int zl_socket_leave (zl_socket *socket, int rc)
{
    zl_socket_leave_slow (socket); /* keeps errno */
    return rc;
}

int zl_socket_bind (zl_socket *socket, const char *endpoint)
{
    int rc = -1, error;
    if (zl_socket_enter (socket) != 0)
        return -1;
    zl_inproc_note (socket, endpoint);
    if (zl_descriptors_check (4) == 0 && zl_datagram_watch (socket, endpoint) == 0)
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
    zl_inproc_note (socket, endpoint);
    if (zl_descriptors_check (4) == 0 && zl_inproc_before_connect (socket->context, endpoint) == 0
        && zl_datagram_watch (socket, endpoint) == 0)
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
                zl_msg_send (message, socket->handle, flags | ZMQ_DONTWAIT))
ZL_SOCKET_CALL (zl_socket_recv,
                (zl_socket * socket, zmq_msg_t *message, int flags),
                zmq_msg_recv (message, socket->handle, flags | ZMQ_DONTWAIT))

/* ---- numbers, without pointers to pass: errno is 0 when it worked ---- */

int64_t zl_socket_get_number (zl_socket *socket, int option, size_t size)
{
    int small = 0;
    int64_t large = 0;
    int rc;
    if (zl_socket_enter (socket) != 0)
        return -1;
    if (option == ZMQ_EVENTS)
        zl_draft_fd_rest (socket);
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
