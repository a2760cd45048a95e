/* One message part that stays libzmq's: zmq_msg_t with the buffer protocol. */
#include "hotpath.h"

/* ---- life ---- */

static PyObject *hp_frame_new (PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    allocfunc allocate = (allocfunc) PyType_GetSlot (type, Py_tp_alloc);
    hp_frame *self;
    (void) arguments;
    (void) names;
    if (!hp.api) {
        PyErr_SetString (PyExc_RuntimeError, "zmqlite._hotpath is not configured: import zmqlite first");
        return NULL;
    }
    self = (hp_frame *) allocate (type, 0);
    if (self)
        hp.api->msg_init (&self->message);
    return (PyObject *) self;
}

static void hp_frame_dealloc (PyObject *object)
{
    hp_frame *self = (hp_frame *) object;
    PyTypeObject *type = Py_TYPE (object);
    freefunc release = (freefunc) PyType_GetSlot (type, Py_tp_free);
    hp.api->msg_close (&self->message);
    Py_CLEAR (self->data);
    Py_CLEAR (self->bytes);
    Py_CLEAR (self->tracker);
    release (object);
    Py_DECREF (type);
}

static int hp_frame_init (PyObject *object, PyObject *arguments, PyObject *names)
{
    static char *keywords[] = {"data", "track", "copy", "copy_threshold", NULL};
    hp_frame *self = (hp_frame *) object;
    PyObject *data = Py_None, *copy = Py_None, *threshold = Py_None, *tracker;
    hp_options options = {0, HP_COPY_AUTO, 0, 0, 0, NULL};
    Py_ssize_t copy_threshold;
    zmq_msg_t message;
    zl_hold *hold = NULL;
    if (!PyArg_ParseTupleAndKeywords (arguments, names, "|OpOO:Frame", keywords, &data, &options.track, &copy, &threshold)
        || hp_arguments_copy (copy, &options.copy) != 0)
        return -1;
    copy_threshold = threshold != Py_None ? PyLong_AsSsize_t (threshold) : hp_copy_threshold ();
    if (copy_threshold == -1 && PyErr_Occurred ())
        return -1;
    /* Somebody may have a view of what is there. */
    if (self->data || hp.api->msg_size (&self->message) > 0) {
        PyErr_SetString (PyExc_TypeError, "Frame() is made once: make another Frame for other data");
        return -1;
    }
    if (data == Py_None) {
        if (options.track) {
            Py_INCREF (hp.finished_tracker);
            Py_XDECREF (self->tracker);
            self->tracker = hp.finished_tracker;
        }
        return 0;
    }
    if (options.copy == HP_COPY_NEVER)
        copy_threshold = 0; /* told to, a frame shares its maker's memory below the threshold too */
    else if (options.copy == HP_COPY_AUTO && (threshold != Py_None || copy_threshold != HP_COPY_THRESHOLD))
        options.copy = HP_COPY_NEVER; /* a threshold is given: from there on */
    if (hp_message_build (&message, data, &options, copy_threshold, "Frame()", -1, &hold) != 0)
        return -1;
    options.copy = HP_COPY_AUTO; /* a frame that copied is finished at once */
    if (!hp_frame_check (data))
        tracker = hp_message_tracker (&options, hold, data);
    else {
        /* It shares the other's memory: whoever may change that is told by the other's tracker. */
        tracker = ((hp_frame *) data)->tracker;
        if (!options.track)
            tracker = Py_None;
        else if (!tracker || tracker == Py_None)
            tracker = hp.finished_tracker;
        Py_INCREF (tracker);
    }
    if (!tracker) {
        hp.api->msg_close (&message);
        return -1;
    }
    hp.api->msg_move (&self->message, &message);
    hp.api->msg_close (&message);
    Py_INCREF (data);
    self->data = data;
    Py_XDECREF (self->tracker);
    self->tracker = tracker;
    return 0;
}

PyObject *hp_frame_take (zmq_msg_t *message, int track)
{
    PyTypeObject *type = (PyTypeObject *) hp.frame_class;
    allocfunc allocate = (allocfunc) PyType_GetSlot (type, Py_tp_alloc);
    hp_frame *self = (hp_frame *) allocate (type, 0);
    PyObject *object;
    if (!self)
        return NULL;
    hp.api->msg_init (&self->message);
    hp.api->msg_move (&self->message, message);
    self->more = hp.api->msg_more (&self->message);
    object = hp_carried (&self->message);
    /* A short one has memory of its own, as if it had been copied when it was sent. */
    if (object && hp.api->msg_size (&self->message) < (size_t) hp.pass_threshold && hp.api->carry_own (&self->message) == 0)
        Py_DECREF (object);
    if (track) {
        Py_INCREF (hp.finished_tracker);
        self->tracker = hp.finished_tracker;
    }
    return (PyObject *) self;
}

static PyObject *hp_frame_copy (PyObject *object, PyObject *unused)
{
    hp_frame *self = (hp_frame *) object, *copy;
    PyTypeObject *type = Py_TYPE (object);
    (void) unused;
    copy = (hp_frame *) hp_frame_new (type, NULL, NULL);
    if (!copy)
        return NULL;
    if (hp_message_copy_of (&copy->message, &self->message) != 0) {
        hp_raise (hp.api->error (), "Frame.fast_copy()", NULL);
        Py_DECREF (copy);
        return NULL;
    }
    copy->more = self->more;
    copy->data = self->data;
    copy->bytes = self->bytes;
    copy->tracker = self->tracker;
    Py_XINCREF (copy->data);
    Py_XINCREF (copy->bytes);
    Py_XINCREF (copy->tracker);
    return (PyObject *) copy;
}

/* ---- the bytes ---- */

/* Writing is for memory that is this frame's alone: not what a sender's object or other frames share. */
static int hp_frame_is_shared (hp_frame *self)
{
    return self->data || hp.api->msg_get (&self->message, ZMQ_SHARED) > 0
           || hp_message_in_flight (hp.api->msg_data (&self->message));
}

static int hp_frame_getbuffer (PyObject *object, Py_buffer *view, int flags)
{
    hp_frame *self = (hp_frame *) object;
    int read_only = hp_frame_is_shared (self);
    if ((flags & PyBUF_WRITABLE) && read_only && self->data && !PyBytes_Check (self->data))
        read_only = 0; /* the caller's own writable memory, sent in place */
    return PyBuffer_FillInfo (view, object, hp.api->msg_data (&self->message), (Py_ssize_t) hp.api->msg_size (&self->message), read_only, flags);
}

static Py_ssize_t hp_frame_length (PyObject *object)
{
    return (Py_ssize_t) hp.api->msg_size (&((hp_frame *) object)->message);
}

static PyObject *hp_frame_get_bytes (PyObject *object, void *unused)
{
    hp_frame *self = (hp_frame *) object;
    PyObject *sent = hp_carried (&self->message);
    (void) unused;
    if (!sent && self->data && PyBytes_CheckExact (self->data))
        sent = self->data;
    if (sent) {
        Py_INCREF (sent);
        return sent;
    }
    if (!self->bytes) {
        PyObject *made = hp_message_bytes (&self->message); /* a long one is copied without the GIL */
        if (!made)
            return NULL;
        if (self->bytes)
            Py_DECREF (made); /* another thread was quicker */
        else
            self->bytes = made;
    }
    Py_INCREF (self->bytes);
    return self->bytes;
}

static PyObject *hp_frame_bytes_method (PyObject *object, PyObject *unused)
{
    (void) unused;
    return hp_frame_get_bytes (object, NULL);
}

static PyObject *hp_frame_get_buffer (PyObject *object, void *unused)
{
    (void) unused;
    return PyMemoryView_FromObject (object);
}

static PyObject *hp_frame_get_more (PyObject *object, void *unused)
{
    (void) unused;
    return PyBool_FromLong (((hp_frame *) object)->more);
}

static PyObject *hp_frame_get_tracker (PyObject *object, void *unused)
{
    PyObject *tracker = ((hp_frame *) object)->tracker;
    (void) unused;
    tracker = tracker ? tracker : Py_None;
    Py_INCREF (tracker);
    return tracker;
}

/* ---- properties ---- */

static PyObject *hp_frame_property (hp_frame *self, PyObject *option, const char *name)
{
    const char *value;
    if (strcmp (name, "routing_id") == 0) {
        uint32_t id = hp.api->msg_routing_id (&self->message);
        return id ? PyLong_FromUnsignedLong (id) : (hp_raise (EINVAL, "Frame.get()", option), NULL);
    }
    value = strcmp (name, "group") == 0 ? hp.api->msg_group (&self->message) : hp.api->msg_gets (&self->message, name);
    if (!value) {
        hp_raise (hp.api->error (), "Frame.get()", option);
        return NULL;
    }
    return PyUnicode_DecodeUTF8 (value, (Py_ssize_t) strlen (value), "surrogateescape");
}

static PyObject *hp_frame_encoded (PyObject *option, const char *call)
{
    if (PyUnicode_Check (option))
        return PyUnicode_AsUTF8String (option);
    if (PyBytes_Check (option)) {
        Py_INCREF (option);
        return option;
    }
    PyErr_Format (PyExc_TypeError, "%s takes an int, str or bytes, got %R", call, option);
    return NULL;
}

static PyObject *hp_frame_get (PyObject *object, PyObject *option)
{
    hp_frame *self = (hp_frame *) object;
    PyObject *encoded, *result = NULL;
    char *name;
    long number;
    int rc;
    if (PyLong_Check (option)) {
        number = PyLong_AsLong (option);
        if (number == -1 && PyErr_Occurred ())
            return NULL;
        rc = number > INT32_MAX || number < INT32_MIN ? (errno = EINVAL, -1) : hp.api->msg_get (&self->message, (int) number);
        if (rc < 0) {
            hp_raise (hp.api->error (), "Frame.get()", option);
            return NULL;
        }
        return PyLong_FromLong (rc);
    }
    encoded = hp_frame_encoded (option, "Frame.get()");
    if (encoded && PyBytes_AsStringAndSize (encoded, &name, NULL) == 0)
        result = hp_frame_property (self, option, name);
    Py_XDECREF (encoded);
    return result;
}

static int hp_frame_set_named (hp_frame *self, PyObject *option, PyObject *value, const char *name)
{
    PyObject *encoded;
    char *text;
    unsigned long long id;
    int rc = -1;
    if (strcmp (name, "routing_id") == 0) {
        id = PyLong_AsUnsignedLongLong (value);
        if (id == (unsigned long long) -1 && PyErr_Occurred ())
            return -1;
        errno = EINVAL;
        rc = id > UINT32_MAX ? -1 : hp.api->msg_set_routing_id (&self->message, (uint32_t) id);
        return rc == 0 ? 0 : hp_raise (hp.api->error (), "Frame.set()", option);
    }
    if (strcmp (name, "group") != 0)
        return hp_raise (EINVAL, "Frame.set()", option);
    encoded = hp_frame_encoded (value, "Frame.set()");
    if (encoded && PyBytes_AsStringAndSize (encoded, &text, NULL) == 0) {
        rc = hp.api->msg_set_group (&self->message, text);
        if (rc != 0)
            hp_raise (hp.api->error (), "Frame.set()", option);
    }
    Py_XDECREF (encoded);
    return rc;
}

static PyObject *hp_frame_set (PyObject *object, PyObject *arguments)
{
    hp_frame *self = (hp_frame *) object;
    PyObject *option, *value, *encoded;
    char *name;
    int number, setting, rc = -1;
    if (!PyArg_UnpackTuple (arguments, "set", 2, 2, &option, &value))
        return NULL;
    if (PyLong_Check (option)) {
        static const char *const names[] = {"option", "value"};
        static const hp_signature signature = {"Frame.set()", 2, 2, 2, names};
        if (hp_arguments_int (&signature, option, "option", &number) != 0
            || hp_arguments_int (&signature, value, "value", &setting) != 0)
            return NULL;
        rc = hp.api->msg_set (&self->message, number, setting);
        if (rc != 0)
            hp_raise (hp.api->error (), "Frame.set()", option);
    } else {
        encoded = hp_frame_encoded (option, "Frame.set()");
        if (encoded && PyBytes_AsStringAndSize (encoded, &name, NULL) == 0)
            rc = hp_frame_set_named (self, option, value, name);
        Py_XDECREF (encoded);
    }
    if (rc != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- the type ---- */

static PyMethodDef hp_frame_methods[] = {
    {"get", hp_frame_get, METH_O,
     "get($self, option)\n--\n\nGet a message property: an int option, or a name such as 'Peer-Address'."},
    {"set", hp_frame_set, METH_VARARGS,
     "set($self, option, value)\n--\n\nSet a message property: an int option, 'routing_id' or 'group'."},
    {"fast_copy", hp_frame_copy, METH_NOARGS, "fast_copy($self)\n--\n\nReturn a Frame that shares this one's memory."},
    {"__copy__", hp_frame_copy, METH_NOARGS, "Return a Frame that shares this one's memory."},
    {"__bytes__", hp_frame_bytes_method, METH_NOARGS, "Return the bytes of the frame."},
    {NULL, NULL, 0, NULL}};

static PyGetSetDef hp_frame_getset[] = {
    {"bytes", hp_frame_get_bytes, NULL, "The bytes of the frame: copied at the first look, unless they were one of our own, and kept.", NULL},
    {"buffer", hp_frame_get_buffer, NULL, "A memoryview over libzmq's own memory.", NULL},
    {"more", hp_frame_get_more, NULL, "Whether another part of the same message follows.", NULL},
    {"tracker", hp_frame_get_tracker, NULL, "The MessageTracker of a tracked frame, else None.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static PyType_Slot hp_frame_slots[] = {
    {Py_tp_doc, "FrameBase(data=None, track=False, copy=None, copy_threshold=None)\n--\n\n"
                "One message part: a zmq_msg_t with the buffer protocol."},
    {Py_tp_new, hp_frame_new},
    {Py_tp_init, hp_frame_init},
    {Py_tp_dealloc, hp_frame_dealloc},
    {Py_tp_methods, hp_frame_methods},
    {Py_tp_getset, hp_frame_getset},
    {Py_sq_length, hp_frame_length},
    {Py_bf_getbuffer, hp_frame_getbuffer},
    {0, NULL}};

PyType_Spec hp_frame_spec = {"zmqlite._hotpath.FrameBase", sizeof (hp_frame), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, hp_frame_slots};
