/* inproc connects that wait for their bind.
 *
 * At the end of a context libzmq makes a PAIR for each of them, all at once, and aborts when it runs out of sockets or
 * of descriptors. So we do the same before, with one socket for all of them. It is made at the first such connect,
 * where running out can be said. It is a DEALER, which takes every pipe as it is: a PAIR turns all but the first away,
 * and if libzmq is just closing the other end, on its own thread, that ends the process.
 *
 * The list of a context has what waits and what is bound: a connect to what is bound does not wait. An endpoint that
 * waits and should not be listed costs a bind at the end; its connector may be closed, libzmq forgets no such connect
 * either. */
#include "zl_context.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct zl_inproc
{
    zl_inproc *next;
    const void *binder; /* NULL: somebody has connected, nobody has bound */
    char endpoint[1];
};

int zl_inproc_is (const char *endpoint)
{
    return strncmp (endpoint, "inproc://", 9) == 0 && endpoint[9];
}

static zl_inproc *zl_inproc_find (const zl_context *context, const char *endpoint)
{
    zl_inproc *entry = context->inprocs;
    while (entry && strcmp (entry->endpoint, endpoint) != 0)
        entry = entry->next;
    return entry;
}

static int zl_inproc_add (zl_context *context, const void *binder, const char *endpoint)
{
    size_t size = strlen (endpoint);
    zl_inproc *entry = malloc (sizeof *entry + size);
    if (!entry) {
        errno = ENOMEM;
        return -1;
    }
    entry->binder = binder;
    memcpy (entry->endpoint, endpoint, size + 1);
    entry->next = context->inprocs;
    context->inprocs = entry;
    return 0;
}

/* What binder has bound, at endpoint or (NULL) everywhere. */
static void zl_inproc_remove (zl_context *context, const void *binder, const char *endpoint)
{
    zl_inproc *entry, **place = &context->inprocs;
    while ((entry = *place)) {
        if (entry->binder == binder && (!endpoint || strcmp (entry->endpoint, endpoint) == 0)) {
            *place = entry->next;
            free (entry);
        } else
            place = &entry->next;
    }
}

static int zl_inproc_make_stand_in (zl_context *context)
{
    int linger = 0;
    if (context->stand_in)
        return 0;
    context->stand_in = zmq_socket (context->handle, ZMQ_DEALER);
    if (!context->stand_in)
        return -1;
    zmq_setsockopt (context->stand_in, ZMQ_LINGER, &linger, sizeof linger);
    return 0;
}

void zl_inproc_note (zl_socket *socket, const char *endpoint)
{
    zl_carry_note (socket, endpoint);
    if (!zl_inproc_is (endpoint))
        return;
    socket->inproc = 1;
    socket->hands_over = socket->type == ZMQ_REQ || socket->type == ZMQ_REP;
}

int zl_inproc_before_connect (zl_context *context, const char *endpoint)
{
    int rc = 0, error;
    if (!context || !context->owned || !zl_inproc_is (endpoint))
        return 0;
    zl_thread_lock (&zl_context_lock);
    if (context->terminating) {
        rc = -1;
        errno = ETERM;
    } else if (!zl_inproc_find (context, endpoint))
        rc = zl_inproc_make_stand_in (context) == 0 ? zl_inproc_add (context, NULL, endpoint) : -1;
    error = errno;
    zl_thread_unlock (&zl_context_lock);
    errno = error;
    return rc;
}

void zl_inproc_after_bind (zl_context *context, const void *binder, const char *endpoint)
{
    if (!context || !context->owned || !zl_inproc_is (endpoint))
        return;
    zl_thread_lock (&zl_context_lock);
    zl_inproc_remove (context, NULL, endpoint);
    zl_inproc_add (context, binder, endpoint); /* without it connects there are listed in vain */
    zl_thread_unlock (&zl_context_lock);
}

void zl_inproc_after_unbind (zl_context *context, const void *binder, const char *endpoint)
{
    if (!context || !context->owned || !zl_inproc_is (endpoint))
        return;
    zl_thread_lock (&zl_context_lock);
    zl_inproc_remove (context, binder, endpoint);
    zl_thread_unlock (&zl_context_lock);
}

int zl_socket_zap_handled (const zl_socket *socket)
{
    const zl_inproc *entry;
    int found = 1;
    if (!socket->context || !socket->context->owned)
        return found;
    zl_thread_lock (&zl_context_lock);
    entry = zl_inproc_find (socket->context, "inproc://zeromq.zap.01");
    found = entry && entry->binder;
    zl_thread_unlock (&zl_context_lock);
    return found;
}

void zl_inproc_forget (zl_context *context, const void *binder)
{
    zl_inproc_remove (context, binder, NULL);
}

void zl_inproc_settle (zl_context *context)
{
    zl_inproc *entry, *next;
    for (entry = context->inprocs; entry; entry = next) {
        next = entry->next;
        if (!entry->binder)
            zmq_bind (context->stand_in, entry->endpoint);
        free (entry);
    }
    context->inprocs = NULL;
    if (context->stand_in)
        zmq_close (context->stand_in);
    context->stand_in = NULL;
}
