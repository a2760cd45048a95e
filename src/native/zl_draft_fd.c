/* A descriptor for the sockets that libzmq locks by itself (CLIENT and the other drafts), which have no ZMQ_FD: that of
 * a zmq_poller with this one socket. It moves as ZMQ_FD does, when the socket's events may have changed. */
#include "zl_context.h"
#include "zl_optional.h"
#include <errno.h>

static void *zl_draft_fd_poller (void *handle)
{
    int error;
    void *poller = zl_descriptors_check (2) == 0 ? zmq_poller_new () : NULL;
    if (!poller || zmq_poller_add (poller, handle, NULL, ZMQ_POLLIN | ZMQ_POLLOUT) == 0)
        return poller;
    error = errno;
    zmq_poller_destroy (&poller);
    errno = error;
    return NULL;
}

int64_t zl_draft_fd_get (zl_socket *socket, int *made)
{
    zmq_fd_t fd = 0;
    int rc = -1, error;
    if (zl_socket_enter_slow (socket) != 0)
        return -1;
    *made = 0;
    zl_thread_lock (&zl_context_lock); /* another thread may be inside, too */
    if (!socket->poller) {
        socket->poller = zl_draft_fd_poller (socket->handle);
        *made = socket->poller != NULL;
    }
    if (socket->poller)
        rc = zmq_poller_fd (socket->poller, &fd);
    error = errno;
    zl_thread_unlock (&zl_context_lock);
    errno = error;
    zl_socket_leave_slow (socket); /* keeps errno */
    return rc == 0 ? (int64_t) fd : -1;
}

void zl_draft_fd_rest (zl_socket *socket)
{
    zmq_poller_event_t event;
    if (!socket->poller)
        return;
    zl_thread_lock (&zl_context_lock);
    zmq_poller_wait (socket->poller, &event, 0);
    zl_thread_unlock (&zl_context_lock);
}

void zl_draft_fd_close (zl_socket *socket)
{
    if (socket->poller)
        zmq_poller_destroy (&socket->poller);
}
