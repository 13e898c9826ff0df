/* Vectors of VL floats as the compiler's vector extension spells them, for files compiled once per instruction set. */
#ifndef PALATE_TRAIN_MATH_VEC_H
#define PALATE_TRAIN_MATH_VEC_H

#include "io/base/types.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef real vec __attribute__((vector_size(4 * VL)));

static inline vec vec_load(const real *p) {
  vec v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline void vec_store(real *p, vec v) {
  memcpy(p, &v, sizeof v);
}

static inline vec vec_all(real x) {
  return x - (vec){0};
}

/* Bit i is set if a[i] >= b[i]; never for a NaN. */
static inline unsigned vec_reaches(vec a, vec b) {
#if VL == 16
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GE_OQ);
#elif VL == 8
  return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_GE_OQ));
#elif defined(__x86_64__)
  return (unsigned)_mm_movemask_ps(_mm_cmpge_ps((__m128)a, (__m128)b));
#else
  unsigned bits = 0;
  for (int i = 0; i < VL; i++)
    bits |= (unsigned)(a[i] >= b[i]) << i;
  return bits;
#endif
}

#endif
