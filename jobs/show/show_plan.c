#include "jobs/show/show_plan.h"

#include "train/solve/row/loss.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

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

static void print_sbatch(const plan_answer *answer) {
  const layout_choice *best = &answer->cheapest;
  char sweep[32], run[32], memory[32];
  int threads = (int)answer->node_cores / best->ranks_per_node;
  double node_memory = best->result.memory_max * best->ranks_per_node;
  printf("\nThe fewest node-seconds: %d node%s of %lld cores, %d rank%s x %d threads on each; %s a sweep, %s for %lld, "
         "%s on a node\n\n",
         best->nodes, best->nodes == 1 ? "" : "s", (long long)answer->node_cores, best->ranks_per_node,
         best->ranks_per_node == 1 ? "" : "s", threads, duration(best->seconds, sweep),
         duration(best->seconds * (double)answer->sweeps, run), (long long)answer->sweeps, amount(node_memory, memory));
  long minutes = (long)ceil(best->seconds * (double)answer->sweeps * 2 / 60) + 10;
  printf("#SBATCH --nodes=%d\n#SBATCH --ntasks-per-node=%d\n#SBATCH --cpus-per-task=%d\n#SBATCH --mem=%.0fM\n"
         "#SBATCH --time=%ld:%02ld:00\n",
         best->nodes, best->ranks_per_node, threads, ceil(1.2 * node_memory / 1048576), minutes / 60, minutes % 60);
}

/* Whether there is something that --lambda auto and --unobserved-weight auto follow from. */
static bool takes_weights(const plan_layout *l) {
  return !l->explicit_loss && l->active_users > 0 && l->active_items > 0;
}

static void print_table(const plan_answer *answer) {
  const plan_layout *l = &answer->layout;
  char flops[32];
  printf(
      "%lld users, %lld items, %.0f pairs to train on, %d factors; %lld rank%s x %d thread%s on %d node%s; %.0f heavy "
      "items\n",
      (long long)l->users, (long long)l->items, l->pairs, l->factors, (long long)l->ranks, l->ranks == 1 ? "" : "s",
      answer->machine.threads, answer->machine.threads == 1 ? "" : "s", plan_nodes(l), plan_nodes(l) == 1 ? "" : "s",
      l->heavy);
  if (!answer->counted)
    printf("Estimated: popularity ~ (rank + %.4g items)^-%.3g, log-normal activity of sigma %.3g\n", answer->laws.share,
           answer->laws.s, answer->laws.sigma);
  if (takes_weights(l))
    printf("What auto takes: --lambda %.4g --unobserved-weight %.4g\n", loss_lambda_for((off)l->pairs, l->active_users),
           loss_unobserved_for((off)l->pairs, l->active_users, l->active_items));
  snprintf(flops, sizeof flops, "%.3g", answer->result[answer->chosen].flops / 1e9);
  const machine *m = &answer->machine;
  printf("%s GFLOP a sweep, max/mean over ranks %.3f; %.3g GFLOP/s a core, %.3g GB/s between nodes, %.3g GB/s a rank "
         "within, %.3g us a message; %.0f messages of a rank%s, %.0f rounds\n\n",
         flops, answer->result[answer->chosen].flops_max * l->ranks / answer->result[answer->chosen].flops,
         machine_core_flops(m, l->factors) / 1e9, m->link / 1e9, m->local / 1e9, m->latency * 1e6,
         answer->result[answer->chosen].messages_max, answer->counted ? "" : " at the most",
         answer->result[answer->chosen].rounds);
  printf("  %-10s %-10s %10s %10s %10s %10s %10s %10s\n", "users'", "items'", "sent, all", "by a rank", "by a node",
         "memory", "a sweep", "exchange");
  for (int i = 0; i < PLAN_WAYS; i++)
    print_result(&answer->result[i], i == answer->chosen);
}

void show_plan(const plan_answer *answer) {
  print_table(answer);
  if (answer->cheapest.fits)
    print_sbatch(answer);
  else
    printf(
        "\nNo layout of up to 4096 such nodes has enough memory; give --node-memory and --node-cores of larger ones\n");
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

status show_plan_json(const plan_answer *answer) {
  const layout_choice *best = &answer->cheapest;
  json_t *root = result_json(&answer->result[answer->chosen]), *all = json_array();
  for (int i = 0; i < PLAN_WAYS; i++)
    json_array_append_new(all, result_json(&answer->result[i]));
  json_object_set_new(root, "exchanges", all);
  json_object_set_new(root, "users", json_integer(answer->layout.users));
  json_object_set_new(root, "items", json_integer(answer->layout.items));
  json_object_set_new(root, "pairs", json_real(answer->layout.pairs));
  if (takes_weights(&answer->layout)) {
    const plan_layout *l = &answer->layout;
    json_object_set_new(root, "lambda", json_real(loss_lambda_for((off)l->pairs, l->active_users)));
    json_object_set_new(root, "unobserved_weight",
                        json_real(loss_unobserved_for((off)l->pairs, l->active_users, l->active_items)));
  }
  json_object_set_new(root, "heavy_items", json_real(answer->layout.heavy));
  json_object_set_new(root, "factors", json_integer(answer->layout.factors));
  json_object_set_new(root, "ranks", json_integer(answer->layout.ranks));
  json_object_set_new(root, "ranks_per_node", json_integer(answer->layout.ranks_per_node));
  json_object_set_new(root, "threads", json_integer(answer->machine.threads));
  json_object_set_new(root, "messages_max", json_real(answer->result[answer->chosen].messages_max));
  json_object_set_new(root, "rounds", json_real(answer->result[answer->chosen].rounds));
  json_object_set_new(root, "latency", json_real(answer->machine.latency));
  json_object_set_new(root, "counted", json_boolean(answer->counted));
  if (best->fits)
    json_object_set_new(root, "cheapest",
                        json_pack("{s:i, s:i, s:i, s:f, s:f}", "nodes", best->nodes, "ranks_per_node",
                                  best->ranks_per_node, "threads", (int)answer->node_cores / best->ranks_per_node,
                                  "seconds", best->seconds, "memory_max", best->result.memory_max));
  bool written = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) == 0 && putchar('\n') != EOF;
  json_decref(root);
  return written ? OK : status_fail(IO_FAILED, "standard output cannot be written");
}
