/* Room for what libzmq is about to need. It aborts when the system refuses it a descriptor or a thread, so we ask
 * first. */
#define ZL_NATIVE
#include "zl.h"
#include <errno.h>

#if !defined _WIN32
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

#if defined _WIN32
int zl_descriptors_check (int count)
{
    (void) count; /* sockets are not drawn from a small table here */
    return 0;
}
#else
#define ZL_DESCRIPTORS_TRIED 64

/* More than we try: the lowest free number and the limit tell, on the safe side. */
static int zl_descriptors_limit (int lowest_free, int count)
{
    struct rlimit limit;
    if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return 0;
    return (rlim_t) lowest_free + (rlim_t) count > limit.rlim_cur ? EMFILE : 0;
}

int zl_descriptors_check (int count)
{
    int opened[ZL_DESCRIPTORS_TRIED] = {0}, at, error = 0;
    int tried = count < ZL_DESCRIPTORS_TRIED ? count : ZL_DESCRIPTORS_TRIED;
    for (at = 0; at < tried; at++) {
        opened[at] = at == 0 ? open ("/dev/null", O_RDONLY | O_CLOEXEC) : fcntl (opened[0], F_DUPFD_CLOEXEC, 0);
        if (opened[at] < 0) {
            error = errno;
            break;
        }
    }
    if (!error && count > tried)
        error = zl_descriptors_limit (opened[0], count);
    while (at-- > 0)
        close (opened[at]);
    /* A sandbox without that file is no shortage. */
    if (error != EMFILE && error != ENFILE)
        return 0;
    errno = error;
    return -1;
}
#endif

typedef struct zl_trial
{
    zl_mutex lock;
    zl_cond changed;
    int running, over;
} zl_trial;

static void zl_trial_run (void *argument)
{
    zl_trial *trial = argument;
    zl_thread_lock (&trial->lock);
    while (!trial->over)
        zl_thread_wait (&trial->changed, &trial->lock, 1000);
    trial->running -= 1;
    zl_thread_wake_all (&trial->changed);
    zl_thread_unlock (&trial->lock);
}

int zl_threads_check (int count)
{
    zl_trial trial = {ZL_MUTEX_INIT, ZL_COND_INIT, 0, 0};
    int error = 0;
    zl_thread_lock (&trial.lock);
    while (trial.running < count && !error) {
        if (zl_thread_start (zl_trial_run, &trial) == 0)
            trial.running += 1;
        else
            error = errno;
    }
    trial.over = 1;
    zl_thread_wake_all (&trial.changed);
    while (trial.running > 0)
        zl_thread_wait (&trial.changed, &trial.lock, 1000);
    zl_thread_unlock (&trial.lock);
    errno = error;
    return error ? -1 : 0;
}

