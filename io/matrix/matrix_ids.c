#include "io/matrix/matrix_ids.h"

#include "io/base/mem.h"
#include "io/text/id_table.h"

#include <stdio.h>
#include <string.h>

enum { PIECE = 1 << 12 };

static void join(char out[MATRIX_PATH], const char *group, const char *name) {
  snprintf(out, MATRIX_PATH, "%.300s/%.200s", group, name);
}

/* ---- how they are stored ---- */

status matrix_check_encoding(h5_file *f, const char *path, const char *types) {
  /* Versions that anndata has written up to 0.12. */
  static const char *const KNOWN[][2] = {
      {"csr_matrix", "0.1.0"},  {"csc_matrix", "0.1.0"},       {"array", "0.2.0"},
      {"categorical", "0.2.0"}, {"string-array", "0.2.0"},     {"nullable-string-array", "0.1.0"},
      {"dataframe", "0.2.0"},   {"nullable-integer", "0.1.0"}, {"dataframe", "0.1.0"}};
  status st = OK;
  char *type = NULL, *version = NULL;
  if (!h5_attr_has(f, path, "encoding-type"))
    return OK;
  TRY(h5_attr_text(f, path, "encoding-type", &type));
  bool taken = false, known = false;
  const char *versions = "";
  size_t n = strlen(type);
  for (const char *s = types; n > 0 && (s = strstr(s, type)) != NULL; s += n)
    taken |= (s == types || s[-1] == '|') && (s[n] == '|' || s[n] == '\0');
  if (!taken)
    TRY(status_fail(BAD_DATA, "%s: %s is a `%.64s` of anndata; palate reads %s here", h5_path(f), path, type, types));
  if (!h5_attr_has(f, path, "encoding-version"))
    goto done;
  TRY(h5_attr_text(f, path, "encoding-version", &version));
  for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
    if (strcmp(KNOWN[i][0], type) == 0) {
      versions = KNOWN[i][1];
      known |= strcmp(versions, version) == 0;
    }
  if (!known)
    TRY(status_fail(BAD_DATA,
                    "%s: %s is a `%.64s` of encoding-version `%.32s`, and palate knows %s; write the file again with a "
                    "version of anndata that writes that",
                    h5_path(f), path, type, version, versions));
done:
  mem_free(type);
  mem_free(version);
  return st;
}

static bool is_whole(h5_type t) {
  return t == H5_U8 || t == H5_I32 || t == H5_I64 || t == H5_U64;
}

bool matrix_ids_are_at(h5_file *f, const char *path) {
  char part[MATRIX_PATH];
  h5_column column;
  if (!h5_has(f, path))
    return false;
  join(part, path, "values");
  if (h5_attr_has(f, path, "encoding-type") && h5_has(f, part))
    return true;
  join(part, path, "codes");
  if (h5_has(f, part))
    return true;
  return h5_find(f, path, &column) == OK && !column.matrix && (column.type == H5_TEXT || is_whole(column.type));
}

/* Finds the vector that has the values, which may be a group with values and mask. */
static status find_values(h5_file *f, const char *path, matrix_ids *out, off *rows) {
  status st = OK;
  h5_column column;
  char values[MATRIX_PATH];
  join(values, path, "values");
  if (h5_has(f, values)) {
    TRY(matrix_check_encoding(f, path, "nullable-string-array|nullable-integer"));
    snprintf(out->values, sizeof out->values, "%s", values);
    join(out->mask, path, "mask");
    TRY(h5_find(f, out->mask, &column));
    *rows = column.rows;
    if (column.matrix || !is_whole(column.type))
      TRY(status_fail(BAD_DATA, "%s: %s is not a vector of yes and no", h5_path(f), out->mask));
  } else {
    TRY(matrix_check_encoding(f, path, "string-array|array"));
    snprintf(out->values, sizeof out->values, "%s", path);
  }
  TRY(h5_find(f, out->values, &column));
  if (column.matrix || (column.type != H5_TEXT && !is_whole(column.type)))
    TRY(status_fail(BAD_DATA, "%s: the ids in %s must be a vector of texts or whole numbers", h5_path(f), out->values));
  if (out->mask[0] != '\0' && *rows != column.rows)
    TRY(status_fail(BAD_DATA, "%s: %s and %s differ in length", h5_path(f), out->values, out->mask));
  *rows = column.rows;
  out->integers = column.type != H5_TEXT;
done:
  return st;
}

static status find_codes(h5_file *f, const char *codes, const char *categories, matrix_ids *out, off *rows) {
  status st = OK;
  h5_column column;
  off n_categories;
  TRY(find_values(f, categories, out, &n_categories));
  snprintf(out->codes, sizeof out->codes, "%s", codes);
  TRY(h5_find(f, codes, &column));
  if (column.matrix || !is_whole(column.type))
    TRY(status_fail(BAD_DATA, "%s: %s is not a vector of whole numbers", h5_path(f), codes));
  *rows = column.rows;
done:
  return st;
}

static status check_length(h5_file *f, const matrix_ids *ids, off rows) {
  if (rows < 0 || ids->rows == rows)
    return OK;
  return status_fail(BAD_DATA, "%s: %s has %lld ids, but the matrix has %lld rows or columns for them", h5_path(f),
                     ids->path, (long long)ids->rows, (long long)rows);
}

status matrix_ids_find(h5_file *f, const char *path, off rows, matrix_ids *out) {
  status st = OK;
  char codes[MATRIX_PATH], categories[MATRIX_PATH];
  *out = (matrix_ids){0};
  join(codes, path, "codes");
  join(categories, path, "categories");
  if (h5_has(f, codes)) {
    TRY(matrix_check_encoding(f, path, "categorical"));
    TRY(find_codes(f, codes, categories, out, &out->rows));
  } else
    TRY(find_values(f, path, out, &out->rows));
  snprintf(out->path, sizeof out->path, "%s", path);
  TRY(check_length(f, out, rows));
done:
  return st;
}

status matrix_ids_find_frame(h5_file *f, const char *frame, off rows, matrix_ids *out) {
  status st = OK;
  char *index = NULL, path[MATRIX_PATH], categories[MATRIX_PATH];
  *out = (matrix_ids){0};
  if (!h5_has(f, frame))
    TRY(status_fail(BAD_DATA, "%s has no %s, where anndata keeps the ids", h5_path(f), frame));
  if (!h5_attr_has(f, frame, "_index"))
    TRY(status_fail(BAD_DATA,
                    "%s: %s does not say which of its columns has the ids (attribute _index), as anndata before 0.7 "
                    "did not; write the file again: anndata.read_h5ad(FILE).write_h5ad(FILE)",
                    h5_path(f), frame));
  TRY(matrix_check_encoding(f, frame, "dataframe"));
  TRY(h5_attr_text(f, frame, "_index", &index));
  if (strlen(frame) + strlen(index) + 16 > 256)
    TRY(status_fail(BAD_DATA, "%s: the name of the ids in %s is too long", h5_path(f), frame));
  join(path, frame, index);
  snprintf(categories, sizeof categories, "%.250s/__categories/%.200s", frame, index);
  if (h5_has(f, categories)) { /* as anndata 0.7 wrote categoricals */
    TRY(find_codes(f, path, categories, out, &out->rows));
    snprintf(out->path, sizeof out->path, "%s", path);
    TRY(check_length(f, out, rows));
  } else
    TRY(matrix_ids_find(f, path, rows, out));
done:
  mem_free(index);
  return st;
}

/* ---- reading ---- */

/* Reads values first … as texts; a missing one becomes empty. */
static status read_values(h5_file *f, const matrix_ids *ids, off first, off count, strings *out) {
  status st = OK;
  int64_t *number = NULL;
  uint8_t *missing = NULL;
  *out = (strings){0};
  if (ids->integers) {
    char text[24];
    TRY(MEM_ALLOC(number, count, "ids"));
    TRY(h5_read(f, ids->values, H5_I64, first, count, number));
    TRY(strings_alloc(out, count, 20, "ids"));
    for (off i = 0; i < count; i++) {
      int n = snprintf(text, sizeof text, "%lld", (long long)number[i]);
      memcpy(out->bytes + i * out->width, text, (size_t)n);
    }
  } else
    TRY(h5_read_strings(f, ids->values, first, count, out));
  if (ids->mask[0] != '\0') {
    TRY(MEM_ALLOC(missing, count, "mask of ids"));
    TRY(h5_read(f, ids->mask, H5_U8, first, count, missing));
    for (off i = 0; i < count; i++)
      if (missing[i] != 0)
        memset(out->bytes + i * out->width, 0, (size_t)out->width);
  }
done:
  mem_free(number);
  mem_free(missing);
  return st;
}

static status read_coded(matrix_ids_reader *r, off first, off count, strings *out) {
  status st = OK;
  int64_t *code = NULL;
  *out = (strings){0};
  if (r->categories.bytes == NULL) {
    h5_column column;
    TRY(h5_find(r->f, r->ids->values, &column));
    TRY(read_values(r->f, r->ids, 0, column.rows, &r->categories));
  }
  const strings *categories = &r->categories;
  TRY(MEM_ALLOC(code, count, "codes of ids"));
  TRY(h5_read(r->f, r->ids->codes, H5_I64, first, count, code));
  TRY(strings_alloc(out, count, categories->width > 0 ? categories->width : 1, "ids"));
  for (off i = 0; i < count; i++) {
    if (code[i] < -1 || code[i] >= categories->n)
      TRY(status_fail(BAD_DATA, "%s: row %lld of %s is %lld, but there are %lld categories", h5_path(r->f),
                      (long long)(first + i), r->ids->codes, (long long)code[i], (long long)categories->n));
    if (code[i] >= 0)
      memcpy(out->bytes + i * out->width, categories->bytes + code[i] * categories->width, (size_t)categories->width);
  }
done:
  mem_free(code);
  return st;
}

status matrix_ids_read(matrix_ids_reader *r, off first, off count, strings *out) {
  status st = OK;
  TRY(r->ids->codes[0] != '\0' ? read_coded(r, first, count, out) : read_values(r->f, r->ids, first, count, out));
  for (off i = 0; i < count; i++) {
    size_t n = strnlen(out->bytes + i * out->width, (size_t)out->width);
    if (n == 0 || n > ID_MAX)
      TRY(status_fail(BAD_DATA, "%s: the id in row %lld of %s is %s", h5_path(r->f), (long long)(first + i),
                      r->ids->path, n == 0 ? "empty or missing" : "longer than 255 bytes"));
  }
done:
  if (st != OK)
    strings_free(out);
  return st;
}

void matrix_ids_reader_free(matrix_ids_reader *r) {
  strings_free(&r->categories);
}

status matrix_ids_check(h5_file *f, const matrix_ids *ids) {
  status st = OK;
  matrix_ids_reader r = {.f = f, .ids = ids};
  id_table seen = {0};
  strings page = {0};
  if (ids->path[0] == '\0')
    return OK;
  TRY(id_table_create(&seen));
  for (off at = 0; at < ids->rows; at += page.n) {
    strings_free(&page);
    TRY(matrix_ids_read(&r, at, ids->rows - at < PIECE ? ids->rows - at : PIECE, &page));
    for (off i = 0; i < page.n; i++) {
      const char *text = page.bytes + i * page.width;
      int n = (int)strnlen(text, (size_t)page.width);
      uint32_t row, had = seen.n;
      TRY(id_table_add(&seen, text, (size_t)n, &row));
      if (seen.n == had)
        TRY(status_fail(BAD_DATA,
                        "%s: the id `%.*s` is in %s twice (rows %lld and %lld, from 0), so its events cannot be told "
                        "apart; make ids unique (anndata: adata.obs_names_make_unique() or var_names_make_unique()) "
                        "or add up the rows that are the same",
                        h5_path(f), n, text, ids->path, (long long)row, (long long)(at + i)));
    }
  }
done:
  strings_free(&page);
  id_table_free(&seen);
  matrix_ids_reader_free(&r);
  return st;
}
