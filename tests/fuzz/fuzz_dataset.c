/* libFuzzer on the dataset reader: any edits of a good dataset. No crash, no overrun, no promise of io/schema/dataset.h
 * broken, no memory left behind; and the dataset without edits is read. */
#include "tests/fuzz/fuzz_folder.h"
#include "tests/fuzz/recipe.h"
#include "tests/support/read_whole.h"

static const int64_t INDPTR[] = {0, 2, 4, 4, 7, 9}, TIME[] = {10, 20, 5, 30, 1, 2, 3, 0, 8}, SHAPE[] = {5, 4},
                     VERSION = 1;
static const int32_t INDICES[] = {0, 3, 1, 2, 0, 1, 3, 2, 2};
static const float DATA[] = {1, 2, 3, 4.5f, 5, 1, 2, 3, 4};
static const char USER_ID[5][4] = {"1", "17", "20", "300", "4000" /* no end */}, ITEM_ID[4][3] = {"a", "b", "cc", "d"},
                  NAME[5][6] = {"Ann", "", "Eve", "Joe", "Zoë"}, TITLE[4][8] = {"Alpha", "Beta", "Gamma", "Delta (2"},
                  TAGS[4][8] = {"x|y", "(none)", "||y|", "x"};

static const recipe_object GOOD[] = {
    {"/interactions/indptr", NULL, R_I64, 1, {6}, INDPTR, 0, R_CONTIGUOUS, false, ""},
    {"/interactions/indices", NULL, R_I32, 1, {9}, INDICES, 0, R_CONTIGUOUS, false, ""},
    {"/interactions/data", NULL, R_F32, 1, {9}, DATA, 0, R_CONTIGUOUS, false, ""},
    {"/interactions/time", NULL, R_I64, 1, {9}, TIME, 0, R_CONTIGUOUS, false, ""},
    {"/users/id", NULL, R_TEXT, 1, {5}, USER_ID, 4, R_CONTIGUOUS, false, ""},
    {"/items/id", NULL, R_TEXT, 1, {4}, ITEM_ID, 3, R_CONTIGUOUS, false, ""},
    {"/users/name", NULL, R_TEXT, 1, {5}, NAME, 6, R_CONTIGUOUS, false, ""},
    {"/items/title", NULL, R_TEXT, 1, {4}, TITLE, 8, R_CONTIGUOUS, false, ""},
    {"/items/tags", NULL, R_TEXT, 1, {4}, TAGS, 8, R_CONTIGUOUS, false, ""},
    {"/", "format", R_TEXT, 0, {0}, "palate-dataset", 14, R_CONTIGUOUS, false, ""},
    {"/", "format_version", R_I64, 0, {0}, &VERSION, 0, R_CONTIGUOUS, false, ""},
    {"/interactions", "encoding-type", R_TEXT, 0, {0}, "csr_matrix", 10, R_CONTIGUOUS, false, ""},
    {"/interactions", "shape", R_I64, 1, {2}, SHAPE, 0, R_CONTIGUOUS, false, ""}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[FUZZ_PATH_MAX];
  mem_cap(256 << 20); /* a declared size must not be believed */
  fuzz_path("d.h5", path);
  if (!recipe_cook(path, GOOD, sizeof GOOD / sizeof *GOOD, data, size))
    return -1;
  status st = read_whole_dataset(path, size % 3 == 0 ? 3 : 1 << 12, fuzz_take);
  fuzz_must(st != INTERNAL, "a reader fails for a reason of its own");
  fuzz_must(size >= 6 || st == OK, "a good dataset is refused");
  fuzz_must(mem_held() == 0, "memory is still held");
  return 0;
}
