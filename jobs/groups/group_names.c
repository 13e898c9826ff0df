#include "jobs/groups/group_names.h"

#include "io/base/mem.h"
#include "train/groups/group_items.h"
#include "train/math/product.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shares are smoothed by this floor (train/groups/lift.h): what less than a few per cent of all consume cannot stand
 * for a group by being rare. */
static const double ITEM_FLOOR = 0.1;

/* --- from pairs --- */

typedef struct tallying {
  group_naming w;
  group_background everyone;
} tallying;

static status tell_tally(void *context, const group_tally *t) {
  tallying *k = context;
  group_naming *w = &k->w;
  lifted best[GROUPS_TOP];
  int n = 0, rank = w->c->rank;
  gid first = w->tags.items.first[rank];
  memset(w->tag_here, 0, sizeof *w->tag_here * (size_t)w->tags.n_words);
  for (lid i = 0; i < t->n; i++) {
    double count = (double)t->count[i], all = group_background_of(&k->everyone, rank, t->item[i]);
    double times = lift(count, (double)t->members, all, (double)k->everyone.members, ITEM_FLOOR);
    lift_offer(best, &n, GROUPS_TOP, (lifted){t->item[i], times, count / (double)t->members});
    item_tags_add(&w->tags, t->item[i] - first, count, w->tag_here);
  }
  return labels_offer(w, t->group, best, n);
}

static status meet(void *context, lid first, lid last) {
  return labels_merge(&((tallying *)context)->w, first, last);
}

status group_names_from_pairs(comm *c, model *m, const csr *pairs, const lid *group, lid n_groups, group_names *out) {
  tallying k;
  memset(&k, 0, sizeof k);
  *out = (group_names){0};
  status st = naming_begin(c, m, &k.w);
  if (st == OK)
    st = group_background_count(c, pairs, model_rows(m, ITEMS), &k.everyone);
  if (st == OK) {
    naming_background(&k.w, k.everyone.count);
    st = group_items_visit(c, pairs, group, n_groups, model_rows(m, ITEMS), &(group_visitor){tell_tally, meet, &k});
  }
  if (st == OK)
    st = labels_gather(&k.w, n_groups, out);
  naming_free(&k.w);
  group_background_free(&k.everyone);
  return st;
}

/* --- without the dataset --- */

/* What a group is predicted to love: items by how much more its centroid gives them than the mean centroid. */
static status name_centroids(group_naming *w, const real *centroid, const real *mean, lid first, lid count, int k) {
  enum { ITEMS_AT_ONCE = 1024 };
  status st = OK;
  isa set = isa_in_use();
  real *items = NULL, *packed = NULL, *here = NULL, *everywhere = NULL;
  lifted *best = NULL;
  int *n_best = NULL;
  gid n_items = model_rows(w->m, ITEMS);
  /* Predictions of an explicit model are ratings, of an implicit one nearly shares. */
  double floor = model_is_explicit(w->m) ? 2 : ITEM_FLOOR;
  TRY(MEM_ALLOC(items, (off)ITEMS_AT_ONCE * k, "item factors"));
  TRY(MEM_ALLOC(packed, product_packed_size(set, ITEMS_AT_ONCE, k), "packed item factors"));
  TRY(MEM_ALLOC(here, ITEMS_AT_ONCE, "predictions"));
  TRY(MEM_ALLOC(everywhere, ITEMS_AT_ONCE, "predictions"));
  TRY(MEM_ALLOC(best, (off)count * GROUPS_TOP, "top items of groups"));
  TRY(MEM_ZALLOC(n_best, count, "top items of groups"));
  for (gid at = 0; at < n_items; at += ITEMS_AT_ONCE) {
    gid n = n_items - at < ITEMS_AT_ONCE ? n_items - at : ITEMS_AT_ONCE;
    TRY(model_read_factors(w->m, ITEMS, at, n, items, k));
    product_pack(set, items, n, k, k, packed);
    product_block(set, mean, 1, k, packed, n, k, everywhere, ITEMS_AT_ONCE);
    for (lid g = 0; g < count; g++) {
      product_block(set, centroid + (off)(first + g) * k, 1, k, packed, n, k, here, ITEMS_AT_ONCE);
      for (gid i = 0; i < n; i++)
        lift_offer(best + (off)g * GROUPS_TOP, &n_best[g], GROUPS_TOP,
                   (lifted){(lid)(at + i), (fmax(here[i], 0) + floor) / (fmax(everywhere[i], 0) + floor), 0});
    }
  }
  for (lid g = 0; g < count; g++)
    TRY(naming_alone(w, first + g, best + (off)g * GROUPS_TOP, n_best[g]));
done:
  mem_free(items);
  mem_free(packed);
  mem_free(here);
  mem_free(everywhere);
  mem_free(best);
  mem_free(n_best);
  return st;
}

status group_names_from_factors(comm *c, model *m, const real *centroid, const int64_t *size, lid n_groups,
                                group_names *out) {
  group_naming w;
  part groups = {0};
  real *mean = NULL;
  int k = model_factors(m);
  status st = OK;
  *out = (group_names){0};
  st = naming_begin(c, m, &w);
  if (st != OK) {
    naming_free(&w);
    return st;
  }
  naming_background(&w, NULL);
  TRY(MEM_ALLOC(mean, k, "mean centroid"));
  TRY(part_equal(&groups, n_groups, c->size));
  for (int p = 0; p < k; p++) {
    double sum = 0, weight = 0;
    for (lid g = 0; g < n_groups; g++) {
      sum += (double)size[g] * centroid[(off)g * k + p];
      weight += (double)size[g];
    }
    mean[p] = (real)(weight > 0 ? sum / weight : 0);
  }
  TRY(name_centroids(&w, centroid, mean, (lid)groups.first[c->rank], (lid)part_count(&groups, c->rank), k));
done:
  st = comm_agree(c, st);
  if (st == OK)
    st = labels_gather(&w, n_groups, out);
  part_free(&groups);
  mem_free(mean);
  naming_free(&w);
  return st;
}

/* --- groups of items --- */

/* One of our items, in its group. */
typedef struct member {
  lid group, item;
  real dist2;
} member;

static int by_nearness(const void *a, const void *b) {
  const member *x = a, *y = b;
  if (x->group != y->group)
    return x->group < y->group ? -1 : 1;
  if (x->dist2 != y->dist2)
    return x->dist2 < y->dist2 ? -1 : 1;
  return x->item < y->item ? -1 : x->item > y->item;
}

/* Tells of the groups of a sorted list; `first` is our first item. */
static status tell_members(group_naming *w, const member *list, gid n, gid first) {
  status st = OK;
  for (gid begin = 0, end = 0; begin < n && st == OK; begin = end) {
    lifted best[GROUPS_TOP];
    int n_best = 0;
    memset(w->tag_here, 0, sizeof *w->tag_here * (size_t)w->tags.n_words);
    for (; end < n && list[end].group == list[begin].group; end++) {
      if (n_best < GROUPS_TOP)
        best[n_best++] = (lifted){list[end].item, -(double)list[end].dist2, 0};
      item_tags_add(&w->tags, list[end].item - first, 1, w->tag_here);
    }
    st = labels_offer(w, list[begin].group, best, n_best);
  }
  return st;
}

status group_names_of_items(comm *c, model *m, gid first, gid count, const lid *group, const real *dist2, lid n_groups,
                            group_names *out) {
  group_naming w;
  member *mine = NULL;
  *out = (group_names){0};
  status st = naming_begin(c, m, &w);
  if (st == OK) {
    naming_background(&w, NULL);
    st = MEM_ALLOC(mine, count, "items by group");
  }
  if (st == OK) {
    for (gid i = 0; i < count; i++)
      mine[i] = (member){group[i], (lid)(first + i), dist2[i]};
    qsort(mine, (size_t)count, sizeof *mine, by_nearness);
    st = tell_members(&w, mine, count, first);
  }
  st = comm_agree(c, st);
  if (st == OK)
    st = labels_merge(&w, 0, n_groups);
  if (st == OK)
    st = labels_gather(&w, n_groups, out);
  mem_free(mine);
  naming_free(&w);
  return st;
}
