/* palate evaluate: a snapshot measured on what was held out of its training. */
#include "eval/measure/report.h"
#include "io/base/log.h"
#include "io/ranks/stop.h"
#include "io/snapshot/snapshot.h"
#include "jobs/commands/commands.h"
#include "jobs/steps/measure.h"
#include "jobs/steps/resume.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const option_use TAKES[] = {
    MEASURE_OPTIONS, {.name = "stall-timeout"}, {.name = "threads"}, {.name = "json"}, EDGE_OPTIONS, {0}};

static bool is_sealed(const char *dir) {
  char path[SNAPSHOT_PATH_MAX + 32];
  struct stat s;
  snprintf(path, sizeof path, "%s/SHA256SUMS", dir);
  return stat(path, &s) == 0;
}

/* Measures, and keeps metrics.json unless the snapshot is sealed. Only in one that is not, and that nobody else works
 * in, can be kept what a run that is stopped has measured so far. */
static status measure_snapshot(comm *c, const options *o, const char *dataset, const char *dir, edge_clock *clock,
                               evaluation *e, char *rule, uint64_t *seed) {
  status st = OK;
  json_t *all = NULL;
  int claimed = -1; /* rank 0 */
  int64_t keeps = c->rank == 0 && !is_sealed(dir) && access(dir, W_OK) == 0 && resume_claim(dir, &claimed);
  comm_broadcast(c, &keeps, sizeof keeps, 0);
  TRY(measure(c, o, dataset, &dir, 1, keeps ? dir : NULL, clock, e, rule, seed));
  if (c->rank == 0) {
    all = report_json(e, rule, *seed);
    if (all == NULL)
      st = status_fail(NO_MEMORY, "no memory for the report");
    if (st == OK && !is_sealed(dir))
      st = snapshot_write_json(dir, "metrics.json", all);
    if (st == OK && keeps)
      measure_done(dir);
  }
  TRY(comm_agree(c, st));
done:
  if (claimed >= 0)
    close(claimed);
  json_decref(all);
  return st;
}

static status run(comm *c, const options *o) {
  evaluation e;
  edge_clock clock;
  char rule[SPLIT_TEXT_MAX], dir[SNAPSHOT_PATH_MAX];
  uint64_t seed;
  stop_install();
  status st = comm_agree(c, resume_clock_start(o, stop_since(), &clock));
  if (st == OK)
    st = comm_agree(c, snapshot_resolve(options_argument(o, 0), false, dir));
  if (st == OK)
    st = measure_snapshot(c, o, options_argument(o, 1), dir, &clock, &e, rule, &seed);
  if (st != OK || c->rank != 0)
    return st;
  if (option_flag(o, "json")) {
    json_t *all = report_json(&e, rule, seed);
    if (all == NULL)
      return status_fail(NO_MEMORY, "no memory for the report");
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    putchar('\n');
    json_decref(all);
  } else {
    report_table(&e, rule, stdout);
  }
  return OK;
}

const command CMD_EVALUATE = {
    .name = "evaluate",
    .arguments = "SNAPSHOT DATASET",
    .summary = "measure a model on what was held out of its training",
    .details =
        "Ranks all items for every member with a held-out pair, leaving out what the member was trained with, and "
        "prints the metrics beside those of the most popular items and of a random order. The hold-out rule is "
        "the one the model was trained with unless --holdout gives another. metrics.json is written into a "
        "snapshot that is not sealed.\n\n"
        "  palate evaluate snapshots ratings.h5\n"
        "  mpirun -n 2 palate evaluate snapshots/20260131T020000Z-0a1b2c3d ratings.h5 --at 10,100 --json",
    .min_arguments = 2,
    .max_arguments = 2,
    .mpi = true,
    .takes = TAKES,
    .run = run};
