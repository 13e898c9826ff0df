#include "eval/measure/group_popular.h"

#include "eval/baseline/popular.h"
#include "eval/metrics/metrics.h"
#include "io/base/mem.h"
#include "train/exchange/lookup.h"
#include "train/groups/group_items.h"
#include "train/groups/lift.h"
#include "train/math/exact.h"
#include "train/rows/row_sort.h"

#include <string.h>

enum { AT = 10, LIST = GROUP_POPULAR_LIST };
/* Smoothing: everyone together counts as this many members of each group, so that a small group's list is not one
 * member's shelf. */
static const double PRIOR = 10;

/* A popular item of a group. */
typedef struct entry {
  lid group, item;
  double share, everywhere; /* smoothed; of all members */
} entry;

typedef struct lists {
  comm *c;
  const group_background *everyone;
  entry *list; /* [n]: by group; from n_done on those of the current batch of groups */
  off n, n_done, room;
  double *rest; /* [n_groups]: the factor on everyone's share for items that are not in the group's list */
} lists;

static double share_of(const group_background *b, double count) {
  return b->members > 0 ? count / (double)b->members : 0;
}

/* Appends a group's list. */
static status put_list(lists *l, lid group, const lifted *best, int n) {
  if (l->room - l->n < n) {
    status st = MEM_REALLOC(l->list, 2 * l->room + 16 * LIST, "popular items of groups");
    if (st != OK)
      return st;
    l->room = 2 * l->room + 16 * LIST;
  }
  for (int i = 0; i < n; i++)
    l->list[l->n++] = (entry){group, best[i].what, best[i].lift, best[i].share};
  return OK;
}

/* A group_visitor's visit: keeps the most popular of our items in a group. */
static status keep_group(void *context, const group_tally *t) {
  lists *l = context;
  lifted best[LIST];
  int n = 0;
  for (lid i = 0; i < t->n; i++) {
    double everywhere = share_of(l->everyone, group_background_of(l->everyone, l->c->rank, t->item[i]));
    double share = ((double)t->count[i] + PRIOR * everywhere) / ((double)t->members + PRIOR);
    lift_offer(best, &n, LIST, (lifted){t->item[i], share, everywhere});
  }
  l->rest[t->group] = PRIOR / ((double)t->members + PRIOR);
  return put_list(l, t->group, best, n);
}

/* A group_visitor's merge: keeps the most popular of all ranks' items, at the group's rank. */
static status merge_groups(void *context, lid first, lid last) {
  lists *l = context;
  group_moved moved;
  status st = group_move(l->c, first, last, l->list + l->n_done, sizeof *l->list, l->n - l->n_done, &moved);
  l->n = l->n_done;
  const entry *all = (const entry *)(const void *)moved.record;
  for (lid g = moved.begin; g < moved.end && st == OK; g++) {
    lifted best[LIST];
    int n = 0;
    for (off i = moved.at[g - moved.begin]; i < moved.at[g - moved.begin + 1]; i++)
      lift_offer(best, &n, LIST, (lifted){all[i].item, all[i].share, all[i].everywhere});
    st = put_list(l, g, best, n);
  }
  l->n_done = l->n;
  group_moved_free(&moved);
  return comm_agree(l->c, st);
}

/* All ranks' lists on every rank: group g has all[first[g]] … all[first[g+1]-1]. Also completes l->rest. Collective;
 * agreed status. */
static status gather(comm *c, lists *l, lid n_groups, entry **all, off **first) {
  status st = OK;
  off *counts = NULL, total = 0;
  entry *raw = NULL;
  TRY(comm_agree(c, MEM_ALLOC(counts, c->size, "counts of ranks")));
  comm_gather_i64(c, l->n, counts);
  for (int r = 0; r < c->size; r++)
    total += counts[r];
  THEN(MEM_ALLOC(raw, total, "popular items of groups"));
  THEN(MEM_ALLOC(*all, total, "popular items of groups"));
  THEN(MEM_ZALLOC(*first, (off)n_groups + 2, "popular items of groups"));
  TRY(comm_agree(c, st));
  comm_share_rows(c, l->list, raw, counts, sizeof *raw);
  off *at = *first + 1;
  for (off i = 0; i < total; i++)
    at[raw[i].group + 1]++;
  for (lid g = 0; g < n_groups; g++)
    at[g + 1] += at[g];
  for (off i = 0; i < total; i++)
    (*all)[at[raw[i].group]++] = raw[i];
  /* A group's factor is known to the ranks that own its items. Groups whose members have no pairs get everyone's share
     unsmoothed. */
  for (lid g = 0; g < n_groups; g++)
    l->rest[g] = l->rest[g] > 0 ? l->rest[g] : 0;
  comm_max_f64(c, l->rest, n_groups);
  for (lid g = 0; g < n_groups; g++)
    l->rest[g] = l->rest[g] > 0 ? l->rest[g] : 1;
done:
  mem_free(raw);
  mem_free(counts);
  return st;
}

/* An item that may enter a member's list. */
typedef struct candidate {
  lid item;
  double score, everywhere; /* of the groups' lists, above the rest; everyone's share */
} candidate;

typedef struct scoring {
  int m;      /* groups of a member */
  entry *all; /* see gather */
  off *first;
  const double *rest; /* of lists */
  popular top;
  double *top_share; /* [top.n_head]: everyone's share */
  candidate *list;   /* [n] of one member */
  lid n;
  uint32_t mask, *slot; /* [mask + 1]: index in list + 1; 0: free */
} scoring;

/* The candidate for an item; a new one has score 0. */
static candidate *candidate_of(scoring *s, lid item, double everywhere) {
  uint32_t at = (uint32_t)item * UINT32_C(0x9e3779b1);
  at ^= at >> 15;
  while (s->slot[at & s->mask] != 0 && s->list[s->slot[at & s->mask] - 1].item != item)
    at++;
  uint32_t *slot = &s->slot[at & s->mask];
  if (*slot == 0) {
    s->list[s->n++] = (candidate){item, 0, everywhere};
    *slot = (uint32_t)s->n;
  }
  return &s->list[*slot - 1];
}

/* The items of the member's groups, and the most popular ones. Returns the factor on everyone's share, which every
 * candidate's score gets in addition. */
static double find_candidates(scoring *s, const lid *group, const real *affinity, const lid *seen, off n_seen) {
  double rest = 0;
  s->n = 0;
  memset(s->slot, 0, sizeof *s->slot * ((size_t)s->mask + 1));
  for (int j = 0; j < s->m; j++)
    for (off e = s->first[group[j]]; e < s->first[group[j] + 1]; e++)
      candidate_of(s, s->all[e].item, s->all[e].everywhere)->score +=
          affinity[j] * (s->all[e].share - s->rest[group[j]] * s->all[e].everywhere);
  for (int j = 0; j < s->m; j++)
    rest += affinity[j] * s->rest[group[j]];
  for (lid r = 0, general = 0; r < s->top.n_head && general < 2 * AT; r++)
    if (!row_contains(seen, n_seen, s->top.head[r])) {
      candidate_of(s, s->top.head[r], s->top_share[r]);
      general++;
    }
  return rest;
}

/* The AT items of highest score for a member that are not in seen; ties to the lower item. Returns how many. */
static lid list_for(scoring *s, const lid *group, const real *affinity, const lid *seen, off n_seen, lid *list) {
  lid n = 0;
  double rest = find_candidates(s, group, affinity, seen, n_seen), best[AT];
  for (lid i = 0; i < s->n; i++) {
    lid item = s->list[i].item;
    double score = s->list[i].score + rest * s->list[i].everywhere;
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

/* Everyone's shares of the head's items, looked up at their owners. Collective; agreed status. */
static status read_top_shares(comm *c, const popular *top, const group_background *everyone, double **out) {
  off *count = NULL;
  status st = MEM_ALLOC(count, top->n_head, "popular items");
  if (st == OK)
    st = MEM_ALLOC(*out, top->n_head, "popular items");
  TRY(comm_agree(c, st));
  TRY(lookup_rows(c, &everyone->items, everyone->count, sizeof *count, top->head, top->n_head, count));
  for (lid r = 0; r < top->n_head; r++)
    (*out)[r] = share_of(everyone, (double)count[r]);
done:
  mem_free(count);
  return st;
}

/* sums: members with a test item; NDCG of the groups' lists; of the popular lists. */
static void add_members(scoring *s, const metrics_plan *plan, const csr *known, const csr *test, const lid *group,
                        const real *affinity, exact_scale scale, int64_t sums[3]) {
  for (lid u = 0; u < test->n_rows; u++) {
    off n_test = test->ptr[u + 1] - test->ptr[u];
    if (n_test == 0)
      continue;
    const lid *wanted = test->col + test->ptr[u], *seen = known->col + known->ptr[u];
    off n_seen = known->ptr[u + 1] - known->ptr[u];
    lid list[AT];
    double figures[METRICS];
    lid n = list_for(s, group + (off)u * s->m, affinity + (off)u * s->m, seen, n_seen, list);
    metrics_of_list(plan, list, n, wanted, n_test, figures);
    sums[1] += exact_term(scale, figures[METRIC_NDCG]);
    n = popular_list(&s->top, seen, n_seen, AT, list);
    metrics_of_list(plan, list, n, wanted, n_test, figures);
    sums[2] += exact_term(scale, figures[METRIC_NDCG]);
    sums[0]++;
  }
}

/* As much of the order of popularity as the busiest member with a test item needs. Collective; agreed status. */
static status make_popular(comm *c, const csr *likes, const csr *known, const csr *test, gid n_items, popular *out) {
  int64_t seen = 0;
  for (lid u = 0; u < test->n_rows; u++)
    if (test->ptr[u + 1] > test->ptr[u] && known->ptr[u + 1] - known->ptr[u] > seen)
      seen = known->ptr[u + 1] - known->ptr[u];
  comm_max_i64(c, &seen, 1);
  return popular_make(c, likes, &(popular_settings){.n_items = n_items, .head = seen + 2 * AT}, out);
}

static status reserve(scoring *s, lists *l, lid n_groups) {
  status st = OK;
  off most = (off)s->m * LIST + 2 * AT;
  TRY(MEM_ZALLOC(l->rest, n_groups, "shares of groups"));
  TRY(MEM_ALLOC(s->list, most, "scores"));
  for (s->mask = 15; s->mask < 2 * (uint32_t)most;)
    s->mask = 2 * s->mask + 1;
  TRY(MEM_ALLOC(s->slot, (off)s->mask + 1, "scores"));
done:
  return st;
}

/* Finds the groups' lists. `own` [members] is scratch. Collective; agreed status. */
static status make_lists(comm *c, const csr *likes, const lid *group, lid n_groups, gid n_items, lid *own, lists *l,
                         scoring *s) {
  status st = OK;
  for (lid u = 0; u < likes->n_rows; u++)
    own[u] = group[(off)u * s->m];
  TRY(read_top_shares(c, &s->top, l->everyone, &s->top_share));
  TRY(group_items_visit(c, likes, own, n_groups, n_items, &(group_visitor){keep_group, merge_groups, l}));
  TRY(gather(c, l, n_groups, &s->all, &s->first));
  s->rest = l->rest;
done:
  return st;
}

status group_popular_measure(comm *c, const csr *likes, const csr *known, const csr *test, const lid *group,
                             const real *affinity, int m, lid n_groups, gid n_items, group_popular *out) {
  status st = OK;
  group_background everyone = {0};
  metrics_plan plan = {0};
  lists l = {.c = c, .everyone = &everyone};
  scoring s = {.m = m};
  lid *own = NULL;
  int64_t sums[3] = {0}, n_all = test->n_rows;
  *out = (group_popular){0};
  TRY(group_background_count(c, likes, n_items, &everyone));
  TRY(make_popular(c, likes, known, test, n_items, &s.top));
  THEN(metrics_plan_create(1, (const int[]){AT}, &plan));
  THEN(reserve(&s, &l, n_groups));
  THEN(MEM_ALLOC(own, likes->n_rows, "first groups"));
  TRY(comm_agree(c, st));
  TRY(make_lists(c, likes, group, n_groups, n_items, own, &l, &s));
  comm_sum_i64(c, &n_all, 1);
  exact_scale scale = exact_scale_for(1, n_all);
  add_members(&s, &plan, known, test, group, affinity, scale, sums);
  comm_sum_i64(c, sums, 3);
  out->users = sums[0];
  if (sums[0] > 0) {
    out->groups = exact_value(scale, sums[1]) / (double)sums[0];
    out->popular = exact_value(scale, sums[2]) / (double)sums[0];
  }
done:
  group_background_free(&everyone);
  popular_free(&s.top);
  metrics_plan_free(&plan);
  mem_free(l.list);
  mem_free(l.rest);
  mem_free(s.all);
  mem_free(s.first);
  mem_free(s.top_share);
  mem_free(s.list);
  mem_free(s.slot);
  mem_free(own);
  return st;
}
