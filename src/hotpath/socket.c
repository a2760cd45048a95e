/* The socket type: its life, and the verbs that move one part. */
#include "hotpath.h"
#include "docs.h"
#include <structmember.h>

int hp_enter (hp_socket *self, const char *call)
{
    zl_socket *native = self->native;
    if (ZL_UNLIKELY (!native))
        return hp_raise (ENOTSOCK, call, NULL);
    if (ZL_LIKELY (zl_socket_enter_fast (native, hp.api->generation)) || hp.api->socket_enter_slow (native) == 0)
        return 0;
    return hp_raise (errno, call, NULL);
}

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

/* ---- life ---- */

static PyObject *hp_socket_new (PyTypeObject *type, PyObject *arguments, PyObject *names)
{
#if defined Py_LIMITED_API
    newfunc make = (newfunc) PyType_GetSlot (&PyBaseObject_Type, Py_tp_new);
#else
    newfunc make = PyBaseObject_Type.tp_new; /* PyType_GetSlot takes no static type before CPython 3.10 */
#endif
    hp_socket *self;
    PyObject *none;
    (void) arguments;
    (void) names;
    if (!hp.api) {
        PyErr_SetString (PyExc_RuntimeError, "zmqlite._hotpath is not configured: import zmqlite first");
        return NULL;
    }
    none = PyTuple_New (0);
    if (!none)
        return NULL;
    /* Not tp_alloc: object's own lets instances keep their attributes without a dict, 150 bytes less each. */
    self = (hp_socket *) make (type, none, NULL);
    Py_DECREF (none);
    if (self) {
        self->copy_threshold = hp_copy_threshold ();
        if (self->copy_threshold == -1 && PyErr_Occurred ()) {
            Py_DECREF (self);
            return NULL;
        }
        hp.api->msg_init (&self->small);
    }
    return (PyObject *) self;
}

static void hp_socket_dealloc (PyObject *object)
{
    PyTypeObject *type = Py_TYPE (object);
    freefunc release = (freefunc) PyType_GetSlot (type, Py_tp_free);
    hp.api->msg_close (&((hp_socket *) object)->small);
    Py_CLEAR (((hp_socket *) object)->owner);
    release (object);
    Py_DECREF (type);
}

static PyObject *hp_socket_attach (PyObject *object, PyObject *arguments)
{
    hp_socket *self = (hp_socket *) object;
    PyObject *owner, *address, *before = self->owner;
    void *native;
    if (!PyArg_UnpackTuple (arguments, "_attach", 2, 2, &owner, &address))
        return NULL;
    native = PyLong_AsVoidPtr (address);
    if (!native && PyErr_Occurred ())
        return NULL;
    Py_INCREF (owner);
    self->owner = owner;
    self->native = native;
    Py_XDECREF (before);
    Py_RETURN_NONE;
}

static PyObject *hp_socket_detach (PyObject *object, PyObject *unused)
{
    hp_socket *self = (hp_socket *) object;
    (void) unused;
    self->native = NULL;
    Py_CLEAR (self->owner);
    Py_RETURN_NONE;
}

static PyObject *hp_socket_get_closed (PyObject *object, void *unused)
{
    zl_socket *native = ((hp_socket *) object)->native;
    (void) unused;
    return PyBool_FromLong (!native || !zl_load_ptr (&native->handle) || native->generation != *hp.api->generation);
}

/* Names that the class knows are set as usual, properties of options first among them; anything else is
 * for _set_unknown(), which knows the options' other spellings and refuses typing errors. */
static int hp_socket_setattro (PyObject *object, PyObject *name, PyObject *value)
{
    PyObject *known, *done;
    if (!value)
        return PyObject_GenericSetAttr (object, name, value);
    known = PyObject_GetAttr ((PyObject *) Py_TYPE (object), name);
    if (known) {
        Py_DECREF (known);
        return PyObject_GenericSetAttr (object, name, value);
    }
    if (!PyErr_ExceptionMatches (PyExc_AttributeError))
        return -1;
    PyErr_Clear ();
    done = PyObject_CallMethod (object, "_set_unknown", "OO", name, value);
    Py_XDECREF (done);
    return done ? 0 : -1;
}

static PyObject *hp_socket_set_unknown (PyObject *object, PyObject *arguments)
{
    PyObject *name, *value;
    if (!PyArg_UnpackTuple (arguments, "_set_unknown", 2, 2, &name, &value) || PyObject_GenericSetAttr (object, name, value) != 0)
        return NULL;
    Py_RETURN_NONE;
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
        || hp_message_build (&message, data, options, self->copy_threshold, "send()", -1, &hold) != 0)
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

static PyObject *hp_socket_send (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
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
        if (ZL_LIKELY (size < hp.pass_threshold && size < HP_UNLOCK_SIZE)) {
            int rc;
            if (hp_enter (self, "send()") != 0)
                return NULL;
            if (hp_send_is_rest (self, self->native))
                hp_leave (self->native);
            else {
                rc = hp_send_short (self, self->native, PyBytes_AsString (arguments[0]), (size_t) size, options.flags);
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
    result = copy ? hp_message_bytes (&message) : hp_frame_take (&message, track);
    hp.api->msg_close (&message);
    hp_message_collect_if_any ();
    return result;
}

static PyObject *hp_socket_recv (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
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

static const char *const hp_try_recv_names[] = {"copy"};
static const hp_signature hp_try_recv_signature = {"try_recv()", 0, 1, 1, hp_try_recv_names};

static PyObject *hp_socket_try_recv (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
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

static PyObject *hp_socket_recv_into (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
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
        result = PyLong_FromSsize_t (size);
    }
    hp.api->msg_close (&message);
done:
    PyBuffer_Release (&view);
    return result;
}

/* ---- the type ---- */

#define HP_VERB(name, doc) {#name, (PyCFunction) (void (*) (void)) hp_socket_##name, METH_FASTCALL | METH_KEYWORDS, doc}

static PyMethodDef hp_socket_methods[] = {
    HP_VERB (send, HP_SEND_DOC),
    HP_VERB (recv, HP_RECV_DOC),
    HP_VERB (try_recv, HP_TRY_RECV_DOC),
    HP_VERB (poll, HP_POLL_DOC),
    HP_VERB (send_multipart, HP_SEND_MULTIPART_DOC),
    HP_VERB (recv_multipart, HP_RECV_MULTIPART_DOC),
    HP_VERB (send_many, HP_SEND_MANY_DOC),
    HP_VERB (recv_many, HP_RECV_MANY_DOC),
    HP_VERB (recv_into, HP_RECV_INTO_DOC),
    {"_get_int", hp_socket_get_int, METH_O, "Get an option that is a C int; None when this way does not know it, or it fails."},
    {"_set_int", (PyCFunction) (void (*) (void)) hp_socket_set_int, METH_FASTCALL,
     "Set an option that is a C int. Returns whether that worked; if not, the general way says why."},
    {"_attach", hp_socket_attach, METH_VARARGS, "Take the zl_socket: its owner, which is kept, and its address."},
    {"_set_unknown", hp_socket_set_unknown, METH_VARARGS, "Set an attribute that the class does not have."},
    {"_detach", hp_socket_detach, METH_NOARGS, "Forget the native socket: every verb raises ENOTSOCK."},
    {NULL, NULL, 0, NULL}};

static PyMemberDef hp_socket_members[] = {
    {"copy_threshold", T_PYSSIZET, offsetof (hp_socket, copy_threshold), 0,
     "copy=False sends in place from this many bytes on; shorter messages are copied."},
    {NULL, 0, 0, 0, NULL}};

static PyGetSetDef hp_socket_getset[] = {
    {"closed", hp_socket_get_closed, NULL, "Whether the socket is closed, or belongs to the process this one was forked from.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static PyType_Slot hp_socket_slots[] = {
    {Py_tp_doc, "A guarded libzmq socket and the verbs that move messages through it."},
    {Py_tp_new, hp_socket_new},
    {Py_tp_dealloc, hp_socket_dealloc},
    {Py_tp_setattro, hp_socket_setattro},
    {Py_tp_methods, hp_socket_methods},
    {Py_tp_members, hp_socket_members},
    {Py_tp_getset, hp_socket_getset},
    {0, NULL}};

PyType_Spec hp_socket_spec = {"zmqlite._hotpath.SocketBase", sizeof (hp_socket), 0,
                              Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, hp_socket_slots};
