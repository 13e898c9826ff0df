/* Vectors of VL floats as the compiler's vector extension spells them, for files compiled once per instruction set. */
#ifndef PALATE_TRAIN_VEC_H
#define PALATE_TRAIN_VEC_H

#include "io/types.h"

#include <string.h>

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

#endif
