/* The loops that the benchmark holds zmqlite against: called once a batch, so that no Python is timed. */
#include "zl_bench.h"
#include <errno.h>
#include <string.h>
#include <zmq.h>

#if defined _WIN32
#include <windows.h>

static int64_t zl_bench_now (void)
{
    LARGE_INTEGER ticks, frequency;
    QueryPerformanceFrequency (&frequency);
    QueryPerformanceCounter (&ticks);
    return (int64_t) ((double) ticks.QuadPart * 1e9 / (double) frequency.QuadPart);
}
#else
#include <time.h>

static int64_t zl_bench_now (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}
#endif

/* A buffer that is not ours to free. Not NULL: libzmq takes a shorter way for constant data, which a program
 * that must know when its buffer is free again cannot take. */
static void zl_bench_keep (void *data, void *hint)
{
    (void) data;
    (void) hint;
}

static int zl_bench_message (zmq_msg_t *message, void *data, size_t size, int how)
{
    if (how == ZL_BENCH_NO_COPY)
        return zmq_msg_init_data (message, data, size, zl_bench_keep, NULL);
    if (zmq_msg_init_size (message, size) != 0)
        return -1;
    memcpy (zmq_msg_data (message), data, size);
    return 0;
}

/* The message is closed in any case; errno stays what the failed call left, or becomes error. */
static int64_t zl_bench_fail (zmq_msg_t *message, int error)
{
    int code = error ? error : zmq_errno ();
    zmq_msg_close (message);
    errno = code;
    return -1;
}

int64_t zl_bench_send (void *socket, void *data, size_t size, int64_t count, int how)
{
    zmq_msg_t message;
    int64_t at, start = zl_bench_now ();
    for (at = 0; at < count; at++) {
        if (zl_bench_message (&message, data, size, how) != 0)
            return -1;
        while (zmq_msg_send (&message, socket, 0) < 0)
            if (zmq_errno () != EINTR)
                return zl_bench_fail (&message, 0);
    }
    return zl_bench_now () - start;
}

int64_t zl_bench_recv (void *socket, size_t size, int64_t count)
{
    zmq_msg_t message;
    int64_t at, start = zl_bench_now ();
    zmq_msg_init (&message);
    for (at = 0; at < count; at++) {
        while (zmq_msg_recv (&message, socket, 0) < 0)
            if (zmq_errno () != EINTR)
                return zl_bench_fail (&message, 0);
        if (zmq_msg_size (&message) != size)
            return zl_bench_fail (&message, EMSGSIZE);
    }
    zmq_msg_close (&message);
    return zl_bench_now () - start;
}
