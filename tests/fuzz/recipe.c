#include "tests/fuzz/recipe.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { EDITS_MAX = 32, EDIT_BYTES = 6, BLOCK = 64 };

typedef struct kitchen {
  hid_t file;
  recipe_object *objects;
  int n;
  int64_t block; /* 0: no checksums */
  bool wrong_sums;
  hid_t made[RECIPE_OBJECTS_MAX];
} kitchen;

static size_t size_of(const recipe_object *o) {
  static const size_t SIZES[R_TYPES] = {8, 4, 4, 0, 8, 2, 1, 1, 4, 8, 8, 4, sizeof(char *), 0, 3, 1};
  return o->type == R_TEXT || o->type == R_SPACES ? (size_t)o->width : SIZES[o->type];
}

static hid_t type_of(const recipe_object *o) {
  hid_t t;
  switch (o->type) {
  case R_I64:
    return H5Tcopy(H5T_STD_I64LE);
  case R_I32:
    return H5Tcopy(H5T_STD_I32LE);
  case R_F32:
    return H5Tcopy(H5T_IEEE_F32LE);
  case R_U64:
    return H5Tcopy(H5T_STD_U64LE);
  case R_I16:
    return H5Tcopy(H5T_STD_I16LE);
  case R_I8:
    return H5Tcopy(H5T_STD_I8LE);
  case R_U8:
    return H5Tcopy(H5T_STD_U8LE);
  case R_U32:
    return H5Tcopy(H5T_STD_U32LE);
  case R_F64:
    return H5Tcopy(H5T_IEEE_F64LE);
  case R_BIG_I64:
    return H5Tcopy(H5T_STD_I64BE);
  case R_BIG_F32:
    return H5Tcopy(H5T_IEEE_F32BE);
  case R_OPAQUE:
    return H5Tcreate(H5T_OPAQUE, 3);
  case R_ENUM: {
    signed char value = 1;
    t = H5Tenum_create(H5T_STD_I8LE);
    H5Tenum_insert(t, "yes", &value);
    return t;
  }
  default:
    t = H5Tcopy(H5T_C_S1);
    H5Tset_size(t, o->type == R_VARIABLE ? H5T_VARIABLE : (size_t)o->width);
    H5Tset_strpad(t, o->type == R_TEXT ? H5T_STR_NULLPAD : o->type == R_SPACES ? H5T_STR_SPACEPAD : H5T_STR_NULLTERM);
    H5Tset_cset(t, o->width % 2 == 0 ? H5T_CSET_UTF8 : H5T_CSET_ASCII);
    return t;
  }
}

/* How many values there are, or UINT64_MAX where that overflows. */
static uint64_t count_of(const recipe_object *o) {
  uint64_t n = 1;
  for (int d = 0; d < o->rank; d++)
    if (__builtin_mul_overflow(n, o->dims[d], &n))
      return UINT64_MAX;
  return n;
}

/* Values in memory as they go to the file; free. NULL where they are too many to be written. */
static void *values_of(const recipe_object *o) {
  uint64_t n = count_of(o);
  size_t size = size_of(o);
  if (n > 1 << 16 || n * size > 1 << 20)
    return NULL;
  char *out = calloc((size_t)n + 1, size > 0 ? size : 1);
  if (out == NULL)
    return NULL;
  if (o->type == R_VARIABLE) {
    static char *const TEXTS[] = {"",  "17", "a|b|c", "\xff\xfe", "a longer text than any of the others in this file",
                                  NULL};
    for (uint64_t i = 0; i < n; i++)
      ((char **)out)[i] = TEXTS[(unsigned char)o->bytes[i % RECIPE_BYTES_MAX] % 6];
  } else
    memcpy(out, o->bytes, n * size < RECIPE_BYTES_MAX ? (size_t)(n * size) : RECIPE_BYTES_MAX);
  return out;
}

/* --- edits --- */

static uint64_t interesting(const uint8_t *e, const recipe_object *o) {
  static const uint64_t WHOLE[] = {0,         1,          2,         UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN,
                                   INT32_MAX, 1ULL << 31, 1ULL << 32};
  static const float SINGLE[] = {0.0f,  -0.0f, 1e30f, -1e30f, __builtin_inff(), -__builtin_inff(), __builtin_nanf(""),
                                 1e-45f};
  static const double DOUBLE[] = {0, 1e300, -1e300, __builtin_inf(), __builtin_nan(""), 3.5e38, 1e-320, -1};
  uint64_t bits = 0;
  if (e[5] % 2 == 0)
    return WHOLE[(e[5] >> 1) % 9] + (uint64_t)(int64_t)(int8_t)(e[4] % 16 == 0 ? e[3] : 0);
  if (o->type == R_F64)
    memcpy(&bits, &DOUBLE[(e[5] >> 1) % 8], 8);
  else if (o->type == R_F32)
    memcpy(&bits, &SINGLE[(e[5] >> 1) % 8], 4);
  else
    bits = (uint64_t)e[3] | (uint64_t)e[4] << 8;
  return bits;
}

static uint64_t extent(const uint8_t *e, uint64_t now) {
  const uint64_t some[] = {0,    1,       2,       3,          now - (now > 0), now + 1,    now * 2,   100,
                           5000, 1 << 16, 1 << 24, 1ULL << 31, 1ULL << 33,      1ULL << 40, INT64_MAX, UINT64_MAX};
  return some[*e % 16];
}

/* One edit of six bytes. */
static void edit(kitchen *k, const uint8_t *e) {
  recipe_object *o = &k->objects[e[1] % k->n];
  switch (e[0] % 8) {
  case 0:
  case 1: { /* a value */
    size_t size = size_of(o);
    uint64_t bits = interesting(e, o), at = e[2] * size;
    if (size > 0 && size <= 8 && at + size <= RECIPE_BYTES_MAX)
      memcpy(o->bytes + at, &bits, size);
    else if (at + 1 <= RECIPE_BYTES_MAX)
      memcpy(o->bytes + at, e + 3, at + 3 <= RECIPE_BYTES_MAX ? 3 : 1);
    break;
  }
  case 2:
    o->type = (recipe_type)(e[2] % R_TYPES);
    o->width = e[3] % 8 == 7 ? 300 : e[3] % 8 == 6 ? 70000 : 1 + e[3] % 16;
    break;
  case 3: /* the shape */
    o->rank = e[2] % 16 == 15 ? 3 : e[2] % 16 == 14 ? 0 : e[2] % 16 == 13 ? 3 - o->rank : o->rank;
    for (int d = 0; d < 2; d++)
      if ((e[2] >> (4 + d)) % 2 == 0)
        o->dims[d] = extent(e + 3 + d, o->dims[d]);
    if (o->rank == 3)
      o->dims[2] = 1;
    break;
  case 4:
    o->layout = (recipe_layout)(e[2] % R_LAYOUTS);
    break;
  case 5:
    o->gone = !o->gone;
    break;
  case 6: /* a byte anywhere */
    o->bytes[(e[2] | e[3] << 8) % RECIPE_BYTES_MAX] = (char)e[4];
    break;
  default:
    k->block = e[2] % 4 == 0 ? 0 : e[2] % 4 == 1 ? BLOCK : e[2] % 4 == 2 ? 1 << 18 : (int64_t)(int8_t)e[3];
    k->wrong_sums = e[4] % 2 != 0;
  }
}

/* --- cooking --- */

static bool make_groups(const kitchen *k, const char *path) {
  char part[256];
  for (size_t i = 1; path[i] != '\0'; i++) {
    if (path[i] != '/')
      continue;
    memcpy(part, path, i);
    part[i] = '\0';
    if (H5Lexists(k->file, part, H5P_DEFAULT) > 0)
      continue;
    hid_t group = H5Gcreate2(k->file, part, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group < 0)
      return false;
    H5Gclose(group);
  }
  return true;
}

static hid_t space_of(const recipe_object *o) {
  hsize_t dims[3] = {o->dims[0], o->dims[1], o->dims[2]};
  return o->rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(o->rank, dims, NULL);
}

static bool make_attribute(const kitchen *k, const recipe_object *o) {
  if (o->gone || count_of(o) > 4000 || H5Lexists(k->file, o->path, H5P_DEFAULT) <= 0)
    return true;
  hid_t type = type_of(o), space = space_of(o);
  hid_t a = H5Acreate_by_name(k->file, o->path, o->name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  void *values = values_of(o);
  bool good = a >= 0 && values != NULL && (count_of(o) == 0 || H5Awrite(a, type, values) >= 0);
  free(values);
  if (a >= 0)
    H5Aclose(a);
  H5Sclose(space);
  H5Tclose(type);
  return good;
}

static hid_t layout_of(const recipe_object *o, hid_t space) {
  hid_t p = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[3] = {2, 2, 2};
  switch (o->layout) {
  case R_CHUNKED:
  case R_DEFLATED:
    H5Pset_chunk(p, o->rank > 0 ? o->rank : 1, chunk);
    if (o->layout == R_DEFLATED)
      H5Pset_deflate(p, 1);
    break;
  case R_COMPACT:
    H5Pset_layout(p, H5D_COMPACT);
    break;
  case R_EXTERNAL:
    H5Pset_external(p, "/etc/passwd", 0, H5F_UNLIMITED);
    break;
  case R_VIRTUAL:
    H5Pset_virtual(p, space, "/etc/passwd", "x", space);
    break;
  default:
    break;
  }
  return p;
}

static bool make_dataset(kitchen *k, int i) {
  const recipe_object *o = &k->objects[i];
  k->made[i] = H5I_INVALID_HID;
  if (o->gone)
    return true;
  if (!make_groups(k, o->path))
    return false;
  if (o->layout == R_SOFT)
    return H5Lcreate_soft("/users", k->file, o->path, H5P_DEFAULT, H5P_DEFAULT) >= 0;
  if (o->layout == R_AWAY)
    return H5Lcreate_external("/etc/passwd", "/x", k->file, o->path, H5P_DEFAULT, H5P_DEFAULT) >= 0;
  if (o->layout == R_GROUP) {
    k->made[i] = H5Gcreate2(k->file, o->path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    return k->made[i] >= 0;
  }
  hid_t type = type_of(o), space = space_of(o), plist = layout_of(o, space);
  hid_t d = space >= 0 ? H5Dcreate2(k->file, o->path, type, space, H5P_DEFAULT, plist, H5P_DEFAULT) : -1;
  bool good = d >= 0;
  if (good && o->layout != R_UNWRITTEN && o->layout != R_EXTERNAL && o->layout != R_VIRTUAL) {
    void *values = values_of(o);
    if (values != NULL && count_of(o) > 0)
      good = H5Dwrite(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    free(values);
  }
  H5Pclose(plist);
  if (space >= 0)
    H5Sclose(space);
  H5Tclose(type);
  k->made[i] = d;
  return good;
}

/* Checksums as io/hdf5/store.c has them: one for each block of a dataset's bytes. */
static void make_sums(kitchen *k, const recipe_object *o) {
  char path[256];
  size_t bytes = (size_t)count_of(o) * size_of(o);
  void *values = values_of(o);
  if (o->gone || o->type == R_VARIABLE || o->layout != R_CONTIGUOUS || values == NULL || bytes == 0 || k->block < 1) {
    free(values);
    return;
  }
  uint64_t sums[1 << 12] = {0};
  hsize_t n = 0;
  for (size_t at = 0; at < bytes && n < sizeof sums / sizeof *sums; at += (size_t)k->block, n++)
    sums[n] = XXH3_64bits((char *)values + at, bytes - at < (size_t)k->block ? bytes - at : (size_t)k->block);
  if (k->wrong_sums)
    sums[n / 2] ^= 1;
  free(values);
  snprintf(path, sizeof path, "/checksums%s", o->path);
  hid_t space = H5Screate_simple(1, &n, NULL);
  hid_t d = make_groups(k, path)
                ? H5Dcreate2(k->file, path, H5T_STD_U64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)
                : H5I_INVALID_HID;
  if (d >= 0) {
    H5Dwrite(d, H5T_STD_U64LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, sums);
    H5Dclose(d);
  }
  H5Sclose(space);
}

static bool cook(kitchen *k) {
  for (int i = 0; i < k->n; i++)
    if (k->objects[i].name == NULL && !make_dataset(k, i))
      return false;
  for (int i = 0; i < k->n; i++)
    if (k->objects[i].name != NULL && !make_attribute(k, &k->objects[i]))
      return false;
  if (k->block != 0) {
    for (int i = 0; i < k->n; i++)
      if (k->objects[i].name == NULL)
        make_sums(k, &k->objects[i]);
    if (H5Lexists(k->file, "/checksums", H5P_DEFAULT) <= 0)
      H5Gclose(H5Gcreate2(k->file, "/checksums", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    recipe_object block = {.path = "/checksums", .name = "block_bytes", .type = R_I64};
    memcpy(block.bytes, &k->block, 8);
    return make_attribute(k, &block);
  }
  return true;
}

bool recipe_cook(const char *path, const recipe_object *good, int n, const uint8_t *edits, size_t n_edits) {
  static recipe_object objects[RECIPE_OBJECTS_MAX]; /* half a megabyte */
  kitchen k = {.objects = objects, .n = n};
  for (int i = 0; i < n; i++) {
    objects[i] = good[i];
    k.made[i] = H5I_INVALID_HID;
    memcpy(objects[i].bytes, good[i].good, (size_t)count_of(&good[i]) * size_of(&good[i]));
  }
  for (size_t at = 0; at + EDIT_BYTES <= n_edits && at < EDITS_MAX * EDIT_BYTES; at += EDIT_BYTES)
    edit(&k, edits + at);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (n_edits % 2 == 0) /* both ways of laying metadata out */
    H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V110);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  k.file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
  H5Pclose(access);
  if (k.file < 0)
    return false;
  bool done = cook(&k);
  H5Fclose(k.file);
  return done;
}
