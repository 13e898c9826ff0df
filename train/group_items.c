#include "train/group_items.h"

#include "io/mem.h"

#include <stdlib.h>
#include <string.h>

/* One count on its way to the group's rank. */
typedef struct entry {
  lid group, item;
  int64_t count;
} entry;

enum { BATCH_PAIRS = 1 << 22 }; /* pairs of a rank in one batch, about: 64 MB of entries */

status group_background_count(comm *c, const csr *pairs, gid n_items, group_background *out) {
  *out = (group_background){0};
  status st = comm_agree(c, MEM_ZALLOC(out->count, n_items, "popularity of items"));
  if (st != OK)
    return st;
  for (off j = 0; j < csr_nnz(pairs); j++)
    out->count[pairs->col[j]]++;
  int64_t totals[2] = {0, csr_nnz(pairs)};
  for (lid r = 0; r < pairs->n_rows; r++)
    totals[0] += pairs->ptr[r + 1] > pairs->ptr[r];
  comm_sum_i64(c, out->count, n_items);
  comm_sum_i64(c, totals, 2);
  out->members = totals[0];
  out->pairs = totals[1];
  return OK;
}

void group_background_free(group_background *b) {
  mem_free(b->count);
  *b = (group_background){0};
}

typedef struct counting {
  comm *c;
  const csr *pairs;
  lid n_groups, first, last; /* the batch: groups first … last-1 */
  lid *start, *row;          /* members of group g: row[start[g]] … row[start[g+1]-1] */
  int64_t *members;          /* [n_groups], of all ranks */
  int64_t *count;            /* [n_items], all 0 between uses */
  lid *touched;              /* [n_items] */
  int64_t *total;            /* [n_items]: counts of the touched, in their order */
  entry *give, *got;
  off *give_counts, *got_counts, *at;
} counting;

static int by_number(const void *a, const void *b) {
  lid x = *(const lid *)a, y = *(const lid *)b;
  return x < y ? -1 : x > y;
}

/* Members by group, in order of rows. */
static status sort_members(counting *k, const lid *group) {
  status st = OK;
  lid n = k->pairs->n_rows;
  TRY(MEM_ZALLOC(k->start, (off)k->n_groups + 1, "members of groups"));
  TRY(MEM_ALLOC(k->row, n, "members of groups"));
  TRY(MEM_ZALLOC(k->members, k->n_groups, "sizes of groups"));
  for (lid r = 0; r < n; r++) {
    k->start[group[r] + 1]++;
    k->members[group[r]] += k->pairs->ptr[r + 1] > k->pairs->ptr[r];
  }
  for (lid g = 0; g < k->n_groups; g++)
    k->start[g + 1] += k->start[g];
  for (lid r = 0; r < n; r++)
    k->row[k->start[group[r]]++] = r;
  memmove(k->start + 1, k->start, sizeof *k->start * (size_t)k->n_groups);
  k->start[0] = 0;
done:
  return st;
}

static int owner(const counting *k, lid group) {
  return (int)((int64_t)(group - k->first) * k->c->size / (k->last - k->first));
}

/* Sorts the touched items and takes their counts out of the table again. */
static void collect(counting *k, lid n) {
  qsort(k->touched, (size_t)n, sizeof *k->touched, by_number);
  for (lid i = 0; i < n; i++) {
    k->total[i] = k->count[k->touched[i]];
    k->count[k->touched[i]] = 0;
  }
}

/* This rank's counts of the batch into give, by group, and so by owner. */
static off count_batch(counting *k) {
  off n = 0;
  memset(k->give_counts, 0, sizeof *k->give_counts * (size_t)k->c->size);
  for (lid g = k->first; g < k->last; g++) {
    lid touched = 0;
    for (lid m = k->start[g]; m < k->start[g + 1]; m++)
      for (off j = k->pairs->ptr[k->row[m]]; j < k->pairs->ptr[k->row[m] + 1]; j++)
        if (k->count[k->pairs->col[j]]++ == 0)
          k->touched[touched++] = k->pairs->col[j];
    collect(k, touched);
    for (lid i = 0; i < touched; i++)
      k->give[n++] = (entry){g, k->touched[i], k->total[i]};
    k->give_counts[owner(k, g)] += touched;
  }
  return n;
}

/* Adds up what all ranks sent for each of our groups, and shows it. */
static status show_batch(counting *k, status (*each)(void *context, const group_tally *tally), void *context) {
  status st = OK;
  off begin = 0;
  for (int r = 0; r < k->c->size; r++) {
    k->at[r] = begin;
    begin += k->got_counts[r];
    k->got_counts[r] = begin; /* from here on: where the rank's entries end */
  }
  for (lid g = k->first; g < k->last && st == OK; g++) {
    if (owner(k, g) != k->c->rank || k->members[g] == 0)
      continue;
    lid touched = 0;
    for (int r = 0; r < k->c->size; r++)
      for (; k->at[r] < k->got_counts[r] && k->got[k->at[r]].group == g; k->at[r]++) {
        const entry *e = &k->got[k->at[r]];
        if (k->count[e->item] == 0)
          k->touched[touched++] = e->item;
        k->count[e->item] += e->count;
      }
    collect(k, touched);
    group_tally tally = {g, k->members[g], touched, k->touched, k->total};
    st = each(context, &tally);
  }
  return st;
}

static status visit_batch(counting *k, status (*each)(void *context, const group_tally *tally), void *context) {
  status st = OK;
  off most = 0, total = 0;
  for (lid m = k->start[k->first]; m < k->start[k->last]; m++)
    most += k->pairs->ptr[k->row[m] + 1] - k->pairs->ptr[k->row[m]];
  k->give = k->got = NULL;
  st = comm_agree(k->c, MEM_ALLOC(k->give, most, "counts of groups and items"));
  if (st == OK) {
    count_batch(k);
    comm_transpose_i64(k->c, k->give_counts, k->got_counts);
    for (int r = 0; r < k->c->size; r++)
      total += k->got_counts[r];
    st = comm_agree(k->c, MEM_ALLOC(k->got, total, "counts of groups and items"));
  }
  if (st == OK) {
    comm_move_rows(k->c, k->give, k->give_counts, k->got, k->got_counts, sizeof(entry));
    st = comm_agree(k->c, show_batch(k, each, context));
  }
  mem_free(k->give);
  mem_free(k->got);
  return st;
}

status group_items_visit(comm *c, const csr *pairs, const lid *group, lid n_groups, gid n_items,
                         status (*each)(void *context, const group_tally *tally), void *context) {
  status st = OK;
  counting k = {.c = c, .pairs = pairs, .n_groups = n_groups};
  TRY(sort_members(&k, group));
  TRY(MEM_ZALLOC(k.count, n_items, "counts of items"));
  TRY(MEM_ALLOC(k.touched, n_items, "items of a group"));
  TRY(MEM_ALLOC(k.total, n_items, "counts of items"));
  TRY(MEM_ALLOC(k.give_counts, c->size, "counts of ranks"));
  TRY(MEM_ALLOC(k.got_counts, c->size, "counts of ranks"));
  TRY(MEM_ALLOC(k.at, c->size, "counts of ranks"));
done:
  st = comm_agree(c, st);
  if (st == OK) {
    int64_t most = csr_nnz(pairs);
    comm_max_i64(c, &most, 1);
    comm_sum_i64(c, k.members, n_groups);
    int64_t batches = most / BATCH_PAIRS + 1;
    if (batches > n_groups)
      batches = n_groups;
    for (int64_t b = 0; b < batches && st == OK; b++) {
      k.first = (lid)(b * n_groups / batches);
      k.last = (lid)((b + 1) * n_groups / batches);
      st = visit_batch(&k, each, context);
    }
  }
  mem_free(k.start);
  mem_free(k.row);
  mem_free(k.members);
  mem_free(k.count);
  mem_free(k.touched);
  mem_free(k.total);
  mem_free(k.give_counts);
  mem_free(k.got_counts);
  mem_free(k.at);
  return st;
}
