/* Many messages a call: one crossing from Python for all of them. */
#include "hotpath.h"

/* Other threads get the GIL, and signal handlers run, after so many messages. */
#define HP_BREATH 2048

/* ---- send_many ---- */

static const char *const hp_send_many_names[] = {"messages", "flags", "copy"};
static const hp_signature hp_send_many_signature = {"send_many()", 1, 3, 3, hp_send_many_names};

/* The exception in flight says how many messages went before it. */
static PyObject *hp_many_stopped (Py_ssize_t sent)
{
    PyObject *type, *value, *traceback, *count;
    PyErr_Fetch (&type, &value, &traceback);
    PyErr_NormalizeException (&type, &value, &traceback);
    count = PyLong_FromSsize_t (sent);
    if (!value || !count || PyObject_SetAttr (value, hp.sent, count) != 0)
        PyErr_Clear (); /* an exception class without room for it goes on without */
    Py_XDECREF (count);
    PyErr_Restore (type, value, traceback);
    return NULL;
}

static int hp_many_breathe (zl_socket *native)
{
    hp_leave (native);
    Py_BEGIN_ALLOW_THREADS
    Py_END_ALLOW_THREADS
    if (PyErr_CheckSignals () != 0)
        return HP_FAILED;
    if (!zl_socket_enter_fast (native, hp.api->generation) && hp.api->socket_enter_slow (native) != 0)
        return hp_raise (errno, "send_many()", NULL);
    return HP_DONE;
}

/* One message from inside. data is a new reference held by the caller. */
static int hp_many_send_one (hp_socket *self, zl_socket *native, PyObject *data, const hp_options *options)
{
    zmq_msg_t message;
    zl_hold *hold;
    PyObject *parts;
    int rc;
    if (PyList_Check (data) || PyTuple_Check (data)) {
        parts = PySequence_Tuple (data);
        if (parts && PyTuple_Size (parts) == 0) {
            PyErr_SetString (PyExc_ValueError, "send_many() takes messages of at least one part, got an empty one");
            Py_CLEAR (parts);
        }
        if (!parts) {
            hp_leave (native);
            return HP_FAILED;
        }
        rc = hp_send_parts (self, native, parts, options, 1, "send_many()", NULL);
        Py_DECREF (parts);
        return rc;
    }
    if (hp_message_build_to_send (self, &message, data, options, "send_many()", -1, &hold) != 0) {
        hp_leave (native);
        return HP_FAILED;
    }
    rc = hp_send_part (self, native, &message, options->flags, 1, "send_many()");
    if (rc != HP_DONE)
        hp.api->msg_close (&message);
    return rc;
}

/* Short bytes, the GIL held throughout: nobody can take data from its list meanwhile. Whether it was sent. */
static inline int hp_many_send_short (hp_socket *self, zl_socket *native, PyObject *data, const hp_options *options)
{
    Py_ssize_t size;
    int flags = options->flags | ZMQ_DONTWAIT;
    if (!PyBytes_CheckExact (data))
        return 0;
    size = PyBytes_Size (data);
    if (options->copy == HP_COPY_AUTO && hp_send_carries (self, native) && !hp_send_is_rest (self, native)) {
        Py_INCREF (data);
        if (ZL_UNLIKELY (hp.api->carry_send (native->handle, PyBytes_AsString (data), (size_t) size, flags, data) < 0)) {
            Py_DECREF (data);
            return 0;
        }
    } else if (size >= hp.pass_threshold || size >= HP_UNLOCK_SIZE || hp_send_is_rest (self, native)
               || ZL_UNLIKELY (hp.api->send (native->handle, PyBytes_AsString (data), (size_t) size, flags) < 0))
        return 0;
    self->sending_more = options->flags & ZMQ_SNDMORE;
    return 1;
}

static int hp_many_send_all (hp_socket *self, zl_socket *native, PyObject *sequence, const hp_options *options, Py_ssize_t *sent)
{
    int is_list = PyList_Check (sequence);
    Py_ssize_t count = is_list ? PyList_Size (sequence) : PyTuple_Size (sequence);
    while (*sent < count) {
        PyObject *data = is_list ? PyList_GetItem (sequence, *sent) : PyTuple_GetItem (sequence, *sent);
        int rc;
        if (ZL_UNLIKELY (!hp_many_send_short (self, native, data, options))) {
            Py_INCREF (data);
            rc = hp_many_send_one (self, native, data, options);
            Py_DECREF (data);
            if (rc != HP_DONE)
                return rc;
            count = is_list ? PyList_Size (sequence) : count; /* another thread may have changed it while this one waited */
        }
        *sent += 1;
        if (*sent % HP_BREATH == 0) {
            if (hp_many_breathe (native) != 0)
                return HP_FAILED;
            count = is_list ? PyList_Size (sequence) : count;
        }
    }
    return HP_DONE;
}

PyObject *hp_socket_send_many (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    hp_options options = {0, HP_COPY_AUTO, 0, 0, 0, NULL};
    PyObject *sequence, *owner, *values[3];
    zl_socket *native;
    Py_ssize_t sent = 0;
    int rc;
    if (hp_arguments_sort (&hp_send_many_signature, arguments, given, names, values) != 0
        || hp_arguments_int (&hp_send_many_signature, values[1], "flags", &options.flags) != 0
        || hp_arguments_copy (values[2], &options.copy) != 0)
        return NULL;
    if (PyUnicode_Check (values[0]) || PyBytes_Check (values[0])) {
        PyErr_Format (PyExc_TypeError, "send_many() takes an iterable of messages, got %R: put it in a list", (PyObject *) Py_TYPE (values[0]));
        return NULL;
    }
    if (!self->native) {
        hp_raise (ENOTSOCK, "send_many()", NULL);
        return hp_many_stopped (0);
    }
    if (PyList_Check (values[0]) || PyTuple_Check (values[0])) {
        sequence = values[0];
        Py_INCREF (sequence);
    } else if (!(sequence = PySequence_List (values[0]))) /* runs Python code, so before going inside */
        return NULL;
    hp_message_collect_if_any ();
    if (hp_enter (self, "send_many()") != 0) {
        Py_DECREF (sequence);
        return hp_many_stopped (0);
    }
    native = self->native;
    owner = self->owner;
    Py_INCREF (owner);
    rc = hp_many_send_all (self, native, sequence, &options, &sent);
    if (rc != HP_FAILED)
        hp_leave (native);
    Py_DECREF (owner);
    Py_DECREF (sequence);
    return rc == HP_FAILED ? hp_many_stopped (sent) : PyLong_FromSsize_t (sent);
}

/* ---- recv_many ---- */

static const char *const hp_recv_many_names[] = {"max", "timeout", "flags", "copy", "multipart"};
static const hp_signature hp_recv_many_signature = {"recv_many()", 0, 5, 5, hp_recv_many_names};

/* size: of the part, or INT_MAX for more; what libzmq answers with. */
static inline int hp_many_recv_next (zl_socket *native, zmq_msg_t *message, int flags, int *size)
{
    *size = hp.api->msg_recv (message, native->handle, flags | ZMQ_DONTWAIT);
    if (ZL_LIKELY (*size >= 0))
        return HP_DONE;
    if (hp.api->error () == EAGAIN)
        zl_socket_found_nothing (native);
    return HP_WOULD_WAIT;
}

/* The bytes or the frame of a message of one part. A short message has nothing to close: the next one that is received
 * into it takes its place, which saves a close and an init. */
static inline PyObject *hp_many_take (zmq_msg_t *message, int size, int copy)
{
    PyObject *item;
    if (copy && (item = hp_carried_take (message)))
        return item;
    if (ZL_LIKELY (copy && size <= HP_INLINE_SIZE)) {
        const char *data = hp.api->msg_data (message);
        if (ZL_LIKELY (ZL_IS_WITHIN (message, data)))
            return PyBytes_FromStringAndSize (data, size);
    }
    item = copy ? hp_message_take (message) : hp_frame_take (message, 0);
    hp.api->msg_close (message);
    hp.api->msg_init (message);
    return item;
}

/* Takes what is there. The list gets every message received; an error after the first is left for the next
 * call to find, so that nothing received is lost. */
static int hp_many_recv_all (hp_socket *self, zl_socket *native, PyObject *list, int limit, long timeout, int flags, int copy, int single)
{
    zmq_msg_t message;
    int count, size = 0, rc = HP_WOULD_WAIT;
    hp.api->msg_init (&message);
    for (count = 0; count < limit; count++) {
        PyObject *item;
        if (count > 0)
            rc = hp_many_recv_next (native, &message, flags, &size);
        else if ((rc = hp_recv_part (self, native, &message, flags, timeout, 1, "recv_many()")) == HP_DONE)
            size = hp.api->msg_size (&message) <= HP_INLINE_SIZE ? (int) hp.api->msg_size (&message) : INT_MAX;
        if (rc != HP_DONE)
            break;
        if (single && !hp.api->msg_more (&message))
            item = hp_many_take (&message, size, copy);
        else {
            /* Leaves: taken again below. */
            item = hp_recv_rest (native, &message, copy, 0, single, "recv_many()");
            hp.api->msg_init (&message); /* it was taken over */
            if (item && !zl_socket_enter_fast (native, hp.api->generation) && hp.api->socket_enter_slow (native) != 0) {
                rc = PyList_Append (list, item);
                Py_DECREF (item);
                return rc == 0 ? HP_DONE : HP_FAILED;
            }
            if (!item)
                return HP_FAILED;
        }
        rc = item ? PyList_Append (list, item) : -1;
        Py_XDECREF (item);
        if (rc != 0) {
            hp.api->msg_close (&message);
            hp_leave (native);
            return HP_FAILED;
        }
        rc = HP_WOULD_WAIT;
    }
    hp.api->msg_close (&message);
    return rc;
}

static int hp_recv_many_timeout (PyObject *value, long *timeout)
{
    if (!value || value == Py_None)
        return 0;
    *timeout = PyLong_AsLong (value);
    if (*timeout == -1 && PyErr_Occurred ())
        return -1;
    if (*timeout < -1) {
        PyErr_Format (PyExc_ValueError, "recv_many() takes a timeout in milliseconds, -1 for ever, got %R", value);
        return -1;
    }
    return 0;
}

PyObject *hp_socket_recv_many (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    PyObject *list, *owner, *values[5];
    zl_socket *native;
    int limit = 1000, flags = 0, copy = 1, multipart = 0, rc;
    long timeout = HP_TIMEOUT_OPTION;
    if (hp_arguments_sort (&hp_recv_many_signature, arguments, given, names, values) != 0
        || hp_arguments_int (&hp_recv_many_signature, values[0], "max", &limit) != 0
        || hp_recv_many_timeout (values[1], &timeout) != 0
        || hp_arguments_int (&hp_recv_many_signature, values[2], "flags", &flags) != 0
        || hp_arguments_copy (values[3], &copy) != 0 || hp_arguments_copy (values[4], &multipart) != 0)
        return NULL;
    if (limit < 1) {
        PyErr_Format (PyExc_ValueError, "recv_many() takes a max of at least 1, got %d", limit);
        return NULL;
    }
    list = PyList_New (0);
    if (!list)
        return NULL;
    rc = timeout == 0 || flags & ZMQ_DONTWAIT ? hp_enter_to_try (self, "recv_many()") : hp_enter (self, "recv_many()");
    if (rc != HP_DONE) {
        if (rc == HP_FAILED)
            Py_CLEAR (list);
        return list;
    }
    native = self->native;
    owner = self->owner;
    Py_INCREF (owner);
    rc = hp_many_recv_all (self, native, list, limit, timeout, flags, copy, !multipart);
    if (rc == HP_WOULD_WAIT)
        hp_leave (native);
    Py_DECREF (owner);
    hp_message_collect_if_any ();
    if (rc == HP_FAILED)
        Py_CLEAR (list);
    return list;
}
