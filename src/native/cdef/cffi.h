/* src/native/zl_cffi.h, as far as Python calls it. */

#define ZL_CFFI_LARGE ...
#define ZL_CFFI_LOST ...
#define ZL_CFFI_INBOX_SIZE ...

typedef struct zl_cffi_socket {
    uint64_t sent;
    zmq_msg_t message;
    char inbox[...];
    ...;
} zl_cffi_socket;

void zl_cffi_socket_init(zl_cffi_socket *socket, zl_socket *native, char *busy, size_t own_from);
void zl_cffi_socket_detach(zl_cffi_socket *socket);
int zl_cffi_socket_timeout(zl_cffi_socket *socket, int option);
int zl_cffi_message_copy(zmq_msg_t *message, const char *data, size_t size);
uintptr_t zl_cffi_message_pass(zmq_msg_t *message, char *data, size_t size, uintptr_t key, zl_hold **hold);
int zl_cffi_collect(uintptr_t *keys, int max);
int zl_cffi_send(zl_cffi_socket *socket, const char *data, size_t size, int flags);
int zl_cffi_send_message(zl_cffi_socket *socket, zmq_msg_t *message, int flags, long timeout_ms);
int zl_cffi_recv(zl_cffi_socket *socket);
void zl_cffi_recv_done(zl_cffi_socket *socket);
int zl_cffi_recv_message(zl_cffi_socket *socket, zmq_msg_t *message, long timeout_ms);
int64_t zl_cffi_recv_into(zl_cffi_socket *socket, char *buffer, size_t size, long timeout_ms);

#define ZL_CFFI_BATCH_SIZE ...
#define ZL_CFFI_MORE ...
#define ZL_CFFI_KEPT ...

typedef struct zl_cffi_batch {
    int32_t *ends;
    uint8_t *kinds;
    zmq_msg_t *parts;
    int kept;
    int plain;
    int full;
    char bytes[...];
    ...;
} zl_cffi_batch;

void zl_cffi_batch_clear(zl_cffi_batch *batch);
zmq_msg_t *zl_cffi_batch_add(zl_cffi_batch *batch);
int zl_cffi_batch_add_copy(zl_cffi_batch *batch, const char *data, size_t size);
int zl_cffi_batch_send(zl_cffi_batch *batch, zl_cffi_socket *socket, int flags, long timeout_ms);
int zl_cffi_batch_recv(zl_cffi_batch *batch, zl_cffi_socket *socket, int max, int pack, long timeout_ms);
int zl_cffi_send_packed(zl_cffi_socket *socket, const char *data, const char *sizes, int count, int flags);
