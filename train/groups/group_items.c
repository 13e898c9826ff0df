#include "train/groups/group_items.h"

#include "io/base/mem.h"
#include "train/exchange/shuffle.h"

#include <stdlib.h>
#include <string.h>

/* One count, sent to the item's owner. */
typedef struct entry {
  lid group, item;
  int64_t count;
} entry;

enum { BATCH_PAIRS = 1 << 21 }; /* pairs of a rank in one batch, about: 32 MB of entries, three times */

status group_background_count(comm *c, const csr *pairs, gid n_items, group_background *out) {
  *out = (group_background){0};
  status st = part_equal(&out->items, n_items, c->size);
  if (st == OK)
    st = MEM_ALLOC(out->count, part_count(&out->items, c->rank), "popularity of items");
  TRY(comm_agree(c, st));
  TRY(shuffle_count(c, pairs, &out->items, out->count));
  int64_t totals[2] = {0, csr_nnz(pairs)};
  for (lid r = 0; r < pairs->n_rows; r++)
    totals[0] += pairs->ptr[r + 1] > pairs->ptr[r];
  comm_sum_i64(c, totals, 2);
  out->members = totals[0];
  out->pairs = totals[1];
done:
  if (st != OK)
    group_background_free(out);
  return st;
}

void group_background_free(group_background *b) {
  part_free(&b->items);
  mem_free(b->count);
  *b = (group_background){0};
}

/* --- items of one group: a hash table --- */

typedef struct bag {
  uint32_t *slot; /* [mask + 1]: places + 1; 0: free */
  uint32_t mask;
  entry *list; /* [n] */
  lid n;
  off slots, room;
} bag;

/* Empties it, with room for `most` distinct items. */
static status bag_begin(bag *b, off most) {
  off slots = 16;
  while (slots < 2 * most)
    slots *= 2;
  if (slots > (off)1 << 31)
    return status_fail(NO_MEMORY, "a group has too many items: use more ranks");
  if (slots > b->slots) {
    mem_free(b->slot);
    b->slot = NULL;
    b->slots = 0;
    status st = MEM_ALLOC(b->slot, slots, "items of a group");
    if (st != OK)
      return st;
    b->slots = slots;
  }
  if (most > b->room || b->list == NULL) {
    mem_free(b->list);
    b->list = NULL;
    b->room = 0;
    status st = MEM_ALLOC(b->list, most, "items of a group");
    if (st != OK)
      return st;
    b->room = most;
  }
  b->mask = (uint32_t)(slots - 1);
  b->n = 0;
  memset(b->slot, 0, sizeof *b->slot * (size_t)slots);
  return OK;
}

static void bag_add(bag *b, lid group, lid item, int64_t count) {
  uint32_t at = (uint32_t)item * UINT32_C(0x9e3779b1);
  at ^= at >> 15;
  while (b->slot[at & b->mask] != 0 && b->list[b->slot[at & b->mask] - 1].item != item)
    at++;
  uint32_t *slot = &b->slot[at & b->mask];
  if (*slot == 0) {
    b->list[b->n++] = (entry){group, item, 0};
    *slot = (uint32_t)b->n;
  }
  b->list[*slot - 1].count += count;
}

static int by_item(const void *a, const void *b) {
  lid x = ((const entry *)a)->item, y = ((const entry *)b)->item;
  return x < y ? -1 : x > y;
}

static void bag_free(bag *b) {
  mem_free(b->slot);
  mem_free(b->list);
}

/* --- batches --- */

typedef struct counting {
  comm *c;
  part items;
  const csr *pairs;
  lid n_groups, first, last; /* the batch: groups first … last-1 */
  lid *start, *row;          /* members of group g: row[start[g]] … row[start[g+1]-1] */
  int64_t *members;          /* [n_groups], of all ranks */
  bag bag;
  entry *found, *give, *got; /* by group; by owner, then group; by sender, then group */
  off n, *give_counts, *got_counts, *at;
  lid *item; /* arrays of a tally */
  int64_t *count;
  off tally_room;
} counting;

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

static off pairs_of_groups(const counting *k, lid first, lid last) {
  off n = 0;
  for (lid m = k->start[first]; m < k->start[last]; m++)
    n += k->pairs->ptr[k->row[m] + 1] - k->pairs->ptr[k->row[m]];
  return n;
}

/* This rank's counts of the batch, by group. */
static status count_batch(counting *k) {
  status st = OK;
  k->n = 0;
  TRY(MEM_ALLOC(k->found, pairs_of_groups(k, k->first, k->last), "counts of groups and items"));
  for (lid g = k->first; g < k->last; g++) {
    TRY(bag_begin(&k->bag, pairs_of_groups(k, g, g + 1)));
    for (lid m = k->start[g]; m < k->start[g + 1]; m++)
      for (off j = k->pairs->ptr[k->row[m]]; j < k->pairs->ptr[k->row[m] + 1]; j++)
        bag_add(&k->bag, g, k->pairs->col[j], 1);
    memcpy(k->found + k->n, k->bag.list, sizeof *k->found * (size_t)k->bag.n);
    k->n += k->bag.n;
  }
  TRY(MEM_ALLOC(k->give, k->n, "counts of groups and items"));
done:
  return st;
}

/* Sends them to the items' owners. Collective; agreed status. */
static status move_batch(counting *k) {
  comm *c = k->c;
  memset(k->give_counts, 0, sizeof *k->give_counts * (size_t)c->size);
  for (off i = 0; i < k->n; i++)
    k->give_counts[part_owner(&k->items, k->found[i].item)]++;
  comm_starts(k->at, k->give_counts, c->size);
  for (off i = 0; i < k->n; i++)
    k->give[k->at[part_owner(&k->items, k->found[i].item)]++] = k->found[i];
  mem_free(k->found);
  k->found = NULL;
  comm_transpose_i64(c, k->give_counts, k->got_counts);
  status st =
      comm_agree(c, MEM_ALLOC(k->got, comm_starts(k->at, k->got_counts, c->size), "counts of groups and items"));
  if (st == OK)
    comm_move_rows(c, k->give, k->give_counts, k->got, k->got_counts, sizeof(entry));
  return st;
}

/* Calls the visitor with the bag as a tally. */
static status show(counting *k, lid group, const group_visitor *v) {
  status st = OK;
  bag *b = &k->bag;
  if (b->n > k->tally_room) {
    k->tally_room = 0;
    TRY(MEM_REALLOC(k->item, b->n, "items of a group"));
    TRY(MEM_REALLOC(k->count, b->n, "items of a group"));
    k->tally_room = b->n;
  }
  qsort(b->list, (size_t)b->n, sizeof *b->list, by_item);
  for (lid i = 0; i < b->n; i++) {
    k->item[i] = b->list[i].item;
    k->count[i] = b->list[i].count;
  }
  st = v->each(v->context, &(group_tally){group, k->members[group], b->n, k->item, k->count});
done:
  return st;
}

/* Adds up what all ranks sent about our items for each group, and calls the visitor. */
static status show_batch(counting *k, const group_visitor *v) {
  status st = OK;
  off *end = k->got_counts;
  for (int r = 0; r < k->c->size; r++)
    end[r] += k->at[r];
  for (lid g = k->first; g < k->last && st == OK; g++) {
    off n = 0;
    for (int r = 0; r < k->c->size; r++)
      for (off i = k->at[r]; i < end[r] && k->got[i].group == g; i++)
        n++;
    if (n == 0)
      continue;
    TRY(bag_begin(&k->bag, n));
    for (int r = 0; r < k->c->size; r++)
      for (; k->at[r] < end[r] && k->got[k->at[r]].group == g; k->at[r]++)
        bag_add(&k->bag, g, k->got[k->at[r]].item, k->got[k->at[r]].count);
    st = show(k, g, v);
  }
done:
  return st;
}

static status visit_batch(counting *k, const group_visitor *v) {
  status st = comm_agree(k->c, count_batch(k));
  if (st == OK)
    st = move_batch(k);
  mem_free(k->give);
  if (st == OK)
    st = comm_agree(k->c, show_batch(k, v));
  mem_free(k->got);
  mem_free(k->found);
  k->give = k->got = k->found = NULL;
  return st == OK ? v->end(v->context, k->first, k->last) : st;
}

static status counting_create(counting *k, gid n_items, const lid *group) {
  status st = OK;
  TRY(part_equal(&k->items, n_items, k->c->size));
  TRY(sort_members(k, group));
  TRY(MEM_ALLOC(k->give_counts, k->c->size, "counts of ranks"));
  TRY(MEM_ALLOC(k->got_counts, k->c->size, "counts of ranks"));
  TRY(MEM_ALLOC(k->at, k->c->size, "counts of ranks"));
done:
  return st;
}

static void counting_free(counting *k) {
  part_free(&k->items);
  bag_free(&k->bag);
  mem_free(k->start);
  mem_free(k->row);
  mem_free(k->members);
  mem_free(k->give_counts);
  mem_free(k->got_counts);
  mem_free(k->at);
  mem_free(k->item);
  mem_free(k->count);
}

status group_items_visit(comm *c, const csr *pairs, const lid *group, lid n_groups, gid n_items,
                         const group_visitor *visitor) {
  status st = OK;
  counting k = {.c = c, .pairs = pairs, .n_groups = n_groups};
  TRY(comm_agree(c, counting_create(&k, n_items, group)));
  int64_t most = csr_nnz(pairs);
  comm_max_i64(c, &most, 1);
  comm_sum_i64(c, k.members, n_groups);
  int64_t batches = most / BATCH_PAIRS + 1;
  if (batches > n_groups)
    batches = n_groups;
  for (int64_t b = 0; b < batches; b++) {
    k.first = (lid)(b * n_groups / batches);
    k.last = (lid)((b + 1) * n_groups / batches);
    TRY(visit_batch(&k, visitor));
  }
done:
  counting_free(&k);
  return st;
}

/* --- records to the groups' ranks --- */

static lid share_begin(lid first, lid last, int ranks, int rank) {
  return first + (lid)((int64_t)(last - first) * rank / ranks);
}

void group_share(lid first, lid last, int ranks, int rank, lid *begin, lid *end) {
  *begin = share_begin(first, last, ranks, rank);
  *end = share_begin(first, last, ranks, rank + 1);
}

status group_move(comm *c, lid first, lid last, const void *record, size_t bytes, off n, group_moved *out) {
  status st = OK;
  off *counts = NULL, *next = NULL, total = 0;
  char *got = NULL;
  const char *give = record;
  lid group;
  *out = (group_moved){0};
  group_share(first, last, c->size, c->rank, &out->begin, &out->end);
  lid groups = out->end - out->begin;
  st = MEM_ZALLOC(counts, 2 * (off)c->size, "counts of ranks");
  if (st == OK)
    st = MEM_ZALLOC(out->at, (off)groups + 1, "records of groups");
  if (st == OK)
    st = MEM_ALLOC(next, groups, "records of groups");
  TRY(comm_agree(c, st));
  off *give_counts = counts, *got_counts = counts + c->size;
  int rank = 0;
  for (off i = 0; i < n; i++) {
    memcpy(&group, give + (size_t)i * bytes, sizeof group);
    while (group >= share_begin(first, last, c->size, rank + 1))
      rank++;
    give_counts[rank]++;
  }
  comm_transpose_i64(c, give_counts, got_counts);
  for (int r = 0; r < c->size; r++)
    total += got_counts[r];
  st = mem_alloc((void *)&got, total, bytes, "records of groups");
  if (st == OK)
    st = mem_alloc((void *)&out->record, total, bytes, "records of groups");
  TRY(comm_agree(c, st));
  comm_move_rows(c, record, give_counts, got, got_counts, bytes);
  for (off i = 0; i < total; i++) {
    memcpy(&group, got + (size_t)i * bytes, sizeof group);
    out->at[group - out->begin + 1]++;
  }
  for (lid g = 0; g < groups; g++) {
    next[g] = out->at[g];
    out->at[g + 1] += out->at[g];
  }
  for (off i = 0; i < total; i++) {
    memcpy(&group, got + (size_t)i * bytes, sizeof group);
    memcpy(out->record + (size_t)next[group - out->begin]++ * bytes, got + (size_t)i * bytes, bytes);
  }
done:
  mem_free(counts);
  mem_free(next);
  mem_free(got);
  if (st != OK)
    group_moved_free(out);
  return st;
}

void group_moved_free(group_moved *m) {
  mem_free(m->at);
  mem_free(m->record);
  *m = (group_moved){0};
}
