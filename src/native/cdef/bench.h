/* src/native/zl_bench.h */

#define ZL_BENCH_COPY ...
#define ZL_BENCH_NO_COPY ...

int64_t zl_bench_send(void *socket, void *data, size_t size, int64_t count, int how);
int64_t zl_bench_recv(void *socket, size_t size, int64_t count);
