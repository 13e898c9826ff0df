/* Which vector instructions the kernels use: one binary, chosen at run time.
 *
 * A kernel file is compiled once for each set (see palate_pure in CMakeLists.txt) with VL, the floats of a vector, and
 * ISA_NAME(), which appends the set's name to a function. PALATE_ISA=baseline|avx2|avx512 in the environment selects a
 * smaller set than the machine has. Results may differ between sets in the last bits; within one they depend on the
 * data alone. */
#ifndef PALATE_TRAIN_MATH_ISA_H
#define PALATE_TRAIN_MATH_ISA_H

typedef enum isa { ISA_BASELINE, ISA_AVX2, ISA_AVX512 } isa;

/* The set in use: the best of this processor, or a smaller one selected by PALATE_ISA. The same at every call.
 * Local. */
isa isa_in_use(void);
const char *isa_name(isa i);

#define ISA_JOIN_(name, set) name##_##set
#define ISA_JOIN(name, set) ISA_JOIN_(name, set)
#ifdef ISA_SET /* baseline, avx2 or avx512, defined by the build for files compiled once per set */
#define ISA_NAME(name) ISA_JOIN(name, ISA_SET)
#endif

#endif
