/* palate evaluate: measures a snapshot on pairs that it was not trained on. */
#include "eval/measure/report.h"
#include "io/base/mem.h"
#include "io/ranks/stop.h"
#include "io/snapshot/snapshot.h"
#include "jobs/commands/commands.h"
#include "jobs/settings/checkpoint_settings.h"
#include "jobs/settings/measure_settings.h"
#include "jobs/steps/advice.h"

#include <stdio.h>

static status show(const measured *m, bool as_json) {
  json_t *report = NULL;
  if (!as_json) {
    report_table(&m->figures, m->rule, stdout);
    return OK;
  }
  status st = measured_json(m, &report);
  if (st == OK) {
    json_dumpf(report, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    putchar('\n');
  }
  json_decref(report);
  return st;
}

static status run(comm *c, const options *o) {
  status st = OK;
  measure_settings settings;
  checkpoint_settings checkpoints;
  measured *m = NULL;
  char dir[SNAPSHOT_PATH_MAX];
  stop_install();
  TRY(comm_agree(c, measure_settings_read(o, &settings)));
  TRY(comm_agree(c, checkpoint_settings_read(o, &checkpoints)));
  TRY(comm_agree(c, snapshot_resolve(options_argument(o, 0), false, dir)));
  TRY(comm_agree(c, MEM_ZALLOC(m, 1, "figures")));
  run_clock clock = checkpoint_clock(&checkpoints, stop_since());
  TRY(measure_snapshot(c, &settings, options_argument(o, 1), dir, &clock, m));
  if (c->rank == 0) {
    TRY(show(m, option_flag(o, "json")));
    advice_tell(m);
  }
done:
  mem_free(m);
  return st;
}

static const option_use TAKES[] = {MEASURE_OPTIONS,  {.name = "stall-timeout"}, {.name = "threads"},
                                   {.name = "json"}, CHECKPOINT_OPTIONS,        {0}};

const command CMD_EVALUATE = {
    .name = "evaluate",
    .arguments = "SNAPSHOT DATASET",
    .summary = "measure a model on pairs that it was not trained on",
    .details =
        "Ranks all items for every member with a held-out pair, except those the member was trained with, and "
        "prints the metrics beside those of the most popular items and of a random order. The hold-out rule is "
        "the model's own unless --holdout gives another. Of a snapshot that was refit on all events, measured.h5 is "
        "measured, unless --holdout or --test gives another hold-out than its own. If the snapshot is not sealed, "
        "metrics.json is written into "
        "it.\n\n"
        "  palate evaluate snapshots ratings.h5\n"
        "  mpirun -n 2 palate evaluate snapshots/20260131T020000Z-0a1b2c3d ratings.h5 --at 10,100 --json",
    .min_arguments = 2,
    .max_arguments = 2,
    .mpi = true,
    .takes = TAKES,
    .run = run};
