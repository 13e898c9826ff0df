#include "eval/measure/columns.h"

#include "io/base/mem.h"

#include <math.h>

enum { LEAST_SLICE = 1 << 8, MOST_SLICE = 1 << 20 };

static layout layout_of(const evaluate_settings *in) {
  layout l = {.cells = in->n_at * METRICS};
  int width = l.cells + 2, next = 0;
  for (int m = 0; m < in->n_models; m++, next += width)
    l.model[m] = next;
  l.popular = next;
  l.pairs = next + width;
  l.resampled = l.pairs + 1;
  l.random = l.resampled;
  next = l.random + width;
  for (int w = 0; w < 2; w++) {
    l.novelty[w] = next++;
    l.variety[w] = next++;
  }
  l.columns = next;
  return l;
}

/* Upper bounds of what a user adds to a column: `error` of a prediction within the scale, `pairs` of test pairs. */
typedef struct bounds {
  double error, pairs;
} bounds;

static bounds find_bounds(comm *c, const evaluate_settings *in) {
  double most[2] = {0, 1};
  for (lid u = 0; u < in->test->n_rows; u++)
    most[1] = fmax(most[1], (double)(in->test->ptr[u + 1] - in->test->ptr[u]));
  for (off e = 0; in->explicit_loss && e < csr_nnz(in->test); e++)
    most[0] = fmax(most[0], fmax(fabs(in->test->val[e] - in->low), fabs(in->test->val[e] - in->high)));
  comm_max_f64(c, most, 2);
  return (bounds){.error = most[0] > 0 ? most[0] : 1, .pairs = most[1]};
}

static status make_tallies(measurement *m, bounds most, int64_t users) {
  status st = OK;
  double *bound = NULL, slice_bound[SLICE_COLUMNS];
  double squared = most.error * most.error * most.pairs, absolute = most.error * most.pairs;
  TRY(MEM_ALLOC(bound, m->at.columns, "bounds"));
  for (int i = 0; i < m->at.columns; i++)
    bound[i] = 1;
  const int contestants[] = {m->at.model[0], m->at.model[m->in->n_models - 1], m->at.popular, m->at.random};
  for (int i = 0; i < 4; i++) {
    bound[contestants[i] + m->at.cells] = squared;
    bound[contestants[i] + m->at.cells + 1] = absolute;
  }
  bound[m->at.pairs] = most.pairs;
  for (int w = 0; w < 2; w++) {
    bound[m->at.novelty[w]] = log2((double)m->in->n_users + 1) + 1;
    bound[m->at.variety[w]] = 2;
  }
  TRY(tally_create(m->in->seed, m->at.columns, m->at.resampled, bound, users, &m->all));
  for (int i = 0; i < SLICE_COLUMNS; i++)
    slice_bound[i] = 1;
  slice_bound[SLICE_ERRORS] = squared;
  slice_bound[SLICE_PAIRS] = most.pairs;
  for (int s = 0; s < SLICE_KINDS; s++)
    TRY(tally_create(m->in->seed, SLICE_COLUMNS, 0, slice_bound, users, &m->slices[s]));
done:
  mem_free(bound);
  return st;
}

/* The order of popularity, as far down as the list of the busiest user with a test item may reach. Collective; agreed
 * status. */
static status make_popular(comm *c, const evaluate_settings *in, int longest, popular *out) {
  int64_t seen = 0, slice = in->memory / 64;
  for (lid u = 0; u < in->test->n_rows; u++)
    if (in->test->ptr[u + 1] > in->test->ptr[u] && in->train->ptr[u + 1] - in->train->ptr[u] > seen)
      seen = in->train->ptr[u + 1] - in->train->ptr[u];
  comm_max_i64(c, &seen, 1);
  popular_settings wish = {.n_items = in->n_items,
                           .skip = in->fold_user,
                           .means = in->explicit_loss,
                           .likes = !in->explicit_loss,
                           .head = seen + longest,
                           .slice = in->memory == 0       ? 0
                                    : slice < LEAST_SLICE ? LEAST_SLICE
                                    : slice > MOST_SLICE  ? MOST_SLICE
                                                          : slice};
  return popular_make(c, in->train, &wish, out);
}

static status make_plans(measurement *m) {
  status st = OK;
  TRY(metrics_plan_create(m->in->n_at, m->in->at, &m->plan));
  TRY(metrics_plan_create(1, m->in->at, &m->first));
done:
  return st;
}

static status make_sums(measurement *m, gid our_items, bounds most, int64_t users) {
  status st = OK;
  for (int w = 0; w < FACTS_LISTS; w++)
    TRY(MEM_ZALLOC(m->shown[w], our_items, "exposure"));
  TRY(make_tallies(m, most, users));
  TRY(model_map_factors(scorer_model(m->in->model[0]), ITEMS, &m->factors));
done:
  return st;
}

status measurement_create(comm *c, const evaluate_settings *in, int64_t users, measurement *m) {
  status st = OK;
  *m = (measurement){.in = in, .at = layout_of(in)};
  bounds most = find_bounds(c, in);
  TRY(comm_agree(c, make_plans(m)));
  TRY(make_popular(c, in, metrics_longest(&m->plan), &m->pop));
  TRY(comm_agree(c, make_sums(m, part_count(&m->pop.owners, c->rank), most, users)));
done:
  return st;
}

void measurement_free(measurement *m) {
  metrics_plan_free(&m->plan);
  metrics_plan_free(&m->first);
  popular_free(&m->pop);
  for (int w = 0; w < FACTS_LISTS; w++)
    mem_free(m->shown[w]);
  tally_free(m->all);
  for (int s = 0; s < SLICE_KINDS; s++)
    tally_free(m->slices[s]);
  done_rows_free(&m->done);
}
