/* Functions that a libzmq of 4.2 or later may lack: drafts and late additions. The same list as in
 * zl_optional.h. One that is missing returns -1, 0 or NULL with errno ENOTSUP. */

typedef void (zmq_timer_fn)(int timer, void *argument);
typedef struct {
    void *socket;
    zmq_fd_t fd;
    void *user_data;
    short events;
    ...;
} zmq_poller_event_t;

/* 1: it is there; 0: it is missing; -1: not in this file, so every libzmq has it. */
int zl_optional_has(const char *function_name);

int zmq_curve_public(char *public_key, const char *secret_key);
unsigned long zmq_stopwatch_intermediate(void *watch);

void *zmq_timers_new(void);
int zmq_timers_destroy(void **timers);
int zmq_timers_add(void *timers, size_t interval_ms, zmq_timer_fn *handler, void *argument);
int zmq_timers_cancel(void *timers, int timer);
int zmq_timers_set_interval(void *timers, int timer, size_t interval_ms);
int zmq_timers_reset(void *timers, int timer);
long zmq_timers_timeout(void *timers);
int zmq_timers_execute(void *timers);

int zmq_ctx_set_ext(void *context, int option, const void *value, size_t size);
int zmq_ctx_get_ext(void *context, int option, void *value, size_t *size);

int zmq_join(void *socket, const char *group);
int zmq_leave(void *socket, const char *group);
uint32_t zmq_connect_peer(void *socket, const char *endpoint);
int zmq_socket_get_peer_state(void *socket, const void *routing_id, size_t size);
int zmq_socket_monitor_versioned(void *socket, const char *endpoint, uint64_t events, int version, int type);
int zmq_socket_monitor_pipes_stats(void *socket);

int zmq_msg_set_routing_id(zmq_msg_t *message, uint32_t routing_id);
uint32_t zmq_msg_routing_id(zmq_msg_t *message);
int zmq_msg_set_group(zmq_msg_t *message, const char *group);
const char *zmq_msg_group(zmq_msg_t *message);
int zmq_msg_init_buffer(zmq_msg_t *message, const void *data, size_t size);

void *zmq_poller_new(void);
int zmq_poller_destroy(void **poller);
int zmq_poller_size(void *poller);
int zmq_poller_add(void *poller, void *socket, void *user_data, short events);
int zmq_poller_modify(void *poller, void *socket, short events);
int zmq_poller_remove(void *poller, void *socket);
int zmq_poller_wait(void *poller, zmq_poller_event_t *event, long timeout_ms);
int zmq_poller_wait_all(void *poller, zmq_poller_event_t *events, int count, long timeout_ms);
int zmq_poller_fd(void *poller, zmq_fd_t *fd);
int zmq_poller_add_fd(void *poller, zmq_fd_t fd, void *user_data, short events);
int zmq_poller_modify_fd(void *poller, zmq_fd_t fd, short events);
int zmq_poller_remove_fd(void *poller, zmq_fd_t fd);

/* signals is a sigset_t, which Windows has not got. */
int zmq_ppoll(zmq_pollitem_t *items, int count, long timeout_ms, const void *signals);
