/* If these fail, a plan promises other bytes than the job then sends, over ranks or between nodes, or in other
 * messages: too few nodes are booked, or too slow a network; or a model depends on which ranks share a node. */
#define _XOPEN_SOURCE 700
#include "io/base/mem.h"
#include "io/schema/dataset_write.h"
#include "tests/support/suite.h"
#include "tests/support/temp_folder.h"
#include "train/als/als.h"
#include "train/cost/memory_room.h"
#include "train/exchange/interactions.h"
#include "train/math/rng.h"
#include "train/plan/plan.h"

#include <mpi.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

static comm world;
static char folder[TEMP_FOLDER_MAX];

static void everywhere(bool good, const char *what) {
  int64_t bad = !good;
  comm_max_i64(&world, &bad, 1);
  ck_assert_msg(bad == 0, "%s: %s", what, status_message());
}

enum { N_USERS = 157, N_ITEMS = 61, K = 5, SWEEPS = 2, HEAVY = 12 };

static bool even; /* nobody has everything: rows can come in batches */

/* User 0 has every item, item 0 every user (unless `even`), the last of each nothing. */
static bool has(gid u, gid i) {
  if (u == N_USERS - 1 || i == N_ITEMS - 1)
    return false;
  return (!even && (u == 0 || i == 0)) || rng_bits(5, 0, (uint64_t)u, (uint64_t)i) % 16 == 0;
}

static void write_ids(strings *s, gid first, gid count) {
  ck_assert_int_eq(strings_alloc(s, count, 12, "ids"), OK);
  for (gid i = 0; i < count; i++)
    snprintf(s->bytes + i * 12, 12, "%lld", (long long)(first + i));
}

static void make_dataset(char *path) {
  static off indptr[N_USERS + 1];
  static lid item[N_USERS * N_ITEMS];
  static real value[N_USERS * N_ITEMS];
  dataset_part p = {.n_users = N_USERS, .n_items = N_ITEMS, .indptr = indptr, .item = item, .value = value};
  off n = 0;
  for (gid u = 0; u < N_USERS; u++) {
    for (gid i = 0; i < N_ITEMS; i++)
      if (has(u, i)) {
        item[n] = (lid)i;
        value[n++] = (real)(1 + (u + i) % 5);
      }
    indptr[u + 1] = n;
  }
  p.n_events = n;
  snprintf(path, TEMP_FOLDER_MAX + 16, "%s/data.h5", folder);
  p.user_count = world.rank == 0 ? N_USERS : 0;
  p.item_count = world.rank == 0 ? N_ITEMS : 0;
  if (world.rank > 0) {
    p.first_user = N_USERS;
    p.first_item = N_ITEMS;
    p.first_event = n;
  }
  write_ids(&p.user_ids, p.first_user, p.user_count);
  write_ids(&p.item_ids, p.first_item, p.item_count);
  everywhere(dataset_write(&world, path, &p) == OK, "dataset_write");
  strings_free(&p.user_ids);
  strings_free(&p.item_ids);
}

typedef struct sent {
  int64_t all, between, messages;
} sent;

static status keep(void *context, als *a, const als_report *r) {
  (void)a;
  *(sent *)context = (sent){r->bytes_sent, r->bytes_between_hosts, r->messages_max};
  return OK;
}

static const machine MACHINE = {.threads = 1, .flops = 1e9, .half = 1, .link = 1e9, .local = 4e9, .latency = 1e-6};

static als_settings settings(bool explicit_loss, exchange_mode exchange, int64_t memory) {
  return (als_settings){
      .loss =
          {.explicit_loss = explicit_loss, .lambda = 0.1, .nu = 1, .alpha = 1, .unobserved = 0.1, .prior_mean = 0.3},
      .factors = K,
      .seed = 3,
      .sweeps = SWEEPS,
      .method = explicit_loss ? SOLVE_CHOLESKY : SOLVE_CG,
      .exchange = exchange,
      .machine = MACHINE,
      .memory = memory,
      .heavy = HEAVY};
}

/* A bound that leaves about `rows` places for rows of other ranks. */
static int64_t memory_for(int64_t rows) {
  room_terms t = {.factors = K,
                  .threads = omp_get_max_threads(),
                  .users = N_USERS / world.size + 1,
                  .items = N_ITEMS / world.size + 1};
  while (room_left(&t, ITEMS, 0) < rows * room_row_bytes(K))
    t.memory += 64;
  return t.memory;
}

/* NULL where there was too little memory. */
static als *run(comm *c, dataset *d, const als_settings *set, sent *out) {
  part users;
  csr m = {0};
  als *a = NULL;
  status st = interactions_cut_users(c, d, K, c->size, &users);
  if (st == OK)
    st = interactions_load(c, d, &users, DUPLICATES_SUM, NULL, NULL, NULL, &m, NULL);
  if (st == OK)
    st = als_create(c, set, &users, N_ITEMS, &m, &a);
  if (st == OK)
    st = als_run(a, keep, out);
  if (st != OK && (st != NO_MEMORY || set->memory == 0))
    fprintf(stderr, "rank %d: %s\n", c->rank, status_message());
  csr_free(&m);
  part_free(&users);
  return a;
}

/* Our items' rows against those of a run of one rank. */
static bool same_items(als *a, als *alone) {
  gid first = als_part(a, ITEMS)->first[world.rank], count = part_count(als_part(a, ITEMS), world.rank);
  for (gid r = 0; r < count; r++)
    if (memcmp(als_factors(a, ITEMS) + r * als_ld(a), als_factors(alone, ITEMS) + (first + r) * als_ld(alone),
               K * sizeof(real)) != 0)
      return false;
  return true;
}

static int most_batches; /* that were tried */

/* One run against what was planned for it. */
static void run_as_planned(dataset *d, dataset *own, plan_layout *l, const als_settings *set, int per_node) {
  plan_result p;
  sent s = {0}, nothing;
  als_settings free_set = *set;
  free_set.memory = 0;
  als *a = run(&world, d, set, &s);
  plan_cost(l, &MACHINE, set->exchange == EXCHANGE_AUTO ? plan_choose(l, &MACHINE) : set->exchange, set->exchange, NULL,
            &p);
  if (p.user_batches == 0 || p.item_batches == 0) {
    everywhere(a == NULL, "the run has too little memory too");
    return;
  }
  comm single = comm_single();
  als *alone = run(&single, own, &free_set, &nothing);
  everywhere(a != NULL && alone != NULL, "train");
  if (world.rank == 0 && (p.bytes_sent != (double)s.all || p.bytes_between != (double)s.between))
    fprintf(stderr,
            "%s, %d ranks, %d a node, memory %lld (%d and %d batches): planned %.0f and %.0f between nodes, sent %lld "
            "and %lld\n",
            exchange_mode_name(set->exchange), world.size, per_node, (long long)set->memory, p.user_batches,
            p.item_batches, p.bytes_sent, p.bytes_between, (long long)s.all, (long long)s.between);
  everywhere(als_batches(a, USERS) == p.user_batches && als_batches(a, ITEMS) == p.item_batches, "batches");
  everywhere(world.size == 1 || (als_exchange(a, USERS) == p.users && als_exchange(a, ITEMS) == p.items), "ways");
  most_batches = p.user_batches > most_batches ? p.user_batches : most_batches;
  everywhere(p.bytes_sent == (double)s.all, "bytes of all ranks");
  everywhere(p.bytes_between == (double)s.between, "bytes between nodes");
  if (world.rank == 0 && p.messages_max != (double)s.messages)
    fprintf(stderr, "%s, %d a node, %d and %d batches: planned %.0f messages of a rank, sent %lld\n",
            exchange_mode_name(set->exchange), per_node, p.user_batches, p.item_batches, p.messages_max,
            (long long)s.messages);
  everywhere(p.messages_max == (double)s.messages, "messages of the rank that sends most");
  everywhere(same_items(a, alone), "the bits of one rank");
  als_free(a);
  als_free(alone);
}

static void plan_and_run(int per_node, bool explicit_loss, int64_t memory) {
  char path[TEMP_FOLDER_MAX + 16];
  temp_folder_make(&world, folder);
  make_dataset(path);
  comm single = comm_single();
  dataset *d, *own;
  everywhere(dataset_open(&world, path, &d) == OK && dataset_open(&single, path, &own) == OK, "dataset_open");
  static const exchange_mode MODES[] = {EXCHANGE_AUTO, EXCHANGE_REPLICATE, EXCHANGE_HALO, EXCHANGE_REDUCE};
  everywhere(comm_pretend_hosts(&world, per_node, false) == OK, "hosts");
  plan_layout l;
  plan_settings wish = {.factors = K,
                        .explicit_loss = explicit_loss,
                        .prior = true,
                        .heavy_from = HEAVY,
                        .ranks = world.size,
                        .ranks_per_node = per_node,
                        .threads = omp_get_max_threads(),
                        .memory = memory};
  everywhere(plan_count(&single, own, DUPLICATES_SUM, NULL, NULL, &wish, &l) == OK, "plan_count");
  l.method = explicit_loss ? SOLVE_CHOLESKY : SOLVE_CG;
  for (int m = 0; m < 4; m++) {
    als_settings set = settings(explicit_loss, MODES[m], memory);
    run_as_planned(d, own, &l, &set, per_node);
  }
  plan_layout_free(&l);
  dataset_close(d);
  dataset_close(own);
  comm_free(&world);
  temp_folder_remove(&world, folder);
  everywhere(mem_held() == 0, "nothing is left");
}

/* Bytes of all ranks and between nodes, to the byte, for every way of moving rows and so many ranks on each node. */
START_TEST(bytes_are_those_of_the_run) {
  even = false;
  plan_and_run(_i / 2 + 1, _i % 2 == 1, 0);
}
END_TEST

/* The same where --memory has rows come in batches: as many of them, down to what is too little. */
START_TEST(batches_are_those_of_the_run) {
  even = true;
  static const int64_t ROWS[] = {400, 200, 140, 100, 70, 30};
  plan_and_run(_i % 2 == 0 ? 1 : 2, _i % 4 >= 2, memory_for(ROWS[_i / 2]));
  everywhere(_i < 11 || world.size < 3 || most_batches >= 4, "there were batches");
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, bytes_are_those_of_the_run, 0, 8);
  tcase_add_loop_test(tc, batches_are_those_of_the_run, 0, 12);
}

int main(void) {
  MPI_Init(NULL, NULL);
  world = comm_world();
  int failed = suite_run("plan", add);
  MPI_Finalize();
  return failed;
}
