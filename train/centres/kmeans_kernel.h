/* What kmeans_kernel.c defines for each instruction set: the inner loops of k-means.
 *
 * The *score* of a point x and a centre c is |c|²/2 − x·c, which orders centres as the distance does (d² = |x|² + 2
 * score). The product is one sum over k in ascending order in one accumulator, so a score's bits depend on the two rows
 * alone: not on the rest of the block, nor on ranks, threads or what was skipped. */
#ifndef PALATE_TRAIN_CENTRES_KMEANS_KERNEL_H
#define PALATE_TRAIN_CENTRES_KMEANS_KERNEL_H

#include "io/base/types.h"
#include "train/math/isa.h"

/* Centres in the order in which they are scanned. A *slot* is a place in that order, a multiple of product_panel() of
 * them a group; places without a centre have half = +inf and never win. */
typedef struct kmeans_centres {
  int k;
  lid n_slots;        /* a multiple of product_panel() */
  const real *packed; /* product_pack() of the centres in slot order */
  const real *half;   /* [n_slots]: |c|²/2 */
  const lid *name;    /* [n_slots]: the number of the centre in a slot; among equal scores the lower number wins */
} kmeans_centres;

/* Points to scan, and what is known about them. */
typedef struct kmeans_scan {
  off m, ldx;
  const real *x; /* (m, ldx) */
  real *best;    /* [m]: least score so far, +inf at first */
  lid *slot;     /* [m]: whose score that is, -1 at first */
  real *low;     /* [m]: least score among the scanned slots but the point's own (that is slot[] after the scan); may be
                    NULL */
  /* Unless low is NULL: points that were taken from a slot outside the scanned range. */
  lid n_displaced;
  lid *displaced;       /* [m]: which point */
  lid *displaced_slot;  /* [m]: the slot it had */
  real *displaced_best; /* [m]: the score it had there */
} kmeans_scan;

#define KMEANS_KERNELS(set)                                                                                               \
  /* Scans slots first … first+count-1, both multiples of the panel. */                                                 \
  void ISA_JOIN(kmeans_scan, set)(const kmeans_centres *c, lid first, lid count, kmeans_scan *s);                         \
  /* out[i] = |x_i − centre[of[i]]|² summed over k by lanes: accurate where the score cancels. of[i] < 0 gives inf. */ \
  void ISA_JOIN(kmeans_distances, set)(const real *x, off m, off ldx, int k, const real *centre, const lid *of,           \
                                       real *out);                                                                        \
  /* out[i] = the score of x_i and centre of[i] for the m listed i, with the bits that kmeans_scan finds. */              \
  void ISA_JOIN(kmeans_own_scores, set)(const real *x, off ldx, const lid *listed, lid m, int k, const real *centre,      \
                                        const real *half, const lid *of, real *out);                                      \
  /* The places i < m where bound[i] − drift <= reach[i], ascending, into list; returns how many. */                    \
  lid ISA_JOIN(kmeans_reached, set)(const real *bound, real drift, const real *reach, lid m, lid *list);                  \
  /* out[j] = min(out[j], |y_j − c|²) for n rows y; the first step has out = +inf. */                                  \
  void ISA_JOIN(kmeans_nearer, set)(const real *y, off n, off ldy, int k, const real *c, real *out);

KMEANS_KERNELS(baseline)
KMEANS_KERNELS(avx2)
KMEANS_KERNELS(avx512)

typedef struct kmeans_kernels {
  void (*scan)(const kmeans_centres *c, lid first, lid count, kmeans_scan *s);
  void (*distances)(const real *x, off m, off ldx, int k, const real *centre, const lid *of, real *out);
  void (*own_scores)(const real *x, off ldx, const lid *listed, lid m, int k, const real *centre, const real *half,
                     const lid *of, real *out);
  lid (*reached)(const real *bound, real drift, const real *reach, lid m, lid *list);
  void (*nearer)(const real *y, off n, off ldy, int k, const real *c, real *out);
} kmeans_kernels;

/* The kernels of a set. */
const kmeans_kernels *kmeans_kernels_of(isa set);

#endif
