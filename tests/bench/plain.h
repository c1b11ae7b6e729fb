/* A connection to the broker, plain: for connection.h, with the same functions as tls.h. */
#ifndef BENCH_PLAIN_H
#define BENCH_PLAIN_H

#include "connection.h"

struct connection {
    int fd;
};

/* Call it first; the file is to be NULL. */
static inline void prepare_connections(const char *ca_file) {
    if (ca_file)
        die("this one speaks no TLS: the program with -tls at the end of its name does");
}

static inline void open_connection(struct connection *connection, int port) { connection->fd = connect_socket(port); }

/* Whether anything may be said and heard: here from the start. */
static inline bool is_agreed(const struct connection *connection) {
    (void)connection;
    return true;
}

static inline bool agree(struct connection *connection) { return is_agreed(connection); }

/* As recv does. */
static inline ssize_t receive(struct connection *connection, void *into, size_t room) {
    return recv(connection->fd, into, room, 0);
}

/* Whether there may be something to receive that does not show at the socket. */
static inline bool holds_more(const struct connection *connection) {
    (void)connection;
    return false;
}

/* Whether something that was taken has not left. */
static inline bool holds_back(const struct connection *connection) {
    (void)connection;
    return false;
}

/* As send does. */
static inline ssize_t send_some(struct connection *connection, const void *bytes, size_t n) {
    return send(connection->fd, bytes, n, 0);
}

/* Two pieces, as writev does. */
static inline ssize_t send_pieces(struct connection *connection, const struct iovec pieces[2]) {
    return writev(connection->fd, pieces, 2);
}

static inline void close_connection(struct connection *connection) { close(connection->fd); }

#endif
