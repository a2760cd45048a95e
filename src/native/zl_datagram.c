/* What is sent over udp://. libzmq copies it into a buffer of 8192 bytes without looking how long it is. So from the
 * first use of udp:// on, everything longer is looked at: the two functions below take the place of libzmq's in the
 * struct that all our sends go through. */
#include "zl_context.h"
#include "zl_optional.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* MAX_UDP_MSG in libzmq's udp_engine. A RADIO's message carries its group and the length of that too. */
#define ZL_DATAGRAM_SIZE 8192
#define ZL_DATAGRAM_GROUP_SIZE 256

typedef struct zl_datagram
{
    struct zl_datagram *next;
    const zl_socket *socket;
    const void *handle;
    size_t longest;
} zl_datagram;

static zl_datagram *zl_datagram_list; /* under zl_context_lock */
static zl_atomic_int zl_datagram_used; /* there was one */

static int zl_datagram_fits (const void *handle, size_t size)
{
    const zl_datagram *entry;
    if (ZL_LIKELY (size <= ZL_DATAGRAM_SIZE - ZL_DATAGRAM_GROUP_SIZE || !zl_load (&zl_datagram_used)))
        return 1;
    zl_thread_lock (&zl_context_lock);
    for (entry = zl_datagram_list; entry && entry->handle != handle;)
        entry = entry->next;
    size = entry && size > entry->longest;
    zl_thread_unlock (&zl_context_lock);
    if (size)
        errno = EMSGSIZE;
    return !size;
}

int zl_send_check (void *handle, size_t size)
{
    return zl_datagram_fits (handle, size) ? 0 : -1;
}

static int zl_datagram_send (void *handle, const void *data, size_t size, int flags)
{
    return zl_datagram_fits (handle, size) ? zmq_send (handle, data, size, flags) : -1;
}

static int zl_datagram_msg_send (zmq_msg_t *message, void *handle, int flags)
{
    return zl_datagram_fits (handle, zmq_msg_size (message)) ? zmq_msg_send (message, handle, flags) : -1;
}

int zl_datagram_watch (const zl_socket *socket, const char *endpoint)
{
    zl_datagram *entry;
    if (strncmp (endpoint, "udp://", 6) != 0)
        return 0;
    entry = malloc (sizeof *entry);
    if (!entry) {
        errno = ENOMEM;
        return -1;
    }
    entry->socket = socket;
    entry->handle = socket->handle;
    entry->longest = ZL_DATAGRAM_SIZE - (socket->type == ZMQ_RADIO ? ZL_DATAGRAM_GROUP_SIZE : 0);
    zl_thread_lock (&zl_context_lock);
    entry->next = zl_datagram_list;
    zl_datagram_list = entry;
    zl_thread_unlock (&zl_context_lock);
    zl_store (&zl_datagram_used, 1);
    zl_api_set_send (zl_datagram_send, zl_datagram_msg_send);
    return 0;
}

void zl_datagram_forget (const zl_socket *socket)
{
    zl_datagram *entry, **place = &zl_datagram_list;
    while ((entry = *place)) {
        if (entry->socket == socket) {
            *place = entry->next;
            free (entry);
        } else
            place = &entry->next;
    }
}
