/* The module: what it is handed at import. */
#include "hotpath.h"

hp_state hp;

static int hp_keep (PyObject **place, PyObject *value)
{
    PyObject *before = *place;
    Py_INCREF (value);
    *place = value;
    Py_XDECREF (before);
    return 0;
}

static PyObject *hp_configure (PyObject *module, PyObject *arguments)
{
    PyObject *address, *make_error, *frame_class, *make_tracker, *finished, *again;
    const zl_api *api;
    Py_ssize_t threshold;
    (void) module;
    if (!PyArg_ParseTuple (arguments, "OOOOOn:configure", &address, &make_error, &frame_class, &make_tracker, &finished, &threshold))
        return NULL;
    api = PyLong_AsVoidPtr (address);
    if (!api) {
        if (!PyErr_Occurred ())
            PyErr_SetString (PyExc_ValueError, "configure() takes the address of the zl_api struct, got 0");
        return NULL;
    }
    if (api->abi != ZL_ABI || api->size != (int) sizeof *api) {
        PyErr_Format (PyExc_ImportError, "zmqlite._hotpath was built for native ABI %d (%zu bytes), zmqlite._libzmq has %d (%d bytes): reinstall zmqlite",
                      ZL_ABI, sizeof *api, api->abi, api->size);
        return NULL;
    }
    if (!PyType_Check (frame_class) || !PyType_IsSubtype ((PyTypeObject *) frame_class, (PyTypeObject *) hp.frame_base)) {
        PyErr_SetString (PyExc_TypeError, "configure() takes a subclass of FrameBase for frame_class");
        return NULL;
    }
    hp_keep (&hp.make_error, make_error);
    hp_keep (&hp.frame_class, frame_class);
    hp_keep (&hp.make_tracker, make_tracker);
    hp_keep (&hp.finished_tracker, finished);
    hp_keep (&hp.tracker_class, (PyObject *) Py_TYPE (finished));
    again = PyObject_CallFunction (make_error, "isO", EAGAIN, "recv()", Py_None);
    if (!again)
        return NULL;
    hp_keep (&hp.again_class, (PyObject *) Py_TYPE (again));
    Py_DECREF (again);
    hp.pass_threshold = threshold;
    hp.main_thread = PyThread_get_thread_ident ();
    hp.api = api;
    hp_landing_start ();
    Py_RETURN_NONE;
}

/* The threshold of frames and sockets that are given none: what the module that programs see has, for they may set it
 * there. -1 with an error set when that is no number. */
Py_ssize_t hp_copy_threshold (void)
{
    PyObject *value = hp.settings ? PyDict_GetItemWithError (hp.settings, hp.copy_threshold) : NULL;
    if (!value)
        return PyErr_Occurred () ? -1 : HP_COPY_THRESHOLD;
    return PyLong_AsSsize_t (value);
}

static PyObject *hp_heed (PyObject *module, PyObject *settings)
{
    (void) module;
    if (!PyDict_Check (settings)) {
        PyErr_SetString (PyExc_TypeError, "heed() takes the namespace of a module");
        return NULL;
    }
    hp_keep (&hp.settings, settings);
    Py_RETURN_NONE;
}

static PyObject *hp_set_main_thread (PyObject *module, PyObject *unused)
{
    (void) module;
    (void) unused;
    hp.main_thread = PyThread_get_thread_ident ();
    Py_RETURN_NONE;
}

static PyObject *hp_collect (PyObject *module, PyObject *unused)
{
    (void) module;
    (void) unused;
    return PyLong_FromSsize_t (hp.api ? hp_message_collect () : 0);
}

static int hp_exec (PyObject *module)
{
    /* The end of any interpreter would end the contexts of all: what libzmq holds belongs to the process. */
    if (PyInterpreterState_GetID (PyInterpreterState_Get ()) != 0) {
        PyErr_SetString (PyExc_ImportError, "zmqlite works in the main interpreter of a process, and this is a sub-interpreter");
        return -1;
    }
    if (hp.socket_base) {
        PyErr_SetString (PyExc_ImportError, "zmqlite._hotpath is loaded already: it can be once in a process");
        return -1;
    }
    hp.sent = PyUnicode_InternFromString ("sent");
    hp.call = PyUnicode_InternFromString ("_call");
    hp.copy_threshold = PyUnicode_InternFromString ("COPY_THRESHOLD");
    hp.send_slowly = PyUnicode_InternFromString ("_send_slowly");
    hp.recv_slowly = PyUnicode_InternFromString ("_recv_slowly");
    hp.recv_waiting = PyUnicode_InternFromString ("_recv_waiting");
    hp.again_arguments = Py_BuildValue ("(i)", EAGAIN);
    hp.socket_base = PyType_FromSpec (&hp_socket_spec);
    hp.frame_base = PyType_FromSpec (&hp_frame_spec);
    hp.turn_base = PyType_FromSpec (&hp_turn_spec);
    hp.readiness_base = PyType_FromSpec (&hp_readiness_spec);
    if (!hp.sent || !hp.call || !hp.copy_threshold || !hp.send_slowly || !hp.recv_slowly || !hp.recv_waiting || !hp.again_arguments
        || !hp.socket_base || !hp.frame_base || !hp.turn_base || !hp.readiness_base || PyModule_AddIntConstant (module, "ABI", ZL_ABI) != 0
        || PyObject_SetAttrString (module, "SocketBase", hp.socket_base) != 0
        || PyObject_SetAttrString (module, "FrameBase", hp.frame_base) != 0
        || PyObject_SetAttrString (module, "TurnBase", hp.turn_base) != 0
        || PyObject_SetAttrString (module, "ReadinessBase", hp.readiness_base) != 0)
        return -1;
    return 0;
}

static PyMethodDef hp_methods[] = {
    {"configure", hp_configure, METH_VARARGS, "Hand over what the verbs need: called once, by zmqlite.message."},
    {"learn_option", hp_options_learn, METH_VARARGS, "Tell of an option that is a C int: called once for each, by zmqlite.socket_options."},
    {"make_socket", hp_socket_make, METH_VARARGS, "Make a zl_socket of a context's address and a type. Its address, or 0: the general way makes it."},
    {"heed", hp_heed, METH_O, "Tell which module's COPY_THRESHOLD counts: its namespace."},
    {"make_done_class", hp_done_make_class, METH_O, "Return the base of Futures that are done from birth: called once, by zmqlite.asyncio."},
    {"hasten", hp_hasten, METH_VARARGS, "Put a verb in C before the method of a class of sockets: called once for each, by zmqlite.asyncio."},
    {"set_main_thread", hp_set_main_thread, METH_NOARGS, "Tell that the calling thread is the one that runs signal handlers."},
    {"collect", hp_collect, METH_NOARGS, "Let go of the buffers that libzmq has let go of. Returns how many."},
    {NULL, NULL, 0, NULL}};

static PyModuleDef_Slot hp_slots[] = {{Py_mod_exec, hp_exec}, {0, NULL}};

static PyModuleDef hp_module = {PyModuleDef_HEAD_INIT, "zmqlite._hotpath", "The hot verbs, in C.", 0, hp_methods, hp_slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__hotpath (void)
{
    return PyModuleDef_Init (&hp_module);
}
