/* Options that are a C int, got and set without a crossing to Python: the common ones. */
#include "hotpath.h"

/* Options have numbers below this; those of libzmq's drafts too. */
#define HP_OPTIONS 128

typedef struct hp_option
{
    int readable, writable, lowest, highest;
} hp_option;

static hp_option hp_options_known[HP_OPTIONS];

PyObject *hp_options_learn (PyObject *module, PyObject *arguments)
{
    int number;
    hp_option option;
    (void) module;
    if (!PyArg_ParseTuple (arguments, "iiiii:learn_option", &number, &option.readable, &option.writable, &option.lowest, &option.highest))
        return NULL;
    if (number >= 0 && number < HP_OPTIONS)
        hp_options_known[number] = option;
    Py_RETURN_NONE;
}

static const hp_option *hp_options_find (PyObject *object, int *number)
{
    long found = PyLong_Check (object) ? PyLong_AsLong (object) : -1;
    if (found < 0 || found >= HP_OPTIONS) {
        PyErr_Clear (); /* beyond a C long */
        return NULL;
    }
    *number = (int) found;
    return &hp_options_known[found];
}

/* The value, or None: the general way knows the option, or says what is wrong. */
PyObject *hp_socket_get_int (PyObject *object, PyObject *argument)
{
    zl_socket *native = ((hp_socket *) object)->native;
    int number, rc, value = 0;
    size_t size = sizeof value;
    const hp_option *option = hp_options_find (argument, &number);
    if (!option || !option->readable || !native || !zl_socket_enter_fast (native, hp.api->generation))
        Py_RETURN_NONE;
    rc = hp.api->getsockopt (native->handle, number, &value, &size);
    hp_leave (native);
    if (rc != 0)
        Py_RETURN_NONE;
    return PyLong_FromLong (value);
}

/* Whether it was set; False: the general way does it, or says what is wrong. */
PyObject *hp_socket_set_int (PyObject *object, PyObject *const *arguments, Py_ssize_t given)
{
    zl_socket *native = ((hp_socket *) object)->native;
    const hp_option *option;
    long number;
    int at, rc, value;
    if (given != 2 || !(PyLong_CheckExact (arguments[1]) || PyBool_Check (arguments[1])) || !(option = hp_options_find (arguments[0], &at)) || !option->writable)
        Py_RETURN_FALSE;
    number = PyLong_AsLong (arguments[1]);
    if ((number == -1 && PyErr_Occurred ()) || number < option->lowest || number > option->highest) {
        PyErr_Clear (); /* beyond a C long */
        Py_RETURN_FALSE;
    }
    value = (int) number;
    if (!native || !zl_socket_enter_fast (native, hp.api->generation))
        Py_RETURN_FALSE;
    rc = hp.api->setsockopt (native->handle, at, &value, sizeof value);
    hp_leave (native);
    return PyBool_FromLong (rc == 0);
}
