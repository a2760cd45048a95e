/* Functions that the linked libzmq may lack. See zl_optional.h. */
#if !defined _GNU_SOURCE
#define _GNU_SOURCE 1 /* dladdr */
#endif
#include "zl_optional.h"
#include "zl_thread.h"

#include <errno.h>
#include <string.h>
#if defined ZL_SYSTEM && !defined _WIN32
#include <dlfcn.h>
#elif defined ZL_SYSTEM
#include <windows.h>
#endif

#if defined ZL_SYSTEM

/* In the very library that zmq_errno comes from: the process may hold another libzmq too. */
static void *look_up (const char *name)
{
    void *symbol = NULL;
    int (*function) (void) = zmq_errno;
    void *address;
    memcpy (&address, &function, sizeof address);
#if defined _WIN32
    HMODULE module = NULL;
    if (GetModuleHandleExA (GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                            (LPCSTR) address, &module)) {
        FARPROC found = GetProcAddress (module, name);
        memcpy (&symbol, &found, sizeof symbol);
    }
#else
    Dl_info info;
    if (dladdr (address, &info) && info.dli_fname) {
        void *library = dlopen (info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
        if (library) {
            symbol = dlsym (library, name);
            dlclose (library); /* stays loaded: this module is linked with it */
        }
    }
#endif
    return symbol;
}

#define ZL_FIND(finder, text)                                                                                     \
    static void *finder (void)                                                                              \
    {                                                                                                       \
        static zl_atomic_ptr found = NULL;                                                                  \
        void *symbol = zl_load_ptr (&found);                                                                \
        if (!symbol) {                                                                                      \
            symbol = look_up (text);                                                                        \
            (void) zl_swap_ptr (&found, symbol);                                                            \
        }                                                                                                   \
        return symbol;                                                                                      \
    }
#else
/* Bundled: whatever is defined here is what the library lacks. */
#define ZL_FIND(finder, text)                                                                                     \
    static void *finder (void)                                                                              \
    {                                                                                                       \
        return NULL;                                                                                        \
    }
#endif

#define ZL_DEFINE(result, failure, name, parameters, arguments)                                             \
    ZL_FIND (find_##name, #name)                                                                            \
    result zl_##name parameters                                                                             \
    {                                                                                                       \
        result (*function) parameters;                                                                      \
        void *symbol = find_##name ();                                                                      \
        memcpy (&function, &symbol, sizeof function);                                                       \
        if (symbol)                                                                                         \
            return function arguments;                                                                      \
        errno = ENOTSUP;                                                                                    \
        return failure;                                                                                     \
    }

#define ZL_TELL_FOUND(result, failure, name, parameters, arguments)                                         \
    if (strcmp (function_name, #name) == 0)                                                                 \
        return find_##name () != NULL;
#define ZL_TELL_PRESENT(result, failure, name, parameters, arguments)                                       \
    if (strcmp (function_name, #name) == 0)                                                                 \
        return 1;

#if defined ZL_SYSTEM
ZL_OPTIONAL_STABLE (ZL_DEFINE)
ZL_OPTIONAL_DRAFT (ZL_DEFINE)
#define ZL_TELL_COMMON ZL_TELL_FOUND
#else
#define ZL_TELL_COMMON ZL_TELL_PRESENT
#endif
#if defined ZL_SYSTEM || ZMQ_VERSION < 40305
ZL_OPTIONAL_DRAFT_40305 (ZL_DEFINE)
#define ZL_TELL_40305 ZL_TELL_FOUND
#else
#define ZL_TELL_40305 ZL_TELL_PRESENT
#endif

int zl_optional_has (const char *function_name)
{
    ZL_OPTIONAL_STABLE (ZL_TELL_COMMON)
    ZL_OPTIONAL_DRAFT (ZL_TELL_COMMON)
    ZL_OPTIONAL_DRAFT_40305 (ZL_TELL_40305)
    return -1;
}
