/* Addresses that the user gives as those of libzmq's objects. libzmq knows its own by a mark inside them, but must be
 * able to read there: a number that is no address would end the process. */
#define ZL_NATIVE
#include "zl_context.h"
#include <stdint.h>

#if defined _WIN32

static int zl_address_is_readable (uintptr_t address)
{
    MEMORY_BASIC_INFORMATION information;
    if (!VirtualQuery ((const void *) address, &information, sizeof information))
        return 0;
    return information.State == MEM_COMMIT && !(information.Protect & (PAGE_NOACCESS | PAGE_GUARD));
}

static uintptr_t zl_address_page_size (void)
{
    SYSTEM_INFO information;
    GetSystemInfo (&information);
    return information.dwPageSize;
}

#else

#include <sys/mman.h>
#include <unistd.h>

/* An answer for any number: ENOMEM where nothing is mapped. */
static int zl_address_is_readable (uintptr_t address)
{
    return msync ((void *) address, 1, MS_ASYNC) == 0;
}

static uintptr_t zl_address_page_size (void)
{
    return (uintptr_t) sysconf (_SC_PAGESIZE);
}

#endif

int zl_address_check (const void *pointer, size_t span)
{
    uintptr_t address = (uintptr_t) pointer, page = zl_address_page_size ();
    uintptr_t first = address & ~(page - 1), last = (address + span) & ~(page - 1);
    if (!address || address % sizeof (void *) != 0 || last < first)
        return 0;
    return zl_address_is_readable (first) && zl_address_is_readable (last);
}
