#include "train/groups/choose_number.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/checkpoint.h"
#include "train/centres/membership.h"
#include "train/groups/kmeans.h"
#include "train/groups/merge_small.h"
#include "train/groups/seed.h"
#include "train/math/exact.h"
#include "train/math/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 12, TERMS = 16, FOLD_COLUMN = 251, LEAST_POINTS = 10, POINTS_PER_GROUP = 5, EVERY = 8 };
static const double HELD_OUT = 0.2;

/* One part of this rank's sampled points. */
typedef struct fold {
  lid n;
  real *x; /* (n, k) */
  gid *id; /* [n] */
} fold;

static void fold_free(fold *f) {
  mem_free(f->x);
  mem_free(f->id);
}

/* 0: not in the sample, 1: to fit, 2: held out. Depends on the row and the seed alone. */
static int lot(uint64_t seed, gid row, double share) {
  double u = rng_uniform(seed, RNG_KMEANS, (uint64_t)row, FOLD_COLUMN);
  if (u >= share)
    return 0;
  return u < share * HELD_OUT ? 2 : 1;
}

static status fold_take(const kmeans_points *points, const gid *id, uint64_t seed, double share, int which, fold *f) {
  status st = OK;
  *f = (fold){0};
  for (lid i = 0; i < points->n; i++)
    f->n += lot(seed, id[i], share) == which;
  TRY(MEM_ALLOC(f->x, (off)f->n * points->k, "sample of points"));
  TRY(MEM_ALLOC(f->id, f->n, "sample of points"));
  for (lid i = 0, to = 0; i < points->n; i++)
    if (lot(seed, id[i], share) == which) {
      memcpy(f->x + (off)to * points->k, points->x + i * points->ld, sizeof(real) * (size_t)points->k);
      f->id[to++] = id[i];
    }
done:
  return st;
}

/* log Σ π_g N(x; c_g, σ²) over the nearest groups, for every held-out point. */
static void likelihoods(const lid *group, const real *dist2, lid n, int m, int k, const int64_t *size, int64_t fitted,
                        double variance, double *out) {
  double normal = -0.5 * k * log(2 * 3.141592653589793 * variance);
  for (lid i = 0; i < n; i++) {
    double term[TERMS], most = -INFINITY, sum = 0;
    for (int j = 0; j < m; j++) {
      double weight = (double)size[group[(off)i * m + j]] / (double)fitted;
      term[j] = log(weight) - dist2[(off)i * m + j] / (2 * variance);
      most = fmax(most, term[j]);
    }
    for (int j = 0; j < m; j++)
      sum += exp(term[j] - most);
    out[i] = normal + most + log(sum);
  }
}

/* The exact sum over ranks of f(values): it does not depend on how points are distributed. */
static double sum_all(comm *c, const double *a, const double *b, lid n, int64_t n_all, bool squared) {
  double largest = 0;
  int64_t sum = 0;
  for (int pass = 0; pass < 2; pass++) {
    exact_scale scale = exact_scale_for(largest, n_all);
    for (lid i = 0; i < n; i++) {
      double d = a[i] - (b != NULL ? b[i] : 0), value = squared ? d * d : d;
      if (pass == 0)
        largest = fmax(largest, fabs(value));
      else
        sum += exact_term(scale, value);
    }
    if (pass == 0)
      comm_max_f64(c, &largest, 1);
    else {
      comm_sum_i64(c, &sum, 1);
      return exact_value(scale, sum);
    }
  }
  return 0;
}

typedef struct trial {
  comm *c;
  const fold *fit, *held;
  int k;
  bool unit;
  uint64_t seed;
  int64_t fitted, held_out;
  int64_t least_size; /* of the fitted points */
  lid least_groups;
} trial;

/* One fit, and the nearest groups of the held-out points. */
typedef struct attempt {
  real *centre, *dist2, *far;
  lid *label, *near;
  int64_t *size;
} attempt;

static status attempt_create(attempt *a, const trial *t, lid groups, int m) {
  status st = OK;
  *a = (attempt){0};
  TRY(MEM_ALLOC(a->centre, (off)groups * t->k, "centroids"));
  TRY(MEM_ALLOC(a->label, t->fit->n, "labels"));
  TRY(MEM_ALLOC(a->dist2, t->fit->n, "distances"));
  TRY(MEM_ZALLOC(a->size, groups, "sizes of groups"));
  TRY(MEM_ALLOC(a->near, (off)t->held->n * m, "nearest groups"));
  TRY(MEM_ALLOC(a->far, (off)t->held->n * m, "nearest groups"));
done:
  return st;
}

static void attempt_free(attempt *a) {
  mem_free(a->centre);
  mem_free(a->label);
  mem_free(a->dist2);
  mem_free(a->size);
  mem_free(a->near);
  mem_free(a->far);
}

/* Fits `groups` groups and scores the held-out points into out[held->n]. */
static status try_groups(const trial *t, lid groups, double *out) {
  status st = OK;
  attempt a;
  kmeans_result result;
  int m = groups < TERMS ? (int)groups : TERMS;
  kmeans_points fit = {t->fit->n, t->k, t->k, t->fit->x}, held = {t->held->n, t->k, t->k, t->held->x};
  kmeans_settings config = {.groups = groups,
                            .rounds = ROUNDS,
                            .unit = t->unit,
                            .bound_bytes = (int64_t)t->fit->n * t->k * 8,
                            .on_round = kmeans_leave,
                            .context = t->c};
  TRY(comm_agree(t->c, attempt_create(&a, t, groups, m)));
  TRY(kmeans_seed(t->c, &fit, t->fit->id, groups, t->seed, FOLD_COLUMN, a.centre));
  TRY(kmeans_run(t->c, &fit, t->fit->id, &config, a.centre, a.label, a.dist2, &result));
  if (t->least_size > 0) {
    TRY(kmeans_merge_small(t->c, &fit, t->fit->id, &config, t->least_size, t->least_groups, a.centre, &groups, a.size,
                           &result));
    m = groups < m ? (int)groups : m;
  } else {
    for (lid i = 0; i < fit.n; i++)
      a.size[a.label[i]]++;
    comm_sum_i64(t->c, a.size, groups);
  }
  TRY(comm_agree(t->c, membership_nearest(&held, a.centre, groups, m, a.near, a.far)));
  double variance = result.inertia / ((double)t->fitted * t->k);
  likelihoods(a.near, a.far, held.n, m, t->k, a.size, t->fitted, fmax(variance, 1e-30), out);
done:
  attempt_free(&a);
  return st;
}

/* 1, 2, 3, 4, 6, 8, 11, 16 … : half octaves from `least` to `most`, or every number of a short range. */
static int list_numbers(lid least, lid most, lid *out) {
  int n = 0;
  if (most - least < EVERY) {
    for (lid x = least; x <= most; x++)
      out[n++] = x;
    return n;
  }
  for (int half = 0; n < KMEANS_AUTO_MAX; half++) {
    double x = floor(least * pow(2, 0.5 * half) + 0.5);
    if (x > most)
      break;
    if (n == 0 || (lid)x != out[n - 1])
      out[n++] = (lid)x;
  }
  return n;
}

/* The best by mean, and the smallest within one standard error of it. */
static void choose(const trial *t, const double *each, kmeans_curve *out) {
  lid n = t->held->n;
  double mean[KMEANS_AUTO_MAX];
  out->best = 0;
  for (int g = 0; g < out->n; g++) {
    mean[g] = sum_all(t->c, each + (off)g * n, NULL, n, t->held_out, false) / (double)t->held_out;
    out->best = mean[g] > mean[out->best] ? g : out->best;
  }
  out->chosen = out->best;
  for (int g = out->n - 1; g >= 0; g--) {
    double squares = sum_all(t->c, each + (off)g * n, each + (off)out->best * n, n, t->held_out, true);
    double difference = mean[out->best] - mean[g], count = (double)t->held_out;
    out->likelihood[g] = mean[g] - mean[0];
    out->error[g] = sqrt(fmax(squares / count - difference * difference, 0) / count);
    if (g < out->best && difference <= out->error[g])
      out->chosen = g;
  }
}

/* --- checkpoints --- */

/* The likelihoods of all numbers, tried or not: a table each, a row a held-out point. */
static checkpoint checkpoint_of(const trial *t, const choose_number_settings *wish, int numbers, gid first,
                                double *each, checkpoint_table *tables) {
  for (int g = 0; g < numbers; g++)
    tables[g] = (checkpoint_table){
        "likelihood", t->held_out, first, t->held->n, sizeof *each, sizeof *each, each + (off)g * t->held->n};
  return (checkpoint){.kind = KMEANS_AUTO_KIND, .key = wish->keep->key, .n_tables = numbers, .tables = tables};
}

/* Reads an earlier run's checkpoint: *done is how many numbers it tried, *all whether there were no more to try. */
static status recall(const trial *t, const checkpoint_place *keep, const checkpoint *p, int numbers, int *done,
                     bool *all) {
  json_t *state = NULL;
  int step = 0, ended = 0;
  status st = checkpoint_read(t->c, keep->dir, numbers, p, &step, &state);
  *done = 0;
  *all = false;
  if (st == OK && step > 0 && json_unpack(state, "{s:b}", "ended", &ended) == 0) {
    *done = step;
    *all = ended != 0;
    log_info("resuming after %d numbers of groups", step);
  }
  json_decref(state);
  return st;
}

/* Writes a checkpoint after `done` numbers if it is time, and always after the last; STOPPED if it is time to stop,
 * unless this was the last. */
static status edge(const trial *t, const checkpoint_place *keep, const checkpoint *p, int done, bool ended,
                   double seconds) {
  run_clock_choice choice = run_clock_step(t->c, keep->clock, done, seconds);
  status st = OK;
  if (keep->dir != NULL && (ended || choice != CLOCK_CONTINUE)) {
    json_t *state = json_pack("{s:b}", "ended", (int)ended);
    st = checkpoint_write(t->c, keep->dir, done, state, p);
    json_decref(state);
  }
  if (st == OK && choice == CLOCK_STOP && !ended) {
    char when[96];
    snprintf(when, sizeof when, "after trying %d numbers of groups, with a checkpoint", done);
    st = run_clock_stopped(keep->dir != NULL ? when : "while numbers of groups were being tried", keep->dir);
  }
  return st;
}

static status try_all(const trial *t, const choose_number_settings *wish, double *each, kmeans_curve *out, int *tried) {
  checkpoint_table tables[KMEANS_AUTO_MAX];
  status st = OK;
  int done = 0;
  bool ended = false;
  progress bar;
  checkpoint p = {.n_tables = 0};
  if (wish->keep != NULL) {
    p = checkpoint_of(t, wish, out->n, comm_before_i64(t->c, t->held->n), each, tables);
    if (wish->keep->dir != NULL)
      st = recall(t, wish->keep, &p, out->n, &done, &ended);
  }
  if (ended)
    out->n = done;
  progress_begin(&bar, "numbers of groups", out->n);
  for (int g = done; st == OK && g < out->n; g++) {
    double start = seconds_now();
    st = try_groups(t, out->groups[g], each + (off)g * t->held->n);
    if (st == BAD_DATA && g > 0) { /* no more distinct points */
      out->n = g;
      st = OK;
    } else if (st == OK) {
      ++*tried;
      if (t->c->rank == 0)
        progress_step(&bar, g + 1, "%d groups", out->groups[g]);
    }
    if (st == OK && wish->keep != NULL)
      st = edge(t, wish->keep, &p, g < out->n ? g + 1 : g, g + 1 >= out->n, seconds_now() - start);
  }
  progress_end(&bar);
  return st;
}

/* Draws the sample, in two parts, and makes room for the likelihoods. */
static status take_folds(const kmeans_points *points, const gid *id, const choose_number_settings *wish, double share,
                         fold *fit, fold *held, double **each) {
  status st = OK;
  TRY(fold_take(points, id, wish->seed, share, 1, fit));
  TRY(fold_take(points, id, wish->seed, share, 2, held));
  TRY(MEM_ZALLOC(*each, (off)held->n * KMEANS_AUTO_MAX, "likelihoods"));
done:
  return st;
}

/* BAD_DATA if there are too few points: of n_all, `fitted` are fitted and `held_out` held out. */
static status check_counts(int64_t n_all, int64_t fitted, int64_t held_out, lid least) {
  if (fitted < LEAST_POINTS || held_out < 2)
    return status_fail(BAD_DATA,
                       "--groups auto: %lld rows with factors are too few to hold some out: give a number of groups",
                       (long long)n_all);
  if (least > fitted / POINTS_PER_GROUP)
    return status_fail(BAD_DATA,
                       "--groups auto: %lld rows with factors, of which %lld are held out, support at most %lld "
                       "groups, not %d: use a lower range, or give a number of groups",
                       (long long)n_all, (long long)held_out, (long long)(fitted / POINTS_PER_GROUP), least);
  return OK;
}

status kmeans_auto(comm *c, const kmeans_points *points, const gid *id, const choose_number_settings *wish,
                   kmeans_curve *out, int *tried) {
  status st = OK;
  fold fit = {0}, held = {0};
  double *each = NULL;
  int64_t n_all = points->n;
  lid most = wish->most;
  *out = (kmeans_curve){0};
  *tried = 0;
  comm_sum_i64(c, &n_all, 1);
  double share = n_all > wish->sample ? (double)wish->sample / (double)n_all : 1;
  TRY(comm_agree(c, take_folds(points, id, wish, share, &fit, &held, &each)));
  int64_t counts[2] = {fit.n, held.n};
  comm_sum_i64(c, counts, 2);
  out->fitted = counts[0];
  out->held_out = counts[1];
  TRY(check_counts(n_all, counts[0], counts[1], wish->least));
  /* A group of the least size has this many of the fitted points. */
  int64_t least_size = (int64_t)ceil((double)wish->least_size * (double)counts[0] / (double)n_all);
  trial t = {c, &fit, &held, points->k, wish->unit, wish->seed, counts[0], counts[1], least_size, wish->least};
  if (most > counts[0] / POINTS_PER_GROUP)
    most = (lid)(counts[0] / POINTS_PER_GROUP);
  out->n = list_numbers(wish->least, most, out->groups);
  TRY(try_all(&t, wish, each, out, tried));
  choose(&t, each, out);
done:
  fold_free(&fit);
  fold_free(&held);
  mem_free(each);
  return st;
}
