/* If these fail, a night's data can be half written, silently changed on disk, or depend on the number of ranks; or a
 * file from elsewhere can make palate read what it must not. */
#include "io/base/disk.h"
#include "io/base/mem.h"
#include "io/hdf5/store.h"
#include "io/schema/dataset.h"
#include "io/schema/dataset_write.h"
#include "tests/support/suite.h"
#include "train/math/rng.h"

#include <dirent.h>
#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static comm world;
static char folder[256];

static const char *at(const char *name) {
  static char path[4][512];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

/* The verdict of all ranks, so that none goes on alone. */
static void all_assert(bool mine, const char *what) {
  int64_t failed = !mine;
  comm_max_i64(&world, &failed, 1);
  if (!mine)
    fprintf(stderr, "rank %d: %s (%s)\n", world.rank, what, status_message());
  ck_assert_msg(failed == 0, "%s: %s", what, status_message());
}

/* --- a random dataset; every value is a function of its place --- */

typedef struct shape {
  gid users, items;
  int mean; /* events of a user */
  bool time, titles;
} shape;

static off events_of(const shape *s, gid u) {
  return (off)(rng_bits(7, 1, (uint64_t)u, 0) % (uint64_t)(2 * s->mean + 1));
}

typedef struct slab {
  dataset_part part;
  off *indptr;
  lid *item;
  real *value;
  int64_t *time;
} slab;

static void make_slab(comm *c, const shape *s, slab *out) {
  memset(out, 0, sizeof *out);
  dataset_part *p = &out->part;
  p->n_users = s->users;
  p->n_items = s->items;
  p->first_user = s->users * c->rank / c->size;
  p->user_count = s->users * (c->rank + 1) / c->size - p->first_user;
  p->first_item = s->items * c->rank / c->size;
  p->item_count = s->items * (c->rank + 1) / c->size - p->first_item;
  for (gid u = 0; u < s->users; u++) {
    if (u == p->first_user)
      p->first_event = p->n_events;
    p->n_events += events_of(s, u);
  }
  ck_assert_int_eq(MEM_ALLOC(out->indptr, p->user_count + 1, "indptr"), OK);
  out->indptr[0] = p->first_event;
  for (gid u = 0; u < p->user_count; u++)
    out->indptr[u + 1] = out->indptr[u] + events_of(s, p->first_user + u);
  off n = out->indptr[p->user_count] - p->first_event;
  ck_assert_int_eq(MEM_ALLOC(out->item, n, "item"), OK);
  ck_assert_int_eq(MEM_ALLOC(out->value, n, "value"), OK);
  ck_assert_int_eq(MEM_ALLOC(out->time, n, "time"), OK);
  for (off i = 0; i < n; i++) {
    uint64_t e = (uint64_t)(p->first_event + i);
    out->item[i] = (lid)(rng_bits(7, 2, e, 0) % (uint64_t)s->items);
    out->value[i] = (real)rng_normal(7, 3, e, 0);
    out->time[i] = (int64_t)(rng_bits(7, 4, e, 0) >> 30);
  }
  p->indptr = out->indptr;
  p->item = out->item;
  p->value = out->value;
  p->time = s->time ? out->time : NULL;
  /* Widths differ between ranks on purpose: the file's must not. */
  ck_assert_int_eq(strings_alloc(&p->user_ids, p->user_count, 12 + c->rank, "ids"), OK);
  for (gid u = 0; u < p->user_count; u++)
    snprintf(p->user_ids.bytes + u * p->user_ids.width, 12, "u%lld", (long long)(p->first_user + u));
  ck_assert_int_eq(strings_alloc(&p->item_ids, p->item_count, 9, "ids"), OK);
  for (gid i = 0; i < p->item_count; i++)
    snprintf(p->item_ids.bytes + i * 9, 9, "%lld", (long long)(p->first_item + i));
  if (s->titles) {
    ck_assert_int_eq(strings_alloc(&p->titles, p->item_count, 64, "titles"), OK);
    for (gid i = 0; i < p->item_count; i++)
      snprintf(p->titles.bytes + i * 64, 64, "Die Geschichte von %lld Äpfeln", (long long)(p->first_item + i));
  }
}

static void free_slab(slab *s) {
  mem_free(s->indptr);
  mem_free(s->item);
  mem_free(s->value);
  mem_free(s->time);
  strings_free(&s->part.user_ids);
  strings_free(&s->part.item_ids);
  strings_free(&s->part.titles);
}

static status write_one(comm *c, const char *path, const shape *s) {
  static const dataset_source source = {"events.csv", "00112233445566778899aabbccddeeff"};
  slab one;
  make_slab(c, s, &one);
  one.part.sources = &source;
  one.part.n_sources = 1;
  status st = dataset_write(c, path, &one.part);
  free_slab(&one);
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

static int files_in(const char *path) {
  DIR *dir = opendir(path);
  int n = 0;
  for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
    n += e->d_name[0] != '.';
  if (dir != NULL)
    closedir(dir);
  return n;
}

static const shape SHAPES[] = {
    {3, 2, 1, false, false}, {1, 1, 3, true, true}, {2000, 300, 40, true, true}, {5, 1000, 100, false, true}};
enum { N_SHAPES = sizeof SHAPES / sizeof *SHAPES };

START_TEST(file_does_not_depend_on_ranks) {
  const shape *s = &SHAPES[_i];
  all_assert(write_one(&world, at("many.h5"), s) == OK, "written by all ranks");
  bool same = true;
  if (world.rank == 0) {
    comm alone = comm_single();
    sleep(_i == 0 ? 1 : 0); /* a time stamp in some header would show */
    same = write_one(&alone, at("one.h5"), s) == OK && same_bytes(at("one.h5"), at("many.h5")) && files_in(folder) == 2;
  }
  all_assert(same, "one rank writes the same bytes, and nothing else is left");
}
END_TEST

START_TEST(what_was_written_is_read) {
  const shape *s = &SHAPES[_i];
  all_assert(write_one(&world, at("d.h5"), s) == OK, "written");
  dataset *d = NULL;
  all_assert(dataset_open(&world, at("d.h5"), &d) == OK, "opened");
  slab want;
  comm alone = comm_single();
  make_slab(&alone, s, &want);
  const dataset_part *p = &want.part;
  ck_assert(dataset_users(d) == s->users && dataset_items(d) == s->items && dataset_events(d) == p->n_events);
  ck_assert(dataset_has_time(d) == s->time && dataset_has_titles(d) == s->titles && !dataset_has_tags(d));
  off *indptr;
  lid *item;
  real *value;
  int64_t *time;
  ck_assert_int_eq(MEM_ALLOC(indptr, s->users + 1, "indptr"), OK);
  ck_assert_int_eq(MEM_ALLOC(item, p->n_events, "item"), OK);
  ck_assert_int_eq(MEM_ALLOC(value, p->n_events, "value"), OK);
  ck_assert_int_eq(MEM_ALLOC(time, p->n_events, "time"), OK);
  ck_assert_int_eq(dataset_read_indptr(d, 0, s->users, indptr), OK);
  ck_assert_int_eq(memcmp(indptr, p->indptr, sizeof *indptr * (size_t)(s->users + 1)), 0);
  /* Slabs of every size that straddle blocks. */
  for (off first = 0, step = 1; first < p->n_events; first += step, step = step * 3 + 1) {
    off n = p->n_events - first < step ? p->n_events - first : step;
    ck_assert_int_eq(dataset_read_events(d, first, n, item, value, s->time ? time : NULL), OK);
    ck_assert_int_eq(memcmp(item, p->item + first, sizeof *item * (size_t)n), 0);
    ck_assert_int_eq(memcmp(value, p->value + first, sizeof *value * (size_t)n), 0);
    ck_assert(!s->time || memcmp(time, p->time + first, sizeof *time * (size_t)n) == 0);
  }
  strings ids;
  ck_assert_int_eq(dataset_read_ids(d, USERS, 0, s->users, &ids), OK);
  for (gid u = 0; u < s->users; u++) {
    char text[32];
    snprintf(text, sizeof text, "u%lld", (long long)u);
    ck_assert(strings_equal(&ids, u, text));
  }
  strings_free(&ids);
  const void *map = NULL;
  ck_assert_int_eq(h5_map(dataset_file(d), "/interactions/data", H5_F32, &map), OK);
  ck_assert(p->n_events < 1000 || map != NULL); /* a column of a page or more lies aligned */
  ck_assert(map == NULL || memcmp(map, p->value, sizeof(real) * (size_t)p->n_events) == 0);
  free_slab(&want);
  mem_free(indptr);
  mem_free(item);
  mem_free(value);
  mem_free(time);
  dataset_close(d);
  all_assert(true, "read back");
}
END_TEST

static const char *const COLUMNS[] = {"/interactions/indptr",
                                      "/interactions/indices",
                                      "/interactions/data",
                                      "/interactions/time",
                                      "/users/id",
                                      "/items/id",
                                      "/items/title"};

static status read_whole(const char *path, const char *column) {
  h5_file *f = NULL;
  h5_column c;
  char *bytes = NULL;
  status st = h5_open(path, &f);
  if (st == OK)
    st = h5_find(f, column, &c);
  if (st == OK)
    st = MEM_ALLOC(bytes, c.rows * (off)h5_row_bytes(&c), "bytes");
  if (st == OK)
    st = h5_read(f, column, c.type, 0, c.rows, bytes);
  /* Also when converted, which takes another way. */
  if (st == OK && c.type == H5_I32) {
    mem_free(bytes);
    st = MEM_ALLOC(bytes, c.rows * 8, "bytes");
    if (st == OK)
      st = h5_read(f, column, H5_I64, 0, c.rows, bytes);
  }
  mem_free(bytes);
  h5_close(f);
  return st;
}

START_TEST(a_flipped_bit_is_found) {
  const shape *s = &SHAPES[2];
  all_assert(write_one(&world, at("d.h5"), s) == OK, "written");
  bool found = true;
  for (size_t i = 0; world.rank == 0 && i < sizeof COLUMNS / sizeof *COLUMNS; i++) {
    h5_file *f = NULL;
    h5_column c;
    hid_t file = H5Fopen(at("d.h5"), H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, COLUMNS[i], H5P_DEFAULT);
    int64_t place = (int64_t)H5Dget_offset(set);
    H5Dclose(set);
    H5Fclose(file);
    found = found && h5_open(at("d.h5"), &f) == OK && h5_find(f, COLUMNS[i], &c) == OK;
    h5_close(f);
    int64_t bytes = c.rows * (int64_t)h5_row_bytes(&c);
    for (int n = 0; n < 5; n++) {
      int64_t where = n == 0   ? place
                      : n == 1 ? place + bytes - 1
                               : place + (int64_t)(rng_bits(9, i, (uint64_t)n, 0) % (uint64_t)bytes);
      int fd = open(at("d.h5"), O_RDWR);
      unsigned char byte = 0;
      found = found && pread(fd, &byte, 1, where) == 1;
      byte ^= (unsigned char)(1 << n);
      found = found && pwrite(fd, &byte, 1, where) == 1;
      status damaged = read_whole(at("d.h5"), COLUMNS[i]);
      bool named = strstr(status_message(), COLUMNS[i]) != NULL;
      byte ^= (unsigned char)(1 << n);
      found = found && pwrite(fd, &byte, 1, where) == 1 && damaged == IO_FAILED && named &&
              read_whole(at("d.h5"), COLUMNS[i]) == OK;
      close(fd);
    }
  }
  all_assert(found, "every flipped bit is found and named, and the whole file reads again");
}
END_TEST

START_TEST(a_failed_write_leaves_the_target_alone) {
  all_assert(write_one(&world, at("d.h5"), &SHAPES[0]) == OK, "written");
  if (world.rank == 0) {
    comm alone = comm_single();
    write_one(&alone, at("copy.h5"), &SHAPES[0]);
  }
  const h5_column column = {.path = "/x", .type = H5_I64, .rows = 100, .columns = 1};
  const int64_t zeros[100] = {0};
  /* A rank that fails, a rank that forgets its rows. */
  for (int failing = 0; failing < 2; failing++) {
    store *s = NULL;
    all_assert(store_create(&world, at("d.h5"), &column, 1, NULL, 0, &s) == OK, "created");
    bool last = world.rank == world.size - 1;
    status st = OK;
    if (world.rank == 0)
      st = store_put(s, 0, 0, 99, zeros);
    if (last && failing == 0)
      st = status_fail(BAD_DATA, "on purpose");
    st = store_commit(s, st);
    all_assert(st == (failing == 0 ? BAD_DATA : INTERNAL), "agreed on the failure");
  }
  all_assert(world.rank != 0 || (same_bytes(at("d.h5"), at("copy.h5")) && files_in(folder) == 2),
             "target as it was, nothing left over");
  store *s = NULL;
  all_assert(store_create(&world, at("copy.h5/in/it/d.h5"), &column, 1, NULL, 0, &s) == CANNOT_CREATE,
             "a file in the way");
  const h5_column huge = {.path = "/x", .type = H5_I64, .rows = (off)1 << 55, .columns = 1};
  all_assert(store_create(&world, at("d.h5"), &huge, 1, NULL, 0, &s) == IO_FAILED, "no room");
  all_assert(world.rank != 0 || (same_bytes(at("d.h5"), at("copy.h5")) && files_in(folder) == 2),
             "target as it was, nothing left over");
}
END_TEST

/* --- files from elsewhere: made by rank 0 with HDF5 itself --- */

static void put(hid_t file, const char *path, hid_t type, int rank, const hsize_t *dims, const void *values,
                hid_t dcpl) {
  hid_t space = H5Screate_simple(rank, dims, NULL), lcpl = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(lcpl, 1);
  hid_t set = H5Dcreate2(file, path, type, space, lcpl, dcpl, H5P_DEFAULT);
  if (values != NULL)
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(lcpl);
}

START_TEST(foreign_types_are_read) {
  bool good = true;
  if (world.rank == 0) {
    hid_t file = H5Fcreate(at("f.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hsize_t four = 4, chunk = 3, two[2] = {2, 2};
    const int64_t wide[4] = {1, -2, 3, (int64_t)1 << 40};
    const double doubles[4] = {0.5, 1.5, -2.5, 1e300};
    const int16_t shorts[4] = {1, 2, 3, -4};
    const char *texts[4] = {"a", "", "länger", "zz"};
    hid_t packed = H5Pcreate(H5P_DATASET_CREATE), text = H5Tcopy(H5T_C_S1);
    H5Pset_chunk(packed, 1, &chunk);
    H5Pset_shuffle(packed);
    H5Pset_deflate(packed, 6);
    H5Tset_size(text, H5T_VARIABLE);
    put(file, "/g/wide", H5T_STD_I64LE, 1, &four, wide, packed);
    put(file, "/g/doubles", H5T_NATIVE_DOUBLE, 2, two, doubles, H5P_DEFAULT);
    put(file, "/g/shorts", H5T_STD_I16BE, 1, &four, NULL, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, "/g/shorts", H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_INT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, shorts);
    H5Dclose(set);
    put(file, "/g/texts", text, 1, &four, texts, H5P_DEFAULT);
    H5Fclose(file);
    h5_file *f = NULL;
    h5_column c;
    int32_t ints[4];
    int64_t longs[4];
    float floats[4];
    strings s = {0};
    good = h5_open(at("f.h5"), &f) == OK;
    good = good && h5_find(f, "/g/wide", &c) == OK && c.type == H5_I64 && c.rows == 4;
    good = good && h5_read(f, "/g/wide", H5_I64, 1, 3, longs) == OK && longs[0] == -2 && longs[2] == wide[3];
    good = good && h5_read(f, "/g/wide", H5_I32, 0, 3, ints) == OK && ints[1] == -2;
    good = good && h5_read(f, "/g/wide", H5_I32, 0, 4, ints) == BAD_DATA; /* not cut to 2^31 - 1 */
    good = good && h5_find(f, "/g/doubles", &c) == OK && c.type == H5_F64 && c.matrix && c.columns == 2;
    good = good && h5_read(f, "/g/doubles", H5_F32, 0, 1, floats) == OK && floats[1] == 1.5f;
    good = good && h5_read(f, "/g/doubles", H5_F32, 0, 2, floats) == BAD_DATA;
    good = good && h5_find(f, "/g/shorts", &c) == OK && c.type == H5_I32;
    good = good && h5_read(f, "/g/shorts", H5_I32, 0, 4, ints) == OK && ints[3] == -4;
    good = good && h5_find(f, "/g/texts", &c) == OK && c.type == H5_TEXT && c.width == 0;
    good = good && h5_read_strings(f, "/g/texts", 0, 4, &s) == OK && s.width == 7 && strings_equal(&s, 2, "länger") &&
           strings_equal(&s, 1, "");
    good = good && h5_read(f, "/g/texts", H5_I32, 0, 1, ints) == BAD_DATA;
    good = good && h5_read(f, "/g/wide", H5_I64, 3, 2, longs) == INTERNAL;
    strings_free(&s);
    h5_close(f);
    H5Tclose(text);
    H5Pclose(packed);
  }
  all_assert(good, "foreign types are converted or refused");
}
END_TEST

START_TEST(hostile_files_are_refused) {
  bool good = true;
  if (world.rank == 0) {
    hid_t file = H5Fcreate(at("h.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hsize_t four = 4, huge = (hsize_t)1 << 50, chunk = 1 << 10, cube[3] = {2, 2, 2};
    const int32_t values[8] = {1, 2, 3, 4};
    put(file, "/good", H5T_NATIVE_INT32, 1, &four, values, H5P_DEFAULT);
    H5Lcreate_soft("/good", file, "/soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("/etc/passwd", "/x", file, "/external", H5P_DEFAULT, H5P_DEFAULT);
    hid_t group = H5Gcreate2(file, "/group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    H5Lcreate_soft("/", file, "/group/up", H5P_DEFAULT, H5P_DEFAULT);
    hid_t outside = H5Pcreate(H5P_DATASET_CREATE), chunked = H5Pcreate(H5P_DATASET_CREATE),
          virtual = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &four, NULL);
    H5Pset_external(outside, "/etc/passwd", 0, 16);
    put(file, "/outside", H5T_NATIVE_INT32, 1, &four, NULL, outside);
    H5Pset_virtual(virtual, space, "/etc/passwd", "/x", space);
    put(file, "/virtual", H5T_NATIVE_INT32, 1, &four, NULL, virtual);
    H5Pset_chunk(chunked, 1, &chunk);
    put(file, "/bomb", H5T_NATIVE_INT32, 1, &huge, NULL, chunked);
    put(file, "/cube", H5T_NATIVE_INT32, 3, cube, values, H5P_DEFAULT);
    H5Fclose(file);
    static const char *const BAD[] = {"/soft",    "/external", "/external/x", "/group/up/good", "/outside",
                                      "/virtual", "/bomb",     "/cube",       "/group",         "/none"};
    h5_file *f = NULL;
    h5_column c;
    good = h5_open(at("h.h5"), &f) == OK && h5_find(f, "/good", &c) == OK;
    for (size_t i = 0; good && i < sizeof BAD / sizeof *BAD; i++) {
      int32_t out[8];
      good = h5_find(f, BAD[i], &c) == BAD_DATA && h5_read(f, BAD[i], H5_I32, 0, 1, out) == BAD_DATA;
      if (!good)
        fprintf(stderr, "%s was not refused\n", BAD[i]);
    }
    h5_close(f);
    H5Pclose(outside);
    H5Pclose(chunked);
    H5Pclose(virtual);
    H5Sclose(space);
    good = good && h5_open(at("nothing"), &f) == NO_INPUT && h5_open(folder, &f) == NO_INPUT;
    int fd = open(at("text"), O_CREAT | O_WRONLY, 0600);
    good = good && write(fd, "user,item\n", 10) == 10;
    close(fd);
    good = good && h5_open(at("text"), &f) == BAD_DATA;
    good = good && truncate(at("h.h5"), 300) == 0 && h5_open(at("h.h5"), &f) == IO_FAILED;
  }
  all_assert(good, "refused");
}
END_TEST

/* Changes one dataset of a good file in place with HDF5 and without checksums, as another tool would. */
static void spoil(const char *path, hid_t type, hsize_t row, const void *value) {
  hid_t file = H5Fopen(at("d.h5"), H5F_ACC_RDWR, H5P_DEFAULT);
  if (H5Lexists(file, "/checksums", H5P_DEFAULT) > 0)
    H5Ldelete(file, "/checksums", H5P_DEFAULT);
  hid_t set = H5Dopen2(file, path, H5P_DEFAULT), space = H5Dget_space(set);
  hsize_t one = 1;
  hid_t memory = H5Screate_simple(1, &one, NULL);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, &row, NULL, &one, NULL);
  H5Dwrite(set, type, memory, space, H5P_DEFAULT, value);
  H5Sclose(memory);
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
}

START_TEST(broken_datasets_are_bad_data) {
  const shape *s = &SHAPES[2];
  for (int fault = 0; fault < 5; fault++) {
    all_assert(write_one(&world, at("d.h5"), s) == OK, "written");
    if (world.rank == 0) {
      const int64_t wrong = -5, high = 1 << 20;
      const int32_t item = 300;
      const float nan = NAN;
      if (fault == 0)
        spoil("/interactions/indptr", H5T_NATIVE_INT64, 0, &high);
      if (fault == 1)
        spoil("/interactions/indptr", H5T_NATIVE_INT64, 1000, &wrong);
      if (fault == 2)
        spoil("/interactions/indptr", H5T_NATIVE_INT64, 2000, &high);
      if (fault == 3)
        spoil("/interactions/indices", H5T_NATIVE_INT32, 77, &item);
      if (fault == 4)
        spoil("/interactions/data", H5T_NATIVE_FLOAT, 77, &nan);
    }
    comm_barrier(&world);
    dataset *d = NULL;
    status st = dataset_open(&world, at("d.h5"), &d);
    off indptr[2001];
    lid item[100];
    real value[100];
    if (st == OK)
      st = dataset_read_indptr(d, 0, s->users, indptr);
    if (st == OK)
      st = dataset_read_events(d, 0, 100, item, value, NULL);
    dataset_close(d);
    all_assert(st == BAD_DATA, "the fault is found");
  }
}
END_TEST

static void setup(void) {
  if (world.rank == 0) {
    snprintf(folder, sizeof folder, "%s/palate-store-XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    if (mkdtemp(folder) == NULL)
      folder[0] = '\0';
  }
  comm_broadcast(&world, folder, sizeof folder, 0);
}

static void teardown(void) {
  comm_barrier(&world);
  if (world.rank == 0) {
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
      unlinkat(dirfd(dir), e->d_name, 0);
    closedir(dir);
    rmdir(folder);
  }
}

static void add(TCase *tc) {
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_loop_test(tc, file_does_not_depend_on_ranks, 0, N_SHAPES);
  tcase_add_loop_test(tc, what_was_written_is_read, 0, N_SHAPES);
  tcase_add_test(tc, a_flipped_bit_is_found);
  tcase_add_test(tc, a_failed_write_leaves_the_target_alone);
  tcase_add_test(tc, foreign_types_are_read);
  tcase_add_test(tc, hostile_files_are_refused);
  tcase_add_test(tc, broken_datasets_are_bad_data);
}

int main(int argc, char **argv) {
  setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
  MPI_Init(&argc, &argv);
  world = comm_world();
  int failed = suite_run("store", add);
  MPI_Finalize();
  return failed;
}
