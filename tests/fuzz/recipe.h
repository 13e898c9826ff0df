/* HDF5 files by recipe: a good file, and edits of it that a fuzzer's bytes spell out.
 *
 * Whatever the bytes, the file is one that the HDF5 library itself has written, so a crash of a reader is a fault of
 * the reader and not of that library, whose own parsing of broken metadata is fuzz_bytes.c's affair. An edit changes a
 * value, a type, a shape, the layout, or what kind of object stands at a path; takes an object out; or adds checksums,
 * right or wrong. */
#ifndef PALATE_TESTS_FUZZ_RECIPE_H
#define PALATE_TESTS_FUZZ_RECIPE_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECIPE_BYTES_MAX = 4096, RECIPE_OBJECTS_MAX = 24 };

typedef enum recipe_type {
  R_I64,
  R_I32,
  R_F32,
  R_TEXT, /* of fixed length: object.width */
  R_U64,
  R_I16,
  R_I8,
  R_U8,
  R_U32,
  R_F64,
  R_BIG_I64, /* big-endian */
  R_BIG_F32,
  R_VARIABLE, /* texts of variable length */
  R_SPACES,   /* texts of fixed length, padded with blanks */
  R_OPAQUE,
  R_ENUM,
  R_TYPES
} recipe_type;

typedef enum recipe_layout {
  R_CONTIGUOUS,
  R_CHUNKED,
  R_DEFLATED,
  R_COMPACT,
  R_UNWRITTEN, /* of a declared size, and nothing in it */
  R_EXTERNAL,
  R_VIRTUAL,
  R_SOFT, /* no dataset but a soft link */
  R_AWAY, /* an external link */
  R_GROUP,
  R_LAYOUTS
} recipe_layout;

/* A dataset, or an attribute of the object `path` where `name` is given. */
typedef struct recipe_object {
  const char *path, *name;
  recipe_type type;
  int rank;
  uint64_t dims[3];
  const void *good; /* its values, of `type` */
  int width;        /* of R_TEXT and its like */
  /* From here on the recipe's own. */
  recipe_layout layout;
  bool gone;
  char bytes[RECIPE_BYTES_MAX];
} recipe_object;

/* Writes the good file at `path`, edited as the bytes say. False where the edits make nothing that HDF5 would write. */
bool recipe_cook(const char *path, const recipe_object *good, int n, const uint8_t *edits, size_t n_edits);

#endif
