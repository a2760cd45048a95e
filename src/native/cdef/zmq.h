/* Types and functions of zmq.h that every supported libzmq (4.2 and up) has. What a libzmq may lack is
 * in optional.h; constants are in constants.h.
 *
 * Not const where an old header is not const: cffi does not mind, the C compiler would. */

typedef struct { ...; } zmq_msg_t;
typedef int... zmq_fd_t;
typedef void (zmq_free_fn)(void *data, void *hint);
typedef void (zmq_thread_fn)(void *argument);

typedef struct {
    void *socket;
    zmq_fd_t fd;
    short events;
    short revents;
} zmq_pollitem_t;

struct iovec {
    void *iov_base;
    size_t iov_len;
    ...;
};

int zmq_errno(void);
const char *zmq_strerror(int number);
void zmq_version(int *major, int *minor, int *patch);
int zmq_has(const char *capability);

void *zmq_ctx_new(void);
int zmq_ctx_term(void *context);
int zmq_ctx_shutdown(void *context);
int zmq_ctx_set(void *context, int option, int value);
int zmq_ctx_get(void *context, int option);
void *zmq_init(int io_threads);
int zmq_term(void *context);
int zmq_ctx_destroy(void *context);

int zmq_msg_init(zmq_msg_t *message);
int zmq_msg_init_size(zmq_msg_t *message, size_t size);
int zmq_msg_init_data(zmq_msg_t *message, void *data, size_t size, zmq_free_fn *release, void *hint);
int zmq_msg_send(zmq_msg_t *message, void *socket, int flags);
int zmq_msg_recv(zmq_msg_t *message, void *socket, int flags);
int zmq_msg_close(zmq_msg_t *message);
int zmq_msg_move(zmq_msg_t *target, zmq_msg_t *source);
int zmq_msg_copy(zmq_msg_t *target, zmq_msg_t *source);
void *zmq_msg_data(zmq_msg_t *message);
size_t zmq_msg_size(zmq_msg_t *message);
int zmq_msg_more(zmq_msg_t *message);
int zmq_msg_get(zmq_msg_t *message, int property);
int zmq_msg_set(zmq_msg_t *message, int property, int value);
const char *zmq_msg_gets(zmq_msg_t *message, const char *property);

void *zmq_socket(void *context, int type);
int zmq_close(void *socket);
int zmq_setsockopt(void *socket, int option, const void *value, size_t size);
int zmq_getsockopt(void *socket, int option, void *value, size_t *size);
int zmq_bind(void *socket, const char *endpoint);
int zmq_connect(void *socket, const char *endpoint);
int zmq_unbind(void *socket, const char *endpoint);
int zmq_disconnect(void *socket, const char *endpoint);
int zmq_send(void *socket, const void *data, size_t size, int flags);
int zmq_send_const(void *socket, const void *data, size_t size, int flags);
int zmq_recv(void *socket, void *data, size_t size, int flags);
int zmq_socket_monitor(void *socket, const char *endpoint, int events);
int zmq_sendmsg(void *socket, zmq_msg_t *message, int flags);
int zmq_recvmsg(void *socket, zmq_msg_t *message, int flags);
int zmq_sendiov(void *socket, struct iovec *parts, size_t count, int flags);
int zmq_recviov(void *socket, struct iovec *parts, size_t *count, int flags);

int zmq_poll(zmq_pollitem_t *items, int count, long timeout_ms);
int zmq_proxy(void *frontend, void *backend, void *capture);
int zmq_proxy_steerable(void *frontend, void *backend, void *capture, void *control);
int zmq_device(int type, void *frontend, void *backend);

char *zmq_z85_encode(char *target, const uint8_t *data, size_t size);
uint8_t *zmq_z85_decode(uint8_t *target, const char *text);
int zmq_curve_keypair(char *public_key, char *secret_key);

void *zmq_atomic_counter_new(void);
void zmq_atomic_counter_set(void *counter, int value);
int zmq_atomic_counter_inc(void *counter);
int zmq_atomic_counter_dec(void *counter);
int zmq_atomic_counter_value(void *counter);
void zmq_atomic_counter_destroy(void **counter);

void *zmq_stopwatch_start(void);
unsigned long zmq_stopwatch_stop(void *watch);
void zmq_sleep(int seconds);
void *zmq_threadstart(zmq_thread_fn *function, void *argument);
void zmq_threadclose(void *thread);
