/* A histogram of times: 64 buckets for each doubling, so a quantile is off by at most 1.6 %. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include "common.h"

#include <time.h>

enum { FINE_BITS = 6, FINE = 1 << FINE_BITS, BUCKETS = FINE * 48 };

struct histogram {
    uint64_t count, sum, largest;
    uint64_t buckets[BUCKETS];
};

static inline uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline size_t bucket_of(uint64_t ns) {
    if (ns < FINE)
        return ns;
    unsigned doublings = 63u - (unsigned)__builtin_clzll(ns) - FINE_BITS;
    size_t bucket = (size_t)(doublings + 1) * FINE + ((ns >> doublings) - FINE);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The largest time that falls into a bucket. */
static inline uint64_t end_of(size_t bucket) {
    if (bucket < FINE)
        return bucket;
    unsigned doublings = (unsigned)(bucket / FINE) - 1;
    return ((uint64_t)(bucket % FINE + FINE + 1) << doublings) - 1;
}

static inline void record(struct histogram *histogram, uint64_t ns) {
    histogram->count++;
    histogram->sum += ns;
    if (ns > histogram->largest)
        histogram->largest = ns;
    histogram->buckets[bucket_of(ns)]++;
}

static inline uint64_t quantile(const struct histogram *histogram, double share) {
    uint64_t below = (uint64_t)(share * (double)histogram->count), seen = 0;
    for (size_t bucket = 0; bucket < BUCKETS; bucket++)
        if ((seen += histogram->buckets[bucket]) > below)
            return end_of(bucket) < histogram->largest ? end_of(bucket) : histogram->largest;
    return histogram->largest;
}

/* In microseconds, as a member of a JSON object. */
static inline void print_histogram(const char *name, const struct histogram *histogram) {
    double mean = histogram->count ? (double)histogram->sum / (double)histogram->count : 0;
    printf("\"%s\": {\"mean\": %.3f, \"p50\": %.3f, \"p99\": %.3f, \"p99.9\": %.3f, \"largest\": %.3f}", name, mean / 1e3,
           (double)quantile(histogram, 0.5) / 1e3, (double)quantile(histogram, 0.99) / 1e3,
           (double)quantile(histogram, 0.999) / 1e3, (double)histogram->largest / 1e3);
}

#endif
