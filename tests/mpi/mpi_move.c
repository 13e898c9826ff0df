/* If these fail, interactions or factor rows get lost or land at the wrong rank, and the model is silently wrong. */
#include "io/base/mem.h"
#include "tests/support/suite.h"
#include "train/exchange/exchange.h"
#include "train/exchange/part.h"
#include "train/exchange/shuffle.h"
#include "train/math/rng.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>

static comm world;

/* One verdict for all ranks, so that a failure fails everywhere and hangs nobody. */
static void everywhere(bool good, const char *what) {
  int64_t bad = !good;
  comm_max_i64(&world, &bad, 1);
  ck_assert_msg(bad == 0, "%s", what);
}

/* Whether user u has item i: about one pair in three, item 0 with everyone, user 0 with everything. */
static bool has(gid u, gid i) {
  return u == 0 || i == 0 || rng_bits(5, 0, (uint64_t)u, (uint64_t)i) % 3 == 0;
}
static real value(gid u, gid i) {
  return (real)(u * 100 + i);
}

static const gid SHAPES[][2] = {{1, 1}, {7, 3}, {3, 50}, {100, 40}, {2, 2}};
enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES };

static void make_users(const part *users, gid n_items, csr *m) {
  gid first = users->first[world.rank], count = part_count(users, world.rank);
  off nnz = 0;
  for (gid u = first; u < first + count; u++)
    for (gid i = 0; i < n_items; i++)
      nnz += has(u, i);
  ck_assert_int_eq(csr_alloc(m, (lid)count, nnz, "users"), OK);
  nnz = 0;
  for (gid u = first; u < first + count; u++) {
    for (gid i = 0; i < n_items; i++)
      if (has(u, i)) {
        m->col[nnz] = (lid)i;
        m->val[nnz++] = value(u, i);
      }
    m->ptr[u - first + 1] = nnz;
  }
}

/* Cuts are where a walk over all costs would put them, in order, and on granules. */
START_TEST(cuts_are_ordered_and_balanced) {
  static const gid SIZES[] = {0, 1, 5, 1000};
  gid n = SIZES[_i];
  for (gid granule = 1; granule <= 8; granule *= 8) {
    part even, cut;
    everywhere(part_equal(&even, n, world.size) == OK, "part_equal");
    int64_t cost[1001];
    for (gid i = 0; i < part_count(&even, world.rank); i++)
      cost[i] = 1 + (even.first[world.rank] + i) % 10;
    everywhere(part_balanced(&world, &even, cost, granule, world.size, &cut) == OK, "part_balanced");
    bool good = cut.first[0] == 0 && cut.first[world.size] == n;
    int64_t most = 0;
    for (int r = 0; r < world.size; r++) {
      good &= cut.first[r] <= cut.first[r + 1] && (cut.first[r] % granule == 0 || cut.first[r] == n);
      int64_t sum = 0;
      for (gid i = cut.first[r]; i < cut.first[r + 1]; i++)
        sum += 1 + i % 10;
      most = sum > most ? sum : most;
    }
    if (n == 1000)
      good &= most <= 5500 / world.size + 10 * granule;
    for (gid i = 0; i < n; i++) {
      int owner = part_owner(&cut, i);
      good &= cut.first[owner] <= i && i < cut.first[owner + 1];
    }
    everywhere(good, "cuts");
    /* Rows handed from one partition to the other arrive whole. */
    gid rows[1001], got[1001];
    for (gid i = 0; i < part_count(&even, world.rank); i++)
      rows[i] = 3 * (even.first[world.rank] + i);
    everywhere(part_move(&world, &even, &cut, rows, got, sizeof *rows) == OK, "part_move");
    good = true;
    for (gid i = 0; i < part_count(&cut, world.rank); i++)
      good &= got[i] == 3 * (cut.first[world.rank] + i);
    everywhere(good, "moved rows");
    part_free(&even);
    part_free(&cut);
  }
}
END_TEST

/* Every pair arrives at its item's owner once, in order of users, also when messages are cut into tiny pieces. */
START_TEST(the_transpose_is_the_transpose) {
  gid n_users = SHAPES[_i % N_SHAPES][0], n_items = SHAPES[_i % N_SHAPES][1];
  world.chunk_rows = _i < N_SHAPES ? 1 << 24 : 3;
  part users, items;
  csr m, t;
  off counts[64];
  everywhere(part_equal(&users, n_users, world.size) == OK && part_equal(&items, n_items, world.size) == OK, "parts");
  make_users(&users, n_items, &m);
  everywhere(shuffle_count(&world, &m, &items, counts) == OK, "count");
  everywhere(shuffle_transpose(&world, &m, users.first[world.rank], &items, counts, NULL, &t) == OK, "transpose");
  bool good = t.n_rows == part_count(&items, world.rank);
  for (lid r = 0; good && r < t.n_rows; r++) {
    gid i = items.first[world.rank] + r;
    off at = t.ptr[r];
    for (gid u = 0; u < n_users; u++)
      if (has(u, i)) {
        good &= at < t.ptr[r + 1] && t.col[at] == u && t.val[at] == value(u, i);
        at++;
      }
    good &= at == t.ptr[r + 1];
  }
  everywhere(good, "rows of the transpose");
  csr_free(&m);
  csr_free(&t);
  part_free(&users);
  part_free(&items);
  world.chunk_rows = 1 << 24;
}
END_TEST

static bool needs_row(const part *users, int rank, gid i) {
  for (gid u = users->first[rank]; u < users->first[rank + 1]; u++)
    if (has(u, i))
      return true;
  return false;
}

/* Rows that an exchange moves in all, and those that cross hosts: each once for a rank, and once for a host, that needs
 * it (or, of replicas, for each that does not own it). Counted the slow way. */
static void count_slowly(const part *users, const part *items, bool all_needed, int64_t out[2]) {
  out[0] = out[1] = 0;
  for (gid i = 0; i < items->n; i++) {
    int owner = part_owner(items, i);
    bool on_host[64] = {false};
    on_host[comm_host(&world, owner)] = true;
    for (int r = 0; r < world.size; r++) {
      if (r == owner || !(all_needed || needs_row(users, r, i)))
        continue;
      out[0]++;
      out[1] += !on_host[comm_host(&world, r)];
      on_host[comm_host(&world, r)] = true;
    }
  }
}

/* Ranks on one host each, or two together, neighbours or not. */
enum { HOST_LAYOUTS = 4 };

static void lay_out_hosts(int layout) {
  comm_free(&world);
  if (layout > 0)
    everywhere(comm_pretend_hosts(&world, layout == 3 ? 1 : 2, layout == 2) == OK, "hosts");
}

/* After an exchange every column of every row finds its factor row in the table, in each mode and on each layout of
 * hosts, and what is counted is what was needed: by ranks, and by hosts where they differ. */
START_TEST(exchanged_rows_are_the_owners_rows) {
  lay_out_hosts(_i / (2 * N_SHAPES));
  _i %= 2 * N_SHAPES;
  gid n_users = SHAPES[_i % N_SHAPES][0], n_items = SHAPES[_i % N_SHAPES][1];
  world.chunk_rows = _i < N_SHAPES ? 1 << 24 : 2;
  enum { K = 5, LD = 16 };
  static const exchange_mode MODES[] = {EXCHANGE_AUTO, EXCHANGE_REPLICATE, EXCHANGE_HALO};
  for (int mode = 0; mode < 3; mode++) {
    part users, items;
    csr m;
    exchange *x;
    real *table;
    everywhere(part_equal(&users, n_users, world.size) == OK && part_equal(&items, n_items, world.size) == OK, "parts");
    make_users(&users, n_items, &m);
    lid global[4096];
    memcpy(global, m.col, sizeof *global * (size_t)csr_nnz(&m));
    everywhere(exchange_create(&world, &items, MODES[mode], K, &m, exchange_whole(&items, world.rank, &m), &x) == OK,
               "exchange_create");
    everywhere(MEM_ZALLOC(table, exchange_table_rows(x) * LD, "table") == OK, "table");
    for (gid i = 0; i < part_count(&items, world.rank); i++)
      for (int j = 0; j < K; j++)
        table[(exchange_own_at(x) + i) * LD + j] = (real)((items.first[world.rank] + i) * 10 + j);
    int64_t before = world.bytes_sent, between = world.bytes_between_hosts;
    bool good = true;
    exchange_trip trip;
    exchange_begin(&world, x, table, K, LD, &trip);
    for (gid i = 0; i < part_count(&items, world.rank); i += 2)
      exchange_ready(&trip, (lid)i);
    exchange_end(&trip);
    int64_t sent = world.bytes_sent - before;
    for (off i = 0; i < csr_nnz(&m); i++)
      for (int j = 0; j < LD; j++)
        good &= table[m.col[i] * LD + j] == (j < K ? (real)(global[i] * 10 + j) : 0);
    good &= sent == exchange_rows_sent(x) * K * (int64_t)sizeof(real);
    int64_t counted[2] = {sent, world.bytes_between_hosts - between}, needed[2];
    comm_sum_i64(&world, counted, 2);
    count_slowly(&users, &items, exchange_chosen(x) == EXCHANGE_REPLICATE, needed);
    for (int j = 0; j < 2; j++)
      good &= counted[j] == needed[j] * K * (int64_t)sizeof(real);
    everywhere(good, "rows in the table");
    mem_free(table);
    exchange_free(x);
    csr_free(&m);
    part_free(&users);
    part_free(&items);
  }
  lay_out_hosts(0);
  world.chunk_rows = 1 << 24;
}
END_TEST

/* Rows that everyone gets are everyone's, in order of ranks, whoever shares a host; they reach each rank once and cross
 * to each host once. */
START_TEST(shared_rows_cross_to_a_host_once) {
  lay_out_hosts(_i / 2);
  world.chunk_rows = _i % 2 == 0 ? 1 << 24 : 2;
  enum { WIDTH = 3, MOST = 7 };
  off counts[64], total = 0, before = 0;
  for (int r = 0; r < world.size; r++) {
    counts[r] = (r * 5 + 3) % (MOST + 1); /* one has none */
    before += r < world.rank ? counts[r] : 0;
    total += counts[r];
  }
  int32_t all[64 * MOST][WIDTH];
  memset(all, 0xff, sizeof all);
  for (off i = 0; i < counts[world.rank]; i++)
    for (int j = 0; j < WIDTH; j++)
      all[before + i][j] = (int32_t)((before + i) * 10 + j);
  int64_t sent = world.bytes_sent, between = world.bytes_between_hosts;
  comm_share_rows(&world, all[before], all, counts, sizeof *all);
  bool good = true;
  for (off i = 0; i < total; i++)
    for (int j = 0; j < WIDTH; j++)
      good = good && all[i][j] == (int32_t)(i * 10 + j);
  int64_t counted[2] = {world.bytes_sent - sent, world.bytes_between_hosts - between};
  comm_sum_i64(&world, counted, 2);
  good = good && counted[0] == total * (world.size - 1) * (int64_t)sizeof *all;
  good = good && counted[1] == total * (world.hosts - 1) * (int64_t)sizeof *all;
  everywhere(good, "shared rows");
  lay_out_hosts(0);
  world.chunk_rows = 1 << 24;
}
END_TEST

/* One rank's failure is everyone's, with the first failing rank's words. */
START_TEST(a_failure_is_agreed_on) {
  status mine = world.rank == world.size - 1 ? status_fail(BAD_DATA, "rank %d says so", world.rank) : OK;
  status all = comm_agree(&world, mine);
  char expected[64];
  snprintf(expected, sizeof expected, "rank %d says so", world.size - 1);
  everywhere(all == BAD_DATA && strcmp(status_message(), expected) == 0, "agreement");
  everywhere(comm_agree(&world, OK) == OK, "agreement on success");
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, cuts_are_ordered_and_balanced, 0, 4);
  tcase_add_loop_test(tc, the_transpose_is_the_transpose, 0, 2 * N_SHAPES);
  tcase_add_loop_test(tc, exchanged_rows_are_the_owners_rows, 0, HOST_LAYOUTS * 2 * N_SHAPES);
  tcase_add_loop_test(tc, shared_rows_cross_to_a_host_once, 0, 2 * HOST_LAYOUTS);
  tcase_add_test(tc, a_failure_is_agreed_on);
}

int main(void) {
  MPI_Init(NULL, NULL);
  world = comm_world();
  int failed = suite_run("move", add);
  MPI_Finalize();
  return failed;
}
