#include "eval/measure/figures.h"

#include "eval/measure/slices.h"
#include "eval/metrics/exposure.h"
#include "io/base/mem.h"

#include <math.h>
#include <stdio.h>

/* --- means --- */

static double mean_of(const tally *t, int column) {
  return tally_sum(t, column) / (double)tally_users(t);
}

/* base: the contestant's first column. */
static void read_scores(const measurement *m, int base, scores *out) {
  *out = (scores){0};
  for (int a = 0; a < m->in->n_at; a++)
    for (int i = 0; i < METRICS; i++)
      out->at[a][i].value = mean_of(m->all, base + a * METRICS + i);
  if (m->in->explicit_loss) {
    double pairs = tally_sum(m->all, m->at.pairs);
    out->rmse.value = sqrt(tally_sum(m->all, base + m->at.cells) / pairs);
    out->mae.value = tally_sum(m->all, base + m->at.cells + 1) / pairs;
  }
}

static void difference(const scores *a, const scores *b, int n_at, scores *out) {
  *out = (scores){0};
  out->rmse.value = a->rmse.value - b->rmse.value;
  out->mae.value = a->mae.value - b->mae.value;
  for (int at = 0; at < n_at; at++)
    for (int i = 0; i < METRICS; i++)
      out->at[at][i].value = a->at[at][i].value - b->at[at][i].value;
}

/* --- intervals --- */

/* The figure of the contestant whose first column is `base`, in replicate b of the bootstrap. */
typedef double replicate(const tally *t, const layout *l, int base, int column, int b);

static double replicate_mean(const tally *t, const layout *l, int base, int column, int b) {
  (void)l;
  double users = tally_replicate_users(t, b);
  return users > 0 ? tally_replicate_sum(t, base + column, b) / users : 0;
}

/* RMSE for column l->cells, else MAE. */
static double replicate_error(const tally *t, const layout *l, int base, int column, int b) {
  double pairs = tally_replicate_sum(t, l->pairs, b);
  double mean = pairs > 0 ? tally_replicate_sum(t, base + column, b) / pairs : 0;
  return column == l->cells ? sqrt(mean) : mean;
}

/* The interval of a contestant's figure, or if other >= 0 of its difference to the other's. */
static void interval(const measurement *m, replicate *again, int base, int other, int column, figure *f) {
  double values[TALLY_REPLICATES];
  for (int r = 0; r < TALLY_REPLICATES; r++) {
    values[r] = again(m->all, &m->at, base, column, r);
    if (other >= 0)
      values[r] -= again(m->all, &m->at, other, column, r);
  }
  tally_interval(values, &f->low, &f->high);
}

static void read_intervals(const measurement *m, int base, int other, scores *out) {
  out->intervals = true;
  for (int a = 0; a < m->in->n_at; a++)
    for (int i = 0; i < METRICS; i++)
      interval(m, replicate_mean, base, other, a * METRICS + i, &out->at[a][i]);
  if (m->in->explicit_loss) {
    interval(m, replicate_error, base, other, m->at.cells, &out->rmse);
    interval(m, replicate_error, base, other, m->at.cells + 1, &out->mae);
  }
}

/* --- lists and slices --- */

/* shown[n]: how often each of our items was shown; sorted in place. Every rank holds the counts of all ranks, which are
 * few. Collective; agreed status. NO_MEMORY. */
static status read_exposure(comm *c, int64_t *shown, gid n, gid n_items, exposure *out) {
  status st = OK;
  shown_count *mine = NULL, *all = NULL;
  off *counts = NULL, total = 0, kinds = exposure_count(shown, n, NULL);
  THEN(MEM_ALLOC(mine, kinds, "exposure"));
  THEN(MEM_ALLOC(counts, c->size, "exposure"));
  TRY(comm_agree(c, st));
  exposure_count(shown, n, mine);
  comm_gather_i64(c, kinds, counts);
  for (int r = 0; r < c->size; r++)
    total += counts[r];
  TRY(comm_agree(c, MEM_ALLOC(all, total, "exposure")));
  comm_share_rows(c, mine, all, counts, sizeof *all);
  *out = exposure_of(all, total, n_items);
done:
  mem_free(mine);
  mem_free(all);
  mem_free(counts);
  return st;
}

/* The properties of a contestant's lists; w: 0 the first model, 1 most popular. Collective; agreed status. */
static status read_lists(comm *c, measurement *m, int w, scores *out) {
  status st = OK;
  exposure shown;
  TRY(read_exposure(c, m->shown[w], part_count(&m->pop.owners, c->rank), m->in->n_items, &shown));
  out->coverage = shown.coverage;
  out->gini = shown.gini;
  out->novelty = mean_of(m->all, m->at.novelty[w]);
  out->diversity = m->factors != NULL ? mean_of(m->all, m->at.variety[w]) : 0;
done:
  return st;
}

static void read_slices(const measurement *m, evaluation *out) {
  for (int s = 0; s < SLICE_KINDS; s++) {
    const tally *t = m->slices[s];
    if (tally_users(t) == 0)
      continue;
    slice *to = &out->slices[out->n_slices++];
    snprintf(to->name, sizeof to->name, "%s", slice_name(s));
    to->users = tally_users(t);
    for (int i = 0; i < METRICS; i++) {
      to->model[i] = mean_of(t, i);
      to->popular[i] = mean_of(t, METRICS + i);
    }
    to->rmse = m->in->explicit_loss ? sqrt(tally_sum(t, SLICE_ERRORS) / tally_sum(t, SLICE_PAIRS)) : 0;
  }
}

/* --- all --- */

static void sum_over_ranks(comm *c, measurement *m) {
  off n;
  int64_t *sums = tally_sums(m->all, &n);
  comm_sum_i64(c, sums, n);
  for (int s = 0; s < SLICE_KINDS; s++) {
    sums = tally_sums(m->slices[s], &n);
    comm_sum_i64(c, sums, n);
  }
  comm_sum_i64(c, &m->folded_in, 1);
}

status figures_read(comm *c, measurement *m, evaluation *out) {
  status st = OK;
  const evaluate_settings *in = m->in;
  sum_over_ranks(c, m);
  out->folded_in = m->folded_in;
  for (int i = 0; i < in->n_models; i++) {
    read_scores(m, m->at.model[i], &out->model[i]);
    read_intervals(m, m->at.model[i], -1, &out->model[i]);
  }
  read_scores(m, m->at.popular, &out->popular);
  read_scores(m, m->at.random, &out->random);
  difference(&out->model[0], &out->popular, in->n_at, &out->over_popular);
  read_intervals(m, m->at.model[0], m->at.popular, &out->over_popular);
  if (in->n_models == 2) {
    difference(&out->model[0], &out->model[1], in->n_at, &out->difference);
    read_intervals(m, m->at.model[0], m->at.model[1], &out->difference);
  }
  TRY(read_lists(c, m, 0, &out->model[0]));
  TRY(read_lists(c, m, 1, &out->popular));
  read_slices(m, out);
done:
  return st;
}
