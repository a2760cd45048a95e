/* Arguments of vectorcalls: sorted by name without building a tuple or a dict. */
#include "hotpath.h"

int hp_arguments_sort (const hp_signature *signature,
                       PyObject *const *arguments,
                       Py_ssize_t given,
                       PyObject *names,
                       PyObject **values)
{
    Py_ssize_t at, named = names ? PyTuple_Size (names) : 0;
    int slot;
    if (given > signature->positional) {
        PyErr_Format (PyExc_TypeError, "%s takes at most %d positional arguments, got %zd", signature->call,
                      signature->positional, given);
        return -1;
    }
    for (slot = 0; slot < signature->count; slot++)
        values[slot] = slot < given ? arguments[slot] : NULL;
    for (at = 0; at < named; at++) {
        PyObject *name = PyTuple_GetItem (names, at);
        for (slot = 0; slot < signature->count; slot++)
            if (PyUnicode_CompareWithASCIIString (name, signature->names[slot]) == 0)
                break;
        if (slot == signature->count) {
            PyErr_Format (PyExc_TypeError, "%s has no argument %R", signature->call, name);
            return -1;
        }
        if (values[slot]) {
            PyErr_Format (PyExc_TypeError, "%s got its argument %s twice", signature->call, signature->names[slot]);
            return -1;
        }
        values[slot] = arguments[given + at];
    }
    for (slot = 0; slot < signature->required; slot++)
        if (!values[slot]) {
            PyErr_Format (PyExc_TypeError, "%s needs its argument %s", signature->call, signature->names[slot]);
            return -1;
        }
    return 0;
}

int hp_arguments_int (const hp_signature *signature, PyObject *value, const char *name, int *result)
{
    long number;
    if (!value)
        return 0;
    number = PyLong_AsLong (value);
    if (number == -1 && PyErr_Occurred ()) {
        if (PyErr_ExceptionMatches (PyExc_TypeError)) {
            PyErr_Clear ();
            PyErr_Format (PyExc_TypeError, "%s takes an int for %s, got %R", signature->call, name, value);
        }
        return -1;
    }
    if (number > INT32_MAX || number < INT32_MIN) {
        PyErr_Format (PyExc_OverflowError, "%s: %s=%R is beyond a C int", signature->call, name, value);
        return -1;
    }
    *result = (int) number;
    return 0;
}

int hp_arguments_copy (PyObject *value, int *result)
{
    if (!value || value == Py_None)
        return 0;
    return hp_arguments_bool (value, result);
}

int hp_arguments_bool (PyObject *value, int *result)
{
    int truth;
    if (!value)
        return 0;
    truth = value == Py_True ? 1 : value == Py_False ? 0 : PyObject_IsTrue (value);
    if (truth < 0)
        return -1;
    *result = truth;
    return 0;
}
