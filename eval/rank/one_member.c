#include "eval/rank/one_member.h"

#include "eval/rank/topk_keys.h"
#include "io/base/mem.h"
#include "train/math/product.h"

#include <math.h>
#include <stdlib.h>

status member_scores(isa set, const real *x, const real *y, off n, int k, real *score) {
  off panel = product_panel(set), size = product_packed_size(set, panel, k);
  real *packed = NULL;
  status st = MEM_ALLOC(packed, size, "item panel");
  for (off i = 0; st == OK && i < n; i += panel) {
    off rows = n - i < panel ? n - i : panel;
    product_pack(set, y + i * k, rows, k, k, packed);
    product_block(set, x, 1, k, packed, rows, k, score + i, rows);
  }
  mem_free(packed);
  return st;
}

static int rise(const void *of_a, const void *of_b) {
  lid a = *(const lid *)of_a, b = *(const lid *)of_b;
  return (a > b) - (a < b);
}

status member_best(const real *score, lid n, lid *skip, off n_skip, int top, lid *list, int *count) {
  status st = OK;
  uint64_t *key = NULL;
  int room = topk_capacity(top), held = 0;
  real threshold = -INFINITY;
  off next = 0;
  TRY(MEM_ALLOC(key, room, "best items"));
  qsort(skip, (size_t)n_skip, sizeof *skip, rise);
  for (lid i = 0; i < n; i++) {
    while (next < n_skip && skip[next] < i)
      next++;
    if (!(score[i] >= threshold) || (next < n_skip && skip[next] == i))
      continue;
    key[held++] = topk_key(score[i], i);
    if (held == room) {
      held = topk_cut(key, held, top);
      threshold = topk_key_score(topk_least(key, held));
    }
  }
  held = topk_cut(key, held, top);
  topk_sort(key, held);
  for (int r = 0; r < held; r++)
    list[r] = topk_key_item(key[r]);
  *count = held;
done:
  mem_free(key);
  return st;
}
