#include "train/math/isa.h"

#include <stdlib.h>
#include <string.h>

static const char *const NAMES[] = {"baseline", "avx2", "avx512"};

const char *isa_name(isa i) {
  return NAMES[i];
}

isa isa_in_use(void) {
  isa best = ISA_BASELINE;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    best = ISA_AVX2;
  if (best == ISA_AVX2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    best = ISA_AVX512;
#endif
  const char *asked = getenv("PALATE_ISA");
  for (int i = 0; asked != NULL && i <= (int)best; i++)
    if (strcmp(asked, NAMES[i]) == 0)
      return (isa)i;
  return best;
}
