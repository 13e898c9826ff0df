#include "jobs/steps/refresh.h"

#include "eval/measure/report.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/pulse.h"
#include "io/ranks/stop.h"
#include "io/snapshot/publish.h"
#include "io/snapshot/seal.h"
#include "jobs/steps/advice.h"
#include "jobs/steps/gate.h"
#include "jobs/steps/manifest.h"
#include "jobs/steps/measure.h"
#include "jobs/steps/resume.h"
#include "jobs/steps/run_metrics.h"
#include "jobs/steps/steps.h"
#include "jobs/steps/warm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the steps share. */
typedef struct refresh_run {
  comm *c;
  const refresh_settings *settings;
  run_clock clock;
  bool has_holdout;   /* something is held out to measure on */
  bool refits;        /* the published model is trained on that, too */
  publish_lock *lock; /* rank 0 */
  resume *resume;
  char digest[TRAIN_DIGEST_MAX]; /* of the data */
  char latest[SNAPSHOT_ID_MAX];  /* "": nothing is published yet */
  char *dir;                     /* [SNAPSHOT_PATH_MAX] of the caller */
  char parent[SNAPSHOT_PATH_MAX], warm[SNAPSHOT_PATH_MAX];
  journal *journal; /* rank 0 */
  measured measured;
  json_t *verdict;
  bool passed;
  run_metrics metrics;
} refresh_run;

/* Finds everything that can be wrong before anything is made. */
static status check_inputs(refresh_run *r) {
  const refresh_settings *s = r->settings;
  holdout h;
  status st = OK;
  TRY(comm_agree(r->c, holdout_to_train(&s->train.holdout, &h)));
  r->has_holdout = !holdout_none(&h);
  r->refits = r->has_holdout && s->refit;
  if (!r->has_holdout && s->gate.compare)
    TRY(status_fail(USAGE, "with --holdout none there is nothing to compare models on; give --gate off as well"));
  TRY(train_check_data(r->c, &s->train, s->dataset, r->digest));
done:
  return st;
}

/* Leaves between two steps after a signal, or at the end of the time. What is done stays: the next run resumes there.
 */
static status pause_before(refresh_run *r, const char *next) {
  char when[64];
  if (!run_clock_is_late(r->c, &r->clock))
    return OK;
  snprintf(when, sizeof when, "before %s", next);
  return run_clock_stopped(when, r->dir);
}

/* Locks the folder and finds the published snapshot. */
static status open_folder(refresh_run *r) {
  const char *snapshots = r->settings->snapshots;
  status st = OK;
  if (r->c->rank == 0) {
    st = snapshot_make_folder(snapshots);
    if (st == OK)
      st = publish_lock_take(snapshots, "palate refresh", &r->lock);
    if (st == OK)
      st = publish_latest(snapshots, r->latest);
  }
  TRY(comm_agree(r->c, st));
  comm_broadcast(r->c, r->latest, sizeof r->latest, 0);
  if (r->latest[0] != '\0') {
    snprintf(r->parent, sizeof r->parent, "%s/%s", snapshots, r->latest);
    log_info("published now: %s", r->latest);
  }
done:
  return st;
}

/* Begins a snapshot, or resumes one that an earlier run left. */
static status begin(refresh_run *r) {
  const refresh_settings *s = r->settings;
  char path[SNAPSHOT_PATH_MAX + 32];
  status st = OK;
  TRY(open_folder(r));
  TRY(warm_find(r->c, s->warm_start, s->snapshots, r->warm));
  TRY(resume_begin(r->c, &s->resume, s->snapshots, r->digest, snapshot_id(r->warm), r->dir, &r->resume));
  snprintf(path, sizeof path, "%s/train.jsonl", r->dir);
  TRY(comm_agree(r->c, r->c->rank == 0 ? journal_open(path, &r->journal) : OK));
done:
  return st;
}

/* The published snapshot, if there is one to compare with; else NULL. */
static const char *rival(const refresh_run *r) {
  return r->parent[0] != '\0' && r->settings->gate.compare ? r->parent : NULL;
}

/* Writes what measuring found. Rank 0. */
static status report(refresh_run *r, double seconds) {
  status st = measured_write(&r->measured, r->dir);
  if (st == OK)
    advice_tell(&r->measured);
  if (st == OK && !r->settings->quiet)
    report_table(&r->measured.figures, r->measured.rule, stderr);
  if (st == OK)
    st = journal_write(r->journal,
                       json_pack("{s:s, s:s, s:f}", "event", "phase", "name", "evaluate", "seconds", seconds));
  return st;
}

/* Measures the new model, beside its rival if there is one. */
static status measure_models(refresh_run *r) {
  const refresh_settings *s = r->settings;
  const char *dirs[2] = {r->dir, r->parent};
  double start = seconds_now();
  status st = OK;
  pulse_phase(r->c, "measuring");
  TRY(measure(r->c, &s->measure, s->dataset, dirs, rival(r) != NULL ? 2 : 1, r->dir, &r->clock, &r->measured));
  TRY(comm_agree(r->c, r->c->rank == 0 ? report(r, seconds_now() - start) : OK));
done:
  return st;
}

/* Writes manifest and seal, and publishes the snapshot if the gate let it through. Rank 0. */
static status seal_and_publish(refresh_run *r) {
  status st = manifest_write(r->c, r->dir, r->settings->all, r->verdict, r->latest);
  journal_close(r->journal);
  r->journal = NULL;
  if (st == OK)
    st = seal_write(r->dir);
  if (st == OK && r->passed)
    st = publish_flip(r->settings->snapshots, snapshot_id(r->dir));
  return st;
}

/* WORSE, with the gate's first reason. */
static status explain(const refresh_run *r) {
  const json_t *reasons = json_object_get(r->verdict, "reasons");
  const char *first = json_string_value(json_array_get(reasons, 0));
  return status_fail(
      WORSE,
      "%s%s; %s is sealed and not published, `latest` is unchanged. `palate publish %s` publishes it all the same",
      first != NULL ? first : "the gate refused the model",
      json_array_size(reasons) > 1 ? " (and more, see its manifest)" : "", r->dir, r->dir);
}

static status judge_and_publish(refresh_run *r) {
  status st = OK;
  pulse_phase(r->c, "publishing");
  TRY(gate_judge(r->c, &r->settings->gate, r->dir, rival(r), r->parent[0] == '\0', r->has_holdout ? &r->measured : NULL,
                 &r->verdict, &r->passed));
  TRY(comm_agree(r->c, r->c->rank == 0 ? seal_and_publish(r) : OK));
  if (!r->passed)
    TRY(explain(r));
  log_info("published %s", snapshot_id(r->dir));
done:
  return st;
}

/* Trains without the hold-out; then, with --refit, on all events from there. */
static status train_models(refresh_run *r) {
  const refresh_settings *s = r->settings;
  status st = OK;
  run_metrics_phase(&r->metrics, "train");
  TRY(job_train(r->c, &s->train, s->dataset, r->dir, r->refits ? MEASURED_FILE : MODEL_FILE, r->warm, &r->clock,
                r->journal));
  if (r->refits) {
    TRY(pause_before(r, "the refit"));
    run_metrics_phase(&r->metrics, "refit");
    TRY(job_refit(r->c, &s->train, s->dataset, r->dir, &r->clock, r->journal));
  }
done:
  return st;
}

static status run_steps(refresh_run *r) {
  const refresh_settings *s = r->settings;
  status st = OK;
  TRY(check_inputs(r));
  TRY(begin(r));
  TRY(train_models(r));
  TRY(pause_before(r, "grouping"));
  run_metrics_phase(&r->metrics, "cluster");
  TRY(job_cluster(r->c, &s->groups, s->dataset, r->parent[0] != '\0' ? r->parent : NULL, r->dir, &r->clock,
                  r->journal));
  TRY(pause_before(r, "measuring"));
  if (r->has_holdout) {
    run_metrics_phase(&r->metrics, "evaluate");
    TRY(measure_models(r));
  }
  run_metrics_phase(&r->metrics, "publish");
  TRY(judge_and_publish(r));
done:
  return st;
}

/* Writes the run metrics, and keeps the message of the run. Rank 0. */
static void write_metrics(run_metrics *m, const char *path, status ended, const json_t *verdict) {
  char message[STATUS_MESSAGE_MAX];
  snprintf(message, sizeof message, "%s", status_message());
  if (run_metrics_write(m, path, ended, verdict) != OK)
    log_warn("%s", status_message());
  if (ended != OK)
    status_fail(ended, "%s", message);
}

void refresh_refused(const char *metrics_file, status ended) {
  run_metrics metrics;
  run_metrics_begin(&metrics);
  write_metrics(&metrics, metrics_file, ended, NULL);
}

/* Removes the snapshot if it holds nothing, else says that it is left. Rank 0. */
static void tell_left(const char *dir) {
  publish_discard_empty(dir);
  if (access(dir, F_OK) == 0)
    log_info("%s is left unsealed; `latest` is unchanged", dir);
}

status refresh(comm *c, const refresh_settings *settings, char *dir) {
  refresh_run *r = NULL;
  dir[0] = '\0';
  status st = comm_agree(c, MEM_ZALLOC(r, 1, "refresh"));
  if (st != OK)
    goto done;
  r->c = c;
  r->settings = settings;
  r->dir = dir;
  r->clock = checkpoint_clock(&settings->checkpoints, stop_since());
  run_metrics_begin(&r->metrics);
  st = run_steps(r);
  journal_close(r->journal);
  if (c->rank == 0 && settings->metrics_file != NULL)
    write_metrics(&r->metrics, settings->metrics_file, st, r->verdict);
  if (c->rank == 0 && st != OK && st != WORSE && dir[0] != '\0')
    tell_left(dir);
  resume_end(r->resume);
  publish_unlock(r->lock);
  json_decref(r->verdict);
done:
  mem_free(r);
  return st;
}
