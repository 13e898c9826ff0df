#include "eval/match.h"

#include "io/mem.h"
#include "train/part.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* An id on its way: whose it is follows from the list it is in. */
typedef struct ticket {
  uint64_t high, low; /* hash */
  gid row;            /* in theirs; in ours the place among what the rank sent */
} ticket;

static ticket ticket_of(const strings *s, off i) {
  const char *text = s->bytes + i * s->width;
  XXH128_hash_t hash = XXH3_128bits(text, strnlen(text, (size_t)s->width));
  return (ticket){.high = hash.high64, .low = hash.low64, .row = i};
}

static int owner_of(const ticket *t, int size) {
  return (int)(t->high % (uint64_t)size);
}

/* Tickets in the order of their owners, and how many go to each. */
static status make_tickets(const strings *s, gid first, int size, ticket **out, off *give) {
  status st = OK;
  ticket *all = NULL;
  off *next = NULL;
  *out = NULL;
  TRY(MEM_ALLOC(all, s->n, "ids to match"));
  TRY(MEM_ZALLOC(next, (off)size + 1, "counts of ids"));
  for (int r = 0; r < size; r++)
    give[r] = 0;
  for (off i = 0; i < s->n; i++) {
    ticket t = ticket_of(s, i);
    give[owner_of(&t, size)]++;
  }
  for (int r = 0; r < size; r++)
    next[r + 1] = next[r] + give[r];
  for (off i = 0; i < s->n; i++) {
    ticket t = ticket_of(s, i);
    t.row += first;
    all[next[owner_of(&t, size)]++] = t;
  }
done:
  mem_free(next);
  if (st != OK) {
    mem_free(all);
    all = NULL;
  }
  *out = all;
  return st;
}

static int by_hash(const void *of_a, const void *of_b) {
  const ticket *a = of_a, *b = of_b;
  if (a->high != b->high)
    return a->high < b->high ? -1 : 1;
  return a->low < b->low ? -1 : a->low > b->low;
}

static off sum_of(const off *counts, int n) {
  off sum = 0;
  for (int i = 0; i < n; i++)
    sum += counts[i];
  return sum;
}

status match_rows(comm *c, const strings *ours, const strings *theirs, gid first_of_theirs, gid *row) {
  status st = OK;
  ticket *give_ours = NULL, *give_theirs = NULL, *ask = NULL, *known = NULL;
  off *counts = NULL;
  gid *answer = NULL, *back = NULL;
  st = MEM_ALLOC(counts, (off)4 * c->size, "counts of ids");
  TRY(comm_agree(c, st));
  off *give_a = counts, *give_b = counts + c->size, *got_a = counts + 2 * c->size, *got_b = counts + 3 * c->size;
  st = make_tickets(ours, 0, c->size, &give_ours, give_a);
  if (st == OK)
    st = make_tickets(theirs, first_of_theirs, c->size, &give_theirs, give_b);
  TRY(comm_agree(c, st));
  comm_transpose_i64(c, give_a, got_a);
  comm_transpose_i64(c, give_b, got_b);
  off n_ask = sum_of(got_a, c->size), n_known = sum_of(got_b, c->size);
  st = MEM_ALLOC(ask, n_ask, "ids to match");
  if (st == OK)
    st = MEM_ALLOC(known, n_known, "ids to match");
  if (st == OK)
    st = MEM_ALLOC(answer, n_ask, "matched rows");
  if (st == OK)
    st = MEM_ALLOC(back, ours->n, "matched rows");
  TRY(comm_agree(c, st));
  comm_move_rows(c, give_ours, give_a, ask, got_a, sizeof *ask);
  comm_move_rows(c, give_theirs, give_b, known, got_b, sizeof *known);
  qsort(known, (size_t)n_known, sizeof *known, by_hash);
  for (off i = 0; i < n_ask; i++) {
    const ticket *found = bsearch(&ask[i], known, (size_t)n_known, sizeof *known, by_hash);
    answer[i] = found != NULL ? found->row : -1;
  }
  comm_move_rows(c, answer, got_a, back, give_a, sizeof *back);
  for (off i = 0; i < ours->n; i++)
    row[give_ours[i].row] = back[i];
done:
  mem_free(counts);
  mem_free(give_ours);
  mem_free(give_theirs);
  mem_free(ask);
  mem_free(known);
  mem_free(answer);
  mem_free(back);
  return st;
}

/* The other side of a match: one of the two is NULL. */
typedef struct target {
  model *m;
  dataset *d;
} target;

static gid target_rows(const target *t, side s) {
  return t->m != NULL ? model_rows(t->m, s) : s == USERS ? dataset_users(t->d) : dataset_items(t->d);
}

/* The target's rows of the dataset's rows first … first+count-1. */
static status match_side(comm *c, dataset *d, const target *to, side s, gid first, gid count, gid *row) {
  status st = OK;
  part theirs = {0};
  strings our_ids = {0}, their_ids = {0};
  st = part_equal(&theirs, target_rows(to, s), c->size);
  gid their_first = st == OK ? theirs.first[c->rank] : 0, their_count = st == OK ? part_count(&theirs, c->rank) : 0;
  if (st == OK)
    st = dataset_read_ids(d, s, first, count, &our_ids);
  if (st == OK)
    st = to->m != NULL ? model_read_ids(to->m, s, their_first, their_count, &their_ids)
                       : dataset_read_ids(to->d, s, their_first, their_count, &their_ids);
  TRY(comm_agree(c, st));
  TRY(match_rows(c, &our_ids, &their_ids, their_first, row));
done:
  part_free(&theirs);
  strings_free(&our_ids);
  strings_free(&their_ids);
  return st;
}

/* The target's rows of our even share of the dataset's items. *moved: whether any item of the two has different rows in
 * them, or the target has more rows; the same on all ranks. */
typedef struct item_slab {
  part items;
  lid *row;
  int64_t moved;
} item_slab;

static void item_slab_free(item_slab *s) {
  part_free(&s->items);
  mem_free(s->row);
}

static status match_item_slab(comm *c, dataset *d, const target *to, item_slab *out) {
  status st = OK;
  gid *row = NULL, n_theirs = target_rows(to, ITEMS);
  *out = (item_slab){.moved = n_theirs > dataset_items(d)};
  st = part_equal(&out->items, dataset_items(d), c->size);
  gid first = st == OK ? out->items.first[c->rank] : 0, count = st == OK ? part_count(&out->items, c->rank) : 0;
  if (st == OK)
    st = MEM_ALLOC(row, count, "matched items");
  if (st == OK)
    st = MEM_ALLOC(out->row, count, "matched items");
  TRY(comm_agree(c, st));
  TRY(match_side(c, d, to, ITEMS, first, count, row));
  for (gid i = 0; i < count; i++) {
    out->row[i] = (lid)row[i];
    if (row[i] != (first + i < n_theirs ? first + i : -1))
      out->moved = 1;
  }
  comm_max_i64(c, &out->moved, 1);
done:
  mem_free(row);
  return st;
}

static status share_item_slab(comm *c, const item_slab *s, lid *all) {
  off *counts = NULL;
  status st = comm_agree(c, MEM_ALLOC(counts, c->size, "matched items"));
  if (st == OK) {
    for (int r = 0; r < c->size; r++)
      counts[r] = part_count(&s->items, r);
    comm_share_rows(c, s->row, all, counts, sizeof *all);
  }
  mem_free(counts);
  return st;
}

static status match_and_share(comm *c, dataset *d, const target *to, lid *all) {
  item_slab slab = {0};
  status st = match_item_slab(c, d, to, &slab);
  if (st == OK)
    st = share_item_slab(c, &slab, all);
  item_slab_free(&slab);
  return st;
}

status match_users(comm *c, dataset *d, model *m, gid first, gid count, gid *model_user) {
  return match_side(c, d, &(target){.m = m}, USERS, first, count, model_user);
}

status match_items(comm *c, dataset *d, model *m, lid *model_item) {
  return match_and_share(c, d, &(target){.m = m}, model_item);
}

status match_moved_items(comm *c, dataset *d, model *m, lid **model_item) {
  status st = OK;
  item_slab slab = {0};
  *model_item = NULL;
  TRY(match_item_slab(c, d, &(target){.m = m}, &slab));
  if (slab.moved) {
    TRY(comm_agree(c, MEM_ALLOC(*model_item, dataset_items(d), "matched items")));
    TRY(share_item_slab(c, &slab, *model_item));
  }
done:
  item_slab_free(&slab);
  if (st != OK) {
    mem_free(*model_item);
    *model_item = NULL;
  }
  return st;
}

status match_datasets(comm *c, dataset *a, dataset *b, side s, gid first, gid count, gid *row) {
  return match_side(c, a, &(target){.d = b}, s, first, count, row);
}

status match_all_items(comm *c, dataset *a, dataset *b, lid *row) {
  return match_and_share(c, a, &(target){.d = b}, row);
}
