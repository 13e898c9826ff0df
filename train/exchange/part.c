#include "train/exchange/part.h"

#include "io/base/mem.h"

int part_owner(const part *p, gid row) {
  /* The last rank whose range begins at or before the row: it is not empty. */
  int low = 0, high = p->size - 1;
  while (low < high) {
    int middle = (low + high + 1) / 2;
    if (p->first[middle] <= row)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

status part_equal(part *p, gid n, int size) {
  *p = (part){.n = n, .size = size};
  status st = MEM_ALLOC(p->first, (off)size + 1, "partition");
  if (st != OK)
    return st;
  for (int r = 0; r <= size; r++)
    p->first[r] = n / size * r + (r < n % size ? r : n % size);
  return OK;
}

void part_free(part *p) {
  mem_free(p->first);
  *p = (part){0};
}

status part_balanced(comm *c, const part *begin, const int64_t *cost, gid granule, int ranks, part *out) {
  gid first = begin->first[c->rank], count = part_count(begin, c->rank);
  int64_t mine = 0;
  for (gid i = 0; i < count; i++)
    mine += cost[i];
  int64_t total = mine;
  comm_sum_i64(c, &total, 1);
  int64_t at = comm_before_i64(c, mine);
  status st = comm_agree(c, part_equal(out, begin->n, ranks));
  if (st != OK || total == 0)
    return st;
  for (int r = 1; r < ranks; r++)
    out->first[r] = -1;
  out->first[0] = 0;
  int r = 1;
  for (gid i = 0; i < count && r < ranks; i++) {
    /* A cut whose target lies within this row moves to the nearer end of the row. */
    for (; r < ranks; r++) {
      int64_t target = total / ranks * r + total % ranks * r / ranks; /* total * r / size without overflow */
      if (target < at)
        continue; /* another rank's */
      if (target >= at + cost[i])
        break;
      gid cut = first + i + (target - at > cost[i] / 2 ? 1 : 0);
      cut = (cut + granule / 2) / granule * granule;
      out->first[r] = cut < begin->n ? cut : begin->n;
    }
    at += cost[i];
  }
  comm_max_i64(c, out->first, ranks);
  out->first[ranks] = begin->n;
  return OK;
}

status part_move(comm *c, const part *from, const part *to, const void *rows, void *out, size_t row_bytes) {
  off *counts;
  status st = comm_agree(c, MEM_ALLOC(counts, 2 * (off)c->size, "row counts"));
  if (st != OK) {
    mem_free(counts);
    return st;
  }
  for (int r = 0; r < c->size; r++) {
    /* Contiguous ranges in rank order on both sides: two ranks exchange the intersection of their ranges. */
    for (int way = 0; way < 2; way++) {
      const part *a = way == 0 ? from : to, *b = way == 0 ? to : from;
      gid low = a->first[c->rank] > b->first[r] ? a->first[c->rank] : b->first[r];
      gid high = a->first[c->rank + 1] < b->first[r + 1] ? a->first[c->rank + 1] : b->first[r + 1];
      counts[way * c->size + r] = high > low ? high - low : 0;
    }
  }
  comm_move_rows(c, rows, counts, out, counts + c->size, row_bytes);
  mem_free(counts);
  return OK;
}
