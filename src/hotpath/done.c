/* Futures that are done from birth: the base of zmqlite.asyncio's Ready. _done_cffi.py has the same in Python.
 *
 * Each is an instance of a subclass of asyncio.Future, whose part of it stays empty until somebody asks for a loop or a
 * callback. Awaiting it, and giving back what nobody took, runs no Python code. */
#include "hotpath.h"
#include <structmember.h>

/* What follows asyncio's part of the object. */
typedef struct hp_done
{
    PyObject *value;
    PyObject *socket;   /* whose message value is, while it is nobody else's; or NULL */
    PyObject *raw;      /* what was received, when value is what that was decoded to; or NULL */
    PyObject *sequence; /* the message's place, for give_back(); or NULL: it is number */
    Py_ssize_t number;
    char begun;
} hp_done;

/* What awaiting one iterates over. */
typedef struct hp_done_turn
{
    PyObject_HEAD
    PyObject *done;
} hp_done_turn;

static Py_ssize_t hp_done_offset;
static traverseproc hp_done_traverse_base;
static inquiry hp_done_clear_base;
static int hp_done_visits_type;
static PyTypeObject *hp_done_turn_type;

static inline hp_done *hp_done_of (PyObject *self)
{
    return (hp_done *) ((char *) self + hp_done_offset);
}

PyObject *hp_done_new (PyTypeObject *type, PyObject *value, PyObject *socket, Py_ssize_t number)
{
    PyObject *self = value ? PyType_GenericAlloc (type, 0) : NULL;
    if (self) {
        hp_done *done = hp_done_of (self);
        done->value = value;
        Py_XINCREF (socket);
        done->socket = socket;
        done->number = number;
    } else
        Py_XDECREF (value);
    return self;
}

/* The value, which is the caller's now. New reference. */
static PyObject *hp_done_take (PyObject *self)
{
    hp_done *done = hp_done_of (self);
    PyObject *value = done->value ? done->value : Py_None;
    Py_INCREF (value);
    Py_CLEAR (done->socket);
    return value;
}

/* A message that nobody took is the next to be received. */
static void hp_done_finalize (PyObject *self)
{
    hp_done *done = hp_done_of (self);
    PyObject *socket = done->socket, *core, *sequence, *given = NULL;
    PyObject *type, *error, *traceback;
    if (!socket)
        return;
    done->socket = NULL;
    PyErr_Fetch (&type, &error, &traceback);
    sequence = done->sequence ? (Py_INCREF (done->sequence), done->sequence) : PyLong_FromSsize_t (done->number);
    core = sequence ? PyObject_GetAttrString (socket, "_readiness") : NULL;
    if (core)
        given = PyObject_CallMethod (core, "give_back", "OOO", socket, done->raw ? done->raw : done->value, sequence);
    if (!given)
        PyErr_WriteUnraisable (socket);
    Py_XDECREF (given);
    Py_XDECREF (core);
    Py_XDECREF (sequence);
    Py_DECREF (socket);
    PyErr_Restore (type, error, traceback);
}

static int hp_done_traverse (PyObject *self, visitproc visit, void *arg)
{
    hp_done *done = hp_done_of (self);
    Py_VISIT (done->value);
    Py_VISIT (done->socket);
    Py_VISIT (done->raw);
    Py_VISIT (done->sequence);
    if (hp_done_visits_type)
        Py_VISIT (Py_TYPE (self));
    return hp_done_traverse_base (self, visit, arg);
}

static int hp_done_clear (PyObject *self)
{
    hp_done *done = hp_done_of (self);
    Py_CLEAR (done->value);
    Py_CLEAR (done->socket);
    Py_CLEAR (done->raw);
    Py_CLEAR (done->sequence);
    return hp_done_clear_base (self);
}

/* The base is initialised when somebody asks for a loop or a callback, if ever. */
static int hp_done_init (PyObject *self, PyObject *arguments, PyObject *names)
{
    (void) self;
    (void) arguments;
    (void) names;
    return 0;
}

/* ---- as a Future ---- */

static PyObject *hp_done_result (PyObject *self, PyObject *unused)
{
    (void) unused;
    return hp_done_take (self);
}

static PyObject *hp_done_true (PyObject *self, PyObject *unused)
{
    (void) self;
    (void) unused;
    Py_RETURN_TRUE;
}

static PyObject *hp_done_false (PyObject *self, PyObject *unused)
{
    (void) self;
    (void) unused;
    Py_RETURN_FALSE;
}

static PyObject *hp_done_cancel (PyObject *self, PyObject *arguments, PyObject *names)
{
    static char *known[] = {"msg", NULL};
    PyObject *message;
    (void) self;
    if (!PyArg_ParseTupleAndKeywords (arguments, names, "|O:cancel", known, &message))
        return NULL;
    Py_RETURN_FALSE;
}

static PyObject *hp_done_none (PyObject *self, PyObject *unused)
{
    (void) self;
    (void) unused;
    Py_RETURN_NONE;
}

static PyObject *hp_done_await (PyObject *self)
{
    hp_done_turn *turn = (hp_done_turn *) PyType_GenericAlloc (hp_done_turn_type, 0);
    if (turn) {
        Py_INCREF (self);
        turn->done = self;
    }
    return (PyObject *) turn;
}

static PyMethodDef hp_done_methods[] = {
    {"result", hp_done_result, METH_NOARGS, "result($self)\n--\n\nReturn the value: a message is delivered by that."},
    {"done", hp_done_true, METH_NOARGS, "done($self)\n--\n\nIt is."},
    {"cancelled", hp_done_false, METH_NOARGS, "cancelled($self)\n--\n\nIt cannot be."},
    {"cancel", (PyCFunction) (void (*) (void)) hp_done_cancel, METH_VARARGS | METH_KEYWORDS,
     "cancel($self, msg=None)\n--\n\nToo late: False."},
    {"exception", hp_done_none, METH_NOARGS, "exception($self)\n--\n\nThere is none."},
    {NULL, NULL, 0, NULL}};

enum
{
    HP_DONE_MEMBERS = 5
};

static PyMemberDef hp_done_members[HP_DONE_MEMBERS + 1] = {
    {"_value", T_OBJECT_EX, offsetof (hp_done, value), 0, NULL},
    {"_socket", T_OBJECT_EX, offsetof (hp_done, socket), 0, NULL},
    {"_raw", T_OBJECT_EX, offsetof (hp_done, raw), 0, NULL},
    {"_sequence", T_OBJECT_EX, offsetof (hp_done, sequence), 0, NULL},
    {"_begun", T_BOOL, offsetof (hp_done, begun), 0, NULL},
    {NULL, 0, 0, 0, NULL}};

static PyType_Slot hp_done_slots[] = {
    {Py_tp_doc, "A Future that is done from birth."},
    {Py_tp_init, hp_done_init},
    {Py_tp_finalize, hp_done_finalize},
    {Py_tp_traverse, hp_done_traverse},
    {Py_tp_clear, hp_done_clear},
    {Py_am_await, hp_done_await},
    {Py_tp_iter, hp_done_await},
    {Py_tp_methods, hp_done_methods},
    {Py_tp_members, hp_done_members},
    {0, NULL}};

static PyType_Spec hp_done_spec = {"zmqlite._hotpath.DoneBase", 0, 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, hp_done_slots};

/* ---- what awaiting it iterates over ---- */

static void hp_done_turn_dealloc (PyObject *self)
{
    PyTypeObject *type = Py_TYPE (self);
    freefunc release = (freefunc) PyType_GetSlot (type, Py_tp_free);
    Py_CLEAR (((hp_done_turn *) self)->done);
    release (self);
    Py_DECREF (type);
}

/* The value at the first turn, which is then the caller's. New reference. */
static PyObject *hp_done_turn_take (PyObject *self)
{
    PyObject *value, *done = ((hp_done_turn *) self)->done;
    if (!done)
        Py_RETURN_NONE;
    ((hp_done_turn *) self)->done = NULL;
    value = hp_done_take (done);
    Py_DECREF (done);
    return value;
}

/* StopIteration with the value, at once. */
static PyObject *hp_done_turn_next (PyObject *self)
{
    PyObject *stop, *value = hp_done_turn_take (self);
    if (value != Py_None) {
        /* Made here: PyErr_SetObject() would take a tuple apart. */
        stop = PyObject_CallFunctionObjArgs (PyExc_StopIteration, value, NULL);
        if (stop) {
            Py_INCREF (PyExc_StopIteration);
            PyErr_Restore (PyExc_StopIteration, stop, NULL);
        }
    }
    Py_DECREF (value);
    return NULL;
}

static PyObject *hp_done_turn_send (PyObject *self, PyObject *unused)
{
    (void) unused;
    if (!hp_done_turn_next (self) && !PyErr_Occurred ())
        PyErr_SetNone (PyExc_StopIteration);
    return NULL;
}

#if PY_VERSION_HEX >= 0x030a0000
static PySendResult hp_done_turn_am_send (PyObject *self, PyObject *unused, PyObject **result)
{
    (void) unused;
    *result = hp_done_turn_take (self);
    return PYGEN_RETURN;
}
#endif

static PyMethodDef hp_done_turn_methods[] = {
    {"send", hp_done_turn_send, METH_O, "send($self, value, /)\n--\n\nRaise StopIteration with the value."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot hp_done_turn_slots[] = {
    {Py_tp_doc, "What awaiting a Future iterates over that is done from birth."},
    {Py_tp_dealloc, hp_done_turn_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, hp_done_turn_next},
#if PY_VERSION_HEX >= 0x030a0000
    {Py_am_send, hp_done_turn_am_send},
#endif
    {Py_tp_methods, hp_done_turn_methods},
    {0, NULL}};

static PyType_Spec hp_done_turn_spec = {"zmqlite._hotpath.DoneTurn", sizeof (hp_done_turn), 0, Py_TPFLAGS_DEFAULT, hp_done_turn_slots};

/* ---- making the class ---- */

/* make_done_class(future_class): asyncio is imported by who uses it, not here. */
PyObject *hp_done_make_class (PyObject *module, PyObject *future_class)
{
    static PyObject *made;
    PyTypeObject *base = (PyTypeObject *) future_class;
    PyObject *bases, *size;
    int index;
    (void) module;
    if (made) {
        Py_INCREF (made);
        return made;
    }
    if (!PyType_Check (future_class) || !(PyType_GetFlags (base) & Py_TPFLAGS_HAVE_GC)) {
        PyErr_SetString (PyExc_TypeError, "make_done_class() takes asyncio.Future");
        return NULL;
    }
    size = PyObject_GetAttrString (future_class, "__basicsize__");
    if (!size)
        return NULL;
    hp_done_offset = (PyLong_AsSsize_t (size) + 15) / 16 * 16;
    Py_DECREF (size);
    for (index = 0; index < HP_DONE_MEMBERS; index++)
        hp_done_members[index].offset += hp_done_offset;
    hp_done_spec.basicsize = (int) (hp_done_offset + (Py_ssize_t) sizeof (hp_done));
#if defined Py_LIMITED_API
    hp_done_traverse_base = (traverseproc) PyType_GetSlot (base, Py_tp_traverse);
    hp_done_clear_base = (inquiry) PyType_GetSlot (base, Py_tp_clear);
#else
    hp_done_traverse_base = base->tp_traverse; /* PyType_GetSlot takes no static type before CPython 3.10 */
    hp_done_clear_base = base->tp_clear;
#endif
    /* A base on the heap visits the type itself. */
    hp_done_visits_type = !(PyType_GetFlags (base) & Py_TPFLAGS_HEAPTYPE);
    if (!hp_done_turn_type && !(hp_done_turn_type = (PyTypeObject *) PyType_FromSpec (&hp_done_turn_spec)))
        return NULL;
    bases = PyTuple_Pack (1, future_class);
    if (!bases)
        return NULL;
    made = PyType_FromSpecWithBases (&hp_done_spec, bases);
    Py_DECREF (bases);
    Py_XINCREF (made);
    return made;
}
