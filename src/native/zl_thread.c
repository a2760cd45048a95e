/* Threads, locks and clocks: see zl_thread.h. */
#define ZL_NATIVE
#include "zl.h"
#include <errno.h>
#include <stdlib.h>

typedef struct zl_thread_start_arguments
{
    void (*run) (void *);
    void *argument;
} zl_thread_start_arguments;

#if defined _WIN32

void zl_thread_lock (zl_mutex *mutex)
{
    AcquireSRWLockExclusive (mutex);
}

void zl_thread_unlock (zl_mutex *mutex)
{
    ReleaseSRWLockExclusive (mutex);
}

void zl_thread_wait (zl_cond *cond, zl_mutex *mutex, long timeout_ms)
{
    SleepConditionVariableSRW (cond, mutex, timeout_ms < 0 ? INFINITE : (DWORD) timeout_ms, 0);
}

void zl_thread_wake_all (zl_cond *cond)
{
    WakeAllConditionVariable (cond);
}

static DWORD WINAPI zl_thread_main (void *pointer)
{
    zl_thread_start_arguments start = *(zl_thread_start_arguments *) pointer;
    free (pointer);
    start.run (start.argument);
    return 0;
}

static int zl_thread_spawn (zl_thread_start_arguments *start)
{
    HANDLE thread = CreateThread (NULL, 0, zl_thread_main, start, 0, NULL);
    if (!thread)
        return EAGAIN;
    CloseHandle (thread);
    return 0;
}

void zl_thread_yield (void)
{
    SwitchToThread ();
}

int64_t zl_thread_now (void)
{
    return (int64_t) GetTickCount64 ();
}

#else

#include <sched.h>
#include <signal.h>
#include <time.h>

void zl_thread_lock (zl_mutex *mutex)
{
    pthread_mutex_lock (mutex);
}

void zl_thread_unlock (zl_mutex *mutex)
{
    pthread_mutex_unlock (mutex);
}

void zl_thread_wait (zl_cond *cond, zl_mutex *mutex, long timeout_ms)
{
    struct timespec until;
    if (timeout_ms < 0) {
        pthread_cond_wait (cond, mutex);
        return;
    }
    clock_gettime (CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec += 1;
        until.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait (cond, mutex, &until);
}

void zl_thread_wake_all (zl_cond *cond)
{
    pthread_cond_broadcast (cond);
}

static void *zl_thread_main (void *pointer)
{
    zl_thread_start_arguments start = *(zl_thread_start_arguments *) pointer;
    free (pointer);
    start.run (start.argument);
    return NULL;
}

static int zl_thread_spawn (zl_thread_start_arguments *start)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    int rc = pthread_attr_init (&attributes);
    if (rc != 0)
        return rc;
    pthread_attr_setdetachstate (&attributes, PTHREAD_CREATE_DETACHED);
    /* Signals belong to Python's threads: the new one inherits an all-blocked mask. */
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &before);
    rc = pthread_create (&thread, &attributes, zl_thread_main, start);
    pthread_sigmask (SIG_SETMASK, &before, NULL);
    pthread_attr_destroy (&attributes);
    return rc;
}

void zl_thread_yield (void)
{
    sched_yield ();
}

int64_t zl_thread_now (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif

int zl_thread_start (void (*run) (void *), void *argument)
{
    int rc;
    zl_thread_start_arguments *start = malloc (sizeof *start);
    if (!start) {
        errno = ENOMEM;
        return -1;
    }
    start->run = run;
    start->argument = argument;
    rc = zl_thread_spawn (start);
    if (rc != 0) {
        free (start);
        errno = rc;
        return -1;
    }
    return 0;
}
