/* libFuzzer on the readers of a snapshot's HDF5 files: any edits of a good model.h5 and of a good groups.h5, with ids,
 * titles and tags. No crash, no overrun, no broken promise, no memory left behind; without edits they are read. */
#include "tests/fuzz/fuzz_folder.h"
#include "tests/fuzz/recipe.h"
#include "tests/support/read_whole.h"

static const int64_t VERSION = 1, SIZES[] = {2, 2, 1};
static const float USER_FACTORS[5 * 3] = {0.5f, 1, -2, 0, 0, 0, 3, 4, 5, 1e-3f, 7, 8, 9, 1, 2},
                                    ITEM_FACTORS[4 * 3] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1},
                                    USER_BIAS[] = {0, 1, 2, 3, 4}, ITEM_BIAS[] = {-1, 0, 1, 2},
                                    CENTROID[3 * 3] = {1, 2, 3, 4, 5, 6, 7, 8, 9},
                                    AFFINITY[5 * 2] = {0.5f, 0.5f, 1, 0, 0.25f, 0.75f, 1, 0, 1, 0};
static const double MEAN = 3.5;
static const char USER_ID[5][4] = {"1", "17", "20", "300", "4000" /* no end */}, ITEM_ID[4][3] = {"a", "b", "cc", "d"},
                  TITLE[4][8] = {"Alpha", "Beta", "Gamma", "Delta (2"}, TAGS[4][8] = {"x|y", "(none)", "||y|", "x"},
                  LABEL[3][6] = {"one", "two", "three"};
static const int32_t GROUP[5 * 2] = {0, 1, 1, 2, 2, 0, 0, 2, 1, 0}, TOP[3 * 2] = {0, 1, 2, 3, -1, -1};

static const recipe_object MODEL[] = {
    {"/users/factors", NULL, R_F32, 2, {5, 3}, USER_FACTORS, 0, R_CONTIGUOUS, false, ""},
    {"/items/factors", NULL, R_F32, 2, {4, 3}, ITEM_FACTORS, 0, R_CONTIGUOUS, false, ""},
    {"/users/bias", NULL, R_F32, 1, {5}, USER_BIAS, 0, R_CONTIGUOUS, false, ""},
    {"/items/bias", NULL, R_F32, 1, {4}, ITEM_BIAS, 0, R_CONTIGUOUS, false, ""},
    {"/users/id", NULL, R_TEXT, 1, {5}, USER_ID, 4, R_CONTIGUOUS, false, ""},
    {"/items/id", NULL, R_TEXT, 1, {4}, ITEM_ID, 3, R_CONTIGUOUS, false, ""},
    {"/items/title", NULL, R_TEXT, 1, {4}, TITLE, 8, R_CONTIGUOUS, false, ""},
    {"/items/tags", NULL, R_TEXT, 1, {4}, TAGS, 8, R_CONTIGUOUS, false, ""},
    {"/", "format", R_TEXT, 0, {0}, "palate-model", 12, R_CONTIGUOUS, false, ""},
    {"/", "format_version", R_I64, 0, {0}, &VERSION, 0, R_CONTIGUOUS, false, ""},
    {"/", "loss", R_TEXT, 0, {0}, "explicit", 8, R_CONTIGUOUS, false, ""},
    {"/", "mean", R_F64, 0, {0}, &MEAN, 0, R_CONTIGUOUS, false, ""}};

static const recipe_object GROUPS[] = {
    {"/groups/centroid", NULL, R_F32, 2, {3, 3}, CENTROID, 0, R_CONTIGUOUS, false, ""},
    {"/groups/size", NULL, R_I64, 1, {3}, SIZES, 0, R_CONTIGUOUS, false, ""},
    {"/groups/label", NULL, R_TEXT, 1, {3}, LABEL, 6, R_CONTIGUOUS, false, ""},
    {"/groups/top_items", NULL, R_I32, 2, {3, 2}, TOP, 0, R_CONTIGUOUS, false, ""},
    {"/users/group", NULL, R_I32, 2, {5, 2}, GROUP, 0, R_CONTIGUOUS, false, ""},
    {"/users/affinity", NULL, R_F32, 2, {5, 2}, AFFINITY, 0, R_CONTIGUOUS, false, ""},
    {"/", "format", R_TEXT, 0, {0}, "palate-groups", 13, R_CONTIGUOUS, false, ""},
    {"/", "format_version", R_I64, 0, {0}, &VERSION, 0, R_CONTIGUOUS, false, ""}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which of the two files is edited. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char dir[FUZZ_PATH_MAX], path[FUZZ_PATH_MAX];
  if (size < 1)
    return -1;
  bool groups = data[0] % 3 == 0;
  mem_cap(256 << 20); /* a declared size must not be believed */
  fuzz_path(".", dir);
  fuzz_path(groups ? "groups.h5" : "model.h5", path);
  if (groups ? !recipe_cook(path, GROUPS, sizeof GROUPS / sizeof *GROUPS, data + 1, size - 1)
             : !recipe_cook(path, MODEL, sizeof MODEL / sizeof *MODEL, data + 1, size - 1))
    return -1;
  status st =
      groups ? read_whole_groups(dir, USERS, fuzz_take) : read_whole_model(dir, size % 3 == 0 ? 3 : 1 << 12, fuzz_take);
  fuzz_must(st != INTERNAL, "a reader fails for a reason of its own");
  fuzz_must(size >= 7 || st == OK, "a good file is refused");
  fuzz_must(mem_held() == 0, "memory is still held");
  return 0;
}
