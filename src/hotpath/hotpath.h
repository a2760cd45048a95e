/* The hot verbs as CPython methods: what the files of this folder share.
 *
 * Rules: every verb enters the socket's guard, tries with ZMQ_DONTWAIT while it holds the GIL, and gives the
 * GIL up only to wait, to copy much, or to hand over to another thread. No Python code runs while inside. errno is read before any Python call. */
#ifndef HOTPATH_H
#define HOTPATH_H

#include "limited.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "zl.h"

/* Copies of at least this many bytes are made without the GIL: 64 KiB take about 3 us. */
#define HP_UNLOCK_SIZE (64 * 1024)
/* Received messages of at least this many bytes land in what becomes their bytes object. */
#define HP_LAND_SIZE (16 * 1024)
/* The main thread runs signal handlers, so it looks up at least this often. */
#define HP_SLICE_MS 50
/* libzmq keeps messages this short in the zmq_msg_t itself, but for those that were sent in place. */
#define HP_INLINE_SIZE 32
#define HP_COPY_THRESHOLD 65536

enum
{
    HP_COPY_AUTO = -1,
    HP_COPY_NEVER = 0,
    HP_COPY_ALWAYS = 1
};

/* Turn and Readiness of zmqlite.readiness: what C and Python both change. */
typedef struct hp_turn
{
    PyObject_HEAD
    int left;
} hp_turn;

typedef struct hp_readiness
{
    PyObject_HEAD
    Py_ssize_t sequence;
    char busy;
} hp_readiness;

typedef struct hp_socket
{
    PyObject_HEAD
    zl_socket *native;    /* NULL until attached and after detach */
    PyObject *owner;      /* keeps native alive */
    zmq_msg_t small;      /* the last short message received; always initialised */
    Py_ssize_t copy_threshold;
    int sending_more;     /* the last part sent had SNDMORE */
    hp_readiness *readiness; /* of a socket that an event loop waits for, or NULL */
    /* What zmqlite.socket keeps, NULL for None. Not in a dict: from 3.13 on CPython specialises calls of methods for
     * instances of such a class only while they have none. */
    PyObject *context, *cffi_native, *site, *type, *inproc_endpoints, *timeouts;
    int type_number;
} hp_socket;

typedef struct hp_frame
{
    PyObject_HEAD
    zmq_msg_t message;
    PyObject *data;       /* what the frame was made of, or NULL */
    PyObject *bytes;      /* its bytes, once somebody asked for them, or NULL */
    PyObject *tracker;    /* or NULL for None */
    int more;
} hp_frame;

typedef struct hp_state
{
    const zl_api *api;
    PyObject *make_error, *frame_class, *make_tracker, *finished_tracker, *tracker_class;
    PyObject *socket_base, *frame_base, *turn_base, *readiness_base;
    PyObject *sent; /* "sent" */
    PyObject *call; /* "_call" */
    PyObject *copy_threshold; /* "COPY_THRESHOLD" */
    PyObject *settings; /* the namespace that has it, or NULL */
    PyObject *send_slowly, *recv_slowly, *recv_waiting; /* "_send_slowly", ... */
    PyObject *again_class, *again_arguments; /* what make_error makes of EAGAIN, and (EAGAIN,) */
    Py_ssize_t pass_threshold;
    unsigned long main_thread;
} hp_state;

/* One interpreter: module.c refuses to be imported by a second. */
extern hp_state hp;

/* ---- arguments (arguments.c) ---- */

typedef struct hp_signature
{
    const char *call;       /* "send()", for messages */
    int required, positional, count;
    const char *const *names;
} hp_signature;

/* Sorts a vectorcall's arguments into values (NULL where not given). 0, or -1 with TypeError. */
int hp_arguments_sort (const hp_signature *signature,
                       PyObject *const *arguments,
                       Py_ssize_t given,
                       PyObject *names,
                       PyObject **values);
int hp_arguments_int (const hp_signature *signature, PyObject *value, const char *name, int *result);
int hp_arguments_copy (PyObject *value, int *result);
int hp_arguments_bool (PyObject *value, int *result);

Py_ssize_t hp_copy_threshold (void); /* module.c */

/* ---- messages (message.c) ---- */

/* What a part may carry besides its bytes. */
typedef struct hp_options
{
    int flags, copy, track;
    uint32_t routing_id;
    int has_routing_id;
    PyObject *group; /* borrowed, or NULL */
} hp_options;

/* Makes message from data, a bytes-like object or a Frame. hold is set when libzmq reads data in place.
 * index: the place in a multipart message for error messages, or -1. */
int hp_message_build (zmq_msg_t *message,
                      PyObject *data,
                      const hp_options *options,
                      Py_ssize_t copy_threshold,
                      const char *call,
                      Py_ssize_t index,
                      zl_hold **hold);
/* The bytes of message: the very object that was sent, when that was one of ours. New reference. */
PyObject *hp_message_bytes (zmq_msg_t *message);
/* The same for a message that the caller only closes afterwards (landing.c). */
PyObject *hp_message_take (zmq_msg_t *message);
/* Once, with hp.api: has long messages land in blocks that become bytes, where this Python and this libzmq can. */
void hp_landing_start (void);
/* The tracker for a send: None, the finished one or one that watches hold. New reference. */
PyObject *hp_message_tracker (const hp_options *options, zl_hold *hold, PyObject *data);
int hp_message_in_flight (const void *data);
/* The same as hp_message_build, for self to send: with a carried object where that can be. */
int hp_message_build_to_send (hp_socket *self, zmq_msg_t *message, PyObject *data, const hp_options *options, const char *call, Py_ssize_t index, zl_hold **hold);

/* zmq_msg_copy, to a message that holds nothing; what source carries, both do. */
int hp_message_copy_of (zmq_msg_t *target, zmq_msg_t *source);
/* The object that message carries, borrowed, or NULL. */
static inline PyObject *hp_carried (const zmq_msg_t *message)
{
    PyObject *object = zl_carried (message);
    return ZL_LIKELY (!object) || hp.api->carry_init ? object : NULL;
}
/* The same as the caller's reference: message is only to be closed, or received into, afterwards. */
static inline PyObject *hp_carried_take (zmq_msg_t *message)
{
    PyObject *object = hp_carried (message);
    if (object)
        zl_carry_forget (message);
    return object;
}
Py_ssize_t hp_message_collect (void);
static inline void hp_message_collect_if_any (void)
{
    if (ZL_UNLIKELY (zl_load_ptr (hp.api->hold_released) != NULL))
        hp_message_collect ();
}

/* ---- errors (errors.c) ---- */

/* Sets the exception for errno. argument may be NULL. Always -1. */
int hp_raise (int error, const char *call, PyObject *argument);

/* ---- sockets (socket.c, part.c) ---- */

int hp_enter (hp_socket *self, const char *call);
/* The same, to receive without waiting: 0, HP_FAILED, or HP_WOULD_WAIT when it is known, for the price of one poll(2),
 * that nothing is there; then the socket was left. */
int hp_enter_to_try (hp_socket *self, const char *call);
/* values: data, flags, copy, track, routing_id, group, as send and send_multipart take them. */
int hp_send_options (const hp_signature *signature, PyObject **values, hp_options *options);
static inline void hp_leave (zl_socket *native)
{
    if (ZL_UNLIKELY (!zl_socket_leave_fast (native)))
        hp.api->socket_leave_slow (native);
}

/* Send or receive one part from inside; the first try did not work and left errno error. 0: done.
 * HP_FAILED: an exception is set and the socket was left. HP_WOULD_WAIT: only when quiet; still inside. */
enum
{
    HP_DONE = 0,
    HP_FAILED = -1,
    HP_WOULD_WAIT = -2
};
/* Whose turn it is (turn.c). calls: how often a socket was entered, under the GIL; told: the same now and then, for those
 * who wait without it: each look at it makes the next note of it slower, so it is seldom, and far from the rest. */
#define HP_TURN_CALLS 16
extern struct hp_turns
{
    unsigned calls;
    char between[64];
    zl_atomic_int told;
    char after[64];
} hp_turns;
void hp_turn_give (void);            /* after the GIL was given up, to wait */
void hp_turn_await (zl_busy *busy);  /* before it is asked for again */
void hp_turn_take (void);            /* when it was got */

#define HP_TIMEOUT_OPTION (-3L) /* timeout_ms: what RCVTIMEO or SNDTIMEO says */
int hp_send_wait (hp_socket *self, zl_socket *native, zmq_msg_t *message, int flags, int quiet, const char *call);
int hp_recv_wait (hp_socket *self, zl_socket *native, zmq_msg_t *message, int flags, long timeout_ms, int quiet, const char *call);
/* libzmq lost the pipe in the middle of a message on this socket: what is left of it is dropped. */
int hp_send_drops_rest (zl_socket *native);

/* Whether a part that is not taken must not be tried again: it ends a message that libzmq has dropped meanwhile. */
static inline int hp_send_is_rest (const hp_socket *self, zl_socket *native)
{
    return ZL_UNLIKELY (self->sending_more) && hp_send_drops_rest (native);
}

/* Whether to send without the GIL: what is sent ends a message, the sender has nothing to do then but wait for an answer,
 * and a thread of this process waits, perhaps for this. It runs at once, often where the sender ran, and with the GIL
 * kept it would only run to block on the GIL: a round trip took 20 us instead of 8. */
static inline int hp_hands_over (const zl_socket *native, int flags)
{
    return ZL_UNLIKELY (native->hands_over) && zl_load (hp.api->parked) > 0 && !(flags & ZMQ_SNDMORE);
}

/* hp_send_short and hp_send_part without the GIL. The caller has references to self and to what is sent. */
int hp_send_short_handing_over (hp_socket *self, zl_socket *native, PyObject *carried, char *data, size_t size, int flags);
int hp_send_handing_over (hp_socket *self, zl_socket *native, zmq_msg_t *message, int flags, int quiet, const char *call);

/* Whether bytes that are sent now are carried to the receiver. A ROUTER's first part goes to nobody. */
static inline int hp_send_carries (const hp_socket *self, const zl_socket *native)
{
    return native->carries > 0 && (native->type != ZMQ_ROUTER || self->sending_more);
}

/* Whether hp_send_short is for bytes of this size. */
static inline int hp_send_is_short (const zl_socket *native, Py_ssize_t size)
{
    return (size < hp.pass_threshold && size < HP_UNLOCK_SIZE) || native->carries > 0;
}

/* carried: a reference for the receiver, when that is to have it, or NULL. */
static inline int hp_send_short_here (hp_socket *self, zl_socket *native, PyObject *carried, char *data, size_t size, int flags)
{
    int rc = carried ? hp.api->carry_send (native->handle, data, size, flags | ZMQ_DONTWAIT, carried)
                     : hp.api->send (native->handle, data, size, flags | ZMQ_DONTWAIT);
    if (ZL_LIKELY (rc >= 0))
        self->sending_more = flags & ZMQ_SNDMORE;
    hp_leave (native);
    return rc;
}

/* Bytes that are copied, or carried, from inside: leaves. -1: the slow way tries again, and waits or says why not. */
static inline int hp_send_short (hp_socket *self, zl_socket *native, PyObject *object, size_t size, int flags)
{
    PyObject *carried = hp_send_carries (self, native) ? object : NULL;
    int rc;
    Py_XINCREF (carried);
    if (hp_hands_over (native, flags))
        rc = hp_send_short_handing_over (self, native, carried, PyBytes_AsString (object), size, flags);
    else
        rc = hp_send_short_here (self, native, carried, PyBytes_AsString (object), size, flags);
    if (ZL_UNLIKELY (rc < 0))
        Py_XDECREF (carried); /* the caller has one more */
    return rc;
}

static inline int hp_send_part (hp_socket *self, zl_socket *native, zmq_msg_t *message, int flags, int quiet, const char *call)
{
    if (hp_hands_over (native, flags))
        return hp_send_handing_over (self, native, message, flags, quiet, call);
    if (ZL_LIKELY (hp.api->msg_send (message, native->handle, flags | ZMQ_DONTWAIT) >= 0)) {
        self->sending_more = flags & ZMQ_SNDMORE;
        return HP_DONE;
    }
    return hp_send_wait (self, native, message, flags, quiet, call);
}

static inline int hp_recv_part (hp_socket *self, zl_socket *native, zmq_msg_t *message, int flags, long timeout_ms, int quiet, const char *call)
{
    if (ZL_LIKELY (hp.api->msg_recv (message, native->handle, flags | ZMQ_DONTWAIT) >= 0))
        return HP_DONE;
    return hp_recv_wait (self, native, message, flags, timeout_ms, quiet, call);
}

/* ---- frames (frame.c) ---- */

/* Moves message into a new frame_class object. New reference. */
PyObject *hp_frame_take (zmq_msg_t *message, int track);
static inline int hp_frame_check (PyObject *object)
{
    return PyObject_TypeCheck (object, (PyTypeObject *) hp.frame_base);
}

/* part.c */
PyObject *hp_socket_send (PyObject *self, PyObject *const *arguments, Py_ssize_t given, PyObject *names);
PyObject *hp_socket_recv (PyObject *self, PyObject *const *arguments, Py_ssize_t given, PyObject *names);
PyObject *hp_socket_try_recv (PyObject *self, PyObject *const *arguments, Py_ssize_t given, PyObject *names);
PyObject *hp_socket_recv_into (PyObject *self, PyObject *const *arguments, Py_ssize_t given, PyObject *names);
/* One part now, or not at all. What send(data) returns; NULL: it was not sent, and there may be an exception. */
PyObject *hp_send_now (hp_socket *self, PyObject *data);
/* What try_recv() returns. */
PyObject *hp_recv_now (hp_socket *self);
/* done.c. Takes value over; NULL when that is NULL. */
PyObject *hp_done_new (PyTypeObject *type, PyObject *value, PyObject *socket, Py_ssize_t number);
PyObject *hp_done_make_class (PyObject *module, PyObject *future_class);
/* at_once.c */
PyObject *hp_hasten (PyObject *module, PyObject *arguments);

/* ready.c */
PyObject *hp_socket_poll (PyObject *self, PyObject *const *arguments, Py_ssize_t given, PyObject *names);
/* option.c */
PyObject *hp_options_learn (PyObject *module, PyObject *arguments);
PyObject *hp_socket_get_int (PyObject *self, PyObject *option);
PyObject *hp_socket_set_int (PyObject *self, PyObject *const *arguments, Py_ssize_t given);
/* held.c */
PyObject *hp_socket_make (PyObject *module, PyObject *arguments);
PyObject *hp_socket_bind_at_once (PyObject *self, PyObject *endpoint);
PyObject *hp_socket_connect_at_once (PyObject *self, PyObject *endpoint);
PyObject *hp_socket_get_bytes (PyObject *self, PyObject *option);
PyObject *hp_socket_set_bytes (PyObject *self, PyObject *const *arguments, Py_ssize_t given);
/* multipart.c, many.c */
PyObject *hp_socket_send_multipart (PyObject *self, PyObject *const *arguments, Py_ssize_t given, PyObject *names);
PyObject *hp_socket_recv_multipart (PyObject *self, PyObject *const *arguments, Py_ssize_t given, PyObject *names);
PyObject *hp_socket_send_many (PyObject *self, PyObject *const *arguments, Py_ssize_t given, PyObject *names);
PyObject *hp_socket_recv_many (PyObject *self, PyObject *const *arguments, Py_ssize_t given, PyObject *names);

/* multipart.c, for many.c. One whole message of parts, a tuple that the caller holds, from inside; as
 * hp_send_part. tracked: NULL, or where a list of the parts' trackers goes, a new reference. */
int hp_send_parts (hp_socket *self, zl_socket *native, PyObject *parts, const hp_options *options, int quiet, const char *call, PyObject **tracked);
/* Every part of the message whose first part is first (taken over), from inside: leaves. A list, or with
 * single the part alone when there is one. New reference. */
PyObject *hp_recv_rest (zl_socket *native, zmq_msg_t *first, int copy, int track, int single, const char *call);

extern PyType_Spec hp_socket_spec, hp_frame_spec, hp_turn_spec, hp_readiness_spec;

#endif
