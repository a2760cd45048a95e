/* Long messages land in what becomes their bytes object: nothing is copied, and nothing allocated.
 *
 * libzmq's I/O thread receives a long message into a block of the C library's, with room for the head of a bytes object
 * before the data and a zero after them (vendor/libzmq/mends/landing.py). Whoever receives the message as bytes writes the
 * head. To free such an object, Python gives the block back to the C library, for a block as long as this is never one of
 * its own: so it is in the allocators that Python has unless it is told otherwise, and only there it is done. */
#define _GNU_SOURCE
#include "hotpath.h"

#if defined __linux__
#include <dlfcn.h>

/* As in Python.h, but for the limited API. */
typedef struct
{
    void *context;
    void *(*malloc) (void *context, size_t size);
    void *(*calloc) (void *context, size_t count, size_t size);
    void *(*realloc) (void *context, void *block, size_t size);
    void (*free) (void *context, void *block);
} hp_allocator;

static hp_allocator hp_raw;
static const char *(*hp_allocators_name) (void);

/* Whether nobody has put allocators of his own, tracemalloc for one, in the place of Python's. */
static int hp_landing_usual (void)
{
    const char *name = hp_allocators_name ();
    return name && (strcmp (name, "pymalloc") == 0 || strcmp (name, "malloc") == 0);
}

/* Of Python's own allocator, and so without the GIL and after the interpreter's end, too. */
static void *hp_landing_allocate (size_t size)
{
    return hp_raw.malloc (hp_raw.context, size);
}

static void hp_landing_release (void *block)
{
    hp_raw.free (hp_raw.context, block);
}

static Py_hash_t *hp_landing_hash (char *block, size_t head)
{
    return (Py_hash_t *) (block + head) - 1;
}

/* The size of the head when bytes objects are laid out as here; 0. */
static size_t hp_landing_head (void)
{
    const Py_ssize_t size = 1000;
    PyObject *probe = PyBytes_FromStringAndSize (NULL, size);
    char *block = (char *) probe;
    size_t head;
    Py_hash_t *hash;
    if (!probe)
        return 0;
    memset (PyBytes_AsString (probe), 'x', (size_t) size);
    head = (size_t) (PyBytes_AsString (probe) - block);
    hash = hp_landing_hash (block, head);
    if (head != sizeof (PyVarObject) + sizeof *hash || Py_SIZE (probe) != size || block[head + (size_t) size] != '\0' || *hash != -1
        || PyObject_Hash (probe) != *hash)
        head = 0;
    Py_DECREF (probe);
    return head;
}

void hp_landing_start (void)
{
    void (*get_allocator) (int, hp_allocator *);
    if (!hp.api->land_take || hp.api->landing->allocate)
        return;
    *(void **) &hp_allocators_name = dlsym (RTLD_DEFAULT, "_PyMem_GetCurrentAllocatorName");
    *(void **) &get_allocator = dlsym (RTLD_DEFAULT, "PyMem_GetAllocator");
    if (!hp_allocators_name || !get_allocator || !hp_landing_usual ())
        return;
    get_allocator (0, &hp_raw); /* PYMEM_DOMAIN_RAW */
    hp.api->landing->head = hp_landing_head ();
    if (hp.api->landing->head == 0) {
        PyErr_Clear ();
        return;
    }
    hp.api->landing->allocate = hp_landing_allocate;
    hp.api->landing->release = hp_landing_release;
    hp.api->landing->least = HP_LAND_SIZE;
}

PyObject *hp_message_take (zmq_msg_t *message)
{
    size_t size = hp.api->msg_size (message), head;
    char *block;
    void *counted;
    if (size < HP_LAND_SIZE || !hp.api->land_take || !hp.api->landing->allocate || !hp_landing_usual ()
        || !(block = hp.api->land_take (message)))
        return hp_message_bytes (message);
    head = hp.api->landing->head;
    block[head + size] = '\0';
    *hp_landing_hash (block, head) = -1;
    /* Python counts the blocks that it was asked for (sys.getallocatedblocks()), and this one only when it is freed: so one
     * is asked for here, and freed behind its back. */
    counted = PyObject_Malloc (1024);
    if (counted)
        hp_landing_release (counted);
    return (PyObject *) PyObject_InitVar ((PyVarObject *) block, &PyBytes_Type, (Py_ssize_t) size);
}
#else
void hp_landing_start (void)
{
}

PyObject *hp_message_take (zmq_msg_t *message)
{
    return hp_message_bytes (message);
}
#endif
