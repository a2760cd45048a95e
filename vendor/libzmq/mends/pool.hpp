//  Memory of short messages goes back to the thread that asked for it, without a lock.

#ifndef __ZL_POOL_HPP_INCLUDED__
#define __ZL_POOL_HPP_INCLUDED__

#include <stddef.h>
#include <stdlib.h>

#if defined __linux__
#include <pthread.h>

extern "C" {
//  Bytes that a thread keeps of each size; 0, until somebody says otherwise: all comes from malloc.
size_t zl_pool_most = 0;
}

namespace zmq
{
enum
{
    zl_pool_step = 64,
    zl_pool_kinds = 18, //  the last is for 1024 bytes of data
    zl_pool_line = 64
};

struct zl_pool_t;

//  Before each block; malloc's own word makes it a whole number of steps.
struct zl_block_t
{
    zl_pool_t *pool; //  NULL: malloc's
    size_t kind;
};

struct zl_free_block_t
{
    zl_block_t block;
    zl_free_block_t *next;
};

//  What a thread keeps. It is never freed: when the thread ends, another takes it over. Whoever else frees one of its
//  blocks puts it on top of a stack, which only the thread takes, and as a whole.
struct zl_pool_t
{
    zl_free_block_t *mine[zl_pool_kinds];
    size_t made[zl_pool_kinds];
    zl_pool_t *next; //  of all pools
    char apart[zl_pool_line];
    zl_free_block_t *back[zl_pool_kinds];
    int taken;
};

static zl_pool_t *zl_pools = NULL;

//  The thread has no pool any more when this is called.
static void zl_pool_leave (void *pool_)
{
    __atomic_store_n (&static_cast<zl_pool_t *> (pool_)->taken, 0, __ATOMIC_RELEASE);
}

static pthread_key_t zl_pool_key;
static const int zl_pool_key_error = pthread_key_create (&zl_pool_key, zl_pool_leave);

static zl_pool_t *zl_pool_own ()
{
    return zl_pool_key_error ? NULL : static_cast<zl_pool_t *> (pthread_getspecific (zl_pool_key));
}

//  A pool for this thread; NULL when there is none to be had.
static zl_pool_t *zl_pool_enter ()
{
    zl_pool_t *pool;
    if (zl_pool_key_error)
        return NULL;
    for (pool = __atomic_load_n (&zl_pools, __ATOMIC_ACQUIRE); pool; pool = pool->next) {
        int free = 0;
        if (__atomic_compare_exchange_n (&pool->taken, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            break;
    }
    if (!pool) {
        pool = static_cast<zl_pool_t *> (calloc (1, sizeof *pool));
        if (!pool)
            return NULL;
        pool->taken = 1;
        pool->next = __atomic_load_n (&zl_pools, __ATOMIC_RELAXED);
        while (!__atomic_compare_exchange_n (&zl_pools, &pool->next, pool, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            ;
    }
    if (pthread_setspecific (zl_pool_key, pool) != 0) {
        zl_pool_leave (pool);
        return NULL;
    }
    return pool;
}

//  As malloc.
static void *zl_pool_take (size_t size_)
{
    const size_t kind = (size_ + sizeof (zl_block_t) + sizeof (size_t) + zl_pool_step - 1) / zl_pool_step;
    zl_pool_t *pool = NULL;
    if (zl_pool_most && kind < zl_pool_kinds && (pool = zl_pool_own ()) == NULL)
        pool = zl_pool_enter ();
    if (pool) {
        zl_free_block_t *top = pool->mine[kind];
        if (!top && __atomic_load_n (&pool->back[kind], __ATOMIC_RELAXED))
            top = __atomic_exchange_n (&pool->back[kind], static_cast<zl_free_block_t *> (NULL), __ATOMIC_ACQUIRE);
        if (top) {
            pool->mine[kind] = top->next;
            return &top->block + 1;
        }
        size_ = kind * zl_pool_step - sizeof (zl_block_t) - sizeof (size_t);
    }
    zl_block_t *const block = static_cast<zl_block_t *> (malloc (sizeof (zl_block_t) + size_));
    if (!block)
        return NULL;
    block->pool = NULL;
    if (pool && pool->made[kind] * kind * zl_pool_step < zl_pool_most) {
        pool->made[kind]++;
        block->pool = pool;
        block->kind = kind;
    }
    return block + 1;
}

//  As free.
static void zl_pool_give (void *data_)
{
    zl_block_t *const block = static_cast<zl_block_t *> (data_) - 1;
    zl_pool_t *const pool = block->pool;
    if (!pool) {
        free (block);
        return;
    }
    zl_free_block_t *const top = reinterpret_cast<zl_free_block_t *> (block);
    const size_t kind = block->kind;
    if (pool == zl_pool_own ()) {
        top->next = pool->mine[kind];
        pool->mine[kind] = top;
        return;
    }
    top->next = __atomic_load_n (&pool->back[kind], __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n (&pool->back[kind], &top->next, top, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}
}
#else
namespace zmq
{
static void *zl_pool_take (size_t size_)
{
    return malloc (size_);
}

static void zl_pool_give (void *data_)
{
    free (data_);
}
}
#endif

#endif
