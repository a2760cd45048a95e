/* Atomics, threads, locks and clocks, as little of each as zmqlite needs, on GCC/Clang and MSVC. */
#ifndef ZL_THREAD_H
#define ZL_THREAD_H

#include <stdint.h>

#if defined _MSC_VER
#include <windows.h>
#define ZL_LIKELY(x) (x)
#define ZL_UNLIKELY(x) (x)
typedef volatile LONG zl_atomic_int;
typedef void *volatile zl_atomic_ptr;
#define zl_load(p) (*(p))
#define zl_store(p, v) ((void) InterlockedExchange ((p), (v)))
#define zl_add(p, v) (InterlockedExchangeAdd ((p), (v)) + (v))
#define zl_cas(p, from, to) (InterlockedCompareExchange ((p), (to), (from)) == (from))
#define zl_load_ptr(p) (*(p))
#define zl_store_ptr(p, v) ((void) InterlockedExchangePointer ((p), (v)))
#define zl_swap_ptr(p, v) InterlockedExchangePointer ((p), (v))
#define zl_cas_ptr(p, from, to) (InterlockedCompareExchangePointer ((p), (to), (from)) == (from))
#else
#define ZL_LIKELY(x) __builtin_expect (!!(x), 1)
#define ZL_UNLIKELY(x) __builtin_expect (!!(x), 0)
typedef int zl_atomic_int;
typedef void *zl_atomic_ptr;
#define zl_load(p) __atomic_load_n ((p), __ATOMIC_ACQUIRE)
#define zl_store(p, v) __atomic_store_n ((p), (v), __ATOMIC_RELEASE)
#define zl_add(p, v) __atomic_add_fetch ((p), (v), __ATOMIC_ACQ_REL)
#define zl_load_ptr(p) __atomic_load_n ((p), __ATOMIC_ACQUIRE)
#define zl_store_ptr(p, v) __atomic_store_n ((p), (v), __ATOMIC_RELEASE)
#define zl_swap_ptr(p, v) __atomic_exchange_n ((p), (v), __ATOMIC_ACQ_REL)
static inline int zl_cas (zl_atomic_int *p, int from, int to)
{
    return __atomic_compare_exchange_n (p, &from, to, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}
static inline int zl_cas_ptr (zl_atomic_ptr *p, void *from, void *to)
{
    return __atomic_compare_exchange_n (p, &from, to, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}
#endif

/* The rest is for src/native only: the hot path holds no locks and starts no threads. */
#ifdef ZL_NATIVE

#if defined _WIN32
typedef SRWLOCK zl_mutex;
typedef CONDITION_VARIABLE zl_cond;
#define ZL_MUTEX_INIT SRWLOCK_INIT
#define ZL_COND_INIT CONDITION_VARIABLE_INIT
#else
#include <pthread.h>
typedef pthread_mutex_t zl_mutex;
typedef pthread_cond_t zl_cond;
#define ZL_MUTEX_INIT PTHREAD_MUTEX_INITIALIZER
#define ZL_COND_INIT PTHREAD_COND_INITIALIZER
#endif

void zl_thread_lock (zl_mutex *mutex);
void zl_thread_unlock (zl_mutex *mutex);
/* Waits at most timeout_ms; may wake early: callers loop on their condition and on the clock. */
void zl_thread_wait (zl_cond *cond, zl_mutex *mutex, long timeout_ms);
void zl_thread_wake_all (zl_cond *cond);
/* Starts a detached thread that takes no signals. Returns 0, or -1 with errno. */
int zl_thread_start (void (*run) (void *), void *argument);
void zl_thread_yield (void);
/* Milliseconds of a clock that never goes back. */
int64_t zl_thread_now (void);

#endif
#endif
