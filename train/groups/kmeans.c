#include "train/groups/kmeans.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/stop.h"
#include "train/centres/centre_sums.h"

#include <math.h>
#include <string.h>

typedef struct run {
  comm *c;
  const kmeans_points *points;
  const gid *id;
  const kmeans_settings *config;
  kmeans_assigner *assigner;
  exact_scale scale;        /* of the sums of points */
  int64_t n_all;            /* points on all ranks */
  int64_t *own_sum, *sum;   /* (G, k): this rank's, and all ranks' */
  int64_t *own_size, *size; /* [G] */
  lid *before;              /* [n]: the label that own_sum counts a point under */
} run;

static void run_free(run *r) {
  kmeans_assigner_free(r->assigner);
  mem_free(r->own_sum);
  mem_free(r->sum);
  mem_free(r->own_size);
  mem_free(r->size);
  mem_free(r->before);
}

static status run_alloc(run *r) {
  status st = OK;
  lid groups = r->config->groups, n = r->points->n;
  int k = r->points->k;
  TRY(kmeans_assigner_create(r->points, groups, r->config->bound_bytes, &r->assigner));
  TRY(MEM_ZALLOC(r->own_sum, (off)groups * k, "sums of groups"));
  TRY(MEM_ALLOC(r->sum, (off)groups * k, "sums of groups"));
  TRY(MEM_ZALLOC(r->own_size, groups, "sizes of groups"));
  TRY(MEM_ALLOC(r->size, groups, "sizes of groups"));
  TRY(MEM_ALLOC(r->before, n, "labels"));
  for (lid i = 0; i < n; i++)
    r->before[i] = -1;
done:
  return st;
}

static status run_create(run *r) {
  lid n = r->points->n;
  int k = r->points->k;
  double largest = 0;
  status st = comm_agree(r->c, run_alloc(r));
  if (st != OK)
    return st;
  for (lid i = 0; i < n; i++)
    for (int p = 0; p < k; p++)
      largest = fmax(largest, fabs((double)r->points->x[i * r->points->ld + p]));
  comm_max_f64(r->c, &largest, 1);
  r->n_all = n;
  comm_sum_i64(r->c, &r->n_all, 1);
  r->scale = exact_scale_for(largest, r->n_all);
  return OK;
}

/* Σ dist2 over all ranks, exact. */
static double inertia_of(run *r, const real *dist2) {
  double largest = 0;
  int64_t sum = 0;
  for (lid i = 0; i < r->points->n; i++)
    largest = fmax(largest, dist2[i]);
  comm_max_f64(r->c, &largest, 1);
  exact_scale scale = exact_scale_for(largest, r->n_all);
  for (lid i = 0; i < r->points->n; i++)
    sum += exact_term(scale, dist2[i]);
  comm_sum_i64(r->c, &sum, 1);
  return exact_value(scale, sum);
}

/* The sizes and sums of all ranks after this round's labels. Returns this rank's moved points. */
static int64_t add_up(run *r, const lid *label) {
  lid groups = r->config->groups;
  off places = (off)groups * r->points->k;
  int64_t moved = kmeans_sums_move(r->points, r->scale, label, r->before, r->own_sum, r->own_size);
  memcpy(r->sum, r->own_sum, sizeof *r->sum * (size_t)places);
  memcpy(r->size, r->own_size, sizeof *r->size * (size_t)groups);
  comm_sum_i64(r->c, r->sum, places);
  comm_sum_i64(r->c, r->size, groups);
  return moved;
}

/* The farthest point of group g over all ranks, ties to the lower row: its place here, or -1 on other ranks. */
static lid farthest(run *r, const lid *label, const real *dist2, lid g, double *far) {
  double most = -1;
  lid mine = -1;
  for (lid i = 0; i < r->points->n; i++)
    if (label[i] == g && dist2[i] > most) {
      most = dist2[i];
      mine = i;
    }
  *far = most;
  comm_max_f64(r->c, far, 1);
  int64_t row = mine >= 0 && most == *far ? -r->id[mine] : INT64_MIN;
  comm_max_i64(r->c, &row, 1);
  return mine >= 0 && most == *far && -r->id[mine] == row ? mine : -1;
}

/* Gives every empty group the farthest point of the group with the largest inertia. */
static status repair(run *r, lid *label, real *dist2, int64_t *repaired) {
  status st = OK;
  lid groups = r->config->groups;
  int64_t *inertia = NULL;
  double largest = 0;
  *repaired = 0;
  for (lid g = 0; g < groups; g++)
    *repaired += r->size[g] == 0;
  if (*repaired == 0)
    return OK;
  st = comm_agree(r->c, MEM_ZALLOC(inertia, groups, "inertia of groups"));
  if (st != OK)
    return st;
  for (lid i = 0; i < r->points->n; i++)
    largest = fmax(largest, dist2[i]);
  comm_max_f64(r->c, &largest, 1);
  exact_scale scale = exact_scale_for(largest, r->n_all);
  for (lid i = 0; i < r->points->n; i++)
    inertia[label[i]] += exact_term(scale, dist2[i]);
  comm_sum_i64(r->c, inertia, groups);
  for (lid empty = 0; empty < groups && st == OK; empty++) {
    if (r->size[empty] > 0)
      continue;
    lid from = 0;
    double far = 0;
    for (lid g = 1; g < groups; g++)
      if (inertia[g] > inertia[from])
        from = g;
    lid i = -1;
    if (inertia[from] > 0 && r->size[from] > 1)
      i = farthest(r, label, dist2, from, &far);
    if (!(far > 0)) {
      st = status_fail(BAD_DATA,
                       "fewer distinct factor rows than the %d groups requested (single precision cannot tell some "
                       "apart): use fewer groups",
                       groups);
      break;
    }
    inertia[from] -= exact_term(scale, far);
    r->size[from]--;
    r->size[empty] = 1;
    if (i >= 0) {
      label[i] = empty;
      dist2[i] = 0;
      kmeans_assigner_relabel(r->assigner, i);
    }
  }
  mem_free(inertia);
  return st;
}

/* Labels for the centres as they are: assignment, repair, sums. */
static status assign_round(run *r, const real *centre, lid *label, real *dist2, kmeans_round *round) {
  kmeans_work work;
  status st = comm_agree(r->c, kmeans_assign(r->assigner, centre, label, dist2, &work));
  if (st != OK)
    return st;
  round->moved = add_up(r, label);
  st = repair(r, label, dist2, &round->emptied);
  if (st != OK)
    return st;
  if (round->emptied > 0)
    round->moved += add_up(r, label);
  int64_t totals[3] = {round->moved, work.scanned, work.skipped};
  comm_sum_i64(r->c, totals, 3);
  round->moved = totals[0];
  round->skipped = totals[1] + totals[2] > 0 ? (double)totals[2] / (double)(totals[1] + totals[2]) : 0;
  round->inertia = inertia_of(r, dist2);
  return OK;
}

status kmeans_leave(void *context, const kmeans_round *round) {
  if (stop_agreed(context, false))
    return status_fail(STOPPED, "in round %d of a trial of groups; run the same command again to resume", round->round);
  return OK;
}

status kmeans_run(comm *c, const kmeans_points *points, const gid *id, const kmeans_settings *config, real *centre,
                  lid *label, real *dist2, kmeans_result *result) {
  run r = {.c = c, .points = points, .id = id, .config = config};
  enum { EXTRA_ROUNDS = 20 };
  double last = INFINITY;
  int extra = 0;
  bool again = config->done > 0; /* resumed: repeat the assignment of the last round */
  *result = (kmeans_result){.rounds = config->done};
  status st = run_create(&r);
  for (lid i = 0; i < points->n; i++)
    label[i] = -1;
  while (st == OK) {
    kmeans_round round = {.round = result->rounds + 1};
    double started = seconds_now();
    st = assign_round(&r, centre, label, dist2, &round);
    if (st != OK)
      break;
    if (again) {
      again = false;
      last = round.inertia;
      kmeans_sums_centre(r.scale, r.sum, r.size, config->groups, points->k, config->unit, centre);
      continue;
    }
    round.seconds = seconds_now() - started;
    result->inertia = round.inertia;
    result->converged = round.moved == 0;
    /* The last assignment belongs to the centres returned, so that after the last round there is one more assignment;
     * it counts as a round only if an empty group had to receive a point. */
    bool done = result->rounds >= config->rounds;
    bool stop = result->converged || (done && (round.emptied == 0 || extra++ == EXTRA_ROUNDS)) ||
                (config->tolerance > 0 && last - round.inertia < config->tolerance * round.inertia);
    if (!done) {
      result->rounds++;
      round.last = stop;
      if (config->on_round != NULL)
        st = comm_agree(c, config->on_round(config->context, &round));
    }
    if (stop || st != OK)
      break;
    last = round.inertia;
    kmeans_sums_centre(r.scale, r.sum, r.size, config->groups, points->k, config->unit, centre);
  }
  run_free(&r);
  return st;
}
