/* The slow half of send and recv: what to do when libzmq says EAGAIN or EINTR; and sends without the GIL. */
#include "hotpath.h"

typedef struct hp_waiting
{
    long timeout_ms; /* -1: for ever */
    int64_t until;
    int main_thread;
} hp_waiting;

static int hp_waiting_begin (hp_waiting *waiting, zl_socket *native, int option, long timeout_ms)
{
    int value = -1;
    size_t size = sizeof value;
    if (timeout_ms == HP_TIMEOUT_OPTION) {
        if (hp.api->getsockopt (native->handle, option, &value, &size) != 0)
            return -1;
        timeout_ms = value;
    }
    waiting->timeout_ms = timeout_ms;
    waiting->until = timeout_ms > 0 ? hp.api->now () + timeout_ms : 0;
    waiting->main_thread = PyThread_get_thread_ident () == hp.main_thread;
    return 0;
}

/* How long to wait now; 0: the time is over. */
static long hp_waiting_slice (const hp_waiting *waiting)
{
    int64_t left = -1;
    if (waiting->timeout_ms >= 0) {
        left = waiting->timeout_ms ? waiting->until - hp.api->now () : 0;
        if (left <= 0)
            return 0;
    }
    if (waiting->main_thread && (left < 0 || left > HP_SLICE_MS))
        return HP_SLICE_MS;
    return (long) left;
}

/* Runs signal handlers outside the socket, so that they may use it or close it. 0: inside again. */
static int hp_run_handlers (zl_socket *native, const char *call)
{
    hp_leave (native);
    if (PyErr_CheckSignals () != 0)
        return HP_FAILED;
    if (!zl_socket_enter_fast (native, hp.api->generation) && hp.api->socket_enter_slow (native) != 0)
        return hp_raise (errno, call, NULL);
    return 0;
}

static int hp_fail (zl_socket *native, int error, const char *call)
{
    hp_leave (native);
    return hp_raise (error, call, NULL);
}

int hp_send_drops_rest (zl_socket *native)
{
    return native->type == ZMQ_PUSH || native->type == ZMQ_DEALER || native->type == ZMQ_REQ;
}

/* Whether the peer went away with the first parts of the message that a part, not taken just now, is the rest of. Tried
 * again, it would go to the next peer as a message of its own. */
static int hp_send_lost_rest (hp_socket *self, zl_socket *native, int flags)
{
    if (!hp_send_is_rest (self, native))
        return 0;
    self->sending_more = flags & ZMQ_SNDMORE;
    return 1;
}

static int hp_send_loop (hp_socket *self, zl_socket *native, zmq_msg_t *message, int flags, int quiet, const char *call)
{
    hp_waiting waiting;
    int began = 0, tries = 0, error = hp.api->error ();
    for (;;) {
        int rc, left = 0;
        long slice;
        if (error != EAGAIN && error != EINTR)
            return hp_fail (native, error, call);
        if (error == EAGAIN) {
            if (!began && hp_waiting_begin (&waiting, native, ZMQ_SNDTIMEO, flags & ZMQ_DONTWAIT ? 0 : HP_TIMEOUT_OPTION) != 0)
                return hp_fail (native, hp.api->error (), call);
            began = 1;
            slice = hp_waiting_slice (&waiting);
            if (hp_send_lost_rest (self, native, flags) && slice != 0) {
                /* As libzmq's blocking send, which says nothing: the rest has no message to belong to. */
                hp.api->msg_close (message);
                hp.api->msg_init (message);
                return HP_DONE;
            }
            if (slice == 0 && quiet)
                return HP_WOULD_WAIT;
            if (slice == 0)
                return hp_fail (native, EAGAIN, call);
            Py_BEGIN_ALLOW_THREADS
            hp_turn_give ();
            rc = hp.api->socket_park_to_send (native, tries++, slice);
            if (rc > 0)
                rc = hp.api->msg_send (message, native->handle, flags | ZMQ_DONTWAIT) >= 0 ? 1 : -1;
            error = rc < 0 ? hp.api->error () : EAGAIN;
            left = rc < 0 && error != EAGAIN && error != EINTR;
            if (left)
                hp_leave (native); /* at exit this thread may never get the GIL again */
            if (rc > 0)
                hp_turn_await (&native->turn);
            Py_END_ALLOW_THREADS
            hp_turn_take ();
            if (rc > 0) {
                self->sending_more = flags & ZMQ_SNDMORE;
                return HP_DONE;
            }
            if (left)
                return hp_raise (error, call, NULL);
        }
        if (hp_run_handlers (native, call) != 0)
            return HP_FAILED;
        if (error == EINTR) {
            if (hp.api->msg_send (message, native->handle, flags | ZMQ_DONTWAIT) >= 0) {
                self->sending_more = flags & ZMQ_SNDMORE;
                return HP_DONE;
            }
            error = hp.api->error ();
        }
    }
}

static int hp_recv_loop (zl_socket *native, zmq_msg_t *message, int flags, long timeout_ms, int quiet, const char *call)
{
    hp_waiting waiting;
    int began = 0, error = hp.api->error ();
    for (;;) {
        int rc, left = 0;
        long slice;
        if (error != EAGAIN && error != EINTR)
            return hp_fail (native, error, call);
        if (!began && hp_waiting_begin (&waiting, native, ZMQ_RCVTIMEO, flags & ZMQ_DONTWAIT ? 0 : timeout_ms) != 0)
            return hp_fail (native, hp.api->error (), call);
        began = 1;
        slice = hp_waiting_slice (&waiting);
        if (slice == 0 && error == EAGAIN) {
            zl_socket_found_nothing (native);
            return quiet ? HP_WOULD_WAIT : hp_fail (native, EAGAIN, call);
        }
        Py_BEGIN_ALLOW_THREADS
        hp_turn_give ();
        rc = error == EINTR ? 1 : hp.api->socket_park (native, ZMQ_POLLIN, slice);
        /* The message is taken before the GIL is asked for: nothing else can come between. After a
         * timeout too: the descriptor may have moved in the last instant. */
        if (rc >= 0)
            rc = hp.api->msg_recv (message, native->handle, flags | ZMQ_DONTWAIT) >= 0 ? 1 : -1;
        error = rc < 0 ? hp.api->error () : 0;
        left = rc < 0 && error != EAGAIN && error != EINTR;
        if (left)
            hp_leave (native); /* at exit this thread may never get the GIL again */
        if (rc > 0)
            hp_turn_await (&native->turn);
        Py_END_ALLOW_THREADS
        hp_turn_take ();
        if (rc > 0)
            return HP_DONE;
        if (left)
            return hp_raise (error, call, NULL);
        if (hp_run_handlers (native, call) != 0)
            return HP_FAILED;
    }
}

int hp_send_wait (hp_socket *self, zl_socket *native, zmq_msg_t *message, int flags, int quiet, const char *call)
{
    int error = hp.api->error (), rc;
    PyObject *owner = self->owner;
    if (quiet && error == EAGAIN && (flags & ZMQ_DONTWAIT)) {
        hp_send_lost_rest (self, native, flags);
        return HP_WOULD_WAIT;
    }
    errno = error;
    Py_INCREF (owner); /* close() or __del__ in a handler must not free native under us */
    rc = hp_send_loop (self, native, message, flags, quiet, call);
    Py_DECREF (owner);
    return rc;
}

int hp_send_short_handing_over (hp_socket *self, zl_socket *native, PyObject *carried, char *data, size_t size, int flags)
{
    int rc;
    PyObject *owner = self->owner;
    Py_INCREF (owner); /* other threads run meanwhile */
    Py_BEGIN_ALLOW_THREADS
    hp_turn_give ();
    rc = hp_send_short_here (self, native, carried, data, size, flags);
    Py_END_ALLOW_THREADS
    hp_turn_take ();
    Py_DECREF (owner);
    return rc;
}

int hp_send_handing_over (hp_socket *self, zl_socket *native, zmq_msg_t *message, int flags, int quiet, const char *call)
{
    int rc, error, left;
    PyObject *owner = self->owner;
    Py_INCREF (owner); /* other threads run meanwhile */
    Py_BEGIN_ALLOW_THREADS
    hp_turn_give ();
    rc = hp.api->msg_send (message, native->handle, flags | ZMQ_DONTWAIT);
    error = rc < 0 ? hp.api->error () : 0;
    left = rc < 0 && error != EAGAIN && error != EINTR;
    if (left)
        hp_leave (native); /* at exit this thread may never get the GIL again */
    Py_END_ALLOW_THREADS
    hp_turn_take ();
    if (rc >= 0) {
        self->sending_more = 0;
        rc = HP_DONE;
    } else if (left)
        rc = hp_raise (error, call, NULL);
    else {
        errno = error;
        rc = hp_send_wait (self, native, message, flags, quiet, call);
    }
    Py_DECREF (owner);
    return rc;
}

int hp_recv_wait (hp_socket *self, zl_socket *native, zmq_msg_t *message, int flags, long timeout_ms, int quiet, const char *call)
{
    int error = hp.api->error (), rc;
    PyObject *owner = self->owner;
    if (error == EAGAIN && ((flags & ZMQ_DONTWAIT) || timeout_ms == 0)) {
        zl_socket_found_nothing (native);
        return quiet ? HP_WOULD_WAIT : hp_fail (native, EAGAIN, call);
    }
    errno = error;
    Py_INCREF (owner); /* close() or __del__ in a handler must not free native under us */
    rc = hp_recv_loop (native, message, flags, timeout_ms, quiet, call);
    Py_DECREF (owner);
    return rc;
}
