/* The socket type and its life. */
#include "hotpath.h"
#include "docs.h"
#include <structmember.h>

int hp_enter (hp_socket *self, const char *call)
{
    zl_socket *native = self->native;
    if (ZL_UNLIKELY (!native))
        return hp_raise (ENOTSOCK, call, NULL);
    if (ZL_UNLIKELY (++hp_turns.calls % HP_TURN_CALLS == 0))
        zl_store (&hp_turns.told, (int) (hp_turns.calls / HP_TURN_CALLS));
    if (ZL_LIKELY (zl_socket_enter_fast (native, hp.api->generation)) || hp.api->socket_enter_slow (native) == 0)
        return 0;
    return hp_raise (errno, call, NULL);
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
        self->type_number = -1;
    }
    return (PyObject *) self;
}

static void hp_socket_dealloc (PyObject *object)
{
    hp_socket *self = (hp_socket *) object;
    PyTypeObject *type = Py_TYPE (object);
    freefunc release = (freefunc) PyType_GetSlot (type, Py_tp_free);
    PyObject_GC_UnTrack (object);
    Py_CLEAR (self->readiness);
    Py_CLEAR (self->context);
    Py_CLEAR (self->cffi_native);
    Py_CLEAR (self->site);
    Py_CLEAR (self->type);
    Py_CLEAR (self->inproc_endpoints);
    Py_CLEAR (self->timeouts);
    hp.api->msg_close (&self->small);
    Py_CLEAR (self->owner);
    release (object);
    Py_DECREF (type);
}

static int hp_socket_traverse (PyObject *object, visitproc visit, void *arg)
{
    hp_socket *self = (hp_socket *) object;
    Py_VISIT (Py_TYPE (object));
    Py_VISIT (self->owner);
    Py_VISIT (self->readiness);
    Py_VISIT (self->context);
    Py_VISIT (self->cffi_native);
    Py_VISIT (self->site);
    Py_VISIT (self->type);
    Py_VISIT (self->inproc_endpoints);
    Py_VISIT (self->timeouts);
    return 0;
}

/* Not the owner: native is its. What else is not here refers to nothing. */
static int hp_socket_clear (PyObject *object)
{
    Py_CLEAR (((hp_socket *) object)->readiness);
    Py_CLEAR (((hp_socket *) object)->context);
    return 0;
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

static PyObject *hp_socket_get_readiness (PyObject *object, void *unused)
{
    PyObject *readiness = (PyObject *) ((hp_socket *) object)->readiness;
    (void) unused;
    readiness = readiness ? readiness : Py_None;
    Py_INCREF (readiness);
    return readiness;
}

static int hp_socket_set_readiness (PyObject *object, PyObject *value, void *unused)
{
    hp_socket *self = (hp_socket *) object;
    PyObject *before = (PyObject *) self->readiness;
    (void) unused;
    if (!value || !PyObject_TypeCheck (value, (PyTypeObject *) hp.readiness_base)) {
        PyErr_SetString (PyExc_TypeError, "_readiness is a Readiness");
        return -1;
    }
    Py_INCREF (value);
    self->readiness = (hp_readiness *) value;
    Py_XDECREF (before);
    return 0;
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
    {"_get_bytes", hp_socket_get_bytes, METH_O, "Get an option that is bytes; None when this way fails."},
    {"_set_bytes", (PyCFunction) (void (*) (void)) hp_socket_set_bytes, METH_FASTCALL,
     "Set an option that is bytes. Returns whether that worked; if not, the general way says why."},
    {"_bind_at_once", hp_socket_bind_at_once, METH_O, "Bind to an endpoint in bytes. 0, an errno, or -1: the general way does it."},
    {"_connect_at_once", hp_socket_connect_at_once, METH_O, "Connect to an endpoint, likewise."},
    {"_attach", hp_socket_attach, METH_VARARGS, "Take the zl_socket: its owner, which is kept, and its address."},
    {"_set_unknown", hp_socket_set_unknown, METH_VARARGS, "Set an attribute that the class does not have."},
    {"_detach", hp_socket_detach, METH_NOARGS, "Forget the native socket: every verb raises ENOTSOCK."},
    {NULL, NULL, 0, NULL}};

static PyMemberDef hp_socket_members[] = {
    {"copy_threshold", T_PYSSIZET, offsetof (hp_socket, copy_threshold), 0,
     "copy=False sends in place from this many bytes on; shorter messages are copied."},
    {"context", T_OBJECT, offsetof (hp_socket, context), 0, "The Context that the socket was made from; None when it is not known."},
    {"_native", T_OBJECT, offsetof (hp_socket, cffi_native), 0, "The zl_socket, or None."},
    {"_site", T_OBJECT, offsetof (hp_socket, site), 0, "Where it was made."},
    {"_type", T_OBJECT, offsetof (hp_socket, type), 0, "Its SocketType, or a number."},
    {"_type_number", T_INT, offsetof (hp_socket, type_number), 0, "The same as a number; -1 before it is known."},
    {"_inproc_endpoints", T_OBJECT, offsetof (hp_socket, inproc_endpoints), 0, "Those that it is bound to, or None."},
    {"_timeouts", T_OBJECT, offsetof (hp_socket, timeouts), 0, "RCVTIMEO and SNDTIMEO, for event loops, or None."},
    {NULL, 0, 0, 0, NULL}};

static PyGetSetDef hp_socket_getset[] = {
    {"closed", hp_socket_get_closed, NULL, "Whether the socket is closed, or belongs to the process this one was forked from.", NULL},
    {"_readiness", hp_socket_get_readiness, hp_socket_set_readiness, "Who waits for the socket, when an event loop does; or None.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static PyType_Slot hp_socket_slots[] = {
    {Py_tp_doc, "A guarded libzmq socket and the verbs that move messages through it."},
    {Py_tp_new, hp_socket_new},
    {Py_tp_dealloc, hp_socket_dealloc},
    {Py_tp_traverse, hp_socket_traverse},
    {Py_tp_clear, hp_socket_clear},
    {Py_tp_setattro, hp_socket_setattro},
    {Py_tp_methods, hp_socket_methods},
    {Py_tp_members, hp_socket_members},
    {Py_tp_getset, hp_socket_getset},
    {0, NULL}};

PyType_Spec hp_socket_spec = {"zmqlite._hotpath.SocketBase", sizeof (hp_socket), 0,
                              Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, hp_socket_slots};
