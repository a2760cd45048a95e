/* Shared inside src/native only: what a context is made of. */
#ifndef ZL_CONTEXT_H
#define ZL_CONTEXT_H

#define ZL_NATIVE
#include "zl.h"

typedef struct zl_inproc zl_inproc;

struct zl_context
{
    void *handle;         /* libzmq's context; NULL once terminated */
    unsigned generation;
    int owned;            /* 0: a shadow; it is never shut down or terminated by us */
    int references;       /* the Python object, and the terminator while it runs */
    int terminating;      /* the terminator runs */
    int left_behind;      /* somebody has waited for it as long as it is worth: the exit does not */
    int users;            /* calls in progress, which the terminator waits for */
    int max_sockets;      /* what the user asked for; 0: not ours to enforce */
    int socket_room;      /* how many we let be open: libzmq is given one more */
    int io_threads;
    zl_atomic_int started; /* a socket was made: libzmq's threads run */
    zl_socket *sockets;
    int socket_count;
    int hidden_sockets;   /* libzmq sockets of ours that no list has: three for each monitor */
    zl_inproc *inprocs;   /* zl_inproc.c */
    void *stand_in;       /* likewise: the socket that will bind what nobody has bound */
    zl_context *previous, *next; /* all contexts of the process */
};

/* One lock for the lists of contexts and sockets and for what the structs above say of them. Held for
 * pointer work only, never over a libzmq call that can wait. */
extern zl_mutex zl_context_lock;
extern zl_cond zl_context_changed;
extern zl_context *zl_context_list;

/* A call in progress: between the two the handle stays valid. NULL: errno. */
void *zl_context_enter (zl_context *context);
void zl_context_leave (zl_context *context);

/* With the lock held. */
void zl_context_add_socket (zl_context *context, zl_socket *socket);
void zl_context_remove_socket (zl_socket *socket);
void zl_context_free_if_unused (zl_context *context);
int zl_context_start_terminator (zl_context *context);

/* zl_address.c. 1: span bytes from there can be read. */
int zl_address_check (const void *address, size_t span);

/* zl_datagram.c. Before binding or connecting: 0, or -1 with errno; and, with the lock held: it is closed. */
int zl_datagram_watch (const zl_socket *socket, const char *endpoint);
void zl_datagram_forget (const zl_socket *socket);

/* zl_inproc.c. From inside, before binding or connecting: notes it in the socket when that is to inproc. */
void zl_inproc_note (zl_socket *socket, const char *endpoint);
int zl_inproc_is (const char *endpoint);
/* zl_carry.c. Part of that. */
void zl_carry_note (zl_socket *socket, const char *endpoint);
/* Before connecting a socket of context: 0, or -1 with errno. */
int zl_inproc_before_connect (zl_context *context, const char *endpoint);
void zl_inproc_after_bind (zl_context *context, const void *binder, const char *endpoint);
void zl_inproc_after_unbind (zl_context *context, const void *binder, const char *endpoint);
/* With the lock held: binder is closed; and: the context is about to be shut down. */
void zl_inproc_forget (zl_context *context, const void *binder);
void zl_inproc_settle (zl_context *context);

/* zl_socket.c: with the lock held. 1: closed or being closed now, 0: a thread is inside, it will close. */
int zl_socket_close_later (zl_socket *socket, int linger, int cap_ms);
/* zmq_socket, which waits for what was closed to be gone when libzmq has no room. Not under the lock. */
void *zl_socket_open (void *context_handle, int type);
int zl_socket_cap_linger (zl_socket *socket, int cap_ms);
/* As zl_socket_enter_slow, by who does nothing but ask for events: what is known of them stays known. */
int zl_socket_enter_to_poll (zl_socket *socket);

/* zl_draft_fd.c: before ZMQ_EVENTS is read, so that the descriptor rests until it may have changed again. */
void zl_draft_fd_rest (zl_socket *socket);
/* Before the socket's handle is closed, under the lock. */
void zl_draft_fd_close (zl_socket *socket);

#endif
