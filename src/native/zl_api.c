/* What _hotpath is handed: libzmq's functions and ours, so that it links nothing. */
#define ZL_NATIVE
#include "zl.h"
#include "zl_optional.h"
#include <errno.h>
#include <string.h>

/* zmq.h has it under its drafts. */
#if !defined ZMQ_GROUP_MAX_LENGTH
#define ZMQ_GROUP_MAX_LENGTH 255
#endif

static zl_api zl_api_struct = {.send = zmq_send, .msg_send = zmq_msg_send};

int zl_send (void *handle, const void *data, size_t size, int flags)
{
    return zl_api_struct.send (handle, data, size, flags);
}

int zl_msg_send (zmq_msg_t *message, void *handle, int flags)
{
    return zl_api_struct.msg_send (message, handle, flags);
}

void zl_api_set_send (int (*send) (void *, const void *, size_t, int), int (*msg_send) (zmq_msg_t *, void *, int))
{
    zl_api_struct.send = send;
    zl_api_struct.msg_send = msg_send;
}

/* libzmq cuts off a group that is too long, and the message goes to another group. */
static int zl_api_set_group (zmq_msg_t *message, const char *group)
{
    if (strlen (group) <= ZMQ_GROUP_MAX_LENGTH)
        return zmq_msg_set_group (message, group);
    errno = EINVAL;
    return -1;
}

const zl_api *zl_api_get (void)
{
    zl_api_struct.abi = ZL_ABI;
    zl_api_struct.size = (int) sizeof zl_api_struct;
    zl_api_struct.generation = &zl_generation;
    zl_api_struct.parked = &zl_parked;
    zl_api_struct.socket_enter_slow = zl_socket_enter_slow;
    zl_api_struct.socket_leave_slow = zl_socket_leave_slow;
    zl_api_struct.socket_park = zl_socket_park;
    zl_api_struct.socket_park_to_send = zl_socket_park_to_send;
    zl_api_struct.socket_moved = zl_socket_moved;
    zl_api_struct.socket_look = zl_socket_look;
    zl_api_struct.socket_getsockopt = zl_socket_getsockopt;
    zl_api_struct.socket_make_at_once = zl_socket_make_at_once;
    zl_api_struct.socket_bind = zl_socket_bind;
    zl_api_struct.socket_connect = zl_socket_connect;
    zl_api_struct.hold_new = zl_hold_new;
    zl_api_struct.hold_reference = zl_hold_reference;
    zl_api_struct.hold_unreference = zl_hold_unreference;
    zl_api_struct.hold_release = zl_hold_release;
    zl_api_struct.hold_collect = zl_hold_collect;
    zl_api_struct.hold_released = &zl_hold_released;
    zl_api_struct.error = zl_error;
    zl_api_struct.now = zl_thread_now;
    zl_api_struct.getsockopt = zmq_getsockopt;
    zl_api_struct.setsockopt = zmq_setsockopt;
    zl_api_struct.msg_init = zmq_msg_init;
    zl_api_struct.msg_init_size = zmq_msg_init_size;
    zl_api_struct.msg_init_data = zmq_msg_init_data;
    zl_api_struct.send_check = zl_send_check;
    zl_api_struct.msg_recv = zmq_msg_recv;
    zl_api_struct.msg_close = zmq_msg_close;
    zl_api_struct.msg_move = zmq_msg_move;
    zl_api_struct.msg_copy = zmq_msg_copy;
    zl_api_struct.msg_data = zmq_msg_data;
    zl_api_struct.msg_size = zmq_msg_size;
    zl_api_struct.msg_more = zmq_msg_more;
    zl_api_struct.msg_get = zmq_msg_get;
    zl_api_struct.msg_set = zmq_msg_set;
    zl_api_struct.msg_gets = zmq_msg_gets;
    zl_api_struct.msg_set_routing_id = zmq_msg_set_routing_id;
    zl_api_struct.msg_routing_id = zmq_msg_routing_id;
    zl_api_struct.msg_set_group = zl_api_set_group;
    zl_api_struct.msg_group = zmq_msg_group;
    zl_api_struct.busy_more = zl_busy_more;
    zl_api_struct.busy_found = zl_busy_found;
    zl_carry_start (&zl_api_struct);
    zl_landing_start (&zl_api_struct);
    return &zl_api_struct;
}
