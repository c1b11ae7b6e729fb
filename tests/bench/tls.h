/* A connection to the broker over TLS, by OpenSSL: for connection.h, with the same functions as plain.h. The broker must
   show a certificate for 127.0.0.1, of the authority that is named. */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#include "connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

enum {
    RECORD = 1 << 14,   /* the most that one record holds */
    AHEAD = 1 << 16,    /* is read at once: without it OpenSSL reads each record's head by itself */
    TOGETHER = 1 << 19, /* of ciphertext goes out at once: without it OpenSSL sends each record by itself */
};

struct connection {
    int fd;
    bool agreed, held; /* held: ciphertext waits for the socket to take it */
    SSL *tls;
};

static SSL_CTX *tls_context;

__attribute__((noreturn)) static inline void die_of_tls(const char *what) {
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    die("%s: %s", what, reason ? reason : strerror(errno));
}

/* Call it first, with the file of the authority that is trusted. */
static inline void prepare_connections(const char *ca_file) {
    if (!ca_file)
        die("TLS needs an authority to trust: --tls CA_FILE");
    tls_context = SSL_CTX_new(TLS_client_method());
    if (!tls_context || !SSL_CTX_load_verify_locations(tls_context, ca_file, NULL))
        die_of_tls(ca_file);
    SSL_CTX_set_verify(tls_context, SSL_VERIFY_PEER, NULL);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_CTX_get0_param(tls_context), "127.0.0.1");
    SSL_CTX_set_session_cache_mode(tls_context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(tls_context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(tls_context, 1);
    SSL_CTX_set_default_read_buffer_len(tls_context, AHEAD);
}

static inline void open_connection(struct connection *connection, int port) {
    *connection = (struct connection){.fd = connect_socket(port), .tls = SSL_new(tls_context)};
    BIO *together = BIO_new(BIO_f_buffer());
    if (!connection->tls || !SSL_set_fd(connection->tls, connection->fd) || !together ||
        !BIO_set_write_buffer_size(together, TOGETHER))
        die_of_tls("cannot begin TLS");
    BIO *socket = SSL_get_wbio(connection->tls);
    BIO_up_ref(socket); /* reading has it too */
    SSL_set0_wbio(connection->tls, BIO_push(together, socket));
    SSL_set_connect_state(connection->tls);
}

/* What OpenSSL returned, as the system's calls have it. */
static inline ssize_t as_system(struct connection *connection, int returned) {
    if (returned > 0)
        return returned;
    switch (SSL_get_error(connection->tls, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
    case SSL_ERROR_ZERO_RETURN: return 0;
    default: die_of_tls(connection->agreed ? "TLS broke" : "the TLS handshake failed");
    }
}

/* Whether anything may be said and heard. */
static inline bool is_agreed(const struct connection *connection) { return connection->agreed; }

/* Goes on with the handshake; returns whether it is over. */
static inline bool agree(struct connection *connection) {
    if (as_system(connection, SSL_do_handshake(connection->tls)) > 0)
        connection->agreed = true;
    return connection->agreed;
}

/* As recv does, of one record. */
static inline ssize_t receive(struct connection *connection, void *into, size_t room) {
    return as_system(connection, SSL_read(connection->tls, into, (int)room));
}

/* Whether there may be something to receive that does not show at the socket. */
static inline bool holds_more(const struct connection *connection) { return SSL_has_pending(connection->tls); }

/* Whether ciphertext waits for the socket to take it: send nothing then, when it may. */
static inline bool holds_back(const struct connection *connection) { return connection->held; }

/* As send does, but all or nothing: what it began to send it must be given again. */
static inline ssize_t send_some(struct connection *connection, const void *bytes, size_t n) {
    ssize_t sent = n ? as_system(connection, SSL_write(connection->tls, bytes, (int)n)) : 0;
    BIO *out = SSL_get_wbio(connection->tls);
    connection->held = BIO_flush(out) <= 0;
    if (connection->held && !BIO_should_retry(out))
        die_of_tls("cannot send");
    return sent;
}

/* Two pieces, as writev does: as much of both as one record holds goes into one. */
static inline ssize_t send_pieces(struct connection *connection, const struct iovec pieces[2]) {
    static char record[RECORD];
    const char *tail = pieces[1].iov_base;
    size_t head = pieces[0].iov_len, left = pieces[1].iov_len;
    if (!head)
        return send_some(connection, tail, left);
    size_t beside = left < RECORD - head ? left : RECORD - head;
    memcpy(record, pieces[0].iov_base, head);
    memcpy(record + head, tail, beside);
    ssize_t sent = send_some(connection, record, head + beside);
    if (sent > 0 && left > beside) {
        ssize_t more = send_some(connection, tail + beside, left - beside);
        sent += more > 0 ? more : 0;
    }
    return sent;
}

static inline void close_connection(struct connection *connection) {
    SSL_shutdown(connection->tls); /* its end is said, and the broker's not waited for */
    ERR_clear_error();
    SSL_free(connection->tls);
    close(connection->fd);
}

#endif
