/* A connection to the broker: plain, or over TLS in programs that are compiled with -DTLS. A program speaks one of them,
   so that what is measured without TLS does not carry it. */
#ifndef BENCH_CONNECTION_H
#define BENCH_CONNECTION_H

#include "common.h"

#include <fcntl.h>
#include <sys/uio.h>

/* A socket that is connected to this machine's port, and waits for nothing from here on. */
static inline int connect_socket(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)port),
    };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
        die("cannot connect to port %d: %s", port, strerror(errno));
    send_at_once(fd);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Both files have the same functions. */
#ifdef TLS
#include "tls.h"
#else
#include "plain.h"
#endif

/* Sends something short, which must go as a whole. */
static inline void send_short(struct connection *connection, const void *bytes, size_t n) {
    if (send_some(connection, bytes, n) != (ssize_t)n || holds_back(connection))
        die("cannot send %zu bytes: %s", n, strerror(errno));
}

#endif
