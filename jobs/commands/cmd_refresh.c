/* palate refresh: the nightly job. Trains, groups, measures, and publishes what passes the gate. */
#include "eval/measure/report.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/pulse.h"
#include "io/ranks/stop.h"
#include "io/schema/dataset.h"
#include "io/snapshot/publish.h"
#include "io/snapshot/seal.h"
#include "jobs/commands/commands.h"
#include "jobs/steps/dashboard.h"
#include "jobs/steps/gate.h"
#include "jobs/steps/manifest.h"
#include "jobs/steps/measure.h"
#include "jobs/steps/resume.h"
#include "jobs/steps/steps.h"
#include "jobs/steps/warm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the steps share. */
typedef struct night {
  comm *c;
  const options *o;
  const char *dataset, *snapshots;
  gate_limits limits;
  edge_clock clock;
  bool measured;      /* something is held out to measure on */
  publish_lock *lock; /* rank 0 */
  resume *going;
  char digest[65];              /* of the data */
  char latest[SNAPSHOT_ID_MAX]; /* "": nothing is published yet */
  char dir[SNAPSHOT_PATH_MAX], parent[SNAPSHOT_PATH_MAX], warm[SNAPSHOT_PATH_MAX];
  journal *j; /* rank 0 */
  evaluation e;
  json_t *verdict;
  bool passed;
  dashboard board;
} night;

/* Everything that can be wrong is found before anything is made. */
static status look(night *n) {
  holdout h;
  dataset *d = NULL;
  status st = OK;
  TRY(comm_agree(n->c, gate_read(n->o, &n->limits)));
  TRY(comm_agree(n->c, resume_clock_start(n->o, stop_since(), &n->clock)));
  TRY(comm_agree(n->c, holdout_read(n->o, SPLIT_TO_TRAIN, NULL, 0, &h)));
  n->measured = !holdout_none(&h);
  if (!n->measured && n->limits.compare)
    TRY(status_fail(USAGE, "with --holdout none there is nothing to compare models on; give --gate off as well"));
  TRY(dataset_open(n->c, n->dataset, &d));
  snprintf(n->digest, sizeof n->digest, "%s", dataset_digest(d));
done:
  dataset_close(d);
  return st;
}

/* A signal, or the end of the time, between two steps. What is done stays done: the next run goes on from the model
 * that is there. */
static status pause_before(night *n, const char *before) {
  char when[64];
  if (!edge_late(n->c, &n->clock))
    return OK;
  snprintf(when, sizeof when, "before it %s", before);
  return edge_stopped(when, n->dir);
}

/* Takes the lock, finds the published snapshot, and begins a new one or goes on with one that was left. */
static status begin(night *n) {
  char path[SNAPSHOT_PATH_MAX + 32];
  status st = OK;
  if (n->c->rank == 0) {
    st = snapshot_make_folder(n->snapshots);
    if (st == OK)
      st = publish_lock_take(n->snapshots, "palate refresh", &n->lock);
    if (st == OK)
      st = publish_latest(n->snapshots, n->latest);
  }
  TRY(comm_agree(n->c, st));
  comm_broadcast(n->c, n->latest, sizeof n->latest, 0);
  if (n->latest[0] != '\0') {
    snprintf(n->parent, sizeof n->parent, "%s/%s", n->snapshots, n->latest);
    log_info("published now: %s", n->latest);
  }
  TRY(warm_find(n->c, n->o, n->snapshots, n->warm));
  TRY(resume_begin(n->c, n->o, n->snapshots, n->digest, snapshot_id(n->warm), n->dir, &n->going));
  snprintf(path, sizeof path, "%s/train.jsonl", n->dir);
  TRY(comm_agree(n->c, n->c->rank == 0 ? journal_open(path, &n->j) : OK));
done:
  return st;
}

/* The new model, beside the published one where there is one to compare with. */
static status measure_both(night *n) {
  const char *dirs[2] = {n->dir, n->parent};
  char rule[SPLIT_TEXT_MAX];
  uint64_t seed;
  json_t *report = NULL;
  double start = seconds_now();
  status st = OK;
  int models = n->parent[0] != '\0' && n->limits.compare ? 2 : 1;
  TRY(measure(n->c, n->o, n->dataset, dirs, models, n->dir, &n->clock, &n->e, rule, &seed));
  if (n->c->rank == 0) {
    report = report_json(&n->e, rule, seed);
    st = report != NULL ? snapshot_write_json(n->dir, "metrics.json", report)
                        : status_fail(NO_MEMORY, "no memory for the report");
    if (st == OK && !option_flag(n->o, "quiet"))
      report_table(&n->e, rule, stderr);
    if (st == OK)
      st = journal_write(
          n->j, json_pack("{s:s, s:s, s:f}", "event", "phase", "name", "evaluate", "seconds", seconds_now() - start));
  }
  TRY(comm_agree(n->c, st));
done:
  json_decref(report);
  return st;
}

/* Manifest, seal, and the flip where the gate lets it through. Rank 0. */
static status finish(night *n) {
  status st = manifest_write(n->c, n->dir, n->o, n->verdict, n->latest);
  journal_close(n->j);
  n->j = NULL;
  if (st == OK)
    st = seal_write(n->dir);
  if (st == OK && n->passed)
    st = publish_flip(n->snapshots, snapshot_id(n->dir));
  return st;
}

static status explain(const night *n) {
  const json_t *reasons = json_object_get(n->verdict, "reasons");
  const char *first = json_string_value(json_array_get(reasons, 0));
  return status_fail(WORSE,
                     "%s%s; %s is sealed and not published, `latest` is as it was. `palate publish %s` overrules",
                     first != NULL ? first : "the gate is shut",
                     json_array_size(reasons) > 1 ? " (and more, see its manifest)" : "", n->dir, n->dir);
}

static status work(night *n) {
  status st = OK;
  TRY(look(n));
  TRY(begin(n));
  dashboard_phase(&n->board, "train");
  TRY(job_train(n->c, n->o, n->dataset, n->dir, n->warm, &n->clock, n->j));
  TRY(pause_before(n, "groups"));
  dashboard_phase(&n->board, "cluster");
  TRY(job_cluster(n->c, n->o, n->dataset, n->parent[0] != '\0' ? n->parent : NULL, n->dir, &n->clock, n->j));
  TRY(pause_before(n, "measures"));
  if (n->measured) {
    dashboard_phase(&n->board, "evaluate");
    pulse_phase(n->c, "measuring");
    TRY(measure_both(n));
  }
  dashboard_phase(&n->board, "publish");
  pulse_phase(n->c, "publishing");
  const char *parent = n->parent[0] != '\0' && n->limits.compare ? n->parent : NULL;
  TRY(gate_judge(n->c, &n->limits, n->dir, parent, n->measured ? &n->e : NULL, &n->verdict, &n->passed));
  TRY(comm_agree(n->c, n->c->rank == 0 ? finish(n) : OK));
  if (!n->passed)
    TRY(explain(n));
  if (n->c->rank == 0)
    printf("%s\n", n->dir);
  log_info("published %s", snapshot_id(n->dir));
done:
  return st;
}

static status run(comm *c, const options *o) {
  night *n;
  status st = comm_agree(c, MEM_ZALLOC(n, 1, "refresh"));
  if (st != OK)
    return st;
  n->c = c;
  n->o = o;
  n->dataset = options_argument(o, 0);
  n->snapshots = option_text(o, "output");
  stop_install();
  dashboard_begin(&n->board);
  st = work(n);
  journal_close(n->j);
  if (c->rank == 0 && option_text(o, "metrics-file") != NULL) {
    char message[STATUS_MESSAGE_MAX];
    snprintf(message, sizeof message, "%s", status_message());
    status told = dashboard_write(&n->board, option_text(o, "metrics-file"), st, n->verdict);
    if (told != OK)
      log_warn("%s", status_message());
    if (st != OK)
      status_fail(st, "%s", message);
  }
  if (c->rank == 0 && st != OK && st != WORSE && n->dir[0] != '\0') {
    publish_discard_empty(n->dir);
    if (access(n->dir, F_OK) == 0)
      log_info("%s is left unsealed; `latest` is as it was", n->dir);
  }
  resume_end(n->going);
  publish_unlock(n->lock);
  json_decref(n->verdict);
  mem_free(n);
  return st;
}

static const option_use TAKES[] = {{.name = "output", .fallback = "snapshots"},
                                   GATE_OPTIONS,
                                   {.name = "metrics-file"},
                                   {.name = "holdout", .fallback = "random:0.1"},
                                   {.name = "test"},
                                   {.name = "warm-start", .fallback = "auto"},
                                   {.name = "json", .hidden = true},
                                   {.name = "data", .hidden = true},
                                   {.name = "parent", .hidden = true},
                                   {.name = "seed"},
                                   {0}};

/* The steps read their own options from ours. */
static const command *const STEPS[] = {&CMD_TRAIN, &CMD_CLUSTER, &CMD_EVALUATE, NULL};

const command CMD_REFRESH = {
    .name = "refresh",
    .arguments = "DATASET",
    .summary = "the nightly job: train, group, measure, and publish what passes the gate",
    .details =
        "The new model and the published one are measured on the same hold-out. Where the paired 95 % interval shows "
        "the "
        "new one worse by more than --gate-tolerance, or a limit is passed, the new snapshot is kept but `latest` "
        "stays "
        "as it was, and the status is 76. The first model has only the limits to pass. A run that was stopped (status "
        "75) or killed is gone on with by the same command. The path of the published "
        "snapshot is printed on standard output.\n\n"
        "  palate refresh plays.h5 -o snapshots\n"
        "  mpirun -n 8 palate refresh ratings.h5 --loss explicit --lambda 0.1 --groups 200 -o /srv/taste",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = true,
    .takes = TAKES,
    .also = STEPS,
    .run = run};
