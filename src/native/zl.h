/* zmqlite's native core: what both backends share. Knows libzmq, knows nothing of Python.
 *
 * A socket is used by one owner at a time. Every call that touches a libzmq socket goes through the
 * guard of its zl_socket: enter, call, leave. No Python code runs while a thread is inside, so a signal
 * handler or a finaliser never meets a half-done call.
 *
 * Calls return 0 or a count, or -1 with errno, as libzmq does. Beyond libzmq's own errno values:
 *   EBUSY       another thread is inside the socket
 *   ENOTSOCK    the socket is closed
 *   ZL_EFORKED  the socket or context was made before this process was forked
 */
#ifndef ZL_H
#define ZL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zmq.h>
#include "zl_thread.h"

#define ZL_ABI 8
#define ZL_EFORKED (ZMQ_HAUSNUMERO + 1001)
/* A linger that means: leave the socket's own setting as it is. */
#define ZL_LINGER_KEEP (-2)
/* libzmq keeps short messages in the zmq_msg_t itself: there is nothing to close. One that was sent in place is elsewhere,
 * however short it is. */
#define ZL_IS_WITHIN(message, data) ((uintptr_t) (data) - (uintptr_t) (message) < sizeof (zmq_msg_t))

typedef struct zl_context zl_context;
typedef struct zl_socket zl_socket;
typedef struct zl_hold zl_hold;

/* ---- The guard (zl_socket.c) ------------------------------------------------------------------ */

enum
{
    ZL_IDLE = 0,     /* nobody is inside */
    ZL_INSIDE = 1,   /* a thread is inside a libzmq call */
    ZL_PARKED = 2,   /* a thread is inside, but only waits for the descriptor: libzmq is not entered */
    ZL_BORROWED = 3, /* was parked; the exit path borrows the socket for a moment */
    ZL_CLOSED = 4    /* closed for good */
};

/* What a wait knows of those before it (zl_busy.c). All zero: nothing yet. libzmq's I/O threads keep the same struct: it
 * is written once more in vendor/libzmq/mends/. */
typedef struct zl_busy
{
    int64_t until;  /* ns; 0 when no wait is going on; below 0 during the last look */
    int64_t looked; /* ns; the last look */
    int skip;       /* waits to sleep through at once */
    int misses;     /* how many of the last waits were for nothing, less those that were not */
} zl_busy;

struct zl_socket
{
    zl_atomic_ptr handle;  /* libzmq's socket; NULL once closed. Who is not inside reads it atomically */
    zl_atomic_int state;   /* one of the above; thread-safe sockets use users instead */
    zl_atomic_int users;   /* thread-safe sockets: calls inside; -1 closed */
    unsigned generation;   /* zl_generation when it was made */
    int thread_safe;       /* CLIENT, SERVER, RADIO, ...: libzmq locks by itself */
    zmq_fd_t fd;           /* ZMQ_FD; unused when thread_safe */
    const zl_atomic_ptr *mailbox; /* NULL there: libzmq has no command to process. NULL here: only fd tells */
    zl_atomic_int close_pending; /* whoever leaves next closes */
    zl_atomic_int close_linger;
    int type;              /* ZMQ_PAIR, ... */
    int events_known;      /* Of these of ZMQ_POLLIN and ZMQ_POLLOUT it is known whether ... */
    int events;            /* ... they are there: libzmq was asked, or a receive found nothing, and nobody was inside
                            * since but to look. Then only a command can change them, and a command moves fd. */
    int owned;             /* 0: a shadow of a handle that is somebody else's */
    int lent;              /* somebody may use the handle behind our back: nothing is known of its events */
    int inproc;            /* it was bound or connected to inproc: a thread of this process may be its peer */
    int hands_over;        /* ... and it is a REQ or REP: who has sent can do nothing but wait for the peer */
    int carries;           /* 1: what it sends may carry its object: every endpoint so far is inproc; -1: never again */
    int references;        /* Python objects that use it; under the context list's lock */
    zl_busy turn;          /* for waits for the turn of who waited for it (src/hotpath/turn.c) */
    zl_busy busy;          /* for waits for this socket, and for polls whose first it is; whoever is inside */
    zl_atomic_ptr visitor; /* the zl_poll call that is inside: tells a duplicate from a collision */
    void *poller;          /* thread-safe sockets: lends its descriptor, once somebody asked (zl_draft_fd.c) */
    zl_context *context;   /* NULL for shadows of unknown contexts */
    zl_socket *previous, *next; /* in the context's list */
};

/* Goes up by one in every forked child: whatever carries an older number belongs to the parent. */
extern unsigned zl_generation;

enum
{
    ZL_ALL_EVENTS = ZMQ_POLLIN | ZMQ_POLLOUT
};

int zl_socket_enter_slow (zl_socket *socket);
void zl_socket_leave_slow (zl_socket *socket);

/* known: events_known as it was. */
static inline int zl_socket_enter_knowing (zl_socket *socket, const unsigned *generation, int *known)
{
    if (ZL_LIKELY (socket->generation == *generation && !socket->thread_safe
                   && zl_cas (&socket->state, ZL_IDLE, ZL_INSIDE))) {
        *known = socket->lent ? 0 : socket->events_known; /* from inside: another thread may have been here */
        socket->events_known = 0;
        return 1;
    }
    return 0; /* the slow way finds out why, or enters */
}

static inline int zl_socket_enter_fast (zl_socket *socket, const unsigned *generation)
{
    int known;
    return zl_socket_enter_knowing (socket, generation, &known);
}

static inline int zl_socket_leave_fast (zl_socket *socket)
{
    if (ZL_UNLIKELY (socket->thread_safe || zl_load (&socket->close_pending)))
        return 0; /* the slow way leaves, and closes if somebody asked for it */
    zl_store (&socket->state, ZL_IDLE);
    return 1;
}

/* How many waits are parked in this process on sockets that know inproc (zl_wait.c). */
extern zl_atomic_int zl_parked;

/* ---- The struct handed to _hotpath, which links nothing ---------------------------------------- */

typedef struct zl_api
{
    int abi;
    int size;
    const unsigned *generation;
    const zl_atomic_int *parked;
    int (*socket_enter_slow) (zl_socket *);
    void (*socket_leave_slow) (zl_socket *);
    int (*socket_park) (zl_socket *, int, long);
    int (*socket_park_to_send) (zl_socket *, int, long);
    int (*socket_moved) (const zl_socket *);
    int (*socket_look) (zl_socket *, int, int);
    int (*socket_getsockopt) (zl_socket *, int, void *, size_t *);
    zl_socket *(*socket_make_at_once) (zl_context *, int);
    int (*socket_bind) (zl_socket *, const char *);
    int (*socket_connect) (zl_socket *, const char *);
    zl_hold *(*hold_new) (void *);
    void (*hold_reference) (zl_hold *);
    void (*hold_unreference) (zl_hold *);
    void (*hold_release) (void *, void *);
    zl_hold *(*hold_collect) (void);
    zl_atomic_ptr *hold_released;
    int (*error) (void);
    int64_t (*now) (void);
    int (*send) (void *, const void *, size_t, int);
    int (*getsockopt) (void *, int, void *, size_t *);
    int (*setsockopt) (void *, int, const void *, size_t);
    int (*msg_init) (zmq_msg_t *);
    int (*msg_init_size) (zmq_msg_t *, size_t);
    int (*msg_init_data) (zmq_msg_t *, void *, size_t, zmq_free_fn *, void *);
    int (*msg_send) (zmq_msg_t *, void *, int);
    int (*send_check) (void *, size_t);
    int (*msg_recv) (zmq_msg_t *, void *, int);
    int (*msg_close) (zmq_msg_t *);
    int (*msg_move) (zmq_msg_t *, zmq_msg_t *);
    int (*msg_copy) (zmq_msg_t *, zmq_msg_t *);
    void *(*msg_data) (zmq_msg_t *);
    size_t (*msg_size) (const zmq_msg_t *);
    int (*msg_more) (const zmq_msg_t *);
    int (*msg_get) (const zmq_msg_t *, int);
    int (*msg_set) (zmq_msg_t *, int, int);
    const char *(*msg_gets) (const zmq_msg_t *, const char *);
    int (*msg_set_routing_id) (zmq_msg_t *, uint32_t); /* errno ENOTSUP where libzmq lacks it */
    uint32_t (*msg_routing_id) (zmq_msg_t *);
    int (*msg_set_group) (zmq_msg_t *, const char *);
    const char *(*msg_group) (zmq_msg_t *);
    int (*busy_more) (zl_busy *);
    void (*busy_found) (zl_busy *);
    /* NULL where libzmq cannot (zl_carry.c). */
    void (*carry_init) (zmq_msg_t *, void *data, size_t, void *object);
    int (*carry_send) (void *, void *data, size_t, int, void *object);
    int (*carry_own) (zmq_msg_t *);
    void (*carry_copy) (zmq_msg_t *target, zmq_msg_t *source);
    /* The same (zl_landing.c). */
    struct zl_landing_t *landing;
    void *(*land_take) (zmq_msg_t *);
} zl_api;

const zl_api *zl_api_get (void);
/* All sends of src/native go through these, as those of the hot path go through the struct: zl_datagram.c. */
int zl_send (void *handle, const void *data, size_t size, int flags);
int zl_msg_send (zmq_msg_t *message, void *handle, int flags);
/* Before a part of several: 0, or -1 and EMSGSIZE when sending it would fail, with half of a message sent. */
int zl_send_check (void *handle, size_t size);
void zl_api_set_send (int (*send) (void *, const void *, size_t, int), int (*msg_send) (zmq_msg_t *, void *, int));

/* ---- Sockets (zl_socket.c) ------------------------------------------------------------------- */

zl_socket *zl_socket_new (zl_context *context, int type);
/* The same, without waiting for closed sockets to be gone when there is no room: EMFILE. */
zl_socket *zl_socket_make_at_once (zl_context *context, int type);
/* A second user of a libzmq socket. One that zmqlite made shares its guard. */
zl_socket *zl_socket_shadow (void *handle);
/* For others to use: from here on they may. NULL when closed or forked. */
void *zl_socket_lend (zl_socket *socket);
int zl_socket_closed (zl_socket *socket);
/* Closes. EBUSY when a thread is inside. linger: ms, -1 for ever, ZL_LINGER_KEEP. */
int zl_socket_close (zl_socket *socket, int linger);
/* The Python object is gone: closes with linger at most the exit linger, and forgets it. */
void zl_socket_drop (zl_socket *socket);

int zl_socket_bind (zl_socket *socket, const char *endpoint);
int zl_socket_connect (zl_socket *socket, const char *endpoint);
/* 1 when a ROUTER has a peer of that routing id; 0 when it has none or libzmq cannot tell. */
int zl_socket_has_peer (zl_socket *socket, const void *routing_id, size_t size);
/* 1: a ZAP handler is bound in the socket's context, or may be: a context that is not ours (zl_inproc.c). */
int zl_socket_zap_handled (const zl_socket *socket);
uint32_t zl_socket_connect_peer (zl_socket *socket, const char *endpoint);
int zl_socket_unbind (zl_socket *socket, const char *endpoint);
int zl_socket_disconnect (zl_socket *socket, const char *endpoint);
int zl_socket_join (zl_socket *socket, const char *group);
int zl_socket_leave_group (zl_socket *socket, const char *group);
int zl_socket_setsockopt (zl_socket *socket, int option, const void *value, size_t size);
int zl_socket_getsockopt (zl_socket *socket, int option, void *value, size_t *size);
/* The same for numbers of 4 or 8 bytes; getting sets errno to 0 when it worked. */
int64_t zl_socket_get_number (zl_socket *socket, int option, size_t size);
int zl_socket_set_number (zl_socket *socket, int option, size_t size, int64_t value);
/* The descriptor of a thread-safe socket, for which libzmq has none; made: whether this is its first use. -1: errno. */
int64_t zl_draft_fd_get (zl_socket *socket, int *made);
int zl_socket_peer_state (zl_socket *socket, const void *routing_id, size_t size);
int zl_socket_pipes_stats (zl_socket *socket);
int zl_socket_send (zl_socket *socket, zmq_msg_t *message, int flags);
int zl_socket_recv (zl_socket *socket, zmq_msg_t *message, int flags);

/* ---- Waiting awake, for a moment (zl_busy.c) ---------------------------------------------------- */

/* Whoever waits looks himself, as libzmq's I/O threads do: whether to look once more before sleeping; and that it found something. */
int zl_busy_more (zl_busy *busy);
void zl_busy_found (zl_busy *busy);
/* How long the moment is: us, 0 for none; -1 only asks. Returns what it was. */
int zl_busy_limit (int microseconds);
/* Once, before the first context: has libzmq's I/O threads wait so, too, where they can. */
void zl_busy_start (void);

/* ---- Waiting (zl_wait.c) ---------------------------------------------------------------------- */

/* The caller is inside. Waits for the descriptor alone, after an EAGAIN that left libzmq with no command
 * to process (where there is no usable descriptor, for events). 1: try again, 0: timeout, -1: errno
 * (EINTR, ETERM). timeout_ms -1: for ever. */
int zl_socket_park (zl_socket *socket, int events, long timeout_ms);
/* The same for room to send; tries: how often it was called since the message was first tried. Not "until ZMQ_POLLOUT":
 * a ROUTER has that while any peer has room, a SERVER always. */
int zl_socket_park_to_send (zl_socket *socket, int tries, long timeout_ms);
/* The caller is inside. Waits for ZMQ_POLLIN and/or ZMQ_POLLOUT. Returns the events, 0 on timeout. */
int zl_socket_wait (zl_socket *socket, int events, long timeout_ms);
/* The same from outside: enters, waits, leaves. Like the other calls that wait and that Python calls (zl_poll,
 * zl_context_term, zl_proxy_run) it returns -errno: when Python could read errno, the handler of the signal that ended
 * the wait has run, and may have made calls of its own. */
int zl_socket_poll (zl_socket *socket, int events, long timeout_ms);

typedef struct zl_pollitem
{
    zl_socket *socket; /* NULL: fd counts */
    zmq_fd_t fd;
    short events, revents;
} zl_pollitem;

/* Like zmq_poll, under the guard of every socket; writes the indices of what is ready to ready. -errno. */
int zl_poll (zl_pollitem *items, int count, long timeout_ms, int *ready);
/* Its parts, for who stays inside between the waits: the same items from enter to leave. */
int zl_poll_enter (zl_pollitem *items, int count);
int zl_poll_inside (zl_pollitem *items, int count, long timeout_ms, int *ready);
void zl_poll_leave (zl_pollitem *items, int count);
/* The caller is inside; known: events_known as it was when he came. Which of wanted are there; libzmq is asked only when
 * that is not known. -1: errno. */
int zl_socket_look (zl_socket *socket, int known, int wanted);
/* Once: finds its mailbox. Not of a handle that is somebody else's, who may close it, or have it from another libzmq. */
void zl_socket_find_mailbox (zl_socket *socket);
/* Whether commands have come since libzmq processed them all; 1 where nothing tells. */
int zl_socket_moved (const zl_socket *socket);
/* The caller is inside. A receive found nothing: EAGAIN. */
static inline void zl_socket_found_nothing (zl_socket *socket)
{
    socket->events = 0;
    socket->events_known = socket->lent ? 0 : ZMQ_POLLIN;
}
/* The caller is inside. ZMQ_EVENTS, after libzmq has processed its commands; -1: errno. */
int zl_socket_events (zl_socket *socket);

/* ---- Buffers in flight (zl_hold.c) ------------------------------------------------------------ */

/* One buffer that libzmq reads in place. libzmq lets go on any thread: zl_hold_release, the zmq_free_fn,
 * only pushes the hold to a lock-free list. Whoever owns the object (Python, with the GIL) collects the
 * list, lets the objects go and calls zl_hold_unreference. */
struct zl_hold
{
    zl_hold *next;
    void *object;        /* for the owner: what keeps the buffer alive */
    void *data;          /* for the owner: where the buffer is */
    zl_atomic_int done;  /* 1 once libzmq has let go */
    zl_atomic_int references; /* libzmq's, and one for each tracker */
};

extern zl_atomic_ptr zl_hold_released; /* head of the list; NULL: nothing to collect */
/* In a forked child: whoever waits is in the parent. */
void zl_hold_after_fork (void);
zl_hold *zl_hold_new (void *object);
void zl_hold_reference (zl_hold *hold);
void zl_hold_unreference (zl_hold *hold);
void zl_hold_release (void *data, void *hold);
zl_hold *zl_hold_collect (void);
int zl_hold_done (zl_hold *hold);
/* 1 when done, 0 when timeout_ms (-1: for ever) went by. */
int zl_hold_wait (zl_hold *hold, long timeout_ms);
/* Buffers that libzmq has not let go of yet. */
int zl_hold_count (void);
/* For the cffi backend: a message that is the buffer itself. */
int zl_hold_message (zmq_msg_t *message, void *data, size_t size, zl_hold *hold);
void *zl_hold_object (zl_hold *hold);
zl_hold *zl_hold_next (zl_hold *hold);

/* ---- Objects that messages carry (zl_carry.c) -------------------------------------------------- */

/* A message over inproc may point to an object's data and carry a reference to the object, in place of a hold. Who
 * receives it takes the reference over: writes 0 to its byte at ZL_CARRY_AT, and reads its data no more. Whoever else
 * closes it gives the reference to the list of released holds. Of what the struct of a message holds, only this is
 * known here; zl_carry_start makes sure that it is so. */
#define ZL_CARRY_AT (sizeof (zmq_msg_t) - 16)
#define ZL_CARRIED 2

/* Only where carry_init is not NULL: other versions of libzmq have something else there. NULL: it carries nothing. */
static inline void *zl_carried (const zmq_msg_t *message)
{
    const unsigned char *group = (const unsigned char *) message + ZL_CARRY_AT;
    void *object;
    if (*group != ZL_CARRIED)
        return NULL;
    memcpy (&object, group + sizeof object, sizeof object);
    return object;
}
static inline void zl_carry_forget (zmq_msg_t *message)
{
    ((unsigned char *) message)[ZL_CARRY_AT] = 0;
}
/* Sets what of api is about this, where libzmq can. */
void zl_carry_start (zl_api *api);

/* ---- Memory of short messages (zl_pool.c) ------------------------------------------------------- */

/* Once, before the first message: has libzmq keep some of it, where it can. */
void zl_pool_start (void);

/* ---- Where long messages land (zl_landing.c) --------------------------------------------------- */

/* What libzmq's decoder receives a message of least bytes or more into: a block with head bytes before the data and one
 * after them. Both functions are called on any thread, until the process ends. */
struct zl_landing_t
{
    void *(*allocate) (size_t size);
    void (*release) (void *block);
    size_t head, least;
};
/* Sets what of api is about this, where libzmq can: land_take gives the block of a message that nobody else has, or NULL.
 * The caller closes the message as ever, and only then may move or free the block. */
void zl_landing_start (zl_api *api);

/* ---- Contexts, termination, exit (zl_context.c, zl_exit.c) ------------------------------------- */

zl_context *zl_context_new (int io_threads);
zl_context *zl_context_shadow (void *handle);
void *zl_context_handle (zl_context *context); /* NULL when terminated or forked */
int zl_context_closed (zl_context *context);
int zl_context_set (zl_context *context, int option, int value);
int zl_context_get (zl_context *context, int option);
int zl_context_set_ext (zl_context *context, int option, const void *value, size_t size);
int zl_context_get_ext (zl_context *context, int option, void *value, size_t *size);
int zl_context_shutdown (zl_context *context);
int zl_context_socket_count (zl_context *context);
/* Closes every socket: at once where idle, else as soon as the thread inside leaves. linger is set
 * first unless ZL_LINGER_KEEP; then none lingers longer than cap_ms (-1: no cap). */
int zl_context_close_sockets (zl_context *context, int linger, int cap_ms);
/* zmq_ctx_term on a native thread, started once. Waits at most timeout_ms: -EAGAIN, call again. */
int zl_context_term (zl_context *context, long timeout_ms);
/* The Python object is gone. Never waits: what is still open is closed with linger at most the exit
 * linger, and a thread terminates. */
void zl_context_drop (zl_context *context);
/* It is terminating, and was waited for: the exit does not wait again. */
void zl_context_leave_behind (zl_context *context);
/* Everything, at interpreter exit: caps lingers, shuts down, closes, terminates; one deadline for all.
 * Returns how many contexts were still not terminated then, of those that nobody left behind. */
int zl_exit_run (long deadline_ms, int cap_ms);
/* How many contexts are not terminated. */
int zl_exit_pending (void);
/* What finalisers and the exit let nobody linger longer than: ms, -1 for no cap. */
extern int zl_exit_linger;
void zl_exit_set_linger (int linger_ms);

/* ---- Monitors (zl_monitor.c) ------------------------------------------------------------------- */

typedef struct zl_monitor zl_monitor;
/* libzmq's events of socket, drained by a native thread into a ring of capacity messages, and handed on
 * from there to a PAIR bound at endpoint. When the ring is full the oldest is dropped and counted. */
zl_monitor *zl_monitor_start (zl_socket *socket, const char *endpoint, uint64_t events, int version, int capacity);
int zl_monitor_stop (zl_socket *socket);
uint64_t zl_monitor_dropped (zl_monitor *monitor);
void zl_monitor_unreference (zl_monitor *monitor);

/* ---- Proxy (zl_proxy.c) ------------------------------------------------------------------------ */

typedef struct zl_proxy zl_proxy;
zl_proxy *zl_proxy_new (zl_socket *frontend, zl_socket *backend, zl_socket *capture, zl_socket *control);
/* What is captured carries this first frame, by direction (pyzmq's monitored_queue). */
int zl_proxy_set_prefix (zl_proxy *proxy, const void *in, size_t in_size, const void *out, size_t out_size);
/* Forwards for at most slice_ms: -EAGAIN, call again. 0: TERMINATE came on the control socket. */
int zl_proxy_run (zl_proxy *proxy, long slice_ms);
/* Eight counters: messages and bytes received and sent, frontend first, then backend. */
void zl_proxy_counters (zl_proxy *proxy, uint64_t *counters);
/* Frees. Returns how many accepted messages could not be handed on (0 or 1). */
int zl_proxy_free (zl_proxy *proxy);

/* ---- The process (zl_exit.c) ------------------------------------------------------------------- */

/* Runs once, at import. */
int zl_start (void);
/* zl_room.c: 0 when count more descriptors can be opened, or threads started; else -1 with EMFILE, EAGAIN. */
int zl_descriptors_check (int count);
int zl_threads_check (int count);
int zl_error (void); /* zmq_errno, for the hot path */

#endif
