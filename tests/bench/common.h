/* What load generator and relay share: ending with one line, base64, sockets, reading numbers from /proc. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

__attribute__((noreturn, format(printf, 1, 2))) static inline void die(const char *format, ...) {
    va_list words;
    va_start(words, format);
    vfprintf(stderr, format, words);
    va_end(words);
    fputc('\n', stderr);
    exit(1);
}

static inline void *allocate(size_t bytes) {
    void *memory = calloc(1, bytes);
    if (!memory)
        die("no memory for %zu bytes", bytes);
    return memory;
}

static inline size_t encoded_length(size_t bytes) { return (bytes + 2) / 3 * 4; }

/* Standard base64 with padding, no terminator; returns how many characters. */
static inline size_t encode_base64(const uint8_t *in, size_t n, char *out) {
    char *at = out;
    for (; n >= 3; in += 3, n -= 3) {
        uint32_t word = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        *at++ = ALPHABET[word >> 18];
        *at++ = ALPHABET[word >> 12 & 63];
        *at++ = ALPHABET[word >> 6 & 63];
        *at++ = ALPHABET[word & 63];
    }
    if (n) {
        uint32_t word = (uint32_t)in[0] << 16 | (n == 2 ? (uint32_t)in[1] << 8 : 0);
        *at++ = ALPHABET[word >> 18];
        *at++ = ALPHABET[word >> 12 & 63];
        *at++ = n == 2 ? ALPHABET[word >> 6 & 63] : '=';
        *at++ = '=';
    }
    return (size_t)(at - out);
}

/* Decodes characters in fours; returns how many bytes, or -1 for what is no base64. */
static inline ssize_t decode_base64(const char *in, size_t n, uint8_t *out) {
    static uint8_t values[256];
    if (!values[0]) {
        memset(values, 255, sizeof values);
        for (int i = 0; i < 64; i++)
            values[(uint8_t)ALPHABET[i]] = (uint8_t)i;
    }
    if (!n || n % 4)
        return -1;
    size_t padding = in[n - 1] != '=' ? 0 : in[n - 2] != '=' ? 1 : 2;
    uint8_t *at = out, bad = 0;
    for (size_t i = 0; i < n; i += 4) {
        bool last = i + 4 == n;
        uint8_t a = values[(uint8_t)in[i]], b = values[(uint8_t)in[i + 1]];
        uint8_t c = last && padding == 2 ? 0 : values[(uint8_t)in[i + 2]];
        uint8_t d = last && padding ? 0 : values[(uint8_t)in[i + 3]];
        bad |= a | b | c | d;
        *at++ = (uint8_t)(a << 2 | b >> 4);
        if (!last || padding < 2)
            *at++ = (uint8_t)(b << 4 | c >> 2);
        if (!last || !padding)
            *at++ = (uint8_t)(c << 6 | d);
    }
    return bad > 63 ? -1 : at - out;
}

static inline void allow_many_descriptors(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static inline void send_at_once(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static inline long number(const char *word, const char *what) {
    char *end;
    long value = strtol(word, &end, 10);
    if (*end || !*word || value < 0)
        die("%s is not a number for %s", word, what);
    return value;
}

#endif
