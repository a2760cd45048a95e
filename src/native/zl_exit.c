/* The process: import, fork, interpreter exit. */
#include "zl_context.h"
#include "zl_optional.h"
#include <errno.h>
#include <string.h>

#if !defined _WIN32
#include <pthread.h>
#endif

unsigned zl_generation;
int zl_exit_linger = 1000;

void zl_exit_set_linger (int linger_ms)
{
    zl_exit_linger = linger_ms;
}

int zl_error (void)
{
    return zmq_errno ();
}

/* ---- fork ---- */

#if !defined _WIN32
static void zl_fork_prepare (void)
{
    zl_thread_lock (&zl_context_lock);
}

static void zl_fork_parent (void)
{
    zl_thread_unlock (&zl_context_lock);
}

static void zl_fork_child (void)
{
    /* The parent's contexts have no threads here: forget them, touch nothing of theirs. This thread has the lock. */
    zl_cond unused = ZL_COND_INIT;
    memcpy (&zl_context_changed, &unused, sizeof unused);
    zl_context_list = NULL;
    zl_hold_after_fork ();
    zl_generation += 1;
    zl_store (&zl_parked, 0); /* whoever waits is in the parent */
    zl_thread_unlock (&zl_context_lock);
}
#endif

int zl_start (void)
{
    static int started;
    if (started)
        return 0;
    started = 1;
    zl_busy_start ();
    zl_pool_start ();
#if !defined _WIN32
    return pthread_atfork (zl_fork_prepare, zl_fork_parent, zl_fork_child) == 0 ? 0 : -1;
#else
    return 0;
#endif
}

/* ---- interpreter exit ---- */

static int zl_exit_ours (zl_context *context)
{
    return context->owned && context->handle && context->generation == zl_generation;
}

static int zl_exit_count (int all)
{
    int count = 0;
    zl_context *context;
    zl_thread_lock (&zl_context_lock);
    for (context = zl_context_list; context; context = context->next)
        count += zl_exit_ours (context) && (all || !context->left_behind);
    zl_thread_unlock (&zl_context_lock);
    return count;
}

int zl_exit_pending (void)
{
    return zl_exit_count (1);
}

/* Under the lock: zmq_ctx_shutdown only posts a command to every socket. */
static void zl_exit_close_everything (int cap_ms, int first)
{
    zl_context *context;
    zl_socket *socket, *next;
    for (context = zl_context_list; context; context = context->next) {
        if (!zl_exit_ours (context))
            continue;
        context->references += 1; /* closing the last socket must not free what we walk */
        for (socket = context->sockets; socket; socket = next) {
            next = socket->next;
            if (first || zl_load (&socket->state) == ZL_IDLE)
                zl_socket_close_later (socket, ZL_LINGER_KEEP, cap_ms);
        }
        context->references -= 1;
        if (first && !context->terminating) {
            zl_inproc_settle (context);
            zmq_ctx_shutdown (context->handle);
        }
        zl_context_start_terminator (context);
    }
}

int zl_exit_run (long deadline_ms, int cap_ms)
{
    int64_t until = zl_thread_now () + deadline_ms;
    int first = 1;
    for (;;) {
        int waiting;
        zl_thread_lock (&zl_context_lock);
        zl_exit_close_everything (cap_ms, first);
        zl_thread_unlock (&zl_context_lock);
        first = 0;
        waiting = zl_exit_count (0);
        if (waiting == 0 || zl_thread_now () >= until)
            return waiting;
        zl_thread_lock (&zl_context_lock);
        zl_thread_wait (&zl_context_changed, &zl_context_lock, 10);
        zl_thread_unlock (&zl_context_lock);
    }
}
