/* What _hotpath_cffi calls: whole verbs in one native call, because a call through cffi costs more than
 * libzmq's work on a short message.
 *
 * Python may be interrupted after every one of these calls: another thread runs, or a signal handler that
 * uses the same socket, or one that raises. So no call leaves half a message in a socket, and nothing that
 * Python has yet to fetch is overwritten by the next call.
 *
 * Functions return 0 or a count, or -errno; timeout_ms is how long this call waits, -1 for ever. */
#ifndef ZL_CFFI_H
#define ZL_CFFI_H

#include "zl.h"

/* From zl_cffi_recv: a message is there, but not in the inbox. */
#define ZL_CFFI_LARGE (-1000000000)
/* Messages of up to so many bytes go through the inbox, or are packed in a batch: two copies of 4 KiB cost
 * less than two more calls. */
#define ZL_CFFI_INBOX_SIZE 4096

/* One Python object's use of a socket, in memory of Python's. It has no finaliser of its own: in a cycle
 * Python would run that while others still use the socket. */
typedef struct zl_cffi_socket
{
    zl_socket *native;  /* NULL: let go; calls read it once, when they enter */
    char *busy;         /* 1: the inbox is full; Python owns this byte and sets it to 0 once it has the bytes */
    size_t own_from;    /* longer messages may be one of our own buffers in flight, which Python knows */
    int sending_more;   /* the last part sent had SNDMORE */
    uint64_t sent;      /* sends that were done: parts, or batches */
    zmq_msg_t message;  /* the one that ZL_CFFI_LARGE speaks of */
    char inbox[ZL_CFFI_INBOX_SIZE];
} zl_cffi_socket;

void zl_cffi_socket_init (zl_cffi_socket *socket, zl_socket *native, char *busy, size_t own_from);
/* Every call from here on answers -ENOTSOCK. A call that is inside goes on. */
void zl_cffi_socket_detach (zl_cffi_socket *socket);
/* RCVTIMEO or SNDTIMEO, -1 for ever; -errno is less than -1. */
int zl_cffi_socket_timeout (zl_cffi_socket *socket, int option);

/* message: not initialised yet. */
int zl_cffi_message_copy (zmq_msg_t *message, const char *data, size_t size);
/* message is data itself; key comes back from zl_cffi_collect once libzmq has let go, also when this
 * fails (0: errno). hold: NULL, or where the hold goes. Returns the address of data. */
uintptr_t zl_cffi_message_pass (zmq_msg_t *message, char *data, size_t size, uintptr_t key, zl_hold **hold);
/* The keys of at most max buffers that libzmq has let go of. Returns how many. */
int zl_cffi_collect (uintptr_t *keys, int max);

/* From what sends: the peer went away with the first parts of a message, and this is the rest, which may not wait: EAGAIN,
 * but not to be tried again. */
#define ZL_CFFI_LOST (-ECANCELED)
/* Copies and sends one part if that needs no waiting. 1: sent, and buffers wait to be collected. */
int zl_cffi_send (zl_cffi_socket *socket, const char *data, size_t size, int flags);
/* Sends message, which libzmq takes over; after an error it is as it was. */
int zl_cffi_send_message (zl_cffi_socket *socket, zmq_msg_t *message, int flags, long timeout_ms);

/* Takes a message if one is there: its size, and its bytes are in the inbox, which is now busy.
 * ZL_CFFI_LARGE: it is in message, with the inbox busy too. -EALREADY: the inbox is busy. */
int zl_cffi_recv (zl_cffi_socket *socket);
/* Lets go of the message that ZL_CFFI_LARGE spoke of. */
void zl_cffi_recv_done (zl_cffi_socket *socket);
int zl_cffi_recv_message (zl_cffi_socket *socket, zmq_msg_t *message, long timeout_ms);
/* The size of the message, of which at most size bytes were written to buffer. */
int64_t zl_cffi_recv_into (zl_cffi_socket *socket, char *buffer, size_t size, long timeout_ms);

/* ---- Parts of messages ---- */

/* What is received into a batch is packed, as far as it is short and there is room; a batch is full when
 * there is less room than ZL_CFFI_INBOX_SIZE. */
#define ZL_CFFI_BATCH_SIZE (64 * 1024)

/* In memory of Python's, which never gives one up: it is used again and again. */
typedef struct zl_cffi_batch
{
    int32_t *ends;     /* one for each part: where it ends in bytes */
    uint8_t *kinds;    /* one for each part, or-ed of the values below */
    zmq_msg_t *parts;  /* those that are not packed, in order */
    int count, kept;
    int plain;         /* every part is packed, and a whole message */
    int full;          /* receiving stopped for want of room */
    size_t end_room, kind_room, part_room;
    char bytes[ZL_CFFI_BATCH_SIZE]; /* the packed parts, one after the other */
} zl_cffi_batch;

enum
{
    ZL_CFFI_MORE = 1,  /* more parts of the same message follow */
    ZL_CFFI_KEPT = 2   /* it is in parts */
};

/* Closes the parts. */
void zl_cffi_batch_clear (zl_cffi_batch *batch);
/* A new, empty part at the end, to be filled before the next call. NULL: no memory. */
zmq_msg_t *zl_cffi_batch_add (zl_cffi_batch *batch);
/* A new part at the end, copied from data. */
int zl_cffi_batch_add_copy (zl_cffi_batch *batch, const char *data, size_t size);
/* Sends the parts as one message, all or nothing, and clears the batch; after an error it is as it was. */
int zl_cffi_batch_send (zl_cffi_batch *batch, zl_cffi_socket *socket, int flags, long timeout_ms);
/* Clears the batch and receives at most max whole messages: waits for the first, takes what else is there
 * until the batch is full. pack 0: every part stays a zmq_msg_t. Returns how many parts there are. */
int zl_cffi_batch_recv (zl_cffi_batch *batch, zl_cffi_socket *socket, int max, int pack, long timeout_ms);
/* Sends messages of one part, which are in data one after the other, until one would have to wait or fails.
 * sizes: count times int32_t. Returns how many went. */
int zl_cffi_send_packed (zl_cffi_socket *socket, const char *data, const char *sizes, int count, int flags);

/* ---- Shared by zl_cffi.c and zl_cffi_batch.c only ---- */

#ifdef ZL_NATIVE

typedef struct zl_cffi_waiting
{
    long timeout_ms;
    int64_t until;
    int tries;
} zl_cffi_waiting;

/* 0: inside native, which stays there until leave; else -errno. */
int zl_cffi_enter (const zl_cffi_socket *socket, zl_socket **native);
void zl_cffi_leave (zl_socket *native);
void zl_cffi_waiting_begin (zl_cffi_waiting *waiting, long timeout_ms);
/* The rest: the caller is inside. */
int zl_cffi_send_inside (zl_cffi_socket *socket, zl_socket *native, zmq_msg_t *message, int flags, zl_cffi_waiting *waiting);
int zl_cffi_recv_inside (zl_socket *native, zmq_msg_t *message, long timeout_ms);
void zl_cffi_copy (char *target, const void *source, size_t size);
/* Whether libzmq drops what is left of a message whose pipe dies under it (lb.cpp). */
int zl_cffi_drops_rest (zl_socket *native);

#endif
#endif
