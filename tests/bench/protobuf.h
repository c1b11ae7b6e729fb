/* Protobuf, as far as the extended wire needs it here. */
#ifndef BENCH_PROTOBUF_H
#define BENCH_PROTOBUF_H

#include "common.h"

static inline uint8_t *put_varint(uint8_t *at, uint64_t value) {
    for (; value > 127; value >>= 7)
        *at++ = (uint8_t)(value | 128);
    *at++ = (uint8_t)value;
    return at;
}

static inline uint8_t *put_number(uint8_t *at, int field, uint64_t value) {
    return put_varint(put_varint(at, (uint64_t)field << 3), value);
}

static inline uint8_t *put_bytes(uint8_t *at, int field, const void *bytes, size_t n) {
    at = put_varint(put_varint(at, (uint64_t)field << 3 | 2), n);
    memcpy(at, bytes, n);
    return at + n;
}

struct field {
    int number;
    uint64_t value;       /* or how many bytes */
    const uint8_t *bytes; /* NULL for a number */
};

static inline uint64_t take_varint(const uint8_t **at, const uint8_t *end) {
    uint64_t value = 0;
    for (int shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return value;
    }
    die("a number without an end");
}

static inline bool take_field(const uint8_t **at, const uint8_t *end, struct field *field) {
    if (*at == end)
        return false;
    uint64_t tag = take_varint(at, end);
    *field = (struct field){.number = (int)(tag >> 3), .value = take_varint(at, end)};
    if ((tag & 7) == 2) {
        if (field->value > (uint64_t)(end - *at))
            die("a field that is longer than its message");
        field->bytes = *at;
        *at += field->value;
    } else if (tag & 7) {
        die("a field of type %d", (int)(tag & 7));
    }
    return true;
}

#endif
