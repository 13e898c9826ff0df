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
static void read_scores(const bench *b, int base, scores *out) {
  *out = (scores){0};
  for (int a = 0; a < b->in->n_at; a++)
    for (int m = 0; m < METRICS; m++)
      out->at[a][m].value = mean_of(b->all, base + a * METRICS + m);
  if (b->in->explicit_loss) {
    double pairs = tally_sum(b->all, b->at.pairs);
    out->rmse.value = sqrt(tally_sum(b->all, base + b->at.cells) / pairs);
    out->mae.value = tally_sum(b->all, base + b->at.cells + 1) / pairs;
  }
}

static void difference(const scores *a, const scores *b, int n_at, scores *out) {
  *out = (scores){0};
  out->rmse.value = a->rmse.value - b->rmse.value;
  out->mae.value = a->mae.value - b->mae.value;
  for (int i = 0; i < n_at; i++)
    for (int m = 0; m < METRICS; m++)
      out->at[i][m].value = a->at[i][m].value - b->at[i][m].value;
}

/* --- intervals --- */

/* A model's figure in replicate b of the bootstrap. */
typedef double replicate(const tally *t, const layout *l, int model, int column, int b);

static double replicate_mean(const tally *t, const layout *l, int model, int column, int b) {
  double users = tally_replicate_users(t, b);
  return users > 0 ? tally_replicate_sum(t, l->model[model] + column, b) / users : 0;
}

/* RMSE for column l->cells, else MAE. */
static double replicate_error(const tally *t, const layout *l, int model, int column, int b) {
  double pairs = tally_replicate_sum(t, l->pairs, b);
  double mean = pairs > 0 ? tally_replicate_sum(t, l->model[model] + column, b) / pairs : 0;
  return column == l->cells ? sqrt(mean) : mean;
}

/* The interval of a model's figure, or if other >= 0 of its difference to the other model's. */
static void interval(const bench *b, replicate *again, int model, int other, int column, figure *f) {
  double values[TALLY_REPLICATES];
  for (int r = 0; r < TALLY_REPLICATES; r++) {
    values[r] = again(b->all, &b->at, model, column, r);
    if (other >= 0)
      values[r] -= again(b->all, &b->at, other, column, r);
  }
  tally_interval(values, &f->low, &f->high);
}

static void read_intervals(const bench *b, int model, int other, scores *out) {
  out->intervals = true;
  for (int a = 0; a < b->in->n_at; a++)
    for (int m = 0; m < METRICS; m++)
      interval(b, replicate_mean, model, other, a * METRICS + m, &out->at[a][m]);
  if (b->in->explicit_loss) {
    interval(b, replicate_error, model, other, b->at.cells, &out->rmse);
    interval(b, replicate_error, model, other, b->at.cells + 1, &out->mae);
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
static status read_lists(comm *c, bench *b, int w, scores *out) {
  status st = OK;
  exposure shown;
  TRY(read_exposure(c, b->shown[w], part_count(&b->pop.owners, c->rank), b->in->n_items, &shown));
  out->coverage = shown.coverage;
  out->gini = shown.gini;
  out->novelty = mean_of(b->all, b->at.novelty[w]);
  out->diversity = b->factors != NULL ? mean_of(b->all, b->at.variety[w]) : 0;
done:
  return st;
}

static void read_slices(const bench *b, evaluation *out) {
  for (int s = 0; s < SLICE_KINDS; s++) {
    const tally *t = b->slices[s];
    if (tally_users(t) == 0)
      continue;
    slice *to = &out->slices[out->n_slices++];
    snprintf(to->name, sizeof to->name, "%s", slice_name(s));
    to->users = tally_users(t);
    for (int m = 0; m < METRICS; m++) {
      to->model[m] = mean_of(t, m);
      to->popular[m] = mean_of(t, METRICS + m);
    }
    to->rmse = b->in->explicit_loss ? sqrt(tally_sum(t, SLICE_ERRORS) / tally_sum(t, SLICE_PAIRS)) : 0;
  }
}

/* --- all --- */

static void sum_over_ranks(comm *c, bench *b) {
  off n;
  int64_t *sums = tally_sums(b->all, &n);
  comm_sum_i64(c, sums, n);
  for (int s = 0; s < SLICE_KINDS; s++) {
    sums = tally_sums(b->slices[s], &n);
    comm_sum_i64(c, sums, n);
  }
  comm_sum_i64(c, &b->folded_in, 1);
}

status figures_read(comm *c, bench *b, evaluation *out) {
  status st = OK;
  const evaluate_settings *in = b->in;
  sum_over_ranks(c, b);
  out->folded_in = b->folded_in;
  for (int m = 0; m < in->n_models; m++) {
    read_scores(b, b->at.model[m], &out->model[m]);
    read_intervals(b, m, -1, &out->model[m]);
  }
  read_scores(b, b->at.popular, &out->popular);
  read_scores(b, b->at.random, &out->random);
  if (in->n_models == 2) {
    difference(&out->model[0], &out->model[1], in->n_at, &out->difference);
    read_intervals(b, 0, 1, &out->difference);
  }
  TRY(read_lists(c, b, 0, &out->model[0]));
  TRY(read_lists(c, b, 1, &out->popular));
  read_slices(b, out);
done:
  return st;
}
