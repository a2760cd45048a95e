/* The object that a message carries: see zl.h, and vendor/libzmq/mends/carry.py for libzmq's part of it. */
#define ZL_NATIVE
#include "zl.h"
#include "zl_context.h"
#include <string.h>

static int zl_carry_ready;

#if defined __linux__ && !defined ZL_SYSTEM
/* In libzmq's msg.cpp and zmq.cpp, by the mend; not there when this libzmq reads otherwise. */
extern void (*zl_carry_drop) (void *object) __attribute__ ((weak));
extern size_t zl_carry_at (void) __attribute__ ((weak));
extern void zl_carry_init (zmq_msg_t *message, void *data, size_t size, void *object) __attribute__ ((weak));
extern int zl_carry_send (void *handle, void *data, size_t size, int flags, void *object) __attribute__ ((weak));
extern int zl_carry_own (zmq_msg_t *message) __attribute__ ((weak));
extern void zl_carry_copy (zmq_msg_t *target, zmq_msg_t *source) __attribute__ ((weak));

/* Who lets go may be any thread. Without memory the object stays alive, and nothing else happens. */
static void zl_carry_release (void *object)
{
    zl_hold *hold = zl_hold_new (object);
    if (hold)
        zl_hold_release (NULL, hold);
}

void zl_carry_start (zl_api *api)
{
    if (!&zl_carry_drop || !zl_carry_at || zl_carry_at () != ZL_CARRY_AT)
        return;
    zl_carry_drop = zl_carry_release;
    api->carry_init = zl_carry_init;
    api->carry_send = zl_carry_send;
    api->carry_own = zl_carry_own;
    api->carry_copy = zl_carry_copy;
    zl_carry_ready = 1;
}
#else
void zl_carry_start (zl_api *api)
{
    (void) api;
}
#endif

/* PAIR, REQ, REP, DEALER, ROUTER, PUSH: what they send goes to one peer. Not the thread-safe types, whose calls cost
 * more than what is saved. */
#define ZL_CARRIERS ((1UL << ZMQ_PAIR) | (1UL << ZMQ_REQ) | (1UL << ZMQ_REP) | (1UL << ZMQ_DEALER) | (1UL << ZMQ_ROUTER) | (1UL << ZMQ_PUSH))

void zl_carry_note (zl_socket *socket, const char *endpoint)
{
    /* libzmq reads what ZAP handlers answer, and closes only the first part of an answer that it does not like. */
    if (!zl_inproc_is (endpoint) || strcmp (endpoint, "inproc://zeromq.zap.01") == 0)
        socket->carries = -1;
    else if (zl_carry_ready && socket->carries == 0 && socket->owned && socket->type >= 0 && socket->type < 32
             && (ZL_CARRIERS >> socket->type) & 1)
        socket->carries = 1;
}
