/* Buffers in flight: see zl.h. */
#define ZL_NATIVE
#include "zl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

zl_atomic_ptr zl_hold_released;
static zl_atomic_int zl_hold_in_flight;
/* Only trackers that wait pay for the lock. */
static zl_atomic_int zl_hold_waiters;
static zl_mutex zl_hold_lock = ZL_MUTEX_INIT;
static zl_cond zl_hold_changed = ZL_COND_INIT;

void zl_hold_after_fork (void)
{
    zl_mutex fresh = ZL_MUTEX_INIT;
    zl_cond unused = ZL_COND_INIT;
    memcpy (&zl_hold_lock, &fresh, sizeof fresh);
    memcpy (&zl_hold_changed, &unused, sizeof unused);
    zl_store (&zl_hold_waiters, 0);
}

zl_hold *zl_hold_new (void *object)
{
    zl_hold *hold = malloc (sizeof *hold);
    if (!hold) {
        errno = ENOMEM;
        return NULL;
    }
    hold->next = NULL;
    hold->object = object;
    hold->data = NULL;
    hold->done = 0;
    hold->references = 1;
    zl_add (&zl_hold_in_flight, 1);
    return hold;
}

void zl_hold_reference (zl_hold *hold)
{
    zl_add (&hold->references, 1);
}

void zl_hold_unreference (zl_hold *hold)
{
    if (zl_add (&hold->references, -1) == 0)
        free (hold);
}

void zl_hold_release (void *data, void *pointer)
{
    zl_hold *hold = pointer;
    void *head;
    (void) data;
    zl_add (&zl_hold_in_flight, -1);
    zl_store (&hold->done, 1);
    do {
        head = zl_load_ptr (&zl_hold_released);
        hold->next = head;
    } while (!zl_cas_ptr (&zl_hold_released, head, hold));
    /* From here on the collector may free the hold. */
    if (zl_add (&zl_hold_waiters, 0) > 0) {
        zl_thread_lock (&zl_hold_lock);
        zl_thread_wake_all (&zl_hold_changed);
        zl_thread_unlock (&zl_hold_lock);
    }
}

zl_hold *zl_hold_collect (void)
{
    return zl_swap_ptr (&zl_hold_released, NULL);
}

int zl_hold_done (zl_hold *hold)
{
    return zl_load (&hold->done);
}

int zl_hold_wait (zl_hold *hold, long timeout_ms)
{
    int64_t until = zl_thread_now () + timeout_ms, left = -1;
    zl_add (&zl_hold_waiters, 1);
    zl_thread_lock (&zl_hold_lock);
    while (!zl_load (&hold->done)) {
        left = timeout_ms < 0 ? -1 : until - zl_thread_now ();
        if (timeout_ms >= 0 && left <= 0)
            break;
        zl_thread_wait (&zl_hold_changed, &zl_hold_lock, (long) left);
    }
    zl_thread_unlock (&zl_hold_lock);
    zl_add (&zl_hold_waiters, -1);
    return zl_load (&hold->done);
}

int zl_hold_count (void)
{
    return zl_load (&zl_hold_in_flight);
}

/* ---- for the cffi backend, which has no structs ---- */

void *zl_hold_object (zl_hold *hold)
{
    return hold->object;
}

zl_hold *zl_hold_next (zl_hold *hold)
{
    return hold->next;
}

int zl_hold_message (zmq_msg_t *message, void *data, size_t size, zl_hold *hold)
{
    return zmq_msg_init_data (message, data, size, zl_hold_release, hold);
}
