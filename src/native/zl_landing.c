/* Where long messages land: see zl.h, and vendor/libzmq/mends/landing.py for libzmq's part of it. */
#define ZL_NATIVE
#include "zl.h"

#if defined __linux__ && !defined ZL_SYSTEM
/* In libzmq's msg.cpp and zmq.cpp, by the mend; not there when this libzmq reads otherwise. */
extern struct zl_landing_t zl_landing __attribute__ ((weak));
extern void *zl_land_take (zmq_msg_t *message) __attribute__ ((weak));

void zl_landing_start (zl_api *api)
{
    if (!&zl_landing || !zl_land_take)
        return;
    api->landing = &zl_landing;
    api->land_take = zl_land_take;
}
#else
void zl_landing_start (zl_api *api)
{
    (void) api;
}
#endif
