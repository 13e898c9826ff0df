#include "jobs/groups/group_number.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "train/groups/choose_number.h"
#include "train/groups/distinct.h"
#include "train/groups/kmeans.h"
#include "train/groups/seed.h"

#include <math.h>
#include <string.h>

/* A page of groups that a person reads: 60, and more only for a large service. A label has three titles. */
enum { AUTO_SAMPLE = 60000, LEAST_SIZE = 25, MOST = 60, MANY_ROWS = 100000, ITEMS_PER_GROUP = 3 };
static const double LEAST_SHARE = 0.005;

/* Rows are alike if the mean squared distance from their mean is below this share of the longest row's square: single
 * precision shows not much more. */
static const double ALIKE = 1e-9;

static int64_t rows_with_events(const taste_rows *r) {
  return r->n_all - r->n_unseen;
}

int64_t group_least_size(const group_settings *s, const taste_rows *r) {
  int64_t share = (int64_t)ceil(LEAST_SHARE * (double)rows_with_events(r));
  if (s->least_size > 0)
    return s->least_size;
  return share > LEAST_SIZE ? share : LEAST_SIZE;
}

/* --- by likelihood --- */

static status log_curve(comm *c, const kmeans_curve *curve, double seconds, journal *j) {
  log_info("number of groups: log-likelihood of %lld held-out rows under groups of %lld others, above %d group%s",
           (long long)curve->held_out, (long long)curve->fitted, curve->groups[0], curve->groups[0] == 1 ? "" : "s");
  json_t *numbers = json_array(), *values = json_array(), *errors = json_array();
  for (int g = 0; g < curve->n; g++) {
    char bar[41];
    double share = curve->likelihood[curve->best] > 0 ? curve->likelihood[g] / curve->likelihood[curve->best] : 0;
    int length = share > 0 ? (int)(share * 40) : 0;
    memset(bar, '#', (size_t)length);
    bar[length] = '\0';
    log_info("  %6d %9.3f ± %-6.3f %-40s%s%s", curve->groups[g], curve->likelihood[g], curve->error[g], bar,
             g == curve->best ? " best" : "", g == curve->chosen ? " chosen" : "");
    json_array_append_new(numbers, json_integer(curve->groups[g]));
    json_array_append_new(values, json_real(curve->likelihood[g]));
    json_array_append_new(errors, json_real(curve->error[g]));
  }
  json_t *line =
      json_pack("{s:s, s:f, s:i, s:o, s:o, s:o}", "event", "groups", "seconds", seconds, "chosen",
                (int)curve->groups[curve->chosen], "numbers", numbers, "likelihood", values, "error", errors);
  return comm_agree(c, journal_write(j, line));
}

/* From out->least to `most` groups, into out->groups. */
static status search_number(comm *c, const group_settings *s, const taste_rows *r, lid most,
                            const checkpoint_place *keep, journal *j, group_number *out) {
  kmeans_points points = taste_points(r);
  kmeans_curve curve;
  double start = seconds_now();
  choose_number_settings settings = {out->least, most, AUTO_SAMPLE, s->cosine, s->seed, keep, out->least_size};
  int tried;
  run_clock_phase(keep->clock);
  status st = kmeans_auto(c, &points, r->id, &settings, &curve, &tried);
  if (st != OK)
    return st;
  out->groups = curve.groups[curve.chosen];
  /* A resumed run that tried none has said all of it before. */
  return tried > 0 ? log_curve(c, &curve, seconds_now() - start, j) : OK;
}

/* --- what can be told apart --- */

/* Returns true in *alike if all rows with events (at least one) are the same taste. */
static status rows_alike(comm *c, const group_settings *s, const taste_rows *r, bool *alike) {
  kmeans_points points = taste_points(r);
  kmeans_settings one = {.groups = 1, .rounds = 1, .unit = s->cosine};
  kmeans_result result = {0};
  real *centre = NULL, *dist2 = NULL;
  lid *label = NULL;
  double longest = 0;
  status st = MEM_ALLOC(centre, r->k, "centroids");
  if (st == OK)
    st = MEM_ALLOC(dist2, r->n, "distances");
  if (st == OK)
    st = MEM_ALLOC(label, r->n, "labels");
  TRY(comm_agree(c, st));
  for (lid i = 0; i < r->n; i++) {
    double square = 0;
    for (int p = 0; p < r->k; p++)
      square += (double)r->taste[(off)i * r->k + p] * r->taste[(off)i * r->k + p];
    longest = fmax(longest, square);
  }
  comm_max_f64(c, &longest, 1);
  TRY(kmeans_seed(c, &points, r->id, 1, s->seed, 0, centre));
  TRY(kmeans_run(c, &points, r->id, &one, centre, label, dist2, &result));
  *alike = result.inertia <= ALIKE * longest * (double)rows_with_events(r);
done:
  mem_free(centre);
  mem_free(dist2);
  mem_free(label);
  return st;
}

/* How many of `wanted` groups differ: 0 if no row has events, 1 if all tastes are alike, at most the distinct rows. */
static status count_apart(comm *c, const group_settings *s, const taste_rows *r, lid wanted, lid *apart) {
  kmeans_points points = taste_points(r);
  distinct_point *list = NULL;
  bool alike = false;
  status st = OK;
  int64_t rows = rows_with_events(r);
  *apart = 0;
  if (rows == 0)
    return OK;
  if (wanted > rows)
    wanted = (lid)rows;
  TRY(rows_alike(c, s, r, &alike));
  *apart = 1;
  if (!alike && wanted > 1) {
    TRY(comm_agree(c, MEM_ALLOC(list, wanted, "distinct points")));
    TRY(kmeans_distinct(c, &points, r->id, wanted, s->seed, list, apart));
  } else if (!alike)
    *apart = wanted;
done:
  mem_free(list);
  return st;
}

/* --- the choice --- */

/* The most groups that auto tries, before the rows are looked at. */
static lid auto_most(const group_settings *s, const taste_rows *r, gid n_items, int64_t least_size) {
  double rows = (double)rows_with_events(r);
  double most = floor(MOST * sqrt(fmax(1, rows / MANY_ROWS)));
  if (s->ranged)
    return s->most;
  most = fmin(most, floor(rows / (double)least_size));
  if (s->side == USERS)
    most = fmin(most, (double)(n_items / ITEMS_PER_GROUP));
  return (lid)fmax(fmin(most, s->most), 1);
}

static const char *rows_name(const group_settings *s) {
  return s->side == USERS ? "members" : "items";
}

/* Says why there are fewer groups than wanted. */
static void tell_fewer(const group_settings *s, const taste_rows *r, lid wanted, lid apart) {
  if (apart == 0)
    log_warn(
        "none of the %lld %s has a taste to learn: all are in one group. Ratings that are all the same say nothing "
        "with --loss explicit; --loss implicit learns from who chose what",
        (long long)r->n_all, rows_name(s));
  else if (apart == 1)
    log_warn("all %s have the same taste: they are one group. Check that the data has more than one item, and not the "
             "same items for everyone",
             rows_name(s));
  else
    log_warn("only %d different tastes among %lld %s: %d groups instead of %d", apart, (long long)rows_with_events(r),
             rows_name(s), apart, wanted);
}

/* auto: from out->least to `most` groups. */
static status choose_by_likelihood(comm *c, const group_settings *s, const taste_rows *r, lid most,
                                   const checkpoint_place *keep, journal *j, group_number *out) {
  status st = OK;
  out->least = s->least < most ? s->least : most;
  out->groups = out->least;
  if (most <= 1) {
    log_info("one group: %lld %s with events are too few to tell groups of %lld apart; --groups G makes more, and so "
             "does a lower --least-group",
             (long long)rows_with_events(r), rows_name(s), (long long)out->least_size);
    return OK;
  }
  st = search_number(c, s, r, most, keep, j, out);
  if (st == BAD_DATA && !out->firm) {
    log_info("%s; %d group%s until there are more", status_message(), out->least, out->least == 1 ? "" : "s");
    st = OK;
  }
  return st;
}

status group_number_choose(comm *c, const group_settings *s, const taste_rows *r, gid n_items, const group_past *past,
                           const char *parent, const checkpoint_place *keep, journal *j, group_number *out) {
  status st = OK;
  lid before = past->table.n_groups, wanted = s->groups, apart = 0;
  int64_t least_size = group_least_size(s, r);
  bool fits = before > 0 && before <= r->n_all && (!s->ranged || (before >= s->least && before <= s->most));
  *out = (group_number){.groups = s->groups, .any = true, .firm = s->strict && (s->groups > 0 || s->ranged)};
  if (s->groups == 0 && fits) {
    wanted = out->groups = before;
    out->follows = true;
    log_info("%d groups, as in %s; --groups G chooses another number", before, parent);
  } else if (s->groups == 0) {
    out->least_size = least_size;
    wanted = auto_most(s, r, n_items, least_size);
  }
  apart = wanted;
  if (!out->firm)
    TRY(count_apart(c, s, r, wanted, &apart));
  out->any = apart > 0;
  if (apart < wanted || apart == 0)
    tell_fewer(s, r, wanted, apart);
  if (apart < 1)
    apart = 1;
  if (out->groups > apart)
    out->groups = apart;
  if (out->groups == 0 && out->any)
    TRY(choose_by_likelihood(c, s, r, apart, keep, j, out));
  if (out->groups == 0)
    out->groups = 1;
  if (before > 0 && before != out->groups)
    log_info("%s has %d groups, not %d: new groups are seeded", parent, before, out->groups);
done:
  return st;
}
