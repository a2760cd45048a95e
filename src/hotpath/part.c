/* The verbs that move one part. */
#include "hotpath.h"

/* Of the others recv() may be refused: PUB, PUSH, RADIO and SCATTER cannot, REQ and REP only when it is their turn.
 * PAIR, SUB, DEALER, ROUTER, PULL, XPUB, XSUB, STREAM, SERVER, CLIENT, DISH, GATHER, DGRAM, PEER, CHANNEL. */
#define HP_ALWAYS_RECEIVE 0x1dbee5UL

static int hp_may_always_receive (const zl_socket *native)
{
    return native->type >= 0 && native->type < 32 && (HP_ALWAYS_RECEIVE >> native->type) & 1;
}

int hp_enter_to_try (hp_socket *self, const char *call)
{
    zl_socket *native = self->native;
    int known;
    if (ZL_UNLIKELY (!native || !zl_socket_enter_knowing (native, hp.api->generation, &known)))
        return hp_enter (self, call);
    if (!(known & ZMQ_POLLIN) || (native->events & ZMQ_POLLIN) || !hp_may_always_receive (native)
        || hp.api->socket_moved (native))
        return HP_DONE;
    native->events_known = known;
    hp_leave (native);
    return HP_WOULD_WAIT;
}

/* ---- arguments ---- */

static int hp_uint32 (PyObject *value, const char *call, uint32_t *result)
{
    unsigned long long number = PyLong_AsUnsignedLongLong (value);
    if (number == (unsigned long long) -1 && PyErr_Occurred ())
        return -1;
    if (number > UINT32_MAX) {
        PyErr_Format (PyExc_OverflowError, "%s: routing_id=%R is beyond 32 bits", call, value);
        return -1;
    }
    *result = (uint32_t) number;
    return 0;
}

int hp_send_options (const hp_signature *signature, PyObject **values, hp_options *options)
{
    options->flags = 0;
    options->copy = HP_COPY_AUTO;
    options->track = 0;
    options->has_routing_id = 0;
    options->group = values[5] && values[5] != Py_None ? values[5] : NULL;
    if (hp_arguments_int (signature, values[1], "flags", &options->flags) != 0
        || hp_arguments_copy (values[2], &options->copy) != 0 || hp_arguments_bool (values[3], &options->track) != 0)
        return -1;
    if (values[4] && values[4] != Py_None) {
        options->has_routing_id = 1;
        if (hp_uint32 (values[4], signature->call, &options->routing_id) != 0)
            return -1;
    }
    if (options->group && !PyUnicode_Check (options->group) && !PyBytes_Check (options->group)) {
        PyErr_Format (PyExc_TypeError, "%s takes str or bytes for group, got %R", signature->call, options->group);
        return -1;
    }
    return 0;
}

static int hp_options_frame_untracked (const hp_options *options, PyObject *data)
{
    if (!options->track || !hp_frame_check (data))
        return 0;
    if (((hp_frame *) data)->tracker && ((hp_frame *) data)->tracker != Py_None)
        return 0;
    PyErr_SetString (PyExc_ValueError, "Not a tracked message: make the Frame with track=True");
    return -1;
}

/* ---- send ---- */

static const char *const hp_send_names[] = {"data", "flags", "copy", "track", "routing_id", "group"};
static const hp_signature hp_send_signature = {"send()", 1, 6, 6, hp_send_names};

static PyObject *hp_send_message (hp_socket *self, PyObject *data, const hp_options *options)
{
    zmq_msg_t message;
    zl_hold *hold;
    zl_socket *native;
    PyObject *result;
    if (hp_options_frame_untracked (options, data) != 0
        || hp_message_build_to_send (self, &message, data, options, "send()", -1, &hold) != 0)
        return NULL;
    result = hp_message_tracker (options, hold, data);
    if (!result || hp_enter (self, "send()") != 0)
        goto failed;
    native = self->native;
    if (hp_send_part (self, native, &message, options->flags, 0, "send()") != HP_DONE)
        goto failed;
    hp_leave (native);
    return result;
failed:
    Py_XDECREF (result);
    hp.api->msg_close (&message);
    return NULL;
}

PyObject *hp_send_now (hp_socket *self, PyObject *data)
{
    static const hp_options options = {ZMQ_DONTWAIT, HP_COPY_AUTO, 0, 0, 0, NULL};
    if (ZL_UNLIKELY (!self->native)) {
        hp_raise (ENOTSOCK, "send()", NULL);
        return NULL;
    }
    hp_message_collect_if_any ();
    if (ZL_LIKELY (PyBytes_CheckExact (data))) {
        Py_ssize_t size = PyBytes_Size (data);
        if (ZL_LIKELY (hp_send_is_short (self->native, size))) {
            if (hp_enter (self, "send()") != 0)
                return NULL;
            if (ZL_LIKELY (hp_send_short (self, self->native, data, (size_t) size, ZMQ_DONTWAIT) >= 0))
                Py_RETURN_NONE;
            return NULL;
        }
    }
    return hp_send_message (self, data, &options);
}

PyObject *hp_socket_send (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    PyObject *values[6];
    hp_options options = {0, HP_COPY_AUTO, 0, 0, 0, NULL};
    if (ZL_UNLIKELY (!self->native)) {
        hp_raise (ENOTSOCK, "send()", NULL);
        return NULL;
    }
    hp_message_collect_if_any ();
    if (ZL_LIKELY ((given == 1 || given == 2) && !names && PyBytes_CheckExact (arguments[0]))) {
        Py_ssize_t size = PyBytes_Size (arguments[0]);
        if (given == 2 && hp_arguments_int (&hp_send_signature, arguments[1], "flags", &options.flags) != 0)
            return NULL;
        if (ZL_LIKELY (hp_send_is_short (self->native, size))) {
            int rc;
            if (hp_enter (self, "send()") != 0)
                return NULL;
            if (hp_send_is_rest (self, self->native))
                hp_leave (self->native);
            else {
                rc = hp_send_short (self, self->native, arguments[0], (size_t) size, options.flags);
                if (ZL_LIKELY (rc >= 0))
                    Py_RETURN_NONE;
            }
        }
        return hp_send_message (self, arguments[0], &options);
    }
    if (hp_arguments_sort (&hp_send_signature, arguments, given, names, values) != 0
        || hp_send_options (&hp_send_signature, values, &options) != 0)
        return NULL;
    return hp_send_message (self, values[0], &options);
}

/* ---- recv ---- */

static const char *const hp_recv_names[] = {"flags", "copy", "track"};
static const hp_signature hp_recv_signature = {"recv()", 0, 3, 3, hp_recv_names};

/* One part, from inside: leaves. quiet: None when nothing is there, for calls with DONTWAIT. */
static PyObject *hp_recv_one (hp_socket *self, int flags, int copy, int track, int quiet, const char *call)
{
    zl_socket *native = self->native;
    zmq_msg_t message;
    PyObject *result;
    int rc;
    if (copy && !native->thread_safe) {
        /* The short way: one message that stays with the socket saves an init and a close, 5 of 70 ns. */
        int size = hp.api->msg_recv (&self->small, native->handle, flags | ZMQ_DONTWAIT);
        if (ZL_LIKELY (size >= 0) && (result = hp_carried_take (&self->small))) {
            hp_leave (native);
            return result;
        }
        if (ZL_LIKELY (size >= 0 && size <= HP_INLINE_SIZE)) {
            const char *data = hp.api->msg_data (&self->small);
            if (ZL_LIKELY (ZL_IS_WITHIN (&self->small, data))) {
                hp_leave (native);
                return PyBytes_FromStringAndSize (data, size);
            }
        }
        memcpy (&message, &self->small, sizeof message); /* as zmq_msg_move */
        hp.api->msg_init (&self->small);
        rc = size >= 0 ? HP_DONE : hp_recv_wait (self, native, &message, flags, HP_TIMEOUT_OPTION, quiet, call);
    } else {
        hp.api->msg_init (&message);
        rc = hp_recv_part (self, native, &message, flags, HP_TIMEOUT_OPTION, quiet, call);
    }
    if (rc != HP_DONE) {
        hp.api->msg_close (&message);
        if (rc == HP_FAILED)
            return NULL;
        hp_leave (native);
        Py_RETURN_NONE;
    }
    hp_leave (native);
    result = copy ? hp_message_take (&message) : hp_frame_take (&message, track);
    hp.api->msg_close (&message);
    hp_message_collect_if_any ();
    return result;
}

PyObject *hp_socket_recv (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    PyObject *values[3];
    int rc, flags = 0, copy = 1, track = 0;
    if (given || names) {
        if (hp_arguments_sort (&hp_recv_signature, arguments, given, names, values) != 0
            || hp_arguments_int (&hp_recv_signature, values[0], "flags", &flags) != 0
            || hp_arguments_copy (values[1], &copy) != 0 || hp_arguments_bool (values[2], &track) != 0)
            return NULL;
    }
    rc = flags & ZMQ_DONTWAIT ? hp_enter_to_try (self, "recv()") : hp_enter (self, "recv()");
    if (rc == HP_WOULD_WAIT)
        hp_raise (EAGAIN, "recv()", NULL);
    return rc == HP_DONE ? hp_recv_one (self, flags, copy, track, 0, "recv()") : NULL;
}

PyObject *hp_recv_now (hp_socket *self)
{
    int rc = hp_enter_to_try (self, "recv()");
    if (rc == HP_WOULD_WAIT)
        Py_RETURN_NONE;
    return rc == HP_DONE ? hp_recv_one (self, ZMQ_DONTWAIT, 1, 0, 1, "recv()") : NULL;
}

static const char *const hp_try_recv_names[] = {"copy"};
static const hp_signature hp_try_recv_signature = {"try_recv()", 0, 1, 1, hp_try_recv_names};

PyObject *hp_socket_try_recv (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    PyObject *value;
    int rc, copy = 1;
    if ((given || names)
        && (hp_arguments_sort (&hp_try_recv_signature, arguments, given, names, &value) != 0
            || hp_arguments_copy (value, &copy) != 0))
        return NULL;
    rc = hp_enter_to_try (self, "try_recv()");
    if (rc == HP_WOULD_WAIT)
        Py_RETURN_NONE;
    return rc == HP_DONE ? hp_recv_one (self, ZMQ_DONTWAIT, copy, 0, 1, "try_recv()") : NULL;
}

static const char *const hp_recv_into_names[] = {"buffer", "nbytes", "flags"};
static const hp_signature hp_recv_into_signature = {"recv_into()", 1, 1, 3, hp_recv_into_names};

PyObject *hp_socket_recv_into (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    zl_socket *native;
    zmq_msg_t message;
    Py_buffer view;
    PyObject *values[3], *result = NULL;
    Py_ssize_t room = 0, size;
    int flags = 0;
    if (hp_arguments_sort (&hp_recv_into_signature, arguments, given, names, values) != 0
        || hp_arguments_int (&hp_recv_into_signature, values[2], "flags", &flags) != 0)
        return NULL;
    if (values[1] && (room = PyLong_AsSsize_t (values[1])) == -1 && PyErr_Occurred ())
        return NULL;
    if (PyObject_GetBuffer (values[0], &view, PyBUF_WRITABLE) != 0)
        return NULL;
    if (room < 0 || room > view.len) {
        PyErr_Format (PyExc_ValueError, "recv_into(): nbytes=%zd, but the buffer has %zd bytes", room, view.len);
        goto done;
    }
    room = room ? room : view.len;
    if (hp_enter (self, "recv_into()") != 0)
        goto done;
    native = self->native;
    hp.api->msg_init (&message);
    if (hp_recv_part (self, native, &message, flags, HP_TIMEOUT_OPTION, 0, "recv_into()") == HP_DONE) {
        hp_leave (native);
        size = (Py_ssize_t) hp.api->msg_size (&message);
        memcpy (view.buf, hp.api->msg_data (&message), (size_t) (size < room ? size : room));
        Py_XDECREF (hp_carried_take (&message));
        result = PyLong_FromSsize_t (size);
    }
    hp.api->msg_close (&message);
done:
    PyBuffer_Release (&view);
    return result;
}
