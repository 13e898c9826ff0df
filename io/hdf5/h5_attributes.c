#include "io/hdf5/h5_private.h"

#include "io/base/mem.h"

#include <string.h>

/* Limit of values, and of bytes, of one attribute: far above what palate writes. */
enum { COUNT_MAX = 1 << 24 };

typedef struct attribute {
  hid_t id, type;
  h5_type kind;
  int width;
  off count;
} attribute;

static void close_attribute(attribute *a) {
  if (a->type >= 0)
    H5Tclose(a->type);
  if (a->id >= 0)
    H5Aclose(a->id);
}

/* Opens an attribute; BAD_DATA if it is missing or too large. Call close_attribute in any case. */
static status open_attribute(h5_file *f, const char *object, const char *name, attribute *a) {
  *a = (attribute){.id = H5I_INVALID_HID, .type = H5I_INVALID_HID};
  bool there;
  status st = h5_walk(f, object, &there);
  if (st != OK)
    return st;
  htri_t exists = there ? H5Aexists_by_name(f->id, object, name, H5P_DEFAULT) : 0;
  if (exists < 0)
    return h5_damaged(f, object);
  if (exists == 0)
    return status_fail(BAD_DATA, "%s: %s has no attribute `%s`", f->path, object, name);
  a->id = H5Aopen_by_name(f->id, object, name, H5P_DEFAULT, H5P_DEFAULT);
  a->type = a->id >= 0 ? H5Aget_type(a->id) : H5I_INVALID_HID;
  hid_t space = a->id >= 0 ? H5Aget_space(a->id) : H5I_INVALID_HID;
  hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
  int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
  if (space >= 0)
    H5Sclose(space);
  if (a->type < 0 || n < 0)
    return h5_damaged(f, name);
  a->kind = h5_type_of(a->type, &a->width);
  a->count = (off)n;
  if (rank > 1 || n > COUNT_MAX || (int64_t)n * (int64_t)H5Tget_size(a->type) > COUNT_MAX)
    return status_fail(BAD_DATA, "%s: the attribute `%s` of %s is too large", f->path, name, object);
  return OK;
}

bool h5_attr_has(h5_file *f, const char *object, const char *name) {
  bool there;
  return h5_walk(f, object, &there) == OK && there && H5Aexists_by_name(f->id, object, name, H5P_DEFAULT) > 0;
}

/* Names are collected in two passes: the first counts and measures them, the second copies them. */
typedef struct names {
  strings table;
  off n;
  int width;
  bool fill;
} names;

static herr_t take_name(hid_t object, const char *name, const H5A_info_t *info, void *context) {
  (void)object, (void)info;
  names *all = context;
  size_t length = strlen(name);
  if (all->fill) {
    if (all->n >= all->table.n || length > (size_t)all->table.width)
      return -1;
    memcpy(all->table.bytes + all->n * all->table.width, name, length);
  } else if ((int)length > all->width)
    all->width = length < 1024 ? (int)length : 1024;
  all->n++;
  return 0;
}

status h5_attr_names(h5_file *f, const char *object, strings *out) {
  names all = {.width = 1};
  *out = (strings){0};
  bool there;
  status st = h5_walk(f, object, &there);
  if (st != OK)
    return st;
  for (int pass = 0; pass < 2; pass++) {
    all.n = 0;
    all.fill = pass == 1;
    hsize_t from = 0;
    if (all.fill)
      TRY(strings_alloc(&all.table, all.table.n, all.width, "attribute names"));
    if (!there ||
        H5Aiterate_by_name(f->id, object, H5_INDEX_NAME, H5_ITER_INC, &from, take_name, &all, H5P_DEFAULT) < 0)
      TRY(h5_damaged(f, object));
    all.table.n = all.n;
  }
  *out = all.table;
done:
  if (st != OK)
    strings_free(&all.table);
  return st;
}

status h5_attr_find(h5_file *f, const char *object, const char *name, h5_type *type, off *count) {
  attribute a;
  status st = open_attribute(f, object, name, &a);
  *type = a.kind;
  *count = a.count;
  close_attribute(&a);
  return st;
}

static bool is_whole(h5_type t) {
  return t == H5_U8 || t == H5_I32 || t == H5_I64 || t == H5_U64;
}
static bool is_number(h5_type t) {
  return is_whole(t) || t == H5_F32 || t == H5_F64;
}

static status wrong_kind(const h5_file *f, const char *object, const char *name, const char *wanted) {
  return status_fail(BAD_DATA, "%s: the attribute `%s` of %s is not %s", f->path, name, object, wanted);
}

/* Reads numbers as int64 (`whole`) or double: a scalar to `out` if count is NULL, else an array that is allocated at
 * *(void **)out. */
static status read_numbers(h5_file *f, const char *object, const char *name, bool whole, off *count, void *out) {
  attribute a;
  void *values = NULL;
  status st = open_attribute(f, object, name, &a);
  hid_t memory = h5_memory_type(whole ? H5_I64 : H5_F64, 0);
  if (st != OK)
    goto done;
  if (!(whole ? is_whole(a.kind) : is_number(a.kind)) || (count == NULL && a.count != 1))
    TRY(wrong_kind(f, object, name, whole ? (count == NULL ? "a whole number" : "whole numbers") : "a number"));
  if (count != NULL)
    TRY(mem_alloc(&values, a.count, 8, name));
  if (H5Aread(a.id, memory, count != NULL ? values : out) < 0)
    TRY(h5_damaged(f, name));
  if (count != NULL) {
    *count = a.count;
    *(void **)out = values;
    values = NULL;
  }
done:
  mem_free(values);
  H5Tclose(memory);
  close_attribute(&a);
  return st;
}

status h5_attr_i64(h5_file *f, const char *object, const char *name, int64_t *out) {
  *out = 0;
  return read_numbers(f, object, name, true, NULL, out);
}
status h5_attr_f64(h5_file *f, const char *object, const char *name, double *out) {
  *out = 0;
  return read_numbers(f, object, name, false, NULL, out);
}
status h5_attr_i64s(h5_file *f, const char *object, const char *name, int64_t **out, off *count) {
  *out = NULL;
  return read_numbers(f, object, name, true, count, out);
}
status h5_attr_f64s(h5_file *f, const char *object, const char *name, double **out, off *count) {
  *out = NULL;
  return read_numbers(f, object, name, false, count, out);
}

status h5_attr_texts(h5_file *f, const char *object, const char *name, strings *out) {
  attribute a;
  *out = (strings){0};
  char **texts = NULL;
  hid_t memory = H5I_INVALID_HID;
  status st = open_attribute(f, object, name, &a);
  if (st != OK)
    goto done;
  if (a.kind != H5_TEXT)
    TRY(wrong_kind(f, object, name, "text"));
  memory = h5_memory_type_for(a.type, H5_TEXT, a.width);
  if (a.width > 0) {
    TRY(strings_alloc(out, a.count, a.width, name));
    if (a.count > 0 && H5Aread(a.id, memory, out->bytes) < 0)
      TRY(h5_damaged(f, name));
    goto done;
  }
  TRY(MEM_ZALLOC(texts, a.count + 1, name));
  if (a.count > 0 && H5Aread(a.id, memory, texts) < 0)
    TRY(h5_damaged(f, name));
  size_t longest = 1;
  for (off i = 0; i < a.count; i++)
    if (texts[i] != NULL && strlen(texts[i]) > longest)
      longest = strlen(texts[i]);
  if (longest > COUNT_MAX)
    TRY(status_fail(BAD_DATA, "%s: the attribute `%s` of %s is too large", f->path, name, object));
  TRY(strings_alloc(out, a.count, (int)longest, name));
  for (off i = 0; i < a.count; i++)
    if (texts[i] != NULL)
      memcpy(out->bytes + i * (off)longest, texts[i], strlen(texts[i]));
done:
  for (off i = 0; texts != NULL && i < a.count; i++)
    H5free_memory(texts[i]);
  mem_free(texts);
  if (memory >= 0)
    H5Tclose(memory);
  close_attribute(&a);
  if (st != OK)
    strings_free(out);
  return st;
}

status h5_attr_text(h5_file *f, const char *object, const char *name, char **out) {
  strings texts = {0};
  status st = OK;
  *out = NULL;
  TRY(h5_attr_texts(f, object, name, &texts));
  if (texts.n != 1)
    TRY(wrong_kind(f, object, name, "one text"));
  TRY(MEM_ALLOC(*out, (off)texts.width + 1, name));
  strings_get(&texts, 0, *out, (size_t)texts.width + 1);
done:
  strings_free(&texts);
  return st;
}
