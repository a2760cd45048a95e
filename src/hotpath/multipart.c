/* Whole messages: every part in one call, all or nothing. */
#include "hotpath.h"

/* Messages of up to this many parts need no allocation of their own. */
#define HP_FEW_PARTS 16

/* ---- sending ---- */

typedef struct hp_parts
{
    zmq_msg_t few[HP_FEW_PARTS], *messages;
    Py_ssize_t count, built, sent; /* messages[sent..built) are open */
} hp_parts;

static void hp_parts_close (hp_parts *parts)
{
    for (; parts->sent < parts->built; parts->sent++)
        hp.api->msg_close (&parts->messages[parts->sent]);
    if (parts->messages != parts->few)
        PyMem_Free (parts->messages);
}

/* Builds every part before the first is sent. trackers: NULL, or a list to add each part's to. */
static int hp_parts_build (hp_parts *parts, hp_socket *self, PyObject *tuple, const hp_options *options, const char *call, PyObject *trackers)
{
    parts->count = PyTuple_Size (tuple);
    parts->built = parts->sent = 0;
    parts->messages = parts->few;
    if (parts->count > HP_FEW_PARTS) {
        parts->messages = PyMem_Malloc ((size_t) parts->count * sizeof (zmq_msg_t));
        if (!parts->messages) {
            PyErr_NoMemory ();
            return -1;
        }
    }
    for (; parts->built < parts->count; parts->built++) {
        PyObject *tracker, *data = PyTuple_GetItem (tuple, parts->built);
        zl_hold *hold;
        int rc;
        if (hp_message_build_to_send (self, &parts->messages[parts->built], data, options, call, parts->built, &hold) != 0)
            goto failed;
        if (hp.api->send_check (self->native->handle, hp.api->msg_size (&parts->messages[parts->built])) != 0) {
            hp_raise (errno, call, NULL);
            parts->built += 1;
            goto failed;
        }
        if (!trackers)
            continue;
        tracker = hp_message_tracker (options, hold, data);
        rc = tracker ? (tracker == Py_None ? 0 : PyList_Append (trackers, tracker)) : -1;
        Py_XDECREF (tracker);
        if (rc != 0) {
            parts->built += 1;
            goto failed;
        }
    }
    return 0;
failed:
    hp_parts_close (parts);
    return -1;
}

/* The parts after the first. They never wait: libzmq counts whole messages. -1: the pipe died under the
 * message, libzmq took the parts back, and the whole of it can be sent again. */
static int hp_parts_send_one (zl_socket *native, zmq_msg_t *message, int flags)
{
    int rc, error;
    if (!hp_hands_over (native, flags))
        return hp.api->msg_send (message, native->handle, flags | ZMQ_DONTWAIT);
    Py_BEGIN_ALLOW_THREADS
    rc = hp.api->msg_send (message, native->handle, flags | ZMQ_DONTWAIT);
    error = hp.api->error ();
    Py_END_ALLOW_THREADS
    errno = error;
    return rc;
}

static int hp_parts_send_rest (hp_parts *parts, hp_socket *self, zl_socket *native, int flags)
{
    int lost = 0;
    while (parts->sent < parts->count) {
        int more = parts->sent + 1 < parts->count ? ZMQ_SNDMORE : flags & ZMQ_SNDMORE;
        zmq_msg_t *message = &parts->messages[parts->sent];
        if (hp_parts_send_one (native, message, (flags & ~ZMQ_SNDMORE) | more) < 0) {
            if (hp.api->error () == EINTR)
                continue;
            lost = hp.api->error ();
            hp.api->msg_close (message);
            /* What is left goes after the lost part, or it would begin the next message. */
            if (lost != EAGAIN || !hp_send_drops_rest (native))
                break;
        }
        parts->sent += 1;
    }
    if (lost)
        parts->sent = lost == EAGAIN && hp_send_drops_rest (native) ? parts->sent : parts->sent + 1;
    self->sending_more = lost ? 0 : flags & ZMQ_SNDMORE;
    errno = lost;
    return lost ? -1 : 0;
}

static int hp_parts_error (zl_socket *native, int error, const char *call)
{
    hp_leave (native);
    return hp_raise (error, call, NULL);
}

int hp_send_parts (hp_socket *self, zl_socket *native, PyObject *tuple, const hp_options *options, int quiet, const char *call, PyObject **tracked)
{
    hp_parts parts;
    int rc, error, first_flags;
    PyObject *trackers = NULL;
    if (tracked && options->track && !(trackers = PyList_New (0))) {
        hp_leave (native);
        return HP_FAILED;
    }
again:
    if (hp_parts_build (&parts, self, tuple, options, call, trackers) != 0) {
        Py_XDECREF (trackers);
        hp_leave (native);
        return HP_FAILED;
    }
    first_flags = options->flags | (parts.count > 1 ? ZMQ_SNDMORE : 0);
    rc = hp_send_part (self, native, &parts.messages[0], first_flags, quiet, call);
    if (rc == HP_DONE) {
        parts.sent = 1;
        if (parts.count > 1 && hp_parts_send_rest (&parts, self, native, options->flags) != 0) {
            error = errno;
            hp_parts_close (&parts);
            /* REQ already counts the message as sent, as libzmq's own blocking send would. */
            if (error == EAGAIN && native->type != ZMQ_REQ) {
                if (trackers && PyList_SetSlice (trackers, 0, PyList_Size (trackers), NULL) != 0) {
                    Py_DECREF (trackers);
                    hp_leave (native);
                    return HP_FAILED;
                }
                goto again;
            }
            if (error != EAGAIN) {
                Py_XDECREF (trackers);
                return hp_parts_error (native, error, call);
            }
            parts.messages = parts.few;
            parts.sent = parts.built;
        }
    }
    hp_parts_close (&parts);
    if (rc == HP_DONE && trackers) {
        *tracked = trackers;
        return HP_DONE;
    }
    Py_XDECREF (trackers);
    return rc;
}

/* One tracker for all parts. Steals trackers, a list. Runs Python code: not from inside. */
static PyObject *hp_parts_tracker (PyObject *trackers)
{
    PyObject *tracker = NULL, *all = PyList_AsTuple (trackers);
    Py_DECREF (trackers);
    if (all)
        tracker = PyObject_CallObject (hp.tracker_class, all);
    Py_XDECREF (all);
    return tracker;
}

/* What send() answers for a part, told nothing of a tracker: as pyzmq, which sends the last part so. */
static PyObject *hp_parts_untracked (const hp_socket *self, PyObject *part, const hp_options *options)
{
    Py_buffer view;
    Py_ssize_t size;
    PyObject *tracker = Py_None;
    if (hp_frame_check (part))
        tracker = ((hp_frame *) part)->tracker ? ((hp_frame *) part)->tracker : Py_None;
    else if (options->copy == HP_COPY_NEVER) {
        if (PyObject_GetBuffer (part, &view, PyBUF_SIMPLE) != 0)
            return NULL;
        size = view.len;
        PyBuffer_Release (&view);
        if (size == 0 || size < self->copy_threshold)
            tracker = hp.finished_tracker;
    }
    Py_INCREF (tracker);
    return tracker;
}

static const char *const hp_send_multipart_names[] = {"msg_parts", "flags", "copy", "track", "routing_id", "group"};
static const hp_signature hp_send_multipart_signature = {"send_multipart()", 1, 6, 6, hp_send_multipart_names};

PyObject *hp_socket_send_multipart (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    hp_options options;
    PyObject *tuple, *tracker, *trackers = NULL, *values[6];
    zl_socket *native;
    if (hp_arguments_sort (&hp_send_multipart_signature, arguments, given, names, values) != 0
        || hp_send_options (&hp_send_multipart_signature, values, &options) != 0)
        return NULL;
    if (PyUnicode_Check (values[0]) || PyBytes_Check (values[0]) || hp_frame_check (values[0])) {
        PyErr_Format (PyExc_TypeError, "send_multipart() takes a sequence of parts, got %R: put it in a list", (PyObject *) Py_TYPE (values[0]));
        return NULL;
    }
    if (!self->native) {
        hp_raise (ENOTSOCK, "send_multipart()", NULL);
        return NULL;
    }
    tuple = PySequence_Tuple (values[0]);
    if (!tuple)
        return NULL;
    if (PyTuple_Size (tuple) == 0) {
        Py_DECREF (tuple);
        PyErr_SetString (PyExc_IndexError, "send_multipart() takes at least one part, got none");
        return NULL;
    }
    hp_message_collect_if_any ();
    if (hp_enter (self, "send_multipart()") != 0) {
        Py_DECREF (tuple);
        return NULL;
    }
    native = self->native;
    if (hp_send_parts (self, native, tuple, &options, 0, "send_multipart()", &trackers) != HP_DONE) {
        Py_DECREF (tuple);
        return NULL;
    }
    hp_leave (native);
    if (trackers)
        tracker = hp_parts_tracker (trackers);
    else
        tracker = hp_parts_untracked (self, PyTuple_GetItem (tuple, PyTuple_Size (tuple) - 1), &options);
    Py_DECREF (tuple);
    return tracker;
}

/* ---- receiving ---- */

static PyObject *hp_recv_convert (zmq_msg_t *message, int copy, int track)
{
    return copy ? hp_message_take (message) : hp_frame_take (message, track);
}

PyObject *hp_recv_rest (zl_socket *native, zmq_msg_t *first, int copy, int track, int single, const char *call)
{
    zmq_msg_t few[HP_FEW_PARTS], *messages = few, *larger;
    Py_ssize_t at, count = 1, room = HP_FEW_PARTS;
    PyObject *list = NULL;
    int error = 0;
    memcpy (&few[0], first, sizeof few[0]); /* as zmq_msg_move, when the source is not used again */
    while (hp.api->msg_more (&messages[count - 1])) {
        if (count == room) {
            larger = PyMem_Malloc ((size_t) room * 2 * sizeof *larger);
            if (!larger) {
                error = ENOMEM;
                break;
            }
            memcpy (larger, messages, (size_t) count * sizeof *larger);
            if (messages != few)
                PyMem_Free (messages);
            messages = larger;
            room *= 2;
        }
        hp.api->msg_init (&messages[count]);
        /* libzmq delivers a message whole: its parts are here, only EINTR can come between. */
        while (hp.api->msg_recv (&messages[count], native->handle, ZMQ_DONTWAIT) < 0) {
            error = hp.api->error ();
            if (error != EINTR)
                break;
            error = 0;
        }
        count += 1;
        if (error)
            break;
    }
    hp_leave (native);
    if (error) {
        if (error == ENOMEM)
            PyErr_NoMemory ();
        else
            hp_raise (error, call, NULL);
    } else if (single && count == 1)
        list = hp_recv_convert (&messages[0], copy, track);
    else
        list = PyList_New (count);
    for (at = 0; at < count; at++) {
        if (list && (!single || count > 1)) {
            PyObject *part = hp_recv_convert (&messages[at], copy, track);
            if (part)
                PyList_SetItem (list, at, part);
            else
                Py_CLEAR (list);
        }
        hp.api->msg_close (&messages[at]);
    }
    if (messages != few)
        PyMem_Free (messages);
    return list;
}

static const char *const hp_recv_multipart_names[] = {"flags", "copy", "track"};
static const hp_signature hp_recv_multipart_signature = {"recv_multipart()", 0, 3, 3, hp_recv_multipart_names};

PyObject *hp_socket_recv_multipart (PyObject *object, PyObject *const *arguments, Py_ssize_t given, PyObject *names)
{
    hp_socket *self = (hp_socket *) object;
    zl_socket *native;
    zmq_msg_t message;
    PyObject *result, *values[3];
    int flags = 0, copy = 1, track = 0;
    if (given || names) {
        if (hp_arguments_sort (&hp_recv_multipart_signature, arguments, given, names, values) != 0
            || hp_arguments_int (&hp_recv_multipart_signature, values[0], "flags", &flags) != 0
            || hp_arguments_copy (values[1], &copy) != 0 || hp_arguments_bool (values[2], &track) != 0)
            return NULL;
    }
    if (hp_enter (self, "recv_multipart()") != 0)
        return NULL;
    native = self->native;
    hp.api->msg_init (&message);
    if (hp_recv_part (self, native, &message, flags, HP_TIMEOUT_OPTION, 0, "recv_multipart()") != HP_DONE) {
        hp.api->msg_close (&message);
        return NULL;
    }
    result = hp_recv_rest (native, &message, copy, track, 0, "recv_multipart()");
    hp_message_collect_if_any ();
    return result;
}
