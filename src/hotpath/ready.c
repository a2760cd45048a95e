/* poll(): whether there is something to do now, answered without giving the GIL up. */
#include "hotpath.h"

static const char *const hp_poll_names[] = {"timeout", "flags"};
static const hp_signature hp_poll_signature = {"poll()", 0, 2, 2, hp_poll_names};

/* The events that are there now; -1: the general way has to find out, or to say what is wrong. */
static int hp_poll_now (zl_socket *native, int wanted)
{
    int known, events;
    if (!native || !zl_socket_enter_knowing (native, hp.api->generation, &known))
        return -1;
    events = hp.api->socket_look (native, known, wanted);
    hp_leave (native);
    return events;
}

PyObject *hp_socket_poll (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    PyObject *values[2];
    long timeout = -1, wanted = ZMQ_POLLIN;
    int events = -1;
    if (hp_arguments_sort (&hp_poll_signature, arguments, given, names, values) != 0)
        return NULL;
    if (values[0] && PyLong_CheckExact (values[0]))
        timeout = PyLong_AsLong (values[0]);
    if (values[1] && PyLong_Check (values[1]))
        wanted = PyLong_AsLong (values[1]);
    if (PyErr_Occurred ())
        PyErr_Clear (); /* too large: the general way says so */
    else if (wanted > 0 && wanted <= ZL_ALL_EVENTS && timeout <= INT32_MAX && (!values[0] || values[0] == Py_None || PyLong_CheckExact (values[0]))
             && (!values[1] || PyLong_Check (values[1])))
        events = hp_poll_now (((hp_socket *) object)->native, (int) wanted);
    if (events > 0 || (events == 0 && timeout == 0))
        return PyLong_FromLong (events);
    if (!values[0])
        values[0] = Py_None;
    return values[1] ? PyObject_CallMethod (object, "_poll_slowly", "OO", values[0], values[1])
                     : PyObject_CallMethod (object, "_poll_slowly", "Oi", values[0], ZMQ_POLLIN);
}
