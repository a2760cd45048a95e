/* Calls that make a socket and say where it talks to, with the GIL held. They wait for nothing, and a thread that makes a
 * socket, sets it up and binds it is not overtaken: with the GIL given up in between, the thread that started it runs on,
 * perhaps to term(). libzmq looks names up when it connects, not in these calls, but for transports that are not here.
 * Each tells when it is not for it: the general way, without the GIL, does it then, or says what is wrong. */
#include "hotpath.h"

#define HP_READ_SIZE 1024

/* The address of the zl_socket, or 0: the general way makes it, and waits for room, or says what is wrong. */
PyObject *hp_socket_make (PyObject *module, PyObject *arguments)
{
    PyObject *address;
    zl_context *context;
    int type;
    (void) module;
    if (!PyArg_ParseTuple (arguments, "Oi:make_socket", &address, &type))
        return NULL;
    context = PyLong_AsVoidPtr (address);
    if (!context && PyErr_Occurred ())
        return NULL;
    return PyLong_FromVoidPtr (context && hp.api ? hp.api->socket_make_at_once (context, type) : NULL);
}

static int hp_waits_for_nothing (const char *endpoint)
{
    return (strncmp (endpoint, "tcp://", 6) == 0 && !strchr (endpoint, ';')) || strncmp (endpoint, "ipc://", 6) == 0
           || strncmp (endpoint, "inproc://", 9) == 0;
}

/* 0, an errno, or -1: the general way does it. */
static PyObject *hp_socket_attach_to (PyObject *object, PyObject *argument, int (*call) (zl_socket *, const char *))
{
    zl_socket *native = ((hp_socket *) object)->native;
    const char *endpoint = PyBytes_Check (argument) ? PyBytes_AsString (argument) : NULL;
    if (!native || native->thread_safe || !endpoint || !hp_waits_for_nothing (endpoint))
        return PyLong_FromLong (-1);
    return PyLong_FromLong (call (native, endpoint) == 0 ? 0 : hp.api->error ());
}

PyObject *hp_socket_bind_at_once (PyObject *object, PyObject *endpoint)
{
    return hp_socket_attach_to (object, endpoint, hp.api->socket_bind);
}

PyObject *hp_socket_connect_at_once (PyObject *object, PyObject *endpoint)
{
    return hp_socket_attach_to (object, endpoint, hp.api->socket_connect);
}

/* An option's bytes as libzmq gives them, or None. */
PyObject *hp_socket_get_bytes (PyObject *object, PyObject *argument)
{
    zl_socket *native = ((hp_socket *) object)->native;
    char value[HP_READ_SIZE];
    size_t size = sizeof value;
    int rc;
    long option = PyLong_AsLong (argument);
    if (option == -1 && PyErr_Occurred ())
        return NULL;
    if (!native || !zl_socket_enter_fast (native, hp.api->generation))
        Py_RETURN_NONE;
    rc = hp.api->getsockopt (native->handle, (int) option, value, &size);
    hp_leave (native);
    if (rc != 0)
        Py_RETURN_NONE;
    return PyBytes_FromStringAndSize (value, (Py_ssize_t) size);
}

/* Whether it was set. */
PyObject *hp_socket_set_bytes (PyObject *object, PyObject *const *arguments, Py_ssize_t given)
{
    zl_socket *native = ((hp_socket *) object)->native;
    long option;
    int rc;
    if (given != 2 || !PyBytes_Check (arguments[1]))
        Py_RETURN_FALSE;
    option = PyLong_AsLong (arguments[0]);
    if (option == -1 && PyErr_Occurred ())
        return NULL;
    if (!native || !zl_socket_enter_fast (native, hp.api->generation))
        Py_RETURN_FALSE;
    rc = hp.api->setsockopt (native->handle, (int) option, PyBytes_AsString (arguments[1]), (size_t) PyBytes_Size (arguments[1]));
    hp_leave (native);
    return PyBool_FromLong (rc == 0);
}
