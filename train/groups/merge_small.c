#include "train/groups/merge_small.h"

#include "io/base/mem.h"
#include "train/centres/membership.h"

#include <string.h>

typedef struct merging {
  comm *c;
  const kmeans_points *points;
  lid groups;
  real *centre;  /* (groups, k) */
  int64_t *size; /* [groups], over all ranks */
  lid *label;    /* [n] */
  real *dist2;   /* [n] */
  real *moved;   /* (n, k): the points of a dissolved group */
  lid *to;       /* [n]: their new groups */
} merging;

static status merging_create(merging *m) {
  status st = OK;
  TRY(MEM_ALLOC(m->label, m->points->n, "labels"));
  TRY(MEM_ALLOC(m->dist2, m->points->n, "distances"));
  TRY(MEM_ALLOC(m->moved, (off)m->points->n * m->points->k, "points of small groups"));
  TRY(MEM_ALLOC(m->to, m->points->n, "labels"));
  TRY(membership_nearest(m->points, m->centre, m->groups, 1, m->label, m->dist2));
done:
  return st;
}

static void merging_free(merging *m) {
  mem_free(m->label);
  mem_free(m->dist2);
  mem_free(m->moved);
  mem_free(m->to);
}

static void count_sizes(merging *m) {
  memset(m->size, 0, sizeof *m->size * (size_t)m->groups);
  for (lid i = 0; i < m->points->n; i++)
    m->size[m->label[i]]++;
  comm_sum_i64(m->c, m->size, m->groups);
}

/* The smallest group; of several the last. */
static lid smallest(const merging *m) {
  lid least = 0;
  for (lid g = 1; g < m->groups; g++)
    if (m->size[g] <= m->size[least])
      least = g;
  return least;
}

/* Takes group g away: its points go to the nearest of the others, and later groups move up by one. */
static status dissolve(merging *m, lid g) {
  const kmeans_points *p = m->points;
  lid n = 0;
  m->groups--;
  memmove(m->centre + (off)g * p->k, m->centre + (off)(g + 1) * p->k,
          sizeof *m->centre * (size_t)((off)(m->groups - g) * p->k));
  for (lid i = 0; i < p->n; i++) {
    if (m->label[i] == g)
      memcpy(m->moved + (off)n++ * p->k, p->x + i * p->ld, sizeof(real) * (size_t)p->k);
    m->label[i] = m->label[i] == g ? -1 : m->label[i] - (m->label[i] > g);
  }
  kmeans_points gone = {n, p->k, p->k, m->moved};
  status st = comm_agree(m->c, membership_nearest(&gone, m->centre, m->groups, 1, m->to, m->dist2));
  if (st != OK)
    return st;
  for (lid i = 0, next = 0; i < p->n; i++)
    if (m->label[i] < 0)
      m->label[i] = m->to[next++];
  count_sizes(m);
  return OK;
}

status kmeans_merge_small(comm *c, const kmeans_points *points, const gid *id, const kmeans_settings *config,
                          int64_t least_size, lid least_groups, real *centre, lid *groups, int64_t *size,
                          kmeans_result *result) {
  merging m = {.c = c, .points = points, .groups = config->groups, .centre = centre, .size = size};
  status st = OK;
  lid before;
  TRY(comm_agree(c, merging_create(&m)));
  count_sizes(&m);
  do {
    before = m.groups;
    while (m.groups > least_groups && size[smallest(&m)] < least_size)
      TRY(dissolve(&m, smallest(&m)));
    if (m.groups < before) {
      kmeans_settings again = *config;
      again.groups = m.groups;
      again.done = 0;
      TRY(kmeans_run(c, points, id, &again, centre, m.label, m.dist2, result));
      count_sizes(&m);
    }
  } while (m.groups < before); /* the rounds may have emptied another */
  *groups = m.groups;
done:
  merging_free(&m);
  return st;
}
