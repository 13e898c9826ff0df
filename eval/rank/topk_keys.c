#include "eval/rank/topk_keys.h"

#include <math.h>

/* Partitions key[0 … n-1], all different, around one of them: greater keys come to its left. Returns its place. No
 * branch depends on a key (Lomuto's scheme): half of such branches would be mispredicted. */
static int partition_keys(uint64_t *key, int n) {
  uint64_t a = key[0], b = key[n / 2], c = key[n - 1];
  int at = a < b ? (b < c ? n / 2 : (a < c ? n - 1 : 0)) : (a < c ? 0 : (b < c ? n - 1 : n / 2));
  uint64_t pivot = key[at];
  key[at] = key[n - 1];
  int place = 0;
  for (int i = 0; i < n - 1; i++) {
    uint64_t moving = key[i];
    key[i] = key[place];
    key[place] = moving;
    place += moving > pivot;
  }
  key[n - 1] = key[place];
  key[place] = pivot;
  return place;
}

/* Hoare's selection. */
int topk_cut(uint64_t *key, int n, int top) {
  int left = n < top ? n : top;
  while (n > top) {
    int place = partition_keys(key, n);
    if (place == top || place == top - 1)
      break;
    if (place > top) {
      n = place;
    } else {
      key += place + 1;
      n -= place + 1;
      top -= place + 1;
    }
  }
  return left;
}

uint64_t topk_least(const uint64_t *key, int n) {
  uint64_t least = key[0];
  for (int i = 1; i < n; i++)
    least = key[i] < least ? key[i] : least;
  return least;
}

void topk_sort(uint64_t *key, int n) {
  while (n > 24) {
    int place = partition_keys(key, n);
    topk_sort(key + place + 1, n - place - 1);
    n = place;
  }
  for (int i = 1; i < n; i++) {
    uint64_t moving = key[i];
    int j = i;
    for (; j > 0 && key[j - 1] < moving; j--)
      key[j] = key[j - 1];
    key[j] = moving;
  }
}

void topk_compact(topk_tile *t, int r, int rows_per_group) {
  topk_row *row = &t->row[r];
  row->count = topk_cut(row->key, row->count, t->top);
  t->threshold[r] = topk_key_score(topk_least(row->key, row->count));
  int group = r / rows_per_group;
  double cut = INFINITY;
  for (int i = group * rows_per_group; i < (group + 1) * rows_per_group; i++)
    cut = fmin(cut, t->threshold[i] / t->row[i].norm);
  t->cut[group] = cut;
}
