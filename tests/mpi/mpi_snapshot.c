/* If these fail, a member's id leads to another member's recommendations, a model depends on the number of ranks that
 * wrote it, or a reader takes a half-made snapshot for a finished one. */
#define _XOPEN_SOURCE 700
#include "io/base/disk.h"
#include "io/base/mem.h"
#include "io/schema/groups.h"
#include "io/schema/groups_write.h"
#include "io/schema/model.h"
#include "io/schema/model_write.h"
#include "io/snapshot/snapshot.h"
#include "tests/support/suite.h"
#include "tests/support/temp_folder.h"
#include "train/math/rng.h"

#include <hdf5.h>
#include <math.h>
#include <mpi.h>
#include <string.h>
#include <sys/stat.h>

static comm world;
static char folder[TEMP_FOLDER_MAX];

static void all_assert(bool mine, const char *what) {
  int64_t failed = !mine;
  comm_max_i64(&world, &failed, 1);
  if (!mine)
    fprintf(stderr, "rank %d: %s (%s)\n", world.rank, what, status_message());
  ck_assert_msg(failed == 0, "%s: %s", what, status_message());
}

static void setup(void) {
  temp_folder_make(&world, folder);
}
static void teardown(void) {
  temp_folder_remove(&world, folder);
}

/* --- a model whose every number is a function of its place --- */

typedef enum id_kind { NUMERIC, BYTEWISE, APPENDED } id_kind;

typedef struct shape {
  gid users, items;
  int k;
  bool bias, titles, pairs;
  id_kind ids;
} shape;

static const shape SHAPES[] = {{1, 1, 1, false, false, false, NUMERIC},
                               {3, 50, 5, true, true, true, BYTEWISE},
                               {1000, 70, 33, true, false, false, NUMERIC},
                               {2, 2000, 16, false, true, true, APPENDED}};
enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES };

static real factor_of(side s, gid row, int column) {
  return (real)rng_normal(11, s, (uint64_t)row, (uint64_t)column);
}

static int64_t pairs_of(gid item) {
  return item % 7 == 0 ? 0 : 3000000000 * (item % 3) + item;
}

static void id_of(const shape *h, gid row, gid n, char *out, size_t size) {
  if (h->ids == NUMERIC)
    snprintf(out, size, "%lld", (long long)((row - 5) * 7)); /* negative ones too */
  else if (h->ids == BYTEWISE)
    snprintf(out, size, "m%05lld-ö", (long long)row);
  else /* the last tenth came later, and starts again from below */
    snprintf(out, size, "%lld", (long long)(row < n - n / 10 ? 100 + 2 * row : 1 + 2 * (row - (n - n / 10))));
}

static void fill_ids(const shape *h, gid n, gid first, gid count, int width, strings *out) {
  ck_assert_int_eq(strings_alloc(out, count, width, "ids"), OK);
  for (gid i = 0; i < count; i++) {
    char id[64];
    id_of(h, first + i, n, id, sizeof id);
    memcpy(out->bytes + i * width, id, strlen(id));
  }
}

static void fill_factors(side s, gid first, gid count, int k, off ld, real **out) {
  ck_assert_int_eq(MEM_ALLOC(*out, count * ld, "factors"), OK);
  for (gid i = 0; i < count; i++)
    for (off j = 0; j < ld; j++)
      (*out)[i * ld + j] = j < k ? factor_of(s, first + i, (int)j) : -99;
}

static status write_model(comm *c, const char *dir, const shape *h) {
  model_part p = {.n_users = h->users, .n_items = h->items, .factors = h->k, .ld = (h->k + 15) / 16 * 16};
  p.first_user = h->users * c->rank / c->size;
  p.user_count = h->users * (c->rank + 1) / c->size - p.first_user;
  p.first_item = h->items * c->rank / c->size;
  p.item_count = h->items * (c->rank + 1) / c->size - p.first_item;
  real *x, *y, *b;
  int64_t *pairs;
  fill_factors(USERS, p.first_user, p.user_count, h->k, p.ld, &x);
  fill_factors(ITEMS, p.first_item, p.item_count, h->k, p.ld, &y);
  off most = h->users > h->items ? h->users : h->items;
  ck_assert_int_eq(MEM_ALLOC(b, most + 1, "bias"), OK);
  for (off i = 0; i < most; i++)
    b[i] = (real)i / 8;
  p.user_factors = x;
  p.item_factors = y;
  ck_assert_int_eq(MEM_ALLOC(pairs, p.item_count, "pairs"), OK);
  for (gid i = 0; i < p.item_count; i++)
    pairs[i] = pairs_of(p.first_item + i);
  if (h->pairs)
    p.item_pairs = pairs;
  if (h->bias) {
    p.user_bias = b + p.first_user;
    p.item_bias = b + p.first_item;
  }
  fill_ids(h, h->users, p.first_user, p.user_count, 20 + c->rank, &p.user_ids);
  fill_ids(h, h->items, p.first_item, p.item_count, 30, &p.item_ids);
  if (h->titles)
    fill_ids(h, h->items, p.first_item, p.item_count, 40, &p.titles);
  const double mean = 3.5, objective[3] = {3, 2, 1};
  const h5_attribute attributes[] = {
      {"/", "loss", H5_TEXT, 0, "explicit"}, {"/", "mean", H5_F64, 0, &mean}, {"/", "objective", H5_F64, 3, objective}};
  p.attributes = attributes;
  p.n_attributes = 3;
  status st = model_write(c, dir, &p);
  mem_free(x);
  mem_free(y);
  mem_free(b);
  mem_free(pairs);
  strings_free(&p.user_ids);
  strings_free(&p.item_ids);
  strings_free(&p.titles);
  return st;
}

static bool same_bytes(const char *a, const char *b) {
  char *x = NULL, *y = NULL;
  int64_t n = 0, m = 0;
  bool same = disk_slurp(a, 1 << 28, &x, &n) == OK && disk_slurp(b, 1 << 28, &y, &m) == OK && n == m &&
              memcmp(x, y, (size_t)n) == 0;
  mem_free(x);
  mem_free(y);
  return same;
}

static void check_read(const shape *h, model *m) {
  ck_assert(model_rows(m, USERS) == h->users && model_rows(m, ITEMS) == h->items);
  ck_assert(model_factors(m) == h->k && model_has_bias(m) == h->bias && model_is_explicit(m) && model_mean(m) == 3.5);
  for (int s = 0; s < 2; s++) {
    gid n = model_rows(m, (side)s);
    for (off ld = h->k; ld < h->k + 20; ld += 7) {
      real *out, *bias;
      gid first = n / 3, count = n - first;
      ck_assert_int_eq(MEM_ALLOC(out, count * ld, "factors"), OK);
      ck_assert_int_eq(MEM_ALLOC(bias, count, "bias"), OK);
      ck_assert_int_eq(model_read_factors(m, (side)s, first, count, out, ld), OK);
      ck_assert_int_eq(model_read_bias(m, (side)s, first, count, bias), OK);
      for (gid i = 0; i < count; i++) {
        for (off j = 0; j < ld; j++)
          ck_assert(out[i * ld + j] == (j < h->k ? factor_of((side)s, first + i, (int)j) : 0));
        ck_assert(bias[i] == (h->bias ? (real)(first + i) / 8 : 0));
      }
      mem_free(out);
      mem_free(bias);
    }
    const real *map;
    ck_assert_int_eq(model_map_factors(m, (side)s, &map), OK);
    ck_assert(map == NULL || map[(n - 1) * h->k] == factor_of((side)s, n - 1, 0));
    ck_assert(n * h->k < 2048 || map != NULL);
    for (gid i = 0; i < n; i++) {
      char id[64];
      gid row;
      id_of(h, i, n, id, sizeof id);
      ck_assert_int_eq(model_find_id(m, (side)s, id, &row), OK);
      ck_assert_int_eq(row, i);
    }
    static const char *const NONE[] = {"",
                                       "2147483648000000000000000",
                                       "-",
                                       "m",
                                       "007",
                                       "m00000-ö ",
                                       "-0",
                                       "8x",
                                       "a name longer than any that is stored here, by far"};
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) {
      gid row;
      ck_assert_int_eq(model_find_id(m, (side)s, NONE[i], &row), OK);
      ck_assert_int_eq(row, -1);
    }
  }
  ck_assert(model_has_pairs(m) == h->pairs);
  for (gid i = 0; h->pairs && i < h->items; i++) {
    int64_t pairs;
    ck_assert_int_eq(model_read_pairs(m, i, 1, &pairs), OK);
    ck_assert_int_eq(pairs, pairs_of(i));
  }
  strings titles;
  ck_assert_int_eq(model_read_titles(m, 0, h->items, &titles), OK);
  ck_assert_int_eq(titles.n, h->titles ? h->items : 0);
  strings_free(&titles);
}

START_TEST(a_model_reads_back_and_does_not_depend_on_ranks) {
  const shape *h = &SHAPES[_i];
  char many[SNAPSHOT_PATH_MAX], one[SNAPSHOT_PATH_MAX], path[2][SNAPSHOT_PATH_MAX + 16];
  all_assert(snapshot_begin(&world, folder, many) == OK, "begun");
  all_assert(write_model(&world, many, h) == OK, "written");
  model *m = NULL;
  all_assert(model_open(many, &m) == OK, "opened");
  check_read(h, m);
  model_close(m);
  bool good = true;
  if (world.rank == 0) {
    comm alone = comm_single();
    good = snapshot_begin(&alone, folder, one) == OK && write_model(&alone, one, h) == OK;
    snprintf(path[0], sizeof path[0], "%s/model.h5", many);
    snprintf(path[1], sizeof path[1], "%s/model.h5", one);
    good = good && same_bytes(path[0], path[1]) && strcmp(many, one) < 0;
  }
  all_assert(good, "one rank writes the same bytes, into a snapshot with a later name");
}
END_TEST

START_TEST(snapshots_are_found_when_they_are_whole) {
  char dir[SNAPSHOT_PATH_MAX], out[SNAPSHOT_PATH_MAX], path[SNAPSHOT_PATH_MAX + 64], snapshots[TEMP_FOLDER_MAX + 32];
  snprintf(snapshots, sizeof snapshots, "%s/deep/snapshots/", folder);
  all_assert(snapshot_begin(&world, snapshots, dir) == OK, "begun");
  all_assert(snapshot_is_id(snapshot_id(dir)), "named as promised");
  bool good = true;
  if (world.rank == 0) {
    good = good && snapshot_resolve(dir, false, out) == BAD_DATA; /* no model.h5 yet */
    good = good && snapshot_resolve(snapshots, false, out) == NO_INPUT;
    good = good && snapshot_resolve("nowhere", false, out) == NO_INPUT;
    comm alone = comm_single();
    good = good && write_model(&alone, dir, &SHAPES[0]) == OK;
    good = good && snapshot_resolve(dir, false, out) == OK && strcmp(out, dir) == 0;
    good = good && snapshot_resolve(dir, true, out) == BAD_DATA && strstr(status_message(), "palate publish") != NULL;
    snprintf(path, sizeof path, "%s/SHA256SUMS", dir);
    good = good && disk_replace(path, "", 0) == OK && snapshot_resolve(dir, true, out) == OK;
    snprintf(path, sizeof path, "%slatest", snapshots);
    good = good && symlink(snapshot_id(dir), path) == 0;
    good = good && snapshot_resolve(snapshots, true, out) == OK && strcmp(out, dir) == 0;
    good = good && snapshot_resolve(path, true, out) == OK && strcmp(out, dir) == 0;
    /* A link that leads out of the folder is not followed. */
    static const char *const AWAY[] = {"/etc", "..", "../other", ".hidden", "20260101T000000Z-0000000g", ""};
    for (size_t i = 0; i < sizeof AWAY / sizeof *AWAY; i++)
      good = good && unlink(path) == 0 && symlink(AWAY[i][0] != '\0' ? AWAY[i] : "x", path) == 0 &&
             snapshot_resolve(snapshots, true, out) == BAD_DATA;
  }
  all_assert(good, "resolved");
}
END_TEST

START_TEST(json_files_come_back) {
  bool good = true;
  if (world.rank == 0) {
    json_t *object = json_pack("{s:s, s:f, s:[i,i]}", "title", "Ä \"quoted\"\n\x1f", "value", 0.1, "list", 1, 2),
           *back = NULL;
    good = snapshot_write_json(folder, "x.json", object) == OK && snapshot_write_json(folder, "x.json", object) == OK;
    good = good && snapshot_read_json(folder, "x.json", &back) == OK && json_equal(object, back);
    json_decref(back);
    json_decref(object);
    good = good && snapshot_read_json(folder, "y.json", &back) == NO_INPUT && back == NULL;
    char path[TEMP_FOLDER_MAX + 16];
    snprintf(path, sizeof path, "%s/z.json", folder);
    good =
        good && disk_replace(path, "{\"a\": 1,}", 9) == OK && snapshot_read_json(folder, "z.json", &back) == BAD_DATA;
    snprintf(path, sizeof path, "%s/no/z.json", folder);
    good = good && disk_replace(path, "{}", 2) == CANNOT_CREATE;
  }
  all_assert(good, "written and read");
}
END_TEST

/* Writes the groups of three members, with something amiss: 1 a label too few, 2 no finite centroid, 3 a group of more
 * than all members. */
static status write_groups(int amiss) {
  comm alone = comm_single();
  char path[TEMP_FOLDER_MAX + 16];
  const lid group[] = {0, 1, 1}, top[2 * GROUPS_TOP] = {0};
  const real affinity[] = {1, 1, 1}, centroid[] = {1, 2, amiss == 2 ? INFINITY : 3, 4};
  const int64_t size[] = {1, amiss == 3 ? 4 : 2};
  char names[] = "ab";
  const strings labels = {2, 1, names};
  groups_part part = {.n_rows = 3,
                      .row_count = 3,
                      .memberships = 1,
                      .group = group,
                      .affinity = affinity,
                      .n_groups = 2,
                      .factors = 2,
                      .centroid = centroid,
                      .size = size,
                      .top_items = top,
                      .labels = &labels};
  status st = groups_write(&alone, folder, USERS, &part);
  if (st != OK || amiss != 1)
    return st;
  snprintf(path, sizeof path, "%s/groups.h5", folder);
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), text = H5Tcopy(H5T_C_S1);
  const hsize_t one = 1;
  hid_t space = H5Screate_simple(1, &one, NULL);
  H5Ldelete(file, "/groups/label", H5P_DEFAULT);
  H5Dclose(H5Dcreate2(file, "/groups/label", text, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Sclose(space);
  H5Tclose(text);
  H5Fclose(file);
  return OK;
}

START_TEST(groups_that_make_no_sense_are_refused) {
  bool good = true;
  for (int amiss = 0; amiss < 4 && world.rank == 0; amiss++) {
    groups_table t;
    good = good && write_groups(amiss) == OK && groups_read(folder, USERS, &t) == (amiss == 0 ? OK : BAD_DATA);
    groups_table_free(&t);
  }
  all_assert(good, "groups");
}
END_TEST

static void add(TCase *tc) {
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, a_model_reads_back_and_does_not_depend_on_ranks, 0, N_SHAPES);
  tcase_add_test(tc, snapshots_are_found_when_they_are_whole);
  tcase_add_test(tc, json_files_come_back);
  tcase_add_test(tc, groups_that_make_no_sense_are_refused);
}

int main(int argc, char **argv) {
  setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
  MPI_Init(&argc, &argv);
  world = comm_world();
  int result = suite_run("snapshot", add);
  MPI_Finalize();
  return result;
}
