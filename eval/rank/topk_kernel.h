/* The functions of topk_kernel.c, one set for each instruction set. eval/rank/topk.h says what they compute. */
#ifndef PALATE_EVAL_RANK_TOPK_KERNEL_H
#define PALATE_EVAL_RANK_TOPK_KERNEL_H

#include "eval/rank/topk_keys.h"
#include "train/math/isa.h"

/* Returns true if the row's user has already seen the item. */
static inline bool topk_seen(const topk_row *row, lid item) {
  if (row->seen == NULL)
    return false;
  uint32_t mask = 0xffffffffu >> row->seen_shift;
  for (uint32_t at = ((uint32_t)item * 2654435769u) >> row->seen_shift; row->seen[at] != 0; at = (at + 1) & mask)
    if (row->seen[at] == item + 1)
      return true;
  return false;
}

/* topk_rows: users in a group of the tile. topk_scan_tile: offers the tile's items to its users. Local. */
#define TOPK_KERNELS(set)                                                                                              \
  int ISA_JOIN(topk_rows, set)(void);                                                                                  \
  void ISA_JOIN(topk_scan_tile, set)(topk_tile * t);

TOPK_KERNELS(baseline)
TOPK_KERNELS(avx2)
TOPK_KERNELS(avx512)

#endif
