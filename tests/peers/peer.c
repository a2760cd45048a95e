/* C through czmq. */
#include <czmq.h>
#include <string.h>

static void print_message(zmsg_t *message) {
    zframe_t *frame = zmsg_first(message);
    for (int number = 0; frame; frame = zmsg_next(message), number++)
        printf("%s%.*s", number ? "|" : "", (int) zframe_size(frame), (char *) zframe_data(frame));
    printf("\n");
    zmsg_destroy(&message);
}

int main(int count, char **arguments) {
    const char *role = arguments[1];
    int type = !strcmp(role, "req") ? ZMQ_REQ : !strcmp(role, "rep") ? ZMQ_REP
             : !strcmp(role, "dealer") ? ZMQ_DEALER : !strcmp(role, "sub") ? ZMQ_SUB : ZMQ_PUB;
    zsock_t *socket = zsock_new(type);
    if (count > 3) {
        zsock_set_curve_serverkey(socket, arguments[3]);
        zsock_set_curve_publickey(socket, arguments[4]);
        zsock_set_curve_secretkey(socket, arguments[5]);
    }
    if (type == ZMQ_DEALER)
        zsock_set_identity(socket, "peer");
    if (type == ZMQ_SUB)
        zsock_set_subscribe(socket, "news");
    if (zsock_connect(socket, "%s", arguments[2]) != 0)
        return 1;
    if (type == ZMQ_REQ) {
        zstr_sendx(socket, "hello", "world", NULL);
        print_message(zmsg_recv(socket));
    } else if (type == ZMQ_REP) {
        for (;;) {
            zmsg_t *message = zmsg_recv(socket);
            zmsg_pushstr(message, "echo");
            zmsg_send(&message, socket);
        }
    } else if (type == ZMQ_DEALER) {
        zstr_sendx(socket, "a", "", "b", NULL);
        print_message(zmsg_recv(socket));
    } else if (type == ZMQ_SUB) {
        print_message(zmsg_recv(socket));
    } else {
        for (;;) {
            zstr_sendx(socket, "olds", "-", NULL);
            zstr_sendx(socket, "news", "hello", NULL);
            zclock_sleep(10);
        }
    }
    zsock_destroy(&socket);
    return 0;
}
