/* libFuzzer on any bytes as a dataset, a model or groups. The HDF5 library parses them first, and has crashes of its
 * own on broken metadata (Debian's 1.10.8 has known ones), so this one is run with -fork=1 -ignore_crashes=1, and
 * tests/fuzz/run tells whose fault each crash is: see there. fuzz_dataset.c and fuzz_snapshot.c go deeper into what is
 * ours. */
#include "tests/fuzz/fuzz_folder.h"
#include "tests/support/read_whole.h"

#include "io/base/disk.h"

#include <fcntl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says what it is read as. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const NAME[] = {"d.h5", "model.h5", "groups.h5"};
  char path[FUZZ_PATH_MAX], dir[FUZZ_PATH_MAX];
  if (size < 1)
    return -1;
  mem_cap(256 << 20); /* a declared size must not be believed */
  fuzz_path(NAME[data[0] % 3], path);
  fuzz_path(".", dir);
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
  fuzz_must(fd >= 0 && disk_write(fd, data + 1, (int64_t)size - 1, 0, path) == OK, "the file");
  close(fd);
  status st = data[0] % 3 == 0   ? read_whole_dataset(path, 1 << 12, fuzz_take)
              : data[0] % 3 == 1 ? read_whole_model(dir, 1 << 12, fuzz_take)
                                 : read_whole_groups(dir, USERS, fuzz_take);
  fuzz_must(st != INTERNAL, "a reader fails for a reason of its own");
  fuzz_must(mem_held() == 0, "memory is still held");
  return 0;
}
