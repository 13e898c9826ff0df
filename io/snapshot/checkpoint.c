#include "io/snapshot/checkpoint.h"

#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum {
  FORMAT_VERSION = 2,
  BUFFER_BYTES = 1 << 21,
  SHARDS_MAX = 1 << 20,
  NAME_ROOM = 64,
  PATH_ROOM = SNAPSHOT_PATH_MAX + NAME_ROOM
};

static const char PREFIX[] = "checkpoint-";

static void shard_path(const char *dir, const char *kind, int step, int rank, char *out) {
  snprintf(out, PATH_ROOM, "%s/%s%s-%06d.%04d", dir, PREFIX, kind, step, rank);
}

static void marker_name(const char *kind, int step, char *out) {
  snprintf(out, NAME_ROOM, "%s%s-%06d.json", PREFIX, kind, step);
}

bool checkpoint_is_file(const char *name) {
  return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0;
}

/* The step in the name of a file of this kind, with the rest of the name in *rest; -1 for any other name. */
static int step_of(const char *name, const char *kind, const char **rest) {
  size_t length = strlen(kind);
  if (!checkpoint_is_file(name) || strncmp(name + sizeof PREFIX - 1, kind, length) != 0 ||
      name[sizeof PREFIX - 1 + length] != '-')
    return -1;
  const char *digits = name + sizeof PREFIX + length;
  char *end;
  long step = strtol(digits, &end, 10);
  *rest = end;
  return end > digits && *digits >= '0' && *digits <= '9' && step > 0 && step <= CHECKPOINT_STEPS_MAX ? (int)step : -1;
}

/* The step in the name of a marker of this kind; -1 for any other name. */
static int marker_step(const char *name, const char *kind) {
  const char *rest = "";
  int step = step_of(name, kind, &rest);
  return strcmp(rest, ".json") == 0 ? step : -1;
}

/* Removes the files of steps below `before`, markers first, so that no incomplete checkpoint is left. */
static void remove_before(const char *dir, const char *kind, int before) {
  for (int pass = 0; pass < 2; pass++) {
    DIR *d = opendir(dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
      const char *rest;
      int step = step_of(e->d_name, kind, &rest);
      if (step > 0 && step < before && (pass == 1 || marker_step(e->d_name, kind) > 0))
        unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d != NULL)
      closedir(d);
  }
}

void checkpoint_remove(const char *dir, const char *kind) {
  remove_before(dir, kind, CHECKPOINT_STEPS_MAX + 1);
}

/* The newest step below `below` that has a marker; 0 if there is none. */
static int newest(const char *dir, const char *kind, int below) {
  int best = 0;
  DIR *d = opendir(dir);
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
    int step = marker_step(e->d_name, kind);
    if (step > best && step < below)
      best = step;
  }
  if (d != NULL)
    closedir(d);
  return best;
}

/* --- writing --- */

/* The marker's entry for a shard. */
typedef struct shard {
  int64_t first[CHECKPOINT_TABLES_MAX], count[CHECKPOINT_TABLES_MAX];
  int64_t hash; /* the 64 bits of XXH3, as a signed number */
} shard;

static int64_t table_bytes(const checkpoint *p, const shard *s, int table) {
  return s->count[table] * p->tables[table].row_bytes;
}
static int64_t shard_bytes(const checkpoint *p, const shard *s) {
  int64_t bytes = 0;
  for (int t = 0; t < p->n_tables; t++)
    bytes += table_bytes(p, s, t);
  return bytes;
}

/* Writes rows to a file through a buffer, and hashes them. */
typedef struct stream {
  int fd;
  const char *path;
  int64_t at, held;
  XXH3_state_t *hash;
  char *buffer;
} stream;

static status flush(stream *s) {
  status st = disk_write(s->fd, s->buffer, s->held, s->at, s->path);
  XXH3_64bits_update(s->hash, s->buffer, (size_t)s->held);
  s->at += s->held;
  s->held = 0;
  return st;
}

static status put_rows(stream *s, const checkpoint_table *t) {
  status st = OK;
  for (gid i = 0; st == OK && i < t->count; i++) {
    if (s->held + t->row_bytes > BUFFER_BYTES)
      st = flush(s);
    memcpy(s->buffer + s->held, (const char *)t->rows + i * t->stride, (size_t)t->row_bytes);
    s->held += t->row_bytes;
  }
  return st;
}

/* Writes this rank's shard; no file if it has no rows. */
static status write_shard(const char *path, const checkpoint *p, shard *mine) {
  stream s = {.fd = -1, .path = path};
  status st = OK;
  int64_t bytes = shard_bytes(p, mine);
  if (bytes == 0)
    return OK;
  TRY(disk_room(path, bytes));
  TRY(MEM_ALLOC(s.buffer, BUFFER_BYTES, "checkpoint buffer"));
  s.hash = XXH3_createState();
  if (s.hash == NULL || XXH3_64bits_reset(s.hash) != XXH_OK)
    TRY(status_fail(NO_MEMORY, "no memory for the checksum of the checkpoint"));
  unlink(path); /* of a run that was killed while writing this very step */
  TRY(disk_create(path, &s.fd));
  TRY(disk_reserve(s.fd, bytes, path));
  for (int t = 0; t < p->n_tables; t++)
    TRY(put_rows(&s, &p->tables[t]));
  TRY(flush(&s));
  int fd = s.fd;
  s.fd = -1;
  TRY(disk_sync_close(fd, path));
  mine->hash = (int64_t)XXH3_64bits_digest(s.hash);
done:
  if (s.fd >= 0)
    close(s.fd);
  if (s.hash != NULL)
    XXH3_freeState(s.hash);
  mem_free(s.buffer);
  return st;
}

static json_t *describe_tables(const checkpoint *p) {
  json_t *list = json_array();
  for (int t = 0; t < p->n_tables; t++)
    json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "name", p->tables[t].name, "rows",
                                          (json_int_t)p->tables[t].n, "row_bytes", (json_int_t)p->tables[t].row_bytes));
  return list;
}

/* The checksum of a marker without its field xxh3, which holds it. */
static status marker_hash(const json_t *marker, int64_t *hash) {
  char *text = json_dumps(marker, JSON_COMPACT | JSON_SORT_KEYS);
  if (text == NULL)
    return status_fail(NO_MEMORY, "no memory for the checkpoint's marker");
  *hash = (int64_t)XXH3_64bits(text, strlen(text));
  free(text);
  return OK;
}

/* Checks a marker's checksum and removes it from the marker. IO_FAILED if it is wrong. */
static status check_marker(json_t *marker, const char *dir, const char *name) {
  int64_t want = json_integer_value(json_object_get(marker, "xxh3")), hash = 0;
  json_object_del(marker, "xxh3");
  status st = marker_hash(marker, &hash);
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* a fuzzer would see nothing of what comes after this */
  if (st == OK && hash != want)
    st = status_fail(IO_FAILED, "%s/%s does not match its checksum", dir, name);
#else
  (void)want, (void)dir, (void)name;
#endif
  return st;
}

static status write_marker(const char *dir, int step, const json_t *state, const checkpoint *p, const shard *shards,
                           int n) {
  char name[NAME_ROOM];
  json_t *list = json_array();
  for (int i = 0; i < n; i++) {
    json_t *first = json_array(), *rows = json_array();
    for (int t = 0; t < p->n_tables; t++) {
      json_array_append_new(first, json_integer(shards[i].first[t]));
      json_array_append_new(rows, json_integer(shards[i].count[t]));
    }
    json_array_append_new(
        list, json_pack("{s:o, s:o, s:I}", "first", first, "rows", rows, "xxh3", (json_int_t)shards[i].hash));
  }
  json_t *all = json_pack("{s:s, s:i, s:s, s:i, s:O?, s:o, s:O?, s:o}", "format", "palate-checkpoint", "format_version",
                          FORMAT_VERSION, "kind", p->kind, "step", step, "key", p->key, "tables", describe_tables(p),
                          "state", state, "shards", list);
  marker_name(p->kind, step, name);
  int64_t hash = 0;
  status st = OK;
  TRY(marker_hash(all, &hash));
  json_object_set_new(all, "xxh3", json_integer(hash));
  TRY(snapshot_write_json(dir, name, all));
done:
  json_decref(all);
  return st;
}

status checkpoint_write(comm *c, const char *dir, int step, const json_t *state, const checkpoint *p) {
  char path[PATH_ROOM];
  shard *shards = NULL, mine = {.hash = 0};
  int64_t *column = NULL, sent = c->bytes_sent;
  for (int t = 0; t < p->n_tables; t++) {
    mine.first[t] = p->tables[t].first;
    mine.count[t] = p->tables[t].count;
  }
  shard_path(dir, p->kind, step, c->rank, path);
  status st = OK;
  THEN(MEM_ALLOC(shards, c->size, "shards"));
  THEN(MEM_ALLOC(column, c->size, "shards"));
  THEN(write_shard(path, p, &mine));
  TRY(comm_agree(c, st));
  for (int f = 0; f <= 2 * p->n_tables; f++) {
    int t = f / 2;
    bool hash = t == p->n_tables, first = f % 2 == 0;
    comm_gather_i64(c, hash ? mine.hash : first ? mine.first[t] : mine.count[t], column);
    for (int r = 0; r < c->size; r++)
      *(hash ? &shards[r].hash : first ? &shards[r].first[t] : &shards[r].count[t]) = column[r];
  }
  /* The names of the shards must be on disk before that of the marker. */
  if (c->rank == 0) {
    THEN(disk_sync_folder(path));
    THEN(write_marker(dir, step, state, p, shards, c->size));
  }
  TRY(comm_agree(c, st));
  if (c->rank == 0) {
    int before = newest(dir, p->kind, step); /* the previous one stays, older ones go */
    remove_before(dir, p->kind, before > 0 ? before : step);
  }
done:
  if (st != OK)
    unlink(path);
  c->bytes_sent = sent;
  mem_free(shards);
  mem_free(column);
  return st;
}

/* --- reading --- */

/* Reads a shard's entry: for each table the first row, which must be next[t], and the number of rows, which is added to
 * next[t]. False if it is broken. */
static bool read_shard(const json_t *j, const checkpoint *p, gid *next, shard *out) {
  json_t *first, *rows;
  json_int_t hash;
  if (json_unpack((json_t *)j, "{s:o, s:o, s:I}", "first", &first, "rows", &rows, "xxh3", &hash) != 0 ||
      json_array_size(first) != (size_t)p->n_tables || json_array_size(rows) != (size_t)p->n_tables)
    return false;
  for (int t = 0; t < p->n_tables; t++) {
    json_int_t f = json_integer_value(json_array_get(first, (size_t)t)),
               k = json_integer_value(json_array_get(rows, (size_t)t));
    if (k < 0 || k > p->tables[t].n - next[t] || (k > 0 && f != next[t]))
      return false;
    out->first[t] = next[t];
    out->count[t] = k;
    next[t] += k;
  }
  out->hash = hash;
  return true;
}

/* Reads and checks the marker; free *shards with mem_free and *state with json_decref. */
static status read_marker(const char *dir, int step, const checkpoint *p, shard **shards, int *n, json_t **state) {
  char name[NAME_ROOM];
  json_t *all = NULL, *list = NULL, *kept = NULL, *key = NULL, *tables = NULL, *want = NULL;
  const char *format = "", *kind = "";
  int version = 0, its_step = 0;
  status st = OK;
  *shards = NULL;
  *state = NULL;
  marker_name(p->kind, step, name);
  TRY(snapshot_read_json(dir, name, &all));
  TRY(check_marker(all, dir, name));
  if (json_unpack(all, "{s:s, s:i, s:s, s:i, s?:o, s:o, s?:o, s:o}", "format", &format, "format_version", &version,
                  "kind", &kind, "step", &its_step, "key", &key, "tables", &tables, "state", &kept, "shards",
                  &list) != 0 ||
      strcmp(format, "palate-checkpoint") != 0 || version != FORMAT_VERSION || strcmp(kind, p->kind) != 0 ||
      its_step != step || !json_is_array(list) || json_array_size(list) < 1 || json_array_size(list) > SHARDS_MAX)
    TRY(status_fail(IO_FAILED, "%s/%s is not the marker of a checkpoint", dir, name));
  want = describe_tables(p);
  if (!json_equal(tables, want) || (p->key != NULL && !json_equal(key, (json_t *)p->key)))
    TRY(status_fail(BAD_DATA, "%s/%s was made from other data or with other settings", dir, name));
  *n = (int)json_array_size(list);
  TRY(MEM_ALLOC(*shards, *n, "shards"));
  gid next[CHECKPOINT_TABLES_MAX] = {0};
  for (int i = 0; i < *n; i++)
    if (!read_shard(json_array_get(list, (size_t)i), p, next, &(*shards)[i]))
      TRY(status_fail(IO_FAILED, "%s/%s is damaged: shard %d", dir, name, i));
  for (int t = 0; t < p->n_tables; t++)
    if (next[t] != p->tables[t].n)
      TRY(status_fail(IO_FAILED, "%s/%s is damaged: rows are missing", dir, name));
  *state = json_incref(kept);
done:
  json_decref(want);
  json_decref(all);
  return st;
}

/* Opens a shard and checks its size; *fd is -1 on failure. */
static status open_shard(const char *path, const checkpoint *p, const shard *s, int *fd) {
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (*fd < 0)
    return status_fail(IO_FAILED, "cannot open the checkpoint %s: %s", path, strerror(errno));
  int64_t want = shard_bytes(p, s);
  int64_t size = (int64_t)lseek(*fd, 0, SEEK_END);
  if (size == want)
    return OK;
  close(*fd);
  *fd = -1;
  return status_fail(IO_FAILED, "%s has %lld bytes, but should have %lld", path, (long long)size, (long long)want);
}

static status verify_shard(const char *path, const checkpoint *p, const shard *s) {
  int fd = -1;
  char *buffer = NULL;
  XXH3_state_t *hash = XXH3_createState();
  status st = OK;
  int64_t bytes = shard_bytes(p, s);
  if (hash == NULL || XXH3_64bits_reset(hash) != XXH_OK)
    TRY(status_fail(NO_MEMORY, "no memory for the checksum of the checkpoint"));
  TRY(open_shard(path, p, s, &fd));
  TRY(MEM_ALLOC(buffer, BUFFER_BYTES, "checkpoint buffer"));
  for (int64_t at = 0; at < bytes; at += BUFFER_BYTES) {
    int64_t n = bytes - at < BUFFER_BYTES ? bytes - at : BUFFER_BYTES;
    TRY(disk_read(fd, buffer, n, at, path));
    XXH3_64bits_update(hash, buffer, (size_t)n);
  }
  if ((int64_t)XXH3_64bits_digest(hash) != s->hash)
    TRY(status_fail(IO_FAILED, "%s does not match its checksum", path));
done:
  if (fd >= 0)
    close(fd);
  if (hash != NULL)
    XXH3_freeState(hash);
  mem_free(buffer);
  return st;
}

/* Reads the rows of a table that are both in the shard (`count` from row `first` on, from byte `base`) and ours. */
static status take_rows(int fd, const char *path, const checkpoint_table *t, gid first, gid count, int64_t base,
                        char *buffer) {
  gid low = t->first > first ? t->first : first;
  gid high = t->first + t->count < first + count ? t->first + t->count : first + count;
  off batch = t->row_bytes > 0 && t->row_bytes < BUFFER_BYTES ? BUFFER_BYTES / t->row_bytes : 1;
  status st = OK;
  for (gid at = low; st == OK && at < high; at += batch) {
    gid n = high - at < batch ? high - at : batch;
    st = disk_read(fd, buffer, n * t->row_bytes, base + (at - first) * t->row_bytes, path);
    for (gid i = 0; st == OK && i < n; i++)
      memcpy((char *)t->rows + (at - t->first + i) * t->stride, buffer + i * t->row_bytes, (size_t)t->row_bytes);
  }
  return st;
}

static status take_shard(const char *path, const checkpoint *p, const shard *s) {
  int fd = -1;
  char *buffer = NULL;
  int64_t room = BUFFER_BYTES, base = 0;
  status st = OK;
  for (int t = 0; t < p->n_tables; t++)
    room = p->tables[t].row_bytes > room ? p->tables[t].row_bytes : room;
  TRY(open_shard(path, p, s, &fd));
  TRY(MEM_ALLOC(buffer, room, "checkpoint buffer"));
  for (int t = 0; t < p->n_tables; t++) {
    TRY(take_rows(fd, path, &p->tables[t], s->first[t], s->count[t], base, buffer));
    base += table_bytes(p, s, t);
  }
done:
  if (fd >= 0)
    close(fd);
  mem_free(buffer);
  return st;
}

static bool concerns_us(const checkpoint *p, const shard *s) {
  bool any = false;
  for (int t = 0; t < p->n_tables; t++) {
    const checkpoint_table *mine = &p->tables[t];
    any |= table_bytes(p, s, t) > 0 && mine->count > 0 && mine->first < s->first[t] + s->count[t] &&
           s->first[t] < mine->first + mine->count;
  }
  return any;
}

/* Reads one checkpoint. One rank verifies each shard before any row is read; *whole becomes true once all are good. */
static status read_one(comm *c, const char *dir, int step, const checkpoint *p, json_t **state, bool *whole) {
  char path[PATH_ROOM];
  shard *shards = NULL;
  int n = 0;
  status st = OK;
  TRY(comm_agree(c, read_marker(dir, step, p, &shards, &n, state)));
  for (int i = c->rank; st == OK && i < n; i += c->size) {
    shard_path(dir, p->kind, step, i, path);
    if (shard_bytes(p, &shards[i]) > 0)
      st = verify_shard(path, p, &shards[i]);
  }
  TRY(comm_agree(c, st));
  *whole = true;
  for (int i = 0; st == OK && i < n; i++) {
    shard_path(dir, p->kind, step, i, path);
    if (concerns_us(p, &shards[i]))
      st = take_shard(path, p, &shards[i]);
  }
  TRY(comm_agree(c, st));
done:
  mem_free(shards);
  if (st != OK) {
    json_decref(*state);
    *state = NULL;
  }
  return st;
}

status checkpoint_read(comm *c, const char *dir, int most, const checkpoint *p, int *step, json_t **state) {
  int64_t sent = c->bytes_sent, at = most < CHECKPOINT_STEPS_MAX ? most + 1 : CHECKPOINT_STEPS_MAX + 1;
  status st = OK;
  *step = 0;
  *state = NULL;
  for (;;) {
    if (c->rank == 0)
      at = newest(dir, p->kind, (int)at);
    comm_broadcast(c, &at, sizeof at, 0);
    if (at == 0)
      break;
    bool whole = false;
    st = read_one(c, dir, (int)at, p, state, &whole);
    if (st == OK)
      *step = (int)at;
    if (st == OK || st == NO_MEMORY || st == INTERNAL || whole)
      break;
    if (c->rank == 0)
      log_warn("skipping the checkpoint of %s %d: %s", p->kind, (int)at, status_message());
    st = OK;
  }
  c->bytes_sent = sent;
  return st;
}
