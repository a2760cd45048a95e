/* Memory of short messages: libzmq keeps it, by vendor/libzmq/mends/pool.py, once it is told how much.
 *
 * Not where PYTHONMALLOC chooses Python's allocators: whoever does that looks for faults in memory, and then each message
 * is malloc's, too. */
#define ZL_NATIVE
#include "zl_context.h"
#include <stdlib.h>

#if defined __linux__ && !defined ZL_SYSTEM
/* In libzmq's msg.cpp; not there when this libzmq reads otherwise. */
extern size_t zl_pool_most __attribute__ ((weak));

/* Bytes of each of 17 sizes, for each thread that makes messages. */
static const size_t zl_pool_bytes = 256 * 1024;

void zl_pool_start (void)
{
    const char *chosen = getenv ("PYTHONMALLOC");
    if (&zl_pool_most && !(chosen && *chosen))
        zl_pool_most = zl_pool_bytes;
}
#else
void zl_pool_start (void)
{
}
#endif
