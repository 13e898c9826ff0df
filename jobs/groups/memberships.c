#include "jobs/groups/memberships.h"

#include "io/base/mem.h"
#include "train/centres/membership.h"
#include "train/groups/membership_scale.h"

void grouping_free(grouping *g) {
  mem_free(g->group);
  mem_free(g->first);
  mem_free(g->dist2);
  mem_free(g->affinity);
  mem_free(g->size);
}

static status alloc_grouping(lid rows, lid groups, grouping *g) {
  status st = OK;
  TRY(MEM_ALLOC(g->group, (off)rows * g->m, "memberships"));
  TRY(MEM_ALLOC(g->first, rows, "memberships"));
  TRY(MEM_ALLOC(g->dist2, (off)rows * g->m, "memberships"));
  TRY(MEM_ALLOC(g->affinity, (off)rows * g->m, "memberships"));
  TRY(MEM_ZALLOC(g->size, groups, "sizes of groups"));
done:
  return st;
}

/* Our rows' groups and distances; those of the rows with events again into taste (n, m). */
static status find_nearest(const group_settings *s, const taste_rows *r, const real *centre, grouping *g, real *taste) {
  kmeans_points points = {r->count, r->k, r->k, r->x};
  status st = membership_nearest(&points, centre, s->groups, g->m, g->group, g->dist2);
  for (lid i = 0, next = 0; st == OK && i < r->count; i++) {
    bool unseen = next >= r->n || r->id[next] != r->first + i;
    for (int j = 0; j < g->m; j++) {
      if (unseen && s->cosine) {
        /* Without a taste a row is as far from every group. */
        g->group[(off)i * g->m + j] = j;
        g->dist2[(off)i * g->m + j] = 1;
      }
      if (!unseen)
        taste[(off)next * g->m + j] = g->dist2[(off)i * g->m + j];
    }
    next += !unseen;
    g->first[i] = g->group[(off)i * g->m];
    g->size[g->first[i]] += !unseen;
  }
  return st;
}

status memberships_find(comm *c, const group_settings *s, const taste_rows *r, const real *centre, grouping *g) {
  real *taste = NULL;
  g->m = s->memberships < s->groups ? s->memberships : (int)s->groups;
  status st = alloc_grouping(r->count, s->groups, g);
  if (st == OK)
    st = MEM_ALLOC(taste, (off)r->n * g->m, "memberships");
  if (st == OK)
    st = find_nearest(s, r, centre, g, taste);
  TRY(comm_agree(c, st));
  comm_sum_i64(c, g->size, s->groups);
  g->temperature = membership_temperature(c, taste, r->n, g->m);
  membership_affinity(g->dist2, r->count, g->m, g->temperature, g->affinity);
done:
  mem_free(taste);
  return st;
}
