/* Whole messages for _hotpath_cffi, one or many, sent and received in one call: see zl_cffi.h. */
#define ZL_NATIVE
#include "zl_cffi.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- room ---- */

/* Room for needed things of size bytes. 0, or -1 with everything as it was. */
static int zl_cffi_batch_grow (void **memory, size_t *room, size_t needed, size_t size)
{
    size_t larger = *room ? *room : 64;
    void *grown;
    if (needed <= *room)
        return 0;
    while (larger < needed)
        larger *= 2;
    grown = realloc (*memory, larger * size);
    if (!grown)
        return -1;
    *memory = grown;
    *room = larger;
    return 0;
}

/* Room for one more part of either kind. */
static int zl_cffi_batch_reserve (zl_cffi_batch *batch)
{
    size_t count = (size_t) batch->count + 1;
    void *ends = batch->ends, *kinds = batch->kinds, *parts = batch->parts;
    int rc = zl_cffi_batch_grow (&ends, &batch->end_room, count, sizeof *batch->ends);
    rc = rc ? rc : zl_cffi_batch_grow (&kinds, &batch->kind_room, count, sizeof *batch->kinds);
    rc = rc ? rc : zl_cffi_batch_grow (&parts, &batch->part_room, (size_t) batch->kept + 1, sizeof *batch->parts);
    batch->ends = ends;
    batch->kinds = kinds;
    batch->parts = parts;
    return rc ? -ENOMEM : 0;
}

static size_t zl_cffi_batch_used (const zl_cffi_batch *batch)
{
    return batch->count ? (size_t) batch->ends[batch->count - 1] : 0;
}

static void zl_cffi_batch_shorten (zl_cffi_batch *batch, int count, int kept)
{
    while (batch->kept > kept)
        zmq_msg_close (&batch->parts[--batch->kept]);
    batch->count = count;
}

void zl_cffi_batch_clear (zl_cffi_batch *batch)
{
    zl_cffi_batch_shorten (batch, 0, 0);
}

/* ---- sending ---- */

zmq_msg_t *zl_cffi_batch_add (zl_cffi_batch *batch)
{
    zmq_msg_t *part;
    if (zl_cffi_batch_reserve (batch) != 0)
        return NULL;
    part = &batch->parts[batch->kept++];
    zmq_msg_init (part);
    return part;
}

int zl_cffi_batch_add_copy (zl_cffi_batch *batch, const char *data, size_t size)
{
    zmq_msg_t *part = zl_cffi_batch_add (batch);
    /* A part that is not filled is a valid, empty one; the caller gives up the whole batch then. */
    return part ? zl_cffi_message_copy (part, data, size) : -ENOMEM;
}

static int zl_cffi_batch_flags (const zl_cffi_batch *batch, int at, int flags)
{
    return at + 1 < batch->kept ? flags | ZMQ_SNDMORE : flags;
}

/* Sends a copy (of the zmq_msg_t, not of the bytes): the part may have to be sent again. */
static int zl_cffi_batch_send_part (zl_cffi_batch *batch,
                                    int at,
                                    zl_cffi_socket *socket,
                                    zl_socket *native,
                                    int flags,
                                    zl_cffi_waiting *waiting)
{
    zmq_msg_t part;
    int rc;
    zmq_msg_init (&part);
    rc = zmq_msg_copy (&part, &batch->parts[at]) == 0 ? 0 : -errno;
    flags = zl_cffi_batch_flags (batch, at, flags);
    while (rc == 0) {
        if (at == 0)
            rc = zl_cffi_send_inside (socket, native, &part, flags, waiting);
        else if (zl_msg_send (&part, native->handle, flags | ZMQ_DONTWAIT) < 0)
            rc = -errno;
        else
            socket->sending_more = flags & ZMQ_SNDMORE;
        if (rc != -EINTR || at == 0)
            break;
        rc = 0; /* nobody may come between the parts: not even signal handlers */
    }
    zmq_msg_close (&part);
    return rc;
}

/* The pipe died under the message and part at was not taken. 1: the whole message can be sent again,
 * 0: as good as sent (libzmq drops it without a word, as it does in a blocking send). */
static int zl_cffi_batch_lost (zl_cffi_batch *batch, int at, zl_cffi_socket *socket, zl_socket *native, int flags)
{
    if (zl_cffi_drops_rest (native)) {
        socket->sending_more = zl_cffi_batch_flags (batch, at, flags) & ZMQ_SNDMORE;
        /* What is left must follow the lost part, or it would begin the next message. */
        while (++at < batch->kept)
            zl_cffi_batch_send_part (batch, at, socket, native, flags, NULL);
        /* A REQ counts its request as sent, and what is not complete cannot be begun again. */
        return native->type != ZMQ_REQ && !(flags & ZMQ_SNDMORE);
    }
    socket->sending_more = 0;
    return 1;
}

int zl_cffi_batch_send (zl_cffi_batch *batch, zl_cffi_socket *socket, int flags, long timeout_ms)
{
    zl_cffi_waiting waiting;
    zl_socket *native;
    int at = 0, rc = zl_cffi_enter (socket, &native);
    if (rc != 0)
        return rc;
    zl_cffi_waiting_begin (&waiting, timeout_ms);
    for (; at < batch->kept && rc == 0; at++)
        rc = zl_send_check (native->handle, zmq_msg_size (&batch->parts[at])) == 0 ? 0 : -errno;
    for (at = 0; at < batch->kept && rc == 0;) {
        rc = zl_cffi_batch_send_part (batch, at, socket, native, flags, &waiting);
        if (rc == -EAGAIN && at > 0) {
            if (!zl_cffi_batch_lost (batch, at, socket, native, flags)) {
                rc = 0;
                break;
            }
            waiting.tries = 0;
            at = rc = 0;
            continue;
        }
        if (rc != 0)
            break;
        at += 1;
    }
    socket->sent += rc == 0;
    zl_cffi_leave (native);
    if (rc == 0)
        zl_cffi_batch_clear (batch);
    return rc;
}

int zl_cffi_send_packed (zl_cffi_socket *socket, const char *data, const char *sizes, int count, int flags)
{
    zl_socket *native;
    int sent;
    if (zl_cffi_enter (socket, &native) != 0)
        return 0; /* the caller's next call finds out why */
    if (socket->sending_more && zl_cffi_drops_rest (native))
        count = 0; /* the rest of a message: what is not taken must not be tried again */
    for (sent = 0; sent < count; sent++, sizes += sizeof (int32_t)) {
        int32_t size;
        memcpy (&size, sizes, sizeof size); /* it may not be aligned */
        if (zl_send (native->handle, data, (size_t) size, flags | ZMQ_DONTWAIT) < 0)
            break;
        data += size;
    }
    if (sent > 0)
        socket->sending_more = flags & ZMQ_SNDMORE;
    socket->sent += (uint64_t) sent;
    zl_cffi_leave (native);
    return sent;
}

/* ---- receiving ---- */

static int zl_cffi_batch_packs (const zl_cffi_batch *batch, const zl_cffi_socket *socket, size_t size)
{
    if (size > ZL_CFFI_INBOX_SIZE || size > ZL_CFFI_BATCH_SIZE - zl_cffi_batch_used (batch))
        return 0;
    return size < socket->own_from || zl_hold_count () == 0;
}

/* Takes message over. Room for it is reserved. */
static void zl_cffi_batch_store (zl_cffi_batch *batch, const zl_cffi_socket *socket, zmq_msg_t *message, int pack)
{
    size_t size = zmq_msg_size (message), end = zl_cffi_batch_used (batch);
    int kind = zmq_msg_more (message) ? ZL_CFFI_MORE : 0;
    if (pack && zl_cffi_batch_packs (batch, socket, size)) {
        zl_cffi_copy (batch->bytes + end, zmq_msg_data (message), size);
        end += size;
    } else {
        kind |= ZL_CFFI_KEPT;
        zmq_msg_init (&batch->parts[batch->kept]);
        zmq_msg_move (&batch->parts[batch->kept++], message);
    }
    batch->plain = batch->plain && kind == 0;
    batch->kinds[batch->count] = (uint8_t) kind;
    batch->ends[batch->count++] = (int32_t) end;
    zmq_msg_close (message);
}

/* The parts after the first. They came with it, so this waits for nothing. */
static int zl_cffi_batch_recv_rest (zl_cffi_batch *batch, zl_cffi_socket *socket, zl_socket *native, int pack)
{
    while (batch->kinds[batch->count - 1] & ZL_CFFI_MORE) {
        zmq_msg_t message;
        if (zl_cffi_batch_reserve (batch) != 0)
            return -ENOMEM;
        zmq_msg_init (&message);
        while (zmq_msg_recv (&message, native->handle, ZMQ_DONTWAIT) < 0)
            if (errno != EINTR)
                return -errno;
        zl_cffi_batch_store (batch, socket, &message, pack);
    }
    return 0;
}

int zl_cffi_batch_recv (zl_cffi_batch *batch, zl_cffi_socket *socket, int max, int pack, long timeout_ms)
{
    zl_socket *native;
    int messages, rc = zl_cffi_enter (socket, &native);
    if (rc != 0)
        return rc;
    zl_cffi_batch_clear (batch);
    batch->plain = 1;
    batch->full = 0;
    for (messages = 0; messages < max; messages++) {
        zmq_msg_t message;
        int count = batch->count, kept = batch->kept;
        batch->full = ZL_CFFI_BATCH_SIZE - zl_cffi_batch_used (batch) < ZL_CFFI_INBOX_SIZE;
        if (batch->full)
            break;
        rc = zl_cffi_batch_reserve (batch);
        if (rc != 0)
            break;
        zmq_msg_init (&message);
        rc = zl_cffi_recv_inside (native, &message, messages == 0 ? timeout_ms : 0);
        if (rc != 0)
            break;
        zl_cffi_batch_store (batch, socket, &message, pack);
        rc = zl_cffi_batch_recv_rest (batch, socket, native, pack);
        if (rc != 0) {
            zl_cffi_batch_shorten (batch, count, kept);
            break;
        }
    }
    zl_cffi_leave (native);
    /* An error after the first message is there for the next call to find. */
    return messages > 0 ? batch->count : rc;
}
