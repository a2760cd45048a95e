/* The C side of `python -m zmqlite bench`: what a plain C program does, on the very same libzmq. */
#ifndef ZL_BENCH_H
#define ZL_BENCH_H

#include <stddef.h>
#include <stdint.h>

enum
{
    ZL_BENCH_COPY = 0,   /* zmq_msg_init_size and memcpy */
    ZL_BENCH_NO_COPY = 1 /* zmq_msg_init_data: libzmq reads the caller's buffer in place */
};

/* Both return the nanoseconds that count messages took, or -1 with errno. socket is libzmq's own, used by
 * nobody else meanwhile; a signal does not end them. */

/* Sends data count times, blocking. With ZL_BENCH_NO_COPY data must outlive the socket's queue. */
int64_t zl_bench_send (void *socket, void *data, size_t size, int64_t count, int how);
/* Receives count messages, blocking. EMSGSIZE: one was not size bytes long. */
int64_t zl_bench_recv (void *socket, size_t size, int64_t count);

#endif
