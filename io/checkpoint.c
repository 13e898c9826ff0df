#include "io/checkpoint.h"

#include "io/disk.h"
#include "io/log.h"
#include "io/mem.h"
#include "io/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { KEPT = 2, FORMAT_VERSION = 1, BUFFER_FLOATS = 1 << 19, SWEEPS_MAX = 100000, PATH_ROOM = SNAPSHOT_PATH_MAX + 64 };

static const char PREFIX[] = "checkpoint-";

static void shard_path(const char *dir, int sweep, int rank, char *out) {
  snprintf(out, PATH_ROOM, "%s/%s%06d.%04d", dir, PREFIX, sweep, rank);
}

static void marker_name(int sweep, char *out, size_t size) {
  snprintf(out, size, "%s%06d.json", PREFIX, sweep);
}

bool checkpoint_is_file(const char *name) {
  return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0;
}

/* The sweep of a marker's name, -1 for any other name. */
static int marker_sweep(const char *name) {
  if (!checkpoint_is_file(name))
    return -1;
  char *end;
  long sweep = strtol(name + sizeof PREFIX - 1, &end, 10);
  return sweep > 0 && sweep <= SWEEPS_MAX && strcmp(end, ".json") == 0 ? (int)sweep : -1;
}

/* Removes the files of sweeps below `before`; the marker first, so that no checkpoint is left that is not whole. */
static void remove_before(const char *dir, int before) {
  for (int pass = 0; pass < 2; pass++) {
    DIR *d = opendir(dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
      if (checkpoint_is_file(e->d_name) && atoi(e->d_name + sizeof PREFIX - 1) < before &&
          (pass == 1 || marker_sweep(e->d_name) >= 0))
        unlinkat(dirfd(d), e->d_name, 0);
    if (d != NULL)
      closedir(d);
  }
}

void checkpoint_remove(const char *dir) {
  remove_before(dir, SWEEPS_MAX + 1);
}

/* The newest sweep below `below` that has a marker; 0 where there is none. */
static int newest(const char *dir, int below) {
  int best = 0;
  DIR *d = opendir(dir);
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
    int sweep = marker_sweep(e->d_name);
    if (sweep > best && sweep < below)
      best = sweep;
  }
  if (d != NULL)
    closedir(d);
  return best;
}

/* --- writing --- */

/* What the marker says of a shard. */
typedef struct shard {
  int64_t first[2], count[2], hash; /* hash: the 64 bits of XXH3, as a signed number */
} shard;

/* A stream of floats into a file, hashed on its way. */
typedef struct stream {
  int fd;
  const char *path;
  int64_t at;
  XXH3_state_t *hash;
  real *buffer;
  off held;
} stream;

static status flush(stream *s) {
  status st = disk_write(s->fd, s->buffer, s->held * (off)sizeof(real), s->at, s->path);
  XXH3_64bits_update(s->hash, s->buffer, (size_t)s->held * sizeof(real));
  s->at += s->held * (off)sizeof(real);
  s->held = 0;
  return st;
}

static status put_rows(stream *s, const real *rows, gid count, off ld, off k) {
  status st = OK;
  for (gid i = 0; st == OK && i < count; i++) {
    if (s->held + k > BUFFER_FLOATS)
      st = flush(s);
    memcpy(s->buffer + s->held, rows + i * ld, sizeof(real) * (size_t)k);
    s->held += k;
  }
  return st;
}

static status write_shard(const char *path, const checkpoint *p, int64_t *hash) {
  stream s = {.fd = -1, .path = path};
  status st = OK;
  int64_t bytes = 0;
  for (int i = 0; i < 2; i++)
    bytes += p->sides[i].count * (p->factors + (p->sides[i].bias != NULL)) * (int64_t)sizeof(real);
  TRY(disk_room(path, bytes));
  TRY(MEM_ALLOC(s.buffer, BUFFER_FLOATS, "checkpoint buffer"));
  s.hash = XXH3_createState();
  if (s.hash == NULL || XXH3_64bits_reset(s.hash) != XXH_OK)
    TRY(status_fail(NO_MEMORY, "no memory for the checksum of the checkpoint"));
  unlink(path); /* of a run that was killed while writing this very sweep */
  TRY(disk_create(path, &s.fd));
  TRY(disk_reserve(s.fd, bytes, path));
  for (int i = 0; i < 2; i++) {
    const checkpoint_side *side = &p->sides[i];
    TRY(put_rows(&s, side->rows, side->count, p->ld, p->factors));
    if (side->bias != NULL)
      TRY(put_rows(&s, side->bias, side->count, 1, 1));
  }
  TRY(flush(&s));
  int fd = s.fd;
  s.fd = -1;
  TRY(disk_sync_close(fd, path));
  *hash = (int64_t)XXH3_64bits_digest(s.hash);
done:
  if (s.fd >= 0)
    close(s.fd);
  if (s.hash != NULL)
    XXH3_freeState(s.hash);
  mem_free(s.buffer);
  return st;
}

static status write_marker(const char *dir, int sweep, const json_t *state, const checkpoint *p, const shard *shards,
                           int n) {
  char name[64];
  json_t *list = json_array();
  for (int i = 0; i < n; i++)
    json_array_append_new(list,
                          json_pack("{s:I, s:I, s:I, s:I, s:I}", "first_user", (json_int_t)shards[i].first[0], "users",
                                    (json_int_t)shards[i].count[0], "first_item", (json_int_t)shards[i].first[1],
                                    "items", (json_int_t)shards[i].count[1], "xxh3", (json_int_t)shards[i].hash));
  json_t *all =
      json_pack("{s:s, s:i, s:i, s:i, s:I, s:I, s:b, s:O?, s:o}", "format", "palate-checkpoint", "format_version",
                FORMAT_VERSION, "sweep", sweep, "factors", p->factors, "users", (json_int_t)p->sides[0].n, "items",
                (json_int_t)p->sides[1].n, "bias", (int)(p->sides[0].bias != NULL), "state", state, "shards", list);
  marker_name(sweep, name, sizeof name);
  status st = all != NULL ? snapshot_write_json(dir, name, all)
                          : status_fail(NO_MEMORY, "no memory for the checkpoint's marker");
  json_decref(all);
  return st;
}

status checkpoint_write(comm *c, const char *dir, int sweep, const json_t *state, const checkpoint *p) {
  enum { FIELDS = 5 };
  char path[PATH_ROOM];
  shard *shards = NULL, mine = {{p->sides[0].first, p->sides[1].first}, {p->sides[0].count, p->sides[1].count}, 0};
  int64_t *column = NULL, sent = c->bytes_sent;
  shard_path(dir, sweep, c->rank, path);
  status st = MEM_ALLOC(shards, c->size, "shards");
  if (st == OK)
    st = MEM_ALLOC(column, c->size, "shards");
  if (st == OK)
    st = write_shard(path, p, &mine.hash);
  TRY(comm_agree(c, st));
  const int64_t fields[FIELDS] = {mine.first[0], mine.first[1], mine.count[0], mine.count[1], mine.hash};
  for (int f = 0; f < FIELDS; f++) {
    comm_gather_i64(c, fields[f], column);
    for (int r = 0; r < c->size; r++)
      *(f < 2 ? &shards[r].first[f] : f < 4 ? &shards[r].count[f - 2] : &shards[r].hash) = column[r];
  }
  /* The shards' names must be on disk before the marker's. */
  if (c->rank == 0) {
    st = disk_sync_folder(path);
    if (st == OK)
      st = write_marker(dir, sweep, state, p, shards, c->size);
  }
  TRY(comm_agree(c, st));
  if (c->rank == 0) {
    int before = newest(dir, sweep); /* the one before this stays, older ones go */
    remove_before(dir, before > 0 ? before : sweep);
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

/* The marker's content, checked; free shards with mem_free and state with json_decref. */
static status read_marker(const char *dir, int sweep, const checkpoint *p, shard **shards, int *n, json_t **state) {
  char name[64];
  json_t *all = NULL, *list = NULL, *kept = NULL;
  const char *format = "";
  int version = 0, its_sweep = 0, factors = 0, bias = 0;
  json_int_t users = 0, items = 0;
  status st = OK;
  *shards = NULL;
  *state = NULL;
  marker_name(sweep, name, sizeof name);
  TRY(snapshot_read_json(dir, name, &all));
  if (json_unpack(all, "{s:s, s:i, s:i, s:i, s:I, s:I, s:b, s?:o, s:o}", "format", &format, "format_version", &version,
                  "sweep", &its_sweep, "factors", &factors, "users", &users, "items", &items, "bias", &bias, "state",
                  &kept, "shards", &list) != 0 ||
      strcmp(format, "palate-checkpoint") != 0 || version != FORMAT_VERSION || its_sweep != sweep ||
      !json_is_array(list) || json_array_size(list) < 1 || json_array_size(list) > 1 << 20)
    TRY(status_fail(IO_FAILED, "%s/%s is not a checkpoint's marker", dir, name));
  if (factors != p->factors || users != p->sides[0].n || items != p->sides[1].n || bias != (p->sides[0].bias != NULL))
    TRY(status_fail(BAD_DATA, "%s/%s belongs to a model of another shape; --resume never starts anew", dir, name));
  *n = (int)json_array_size(list);
  TRY(MEM_ALLOC(*shards, *n, "shards"));
  gid next[2] = {0, 0};
  for (int i = 0; i < *n; i++) {
    json_int_t f[2], k[2], hash;
    if (json_unpack(json_array_get(list, (size_t)i), "{s:I, s:I, s:I, s:I, s:I}", "first_user", &f[0], "users", &k[0],
                    "first_item", &f[1], "items", &k[1], "xxh3", &hash) != 0)
      TRY(status_fail(IO_FAILED, "%s/%s is damaged: shard %d", dir, name, i));
    for (int s = 0; s < 2; s++) {
      if (k[s] < 0 || k[s] > p->sides[s].n - next[s] || (k[s] > 0 && f[s] != next[s]))
        TRY(status_fail(IO_FAILED, "%s/%s is damaged: the rows of shard %d", dir, name, i));
      (*shards)[i].first[s] = next[s];
      (*shards)[i].count[s] = k[s];
      next[s] += k[s];
    }
    (*shards)[i].hash = hash;
  }
  if (next[0] != p->sides[0].n || next[1] != p->sides[1].n)
    TRY(status_fail(IO_FAILED, "%s/%s is damaged: rows are missing", dir, name));
  *state = json_incref(kept);
done:
  json_decref(all);
  return st;
}

static int64_t side_floats(const checkpoint *p, const shard *s, int side) {
  return s->count[side] * (p->factors + (p->sides[side].bias != NULL));
}

/* Opens a shard and looks at its size; *fd is -1 on failure. */
static status open_shard(const char *path, const checkpoint *p, const shard *s, int *fd) {
  *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (*fd < 0)
    return status_fail(IO_FAILED, "cannot open the checkpoint %s: %s", path, strerror(errno));
  int64_t want = (side_floats(p, s, 0) + side_floats(p, s, 1)) * (int64_t)sizeof(real);
  int64_t size = (int64_t)lseek(*fd, 0, SEEK_END);
  if (size == want)
    return OK;
  close(*fd);
  *fd = -1;
  return status_fail(IO_FAILED, "%s has %lld bytes, and should have %lld", path, (long long)size, (long long)want);
}

static status verify_shard(const char *path, const checkpoint *p, const shard *s) {
  int fd = -1;
  char *buffer = NULL;
  XXH3_state_t *hash = XXH3_createState();
  status st = OK;
  const int64_t room = (int64_t)BUFFER_FLOATS * (int64_t)sizeof(real);
  if (hash == NULL || XXH3_64bits_reset(hash) != XXH_OK)
    TRY(status_fail(NO_MEMORY, "no memory for the checksum of the checkpoint"));
  TRY(open_shard(path, p, s, &fd));
  TRY(MEM_ALLOC(buffer, room, "checkpoint buffer"));
  int64_t bytes = (side_floats(p, s, 0) + side_floats(p, s, 1)) * (int64_t)sizeof(real);
  for (int64_t at = 0; at < bytes; at += room) {
    int64_t n = bytes - at < room ? bytes - at : room;
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

/* Rows low … high-1 of one side from a shard into their places. */
static status take_rows(int fd, const char *path, const checkpoint *p, const shard *s, int side, real *buffer) {
  const checkpoint_side *mine = &p->sides[side];
  gid low = mine->first > s->first[side] ? mine->first : s->first[side];
  gid high = mine->first + mine->count < s->first[side] + s->count[side] ? mine->first + mine->count
                                                                         : s->first[side] + s->count[side];
  if (low >= high)
    return OK;
  off k = p->factors, base = side == 0 ? 0 : side_floats(p, s, 0) * (off)sizeof(real);
  off batch = BUFFER_FLOATS / k > 0 ? BUFFER_FLOATS / k : 1;
  status st = OK;
  for (gid at = low; st == OK && at < high; at += batch) {
    gid n = high - at < batch ? high - at : batch;
    st = disk_read(fd, buffer, n * k * (off)sizeof(real), base + (at - s->first[side]) * k * (off)sizeof(real), path);
    for (gid i = 0; st == OK && i < n; i++)
      memcpy(mine->rows + (at - mine->first + i) * p->ld, buffer + i * k, sizeof(real) * (size_t)k);
  }
  if (st == OK && mine->bias != NULL)
    st = disk_read(fd, mine->bias + (low - mine->first), (high - low) * (off)sizeof(real),
                   base + (s->count[side] * k + (low - s->first[side])) * (off)sizeof(real), path);
  return st;
}

static status take_shard(const char *path, const checkpoint *p, const shard *s) {
  int fd = -1;
  real *buffer = NULL;
  off room = BUFFER_FLOATS > p->factors ? BUFFER_FLOATS : p->factors;
  status st = OK;
  TRY(open_shard(path, p, s, &fd));
  TRY(MEM_ALLOC(buffer, room, "checkpoint buffer"));
  for (int side = 0; side < 2; side++)
    TRY(take_rows(fd, path, p, s, side, buffer));
done:
  if (fd >= 0)
    close(fd);
  mem_free(buffer);
  return st;
}

/* One checkpoint: every shard is looked at by one rank before any row is taken. */
static status read_one(comm *c, const char *dir, int sweep, const checkpoint *p, json_t **state, bool *whole) {
  char path[PATH_ROOM];
  shard *shards = NULL;
  int n = 0;
  status st = OK;
  TRY(comm_agree(c, read_marker(dir, sweep, p, &shards, &n, state)));
  for (int i = c->rank; st == OK && i < n; i += c->size) {
    shard_path(dir, sweep, i, path);
    st = verify_shard(path, p, &shards[i]);
  }
  TRY(comm_agree(c, st));
  *whole = true;
  for (int i = 0; st == OK && i < n; i++) {
    bool overlaps = false;
    for (int s = 0; s < 2; s++)
      overlaps |= shards[i].count[s] > 0 && p->sides[s].count > 0 &&
                  p->sides[s].first < shards[i].first[s] + shards[i].count[s] &&
                  shards[i].first[s] < p->sides[s].first + p->sides[s].count;
    shard_path(dir, sweep, i, path);
    if (overlaps)
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

status checkpoint_read(comm *c, const char *dir, int most, const checkpoint *p, int *sweep, json_t **state) {
  int64_t sent = c->bytes_sent, at = most < SWEEPS_MAX ? most + 1 : SWEEPS_MAX + 1;
  status st = OK;
  *sweep = 0;
  *state = NULL;
  for (;;) {
    if (c->rank == 0)
      at = newest(dir, (int)at);
    comm_broadcast(c, &at, sizeof at, 0);
    if (at == 0)
      break;
    bool whole = false;
    st = read_one(c, dir, (int)at, p, state, &whole);
    if (st == OK)
      *sweep = (int)at;
    if (st == OK || st == NO_MEMORY || st == INTERNAL || whole)
      break;
    if (c->rank == 0)
      log_warn("the checkpoint of sweep %d is not used: %s", (int)at, status_message());
    st = OK;
  }
  c->bytes_sent = sent;
  return st;
}
