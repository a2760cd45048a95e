/* The limit of each workload: what a plain C program does on the libzmq that zmqlite is linked with.
 *
 * Compiled by limit.py when it is first needed, and linked with nothing: it is handed libzmq's functions by the very
 * module that zmqlite calls, so that both run on one and the same library. Every function takes sockets of libzmq's
 * own, loops as often as it is told, and returns the nanoseconds that this took, or -1 with errno set.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define LIMIT_DONTWAIT 1
#define LIMIT_SNDMORE 2
#define LIMIT_RCVMORE 13
#define LIMIT_LINGER 17
#define LIMIT_POLLIN 1
#define LIMIT_MOST_PARTS 8
#define LIMIT_MOST_ITEMS 4096

/* zmq_msg_t and zmq_pollitem_t, whose layout is part of libzmq's ABI. */
typedef union
{
    unsigned char bytes[64];
    void *align;
} limit_message;

typedef struct
{
    void *socket;
    int fd;
    short events;
    short revents;
} limit_item;

typedef struct
{
    int (*init) (limit_message *);
    int (*init_size) (limit_message *, size_t);
    int (*init_data) (limit_message *, void *, size_t, void (*) (void *, void *), void *);
    int (*send) (limit_message *, void *, int);
    int (*recv) (limit_message *, void *, int);
    int (*close) (limit_message *);
    void *(*data) (limit_message *);
    size_t (*size) (limit_message *);
    int (*more) (limit_message *);
    int (*poll) (limit_item *, int, long);
    int (*setsockopt) (void *, int, const void *, size_t);
    int (*getsockopt) (void *, int, void *, size_t *);
    int (*error) (void);
} limit_api;

static limit_api api;

void limit_use (const limit_api *functions)
{
    api = *functions;
}

static int64_t now (void)
{
    struct timespec at;
    clock_gettime (CLOCK_MONOTONIC, &at);
    return (int64_t) at.tv_sec * 1000000000 + at.tv_nsec;
}

/* Not NULL: libzmq takes a shorter way for constant data, which a program that must know when its buffer is free
 * again cannot take. */
static void keep (void *data, void *hint)
{
    (void) data;
    (void) hint;
}

static int send_message (limit_message *message, void *socket, int flags)
{
    while (api.send (message, socket, flags) < 0) {
        int error = api.error ();
        if (error != EINTR) {
            api.close (message);
            errno = error;
            return -1;
        }
    }
    return 0;
}

static int send_data (void *socket, void *data, size_t size, int in_place, int flags)
{
    limit_message message;
    if (in_place) {
        if (api.init_data (&message, data, size, keep, NULL) != 0)
            return -1;
    } else {
        if (api.init_size (&message, size) != 0)
            return -1;
        memcpy (api.data (&message), data, size);
    }
    return send_message (&message, socket, flags);
}

/* message is initialised, and stays so. */
static int recv_message (limit_message *message, void *socket)
{
    while (api.recv (message, socket, 0) < 0)
        if (api.error () != EINTR) {
            errno = api.error ();
            return -1;
        }
    return 0;
}

/* Sends each of the messages once, and all again, rounds times. */
int64_t limit_publish (void *socket, void **messages, int count, size_t size, int64_t rounds)
{
    int64_t start = now ();
    for (int64_t round = 0; round < rounds; round++)
        for (int at = 0; at < count; at++)
            if (send_data (socket, messages[at], size, 0, 0) != 0)
                return -1;
    return now () - start;
}

/* Receives one message from each socket in turn, rounds times. */
int64_t limit_collect (void **sockets, int count, int64_t rounds)
{
    limit_message message;
    int64_t start = now ();
    api.init (&message);
    for (int64_t round = 0; round < rounds; round++)
        for (int at = 0; at < count; at++)
            if (recv_message (&message, sockets[at]) != 0)
                return -1;
    api.close (&message);
    return now () - start;
}

/* Sends window messages on each socket, receives as many on each, rounds times. */
int64_t limit_ask_all (void **sockets, int count, int window, void *data, size_t size, int64_t rounds)
{
    limit_message message;
    int64_t start = now ();
    api.init (&message);
    for (int64_t round = 0; round < rounds; round++) {
        for (int at = 0; at < count * window; at++)
            if (send_data (sockets[at % count], data, size, 0, 0) != 0)
                return -1;
        for (int at = 0; at < count * window; at++)
            if (recv_message (&message, sockets[at % count]) != 0)
                return -1;
    }
    api.close (&message);
    return now () - start;
}

/* Receives a message with all its parts and sends the very same back, count times. */
int64_t limit_answer (void *socket, int64_t count)
{
    limit_message parts[LIMIT_MOST_PARTS];
    int64_t start = now ();
    for (int64_t done = 0; done < count; done++) {
        int used = 0, more;
        do {
            if (used == LIMIT_MOST_PARTS) {
                errno = EMSGSIZE;
                return -1;
            }
            api.init (&parts[used]);
            if (recv_message (&parts[used], socket) != 0)
                return -1;
            more = api.more (&parts[used++]);
        } while (more);
        for (int at = 0; at < used; at++)
            if (send_message (&parts[at], socket, at + 1 < used ? LIMIT_SNDMORE : 0) != 0)
                return -1;
    }
    return now () - start;
}

/* Sends a message on one socket and receives it on the other, count times. */
int64_t limit_exchange (void *from, void *to, void *data, size_t size, int in_place, int64_t count)
{
    limit_message message;
    int64_t start = now ();
    api.init (&message);
    for (int64_t done = 0; done < count; done++)
        if (send_data (from, data, size, in_place, 0) != 0 || recv_message (&message, to) != 0)
            return -1;
    api.close (&message);
    return now () - start;
}

int64_t limit_send_parts (void *socket, void *data, size_t size, int parts, int64_t count)
{
    int64_t start = now ();
    for (int64_t done = 0; done < count; done++)
        for (int at = 0; at < parts; at++)
            if (send_data (socket, data, size, 0, at + 1 < parts ? LIMIT_SNDMORE : 0) != 0)
                return -1;
    return now () - start;
}

int64_t limit_recv_parts (void *socket, int64_t count)
{
    limit_message message;
    int64_t start = now ();
    api.init (&message);
    for (int64_t done = 0; done < count; done++)
        do {
            if (recv_message (&message, socket) != 0)
                return -1;
        } while (api.more (&message));
    api.close (&message);
    return now () - start;
}

/* Polls the sockets for input, count times, and wants that many of them ready: ERANGE if not. */
int64_t limit_poll (void **sockets, int used, int ready, long timeout_ms, int64_t count)
{
    static limit_item items[LIMIT_MOST_ITEMS];
    if (used > LIMIT_MOST_ITEMS) {
        errno = EINVAL;
        return -1;
    }
    for (int at = 0; at < used; at++) {
        items[at].socket = sockets[at];
        items[at].events = LIMIT_POLLIN;
    }
    int64_t start = now ();
    for (int64_t done = 0; done < count; done++)
        if (api.poll (items, used, timeout_ms) != ready) {
            errno = ERANGE;
            return -1;
        }
    return now () - start;
}

/* Asks an empty socket for a message, count times. */
int64_t limit_try (void *socket, int64_t count)
{
    limit_message message;
    int64_t start = now ();
    api.init (&message);
    for (int64_t done = 0; done < count; done++)
        if (api.recv (&message, socket, LIMIT_DONTWAIT) >= 0 || api.error () != EAGAIN)
            return -1;
    api.close (&message);
    return now () - start;
}

/* Sets the linger and gets RCVMORE, count times. */
int64_t limit_options (void *socket, int64_t count)
{
    int64_t start = now ();
    for (int64_t done = 0; done < count; done++) {
        int linger = 0, more;
        size_t size = sizeof more;
        if (api.setsockopt (socket, LIMIT_LINGER, &linger, sizeof linger) != 0
            || api.getsockopt (socket, LIMIT_RCVMORE, &more, &size) != 0)
            return -1;
    }
    return now () - start;
}
