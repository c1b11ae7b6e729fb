/* The client's half of a WebSocket: the upgrade, and the heads of frames. */
#ifndef BENCH_WEBSOCKET_H
#define BENCH_WEBSOCKET_H

#include "common.h"

enum {
    BINARY = 0x82,    /* a whole message */
    MASKED = 0x80,    /* as a client's must be; all our masks are zeros, which the broker has to apply all the same */
    LENGTH_16 = 126, /* the length is in the two bytes that follow */
    LENGTH_64 = 127,  /* in the eight */
    LONGEST_HEAD = 14,
};

/* Asks for the upgrade; returns how many bytes that is. The key is the one of RFC 6455, section 1.3. */
static inline size_t put_upgrade(char *into) {
    return (size_t)sprintf(into, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                                 "Sec-WebSocket-Protocol: bitbroker.v1\r\n\r\n");
}

/* The head of a message's one frame; returns how long it is. */
static inline size_t put_frame_head(char *into, size_t message) {
    uint8_t *at = (uint8_t *)into;
    size_t length_bytes = message < LENGTH_16 ? 0 : message < 1 << 16 ? 2 : 8;
    at[0] = BINARY;
    at[1] = MASKED | (uint8_t)(length_bytes == 0 ? message : length_bytes == 2 ? LENGTH_16 : LENGTH_64);
    for (size_t i = 0; i < length_bytes; i++)
        at[2 + i] = (uint8_t)(message >> 8 * (length_bytes - 1 - i));
    memset(at + 2 + length_bytes, 0, 4);
    return 2 + length_bytes + 4;
}

/* The length of the frame that begins with these bytes of its head; 0 while the head is not whole. */
static inline size_t frame_length(const char *head, size_t n) {
    const uint8_t *at = (const uint8_t *)head;
    if (n >= 1 && at[0] != BINARY)
        die("a frame that is no whole binary message: %02x", at[0]);
    if (n < 2)
        return 0;
    if (at[1] & MASKED)
        die("a masked frame of the broker");
    size_t length_bytes = at[1] < LENGTH_16 ? 0 : at[1] == LENGTH_16 ? 2 : 8;
    if (!length_bytes)
        return at[1];
    if (n < 2 + length_bytes)
        return 0;
    size_t length = 0;
    for (size_t i = 0; i < length_bytes; i++)
        length = length << 8 | at[2 + i];
    return length;
}

#endif
