/* If these fail, ids of members are mixed up between ranks, or a rank that runs out of memory leaves the others waiting
 * for ever. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ingest/ingest.h"
#include "io/ingest/move_events.h"
#include "io/ingest/numbering.h"
#include "io/schema/dataset.h"
#include "tests/support/suite.h"
#include "tests/support/temp_folder.h"
#include "train/math/rng.h"

#include <mpi.h>
#include <stdio.h>
#include <string.h>

static comm world;
static char folder[TEMP_FOLDER_MAX];

static void all_assert(bool mine, const char *what) {
  int64_t failed = !mine;
  comm_max_i64(&world, &failed, 1);
  if (!mine)
    fprintf(stderr, "rank %d: %s (%s)\n", world.rank, what, status_message());
  ck_assert_msg(failed == 0, "%s", what);
}

/* ---- numbering against a plain sorted list ---- */

enum { POOL = 700, ID_ROOM = 64 };

/* Id k of a kind: integers; integers and negative ones; texts with long common beginnings; a mixture. */
static size_t pool_id(int kind, int k, char *out) {
  switch (kind) {
  case 0:
    return (size_t)snprintf(out, ID_ROOM, "%d", k * 37 % 1009 + 5);
  case 1:
    return (size_t)snprintf(out, ID_ROOM, "%d", k * 37 % 1009 - 300);
  case 2:
    return (size_t)snprintf(out, ID_ROOM, "customer-of-the-shop-%d%.*s", k % 100, k / 100, "xxxxxxxxxxxx");
  default:
    return (size_t)snprintf(out, ID_ROOM, k % 3 == 0 ? "%d" : k % 3 == 1 ? "0%d" : "\xc3\xa9%d", k);
  }
}

/* Whether rank r has met id k; a rank may meet none, and all may meet the same. */
static bool met(int kind, int r, int k, int spread) {
  return spread == 0 ? r == world.size - 1 : rng_bits(11, (uint64_t)kind, (uint64_t)r, (uint64_t)k) % 3 == 0;
}

static bool numeric_kind;
static int compare_ids(const void *a, const void *b) {
  return id_compare(numeric_kind, a, strlen(a), b, strlen(b));
}

START_TEST(ids_become_rows_in_order) {
  int kind = _i % 4, spread = _i / 4 % 2, n_old = _i / 8 * 50;
  numeric_kind = kind < 2;
  world.chunk_rows = 7;
  /* What every rank can work out for itself: old ids first, then the others in order. */
  static char list[POOL][ID_ROOM];
  int n = 0;
  for (int k = 0; k < POOL; k++) {
    bool any = false;
    for (int r = 0; r < world.size; r++)
      any |= met(kind, r, k, spread);
    if (k >= n_old && any)
      pool_id(kind, k, list[n_old + n++]);
  }
  for (int k = 0; k < n_old; k++)
    pool_id(kind, k, list[k]);
  qsort(list + n_old, (size_t)n, ID_ROOM, compare_ids);
  n += n_old;

  id_table ids, others;
  bool good = id_table_create(&ids) == OK && id_table_create(&others) == OK;
  char text[ID_ROOM];
  uint32_t row;
  for (int k = 0; k < POOL; k++) {
    size_t length = pool_id(kind, k, text);
    if (met(kind, world.rank, k, spread))
      good = good && id_table_add(&ids, text, length, &row) == OK;
    good = good && id_table_add(&others, text, length, &row) == OK;
  }
  good = good && id_table_add(&others, "nobody", 6, &row) == OK;
  gid old_first = (gid)n_old * world.rank / world.size, old_end = (gid)n_old * (world.rank + 1) / world.size;
  strings old;
  good = good && strings_alloc(&old, old_end - old_first, ID_ROOM, "old") == OK;
  for (gid k = old_first; good && k < old_end; k++)
    pool_id(kind, (int)k, old.bytes + (k - old_first) * ID_ROOM);
  gid rows[POOL], found[POOL + 1], first[64];
  all_assert(good, "tables");
  numbering numbers;
  all_assert(numbering_create(&world, &ids, &old, old_first, n_old, rows, &numbers) == OK, "numbering_create");
  all_assert(numbers.n == n, "how many there are");
  for (uint32_t i = 0; i < ids.n; i++) {
    text[id_table_text(&ids, i, text)] = '\0';
    good = good && rows[i] >= 0 && rows[i] < n && strcmp(list[rows[i]], text) == 0;
  }
  all_assert(good, "the row of each id");
  all_assert(numbering_find(&world, &numbers, &others, found) == OK, "numbering_find");
  for (uint32_t i = 0; i < others.n; i++) {
    text[id_table_text(&others, i, text)] = '\0';
    bool there = false;
    for (int k = 0; k < n; k++)
      there |= strcmp(list[k], text) == 0;
    good = good && (found[i] >= 0) == there && (!there || strcmp(list[found[i]], text) == 0);
  }
  all_assert(good, "ids that are and are not there");
  for (int r = 0; r <= world.size; r++) /* uneven ranges, one of them empty */
    first[r] = r == world.size ? n : r < 2 ? 0 : (gid)n * r / world.size;
  strings named = {0};
  all_assert(numbering_ids(&world, &numbers, first, &named) == OK, "numbering_ids");
  good = named.n == first[world.rank + 1] - first[world.rank];
  for (off i = 0; good && i < named.n; i++)
    good = strings_equal(&named, i, list[first[world.rank] + i]);
  all_assert(good, "the ids of ranges of rows");
  strings_free(&named);
  strings_free(&old);
  numbering_free(&numbers);
  id_table_free(&ids);
  id_table_free(&others);
}
END_TEST

/* ---- a whole ingest ---- */

static void write_source(const char *path, int lines) {
  if (world.rank != 0)
    return;
  FILE *f = fopen(path, "w");
  fprintf(f, "user,item,rating,time\n");
  for (int i = 0; i < lines; i++)
    fprintf(f, "\"u%d\",%d,%d,%d\n", i * 7 % 31, i * 11 % 17, i % 5 + 1, 1000000000 + i * 13 % 1000);
  fclose(f);
}

static char *path_of(char *out, const char *name) {
  snprintf(out, 512, "%s/%s", folder, name);
  return out;
}

static ingest_settings settings_for(const char **source, char *input, const char **table, char *items, char *output) {
  *source = path_of(input, "in.csv");
  *table = path_of(items, "items.csv");
  return (ingest_settings){
      .sources = source, .n_sources = 1, .output = path_of(output, "out.h5"), .items = {.paths = table, .n = 1}};
}

/* Each allocation fails in turn, on each rank: every rank gets NO_MEMORY, and nothing is held or left behind. */
START_TEST(every_allocation_may_fail) {
  char input[512], items[512], output[512];
  const char *source, *table;
  ingest_settings s = settings_for(&source, input, &table, items, output);
  write_source(input, 200);
  if (world.rank == 0) {
    FILE *f = fopen(items, "w");
    fprintf(f, "id,title,genres\n3,Three,a|b\n5,Five,c\n");
    fclose(f);
  }
  comm_barrier(&world);
  int64_t held = mem_held();
  ingest_report report;
  int n = 1, step = 1;
  for (status st = NO_MEMORY; st != OK; n += step) {
    mem_fail_nth(world.rank == n % world.size ? n / world.size + 1 : 0);
    st = ingest_run(&world, &s, &report);
    mem_fail_nth(0);
    int64_t kept = mem_held() - held;
    comm_max_i64(&world, &kept, 1);
    all_assert(st == OK || st == NO_MEMORY, "a status that is not that of memory");
    all_assert(kept == 0, "memory is still held");
    bool there = world.rank == 0 && access(output, F_OK) == 0;
    all_assert(there == (st == OK && world.rank == 0), "the dataset is there without success, or not with it");
    if (world.rank == 0 && there)
      unlink(output);
    /* A rank may be through with its allocations before another is: go on until a whole turn of ranks succeeds. */
    static int turn;
    turn = st == OK ? turn + 1 : 0;
    if (st == OK && turn < world.size)
      st = NO_MEMORY;
    else if (st == OK)
      turn = 0;
  }
  ck_assert_int_gt(n, 20);
}
END_TEST

/* Messages of three rows and blocks that are taken apart: the same dataset as in one go. */
START_TEST(chunks_do_not_matter) {
  char input[512], items[512], output[512], digest[65];
  const char *source, *table;
  ingest_settings s = settings_for(&source, input, &table, items, output);
  ingest_report report;
  dataset *d;
  s.items.n = 0;
  write_source(input, 20000);
  comm_barrier(&world);
  for (int i = 0; i < 2; i++) {
    world.chunk_rows = i == 0 ? 1 << 24 : 3;
    all_assert(ingest_run(&world, &s, &report) == OK, "ingest_run");
    all_assert(report.events == 20000 && report.users == 31 && report.items == 17, "counts");
    all_assert(dataset_open(&world, output, &d) == OK, "dataset_open");
    all_assert(i == 0 || strcmp(digest, dataset_digest(d)) == 0, "the digest");
    strcpy(digest, dataset_digest(d));
    dataset_close(d);
    comm_barrier(&world);
    if (world.rank == 0)
      unlink(output);
  }
}
END_TEST

/* ---- the order of events ---- */

enum { SEQUENCE = 30000, MEMBERS = 90, LANES = 3 };

static gid member_of(int k) {
  return (gid)(rng_bits(13, 1, (uint64_t)k, 0) % MEMBERS * rng_bits(13, 2, (uint64_t)k, 0) % MEMBERS);
}
static int64_t moment_of(int k) { /* many equal ones */
  return event_moment(1000000000 + (int64_t)(rng_bits(13, 3, (uint64_t)k, 0) % 5),
                      (uint32_t)(rng_bits(13, 4, (uint64_t)k, 0) % 3 * 400000000));
}

/* Event k of the sources: its number is its item and its value. */
static status add_event(ingest_input *in, ingest_lane *lane, int k) {
  status st = OK;
  int64_t time = event_moment_time(moment_of(k));
  uint32_t nano = (uint32_t)(moment_of(k) & ((1 << MOMENT_SHIFT) - 1)), user, item;
  char text[16];
  TRY(events_room(&lane->events, 1));
  event_block *b = lane->events.last;
  int n = snprintf(text, sizeof text, "%d", (int)member_of(k));
  TRY(id_table_add(&in->users, text, (size_t)n, &user));
  n = snprintf(text, sizeof text, "%d", k);
  TRY(id_table_add(&in->items, text, (size_t)n, &item));
  b->user[b->n] = user;
  b->item[b->n] = item;
  b->value[b->n] = (real)k;
  if (lane->events.has_time) {
    event_block_put_times(b, b->n, &time, 1);
    TRY(event_block_put_nanos(b, b->n, &nano, 1));
  }
  b->n++;
  lane->events.n++;
done:
  return st;
}

/* The sources are dealt out in pieces: a turn has one for each lane of each rank in this order, some of them empty. */
static status deal(ingest_input *in, int turns, bool timed) {
  status st = OK;
  *in = (ingest_input){.n_lanes = LANES, .has_value = true, .has_time = timed};
  TRY(MEM_ZALLOC(in->lanes, LANES, "lanes"));
  TRY(id_table_create(&in->users));
  TRY(id_table_create(&in->items));
  int pieces = turns * world.size * LANES;
  for (int l = 0; l < LANES; l++)
    in->lanes[l].events = (events){.has_value = true, .has_time = timed};
  for (int p = 0, first = 0; p < pieces; p++) {
    int room = p + 1 < pieces ? (int)(rng_bits(13, 5, (uint64_t)p, 0) % (2 * SEQUENCE / (unsigned)pieces)) : SEQUENCE;
    int end = p % 4 == 3 ? first : SEQUENCE - first < room ? SEQUENCE : first + room;
    if (p + 1 == pieces)
      end = SEQUENCE;
    ingest_lane *lane = &in->lanes[p % LANES];
    if (p / LANES % world.size == world.rank) {
      lane->events.turn = p / LANES / world.size;
      for (int k = first; k < end; k++)
        TRY(add_event(in, lane, k));
    }
    first = end;
  }
done:
  return st;
}

/* Whoever read an event, and when it arrives: a user's are in the order of their moments, then of the sources. If this
 * fails, the dataset depends on the number of ranks, and the last rating is not the last. */
START_TEST(events_keep_their_order) {
  static const int TURNS[] = {1, 2, 40};
  bool timed = _i % 2;
  ingest_input in;
  ingest_rows rows = {0};
  gid user_row[MEMBERS], *item_row = NULL;
  bool good = deal(&in, TURNS[_i / 2], timed) == OK && MEM_ALLOC(item_row, (off)in.items.n, "rows") == OK;
  all_assert(good, "dealing");
  int64_t number;
  for (uint32_t i = 0; i < in.users.n; i++)
    user_row[i] = id_table_integer(&in.users, i, &number) ? number : -1;
  for (uint32_t i = 0; i < in.items.n; i++)
    item_row[i] = id_table_integer(&in.items, i, &number) ? number : -1;
  world.chunk_rows = _i % 2 == 0 ? 1 << 24 : 1001;
  all_assert(ingest_move(&world, &in, user_row, item_row, MEMBERS, NULL, &rows) == OK, "ingest_move");
  int64_t n = 0;
  for (gid u = 0; u < rows.user_count; u++)
    for (off e = rows.indptr[u] - rows.first_event, begin = e; e < rows.indptr[u + 1] - rows.first_event; e++, n++) {
      int k = rows.item[e], before = e > begin ? rows.item[e - 1] : -1;
      good = good && member_of(k) == rows.first[world.rank] + u && (real)k == rows.value[e];
      good = good && (!timed || rows.time[e] == event_moment_time(moment_of(k)));
      if (e > begin && timed && moment_of(before) != moment_of(k))
        good = good && moment_of(before) < moment_of(k);
      else
        good = good && before < k;
    }
  comm_sum_i64(&world, &n, 1);
  all_assert(good, "the order");
  all_assert(n == SEQUENCE, "all events");
  mem_free(item_row);
  ingest_rows_free(&rows);
  ingest_input_free(&in);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, ids_become_rows_in_order, 0, 16);
  tcase_add_test(tc, every_allocation_may_fail);
  tcase_add_test(tc, chunks_do_not_matter);
  tcase_add_loop_test(tc, events_keep_their_order, 0, 6);
}

int main(int argc, char **argv) {
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  world = comm_world();
  log_start(world.rank, LOG_QUIET);
  temp_folder_make(&world, folder);
  int failed = suite_run("ingest", add);
  temp_folder_remove(&world, folder);
  MPI_Finalize();
  return failed;
}
