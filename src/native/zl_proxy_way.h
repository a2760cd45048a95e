/* Shared by zl_proxy.c and zl_proxy_way.c only: one direction of a proxy. */
#ifndef ZL_PROXY_WAY_H
#define ZL_PROXY_WAY_H

#define ZL_NATIVE
#include "zl.h"

typedef struct zl_proxy_way
{
    zl_socket *from, *to, *capture;
    uint64_t *received, *sent; /* two counters each: messages, bytes */
    zmq_msg_t prefix;          /* the first frame of what is captured */
    int has_prefix;
    int swap;                  /* from ROUTER to ROUTER with prefixes: the two routing ids change places */
    zmq_msg_t *parts;          /* the message in hand; every one of room is initialised */
    int count, room;           /* count 0: no message in hand */
    uint64_t size;             /* bytes of the message in hand */
    int complete;              /* all of its parts are read */
    int captured;              /* the capture socket has it already */
    zl_socket *waits_for;      /* whose POLLOUT must come first; NULL: there is room, as far as is known */
    int refused;               /* waits_for said POLLOUT and did not take the message */
    int lost;                  /* messages whose only peer vanished while they were handed on */
} zl_proxy_way;

/* All of these: the caller is inside the sockets. */

/* Forwards what there is, at most a burst. 0, or -1 with errno. */
int zl_proxy_way_serve (zl_proxy_way *way);
/* Hands the message in hand on. 1: done, 0: waits_for has no room, -1: errno. */
int zl_proxy_way_hand_on (zl_proxy_way *way);
/* Frees. Returns how many messages were lost. */
int zl_proxy_way_clear (zl_proxy_way *way);

/* Without waiting, and without EINTR: it comes before anything is taken or given. */
int zl_proxy_way_recv (zl_socket *socket, zmq_msg_t *part);
int zl_proxy_way_send (zl_socket *socket, zmq_msg_t *part, int more);
int zl_proxy_way_send_copy (zl_socket *socket, zmq_msg_t *part, int more);

#endif
