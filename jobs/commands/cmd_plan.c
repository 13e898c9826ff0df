/* palate plan: memory, bytes, flops and seconds of a training run, before a cluster is booked. Never starts MPI. */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/dataset.h"
#include "jobs/cli/words.h"
#include "jobs/commands/commands.h"
#include "jobs/settings/holdout.h"
#include "jobs/settings/train_settings.h"
#include "train/plan/plan.h"
#include "train/plan/plan_model.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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
    "With a DATASET everything is counted on its rows, and the bytes are those a real run sends, to the byte. Without "
    "one, "
    "--users, --items and --events say how large the service is, and rows follow laws of popularity and activity.\n\n"
    "  palate plan plays.h5 --ranks 4 --factors 128\n"
    "  palate plan --users 200000000 --items 20000 --events 100000000000 --factors 128 --ranks 64 --threads 16";

typedef struct request {
  machine machine;
  plan_laws laws;
  plan_wish wish;
  gid users, items; /* without a dataset */
  double events;
  plan_layout layout;
  int64_t sweeps, node_cores, node_memory;
  exchange_mode asked;
  solve_method method;
  bool counted; /* on a dataset */
} request;

static status read_request(const options *o, request *r) {
  status st = OK;
  int64_t factors, threads, ranks, per_node, heavy, memory = 0;
  int loss, exchange, solver;
  *r = (request){0};
  TRY(option_choice(o, "loss", LOSS_WORDS, &loss));
  TRY(option_choice(o, "exchange", EXCHANGE_WORDS, &exchange));
  TRY(option_choice(o, "solver", SOLVER_WORDS, &solver));
  TRY(option_count(o, "factors", 1, 512, &factors));
  TRY(option_count(o, "ranks", 1, 1 << 20, &ranks));
  TRY(option_count(o, "ranks-per-node", 1, 1 << 20, &per_node));
  TRY(option_count(o, "threads", 1, 4096, &threads));
  TRY(option_count(o, "sweeps", 1, 100000, &r->sweeps));
  TRY(option_count(o, "heavy-rows", 0, INT64_MAX, &heavy));
  TRY(option_count(o, "node-cores", 1, 1 << 16, &r->node_cores));
  TRY(option_size(o, "node-memory", &r->node_memory));
  TRY(train_settings_machine(o, (int)threads, &r->machine));
  if (option_text(o, "memory") != NULL)
    TRY(option_size(o, "memory", &memory));
  TRY(option_number(o, "popularity", 0.01, 10, &r->laws.s));
  TRY(option_number(o, "head-share", 0, 1, &r->laws.share));
  TRY(option_number(o, "activity", 0, 5, &r->laws.sigma));
  r->asked = (exchange_mode)exchange;
  r->method = (solve_method)solver;
  r->wish = (plan_wish){.factors = (int)factors,
                        .explicit_loss = loss == 0,
                        .heavy_from = heavy,
                        .ranks = (int)ranks,
                        .ranks_per_node = (int)per_node,
                        .threads = (int)threads,
                        .memory = memory};
  r->counted = options_argument_count(o) == 1;
  if (!r->counted) {
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

static status count(comm *c, const options *o, request *r) {
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
  TRY(plan_count(c, d, merge, split_mark, &h.rule, &r->wish, &r->layout));
done:
  holdout_free(&h);
  dataset_close(d);
  return st;
}

/* --- what is printed --- */

static const char *amount(double bytes, char out[32]) {
  const char *units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  int u = 0;
  for (; bytes >= 1000 && u < 5; u++)
    bytes /= 1000;
  snprintf(out, 32, u == 0 ? "%.0f %s" : bytes < 10 ? "%.2f %s" : bytes < 100 ? "%.1f %s" : "%.0f %s", bytes, units[u]);
  return out;
}

static const char *duration(double seconds, char out[32]) {
  if (seconds < 0.1)
    snprintf(out, 32, "%.3g ms", 1000 * seconds);
  else if (seconds < 600)
    snprintf(out, 32, "%.3g s", seconds);
  else if (seconds < 36000)
    snprintf(out, 32, "%.3g min", seconds / 60);
  else
    snprintf(out, 32, "%.3g h", seconds / 3600);
  return out;
}

typedef struct layout_choice {
  int nodes, ranks_per_node;
  double seconds; /* a sweep */
  plan_result result;
  bool fits;
} layout_choice;

/* The layout with the fewest node-seconds a sweep among powers of two, from the laws (counting anew for each would read
 * the data as often). A dearer one that is much faster is a matter of taste; --ranks and --threads show any. */
static status cheapest(const request *r, const plan_service *service, layout_choice *out) {
  *out = (layout_choice){0};
  for (int nodes = 1; nodes <= 4096; nodes *= 2)
    for (int per_node = 1; per_node <= r->node_cores; per_node *= 2) {
      int ranks = nodes * per_node;
      if (ranks > 1 << 16)
        continue;
      plan_layout l;
      machine m = r->machine;
      plan_result result;
      plan_wish wish = r->wish;
      m.threads = wish.threads = (int)r->node_cores / per_node;
      wish.ranks = ranks;
      wish.ranks_per_node = per_node;
      status st = plan_model(service, &wish, &l);
      if (st != OK)
        return st;
      l.mean_system = als_wants_mean_system(r->method);
      plan_cost(&l, &m, r->asked == EXCHANGE_AUTO ? plan_choose(&l, &m) : r->asked, r->asked, NULL, &result);
      plan_layout_free(&l);
      bool fits = result.memory_max * per_node < 0.9 * (double)r->node_memory && result.user_batches > 0 &&
                  result.item_batches > 0;
      if (fits && (!out->fits || result.seconds * nodes < 0.999 * out->seconds * out->nodes))
        *out = (layout_choice){nodes, per_node, result.seconds, result, true};
    }
  return OK;
}

static void print_batches(const plan_result *p) {
  if (p->user_batches == 0 || p->item_batches == 0)
    printf("  too little --memory");
  else if (p->user_batches > 1 || p->item_batches > 1)
    printf("  in %d and %d batches", p->user_batches, p->item_batches);
}

static void print_result(const plan_result *p, bool chosen) {
  char all[32], most[32], node[32], memory[32], seconds[32], hidden[32];
  printf("%c %-10s %-10s %10s %10s %10s %10s %10s %10s", chosen ? '*' : ' ', exchange_mode_name(p->users),
         exchange_mode_name(p->items), amount(p->bytes_sent, all), amount(p->bytes_sent_max, most),
         amount(p->node_max, node), amount(p->memory_max, memory), duration(p->seconds, seconds),
         duration(p->seconds_exchange, hidden));
  print_batches(p);
  putchar('\n');
}

static void print_sbatch(const layout_choice *best, const request *r) {
  char sweep[32], run[32], memory[32];
  int threads = (int)r->node_cores / best->ranks_per_node;
  double node_memory = best->result.memory_max * best->ranks_per_node;
  printf("\nThe fewest node-seconds: %d node%s of %lld cores, %d rank%s x %d threads on each; %s a sweep, %s for %lld, "
         "%s on a node\n\n",
         best->nodes, best->nodes == 1 ? "" : "s", (long long)r->node_cores, best->ranks_per_node,
         best->ranks_per_node == 1 ? "" : "s", threads, duration(best->seconds, sweep),
         duration(best->seconds * (double)r->sweeps, run), (long long)r->sweeps, amount(node_memory, memory));
  long minutes = (long)ceil(best->seconds * (double)r->sweeps * 2 / 60) + 10;
  printf("#SBATCH --nodes=%d\n#SBATCH --ntasks-per-node=%d\n#SBATCH --cpus-per-task=%d\n#SBATCH --mem=%.0fM\n"
         "#SBATCH --time=%ld:%02ld:00\n",
         best->nodes, best->ranks_per_node, threads, ceil(1.2 * node_memory / 1048576), minutes / 60, minutes % 60);
}

static void print_table(const request *r, const plan_result results[3], int chosen) {
  const plan_layout *l = &r->layout;
  char flops[32];
  printf(
      "%lld users, %lld items, %.0f pairs to train on, %d factors; %lld rank%s x %d thread%s on %d node%s; %.0f heavy "
      "items\n",
      (long long)l->users, (long long)l->items, l->pairs, l->factors, (long long)l->ranks, l->ranks == 1 ? "" : "s",
      r->machine.threads, r->machine.threads == 1 ? "" : "s", plan_nodes(l), plan_nodes(l) == 1 ? "" : "s", l->heavy);
  if (!r->counted)
    printf("Estimated: popularity ~ (rank + %.4g items)^-%.3g, log-normal activity of sigma %.3g\n", r->laws.share,
           r->laws.s, r->laws.sigma);
  snprintf(flops, sizeof flops, "%.3g", results[chosen].flops / 1e9);
  const machine *m = &r->machine;
  printf("%s GFLOP a sweep, max/mean over ranks %.3f; %.3g GFLOP/s a core, %.3g GB/s between nodes, %.3g GB/s a rank "
         "within, %.3g us a message; %.0f messages of a rank%s, %.0f rounds\n\n",
         flops, results[chosen].flops_max * l->ranks / results[chosen].flops, machine_core_flops(m, l->factors) / 1e9,
         m->link / 1e9, m->local / 1e9, m->latency * 1e6, results[chosen].messages_max,
         r->counted ? "" : " at the most", results[chosen].rounds);
  printf("  %-10s %-10s %10s %10s %10s %10s %10s %10s\n", "users'", "items'", "sent, all", "by a rank", "by a node",
         "memory", "a sweep", "exchange");
  for (int i = 0; i < 3; i++)
    print_result(&results[i], i == chosen);
}

static json_t *result_json(const plan_result *p) {
  return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:f, s:f, s:f, s:f, s:f}", "exchange",
                   exchange_mode_name(p->users), "exchange_items", exchange_mode_name(p->items), "bytes_sent",
                   (json_int_t)llround(p->bytes_sent), "bytes_sent_max", (json_int_t)llround(p->bytes_sent_max),
                   "bytes_between_hosts", (json_int_t)llround(p->bytes_between), "node_bytes_max",
                   (json_int_t)llround(p->node_max), "memory_max", (json_int_t)llround(p->memory_max), "user_batches",
                   p->user_batches, "item_batches", p->item_batches, "flops", p->flops, "flops_max", p->flops_max,
                   "seconds", p->seconds, "seconds_compute", p->seconds_compute, "seconds_exchange",
                   p->seconds_exchange);
}

static status print_json(const request *r, const plan_result results[3], int chosen, const layout_choice *best) {
  json_t *root = result_json(&results[chosen]), *all = json_array();
  for (int i = 0; i < 3; i++)
    json_array_append_new(all, result_json(&results[i]));
  json_object_set_new(root, "exchanges", all);
  json_object_set_new(root, "users", json_integer(r->layout.users));
  json_object_set_new(root, "items", json_integer(r->layout.items));
  json_object_set_new(root, "pairs", json_real(r->layout.pairs));
  json_object_set_new(root, "heavy_items", json_real(r->layout.heavy));
  json_object_set_new(root, "factors", json_integer(r->layout.factors));
  json_object_set_new(root, "ranks", json_integer(r->wish.ranks));
  json_object_set_new(root, "ranks_per_node", json_integer(r->layout.ranks_per_node));
  json_object_set_new(root, "threads", json_integer(r->machine.threads));
  json_object_set_new(root, "messages_max", json_real(results[chosen].messages_max));
  json_object_set_new(root, "rounds", json_real(results[chosen].rounds));
  json_object_set_new(root, "latency", json_real(r->machine.latency));
  json_object_set_new(root, "counted", json_boolean(r->counted));
  if (best->fits)
    json_object_set_new(root, "cheapest",
                        json_pack("{s:i, s:i, s:i, s:f, s:f}", "nodes", best->nodes, "ranks_per_node",
                                  best->ranks_per_node, "threads", (int)r->node_cores / best->ranks_per_node, "seconds",
                                  best->seconds, "memory_max", best->result.memory_max));
  bool written = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) == 0 && putchar('\n') != EOF;
  json_decref(root);
  return written ? OK : status_fail(IO_FAILED, "standard output cannot be written");
}

static status run(comm *c, const options *o) {
  static const exchange_mode MODES[3] = {EXCHANGE_REPLICATE, EXCHANGE_HALO, EXCHANGE_REDUCE};
  status st = OK;
  request r;
  plan_result results[3];
  layout_choice best = {0};
  plan_service *service = NULL;
  TRY(read_request(o, &r));
  if (r.counted)
    TRY(count(c, o, &r));
  gid users = r.counted ? r.layout.users : r.users, items = r.counted ? r.layout.items : r.items;
  TRY(plan_service_create(&r.laws, users, items, r.counted ? r.layout.pairs : r.events, r.wish.heavy_from, &service));
  if (!r.counted)
    TRY(plan_model(service, &r.wish, &r.layout));
  r.layout.mean_system = als_wants_mean_system(r.method);
  exchange_mode way = r.asked == EXCHANGE_AUTO ? plan_choose(&r.layout, &r.machine) : r.asked;
  int chosen = 0;
  for (int i = 0; i < 3; i++) {
    plan_cost(&r.layout, &r.machine, MODES[i], r.asked, NULL, &results[i]);
    chosen = MODES[i] == way ? i : chosen;
  }
  TRY(cheapest(&r, service, &best));
  if (option_flag(o, "json")) {
    TRY(print_json(&r, results, chosen, &best));
  } else {
    print_table(&r, results, chosen);
    if (best.fits)
      print_sbatch(&best, &r);
    else
      printf(
          "\nNo layout of up to 4096 such nodes has the memory; give --node-memory and --node-cores of larger ones\n");
  }
done:
  plan_service_free(service);
  plan_layout_free(&r.layout);
  return st;
}

const command CMD_PLAN = {.name = "plan",
                          .arguments = "[DATASET]",
                          .summary = "say what a training run will cost, before nodes are booked",
                          .details = DETAILS,
                          .min_arguments = 0,
                          .max_arguments = 1,
                          .mpi = false,
                          .takes = TAKES,
                          .run = run};
