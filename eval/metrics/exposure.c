#include "eval/metrics/exposure.h"

#include <stdlib.h>

/* By the first member; also of plain int64_t. */
static int rise(const void *of_a, const void *of_b) {
  int64_t a = *(const int64_t *)of_a, b = *(const int64_t *)of_b;
  return (a > b) - (a < b);
}

off exposure_count(int64_t *shown, gid n, shown_count *out) {
  off kinds = 0;
  qsort(shown, (size_t)n, sizeof *shown, rise);
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

exposure exposure_of(shown_count *all, off n, gid n_items) {
  double sum = 0, ranked = 0, covered = 0, items = (double)n_items, before = 0;
  qsort(all, (size_t)n, sizeof *all, rise);
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
