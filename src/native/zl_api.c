/* What _hotpath is handed: libzmq's functions and ours, so that it links nothing. */
#define ZL_NATIVE
#include "zl.h"
#include "zl_optional.h"

const zl_api *zl_api_get (void)
{
    static zl_api api;
    api.abi = ZL_ABI;
    api.size = (int) sizeof api;
    api.generation = &zl_generation;
    api.socket_enter_slow = zl_socket_enter_slow;
    api.socket_leave_slow = zl_socket_leave_slow;
    api.socket_park = zl_socket_park;
    api.socket_wait = zl_socket_wait;
    api.socket_getsockopt = zl_socket_getsockopt;
    api.hold_new = zl_hold_new;
    api.hold_reference = zl_hold_reference;
    api.hold_unreference = zl_hold_unreference;
    api.hold_release = zl_hold_release;
    api.hold_collect = zl_hold_collect;
    api.hold_released = &zl_hold_released;
    api.error = zl_error;
    api.now = zl_thread_now;
    api.send = zmq_send;
    api.getsockopt = zmq_getsockopt;
    api.msg_init = zmq_msg_init;
    api.msg_init_size = zmq_msg_init_size;
    api.msg_init_data = zmq_msg_init_data;
    api.msg_send = zmq_msg_send;
    api.msg_recv = zmq_msg_recv;
    api.msg_close = zmq_msg_close;
    api.msg_move = zmq_msg_move;
    api.msg_copy = zmq_msg_copy;
    api.msg_data = zmq_msg_data;
    api.msg_size = zmq_msg_size;
    api.msg_more = zmq_msg_more;
    api.msg_get = zmq_msg_get;
    api.msg_set = zmq_msg_set;
    api.msg_gets = zmq_msg_gets;
    api.msg_set_routing_id = zmq_msg_set_routing_id;
    api.msg_routing_id = zmq_msg_routing_id;
    api.msg_set_group = zmq_msg_set_group;
    api.msg_group = zmq_msg_group;
    return &api;
}
