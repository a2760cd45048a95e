/* src/native/zl.h, as far as Python calls it. */

#define ZL_ABI ...
#define ZL_EFORKED ...
#define ZL_LINGER_KEEP ...

typedef struct zl_context zl_context;
typedef struct zl_socket zl_socket;
typedef struct zl_hold zl_hold;
typedef struct zl_api zl_api;
typedef struct zl_monitor zl_monitor;
typedef struct zl_proxy zl_proxy;
typedef struct zl_pollitem {
    zl_socket *socket;
    zmq_fd_t fd;
    short events, revents;
    ...;
} zl_pollitem;

const zl_api *zl_api_get(void);
int zl_start(void);
int zl_busy_limit(int microseconds);
int zl_descriptors_check(int count);

zl_socket *zl_socket_new(zl_context *context, int type);
zl_socket *zl_socket_shadow(void *handle);
void *zl_socket_lend(zl_socket *socket);
int zl_socket_closed(zl_socket *socket);
int zl_socket_close(zl_socket *socket, int linger);
void zl_socket_drop(zl_socket *socket);
int zl_socket_bind(zl_socket *socket, const char *endpoint);
int zl_socket_connect(zl_socket *socket, const char *endpoint);
int zl_socket_has_peer(zl_socket *socket, const char *routing_id, size_t size);
int zl_socket_zap_handled(const zl_socket *socket);
uint32_t zl_socket_connect_peer(zl_socket *socket, const char *endpoint);
int zl_socket_unbind(zl_socket *socket, const char *endpoint);
int zl_socket_disconnect(zl_socket *socket, const char *endpoint);
int zl_socket_join(zl_socket *socket, const char *group);
int zl_socket_leave_group(zl_socket *socket, const char *group);
int zl_socket_setsockopt(zl_socket *socket, int option, const char *value, size_t size);
int zl_socket_getsockopt(zl_socket *socket, int option, char *value, size_t *size);
int64_t zl_socket_get_number(zl_socket *socket, int option, size_t size);
int zl_socket_set_number(zl_socket *socket, int option, size_t size, int64_t value);
int64_t zl_draft_fd_get(zl_socket *socket, int *made);
int zl_socket_peer_state(zl_socket *socket, const char *routing_id, size_t size);
int zl_socket_pipes_stats(zl_socket *socket);
int zl_socket_send(zl_socket *socket, zmq_msg_t *message, int flags);
int zl_socket_recv(zl_socket *socket, zmq_msg_t *message, int flags);
int zl_socket_poll(zl_socket *socket, int events, long timeout_ms);

int zl_poll(zl_pollitem *items, int count, long timeout_ms, int *ready);

zl_hold *zl_hold_new(void *object);
void *zl_hold_object(zl_hold *hold);
zl_hold *zl_hold_next(zl_hold *hold);
void zl_hold_reference(zl_hold *hold);
void zl_hold_unreference(zl_hold *hold);
zl_hold *zl_hold_collect(void);
int zl_hold_done(zl_hold *hold);
int zl_hold_wait(zl_hold *hold, long timeout_ms);
int zl_hold_count(void);
int zl_hold_message(zmq_msg_t *message, void *data, size_t size, zl_hold *hold);

zl_context *zl_context_new(int io_threads);
zl_context *zl_context_shadow(void *handle);
void *zl_context_handle(zl_context *context);
int zl_context_closed(zl_context *context);
int zl_context_set(zl_context *context, int option, int value);
int zl_context_get(zl_context *context, int option);
int zl_context_set_ext(zl_context *context, int option, const char *value, size_t size);
int zl_context_get_ext(zl_context *context, int option, char *value, size_t *size);
int zl_context_shutdown(zl_context *context);
int zl_context_socket_count(zl_context *context);
int zl_context_close_sockets(zl_context *context, int linger, int cap_ms);
int zl_context_term(zl_context *context, long timeout_ms);
void zl_context_leave_behind(zl_context *context);
void zl_context_drop(zl_context *context);
int zl_exit_run(long deadline_ms, int cap_ms);
int zl_exit_pending(void);
void zl_exit_set_linger(int linger_ms);

zl_monitor *zl_monitor_start(zl_socket *socket, const char *endpoint, uint64_t events, int version, int capacity);
int zl_monitor_stop(zl_socket *socket);
uint64_t zl_monitor_dropped(zl_monitor *monitor);
void zl_monitor_unreference(zl_monitor *monitor);

zl_proxy *zl_proxy_new(zl_socket *frontend, zl_socket *backend, zl_socket *capture, zl_socket *control);
int zl_proxy_set_prefix(zl_proxy *proxy, const void *in, size_t in_size, const void *out, size_t out_size);
int zl_proxy_run(zl_proxy *proxy, long slice_ms);
void zl_proxy_counters(zl_proxy *proxy, uint64_t *counters);
int zl_proxy_free(zl_proxy *proxy);
