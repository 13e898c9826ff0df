/* damage KIND FILE COUNT SEED: changes a copy of a good file in COUNT ways, one at a time, and reads all of it as
 * palate does, in a child process that may die of nothing. Prints how often each status came, and how often the file
 * was read without complaint though a byte of it had changed; ends with 1 where a child crashed or hung.
 *
 *   KIND  dataset | model: FILE is the HDF5 file; snapshot: a sealed snapshot's directory
 *   COUNT changes, in turn: a bit of each of the first bytes, a bit anywhere, a run of bytes overwritten, the end cut
 *         off */
#define _GNU_SOURCE
#include "io/base/disk.h"
#include "io/snapshot/seal.h"
#include "io/snapshot/snapshot.h"
#include "tests/support/read_whole.h"
#include "train/math/rng.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

enum { SLAB = 1 << 16 };

/* What was read, so that wrong values which nobody complains about show. In memory that the child shares. */
static uint64_t *seen;

static void take(const void *bytes, off n) {
  *seen = XXH3_64bits_withSeed(bytes, (size_t)n, *seen);
}
static const char *kind;

static status read_all(const char *path, const char *dir) {
  if (strcmp(kind, "dataset") == 0)
    return read_whole_dataset(path, SLAB, take);
  if (strcmp(kind, "model") == 0)
    return read_whole_model(dir, SLAB, take);
  json_t *json = NULL;
  status st = seal_verify(dir, NULL, NULL);
  /* What a reader without a look at the seal would do must not crash either. */
  read_whole_model(dir, SLAB, take);
  read_whole_groups(dir, USERS, take);
  snapshot_read_json(dir, "metrics.json", &json);
  json_decref(json);
  json = NULL;
  snapshot_read_json(dir, "manifest.json", &json);
  json_decref(json);
  return st;
}

/* The n-th change to a file of `size` bytes; fewer bytes at the end where it is cut. */
static void change(char *bytes, int64_t *size, int64_t n, int64_t headers, uint64_t seed) {
  uint64_t a = rng_bits(seed, 1, (uint64_t)n, 0), b = rng_bits(seed, 1, (uint64_t)n, 1);
  int64_t at = (int64_t)(a % (uint64_t)*size);
  if (n < headers)
    bytes[n % *size] ^= (char)(1 << (b % 8));
  else if (n % 4 == 0)
    *size = at;
  else if (n % 4 == 1)
    for (int64_t i = at; i < *size && i < at + 16; i++)
      bytes[i] = (char)(rng_bits(seed, 2, (uint64_t)n, (uint64_t)i));
  else
    bytes[at] ^= (char)(1 << (b % 8));
}

static int fail(const char *what) {
  fprintf(stderr, "damage: %s: %s\n", what, status_message());
  return 2;
}

int main(int argc, char **argv) {
  if (argc != 5)
    return fail("KIND FILE COUNT SEED");
  kind = argv[1];
  const char *source = argv[2];
  int64_t count = atoll(argv[3]), size = 0, tried = 0, by_status[INTERNAL + 1] = {0}, crashed = 0, wrong = 0;
  uint64_t seed = (uint64_t)atoll(argv[4]);
  char dir[] = "damage-XXXXXX", path[512], *bytes = NULL, *copy = NULL;
  if (disk_slurp(source, 1 << 28, &bytes, &size) != OK || MEM_ALLOC(copy, size, "copy") != OK)
    return fail(source);
  if (mkdtemp(dir) == NULL)
    return fail("mkdtemp");
  const char *name = strrchr(source, '/') != NULL ? strrchr(source, '/') + 1 : source;
  if (strcmp(kind, "snapshot") == 0) { /* the other files of the snapshot beside the damaged one */
    char command[1200];
    snprintf(command, sizeof command, "cp \"$(dirname '%s')\"/* %s/ && chmod u+w %s/*", source, dir, dir);
    if (system(command) != 0)
      return fail("cp");
  }
  snprintf(path, sizeof path, "%s/%s", dir, strcmp(kind, "model") == 0 ? "model.h5" : name);
  seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (seen == MAP_FAILED)
    return fail("mmap");
  uint64_t whole = 0;
  for (int64_t n = -1; n < count; n++) { /* first the file as it is */
    int64_t bytes_left = size;
    memcpy(copy, bytes, (size_t)size);
    if (n >= 0)
      change(copy, &bytes_left, n, count / 2 < 4096 ? count / 2 : 4096, seed);
    *seen = 0;
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    if (fd < 0 || disk_write(fd, copy, bytes_left, 0, path) != OK)
      return fail(path);
    close(fd);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      alarm(20);
      mem_cap((int64_t)2 << 30); /* a declared size must not be believed */
      _exit((int)read_all(path, dir));
    }
    int how = 0;
    waitpid(child, &how, 0);
    if (n < 0) {
      whole = *seen;
      if (!WIFEXITED(how) || WEXITSTATUS(how) != OK)
        return fail("the good file cannot be read");
      continue;
    }
    tried++;
    if (WIFEXITED(how) && WEXITSTATUS(how) == OK && *seen != whole) {
      wrong++;
      printf("WRONG: %s change %lld of seed %llu: other values, and no complaint\n", source, (long long)n,
             (unsigned long long)seed);
    }
    if (WIFEXITED(how) && WEXITSTATUS(how) <= INTERNAL)
      by_status[WEXITSTATUS(how)]++;
    if (!WIFEXITED(how) || WEXITSTATUS(how) >= INTERNAL) {
      crashed++;
      printf("CRASH: %s change %lld of seed %llu: %s %d\n", source, (long long)n, (unsigned long long)seed,
             WIFEXITED(how) ? "status" : "signal", WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how));
    }
  }
  printf("%s %s: %lld changes", kind, name, (long long)tried);
  for (int s = 0; s <= INTERNAL; s++)
    if (by_status[s] > 0)
      printf(", %lld %s", (long long)by_status[s], s == OK ? "read as before" : status_name((status)s));
  printf(", %lld with wrong values, %lld crashed\n", (long long)wrong, (long long)crashed);
  char command[64];
  snprintf(command, sizeof command, "rm -rf %s", dir);
  if (system(command) != 0)
    return fail("rm");
  mem_free(bytes);
  mem_free(copy);
  return crashed + wrong > 0;
}
