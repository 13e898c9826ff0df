#include "eval/measure/exposure.h"

#include "io/base/mem.h"

#include <stdlib.h>

/* How many items were shown so many times. */
typedef struct shown_count {
  int64_t shown, items;
} shown_count;

/* By the first member; also of plain int64_t. */
static int rise(const void *of_a, const void *of_b) {
  int64_t a = *(const int64_t *)of_a, b = *(const int64_t *)of_b;
  return (a > b) - (a < b);
}

/* Counts equal numbers of shown[n], which ascends, into out (NULL: not wanted). Returns how many distinct there are. */
static off count_equal(const int64_t *shown, gid n, shown_count *out) {
  off kinds = 0;
  for (gid i = 0; i < n; i++) {
    if (i == 0 || shown[i] != shown[i - 1]) {
      if (out != NULL)
        out[kinds] = (shown_count){.shown = shown[i]};
      kinds++;
    }
    if (out != NULL)
      out[kinds - 1].items++;
  }
  return kinds;
}

/* From the counts of all ranks, which ascend. */
static exposure exposure_of(const shown_count *all, off n, gid n_items) {
  double sum = 0, ranked = 0, covered = 0, items = (double)n_items, before = 0;
  for (off e = 0, end; e < n; e = end) {
    double times = (double)all[e].shown, alike = 0;
    for (end = e; end < n && all[end].shown == all[e].shown; end++)
      alike += (double)all[end].items;
    covered += times > 0 ? alike : 0;
    sum += times * alike;
    ranked += times * (alike * before + alike * (alike + 1) / 2); /* times the ranks before + 1 … before + alike */
    before += alike;
  }
  return (exposure){.coverage = covered / items,
                    .gini = sum > 0 ? 2 * ranked / (items * sum) - (items + 1) / items : 0};
}

/* Few counts are distinct (with s lists in all, fewer than their square root), so every rank may hold them all. */
status exposure_read(comm *c, int64_t *shown, gid n, gid n_items, exposure *out) {
  status st = OK;
  shown_count *mine = NULL, *all = NULL;
  off *counts = NULL, total = 0;
  qsort(shown, (size_t)n, sizeof *shown, rise);
  off kinds = count_equal(shown, n, NULL);
  THEN(MEM_ALLOC(mine, kinds, "exposure"));
  THEN(MEM_ALLOC(counts, c->size, "exposure"));
  TRY(comm_agree(c, st));
  count_equal(shown, n, mine);
  comm_gather_i64(c, kinds, counts);
  for (int r = 0; r < c->size; r++)
    total += counts[r];
  TRY(comm_agree(c, MEM_ALLOC(all, total, "exposure")));
  comm_share_rows(c, mine, all, counts, sizeof *all);
  qsort(all, (size_t)total, sizeof *all, rise);
  *out = exposure_of(all, total, n_items);
done:
  mem_free(mine);
  mem_free(all);
  mem_free(counts);
  return st;
}
