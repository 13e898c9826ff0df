#include "eval/group_popular.h"

#include "eval/metrics.h"
#include "eval/popular.h"
#include "io/mem.h"
#include "train/exact.h"
#include "train/group_items.h"
#include "train/row_sort.h"

#include <string.h>

enum { AT = 10, LIST = GROUP_POPULAR_LIST };
/* Members that everyone is counted as in each group, so that small groups do not speak from one member's shelf. */
static const double PRIOR = 10;

/* A popular item of a group. */
typedef struct entry {
  lid group, item;
  double share; /* smoothed */
} entry;

typedef struct lists {
  const group_background *everyone;
  entry *list; /* by group, n of them */
  off n, room;
  double *rest; /* [n_groups]: what everyone's share is multiplied by for items that are not in the group's list */
} lists;

static double share_everywhere(const group_background *b, lid item) {
  return b->members > 0 ? (double)b->count[item] / (double)b->members : 0;
}

/* Keeps the most popular items of a group. */
static status keep_group(void *context, const group_tally *t) {
  lists *l = context;
  status st = OK;
  if (l->room - l->n < LIST) {
    TRY(MEM_REALLOC(l->list, 2 * l->room + 16 * LIST, "popular items of groups"));
    l->room = 2 * l->room + 16 * LIST;
  }
  entry *best = l->list + l->n;
  int n = 0;
  for (lid i = 0; i < t->n; i++) {
    double share =
        ((double)t->count[i] + PRIOR * share_everywhere(l->everyone, t->item[i])) / ((double)t->members + PRIOR);
    if (n == LIST && share <= best[LIST - 1].share)
      continue;
    int at = n < LIST ? n++ : LIST - 1;
    for (; at > 0 && best[at - 1].share < share; at--)
      best[at] = best[at - 1];
    best[at] = (entry){t->group, t->item[i], share};
  }
  l->n += n;
  l->rest[t->group] = PRIOR / ((double)t->members + PRIOR);
done:
  return st;
}

/* All ranks' lists on every rank, by group: list[first[g]] … list[first[g+1]-1]. */
static status gather(comm *c, lists *l, lid n_groups, entry **all, off **first) {
  status st = OK;
  off *counts = NULL, total = 0;
  entry *raw = NULL;
  *all = NULL;
  *first = NULL;
  st = comm_agree(c, MEM_ALLOC(counts, c->size, "counts of ranks"));
  if (st == OK) {
    comm_gather_i64(c, l->n, counts);
    for (int r = 0; r < c->size; r++)
      total += counts[r];
    st = MEM_ALLOC(raw, total, "popular items of groups");
    if (st == OK)
      st = MEM_ALLOC(*all, total, "popular items of groups");
    if (st == OK)
      st = MEM_ZALLOC(*first, (off)n_groups + 2, "popular items of groups");
    st = comm_agree(c, st);
  }
  if (st == OK) {
    comm_share_rows(c, l->list, raw, counts, sizeof *raw);
    off *at = *first + 1;
    for (off i = 0; i < total; i++)
      at[raw[i].group + 1]++;
    for (lid g = 0; g < n_groups; g++)
      at[g + 1] += at[g];
    for (off i = 0; i < total; i++)
      (*all)[at[raw[i].group]++] = raw[i];
  }
  mem_free(raw);
  mem_free(counts);
  return st;
}

typedef struct scoring {
  const entry *all;
  const off *first;
  const double *rest;
  const group_background *everyone;
  const popular *top;
  double *score; /* [n_items], 0 between members */
  lid *touched;  /* [n_items] */
} scoring;

/* The AT items of highest score for a member that are not in seen; ties to the lower item. */
static lid list_for(const scoring *s, const lid *group, const real *affinity, int m, const lid *seen, off n_seen,
                    lid *list) {
  lid n = 0, candidates = 0;
  double rest = 0, best[AT];
  lid general[2 * AT];
  for (int j = 0; j < m; j++)
    for (off e = s->first[group[j]]; e < s->first[group[j] + 1]; e++) {
      /* Above what every item gets below. */
      if (s->score[s->all[e].item] == 0)
        s->touched[candidates++] = s->all[e].item;
      s->score[s->all[e].item] +=
          affinity[j] * (s->all[e].share - s->rest[group[j]] * share_everywhere(s->everyone, s->all[e].item));
    }
  for (int j = 0; j < m; j++)
    rest += affinity[j] * s->rest[group[j]];
  lid n_general = popular_list(s->top, seen, n_seen, 2 * AT, general);
  for (lid i = 0; i < n_general; i++)
    if (s->score[general[i]] == 0) {
      s->touched[candidates++] = general[i];
      s->score[general[i]] = 1e-300; /* marked */
    }
  for (lid i = 0; i < candidates; i++) {
    lid item = s->touched[i];
    double score = s->score[item] + rest * share_everywhere(s->everyone, item);
    s->score[item] = 0;
    if (row_contains(seen, n_seen, item))
      continue;
    if (n == AT && !(score > best[AT - 1] || (score == best[AT - 1] && item < list[AT - 1])))
      continue;
    lid at = n < AT ? n++ : AT - 1;
    for (; at > 0 && (best[at - 1] < score || (best[at - 1] == score && list[at - 1] > item)); at--) {
      best[at] = best[at - 1];
      list[at] = list[at - 1];
    }
    best[at] = score;
    list[at] = item;
  }
  return n;
}

static void add_members(const scoring *s, const metrics_plan *plan, const csr *train, const csr *test, const lid *group,
                        const real *affinity, int m, exact_scale scale, int64_t *sums) {
  for (lid u = 0; u < test->n_rows; u++) {
    off n_test = test->ptr[u + 1] - test->ptr[u];
    if (n_test == 0)
      continue;
    const lid *wanted = test->col + test->ptr[u], *seen = train->col + train->ptr[u];
    off n_seen = train->ptr[u + 1] - train->ptr[u];
    lid list[AT];
    double figures[METRICS];
    lid n = list_for(s, group + (off)u * m, affinity + (off)u * m, m, seen, n_seen, list);
    metrics_of_list(plan, list, n, wanted, n_test, figures);
    sums[1] += exact_term(scale, figures[METRIC_NDCG]);
    n = popular_list(s->top, seen, n_seen, AT, list);
    metrics_of_list(plan, list, n, wanted, n_test, figures);
    sums[2] += exact_term(scale, figures[METRIC_NDCG]);
    sums[0]++;
  }
}

status group_popular_measure(comm *c, const csr *train, const csr *test, const lid *group, const real *affinity, int m,
                             lid n_groups, gid n_items, group_popular *out) {
  status st = OK;
  group_background everyone = {0};
  popular top = {0};
  metrics_plan plan = {0};
  lists l = {.everyone = &everyone};
  scoring s = {.everyone = &everyone, .top = &top};
  entry *all = NULL;
  off *first = NULL;
  lid *own = NULL;
  int64_t sums[3] = {0};
  *out = (group_popular){0};
  TRY(group_background_count(c, train, n_items, &everyone));
  int64_t seen = 0;
  for (lid u = 0; u < test->n_rows; u++)
    if (test->ptr[u + 1] > test->ptr[u] && train->ptr[u + 1] - train->ptr[u] > seen)
      seen = train->ptr[u + 1] - train->ptr[u];
  comm_max_i64(c, &seen, 1);
  TRY(popular_make(c, train, &(popular_wish){.n_items = n_items, .head = seen + 2 * AT}, &top));
  st = metrics_plan_create(1, (const int[]){AT}, &plan);
  if (st == OK)
    st = MEM_ZALLOC(l.rest, n_groups, "shares of groups");
  if (st == OK)
    st = MEM_ZALLOC(s.score, n_items, "scores");
  if (st == OK)
    st = MEM_ALLOC(s.touched, n_items, "scores");
  if (st == OK)
    st = MEM_ALLOC(own, train->n_rows, "first groups");
  TRY(comm_agree(c, st));
  for (lid u = 0; u < train->n_rows; u++)
    own[u] = group[(off)u * m];
  TRY(group_items_visit(c, train, own, n_groups, n_items, keep_group, &l));
  TRY(gather(c, &l, n_groups, &all, &first));
  /* A group's share of everyone's opinion is known to the group's rank; groups of members without pairs have all. */
  for (lid g = 0; g < n_groups; g++)
    l.rest[g] = l.rest[g] > 0 ? l.rest[g] : 0;
  comm_max_f64(c, l.rest, n_groups);
  for (lid g = 0; g < n_groups; g++)
    l.rest[g] = l.rest[g] > 0 ? l.rest[g] : 1;
  s.all = all;
  s.first = first;
  s.rest = l.rest;
  int64_t n_all = test->n_rows;
  comm_sum_i64(c, &n_all, 1);
  exact_scale scale = exact_scale_for(1, n_all);
  add_members(&s, &plan, train, test, group, affinity, m, scale, sums);
  comm_sum_i64(c, sums, 3);
  out->users = sums[0];
  if (sums[0] > 0) {
    out->groups = exact_value(scale, sums[1]) / (double)sums[0];
    out->popular = exact_value(scale, sums[2]) / (double)sums[0];
  }
done:
  group_background_free(&everyone);
  popular_free(&top);
  metrics_plan_free(&plan);
  mem_free(l.list);
  mem_free(l.rest);
  mem_free(s.score);
  mem_free(s.touched);
  mem_free(all);
  mem_free(first);
  mem_free(own);
  return st;
}
