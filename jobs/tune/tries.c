#include "jobs/tune/tries.h"

#include "eval/measure/report.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "jobs/steps/measure.h"
#include "jobs/steps/resume.h"
#include "jobs/steps/steps.h"
#include "jobs/tune/ledger.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Removes the snapshots of all finished tries but the best, or a search would fill the disk. Rank 0. */
static status keep_the_best(tuning *tuning) {
  const attempt *best = tuning_best(tuning);
  char dir[SNAPSHOT_PATH_MAX + SNAPSHOT_ID_MAX];
  for (int i = 0; i < tuning->n; i++) {
    attempt *a = &tuning->tries[i];
    snprintf(dir, sizeof dir, "%s/%s", tuning->folder, a->snapshot);
    if (a->snapshot[0] == '\0' || strcmp(a->snapshot, best->snapshot) == 0)
      continue;
    status st = access(dir, F_OK) == 0 ? publish_remove(dir) : OK;
    if (st != OK)
      return st;
    a->snapshot[0] = '\0';
  }
  return OK;
}

status tries_open(tuning *tuning) {
  status st = OK;
  TRY(snapshot_make_folder(tuning->folder));
  TRY(publish_lock_take(tuning->folder, "palate tune", &tuning->lock));
  TRY(ledger_open(tuning));
  TRY(keep_the_best(tuning));
done:
  return st;
}

void tries_close(tuning *tuning) {
  journal_close(tuning->ledger);
  publish_unlock(tuning->lock);
}

/* Keeps the figures of a try whose snapshot is in dir. Rank 0. */
static status settle(tuning *tuning, attempt *a, const measured *m, const char *dir) {
  status st = OK;
  json_t *report = report_json(&m->figures, m->rule, m->seed);
  if (report == NULL)
    TRY(status_fail(NO_MEMORY, "no memory for the report"));
  snprintf(a->snapshot, sizeof a->snapshot, "%s", snapshot_id(dir));
  TRY(snapshot_write_json(dir, "metrics.json", report));
  TRY(ledger_write(tuning, a, report, m->rule));
  resume_done(dir);
  measure_done(dir);
  TRY(keep_the_best(tuning));
done:
  json_decref(report);
  return st;
}

/* Trains and measures one setting; resumes it if an earlier run was stopped in it. */
static status make_try(tuning *tuning, attempt *a) {
  char dir[SNAPSHOT_PATH_MAX], path[SNAPSHOT_PATH_MAX + 32];
  const char *dirs[1] = {dir};
  comm *c = tuning->c;
  resume *resumed = NULL;
  journal *j = NULL; /* rank 0 */
  measured *m = NULL;
  double start = seconds_now();
  /* The steps log only with --verbose: the search has its own lines. */
  log_level level = log_set_level(option_flag(tuning->o, "verbose") ? LOG_DEBUG : LOG_QUIET);
  status st = OK;
  TRY(comm_agree(c, MEM_ZALLOC(m, 1, "figures")));
  TRY(resume_begin(c, &a->resume, tuning->folder, tuning->digest, "", dir, &resumed));
  snprintf(path, sizeof path, "%s/train.jsonl", dir);
  TRY(comm_agree(c, c->rank == 0 ? journal_open(path, &j) : OK));
  TRY(job_train(c, &a->train, tuning->dataset, dir, MODEL_FILE, "", &tuning->clock, j));
  TRY(measure(c, &a->measure, tuning->dataset, dirs, 1, dir, &tuning->clock, m));
  a->seconds = seconds_now() - start;
  TRY(comm_agree(c, c->rank == 0 ? settle(tuning, a, m, dir) : OK));
done:
  log_set_level(level);
  journal_close(j);
  resume_end(resumed);
  mem_free(m);
  return st;
}

status tries_make(tuning *tuning) {
  progress bar;
  char words[1024];
  status st = OK;
  progress_begin(&bar, "tries", tuning->n);
  for (int i = 0; st == OK && i < tuning->n; i++) {
    attempt *a = &tuning->tries[i];
    int64_t known = !isnan(a->value);
    comm_broadcast(tuning->c, &known, sizeof known, 0);
    if (!known && run_clock_is_late(tuning->c, &tuning->clock)) {
      snprintf(words, sizeof words, "before try %d of %d", i + 1, tuning->n);
      st = run_clock_stopped(words, tuning->folder);
    } else if (!known)
      st = make_try(tuning, a);
    if (st != OK || tuning->c->rank != 0)
      continue;
    if (bar.drawn)
      progress_end(&bar);
    log_info("try %d/%d  %s: %s %.4f (%.4f – %.4f), %.1f s%s", i + 1, tuning->n,
             tuning_words(tuning, a, words, sizeof words), tuning->name, a->value, a->low, a->high, a->seconds,
             known ? ", from an earlier run" : "");
    progress_step(&bar, i + 1, "%s", "");
  }
  progress_end(&bar);
  return st;
}
