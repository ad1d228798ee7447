/* A histogram of latencies. Each doubling of the value has 32 buckets, so a bucket is 3% wide. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>
#include <string.h>

#define BUCKETS_PER_DOUBLING_BITS 5
#define BUCKETS_PER_DOUBLING (1u << BUCKETS_PER_DOUBLING_BITS)
#define BUCKETS ((64 - BUCKETS_PER_DOUBLING_BITS + 1) * BUCKETS_PER_DOUBLING)

struct histogram {
  uint64_t counts[BUCKETS];
  uint64_t count;
  uint64_t max_ns;
};

static inline void histogram_clear(struct histogram *h) { memset(h, 0, sizeof *h); }

static inline void histogram_add(struct histogram *h, uint64_t ns) {
  unsigned bucket = (unsigned)ns; /* each small value has its own bucket */
  if (ns >= BUCKETS_PER_DOUBLING) {
    unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - BUCKETS_PER_DOUBLING_BITS;
    bucket = shift * BUCKETS_PER_DOUBLING + (unsigned)(ns >> shift);
  }
  h->counts[bucket]++;
  h->count++;
  if (ns > h->max_ns) h->max_ns = ns;
}

/* The least value of the bucket with this quantile (`share`, from 0 to 1). */
static inline uint64_t histogram_percentile_ns(const struct histogram *h, double share) {
  uint64_t wanted = (uint64_t)((double)h->count * share), seen = 0;
  for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
    seen += h->counts[bucket];
    if (h->counts[bucket] == 0 || seen < wanted) continue;
    if (bucket < 2 * BUCKETS_PER_DOUBLING) return bucket;
    unsigned shift = bucket / BUCKETS_PER_DOUBLING - 1;
    return (uint64_t)(bucket - shift * BUCKETS_PER_DOUBLING) << shift;
  }
  return h->max_ns;
}

#endif
