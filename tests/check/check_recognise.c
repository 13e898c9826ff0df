/* If these fail, a file that is not a table of events is read as one, or a table is refused. */
#include "io/detect/recognise.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

static file_kind kind_of(const char *bytes, size_t n) {
  return recognise(bytes, n);
}
static file_kind kind_of_text(const char *text) {
  return recognise(text, strlen(text));
}

START_TEST(tables_are_text) {
  static const char *const TEXTS[] = {
      "",
      "1,2,3\n",
      "user,item\nA,x\n",
      "\xef\xbb\xbfuser,item\n",
      "PAR1,x,3\n",
      "ORC\tx\t3\n",
      "BZh9,x\n",
      "ARROW1,x,2\n",
      "GIF8,x,2\n",
      "X\ny\n",
      "{\"a\": 1, \"b\": {\"c\": \"}\\\"\"}}\n{\"a\": 2}\n",
      "  {\"a\": 1}",
      "{1,2}\n",
      "[a],x,1\n",
      "[1],x,1\n[2],y,1\n",
      "[true story],x,1\n",
      "%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 1\n",
      "user\x01item\x01"
      "5\n",
      "caf\xc3\xa9,x\n",
      "caf\xe9,x\n",
      "\x1b[31mred,x\n",
  };
  for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
    ck_assert_msg(kind_of_text(TEXTS[i]) == KIND_TEXT, "%s: %d", TEXTS[i], (int)kind_of_text(TEXTS[i]));
  ck_assert_int_eq(kind_of("1,2,3\n4,\0,5\n", 12), KIND_TEXT); /* a bad line, which has a number */
}
END_TEST

START_TEST(kinds_are_told) {
  char tar[512] = "events.csv", user_block[1032] = "anything", sparse[64] = "ab\0\1\4\5\6\7\x0e\x0f\x10\x11";
  memcpy(tar + 257, "ustar", 5);
  memcpy(user_block + 1024, "\x89HDF\r\n\x1a\n", 8);
  const struct {
    file_kind kind;
    const char *bytes;
    size_t n;
  } FILES[] = {{KIND_HDF5, "\x89HDF\r\n\x1a\n", 8},
               {KIND_HDF5, user_block, sizeof user_block},
               {KIND_TAR, tar, sizeof tar},
               {KIND_GZIP, "\x1f\x8b\x08", 3},
               {KIND_BZIP2, "BZh91AY&SY\x01", 11},
               {KIND_XZ,
                "\xfd"
                "7zXZ\0\0",
                7},
               {KIND_ZSTD, "\x28\xb5\x2f\xfd\x04", 5},
               {KIND_ZIP, "PK\x03\x04\x14", 5},
               {KIND_PARQUET, "PAR1\x15\x04\0\0", 8},
               {KIND_ARROW, "ARROW1\0\0", 8},
               {KIND_ARROW_STREAM, "\xff\xff\xff\xff\x10\x01\0\0", 8},
               {KIND_ORC, "ORC\n\x05\0", 6},
               {KIND_AVRO, "Obj\x01\x04", 5},
               {KIND_SQLITE, "SQLite format 3\0", 16},
               {KIND_PICKLE, "\x80\x04\x95", 3},
               {KIND_NPY, "\x93NUMPY\x01", 7},
               {KIND_PDF, "%PDF-1.7\n", 9},
               {KIND_PICTURE, "\x89PNG\r\n\x1a\n", 8},
               {KIND_UTF16LE,
                "\xff\xfe"
                "u\0",
                4},
               {KIND_UTF16BE, "\xfe\xff\0u", 4},
               {KIND_UTF16LE,
                "1\0,\0"
                "2\0\n\0",
                8},
               {KIND_UTF16BE,
                "\0"
                "1\0,\0"
                "2\0\n",
                8},
               {KIND_UTF32LE, "\xff\xfe\0\0u\0\0\0", 8},
               {KIND_UTF32LE,
                "1\0\0\0,\0\0\0"
                "2\0\0\0\n\0\0\0",
                16},
               {KIND_UTF32BE, "\0\0\xfe\xff\0\0\0u", 8},
               {KIND_JSON_ARRAY, "[{\"a\": 1},\n{\"a\": 2}]", 20},
               {KIND_JSON_ARRAY, "\n [\n  [1, 2]\n]\n", 15},
               {KIND_JSON_ARRAY, "[1, 2, 3]", 9},
               {KIND_JSON_DOCUMENT, "{\n  \"events\": [1]\n}\n", 20},
               {KIND_JSON_DOCUMENT, "{\"events\": [\n1]}", 16},
               {KIND_HTML, "<!DOCTYPE html>\n", 16},
               {KIND_XML, "<?xml version=", 14},
               {KIND_LFS, "version https://git-lfs.github.com/spec/v1\n", 43},
               {KIND_BINARY, sparse, sizeof sparse}};
  for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
    ck_assert_msg(kind_of(FILES[i].bytes, FILES[i].n) == FILES[i].kind, "%zu: %d in place of %d", i,
                  (int)kind_of(FILES[i].bytes, FILES[i].n), (int)FILES[i].kind);
}
END_TEST

START_TEST(archives_are_told_by_their_files) {
  const char *const xlsx[] = {"xl/workbook.xml", "[Content_Types].xml"},
                    *const word[] = {"[Content_Types].xml", "word/"}, *const ods[] = {"mimetype", "content.xml"},
                    *const npz[] = {"data.npy", "indices.npy"}, *const two[] = {"a.csv", "b.csv"};
  ck_assert_int_eq(recognise_members(xlsx, 2), KIND_XLSX);
  ck_assert_int_eq(recognise_members(word, 2), KIND_DOCUMENT);
  ck_assert_int_eq(recognise_members(ods, 2), KIND_ODS);
  ck_assert_int_eq(recognise_members(npz, 2), KIND_NPZ);
  ck_assert_int_eq(recognise_members(two, 2), KIND_ZIP);
  ck_assert_int_eq(recognise_members(NULL, 0), KIND_ZIP);
}
END_TEST

/* The command must be one that can be pasted: no name in it that a shell would take apart. */
START_TEST(refusals_say_what_to_type) {
  ck_assert_int_eq(recognise_refuse(KIND_PARQUET, "a/b.c/events.parquet", NULL), BAD_DATA);
  ck_assert_ptr_nonnull(strstr(status_message(), "read_parquet(\"a/b.c/events.parquet\").to_csv(\"a/b.c/events.csv\""));
  recognise_refuse(KIND_PARQUET, "a.b/events", NULL);
  ck_assert_ptr_nonnull(strstr(status_message(), "read_parquet(\"a.b/events\").to_csv(\"a.b/events.csv\""));
  recognise_refuse(KIND_SQLITE, "my 'own' file", NULL);
  ck_assert_ptr_nonnull(strstr(status_message(), "sqlite3 -header -csv FILE '"));
  recognise_refuse(KIND_TAR, "x.tgz", "gzip");
  ck_assert_ptr_nonnull(strstr(status_message(), "x.tgz holds a tar archive inside gzip"));
  for (int kind = KIND_HDF5; kind < N_KINDS; kind++) {
    char name[3000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_int_eq(recognise_refuse((file_kind)kind, name, NULL), BAD_DATA); /* and writes over nothing */
    ck_assert_int_eq(recognise_refuse((file_kind)kind, "f", NULL), BAD_DATA);
    ck_assert_ptr_null(strstr(status_message(), "(null)"));
  }
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, tables_are_text);
  tcase_add_test(tc, kinds_are_told);
  tcase_add_test(tc, archives_are_told_by_their_files);
  tcase_add_test(tc, refusals_say_what_to_type);
}

int main(void) {
  return suite_run("recognise", add);
}
