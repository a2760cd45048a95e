/* Busy waiting: what comes within some microseconds is waited for awake.
 *
 * To put a thread to sleep and wake it up again costs 5 to 30 us, and a round trip over tcp has six such waits, four of
 * them in libzmq's I/O threads. So each waits awake for a moment first, and gives its core to whoever wants it between
 * two looks. A wait knows how it went before: after misses, ever more waits are slept through at once, so that what comes
 * seldom costs nothing, and who lost the core to another program does not do so again soon. To have lost it for a moment
 * is not that: programs that send to each other take turns on few cores, and who comes back looks once more. */
#include "zl_context.h"

#if !defined _WIN32
#include <time.h>

#if defined __linux__ && !defined ZL_SYSTEM
/* In libzmq's epoll.cpp, by vendor/libzmq/mends/; not there when this libzmq reads otherwise. */
extern int (*zl_busy_io_more) (zl_busy *busy) __attribute__ ((weak));
extern void (*zl_busy_io_found) (zl_busy *busy) __attribute__ ((weak));
#endif

enum
{
    ZL_BUSY_DEFAULT_US = 100,
    ZL_BUSY_MISSES = 8,       /* after nothing came: at most 255 waits are slept through */
    ZL_BUSY_MISSES_LOST = 12, /* after others took the core, for milliseconds: at most 4095 */
    ZL_BUSY_LOST = 4,         /* and that weighs as many misses */
    ZL_BUSY_LATE_NS = 900000, /* away for so long: what is found then came too late, which is a miss */
    ZL_BUSY_LOST_NS = 1500000 /* and for so long: the core was lost */
};

/* What `until` says once the time is over, during the last look. */
enum
{
    ZL_BUSY_LAST = -1,
    ZL_BUSY_LAST_LATE = -2,
    ZL_BUSY_LAST_LOST = -3
};

static zl_atomic_int zl_busy_us = ZL_BUSY_DEFAULT_US;

static int64_t zl_busy_now (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static void zl_busy_missed (zl_busy *busy, int lost)
{
    int most = lost ? ZL_BUSY_MISSES_LOST : ZL_BUSY_MISSES;
    if (busy->misses < most) {
        busy->misses += lost ? ZL_BUSY_LOST : 1;
        if (busy->misses > most)
            busy->misses = most;
    }
    busy->skip = (1 << busy->misses) - 1;
}

int zl_busy_more (zl_busy *busy)
{
    int64_t now, away, limit = (int64_t) zl_load (&zl_busy_us) * 1000;
    if (!busy->until) {
        if (limit == 0)
            return 0;
        if (busy->skip > 0) {
            busy->skip--;
            return 0;
        }
        busy->looked = zl_busy_now ();
        busy->until = busy->looked + limit;
        return 1;
    }
    if (busy->until < 0) {
        zl_busy_missed (busy, busy->until == ZL_BUSY_LAST_LOST);
        busy->until = 0;
        return 0;
    }
    zl_thread_yield ();
    now = zl_busy_now ();
    away = now - busy->looked;
    busy->looked = now;
    if (now >= busy->until)
        busy->until = away > limit + ZL_BUSY_LOST_NS   ? ZL_BUSY_LAST_LOST
                      : away > limit + ZL_BUSY_LATE_NS ? ZL_BUSY_LAST_LATE
                                                       : ZL_BUSY_LAST;
    return 1;
}

void zl_busy_found (zl_busy *busy)
{
    if (busy->until < ZL_BUSY_LAST)
        zl_busy_missed (busy, busy->until == ZL_BUSY_LAST_LOST);
    else if (busy->misses > 0)
        busy->misses--;
    busy->until = 0;
}

int zl_busy_limit (int microseconds)
{
    int before = zl_load (&zl_busy_us);
    if (microseconds >= 0)
        zl_store (&zl_busy_us, microseconds);
    return before;
}

void zl_busy_start (void)
{
#if defined __linux__ && !defined ZL_SYSTEM
    if (&zl_busy_io_more && &zl_busy_io_found) {
        zl_busy_io_more = zl_busy_more;
        zl_busy_io_found = zl_busy_found;
    }
#endif
}

#else

int zl_busy_more (zl_busy *busy)
{
    (void) busy;
    return 0;
}

void zl_busy_found (zl_busy *busy)
{
    (void) busy;
}

int zl_busy_limit (int microseconds)
{
    (void) microseconds;
    return 0;
}

void zl_busy_start (void)
{
}
#endif
