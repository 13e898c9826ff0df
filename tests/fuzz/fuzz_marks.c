/* libFuzzer on the small files that say what is whole and who is at work: manifest.json, SHA256SUMS, a checkpoint's
 * marker and the rows that one of measuring says are done, the lock of the folder, and what `latest` points at. Any
 * bytes as any of them: no crash, no overrun, no memory left behind; no name leaves the folder; a checkpoint is taken
 * only with the very rows that were written. */
#include "eval/measure/done_rows.h"
#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/checkpoint.h"
#include "io/snapshot/publish.h"
#include "io/snapshot/seal.h"
#include "tests/fuzz/fuzz_folder.h"

#include <fcntl.h>
#include <string.h>

enum { USERS_HERE = 7, ITEMS_HERE = 3, FACTORS_HERE = 2, SWEEP = 5 };

static const char ID[] = "20260131T235959Z-0123abcd";

static void put(const char *name, const void *bytes, size_t n) {
  char path[FUZZ_PATH_MAX];
  fuzz_path(name, path);
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
  fuzz_must(fd >= 0 && disk_write(fd, bytes, (int64_t)n, 0, path) == OK, path);
  close(fd);
}

static void as_manifest(const char *folder, const uint8_t *bytes, size_t n) {
  char parent[SNAPSHOT_ID_MAX], name[FUZZ_PATH_MAX];
  snprintf(name, sizeof name, "%s/manifest.json", ID);
  put(name, bytes, n);
  status st = publish_parent(folder, ID, parent);
  fuzz_must(st != OK || parent[0] == '\0' || snapshot_is_id(parent), "a parent that is no snapshot");
}

static void as_seal(const char *folder, const uint8_t *bytes, size_t n) {
  char dir[2 * FUZZ_PATH_MAX], name[FUZZ_PATH_MAX];
  snprintf(dir, sizeof dir, "%s/%s", folder, ID);
  snprintf(name, sizeof name, "%s/model.h5", ID);
  put(name, "abc", 3);
  snprintf(name, sizeof name, "%s/manifest.json", ID);
  put(name, "{}", 2);
  snprintf(name, sizeof name, "%s/SHA256SUMS", ID);
  put(name, bytes, n);
  if (seal_verify(dir, NULL, NULL) != OK)
    return;
  /* Then it names both files with their true sums. */
  char text[4096] = "";
  memcpy(text, bytes, n < sizeof text - 1 ? n : sizeof text - 1);
  fuzz_must(strstr(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") != NULL &&
                strstr(text, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a") != NULL,
            "a seal without the true sums holds");
}

static void as_marker(const char *folder, const uint8_t *bytes, size_t n) {
  comm alone = comm_single();
  char path[2 * FUZZ_PATH_MAX];
  real rows[2][USERS_HERE * FACTORS_HERE], bias[2][USERS_HERE];
  memset(rows, 0, sizeof rows);
  memset(bias, 0, sizeof bias);
  enum { ROW = FACTORS_HERE * sizeof(real), ONE = sizeof(real) };
  checkpoint_table tables[] = {{"user factors", USERS_HERE, 0, USERS_HERE, ROW, ROW, rows[0]},
                               {"user biases", USERS_HERE, 0, USERS_HERE, ONE, ONE, bias[0]},
                               {"item factors", ITEMS_HERE, 0, ITEMS_HERE, ROW, ROW, rows[1]},
                               {"item biases", ITEMS_HERE, 0, ITEMS_HERE, ONE, ONE, bias[1]}};
  checkpoint p = {.kind = "sweep", .n_tables = 4, .tables = tables};
  snprintf(path, sizeof path, "%s/checkpoint-sweep-%06d.0000", folder, SWEEP);
  if (access(path, F_OK) != 0 || n == 0) { /* the shard, once */
    for (int i = 0; i < USERS_HERE * FACTORS_HERE; i++)
      rows[0][i] = rows[1][i] = bias[i % 2][i / 2 % USERS_HERE] = (real)i;
    fuzz_must(checkpoint_write(&alone, folder, SWEEP, NULL, &p) == OK, "the shard");
  }
  if (n > 0) /* else the marker that goes with the shard */
    put("checkpoint-sweep-000005.json", bytes, n);
  memset(rows, 0, sizeof rows);
  memset(bias, 0, sizeof bias);
  int sweep;
  json_t *state;
  status st = checkpoint_read(&alone, folder, SWEEP, &p, &sweep, &state);
  fuzz_must(st == OK && (sweep == SWEEP || (sweep == 0 && n > 0)), "the sweep of a checkpoint");
  for (int i = 0; sweep == SWEEP && i < USERS_HERE * FACTORS_HERE; i++)
    fuzz_must(rows[0][i] == (real)i && (i >= ITEMS_HERE * FACTORS_HERE || rows[1][i] == (real)i),
              "rows of a checkpoint");
  json_decref(state);
}

static void as_done(const char *folder, const uint8_t *bytes, size_t n) {
  enum { ROWS = 1000 };
  (void)folder;
  json_t *list = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, NULL), *again = NULL;
  done_rows rows = {0}, copy = {0};
  status st;
  if (done_rows_read(list, ROWS, &rows, &st)) {
    for (int i = 0; i < rows.n; i++)
      fuzz_must(rows.first[i] < rows.end[i] && rows.first[i] >= (i > 0 ? rows.end[i - 1] + 1 : 0) &&
                    rows.end[i] <= ROWS && done_rows_has(&rows, rows.first[i]) && !done_rows_has(&rows, rows.end[i]),
                "ranges of rows that are done");
    again = done_rows_json(&rows);
    fuzz_must(again != NULL && done_rows_read(again, ROWS, &copy, &st) && copy.n == rows.n, "rows done, written again");
  }
  fuzz_must(st == OK, "the status of rows that are done");
  done_rows_free(&rows);
  done_rows_free(&copy);
  json_decref(again);
  json_decref(list);
}

static void as_lock(const char *folder, const uint8_t *bytes, size_t n) {
  publish_lock *lock = NULL;
  put(".lock", bytes, n);
  status st = publish_lock_take(folder, "fuzz", &lock);
  fuzz_must(st == OK || st == CANNOT_CREATE, "the lock");
  publish_unlock(lock);
}

static void as_latest(const char *folder, const uint8_t *bytes, size_t n) {
  char target[256], link[2 * FUZZ_PATH_MAX], id[SNAPSHOT_ID_MAX], out[SNAPSHOT_PATH_MAX];
  n = n < sizeof target - 1 ? n : sizeof target - 1;
  memcpy(target, bytes, n);
  target[n] = '\0';
  snprintf(link, sizeof link, "%s/latest", folder);
  unlink(link);
  if (target[0] == '\0' || symlink(target, link) != 0)
    return;
  if (publish_latest(folder, id) == OK)
    fuzz_must(snapshot_is_id(id), "latest that leaves the folder");
  if (snapshot_resolve(folder, false, out) == OK)
    fuzz_must(snapshot_is_id(snapshot_id(out)), "a snapshot outside of the folder");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const AS[])(const char *, const uint8_t *, size_t) = {as_manifest, as_seal,   as_marker,
                                                                      as_lock,     as_latest, as_done};
  char folder[FUZZ_PATH_MAX], dir[FUZZ_PATH_MAX];
  if (size < 1)
    return -1;
  log_start(1, LOG_QUIET); /* another rank than 0 keeps its warnings */
  fuzz_path("", folder);
  folder[strlen(folder) - 1] = '\0';
  fuzz_path(ID, dir);
  mkdir(dir, 0700);
  /* Of its own length, so that the sanitizer sees a step beyond it. */
  uint8_t *bytes = malloc(size);
  memcpy(bytes, data + 1, size - 1);
  AS[data[0] % (sizeof AS / sizeof *AS)](folder, bytes, size - 1);
  free(bytes);
  fuzz_must(mem_held() == 0, "memory is still held");
  return 0;
}
