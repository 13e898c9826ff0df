/* palate cluster: taste groups of a snapshot's members, or of its items. */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/pulse.h"
#include "io/ranks/stop.h"
#include "io/schema/groups.h"
#include "jobs/cli/words.h"
#include "jobs/commands/commands.h"
#include "jobs/groups/group_identity.h"
#include "jobs/groups/group_names.h"
#include "jobs/groups/group_pairs.h"
#include "jobs/groups/group_quality.h"
#include "jobs/groups/group_search.h"
#include "jobs/groups/taste_rows.h"
#include "jobs/steps/resume.h"
#include "jobs/steps/steps.h"
#include "train/groups/membership_scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { AUTO_MOST = 1024 };

/* auto, or auto:LOW..HIGH. */
static status read_range(const char *text, group_wish *out) {
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

static status read_options(const options *o, group_wish *out) {
  status st = OK;
  int64_t groups = 0, memberships, rounds, restarts = 0, seed;
  int side_word, metric;
  *out = (group_wish){0};
  TRY(option_choice(o, "side", SIDE_WORDS, &side_word));
  TRY(option_choice(o, "metric", DISTANCE_WORDS, &metric));
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

static status find_memberships(comm *c, const group_wish *t, const taste_rows *r, const real *centre, grouping *g) {
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

static status name_items(comm *c, const group_wish *t, const taste_rows *r, const grouping *g, model *m,
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
static status look_at_groups(comm *c, const group_wish *t, const taste_rows *r, const grouping *g, model *m,
                             const char *dataset, const real *centre, group_names *names, journal *j) {
  status st = OK;
  csr train = {0}, test = {0};
  bool pairs = dataset != NULL && t->side == USERS;
  if (pairs)
    TRY(group_pairs_load(c, m, dataset, &train, t->quality ? &test : NULL));
  if (t->quality) {
    group_judged judged = {t->groups, g->m, g->group, g->affinity, g->size, t->cosine, model_is_explicit(m), t->seed};
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

/* What groups depend on, beside the snapshot that they are made in. NULL where memory is out. */
static json_t *key_of(const options *o, const char *dataset, const char *parent, lid parents, const char *dir) {
  static const char *const NAMES[] = {"groups",          "memberships", "side",    "metric", "rounds",
                                      "round-tolerance", "restarts",    "quality", "seed"};
  json_t *settings = json_object();
  char safe[4096];
  for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
    const char *value = option_text(o, NAMES[i]);
    json_object_set_new(settings, NAMES[i],
                        value != NULL ? json_string(text_printable(value, safe, sizeof safe)) : json_null());
  }
  return json_pack("{s:s, s:s, s:s, s:s, s:i, s:o}", "palate", PALATE_VERSION, "snapshot", snapshot_id(dir), "data",
                   dataset != NULL ? text_printable(dataset, safe, sizeof safe) : "", "parent",
                   parent != NULL ? snapshot_id(parent) : "", "groups_of_parent", (int)parents, "settings", settings);
}

static bool is_there(comm *c, const char *dir, side s) {
  char path[SNAPSHOT_PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", dir, groups_file(s));
  int64_t there = c->rank == 0 && access(path, F_OK) == 0;
  comm_broadcast(c, &there, sizeof there, 0);
  return there != 0;
}

static status write_groups(comm *c, const char *dir, const group_wish *t, const taste_rows *r, const grouping *g,
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

void job_cluster_done(const char *dir) {
  group_search_forget(dir);
}

status job_cluster(comm *c, const options *o, const char *dataset, const char *parent, const char *dir,
                   edge_clock *clock, journal *j) {
  status st = OK;
  group_wish t;
  model *m = NULL;
  taste_rows r = {0};
  grouping g = {0};
  group_names names = {0};
  group_past past = {0};
  group_changes changes = {0};
  group_found found = {0};
  edge_keep keep = {.dir = dir, .clock = clock};
  json_t *key = NULL;
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
  key = key_of(o, dataset, parent, before, dir);
  TRY(comm_agree(c, key != NULL ? OK : status_fail(NO_MEMORY, "no memory for the settings")));
  keep.key = key;
  if (t.groups == 0 && before > 0 && before <= n_all && (!t.ranged || (before >= t.least && before <= t.most))) {
    t.groups = past.table.n_groups;
    log_info("%d groups, as in %s; --groups G chooses anew", t.groups, parent);
  }
  if (t.groups == 0)
    TRY(group_search_number(c, &t, &r, &keep, j));
  if (past.table.n_groups > 0 && past.table.n_groups != t.groups)
    log_info("%s has %d groups and not %d: groups begin anew", parent, past.table.n_groups, t.groups);
  TRY(comm_agree(c, MEM_ALLOC(centre, (off)t.groups * r.k, "centroids")));
  TRY(group_search_rounds(c, &t, &r, &past, &keep, j, centre, &found));
  if (found.finished && is_there(c, dir, t.side)) {
    log_info("the groups of %s are made already", dir);
    goto done;
  }
  double grouped = seconds_now();
  TRY(comm_agree(c, journal_write(j, json_pack("{s:s, s:s, s:f}", "event", "phase", "name", "cluster", "seconds",
                                               grouped - start))));
  TRY(find_memberships(c, &t, &r, centre, &g));
  TRY(look_at_groups(c, &t, &r, &g, m, dataset, centre, &names, j));
  if (past.table.n_groups == t.groups) {
    TRY(group_changes_count(c, &past, &r, g.first, t.groups, &changes));
    TRY(tell_changes(c, &past, &changes, parent, &names, j));
  }
  TRY(write_groups(c, dir, &t, &r, &g, &found.result, centre, &names, &changes));
  TRY(comm_agree(c, journal_write(j, json_pack("{s:s, s:s, s:f}", "event", "phase", "name", "name groups", "seconds",
                                               seconds_now() - grouped))));
  TRY(group_search_finished(c, &t, &r, &past, &keep, centre, &found));
  clock->advanced = true;
done:
  json_decref(key);
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
  edge_clock clock;
  int claimed = -1; /* rank 0 */
  char *recorded = NULL;
  const char *data = NULL;
  stop_install();
  TRY(comm_agree(c, resume_clock_start(o, stop_since(), &clock)));
  TRY(comm_agree(c, snapshot_resolve(options_argument(o, 0), false, dir)));
  snprintf(path, sizeof path, "%s/SHA256SUMS", dir);
  FILE *seal = fopen(path, "re");
  if (seal != NULL) {
    fclose(seal);
    st = status_fail(USAGE, "%s is sealed and never changes: train a new snapshot, and group that", dir);
  }
  if (st == OK && c->rank == 0 && !resume_claim(dir, &claimed))
    st = status_fail(CANNOT_CREATE, "another run is at work in %s", dir);
  TRY(comm_agree(c, st));
  snprintf(path, sizeof path, "%s/train.jsonl", dir);
  TRY(find_data(c, o, dir, &recorded, &data));
  TRY(comm_agree(c, c->rank == 0 ? journal_open(path, &j) : OK));
  if (option_text(o, "parent") != NULL)
    TRY(comm_agree(c, snapshot_resolve(option_text(o, "parent"), false, parent)));
  TRY(job_cluster(c, o, data, option_text(o, "parent") != NULL ? parent : NULL, dir, &clock, j));
  if (c->rank == 0)
    job_cluster_done(dir);
  log_info("groups in %.1f s. Next:  palate info %s --groups", seconds_now() - start, dir);
done:
  if (claimed >= 0)
    close(claimed);
  journal_close(j);
  mem_free(recorded);
  return st;
}

static const option_use TAKES[] = {
    {.name = "groups"},        {.name = "memberships"},     {.name = "side"},     {.name = "metric"},
    {.name = "rounds"},        {.name = "round-tolerance"}, {.name = "restarts"}, {.name = "data"},
    {.name = "parent"},        {.name = "quality"},         {.name = "seed"},     {.name = "memory"},
    {.name = "stall-timeout"}, {.name = "threads"},         EDGE_OPTIONS,         {0}};

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
