/* From an errno to the exception. */
#include "hotpath.h"

/* Again is raised in loops, so it is made here: 60 ns instead of 250. It tells its call, as error_from_errno() has it;
 * its text is put together when somebody reads it. */
static PyObject *hp_again (const char *call)
{
    newfunc new = (newfunc) PyType_GetSlot ((PyTypeObject *) hp.again_class, Py_tp_new);
    PyObject *instance = new ((PyTypeObject *) hp.again_class, hp.again_arguments, NULL);
    PyObject *name = PyUnicode_InternFromString (call);
    if (!instance || !name || PyObject_SetAttr (instance, hp.call, name) != 0)
        Py_CLEAR (instance);
    Py_XDECREF (name);
    return instance;
}

int hp_raise (int error, const char *call, PyObject *argument)
{
    PyObject *instance;
    if (!hp.make_error) {
        PyErr_SetString (PyExc_RuntimeError, "zmqlite._hotpath is not configured: import zmqlite first");
        return HP_FAILED;
    }
    if (error == EAGAIN && !argument && hp.again_class)
        instance = hp_again (call);
    else
        instance = PyObject_CallFunction (hp.make_error, "isO", error, call, argument ? argument : Py_None);
    if (instance) {
        PyErr_SetObject ((PyObject *) Py_TYPE (instance), instance);
        Py_DECREF (instance);
    }
    return HP_FAILED;
}
