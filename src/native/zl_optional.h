/* zmq.h, complete for whatever libzmq is linked: constants, types and functions that an older libzmq, or
 * one without drafts, lacks.
 *
 * Bundled (ZL_SYSTEM not defined): the header belongs to the very library that is linked, so what it
 * declares is there. System (ZL_SYSTEM): the library may be another than the header's by the time it runs,
 * so every optional function is looked up at run time, once. A missing one sets errno to ENOTSUP and
 * returns its failure value. */
#ifndef ZL_OPTIONAL_H
#define ZL_OPTIONAL_H

#include <zmq.h>
#include "zl_constants.h" /* written by build_ffi.py from cdef/constants.h */

#if ZMQ_VERSION < 40303 && !defined _WIN32
typedef int zmq_fd_t;
#endif
#if !defined ZMQ_HAVE_TIMERS
typedef void (zmq_timer_fn) (int timer, void *argument);
#endif
#if !defined ZMQ_HAVE_POLLER
typedef struct zmq_poller_event_t
{
    void *socket;
    zmq_fd_t fd;
    void *user_data;
    short events;
} zmq_poller_event_t;
#endif

/* X(result, failure, name, parameters, arguments) */
#define ZL_OPTIONAL_STABLE(X)                                                                                 \
    X (int, -1, zmq_curve_public, (char *public_key, const char *secret_key), (public_key, secret_key))     \
    X (unsigned long, 0, zmq_stopwatch_intermediate, (void *watch), (watch))                                \
    X (void *, NULL, zmq_timers_new, (void), ())                                                            \
    X (int, -1, zmq_timers_destroy, (void **timers), (timers))                                              \
    X (int, -1, zmq_timers_add, (void *timers, size_t interval, zmq_timer_fn *handler, void *argument),     \
       (timers, interval, handler, argument))                                                               \
    X (int, -1, zmq_timers_cancel, (void *timers, int timer), (timers, timer))                              \
    X (int, -1, zmq_timers_set_interval, (void *timers, int timer, size_t interval),                        \
       (timers, timer, interval))                                                                           \
    X (int, -1, zmq_timers_reset, (void *timers, int timer), (timers, timer))                               \
    X (long, -1, zmq_timers_timeout, (void *timers), (timers))                                              \
    X (int, -1, zmq_timers_execute, (void *timers), (timers))

#define ZL_OPTIONAL_DRAFT(X)                                                                                \
    X (int, -1, zmq_ctx_set_ext, (void *context, int option, const void *value, size_t size),               \
       (context, option, value, size))                                                                      \
    X (int, -1, zmq_ctx_get_ext, (void *context, int option, void *value, size_t *size),                    \
       (context, option, value, size))                                                                      \
    X (int, -1, zmq_join, (void *socket, const char *group), (socket, group))                               \
    X (int, -1, zmq_leave, (void *socket, const char *group), (socket, group))                              \
    X (uint32_t, 0, zmq_connect_peer, (void *socket, const char *endpoint), (socket, endpoint))             \
    X (int, -1, zmq_socket_get_peer_state, (void *socket, const void *routing_id, size_t size),             \
       (socket, routing_id, size))                                                                          \
    X (int, -1, zmq_socket_monitor_versioned,                                                               \
       (void *socket, const char *endpoint, uint64_t events, int version, int type),                        \
       (socket, endpoint, events, version, type))                                                           \
    X (int, -1, zmq_socket_monitor_pipes_stats, (void *socket), (socket))                                   \
    X (int, -1, zmq_msg_set_routing_id, (zmq_msg_t * message, uint32_t routing_id), (message, routing_id))  \
    X (uint32_t, 0, zmq_msg_routing_id, (zmq_msg_t * message), (message))                                   \
    X (int, -1, zmq_msg_set_group, (zmq_msg_t * message, const char *group), (message, group))              \
    X (const char *, NULL, zmq_msg_group, (zmq_msg_t * message), (message))                                 \
    X (int, -1, zmq_msg_init_buffer, (zmq_msg_t * message, const void *data, size_t size),                  \
       (message, data, size))                                                                               \
    X (void *, NULL, zmq_poller_new, (void), ())                                                            \
    X (int, -1, zmq_poller_destroy, (void **poller), (poller))                                              \
    X (int, -1, zmq_poller_size, (void *poller), (poller))                                                  \
    X (int, -1, zmq_poller_add, (void *poller, void *socket, void *user_data, short events),                \
       (poller, socket, user_data, events))                                                                 \
    X (int, -1, zmq_poller_modify, (void *poller, void *socket, short events), (poller, socket, events))    \
    X (int, -1, zmq_poller_remove, (void *poller, void *socket), (poller, socket))                          \
    X (int, -1, zmq_poller_wait, (void *poller, zmq_poller_event_t *event, long timeout),                   \
       (poller, event, timeout))                                                                            \
    X (int, -1, zmq_poller_wait_all, (void *poller, zmq_poller_event_t *events, int count, long timeout),   \
       (poller, events, count, timeout))                                                                    \
    X (int, -1, zmq_poller_fd, (void *poller, zmq_fd_t *fd), (poller, fd))                                  \
    X (int, -1, zmq_poller_add_fd, (void *poller, zmq_fd_t fd, void *user_data, short events),              \
       (poller, fd, user_data, events))                                                                     \
    X (int, -1, zmq_poller_modify_fd, (void *poller, zmq_fd_t fd, short events), (poller, fd, events))      \
    X (int, -1, zmq_poller_remove_fd, (void *poller, zmq_fd_t fd), (poller, fd))

/* Drafts new in 4.3.5. */
#define ZL_OPTIONAL_DRAFT_40305(X)                                                                          \
    X (int, -1, zmq_ppoll, (zmq_pollitem_t * items, int count, long timeout, const void *signals),          \
       (items, count, timeout, signals))

#define ZL_OPTIONAL(X)                                                                                      \
    ZL_OPTIONAL_STABLE (X)                                                                                    \
    ZL_OPTIONAL_DRAFT (X)                                                                                   \
    ZL_OPTIONAL_DRAFT_40305 (X)

#define ZL_DECLARE(result, failure, name, parameters, arguments) result zl_##name parameters;
ZL_OPTIONAL (ZL_DECLARE)
#undef ZL_DECLARE

/* 1: the linked libzmq has this optional function, 0: it has not, -1: not an optional function. */
int zl_optional_has (const char *function_name);

#if defined ZL_SYSTEM
#define zmq_curve_public zl_zmq_curve_public
#define zmq_stopwatch_intermediate zl_zmq_stopwatch_intermediate
#define zmq_timers_new zl_zmq_timers_new
#define zmq_timers_destroy zl_zmq_timers_destroy
#define zmq_timers_add zl_zmq_timers_add
#define zmq_timers_cancel zl_zmq_timers_cancel
#define zmq_timers_set_interval zl_zmq_timers_set_interval
#define zmq_timers_reset zl_zmq_timers_reset
#define zmq_timers_timeout zl_zmq_timers_timeout
#define zmq_timers_execute zl_zmq_timers_execute
#define zmq_ctx_set_ext zl_zmq_ctx_set_ext
#define zmq_ctx_get_ext zl_zmq_ctx_get_ext
#define zmq_join zl_zmq_join
#define zmq_leave zl_zmq_leave
#define zmq_connect_peer zl_zmq_connect_peer
#define zmq_socket_get_peer_state zl_zmq_socket_get_peer_state
#define zmq_socket_monitor_versioned zl_zmq_socket_monitor_versioned
#define zmq_socket_monitor_pipes_stats zl_zmq_socket_monitor_pipes_stats
#define zmq_msg_set_routing_id zl_zmq_msg_set_routing_id
#define zmq_msg_routing_id zl_zmq_msg_routing_id
#define zmq_msg_set_group zl_zmq_msg_set_group
#define zmq_msg_group zl_zmq_msg_group
#define zmq_msg_init_buffer zl_zmq_msg_init_buffer
#define zmq_poller_new zl_zmq_poller_new
#define zmq_poller_destroy zl_zmq_poller_destroy
#define zmq_poller_size zl_zmq_poller_size
#define zmq_poller_add zl_zmq_poller_add
#define zmq_poller_modify zl_zmq_poller_modify
#define zmq_poller_remove zl_zmq_poller_remove
#define zmq_poller_wait zl_zmq_poller_wait
#define zmq_poller_wait_all zl_zmq_poller_wait_all
#define zmq_poller_fd zl_zmq_poller_fd
#define zmq_poller_add_fd zl_zmq_poller_add_fd
#define zmq_poller_modify_fd zl_zmq_poller_modify_fd
#define zmq_poller_remove_fd zl_zmq_poller_remove_fd
#endif
#if defined ZL_SYSTEM || ZMQ_VERSION < 40305
#define zmq_ppoll zl_zmq_ppoll
#endif

#endif
