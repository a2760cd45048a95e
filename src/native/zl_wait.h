/* What zl_wait.c and zl_poll.c share. */
#ifndef ZL_WAIT_H
#define ZL_WAIT_H

#define ZL_NATIVE
#include "zl.h"

#if !defined _WIN32
#define ZL_HAVE_PARK 1
/* The caller is inside, and is about to wait without entering libzmq; and is back. */
void zl_wait_park (zl_socket *socket);
void zl_wait_unpark (zl_socket *socket);
#endif

/* How much of timeout_ms is left until then; -1 for ever. */
static inline long zl_wait_left (int64_t until, long timeout_ms)
{
    int64_t left;
    if (timeout_ms < 0)
        return -1;
    left = until - zl_thread_now ();
    return left > 0 ? (long) left : 0;
}

#endif
