/* Kinds of files that are not lists of events in text: told by their first bytes, and what to type to convert them.
 *
 * Kernel: local, opens no files. */
#ifndef PALATE_IO_DETECT_RECOGNISE_H
#define PALATE_IO_DETECT_RECOGNISE_H

#include "io/base/status.h"
#include "io/base/types.h"

typedef enum file_kind {
  KIND_TEXT, /* none of the others */
  /* what ingest reads, packed or as it is */
  KIND_HDF5,
  KIND_GZIP,
  KIND_BZIP2,
  KIND_XZ,
  KIND_ZSTD,
  KIND_ZIP,
  KIND_NPZ, /* only recognise_members() can tell */
  /* what has to be converted first */
  KIND_TAR,
  KIND_LZ4,
  KIND_LZMA,
  KIND_LZIP,
  KIND_COMPRESS,
  KIND_SNAPPY,
  KIND_7Z,
  KIND_RAR,
  KIND_PARQUET,
  KIND_ARROW,
  KIND_ARROW_STREAM,
  KIND_ORC,
  KIND_AVRO,
  KIND_SQLITE,
  KIND_XLSX,
  KIND_XLSB,
  KIND_XLS,
  KIND_ODS,
  KIND_DOCUMENT,
  KIND_PICKLE,
  KIND_NPY,
  KIND_RDS,
  KIND_RDATA,
  KIND_MATLAB,
  KIND_STATA,
  KIND_SPSS,
  KIND_SAS,
  KIND_UTF16LE,
  KIND_UTF16BE,
  KIND_UTF32LE,
  KIND_UTF32BE,
  KIND_JSON_ARRAY,
  KIND_JSON_DOCUMENT,
  KIND_HTML,
  KIND_XML,
  KIND_PDF,
  KIND_PICTURE,
  KIND_LFS, /* the stand-in for a file that Git LFS keeps elsewhere */
  KIND_BINARY,
  N_KINDS
} file_kind;

/* Returns the kind of a file from its first n bytes. A file is KIND_TEXT unless its bytes say clearly that it is not:
 * a line of JSON is text, and so is one with a NUL byte in it. */
file_kind recognise(const char *bytes, size_t n);

/* Returns the kind of a zip archive from the names of its files: KIND_XLSX, KIND_DOCUMENT, KIND_NPZ, …, else KIND_ZIP.
 */
file_kind recognise_members(const char *const *names, int n);

/* Fails with BAD_DATA: what kind of file `name` is, and the command that converts it. `inside` says what it came out
 * of ("gzip"); NULL: it lies there as it is. For kinds other than KIND_TEXT. */
status recognise_refuse(file_kind kind, const char *name, const char *inside);

#endif
