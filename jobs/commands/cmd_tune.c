/* palate tune: tries settings, each measured on pairs that neither it nor the final test has seen. */
#include "eval/metrics/metrics.h"
#include "io/base/log.h"
#include "io/ranks/stop.h"
#include "jobs/commands/commands.h"
#include "jobs/settings/checkpoint_settings.h"
#include "jobs/tune/tries.h"
#include "jobs/tune/tune_report.h"
#include "jobs/tune/tuning.h"

static status run(comm *c, const options *o) {
  checkpoint_settings checkpoints;
  tuning tuning = {.c = c, .o = o, .dataset = options_argument(o, 0), .folder = option_text(o, "output")};
  status st = OK;
  TRY(comm_agree(c, tuning_prepare(&tuning)));
  TRY(tuning_check_data(&tuning));
  stop_install();
  TRY(comm_agree(c, checkpoint_settings_read(o, &checkpoints)));
  tuning.clock = checkpoint_clock(&checkpoints, stop_since());
  TRY(comm_agree(c, c->rank == 0 ? tries_open(&tuning) : OK));
  log_info("%d settings of %d, chosen by %s on --holdout %s", tuning.n, tuning.g.settings, tuning.name,
           option_text(tuning.tries[0].o, "test") != NULL ? "the pairs of --test"
                                                          : option_text(tuning.tries[0].o, "holdout"));
  TRY(tries_make(&tuning));
  TRY(comm_agree(c, c->rank == 0 ? tune_report(&tuning) : OK));
done:
  tries_close(&tuning);
  tuning_free(&tuning);
  return st;
}

_Static_assert((int)METRIC_CHOICES_MAX <= (int)OPTION_NAMES_MAX, "the help of --by");

static const option_use TAKES[] = {
    {.name = "grid"},
    {.name = "tries"},
    {.name = "by", .names = metric_choices},
    {.name = "output", .fallback = "tuning", .help = "folder for the tries and the best model"},
    {.name = "holdout", .fallback = "random:0.1"},
    {.name = "test"},
    {.name = "json"},
    {.name = "seed"},
    {.name = "warm-start", .hidden = true},
    {0}};

static const command *const STEPS[] = {&CMD_TRAIN, &CMD_EVALUATE, NULL};

const command CMD_TUNE = {
    .name = "tune",
    .arguments = "DATASET",
    .summary = "try settings and rank them by how well their models predict",
    .details =
        "Each line of the grid is an option of `palate train` with the values to try:\n\n"
        "  factors = 32, 64, 128\n"
        "  lambda = 0.003, 0.01, 0.03\n"
        "  unobserved-weight = 0.05, 0.1\n\n"
        "  palate tune plays.h5 --grid grid.txt\n"
        "  mpirun -n 8 palate tune plays.h5 --grid grid.txt --tries 20 --by recall --at 50\n"
        "  palate refresh plays.h5 --config tuning/best.conf\n\n"
        "Settings are chosen on validation pairs. With --holdout random:F, last:N or users:F, the pairs of the rule "
        "are "
        "left out and as many again are held out of the rest; so `palate refresh` with the same rule and seed tests "
        "the "
        "chosen model on pairs that had no part in the choice. With before:TIME or --test, the pairs you name are "
        "the validation pairs.\n\n"
        "Each try is a line of tune.jsonl in the output folder. Run the same command again to resume a stopped search: "
        "it makes only the tries that are missing. The folder keeps the model of the best try.",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = true,
    .takes = TAKES,
    .also = STEPS,
    .run = run};
