#include "jobs/groups/group_identity.h"

#include "eval/score/match_ids.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "train/centres/centre_sums.h"
#include "train/exchange/part.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void group_past_free(group_past *p) {
  groups_table_free(&p->table);
  mem_free(p->group);
  *p = (group_past){0};
}

/* A row of ours and the parent's row it is. */
typedef struct pair {
  gid theirs;
  lid ours;
} pair;

static int by_their_row(const void *a, const void *b) {
  const pair *x = a, *y = b;
  return x->theirs < y->theirs ? -1 : x->theirs > y->theirs;
}

/* The parent's first groups of the rows named by row[], -1 where there is none: in slabs, because the rows of a rank
 * lie together in the parent too. */
static status read_groups(const char *parent, side s, gid n_theirs, const gid *row, lid count, lid *group) {
  enum { SLAB = 1 << 16 };
  status st = OK;
  pair *list = NULL;
  lid *slab = NULL, n = 0;
  TRY(MEM_ALLOC(list, count, "matched rows"));
  TRY(MEM_ALLOC(slab, SLAB, "groups of the parent"));
  for (lid i = 0; i < count; i++) {
    group[i] = -1;
    if (row[i] >= 0)
      list[n++] = (pair){row[i], i};
  }
  qsort(list, (size_t)n, sizeof *list, by_their_row);
  gid first = 0, end = 0;
  for (lid j = 0; j < n; j++) {
    if (list[j].theirs >= end) {
      first = list[j].theirs;
      end = n_theirs - first < SLAB ? n_theirs : first + SLAB;
      TRY(groups_read_first(parent, s, first, end - first, slab));
    }
    group[list[j].ours] = slab[list[j].theirs - first];
  }
done:
  mem_free(list);
  mem_free(slab);
  return st;
}

status group_past_read(comm *c, const char *parent, model *m, const taste_rows *r, group_past *out) {
  status st = OK;
  model *before = NULL;
  strings ours = {0}, theirs = {0};
  part p = {0};
  gid *row = NULL;
  *out = (group_past){0};
  TRY(model_open(parent, &before));
  TRY(groups_read(parent, r->side, &out->table));
  if (out->table.n_rows != model_rows(before, r->side))
    TRY(status_fail(BAD_DATA, "%s/%s has groups of %lld rows, and the model %lld", parent, groups_file(r->side),
                    (long long)out->table.n_rows, (long long)model_rows(before, r->side)));
  TRY(part_equal(&p, model_rows(before, r->side), c->size));
  TRY(model_read_ids(m, r->side, r->first, r->count, &ours));
  TRY(model_read_ids(before, r->side, p.first[c->rank], part_count(&p, c->rank), &theirs));
  TRY(MEM_ALLOC(row, r->count, "matched rows"));
  TRY(MEM_ALLOC(out->group, r->count, "groups before"));
done:
  st = comm_agree(c, st);
  if (st == OK)
    st = match_rows(c, &ours, &theirs, p.first[c->rank], row);
  if (st == OK)
    st = comm_agree(c, read_groups(parent, r->side, out->table.n_rows, row, r->count, out->group));
  for (lid i = 0; st == OK && i < r->count; i++)
    out->known += out->group[i] >= 0;
  if (st == OK)
    comm_sum_i64(c, &out->known, 1);
  if (st != OK) {
    group_past_free(out);
    /* Yesterday's groups are a help, not a need. */
    if (st == NO_INPUT || st == BAD_DATA) {
      log_warn("groups start without a parent: %s", status_message());
      st = OK;
    }
  }
  model_close(before);
  strings_free(&ours);
  strings_free(&theirs);
  part_free(&p);
  mem_free(row);
  return st;
}

status group_past_seeds(comm *c, const group_past *p, const taste_rows *r, bool unit, real *centre) {
  status st = OK;
  lid groups = p->table.n_groups, *before = NULL, *label = NULL;
  off places = (off)groups * r->k;
  int64_t *sum = NULL, *size = NULL, n_all = r->n_all;
  double largest = 0;
  kmeans_points points = taste_points(r);
  TRY(MEM_ALLOC(before, r->n, "labels"));
  TRY(MEM_ALLOC(label, r->n, "labels"));
  TRY(MEM_ZALLOC(sum, places, "sums of groups"));
  TRY(MEM_ZALLOC(size, groups, "sizes of groups"));
  for (lid i = 0; i < r->n; i++) {
    before[i] = -1;
    label[i] = p->group[r->id[i] - r->first];
  }
  for (off j = 0; j < (off)r->n * r->k; j++)
    largest = fabs((double)r->taste[j]) > largest ? fabs((double)r->taste[j]) : largest;
  memset(centre, 0, sizeof *centre * (size_t)places);
  if (p->table.factors == r->k)
    memcpy(centre, p->table.centroid, sizeof *centre * (size_t)places);
done:
  st = comm_agree(c, st);
  if (st == OK) {
    comm_max_f64(c, &largest, 1);
    exact_scale scale = exact_scale_for(largest, n_all);
    kmeans_sums_move(&points, scale, label, before, sum, size);
    comm_sum_i64(c, sum, places);
    comm_sum_i64(c, size, groups);
    kmeans_sums_centre(scale, sum, size, groups, r->k, unit, centre);
  }
  mem_free(before);
  mem_free(label);
  mem_free(sum);
  mem_free(size);
  return st;
}

void group_changes_free(group_changes *g) {
  mem_free(g->same);
  *g = (group_changes){0};
}

status group_changes_count(comm *c, const group_past *p, const taste_rows *r, const lid *first, lid n_groups,
                           group_changes *out) {
  status st = OK;
  lid before = p->table.n_groups;
  int64_t *stayed = NULL, *were = NULL, *are = NULL, totals[2] = {0};
  *out = (group_changes){0};
  TRY(MEM_ZALLOC(out->same, n_groups, "kept groups"));
  TRY(MEM_ZALLOC(stayed, n_groups, "kept groups"));
  TRY(MEM_ZALLOC(are, n_groups, "kept groups"));
  TRY(MEM_ZALLOC(were, before, "kept groups"));
  for (lid i = 0; i < r->count; i++) {
    lid then = p->group[i], now = first[i];
    if (then < 0)
      continue;
    totals[0]++;
    totals[1] += then != now;
    were[then]++;
    are[now]++;
    stayed[now] += then == now;
  }
done:
  st = comm_agree(c, st);
  if (st == OK) {
    comm_sum_i64(c, totals, 2);
    comm_sum_i64(c, stayed, n_groups);
    comm_sum_i64(c, are, n_groups);
    comm_sum_i64(c, were, before);
    for (lid g = 0; g < n_groups && g < before; g++) {
      out->same[g] = stayed[g] > 0 && 2 * stayed[g] >= were[g] && 2 * stayed[g] >= are[g];
      out->kept += out->same[g];
    }
    out->known = totals[0];
    out->moved = totals[1];
    out->newcomers = r->n_all - totals[0];
  }
  mem_free(stayed);
  mem_free(were);
  mem_free(are);
  if (st != OK)
    group_changes_free(out);
  return st;
}
