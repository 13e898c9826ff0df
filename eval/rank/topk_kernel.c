/* The inner loop of eval/rank/topk.h, compiled once per instruction set. */
#include "eval/rank/topk_kernel.h"

#include "train/math/product_tile.h"

_Static_assert((int)ROWS <= (int)TOPK_ROWS_MAX, "a group fits a tile");

int ISA_NAME(topk_rows)(void) {
  return ROWS;
}

/* Puts a row's scores of one panel that reach its threshold (bits of mask) on its list: rare once the threshold is
 * high. */
static __attribute__((noinline)) void offer(topk_tile *t, int r, const vec sum[2], unsigned mask, off first) {
  real score[PANEL];
  vec_store(score, sum[0]);
  vec_store(score + VL, sum[1]);
  topk_row *row = &t->row[r];
  for (; mask != 0; mask &= mask - 1) {
    int at = __builtin_ctz(mask);
    lid item = t->item[first + at];
    if (topk_seen(row, item))
      continue;
    row->key[row->count++] = topk_key(score[at], item);
    if (row->count == t->capacity)
      topk_compact(t, r, ROWS);
  }
}

void ISA_NAME(topk_scan_tile)(topk_tile *t) {
  int active[TOPK_GROUPS], n_active = t->groups;
  for (int g = 0; g < n_active; g++)
    active[g] = g;
  /* The panel of items stays in the first-level cache while all groups are multiplied with it. */
  off panels = ((off)t->n + PANEL - 1) / PANEL;
  for (off j = 0; j < panels && n_active > 0; j++) {
    const real *panel = t->packed + j * PANEL * t->k;
    off left = t->n - j * PANEL;
    unsigned valid = left >= PANEL ? 0xffffffffu >> (32 - PANEL) : (1u << left) - 1;
    for (int a = 0; a < n_active;) {
      int g = active[a];
      if (t->reach[j] < t->cut[g]) {
        active[a] = active[--n_active];
        continue;
      }
      a++;
      t->scanned++;
      vec sum[ROWS][2];
      product_tile(ROWS, t->x + (off)g * t->k * ROWS, 1, ROWS, panel, t->k, sum);
      for (int r = 0; r < ROWS; r++) {
        vec threshold = vec_all(t->threshold[g * ROWS + r]);
        unsigned mask = (vec_reaches(sum[r][0], threshold) | vec_reaches(sum[r][1], threshold) << VL) & valid;
        if (__builtin_expect(mask != 0, 0))
          offer(t, g * ROWS + r, sum[r], mask, j * PANEL);
      }
    }
  }
}
