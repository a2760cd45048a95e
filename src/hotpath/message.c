/* From Python objects to libzmq messages and back, copied or in place. */
#include "hotpath.h"
#include <stdlib.h>

/* ---- bytes in flight, by the address of their buffer ---- */

/* Open addressing with linear probing; a slot is free when its data is NULL. Under the GIL. */
typedef struct hp_flight
{
    const void *data;
    PyObject *object; /* borrowed: a hold owns it while it is in the table */
    size_t count;     /* how often this object is in flight */
} hp_flight;

static hp_flight *hp_flights;
static size_t hp_flight_room, hp_flight_used;

static size_t hp_flight_slot (const void *data, size_t room)
{
    uint64_t hash = (uint64_t) (uintptr_t) data * UINT64_C (0x9E3779B97F4A7C15);
    return (size_t) (hash >> 20) & (room - 1);
}

static hp_flight *hp_flight_find (const void *data)
{
    size_t slot;
    if (!hp_flight_used)
        return NULL;
    for (slot = hp_flight_slot (data, hp_flight_room); hp_flights[slot].data; slot = (slot + 1) & (hp_flight_room - 1))
        if (hp_flights[slot].data == data)
            return &hp_flights[slot];
    return NULL;
}

static int hp_flight_grow (void)
{
    size_t at, slot, room = hp_flight_room ? hp_flight_room * 2 : 64;
    hp_flight *table = calloc (room, sizeof *table);
    if (!table)
        return -1;
    for (at = 0; at < hp_flight_room; at++) {
        if (!hp_flights[at].data)
            continue;
        for (slot = hp_flight_slot (hp_flights[at].data, room); table[slot].data;)
            slot = (slot + 1) & (room - 1);
        table[slot] = hp_flights[at];
    }
    free (hp_flights);
    hp_flights = table;
    hp_flight_room = room;
    return 0;
}

/* Failing to note a buffer only means that it is received as a copy. */
static int hp_flight_add (const void *data, PyObject *object)
{
    size_t slot;
    hp_flight *flight = hp_flight_find (data);
    if (flight) {
        flight->count += 1;
        return 0;
    }
    if (hp_flight_used * 2 >= hp_flight_room && hp_flight_grow () != 0)
        return -1;
    for (slot = hp_flight_slot (data, hp_flight_room); hp_flights[slot].data;)
        slot = (slot + 1) & (hp_flight_room - 1);
    hp_flights[slot].data = data;
    hp_flights[slot].object = object;
    hp_flights[slot].count = 1;
    hp_flight_used += 1;
    return 0;
}

static void hp_flight_remove (const void *data)
{
    size_t hole, next, mask = hp_flight_room - 1;
    hp_flight *flight = hp_flight_find (data);
    if (!flight || --flight->count > 0)
        return;
    hole = (size_t) (flight - hp_flights);
    for (next = (hole + 1) & mask; hp_flights[next].data; next = (next + 1) & mask) {
        size_t home = hp_flight_slot (hp_flights[next].data, hp_flight_room);
        /* Close the gap unless the entry sits between its home and the hole. */
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            hp_flights[hole] = hp_flights[next];
            hole = next;
        }
    }
    hp_flights[hole].data = NULL;
    hp_flight_used -= 1;
}

int hp_message_in_flight (const void *data)
{
    return hp_flight_find (data) != NULL;
}

Py_ssize_t hp_message_collect (void)
{
    Py_ssize_t count = 0;
    zl_hold *next, *hold = hp.api->hold_collect ();
    for (; hold; hold = next, count++) {
        PyObject *object = hold->object;
        next = hold->next;
        if (hold->data)
            hp_flight_remove (hold->data);
        hold->object = NULL;
        hp.api->hold_unreference (hold);
        Py_XDECREF (object); /* may run Python code: the hold is gone already */
    }
    return count;
}

/* ---- building ---- */

static int hp_message_type_error (PyObject *data, const char *call, Py_ssize_t index)
{
    PyObject *name;
    const char *advice = PyUnicode_Check (data) ? ": encode it, or use send_string()" : "";
    PyErr_Clear ();
    name = PyObject_GetAttrString ((PyObject *) Py_TYPE (data), "__name__");
    if (!name)
        return -1;
    if (index < 0)
        PyErr_Format (PyExc_TypeError, "%s takes bytes-like, got %S%s", call, name, advice);
    else
        PyErr_Format (PyExc_TypeError, "%s takes bytes-like parts, got %S at index %zd%s", call, name, index, advice);
    Py_DECREF (name);
    return -1;
}

static int hp_message_no_memory (int error, const char *call)
{
    return error == ENOMEM ? (PyErr_NoMemory (), -1) : hp_raise (error, call, NULL);
}

static int hp_message_copy (zmq_msg_t *message, const void *data, Py_ssize_t size, const char *call)
{
    if (hp.api->msg_init_size (message, (size_t) size) != 0)
        return hp_message_no_memory (errno, call);
    if (size >= HP_UNLOCK_SIZE) {
        void *target = hp.api->msg_data (message);
        Py_BEGIN_ALLOW_THREADS
        memcpy (target, data, (size_t) size);
        Py_END_ALLOW_THREADS
    } else if (size)
        memcpy (hp.api->msg_data (message), data, (size_t) size);
    return 0;
}

/* libzmq reads data in place; object keeps it alive. Steals object. */
static int hp_message_pass (zmq_msg_t *message, void *data, Py_ssize_t size, PyObject *object, zl_hold **hold, const char *call)
{
    int error;
    zl_hold *made = hp.api->hold_new (object);
    if (made) {
        if (PyBytes_Check (object) && hp_flight_add (data, object) == 0)
            made->data = data;
        if (hp.api->msg_init_data (message, data, (size_t) size, hp.api->hold_release, made) == 0) {
            *hold = made;
            return 0;
        }
        error = errno;
        hp.api->hold_release (data, made); /* collected later, with the object */
        return hp_message_no_memory (error, call);
    }
    error = errno;
    Py_DECREF (object);
    return hp_message_no_memory (error, call);
}

static int hp_message_from_buffer (zmq_msg_t *message,
                                   PyObject *data,
                                   int copy,
                                   Py_ssize_t copy_threshold,
                                   const char *call,
                                   Py_ssize_t index,
                                   zl_hold **hold)
{
    Py_buffer view;
    PyObject *held;
    int rc;
    if (PyUnicode_Check (data) || PyObject_GetBuffer (data, &view, PyBUF_SIMPLE) != 0) {
        if (PyUnicode_Check (data) || PyErr_ExceptionMatches (PyExc_TypeError))
            return hp_message_type_error (data, call, index);
        return -1; /* BufferError: not contiguous, or a released memoryview; it says so itself */
    }
    if (copy != HP_COPY_NEVER || view.len < copy_threshold || view.len == 0) {
        rc = hp_message_copy (message, view.buf, view.len, call);
        PyBuffer_Release (&view);
        return rc;
    }
    /* The memoryview is what pins the buffer (a bytearray cannot be resized under it). */
    held = PyMemoryView_FromObject (data);
    rc = held ? hp_message_pass (message, view.buf, view.len, held, hold, call) : -1;
    PyBuffer_Release (&view);
    return rc;
}

static int hp_message_from_bytes (zmq_msg_t *message,
                                  PyObject *data,
                                  int copy,
                                  Py_ssize_t copy_threshold,
                                  const char *call,
                                  zl_hold **hold)
{
    Py_ssize_t size = PyBytes_Size (data);
    Py_ssize_t threshold = copy == HP_COPY_AUTO ? hp.pass_threshold : copy_threshold;
    if (copy == HP_COPY_ALWAYS || size < threshold || size == 0)
        return hp_message_copy (message, PyBytes_AsString (data), size, call);
    Py_INCREF (data);
    return hp_message_pass (message, PyBytes_AsString (data), size, data, hold, call);
}

int hp_message_copy_of (zmq_msg_t *target, zmq_msg_t *source)
{
    PyObject *object = hp_carried (source);
    if (!object)
        return hp.api->msg_copy (target, source);
    Py_INCREF (object);
    hp.api->carry_copy (target, source);
    return 0;
}

static int hp_message_from_frame (zmq_msg_t *message, hp_frame *frame, const char *call)
{
    hp.api->msg_init (message);
    if (hp_message_copy_of (message, &frame->message) == 0)
        return 0;
    hp.api->msg_close (message);
    return hp_message_no_memory (hp.api->error (), call);
}

static int hp_message_set_group (zmq_msg_t *message, PyObject *group, const char *call)
{
    PyObject *encoded = PyUnicode_Check (group) ? PyUnicode_AsUTF8String (group) : (Py_INCREF (group), group);
    char *text;
    int rc;
    if (!encoded)
        return -1;
    rc = PyBytes_AsStringAndSize (encoded, &text, NULL); /* refuses NUL bytes with ValueError */
    if (rc == 0 && hp.api->msg_set_group (message, text) != 0)
        rc = hp_raise (hp.api->error (), call, group);
    Py_DECREF (encoded);
    return rc;
}

static int hp_message_set_options (zmq_msg_t *message, const hp_options *options, const char *call)
{
    if (options->has_routing_id && hp.api->msg_set_routing_id (message, options->routing_id) != 0)
        return hp_raise (hp.api->error (), call, NULL);
    if (options->group && hp_message_set_group (message, options->group, call) != 0)
        return -1;
    return 0;
}

int hp_message_build (zmq_msg_t *message,
                      PyObject *data,
                      const hp_options *options,
                      Py_ssize_t copy_threshold,
                      const char *call,
                      Py_ssize_t index,
                      zl_hold **hold)
{
    int rc;
    *hold = NULL;
    if (PyBytes_Check (data))
        rc = hp_message_from_bytes (message, data, options->copy, copy_threshold, call, hold);
    else if (hp_frame_check (data))
        rc = hp_message_from_frame (message, (hp_frame *) data, call);
    else
        rc = hp_message_from_buffer (message, data, options->copy, copy_threshold, call, index, hold);
    if (rc == 0 && (options->has_routing_id || options->group) && hp_message_set_options (message, options, call) != 0) {
        hp.api->msg_close (message);
        rc = -1;
    }
    return rc;
}

int hp_message_build_to_send (hp_socket *self, zmq_msg_t *message, PyObject *data, const hp_options *options, const char *call, Py_ssize_t index, zl_hold **hold)
{
    zl_socket *native = self->native;
    if (PyBytes_CheckExact (data) && native && native->carries > 0 && options->copy == HP_COPY_AUTO && !options->track
        && !options->has_routing_id && !options->group && (native->type != ZMQ_ROUTER || index > 0 || self->sending_more)) {
        Py_INCREF (data);
        hp.api->carry_init (message, PyBytes_AsString (data), (size_t) PyBytes_Size (data), data);
        *hold = NULL;
        return 0;
    }
    return hp_message_build (message, data, options, self->copy_threshold, call, index, hold);
}

/* ---- back ---- */

PyObject *hp_message_bytes (zmq_msg_t *message)
{
    size_t size;
    void *data;
    PyObject *result = hp_carried_take (message);
    if (result)
        return result;
    size = hp.api->msg_size (message);
    data = hp.api->msg_data (message);
    if (size > HP_INLINE_SIZE) {
        /* While we hold the message its buffer is in use, so an equal address is the same buffer. */
        hp_flight *flight = hp_flight_find (data);
        if (flight && (size_t) PyBytes_Size (flight->object) == size && Py_IS_TYPE (flight->object, &PyBytes_Type)) {
            Py_INCREF (flight->object);
            return flight->object;
        }
        if (size > PY_SSIZE_T_MAX)
            return PyErr_NoMemory ();
    }
    if (size < HP_UNLOCK_SIZE)
        return PyBytes_FromStringAndSize (data, (Py_ssize_t) size);
    result = PyBytes_FromStringAndSize (NULL, (Py_ssize_t) size);
    if (result) {
        char *target = PyBytes_AsString (result);
        Py_BEGIN_ALLOW_THREADS
        memcpy (target, data, size);
        Py_END_ALLOW_THREADS
    }
    return result;
}

PyObject *hp_message_tracker (const hp_options *options, zl_hold *hold, PyObject *data)
{
    PyObject *address, *tracker;
    if (hp_frame_check (data)) {
        tracker = ((hp_frame *) data)->tracker;
        tracker = tracker ? tracker : Py_None;
        Py_INCREF (tracker);
        return tracker;
    }
    /* As pyzmq: copy=False answers with a tracker when it copied after all, asked for or not. */
    if (!hold && (options->copy == HP_COPY_NEVER || (options->track && options->copy == HP_COPY_AUTO))) {
        Py_INCREF (hp.finished_tracker);
        return hp.finished_tracker;
    }
    if (!hold || !options->track)
        Py_RETURN_NONE;
    address = PyLong_FromVoidPtr (hold);
    if (!address)
        return NULL;
    tracker = PyObject_CallFunctionObjArgs (hp.make_tracker, address, NULL);
    Py_DECREF (address);
    return tracker;
}
