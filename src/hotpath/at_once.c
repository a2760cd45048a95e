/* send() and recv() of zmqlite.asyncio's sockets where they need not wait: they return a Future that is done.
 *
 * Whatever else is to be done is done by the methods in Python, which these stand before: hasten() puts them there. */
#include "hotpath.h"
#include <stdlib.h>
#include <structmember.h>

static PyTypeObject *hp_ready_class; /* DoneBase's subclass: what send() and recv() return */
static hp_turn *hp_the_turn;

/* Whether the call may go straight to libzmq: nobody waits, nothing came back, and the loop is not due for a turn. */
static int hp_go_straight (const hp_socket *self)
{
    return self->readiness && !self->readiness->busy && hp_the_turn->left > 0 && self->native;
}

static PyObject *hp_call_slowly (PyObject *object, PyObject *method, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    PyObject *bound = PyObject_GetAttr (object, method), *positional = NULL, *keywords = NULL, *result = NULL;
    Py_ssize_t at, named = names ? PyTuple_Size (names) : 0;
    if (!bound)
        return NULL;
    positional = PyTuple_New (given);
    keywords = named ? PyDict_New () : NULL;
    if (!positional || (named && !keywords))
        goto done;
    for (at = 0; at < given; at++) {
        Py_INCREF (arguments[at]);
        if (PyTuple_SetItem (positional, at, arguments[at]) != 0)
            goto done;
    }
    for (at = 0; at < named; at++)
        if (PyDict_SetItem (keywords, PyTuple_GetItem (names, at), arguments[given + at]) != 0)
            goto done;
    result = PyObject_Call (bound, positional, keywords);
done:
    Py_XDECREF (keywords);
    Py_XDECREF (positional);
    Py_DECREF (bound);
    return result;
}

static PyObject *hp_send_at_once (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    if (ZL_LIKELY (given == 1 && !names && hp_go_straight (self) && !hp_send_is_rest (self, self->native))) {
        PyObject *value = hp_send_now (self, arguments[0]);
        if (ZL_LIKELY (value != NULL)) {
            hp_the_turn->left -= 1;
            return hp_done_new (hp_ready_class, value, NULL, 0);
        }
        /* Nothing was sent: the method tries again, and waits or fails with what it finds. */
        if (PyErr_Occurred () && !PyErr_ExceptionMatches (PyExc_Exception))
            return NULL;
        PyErr_Clear ();
    }
    return hp_call_slowly (object, hp.send_slowly, arguments, given, names);
}

static PyObject *hp_recv_at_once (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    if (ZL_LIKELY (!given && !names && hp_go_straight (self))) {
        hp_readiness *core = self->readiness;
        PyObject *value = hp_recv_now (self);
        if (ZL_LIKELY (value && value != Py_None)) {
            hp_the_turn->left -= 1;
            core->sequence += 1;
            return hp_done_new (hp_ready_class, value, object, core->sequence);
        }
        if (value) {
            Py_DECREF (value);
            return PyObject_CallMethodObjArgs (object, hp.recv_waiting, NULL);
        }
        if (!PyErr_ExceptionMatches (PyExc_Exception))
            return NULL;
        PyErr_Clear ();
    }
    return hp_call_slowly (object, hp.recv_slowly, arguments, given, names);
}

/* ---- putting them in place ---- */

static PyMethodDef hp_at_once_methods[] = {
    {"send", (PyCFunction) (void (*) (void)) hp_send_at_once, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"recv", (PyCFunction) (void (*) (void)) hp_recv_at_once, METH_FASTCALL | METH_KEYWORDS, NULL}};
static const char *const hp_at_once_signatures[] = {
    "send($self, data, flags=0, copy=None, track=False, routing_id=None, group=None)\n--\n\n",
    "recv($self, flags=0, copy=True, track=False)\n--\n\n"};

/* The words of the method in Python, after the signature. They stay for as long as the process. */
static const char *hp_describe (const char *signature, PyObject *method)
{
    PyObject *words = PyObject_GetAttrString (method, "__doc__"), *encoded = NULL;
    char *text = NULL, *described;
    if (words && PyUnicode_Check (words))
        encoded = PyUnicode_AsUTF8String (words);
    if (encoded)
        PyBytes_AsStringAndSize (encoded, &text, NULL);
    PyErr_Clear (); /* python -OO: there are none */
    text = text ? text : "";
    described = malloc (strlen (signature) + strlen (text) + 1);
    if (described) {
        strcpy (described, signature);
        strcat (described, text);
    }
    Py_XDECREF (encoded);
    Py_XDECREF (words);
    return described;
}

PyObject *hp_hasten (PyObject *module, PyObject *arguments)
{
    PyObject *forms, *ready_class, *turn, *method, *descriptor;
    const char *name;
    PyMethodDef *definition;
    int receives, rc;
    (void) module;
    if (!PyArg_ParseTuple (arguments, "OsOO:hasten", &forms, &name, &ready_class, &turn))
        return NULL;
    if (!PyType_Check (ready_class) || !PyObject_TypeCheck (turn, (PyTypeObject *) hp.turn_base)) {
        PyErr_SetString (PyExc_TypeError, "hasten() takes a class of sockets, the name of a method, a class of Futures and a Turn");
        return NULL;
    }
    receives = strcmp (name, "recv") == 0;
    definition = &hp_at_once_methods[receives];
    Py_INCREF (ready_class);
    hp_ready_class = (PyTypeObject *) ready_class;
    Py_INCREF (turn);
    hp_the_turn = (hp_turn *) turn;
    method = PyObject_GetAttrString (forms, name);
    if (!method)
        return NULL;
    if (!definition->ml_doc)
        definition->ml_doc = hp_describe (hp_at_once_signatures[receives], method);
    descriptor = PyDescr_NewMethod ((PyTypeObject *) hp.socket_base, definition);
    rc = descriptor && PyObject_SetAttr (forms, receives ? hp.recv_slowly : hp.send_slowly, method) == 0
             ? PyObject_SetAttrString (forms, name, descriptor)
             : -1;
    Py_XDECREF (descriptor);
    Py_DECREF (method);
    if (rc != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- what both sides see ---- */

static PyMemberDef hp_turn_members[] = {
    {"left", T_INT, offsetof (hp_turn, left), 0, "Operations until the clock is read again."},
    {NULL, 0, 0, 0, NULL}};
static PyType_Slot hp_turn_slots[] = {
    {Py_tp_doc, "How long operations that need not wait may go on: the part that every one of them changes."},
    {Py_tp_members, hp_turn_members},
    {0, NULL}};
PyType_Spec hp_turn_spec = {"zmqlite._hotpath.TurnBase", sizeof (hp_turn), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, hp_turn_slots};

static PyMemberDef hp_readiness_members[] = {
    {"busy", T_BOOL, offsetof (hp_readiness, busy), 0, "Whether a call must not go straight to libzmq."},
    {"sequence", T_PYSSIZET, offsetof (hp_readiness, sequence), 0, "The number of the message last taken from libzmq."},
    {NULL, 0, 0, 0, NULL}};
static PyType_Slot hp_readiness_slots[] = {
    {Py_tp_doc, "Who waits for a socket: the part that every receive looks at."},
    {Py_tp_members, hp_readiness_members},
    {0, NULL}};
PyType_Spec hp_readiness_spec = {"zmqlite._hotpath.ReadinessBase", sizeof (hp_readiness), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, hp_readiness_slots};
