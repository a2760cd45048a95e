/* Python.h, for one binary from CPython 3.11 on, whichever version's headers it is built with.
 *
 * From 3.12 on None, True and False are never freed, and the headers of 3.12 and 3.13 return them without counting,
 * also for a limited API that has 3.11 in it: there each call would take one reference more away than it gave, until
 * the interpreter aborts. */
#ifndef HOTPATH_LIMITED_H
#define HOTPATH_LIMITED_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if defined Py_LIMITED_API && Py_LIMITED_API + 0 < 0x030c0000
#undef Py_RETURN_NONE
#undef Py_RETURN_TRUE
#undef Py_RETURN_FALSE
#undef Py_RETURN_NOTIMPLEMENTED
#define Py_RETURN_NONE return Py_NewRef(Py_None)
#define Py_RETURN_TRUE return Py_NewRef(Py_True)
#define Py_RETURN_FALSE return Py_NewRef(Py_False)
#define Py_RETURN_NOTIMPLEMENTED return Py_NewRef(Py_NotImplemented)
#endif

#endif
