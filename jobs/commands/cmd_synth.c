/* palate synth: a dataset whose tastes are known, and the truth beside it; for demonstrations, tests and benchmarks. */
#include "io/base/log.h"
#include "jobs/cli/words.h"
#include "jobs/commands/commands.h"
#include "jobs/synth/plant.h"
#include "jobs/synth/plant_truth.h"

#include <inttypes.h>

static const option_use TAKES[] = {
    {.name = "output", .help = "dataset to write"},
    {.name = "users", .fallback = "10000"},
    {.name = "items", .fallback = "2000"},
    {.name = "events"},
    {.name = "groups", .fallback = "8", .help = "planted groups"},
    {.name = "factors", .fallback = "8", .help = "planted factors"},
    {.name = "loss", .fallback = "implicit", .help = "explicit: events are ratings; implicit: counts"},
    {.name = "spread"},
    {.name = "noise"},
    {.name = "seed"},
    {.name = "memory", .fallback = "1G"},
    {.name = "stall-timeout"},
    {.name = "threads"},
    {0},
};

static status read_options(const options *o, planted *w, off *events, int64_t *memory) {
  status st = OK;
  int64_t number;
  int loss;
  if (option_text(o, "output") == NULL)
    return status_fail(USAGE, "-o DATASET is missing: the file to write");
  TRY(option_count(o, "users", 1, INT64_C(1) << 40, &w->n_users));
  TRY(option_count(o, "items", 1, INT32_MAX - 1, &w->n_items));
  TRY(option_count(o, "events", 1, INT64_C(1) << 50, events));
  TRY(option_count(o, "groups", 1, 1 << 20, &number));
  w->groups = (int)number;
  TRY(option_count(o, "factors", 1, PLANTED_FACTORS_MAX, &number));
  w->factors = (int)number;
  TRY(option_count(o, "seed", 0, INT64_MAX, &number));
  w->seed = (uint64_t)number;
  TRY(option_choice(o, "loss", LOSS_WORDS, &loss));
  w->explicit_loss = loss == 0;
  TRY(option_number(o, "spread", 0, 10, &w->spread));
  TRY(option_number(o, "noise", 0, 10, &w->noise));
  TRY(option_size(o, "memory", memory));
  w->mean = 3.3;
  if (*events / w->n_users + (*events % w->n_users > 0) > w->n_items)
    st = status_fail(
        USAGE, "%" PRId64 " events are more than %" PRId64 " users can have among %" PRId64 " items, each at most once",
        *events, w->n_users, w->n_items);
done:
  return st;
}

static status run(comm *c, const options *o) {
  planted w;
  off events;
  int64_t memory;
  planted_share share = {0};
  char truth[4096];
  const char *path = option_text(o, "output");
  double start = seconds_now();
  status st = OK;
  TRY(read_options(o, &w, &events, &memory));
  TRY(planted_share_make(c, &w, events, memory, &share));
  double made = seconds_now();
  TRY(plant_dataset(c, &w, events, &share, path));
  TRY(plant_truth(c, &w, &share, path));
  TRY(planted_truth_path(path, truth, sizeof truth));
  log_info("%s: %" PRId64 " users, %" PRId64 " items, %" PRId64
           " events (%s), %d groups in %d factors; the truth is in %s",
           path, w.n_users, w.n_items, events, w.explicit_loss ? "ratings" : "counts", w.groups, w.factors, truth);
  log_info("%.1f s to plant, %.1f s to write", made - start, seconds_now() - made);
done:
  planted_share_free(&share);
  return st;
}

const command CMD_SYNTH = {
    .name = "synth",
    .arguments = "",
    .summary = "make a dataset with planted taste groups",
    .details =
        "Members of a group love the same two themes; titles and tags speak of the themes, so groups can be read. "
        "Popularity follows a power law, activity a log-normal one. The planted groups and factors are "
        "written to DATASET.truth.h5. The same options and seed give the same file on any number of ranks. A rank "
        "needs "
        "16 bytes for each event of its share of the members, and 4 bytes for each item.\n\n"
        "  palate synth -o demo.h5 --users 2000 --items 1000 --events 100000\n"
        "  mpirun -n 2 palate synth -o 20m.h5 --users 138493 --items 26744 --events 20000000 --groups 64 "
        "--factors 16\n",
    .min_arguments = 0,
    .max_arguments = 0,
    .mpi = true,
    .takes = TAKES,
    .run = run,
};
