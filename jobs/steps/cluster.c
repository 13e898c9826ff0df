#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/base/version.h"
#include "io/ranks/pulse.h"
#include "io/schema/groups.h"
#include "io/schema/groups_write.h"
#include "io/schema/model.h"
#include "io/snapshot/seal.h"
#include "io/snapshot/snapshot.h"
#include "jobs/groups/group_identity.h"
#include "jobs/groups/group_names.h"
#include "jobs/groups/group_number.h"
#include "jobs/groups/group_pairs.h"
#include "jobs/groups/group_quality.h"
#include "jobs/groups/group_search.h"
#include "jobs/groups/label_apart.h"
#include "jobs/groups/memberships.h"
#include "jobs/groups/taste_rows.h"
#include "jobs/steps/model_dataset.h"
#include "jobs/steps/resume.h"
#include "jobs/steps/steps.h"
#include "train/groups/merge_small.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A snapshot that is being grouped. */
typedef struct clustering {
  comm *c;
  group_settings settings; /* groups: the number chosen, once it is; `recorded` is borrowed */
  const char *dataset, *parent, *dir;
  checkpoint_place keep;
  journal *journal;
  json_t *key;
  model *m;
  taste_rows rows;
  group_past past;
  group_number number;
  real *centre;   /* (G, k) */
  real *searched; /* (number.groups, k): centre before small groups were merged; NULL: none were */
  group_found found;
  grouping grouping;
  group_names names;
  group_changes changes;
  double start; /* of the current part */
} clustering;

static const char *row_name(const clustering *k) {
  return k->settings.side == USERS ? "members" : "items";
}

/* Ends a part of the step and begins another. */
static status write_phase(clustering *k, const char *name) {
  double start = k->start;
  k->start = seconds_now();
  return comm_agree(k->c, journal_write(k->journal, json_pack("{s:s, s:s, s:f}", "event", "phase", "name", name,
                                                              "seconds", k->start - start)));
}

/* --- from run to run --- */

/* The settings and files that determine the groups, beside the snapshot itself. NULL: no memory. */
static json_t *make_key(const clustering *k) {
  char safe[4096];
  return json_pack("{s:s, s:s, s:s, s:s, s:i, s:O}", "palate", PALATE_VERSION, "snapshot", snapshot_id(k->dir), "data",
                   k->dataset != NULL ? text_printable(k->dataset, safe, sizeof safe) : "", "parent",
                   k->parent != NULL ? snapshot_id(k->parent) : "", "groups_of_parent", (int)k->past.table.n_groups,
                   "settings", k->settings.recorded);
}

/* Returns true if the file of groups is there. Collective. */
static bool is_there(const clustering *k) {
  char path[SNAPSHOT_PATH_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", k->dir, groups_file(k->settings.side));
  int64_t there = k->c->rank == 0 && access(path, F_OK) == 0;
  comm_broadcast(k->c, &there, sizeof there, 0);
  return there != 0;
}

/* A group that is the same people keeps its name. Rank 0. */
static void keep_names(const group_past *past, const group_changes *changes, group_names *names) {
  for (lid g = 0; g < names->n_groups; g++) {
    char label[1024];
    strings_get(&past->table.labels, g, label, sizeof label);
    if (changes->same[g] && label[0] != '\0' && strlen(label) < (size_t)names->labels.width) {
      char *place = names->labels.bytes + (off)g * names->labels.width;
      memset(place, 0, (size_t)names->labels.width);
      memcpy(place, label, strlen(label));
    }
  }
}

/* Finds out which groups are the same people as in the parent, and tells what changed. */
static status compare_with_parent(clustering *k) {
  comm *c = k->c;
  const group_changes *changes = &k->changes;
  status st = group_changes_count(c, &k->past, &k->rows, k->grouping.first, k->settings.groups, &k->changes);
  if (st != OK)
    return st;
  if (c->rank == 0)
    keep_names(&k->past, changes, &k->names);
  log_info("since %s: %d of %d groups are the same people and keep their names; %lld of %lld members moved (%.1f %%), "
           "%lld are new",
           snapshot_id(k->parent), changes->kept, k->names.n_groups, (long long)changes->moved,
           (long long)changes->known,
           changes->known > 0 ? 100.0 * (double)changes->moved / (double)changes->known : 0.0,
           (long long)changes->newcomers);
  return comm_agree(c,
                    journal_write(k->journal, json_pack("{s:s, s:s, s:i, s:I, s:I, s:I}", "event", "identity", "parent",
                                                        snapshot_id(k->parent), "kept", (int)changes->kept, "known",
                                                        (json_int_t)changes->known, "moved", (json_int_t)changes->moved,
                                                        "new", (json_int_t)changes->newcomers)));
}

/* --- centres --- */

/* Reads the rows, and the parent's groups. */
static status read_rows(clustering *k) {
  const group_settings *s = &k->settings;
  const taste_rows *r = &k->rows;
  status st = OK;
  TRY(comm_agree(k->c, model_open(k->dir, &k->m)));
  gid n_all = model_rows(k->m, s->side);
  if (s->groups > n_all && s->strict)
    TRY(status_fail(USAGE, "--groups %d is more than the %lld %s of %s: ask for fewer", s->groups, (long long)n_all,
                    row_name(k), k->dir));
  TRY(taste_rows_read(k->c, k->m, k->dir, s->side, s->cosine, &k->rows));
  if (r->n_unseen > 0 && r->n_unseen < r->n_all) /* all: group_number_choose says so */
    log_info("%lld of %lld %s have no events to learn from: no group counts them; their nearest group is %s",
             (long long)r->n_unseen, (long long)r->n_all, row_name(k),
             s->cosine ? "the one of lowest number" : "the one nearest to the row they share");
  if (k->parent != NULL)
    TRY(group_past_read(k->c, k->parent, k->m, r, &k->past));
  k->key = make_key(k);
  TRY(comm_agree(k->c, k->key != NULL ? OK : status_fail(NO_MEMORY, "no memory for the settings")));
  k->keep.key = k->key;
done:
  return st;
}

static status choose_number(clustering *k) {
  status st = group_number_choose(k->c, &k->settings, &k->rows, model_rows(k->m, ITEMS), &k->past, k->parent, &k->keep,
                                  k->journal, &k->number);
  k->settings.groups = k->number.groups;
  return st;
}

/* Centres of fewer and fewer groups until single precision tells them apart: rows that all but coincide. */
static status find_fewer_centres(clustering *k) {
  group_settings *s = &k->settings;
  status st = BAD_DATA;
  k->keep.dir = NULL; /* a checkpoint is of the number first tried */
  while (st == BAD_DATA && s->groups > 1) {
    s->groups -= s->groups / 8 + 1;
    st = group_search_rounds(k->c, s, &k->rows, &k->past, &k->keep, k->journal, k->centre, &k->found);
  }
  if (st == OK)
    log_warn("the tastes of %s all but coincide: %d groups instead of %d", row_name(k), s->groups, k->number.groups);
  k->number.groups = s->groups;
  return st;
}

static status find_centres(clustering *k) {
  status st = OK;
  TRY(choose_number(k));
  TRY(comm_agree(k->c, MEM_ZALLOC(k->centre, (off)k->settings.groups * k->rows.k, "centroids")));
  if (!k->number.any) { /* one group, at 0 */
    k->found = (group_found){.result.converged = true};
    k->keep.dir = NULL;
    return OK;
  }
  st = group_search_rounds(k->c, &k->settings, &k->rows, &k->past, &k->keep, k->journal, k->centre, &k->found);
  if (st == BAD_DATA && !k->number.firm)
    st = find_fewer_centres(k);
done:
  return st;
}

/* Merges groups that are smaller than the least size. */
static status merge_small(clustering *k) {
  group_settings *s = &k->settings;
  status st = OK;
  int64_t *size = NULL;
  lid before = s->groups;
  off places = (off)before * k->rows.k;
  kmeans_points points = taste_points(&k->rows);
  kmeans_settings config = {.groups = before,
                            .rounds = s->rounds,
                            .unit = s->cosine,
                            .bound_bytes = (int64_t)points.n * points.k * (int64_t)sizeof(real),
                            .on_round = kmeans_leave,
                            .context = k->c};
  k->searched = k->centre;
  k->centre = NULL;
  st = MEM_ALLOC(k->centre, places, "centroids");
  if (st == OK)
    st = MEM_ALLOC(size, before, "sizes of groups");
  TRY(comm_agree(k->c, st));
  memcpy(k->centre, k->searched, sizeof *k->centre * (size_t)places);
  TRY(kmeans_merge_small(k->c, &points, k->rows.id, &config, k->number.least_size, k->number.least, k->centre,
                         &s->groups, size, &k->found.result));
  if (s->groups < before)
    log_info("%d of %d groups had fewer than %lld %s and were merged into others: %d groups", before - s->groups,
             before, (long long)k->number.least_size, row_name(k), s->groups);
done:
  mem_free(size);
  return st;
}

/* Groups that follow the parent keep their number: it is said if some have become too small to be read. */
static void tell_small(const clustering *k) {
  int64_t least_size = group_least_size(&k->settings, &k->rows);
  lid small = 0;
  for (lid g = 0; g < k->settings.groups; g++)
    small += k->grouping.size[g] < least_size;
  if (small > 0)
    log_info("%d of %d groups have fewer than %lld %s; --groups auto:LOW..HIGH with HIGH below %d makes groups anew",
             small, k->settings.groups, (long long)least_size, row_name(k), k->settings.groups);
}

/* Marks the search as finished, with the centres that it found. */
static status mark_finished(clustering *k) {
  group_settings searched = k->settings;
  searched.groups = k->number.groups;
  return group_search_finished(k->c, &searched, &k->rows, &k->past, &k->keep,
                               k->searched != NULL ? k->searched : k->centre, &k->found);
}

/* --- names --- */

static status name_items(clustering *k) {
  const taste_rows *r = &k->rows;
  const grouping *g = &k->grouping;
  real *dist2 = NULL;
  status st = comm_agree(k->c, MEM_ALLOC(dist2, r->count, "distances"));
  for (lid i = 0; st == OK && i < r->count; i++)
    dist2[i] = g->dist2[(off)i * g->m];
  if (st == OK)
    st = group_names_of_items(k->c, k->m, r->first, r->count, g->first, dist2, k->settings.groups, &k->names);
  mem_free(dist2);
  return st;
}

/* --- quality --- */

static group_judged judged(const clustering *k, const grouping *g) {
  const group_settings *s = &k->settings;
  return (group_judged){s->groups, g->m, g->group, g->affinity, g->size, s->cosine, model_is_explicit(k->m), s->seed};
}

/* Memberships in groups made anew, with the same settings, from the model m. Without checkpoints: it is as quick as the
 * grouping itself, and done only for --quality. */
static status group_anew(clustering *k, model *m, grouping *out) {
  status st = OK;
  taste_rows rows = {0};
  real *centre = NULL;
  group_past none = {0};
  group_found found;
  run_clock clock = {0};
  checkpoint_place nowhere = {.clock = &clock};
  TRY(taste_rows_read(k->c, m, k->dir, USERS, k->settings.cosine, &rows));
  TRY(comm_agree(k->c, MEM_ALLOC(centre, (off)k->settings.groups * rows.k, "centroids")));
  TRY(group_search_rounds(k->c, &k->settings, &rows, &none, &nowhere, NULL, centre, &found));
  TRY(memberships_find(k->c, &k->settings, &rows, centre, out));
done:
  taste_rows_free(&rows);
  mem_free(centre);
  return st;
}

/* Judges the groups. Those of a refit model have seen the pairs that they would have to predict; so for that figure
 * groups are made from the measured model. */
static status judge(clustering *k) {
  const group_settings *s = &k->settings;
  comm *c = k->c;
  status st = OK;
  model *measured = NULL;
  csr train = {0}, test = {0};
  grouping apart = {0};
  const char *file = measured_file(c, k->dir);
  bool pairs = k->dataset != NULL && s->side == USERS, refit = strcmp(file, MEASURED_FILE) == 0;
  group_judged ours = judged(k, &k->grouping), blind = ours;
  if (pairs && refit) {
    log_info("groups of %s, to judge whether groups help on pairs that it has not seen", file);
    TRY(comm_agree(c, model_open_file(k->dir, file, &measured)));
    st = group_anew(k, measured, &apart);
    if (st == BAD_DATA && !k->number.firm) {
      log_warn("the groups are not judged: %s", status_message());
      st = OK;
      goto done;
    }
    TRY(st);
    blind = judged(k, &apart);
  }
  if (pairs)
    TRY(group_pairs_load(c, refit ? measured : k->m, k->dataset, &train, &test));
  TRY(group_quality(c, &k->rows, &ours, &blind, model_rows(k->m, ITEMS), pairs ? &train : NULL, pairs ? &test : NULL,
                    k->journal));
done:
  csr_free(&train);
  csr_free(&test);
  grouping_free(&apart);
  model_close(measured);
  return st;
}

/* Names the groups. */
static status describe(clustering *k) {
  const group_settings *s = &k->settings;
  const grouping *g = &k->grouping;
  comm *c = k->c;
  status st = OK;
  csr train = {0};
  bool pairs = k->dataset != NULL && s->side == USERS;
  if (pairs)
    TRY(group_pairs_load(c, k->m, k->dataset, &train, NULL));
  if (s->side == ITEMS)
    TRY(name_items(k));
  else if (pairs) {
    group_pairs_keep_loved(&train, model_is_explicit(k->m));
    TRY(group_names_from_pairs(c, k->m, &train, g->first, s->groups, &k->names));
  } else
    TRY(group_names_from_factors(c, k->m, k->centre, g->size, s->groups, &k->names));
done:
  csr_free(&train);
  return st;
}

/* --- the step --- */

static status write_groups(const clustering *k) {
  const group_settings *s = &k->settings;
  const taste_rows *r = &k->rows;
  const grouping *g = &k->grouping;
  const kmeans_result *result = &k->found.result;
  int64_t rounds = result->rounds, converged = result->converged, seed = (int64_t)s->seed, unseen = r->n_unseen;
  int64_t kept = k->changes.kept;
  const h5_attribute attributes[] = {{"/", "inertia", H5_F64, 0, &result->inertia},
                                     {"/", "metric", H5_TEXT, 0, s->cosine ? "cosine" : "euclidean"},
                                     {"/", "rounds", H5_I64, 0, &rounds},
                                     {"/", "converged", H5_I64, 0, &converged},
                                     {"/", "seed", H5_I64, 0, &seed},
                                     {"/", "temperature", H5_F64, 0, &g->temperature},
                                     {"/", "zero_rows", H5_I64, 0, &unseen},
                                     /* the last three only with a parent */
                                     {"/", "groups_kept", H5_I64, 0, &kept},
                                     {"/", "known", H5_I64, 0, &k->changes.known},
                                     {"/", "moved", H5_I64, 0, &k->changes.moved}};
  groups_part part = {.n_rows = r->n_all,
                      .first_row = r->first,
                      .row_count = r->count,
                      .memberships = g->m,
                      .group = g->group,
                      .affinity = g->affinity,
                      .n_groups = s->groups,
                      .factors = r->k,
                      .centroid = k->centre,
                      .size = g->size,
                      .top_items = k->names.top_items,
                      .labels = &k->names.labels,
                      .attributes = attributes,
                      .n_attributes = sizeof attributes / sizeof *attributes - (k->changes.same != NULL ? 0 : 3)};
  return groups_write(k->c, k->dir, s->side, &part);
}

/* Memberships, names and the file, from the centres. */
static status make_groups(clustering *k) {
  status st = OK;
  if (k->number.least_size > 0 && k->number.any)
    TRY(merge_small(k));
  TRY(write_phase(k, "cluster"));
  TRY(memberships_find(k->c, &k->settings, &k->rows, k->centre, &k->grouping));
  if (k->number.follows)
    tell_small(k);
  if (k->settings.quality && k->number.any)
    TRY(judge(k));
  TRY(describe(k));
  if (k->past.table.n_groups == k->number.groups && k->number.groups == k->settings.groups)
    TRY(compare_with_parent(k));
  TRY(comm_agree(k->c, k->c->rank == 0 ? labels_tell_apart(k->m, k->changes.same, &k->names) : OK));
  TRY(write_groups(k));
  TRY(write_phase(k, "name groups"));
  TRY(mark_finished(k));
  k->keep.clock->advanced = true;
done:
  return st;
}

void job_cluster_done(const char *dir) {
  group_search_forget(dir);
}

status job_cluster(comm *c, const group_settings *settings, const char *dataset, const char *parent, const char *dir,
                   run_clock *clock, journal *j) {
  status st = OK;
  clustering k = {.c = c,
                  .settings = *settings,
                  .dataset = dataset,
                  .parent = parent,
                  .dir = dir,
                  .keep = {.dir = dir, .clock = clock},
                  .journal = j,
                  .start = seconds_now()};
  pulse_phase(c, "groups");
  TRY(read_rows(&k));
  TRY(find_centres(&k));
  if (k.found.finished && is_there(&k))
    log_info("the groups of %s are already made", dir);
  else
    TRY(make_groups(&k));
done:
  json_decref(k.key);
  group_past_free(&k.past);
  group_changes_free(&k.changes);
  taste_rows_free(&k.rows);
  grouping_free(&k.grouping);
  group_names_free(&k.names);
  mem_free(k.centre);
  mem_free(k.searched);
  model_close(k.m);
  return st;
}

/* --- in a snapshot that is there --- */

/* The dataset to name groups by: the given one, else the model's, if it can be read and has not changed; else NULL.
 * Free with mem_free. */
static status find_dataset(comm *c, const char *given, const char *dir, char **out) {
  status st = OK;
  model *m = NULL;
  bool fits = given != NULL;
  TRY(comm_agree(c, model_open(dir, &m)));
  TRY(model_dataset(c, m, given, out));
  if (given == NULL && *out != NULL)
    TRY(group_pairs_fit(c, m, *out, &fits));
  if (!fits) {
    mem_free(*out);
    *out = NULL;
    log_info("the dataset of the model was not found: groups are named by the items their centroids prefer; --data "
             "DATASET names them by what members consumed");
  }
done:
  model_close(m);
  return st;
}

/* Keeps other runs out; *fd is of rank 0. */
static status claim(comm *c, const char *dir, int *fd) {
  status st = OK;
  if (c->rank == 0 && seal_is_there(dir))
    st = status_fail(USAGE, "%s is sealed and never changes: train a new snapshot, and group that", dir);
  else if (c->rank == 0 && !resume_claim(dir, fd))
    st = status_fail(CANNOT_CREATE, "another run is using %s", dir);
  return comm_agree(c, st);
}

status cluster_snapshot(comm *c, const group_settings *settings, const char *dataset, const char *parent,
                        const char *dir, run_clock *clock) {
  status st = OK;
  char path[SNAPSHOT_PATH_MAX + 16], *data = NULL;
  journal *j = NULL; /* rank 0 */
  int claimed = -1;
  TRY(claim(c, dir, &claimed));
  TRY(find_dataset(c, dataset, dir, &data));
  snprintf(path, sizeof path, "%s/train.jsonl", dir);
  TRY(comm_agree(c, c->rank == 0 ? journal_open(path, &j) : OK));
  TRY(job_cluster(c, settings, data, parent, dir, clock, j));
  if (c->rank == 0)
    job_cluster_done(dir);
done:
  if (claimed >= 0)
    close(claimed);
  journal_close(j);
  mem_free(data);
  return st;
}
