/* palate plan: memory, bytes, flops and seconds of a training run, before a cluster is booked. Never starts MPI. */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/dataset.h"
#include "jobs/cli/words.h"
#include "jobs/commands/commands.h"
#include "jobs/settings/holdout.h"
#include "jobs/settings/train_settings.h"
#include "jobs/show/show_plan.h"
#include "train/plan/plan.h"
#include "train/plan/plan_model.h"

static const option_use TAKES[] = {{.name = "users", .fallback = ""},
                                   {.name = "items", .fallback = ""},
                                   {.name = "events", .fallback = ""},
                                   {.name = "factors"},
                                   {.name = "loss"},
                                   {.name = "solver"},
                                   {.name = "ranks"},
                                   {.name = "exchange"},
                                   {.name = "heavy-rows"},
                                   {.name = "holdout"},
                                   {.name = "seed"},
                                   {.name = "duplicates"},
                                   {.name = "threads", .fallback = "1"},
                                   {.name = "link"},
                                   {.name = "core-flops"},
                                   {.name = "node-cores"},
                                   {.name = "node-memory"},
                                   {.name = "sweeps"},
                                   {.name = "popularity"},
                                   {.name = "head-share"},
                                   {.name = "activity"},
                                   {.name = "json"},
                                   {.name = "ranks-per-node"},
                                   {.name = "local-link"},
                                   {.name = "half-speed"},
                                   {.name = "latency"},
                                   {.name = "memory"},
                                   {0}};

static const char DETAILS[] =
    "With a DATASET its rows are counted, and the bytes are exactly those a real run sends. Without one, --users, "
    "--items "
    "and --events give the size of the service, and rows follow laws of popularity and activity.\n\n"
    "  palate plan plays.h5 --ranks 4 --factors 128\n"
    "  palate plan --users 200000000 --items 20000 --events 100000000000 --factors 128 --ranks 64 --threads 16";

typedef struct request {
  plan_settings wish;
  gid users, items; /* without a dataset */
  double events;
  int64_t node_memory;
  exchange_mode asked;
  solve_method method;
} request;

static status read_request(const options *o, request *r, plan_answer *answer) {
  status st = OK;
  int64_t factors, threads, ranks, per_node, heavy, memory = 0;
  int loss, exchange, solver;
  *r = (request){0};
  *answer = (plan_answer){0};
  TRY(option_choice(o, "loss", LOSS_WORDS, &loss));
  TRY(option_choice(o, "exchange", EXCHANGE_WORDS, &exchange));
  TRY(option_choice(o, "solver", SOLVE_METHOD_WORDS, &solver));
  TRY(option_count(o, "factors", 1, 512, &factors));
  TRY(option_count(o, "ranks", 1, 1 << 20, &ranks));
  TRY(option_count(o, "ranks-per-node", 1, 1 << 20, &per_node));
  TRY(option_count(o, "threads", 1, 4096, &threads));
  TRY(option_count(o, "sweeps", 1, 100000, &answer->sweeps));
  TRY(option_count(o, "heavy-rows", 0, INT64_MAX, &heavy));
  TRY(option_count(o, "node-cores", 1, 1 << 16, &answer->node_cores));
  TRY(option_size(o, "node-memory", &r->node_memory));
  TRY(train_settings_machine(o, (int)threads, &answer->machine));
  if (option_text(o, "memory") != NULL)
    TRY(option_size(o, "memory", &memory));
  TRY(option_number(o, "popularity", 0.01, 10, &answer->laws.s));
  TRY(option_number(o, "head-share", 0, 1, &answer->laws.share));
  TRY(option_number(o, "activity", 0, 5, &answer->laws.sigma));
  r->asked = (exchange_mode)exchange;
  r->method = (solve_method)solver;
  r->wish = (plan_settings){.factors = (int)factors,
                            .explicit_loss = loss == 0,
                            .heavy_from = heavy,
                            .ranks = (int)ranks,
                            .ranks_per_node = (int)per_node,
                            .threads = (int)threads,
                            .memory = memory};
  answer->counted = options_argument_count(o) == 1;
  if (!answer->counted) {
    int64_t users, items, events;
    TRY(option_count(o, "users", 1, INT32_MAX, &users));
    TRY(option_count(o, "items", 1, INT32_MAX, &items));
    TRY(option_count(o, "events", 1, INT64_MAX / 16, &events));
    if ((double)events > (double)users * (double)items)
      TRY(status_fail(USAGE, "--events %lld: more than %lld users times %lld items", (long long)events,
                      (long long)users, (long long)items));
    r->users = users;
    r->items = items;
    r->events = (double)events;
  }
done:
  return st;
}

static status count(comm *c, const options *o, const request *r, plan_layout *out) {
  status st = OK;
  dataset *d = NULL;
  holdout_settings held_out;
  holdout h = {0};
  duplicates merge;
  TRY(holdout_settings_read(o, &held_out));
  TRY(holdout_to_train(&held_out, &h));
  TRY(train_settings_duplicates(o, r->wish.explicit_loss, &merge));
  TRY(dataset_open(c, options_argument(o, 0), &d));
  TRY(holdout_check(&h, d));
  TRY(holdout_keys(c, &h, d, 0, dataset_users(d)));
  TRY(plan_count(c, d, merge, split_mark, &h.rule, &r->wish, out));
done:
  holdout_free(&h);
  dataset_close(d);
  return st;
}

/* The layout with the fewest node-seconds a sweep among powers of two, from the laws (counting for each would read
 * the data as often). Some pay more for a much faster one; --ranks and --threads show any. */
static status cheapest(const request *r, const plan_answer *answer, const plan_service *service, layout_choice *out) {
  *out = (layout_choice){0};
  for (int nodes = 1; nodes <= 4096; nodes *= 2)
    for (int per_node = 1; per_node <= answer->node_cores; per_node *= 2) {
      int ranks = nodes * per_node;
      if (ranks > 1 << 16)
        continue;
      plan_layout l;
      machine m = answer->machine;
      plan_result result;
      plan_settings wish = r->wish;
      m.threads = wish.threads = (int)answer->node_cores / per_node;
      wish.ranks = ranks;
      wish.ranks_per_node = per_node;
      status st = plan_model(service, &wish, &l);
      if (st != OK)
        return st;
      l.method = r->method;
      plan_cost(&l, &m, r->asked == EXCHANGE_AUTO ? plan_choose(&l, &m) : r->asked, r->asked, NULL, &result);
      plan_layout_free(&l);
      bool fits = result.memory_max * per_node < 0.9 * (double)r->node_memory && result.user_batches > 0 &&
                  result.item_batches > 0;
      if (fits && (!out->fits || result.seconds * nodes < 0.999 * out->seconds * out->nodes))
        *out = (layout_choice){nodes, per_node, result.seconds, result, true};
    }
  return OK;
}

/* Fills the answer's layout, results and cheapest layout. */
static status find_costs(comm *c, const options *o, const request *r, plan_answer *answer) {
  static const exchange_mode MODES[PLAN_WAYS] = {EXCHANGE_REPLICATE, EXCHANGE_HALO, EXCHANGE_REDUCE};
  plan_layout *l = &answer->layout;
  plan_service *service = NULL;
  status st = OK;
  if (answer->counted)
    TRY(count(c, o, r, l));
  gid users = answer->counted ? l->users : r->users, items = answer->counted ? l->items : r->items;
  double events = answer->counted ? l->pairs : r->events;
  TRY(plan_service_create(&answer->laws, users, items, events, r->wish.heavy_from, &service));
  if (!answer->counted)
    TRY(plan_model(service, &r->wish, l));
  l->method = r->method;
  exchange_mode way = r->asked == EXCHANGE_AUTO ? plan_choose(l, &answer->machine) : r->asked;
  for (int i = 0; i < PLAN_WAYS; i++) {
    plan_cost(l, &answer->machine, MODES[i], r->asked, NULL, &answer->result[i]);
    answer->chosen = MODES[i] == way ? i : answer->chosen;
  }
  TRY(cheapest(r, answer, service, &answer->cheapest));
done:
  plan_service_free(service);
  return st;
}

static status run(comm *c, const options *o) {
  request request;
  plan_answer answer;
  status st = OK;
  TRY(read_request(o, &request, &answer));
  TRY(find_costs(c, o, &request, &answer));
  if (option_flag(o, "json"))
    TRY(show_plan_json(&answer));
  else
    show_plan(&answer);
done:
  plan_layout_free(&answer.layout);
  return st;
}

const command CMD_PLAN = {.name = "plan",
                          .arguments = "[DATASET]",
                          .summary = "predict memory, network bytes and seconds of a training run",
                          .details = DETAILS,
                          .min_arguments = 0,
                          .max_arguments = 1,
                          .mpi = false,
                          .takes = TAKES,
                          .run = run};
