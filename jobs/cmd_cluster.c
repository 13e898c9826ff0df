/* palate cluster: taste groups of a snapshot's members, or of its items. */
#include "io/groups.h"
#include "io/log.h"
#include "io/mem.h"
#include "io/pulse.h"
#include "io/stop.h"
#include "jobs/commands.h"
#include "jobs/group_identity.h"
#include "jobs/group_names.h"
#include "jobs/group_pairs.h"
#include "jobs/group_quality.h"
#include "jobs/jobs.h"
#include "jobs/taste_rows.h"
#include "train/kmeans.h"
#include "train/kmeans_auto.h"
#include "train/kmeans_seed.h"
#include "train/membership_scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct cluster_options {
  side side;
  bool cosine, quality;
  lid groups;                        /* 0: auto */
  lid least, most;                   /* auto: from, to */
  bool ranged;                       /* auto: a range was given */
  int memberships, rounds, restarts; /* restarts 0: auto */
  double tolerance;                  /* -1: auto */
  uint64_t seed;
  int64_t memory; /* 0: no limit said */
} cluster_options;

enum { AUTO_MOST = 1024, AUTO_SAMPLE = 60000 };

/* auto, or auto:LOW..HIGH. */
static status read_range(const char *text, cluster_options *out) {
  long long low = 1, high = AUTO_MOST;
  int used = 0;
  if (strcmp(text, "auto") != 0 && (sscanf(text, "auto:%9lld..%9lld%n", &low, &high, &used) != 2 ||
                                    text[used] != '\0' || low < 1 || low > high || high > 10000000))
    return status_fail(USAGE, "--groups takes a number, auto, or auto:LOW..HIGH with 1 <= LOW <= HIGH, and not `%s`",
                       text);
  out->ranged = used > 0;
  out->least = (lid)low;
  out->most = (lid)high;
  return OK;
}

static status read_options(const options *o, cluster_options *out) {
  status st = OK;
  int64_t groups = 0, memberships, rounds, restarts = 0, seed;
  int side_word, metric;
  *out = (cluster_options){0};
  TRY(option_choice(o, "side", "users|items", &side_word));
  TRY(option_choice(o, "metric", "euclidean|cosine", &metric));
  if (strncmp(option_text(o, "groups"), "auto", 4) == 0)
    TRY(read_range(option_text(o, "groups"), out));
  else
    TRY(option_count(o, "groups", 1, 10000000, &groups));
  TRY(option_count(o, "memberships", 1, MEMBERSHIPS_MAX, &memberships));
  TRY(option_count(o, "rounds", 1, 100000, &rounds));
  if (strcmp(option_text(o, "restarts"), "auto") != 0)
    TRY(option_count(o, "restarts", 1, 1000, &restarts));
  out->tolerance = -1;
  if (strcmp(option_text(o, "round-tolerance"), "auto") != 0)
    TRY(option_number(o, "round-tolerance", 0, 1, &out->tolerance));
  TRY(option_count(o, "seed", 0, INT64_MAX, &seed));
  if (option_text(o, "memory") != NULL)
    TRY(option_size(o, "memory", &out->memory));
  out->side = side_word == 0 ? USERS : ITEMS;
  out->cosine = metric == 1;
  out->quality = option_flag(o, "quality");
  out->groups = (lid)groups;
  out->memberships = (int)memberships;
  out->rounds = (int)rounds;
  out->restarts = (int)restarts;
  out->seed = (uint64_t)seed;
done:
  return st;
}

/* --- --groups auto --- */

static status choose_number(comm *c, cluster_options *t, const taste_rows *r, journal *j) {
  kmeans_points points = taste_points(r);
  kmeans_curve curve;
  double start = seconds_now();
  status st = kmeans_auto(c, &points, r->id, t->least, t->most, AUTO_SAMPLE, t->cosine, t->seed, &curve);
  if (st != OK)
    return st;
  t->groups = curve.groups[curve.chosen];
  log_info("how many groups: log-likelihood of %lld held-out rows under groups of %lld others, above %d group%s",
           (long long)curve.held_out, (long long)curve.fitted, curve.groups[0], curve.groups[0] == 1 ? "" : "s");
  json_t *numbers = json_array(), *values = json_array(), *errors = json_array();
  for (int g = 0; g < curve.n; g++) {
    char bar[41];
    double share = curve.likelihood[curve.best] > 0 ? curve.likelihood[g] / curve.likelihood[curve.best] : 0;
    int length = share > 0 ? (int)(share * 40) : 0;
    memset(bar, '#', (size_t)length);
    bar[length] = '\0';
    log_info("  %6d %9.3f ± %-6.3f %-40s%s%s", curve.groups[g], curve.likelihood[g], curve.error[g], bar,
             g == curve.best ? " best" : "", g == curve.chosen ? " chosen" : "");
    json_array_append_new(numbers, json_integer(curve.groups[g]));
    json_array_append_new(values, json_real(curve.likelihood[g]));
    json_array_append_new(errors, json_real(curve.error[g]));
  }
  json_t *line = json_pack("{s:s, s:f, s:i, s:o, s:o, s:o}", "event", "groups", "seconds", seconds_now() - start,
                           "chosen", (int)t->groups, "numbers", numbers, "likelihood", values, "error", errors);
  return comm_agree(c, journal_write(j, line));
}

/* --- rounds --- */

typedef struct watch {
  comm *c;
  journal *j;
  progress bar;
  int restart, restarts;
} watch;

static status watch_round(void *context, const kmeans_round *r) {
  watch *w = context;
  if (w->c->rank == 0)
    progress_step(&w->bar, r->round, "inertia %.6g, %lld moved, %.0f %% skipped", r->inertia, (long long)r->moved,
                  100 * r->skipped);
  log_debug("round %d: %.4f s, inertia %.9g, %lld moved, %.1f %% of distances skipped", r->round, r->seconds,
            r->inertia, (long long)r->moved, 100 * r->skipped);
  json_t *line = json_pack("{s:s, s:i, s:f, s:f, s:I, s:f}", "event", "round", "round", r->round, "seconds", r->seconds,
                           "inertia", r->inertia, "moved", (json_int_t)r->moved, "skipped", r->skipped);
  if (w->restarts > 1)
    json_object_set_new(line, "restart", json_integer(w->restart));
  if (r->emptied > 0)
    json_object_set_new(line, "emptied", json_integer(r->emptied));
  status st = journal_write(w->j, line);
  /* Groups are soon made again, to the same bits: nothing of them is kept. */
  if (stop_agreed(w->c, false) && st == OK)
    st = status_fail(STOPPED, "in round %d of the groups; submit the same command again to go on", r->round);
  return st;
}

/* Memory for distance bounds: twice that of the points, unless --memory leaves less. */
static int64_t bound_bytes(const cluster_options *t, const taste_rows *r) {
  int64_t points = (int64_t)r->n * r->k * (int64_t)sizeof(real), bytes = 2 * points;
  if (bytes < 64 << 20)
    bytes = 64 << 20;
  if (t->memory > 0 && bytes > t->memory - 3 * points)
    bytes = t->memory > 3 * points ? t->memory - 3 * points : 0;
  return bytes;
}

/* More tries where they cost little: by the multiplications of a round, so that ranks have no say in it. */
static int choose_restarts(const cluster_options *t, const taste_rows *r) {
  double work = (double)r->n_all * t->groups * r->k;
  if (t->restarts > 0)
    return t->restarts;
  return work <= 1e9 ? 8 : work <= 1e10 ? 3 : 1;
}

/* Later rounds change little in the inertia and much in who is with whom: what they gain is not worth it to people who
 * know their group. It is not lost either: every night goes on from there. */
static const double GOING_ON_TOLERANCE = 1e-3;

/* From the parent's groups where there are as many; else the best of the restarts by inertia, ties to the first.
 * centre (G, k). */
static status run_kmeans(comm *c, const cluster_options *t, const taste_rows *r, const group_past *past, journal *j,
                         real *centre, kmeans_result *best) {
  status st = OK;
  kmeans_points points = taste_points(r);
  bool warm = past->table.n_groups == t->groups;
  watch w = {.c = c, .j = j, .restarts = warm ? 1 : choose_restarts(t, r)};
  kmeans_config config = {.groups = t->groups,
                          .rounds = t->rounds,
                          .tolerance = t->tolerance >= 0 ? t->tolerance
                                       : warm            ? GOING_ON_TOLERANCE
                                                         : 0,
                          .unit = t->cosine,
                          .bound_bytes = bound_bytes(t, r),
                          .on_round = watch_round,
                          .context = &w};
  real *trial = NULL, *dist2 = NULL;
  lid *label = NULL;
  off places = (off)t->groups * r->k;
  best->inertia = INFINITY;
  TRY(MEM_ALLOC(trial, places, "centroids"));
  TRY(MEM_ALLOC(label, r->n, "labels"));
  TRY(MEM_ALLOC(dist2, r->n, "distances"));
done:
  st = comm_agree(c, st);
  for (w.restart = 0; w.restart < w.restarts && st == OK; w.restart++) {
    kmeans_result result;
    double start = seconds_now();
    st = warm ? group_past_seeds(c, past, r, t->cosine, trial)
              : kmeans_seed(c, &points, r->id, t->groups, t->seed, w.restart, trial);
    if (st != OK)
      break;
    log_debug("%s in %.3f s", warm ? "seeds from the parent's groups" : "seeds", seconds_now() - start);
    progress_begin(&w.bar, "rounds", t->rounds);
    st = kmeans_run(c, &points, r->id, &config, trial, label, dist2, &result);
    progress_end(&w.bar);
    if (st != OK)
      break;
    log_info("%d groups: inertia %.9g after %d rounds%s, %.2f s", t->groups, result.inertia, result.rounds,
             result.converged ? " (nobody moves any more)" : "", seconds_now() - start);
    if (result.inertia < best->inertia) {
      *best = result;
      memcpy(centre, trial, sizeof *centre * (size_t)places);
    }
  }
  mem_free(trial);
  mem_free(label);
  mem_free(dist2);
  return st;
}

/* --- memberships --- */

typedef struct grouping {
  int m;
  lid *group;     /* (count, m) */
  lid *first;     /* [count]: group of each row */
  real *dist2;    /* (count, m) */
  real *affinity; /* (count, m) */
  int64_t *size;  /* [G], over all ranks */
  double temperature;
  double inertia; /* of the rows that are not zero */
} grouping;

static void grouping_free(grouping *g) {
  mem_free(g->group);
  mem_free(g->first);
  mem_free(g->dist2);
  mem_free(g->affinity);
  mem_free(g->size);
}

static status find_memberships(comm *c, const cluster_options *t, const taste_rows *r, const real *centre,
                               grouping *g) {
  status st = OK;
  g->m = t->memberships < t->groups ? t->memberships : (int)t->groups;
  kmeans_points points = {r->count, r->k, r->k, r->x};
  real *taste = NULL;
  TRY(MEM_ALLOC(g->group, (off)r->count * g->m, "memberships"));
  TRY(MEM_ALLOC(g->first, r->count, "memberships"));
  TRY(MEM_ALLOC(g->dist2, (off)r->count * g->m, "memberships"));
  TRY(MEM_ALLOC(g->affinity, (off)r->count * g->m, "memberships"));
  TRY(MEM_ZALLOC(g->size, t->groups, "sizes of groups"));
  TRY(MEM_ALLOC(taste, (off)r->n * g->m, "memberships"));
  TRY(membership_nearest(&points, centre, t->groups, g->m, g->group, g->dist2));
  for (lid i = 0, next = 0; i < r->count; i++) {
    bool zero = next >= r->n || r->id[next] != r->first + i;
    for (int j = 0; j < g->m; j++) {
      if (zero && t->cosine) {
        /* Without a direction a row is as far from every group. */
        g->group[(off)i * g->m + j] = j;
        g->dist2[(off)i * g->m + j] = 1;
      }
      if (!zero)
        taste[(off)next * g->m + j] = g->dist2[(off)i * g->m + j];
    }
    next += !zero;
    g->first[i] = g->group[(off)i * g->m];
    g->size[g->first[i]]++;
  }
done:
  st = comm_agree(c, st);
  if (st == OK) {
    comm_sum_i64(c, g->size, t->groups);
    g->temperature = membership_temperature(c, taste, r->n, g->m);
    membership_affinity(g->dist2, r->count, g->m, g->temperature, g->affinity);
  }
  mem_free(taste);
  return st;
}

/* --- names --- */

static status name_items(comm *c, const cluster_options *t, const taste_rows *r, const grouping *g, model *m,
                         group_names *names) {
  real *dist2 = NULL;
  status st = comm_agree(c, MEM_ALLOC(dist2, r->count, "distances"));
  for (lid i = 0; st == OK && i < r->count; i++)
    dist2[i] = g->dist2[(off)i * g->m];
  if (st == OK)
    st = group_names_of_items(c, m, r->first, r->count, g->first, dist2, t->groups, names);
  mem_free(dist2);
  return st;
}

/* Names the groups and, where asked to, judges them. */
static status look_at_groups(comm *c, const cluster_options *t, const taste_rows *r, const grouping *g, model *m,
                             const char *dataset, const real *centre, group_names *names, journal *j) {
  status st = OK;
  csr train = {0}, test = {0};
  bool pairs = dataset != NULL && t->side == USERS;
  if (pairs)
    TRY(group_pairs_load(c, m, dataset, &train, t->quality ? &test : NULL));
  if (t->quality) {
    group_judged judged = {t->groups, g->m, g->group, g->affinity, g->size, t->cosine, t->seed};
    TRY(group_quality(c, r, &judged, model_rows(m, ITEMS), pairs ? &train : NULL, pairs ? &test : NULL, j));
  }
  if (t->side == ITEMS)
    TRY(name_items(c, t, r, g, m, names));
  else if (pairs) {
    group_pairs_keep_loved(&train, model_is_explicit(m));
    TRY(group_names_from_pairs(c, m, &train, g->first, t->groups, names));
  } else
    TRY(group_names_from_factors(c, m, centre, g->size, t->groups, names));
done:
  csr_free(&train);
  csr_free(&test);
  return st;
}

/* --- from night to night --- */

/* A group that is the same people keeps its name; says what changed. */
static status tell_changes(comm *c, const group_past *past, const group_changes *changes, const char *parent,
                           group_names *names, journal *j) {
  if (c->rank == 0)
    for (lid g = 0; g < names->n_groups; g++) {
      char label[1024];
      strings_get(&past->table.labels, g, label, sizeof label);
      if (changes->same[g] && label[0] != '\0' && strlen(label) < (size_t)names->labels.width) {
        char *place = names->labels.bytes + (off)g * names->labels.width;
        memset(place, 0, (size_t)names->labels.width);
        memcpy(place, label, strlen(label));
      }
    }
  log_info("since %s: %d of %d groups are the same people and keep their names; %lld of %lld members moved (%.1f %%), "
           "%lld are new",
           snapshot_id(parent), changes->kept, names->n_groups, (long long)changes->moved, (long long)changes->known,
           changes->known > 0 ? 100.0 * (double)changes->moved / (double)changes->known : 0.0,
           (long long)changes->newcomers);
  return comm_agree(c, journal_write(j, json_pack("{s:s, s:s, s:i, s:I, s:I, s:I}", "event", "identity", "parent",
                                                  snapshot_id(parent), "kept", (int)changes->kept, "known",
                                                  (json_int_t)changes->known, "moved", (json_int_t)changes->moved,
                                                  "new", (json_int_t)changes->newcomers)));
}

/* --- the job --- */

static status write_groups(comm *c, const char *dir, const cluster_options *t, const taste_rows *r, const grouping *g,
                           const kmeans_result *result, const real *centre, const group_names *names,
                           const group_changes *changes) {
  int64_t rounds = result->rounds, converged = result->converged, seed = (int64_t)t->seed, zero = r->n_zero;
  int64_t kept = changes->kept;
  const h5_attribute attributes[] = {{"/", "inertia", H5_F64, 0, &result->inertia},
                                     {"/", "metric", H5_TEXT, 0, t->cosine ? "cosine" : "euclidean"},
                                     {"/", "rounds", H5_I64, 0, &rounds},
                                     {"/", "converged", H5_I64, 0, &converged},
                                     {"/", "seed", H5_I64, 0, &seed},
                                     {"/", "temperature", H5_F64, 0, &g->temperature},
                                     {"/", "zero_rows", H5_I64, 0, &zero},
                                     /* from here on only where there was a parent */
                                     {"/", "groups_kept", H5_I64, 0, &kept},
                                     {"/", "known", H5_I64, 0, &changes->known},
                                     {"/", "moved", H5_I64, 0, &changes->moved}};
  groups_part part = {.n_rows = r->n_all,
                      .first_row = r->first,
                      .row_count = r->count,
                      .memberships = g->m,
                      .group = g->group,
                      .affinity = g->affinity,
                      .n_groups = t->groups,
                      .factors = r->k,
                      .centroid = centre,
                      .size = g->size,
                      .top_items = names->top_items,
                      .labels = &names->labels,
                      .attributes = attributes,
                      .n_attributes = sizeof attributes / sizeof *attributes - (changes->same != NULL ? 0 : 3)};
  return groups_write(c, dir, t->side, &part);
}

status job_cluster(comm *c, const options *o, const char *dataset, const char *parent, const char *dir, journal *j) {
  status st = OK;
  cluster_options t;
  model *m = NULL;
  taste_rows r = {0};
  grouping g = {0};
  group_names names = {0};
  group_past past = {0};
  group_changes changes = {0};
  kmeans_result result = {0};
  real *centre = NULL;
  double start = seconds_now();
  pulse_phase(c, "groups");
  TRY(comm_agree(c, read_options(o, &t)));
  TRY(comm_agree(c, model_open(dir, &m)));
  gid n_all = model_rows(m, t.side);
  if (t.groups > n_all)
    TRY(status_fail(USAGE, "--groups %d is more than the %lld %s of %s: ask for fewer", t.groups, (long long)n_all,
                    t.side == USERS ? "members" : "items", dir));
  TRY(taste_rows_read(c, m, dir, t.side, t.cosine, &r));
  if (r.n_zero > 0)
    log_info("%lld of %lld %s have zero factors (no events to learn from): they shape no group, and are put where %s",
             (long long)r.n_zero, (long long)r.n_all, t.side == USERS ? "members" : "items",
             t.cosine ? "the numbers are lowest" : "zero is nearest");
  if (parent != NULL)
    TRY(group_past_read(c, parent, m, &r, &past));
  lid before = past.table.n_groups;
  if (t.groups == 0 && before > 0 && before <= n_all && (!t.ranged || (before >= t.least && before <= t.most))) {
    t.groups = past.table.n_groups;
    log_info("%d groups, as in %s; --groups G chooses anew", t.groups, parent);
  }
  if (t.groups == 0)
    TRY(choose_number(c, &t, &r, j));
  if (past.table.n_groups > 0 && past.table.n_groups != t.groups)
    log_info("%s has %d groups and not %d: groups begin anew", parent, past.table.n_groups, t.groups);
  TRY(comm_agree(c, MEM_ALLOC(centre, (off)t.groups * r.k, "centroids")));
  TRY(run_kmeans(c, &t, &r, &past, j, centre, &result));
  double grouped = seconds_now();
  TRY(comm_agree(c, journal_write(j, json_pack("{s:s, s:s, s:f}", "event", "phase", "name", "cluster", "seconds",
                                               grouped - start))));
  TRY(find_memberships(c, &t, &r, centre, &g));
  TRY(look_at_groups(c, &t, &r, &g, m, dataset, centre, &names, j));
  if (past.table.n_groups == t.groups) {
    TRY(group_changes_count(c, &past, &r, g.first, t.groups, &changes));
    TRY(tell_changes(c, &past, &changes, parent, &names, j));
  }
  TRY(write_groups(c, dir, &t, &r, &g, &result, centre, &names, &changes));
  TRY(comm_agree(c, journal_write(j, json_pack("{s:s, s:s, s:f}", "event", "phase", "name", "name groups", "seconds",
                                               seconds_now() - grouped))));
done:
  group_past_free(&past);
  group_changes_free(&changes);
  taste_rows_free(&r);
  grouping_free(&g);
  group_names_free(&names);
  mem_free(centre);
  model_close(m);
  return st;
}

/* The dataset to name groups by: --data, else the one the model names, where that is at hand and as it was. *recorded
 * is to be freed. */
static status find_data(comm *c, const options *o, const char *dir, char **recorded, const char **out) {
  status st = OK;
  model *m = NULL;
  *recorded = NULL;
  *out = option_text(o, "data");
  if (*out != NULL)
    return OK;
  TRY(model_open(dir, &m));
  if (h5_attr_has(model_file(m), "/", "dataset"))
    TRY(h5_attr_text(model_file(m), "/", "dataset", recorded));
done:
  st = comm_agree(c, st);
  bool fit = false;
  if (st == OK && *recorded != NULL)
    st = group_pairs_fit(c, m, *recorded, &fit);
  if (fit)
    *out = *recorded;
  else if (st == OK)
    log_info("the dataset of the model is not at hand: groups are named by what their centroids are predicted to love; "
             "--data DATASET names them by what members consumed");
  model_close(m);
  return st;
}

static status run(comm *c, const options *o) {
  status st = OK;
  journal *j = NULL;
  char dir[SNAPSHOT_PATH_MAX], parent[SNAPSHOT_PATH_MAX], path[SNAPSHOT_PATH_MAX + 16];
  double start = seconds_now();
  char *recorded = NULL;
  const char *data = NULL;
  TRY(comm_agree(c, snapshot_resolve(options_argument(o, 0), false, dir)));
  snprintf(path, sizeof path, "%s/SHA256SUMS", dir);
  FILE *seal = fopen(path, "re");
  if (seal != NULL) {
    fclose(seal);
    st = status_fail(USAGE, "%s is sealed and never changes: train a new snapshot, and group that", dir);
  }
  TRY(comm_agree(c, st));
  snprintf(path, sizeof path, "%s/train.jsonl", dir);
  TRY(find_data(c, o, dir, &recorded, &data));
  TRY(comm_agree(c, c->rank == 0 ? journal_open(path, &j) : OK));
  if (option_text(o, "parent") != NULL)
    TRY(comm_agree(c, snapshot_resolve(option_text(o, "parent"), false, parent)));
  TRY(job_cluster(c, o, data, option_text(o, "parent") != NULL ? parent : NULL, dir, j));
  log_info("groups in %.1f s. Next:  palate info %s --groups", seconds_now() - start, dir);
done:
  journal_close(j);
  mem_free(recorded);
  return st;
}

static const option_use TAKES[] = {{"groups", NULL},        {"memberships", NULL}, {"side", NULL},
                                   {"metric", NULL},        {"rounds", NULL},      {"round-tolerance", NULL},
                                   {"restarts", NULL},      {"data", NULL},        {"parent", NULL},
                                   {"quality", NULL},       {"seed", NULL},        {"memory", NULL},
                                   {"stall-timeout", NULL}, {"threads", NULL},     {NULL, NULL}};

const command CMD_CLUSTER = {
    .name = "cluster",
    .arguments = "SNAPSHOT",
    .summary = "taste groups: who belongs together, how much, and by what name",
    .details = "Groups the members (or items) of an unsealed snapshot by k-means on their factors and writes "
               "SNAPSHOT/groups.h5 (item_groups.h5). A group is named by the tags and titles its members love more "
               "than others do. With --parent, a group that is the same people keeps its number and name.\n\n"
               "  palate cluster snapshots/20260131T020000Z-0123abcd --data movies.h5 --groups 200\n"
               "  mpirun -n 8 palate cluster SNAPSHOT --data plays.h5 --groups 4000",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = true,
    .takes = TAKES,
    .run = run};
