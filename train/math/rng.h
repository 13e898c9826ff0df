/* A counter-based generator: the number at a place is a pure function of (seed, stream, row, column), so any rank can
 * generate any part of a random matrix. SplitMix64's finalizer (Steele et al. 2014) in a two-round sponge: four words
 * are absorbed one after another, each followed by the full mixing function. */
#ifndef PALATE_TRAIN_MATH_RNG_H
#define PALATE_TRAIN_MATH_RNG_H

#include "io/base/types.h"

#include <math.h>

/* Streams separate uses of one seed. The values enter results: never renumber. */
typedef enum rng_stream {
  RNG_INIT_USERS = 0, /* = side USERS */
  RNG_INIT_ITEMS = 1, /* = side ITEMS */
  RNG_HOLDOUT = 2,
  RNG_KMEANS = 3,
  RNG_BOOTSTRAP = 4,
  RNG_SYNTH = 5,
  RNG_BASELINE = 6,
  RNG_TUNE = 7
} rng_stream;

static inline uint64_t rng_mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* 64 random bits. */
static inline uint64_t rng_bits(uint64_t seed, uint64_t stream, uint64_t row, uint64_t column) {
  return rng_mix(rng_mix(rng_mix(rng_mix(seed) ^ stream) ^ row) ^ column);
}

/* Uniform in [0, 1), with 53 bits. */
static inline double rng_uniform(uint64_t seed, uint64_t stream, uint64_t row, uint64_t column) {
  return (double)(rng_bits(seed, stream, row, column) >> 11) * 0x1p-53;
}

/* Standard normal by Box and Muller; two uniforms come from one counter. */
static inline double rng_normal(uint64_t seed, uint64_t stream, uint64_t row, uint64_t column) {
  uint64_t b = rng_bits(seed, stream, row, column);
  double u = ((double)(b >> 11) + 0.5) * 0x1p-53, v = (double)(rng_mix(b) >> 11) * 0x1p-53;
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

#endif
