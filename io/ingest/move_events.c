#include "io/ingest/move_events.h"

#include "io/base/mem.h"
#include "io/ingest/numbering.h"
#include "io/text/event_order.h"

#include <omp.h>
#include <string.h>

enum {
  BINS = 64,               /* bins of rows a rank, for cutting ranges of equal weight */
  MOVED_AT_ONCE = 1 << 19, /* events of all ranks in one round, … */
  LEAST_MOVED = 1 << 12,   /* … but at least this many of each rank */
  BASE_PIECE = 1 << 20,    /* events of the base read at once */
  OWNER_SHIFT = 40         /* a route is the owner in the bits above, the row at the owner in those below */
};

/* ---- how many events each user has, and who gets which users ---- */

static status count_events(const ingest_input *in, off **out) {
  status st = MEM_ZALLOC(*out, (off)in->users.n, "events of each id");
  if (st != OK)
    return st;
  for (int l = 0; l < in->n_lanes; l++) {
    const uint32_t *row = in->lanes[l].user_row;
    for (const event_block *b = in->lanes[l].events.first; b != NULL; b = b->next)
      for (off i = 0; i < b->n; i++)
        (*out)[row != NULL ? row[b->user[i]] : b->user[i]]++;
  }
  return OK;
}

/* This rank's even slab of the base's users. */
static void base_slab(const comm *c, dataset *base, gid *first, gid *count) {
  gid n = base != NULL ? dataset_users(base) : 0;
  *first = n / c->size * c->rank + (c->rank < n % c->size ? c->rank : n % c->size);
  *count = n / c->size + (c->rank < n % c->size);
}

static gid bin_first(gid n, off bins, off bin) {
  return n / bins * bin + n % bins * bin / bins;
}

/* first[r] becomes the first user of rank r, so that ranges have about the same number of events (and users). */
static status cut_users(comm *c, const off *counts, const gid *row, off n_ids, gid n, dataset *base, gid *first) {
  status st = OK;
  off bins = (off)BINS * c->size, *weight = NULL, *indptr = NULL;
  gid slab, n_slab;
  st = MEM_ZALLOC(weight, bins, "weights of users");
  base_slab(c, base, &slab, &n_slab);
  if (st == OK && n_slab > 0) {
    st = MEM_ALLOC(indptr, n_slab + 1, "events of old users");
    THEN(dataset_read_indptr(base, slab, n_slab, indptr));
  }
  TRY(comm_agree(c, st));
  double per_row = n > 0 ? (double)bins / (double)n : 0;
  for (off i = 0; i < n_ids; i++)
    weight[(off)((double)row[i] * per_row)] += counts[i] + 1;
  for (gid i = 0; i < n_slab; i++)
    weight[(off)((double)(slab + i) * per_row)] += indptr[i + 1] - indptr[i];
  comm_sum_i64(c, weight, bins);
  int64_t sum = 0, passed = 0;
  for (off b = 0; b < bins; b++)
    sum += weight[b];
  first[0] = 0;
  for (off r = 1, b = 0; r < c->size; r++) {
    while (b < bins && (double)(passed + weight[b] / 2) < (double)sum * (double)r / c->size)
      passed += weight[b++];
    first[r] = bin_first(n, bins, b);
  }
  first[c->size] = n;
done:
  mem_free(weight);
  mem_free(indptr);
  return st;
}

/* How many events one rank has of a user; sent to the owner. */
typedef struct share {
  gid row;
  off count;
} share;

/* Sums the counts at the owners: the number of new events of our user u is added to rows->indptr[u + 1]. */
static status sum_counts(comm *c, const off *counts, const gid *row, off n_ids, ingest_rows *rows) {
  status st = OK;
  share *give = NULL, *got = NULL;
  off *n_give = NULL, *n_got = NULL, *next = NULL, n = 0;
  THEN(MEM_ZALLOC(n_give, c->size, "counts"));
  THEN(MEM_ALLOC(n_got, c->size, "counts"));
  THEN(MEM_ALLOC(next, c->size, "counts"));
  THEN(MEM_ALLOC(give, n_ids, "counts of users"));
  TRY(comm_agree(c, st));
  for (off i = 0; i < n_ids; i++)
    n_give[numbering_owner(rows->first, c->size, row[i])]++;
  for (off r = 0, at = 0; r < c->size; at += n_give[r++])
    next[r] = at;
  for (off i = 0; i < n_ids; i++)
    give[next[numbering_owner(rows->first, c->size, row[i])]++] = (share){row[i], counts[i]};
  comm_transpose_i64(c, n_give, n_got);
  for (int r = 0; r < c->size; r++)
    n += n_got[r];
  TRY(comm_agree(c, MEM_ALLOC(got, n, "counts of users")));
  comm_move_rows(c, give, n_give, got, n_got, sizeof *give);
  for (off i = 0; i < n; i++)
    rows->indptr[got[i].row - rows->first[c->rank] + 1] += got[i].count;
done:
  mem_free(give);
  mem_free(got);
  mem_free(n_give);
  mem_free(n_got);
  mem_free(next);
  return st;
}

/* ---- the base's events ---- */

/* How many of our users are in the base; they come first. */
static gid base_rows(const comm *c, dataset *base, const ingest_rows *rows) {
  gid n = base != NULL ? dataset_users(base) - rows->first[c->rank] : 0;
  return n < 0 ? 0 : n > rows->user_count ? rows->user_count : n;
}

/* Reads the base's events of our users into place: user u's from cursor[u] on, which moves past them. Local. */
static status read_base(comm *c, dataset *base, ingest_rows *rows, const off *base_indptr, off *cursor) {
  status st = OK;
  lid *item = NULL;
  real *value = NULL;
  int64_t *time = NULL;
  gid n = base_rows(c, base, rows);
  if (n == 0)
    return OK;
  TRY(MEM_ALLOC(item, BASE_PIECE, "old events"));
  TRY(MEM_ALLOC(value, BASE_PIECE, "old events"));
  if (rows->time != NULL)
    TRY(MEM_ALLOC(time, BASE_PIECE, "old events"));
  gid user = 0;
  for (off at = base_indptr[0]; at < base_indptr[n];) {
    off count = base_indptr[n] - at < BASE_PIECE ? base_indptr[n] - at : BASE_PIECE;
    TRY(dataset_read_events(base, at, count, item, value, time));
    for (off i = 0; i < count; i++) {
      while (base_indptr[user + 1] <= at + i)
        user++;
      off to = cursor[user]++;
      rows->item[to] = item[i];
      rows->value[to] = value[i];
      if (time != NULL)
        rows->time[to] = time[i];
    }
    at += count;
  }
done:
  mem_free(item);
  mem_free(value);
  mem_free(time);
  return st;
}

/* ---- moving ---- */

/* The rank's events, lane by lane and block by block. */
typedef struct stream {
  ingest_input *in;
  int lane;
  event_block *block;
  off at;
} stream;

/* The next block with events left; NULL at the end. Frees the one before. */
static event_block *stream_block(stream *s) {
  while (s->block == NULL || s->at == s->block->n) {
    event_block_free(s->block);
    s->block = NULL;
    s->at = 0;
    while (s->lane < s->in->n_lanes && (s->block = events_take(&s->in->lanes[s->lane].events)) == NULL)
      s->lane++;
    if (s->block == NULL)
      return NULL;
  }
  return s->block;
}

typedef struct mover {
  comm *c;
  ingest_rows *rows;
  off *cursor;           /* [user_count] where a user's next event goes; any order, as they are sorted afterwards */
  const uint64_t *route; /* by the rank's row of the user id */
  const gid *item_row;   /* by the rank's row of the item id */
  bool has_value, has_time;
  size_t words; /* size of an event in a message, in 4 bytes: user, item[, value][, time] */
} mover;

static inline void put(mover *m, off user, lid item, real value, int64_t time) {
  off to = m->cursor[user]++;
  m->rows->item[to] = item;
  m->rows->value[to] = value;
  if (m->has_time)
    m->rows->time[to] = time;
}

/* Only one rank: all threads put events in place directly. */
static void put_block(mover *m, const event_block *b, const ingest_lane *lane) {
  off *cursor = m->cursor;
  lid *item = m->rows->item;
  real *value = m->rows->value;
  int64_t *time = m->rows->time;
  bool alone = omp_get_max_threads() == 1;
#pragma omp parallel for schedule(static)
  for (off i = 0; i < b->n; i++) {
    uint32_t u = lane->user_row != NULL ? lane->user_row[b->user[i]] : b->user[i];
    uint32_t v = lane->item_row != NULL ? lane->item_row[b->item[i]] : b->item[i];
    off *at = &cursor[m->route[u]], to;
    if (alone)
      to = (*at)++;
    else
#pragma omp atomic capture relaxed
      to = (*at)++;
    item[to] = (lid)m->item_row[v];
    value[to] = b->value != NULL ? b->value[i] : 1;
    if (time != NULL)
      time[to] = event_block_time(b, i);
  }
}

/* Takes up to `most` events off the stream. Ours are put in place; those for other ranks are laid down in `wire` (room
 * for `most`) as they come, with their owners in `order`. Returns how many those are; n_give[r] are for rank r, and
 * next[r] is where they will begin once they are sorted by owner. */
static off fill(mover *m, stream *s, off most, off *n_give, off *next, uint32_t *wire, uint32_t *order) {
  const int rank = m->c->rank, size = m->c->size;
  const uint64_t row_mask = (UINT64_C(1) << OWNER_SHIFT) - 1;
  off n = 0, taken = 0;
  event_block *b;
  memset(n_give, 0, (size_t)size * sizeof *n_give);
  while (taken < most && (b = stream_block(s)) != NULL) {
    const ingest_lane *lane = &s->in->lanes[s->lane];
    off count = b->n - s->at < most - taken ? b->n - s->at : most - taken;
    for (off i = s->at; i < s->at + count; i++) {
      uint32_t u = lane->user_row != NULL ? lane->user_row[b->user[i]] : b->user[i];
      uint32_t v = lane->item_row != NULL ? lane->item_row[b->item[i]] : b->item[i];
      uint64_t route = m->route[u];
      int owner = (int)(route >> OWNER_SHIFT);
      lid item = (lid)m->item_row[v];
      real value = b->value != NULL ? b->value[i] : 1;
      if (owner == rank) {
        put(m, (off)(route & row_mask), item, value, event_block_time(b, i));
        continue;
      }
      uint32_t *w = wire + (size_t)n * m->words;
      *w++ = (uint32_t)(route & row_mask);
      *w++ = (uint32_t)item;
      if (m->has_value)
        memcpy(w++, &value, 4);
      if (m->has_time) {
        int64_t time = event_block_time(b, i);
        memcpy(w, &time, sizeof time);
      }
      order[n++] = (uint32_t)owner;
      n_give[owner]++;
    }
    s->at += count;
    taken += count;
  }
  for (off r = 0, at = 0; r < size; at += n_give[r++])
    next[r] = at;
  return n;
}

/* Sorts the n events in `wire` by owner, to `out`. */
static void by_owner(const mover *m, off n, const uint32_t *wire, const uint32_t *order, off *next, uint32_t *out) {
  for (off i = 0; i < n; i++)
    memcpy(out + (size_t)next[order[i]]++ * m->words, wire + (size_t)i * m->words, m->words * sizeof *wire);
}

static void put_wire(mover *m, const uint32_t *wire, off n) {
  for (off i = 0; i < n; i++, wire += m->words) {
    const uint32_t *w = wire + 2;
    real value = 1;
    int64_t time = 0;
    if (m->has_value)
      memcpy(&value, w++, 4);
    if (m->has_time)
      memcpy(&time, w, 8);
    put(m, (off)wire[0], (lid)wire[1], value, time);
  }
}

static status move_events(comm *c, ingest_input *in, mover *m) {
  status st = OK;
  uint32_t *laid = NULL, *wire = NULL, *got = NULL, *order = NULL;
  off *n_give = NULL, *n_got = NULL, *next = NULL, room = 0;
  stream s = {.in = in};
  if (c->size == 1) {
    for (event_block *b; (b = stream_block(&s)) != NULL; s.at = b->n)
      put_block(m, b, &in->lanes[s.lane]);
    return OK;
  }
  off most = MOVED_AT_ONCE / c->size > LEAST_MOVED ? MOVED_AT_ONCE / c->size : LEAST_MOVED;
  off left = 0;
  for (int l = 0; l < in->n_lanes; l++)
    left += in->lanes[l].events.n;
  int64_t rounds = (left + most - 1) / most;
  comm_max_i64(c, &rounds, 1);
  THEN(MEM_ALLOC(laid, most * (off)m->words, "events on their way"));
  THEN(MEM_ALLOC(wire, most * (off)m->words, "events on their way"));
  THEN(MEM_ALLOC(order, most, "events on their way"));
  THEN(MEM_ALLOC(n_give, c->size, "counts"));
  THEN(MEM_ALLOC(n_got, c->size, "counts"));
  THEN(MEM_ALLOC(next, c->size, "counts"));
  TRY(comm_agree(c, st));
  for (int64_t round = 0; round < rounds; round++) {
    off n = fill(m, &s, most, n_give, next, laid, order);
    by_owner(m, n, laid, order, next, wire);
    comm_transpose_i64(c, n_give, n_got);
    off n_in = 0;
    for (int r = 0; r < c->size; r++)
      n_in += n_got[r];
    if (n_in > room) {
      mem_free(got);
      got = NULL;
      st = MEM_ALLOC(got, n_in * (off)m->words, "events received");
      room = n_in;
    }
    TRY(comm_agree(c, st));
    comm_move_rows(c, wire, n_give, got, n_got, m->words * sizeof *wire);
    put_wire(m, got, n_in);
  }
done:
  event_block_free(s.block);
  mem_free(laid);
  mem_free(wire);
  mem_free(got);
  mem_free(order);
  mem_free(n_give);
  mem_free(n_got);
  mem_free(next);
  return st;
}

/* ---- all of it ---- */

/* Sorts the events of each of our users. Local. */
static status order_rows(ingest_rows *rows) {
  status all = OK;
  char message[STATUS_MESSAGE_MAX] = "";
  off repeated = 0;
#pragma omp parallel reduction(+ : repeated)
  {
    order_space space = {0};
    status st = OK;
#pragma omp for schedule(dynamic, 64)
    for (gid u = 0; u < rows->user_count; u++) {
      off at = rows->indptr[u] - rows->first_event, n = rows->indptr[u + 1] - rows->indptr[u];
      THEN(order_row(&space, n, rows->item + at, rows->value + at, rows->time != NULL ? rows->time + at : NULL,
                     &repeated));
    }
    order_space_free(&space);
    if (st != OK)
#pragma omp critical
    {
      all = st;
      strcpy(message, status_message());
    }
  }
  rows->repeated = repeated;
  return all == OK ? OK : status_fail(all, "%s", message);
}

static status alloc_events(ingest_rows *rows, off n, bool has_time) {
  status st = OK;
  TRY(MEM_ALLOC(rows->item, n, "events"));
  TRY(MEM_ALLOC(rows->value, n, "events"));
  if (has_time)
    TRY(MEM_ALLOC(rows->time, n, "events"));
done:
  return st;
}

status ingest_move(comm *c, ingest_input *in, const gid *user_row, const gid *item_row, gid n_users, dataset *base,
                   ingest_rows *out) {
  status st = OK;
  off *counts = NULL; /* events of each of our ids */
  off *cursor = NULL, *base_indptr = NULL, n_ids = (off)in->users.n;
  uint64_t *route = NULL;
  *out = (ingest_rows){0};
  THEN(MEM_ALLOC(out->first, c->size + 1, "ranges of users"));
  THEN(count_events(in, &counts));
  TRY(comm_agree(c, st));
  TRY(cut_users(c, counts, user_row, n_ids, n_users, base, out->first));
  out->user_count = out->first[c->rank + 1] - out->first[c->rank];
  gid n_base = base_rows(c, base, out);
  THEN(MEM_ZALLOC(out->indptr, out->user_count + 1, "places of users"));
  THEN(MEM_ALLOC(cursor, out->user_count, "places of users"));
  THEN(MEM_ALLOC(route, n_ids, "routes of users"));
  if (n_base > 0) {
    THEN(MEM_ALLOC(base_indptr, n_base + 1, "events of old users"));
    THEN(dataset_read_indptr(base, out->first[c->rank], n_base, base_indptr));
  }
  if (out->user_count > UINT32_MAX)
    THEN(status_fail(NO_MEMORY, "more than %u users on one rank: use more ranks", UINT32_MAX));
  TRY(comm_agree(c, st));
  TRY(sum_counts(c, counts, user_row, n_ids, out));
  mem_free(counts);
  counts = NULL;
  for (gid u = 0; u < out->user_count; u++) {
    off old = u < n_base ? base_indptr[u + 1] - base_indptr[u] : 0;
    cursor[u] = out->indptr[u];
    out->indptr[u + 1] += out->indptr[u] + old;
  }
  off n = out->indptr[out->user_count];
  out->first_event = comm_before_i64(c, n);
  THEN(alloc_events(out, n, in->has_time));
  if (base != NULL)
    THEN(read_base(c, base, out, base_indptr, cursor));
  TRY(comm_agree(c, st));
  for (off i = 0; i < n_ids; i++) {
    int owner = numbering_owner(out->first, c->size, user_row[i]);
    route[i] = (uint64_t)owner << OWNER_SHIFT | (uint64_t)(user_row[i] - out->first[owner]);
  }
  mover m = {.c = c,
             .rows = out,
             .cursor = cursor,
             .route = route,
             .item_row = item_row,
             .has_value = in->has_value,
             .has_time = in->has_time,
             .words = 2u + (in->has_value ? 1u : 0u) + (in->has_time ? 2u : 0u)};
  TRY(move_events(c, in, &m));
  for (gid u = 0; u <= out->user_count; u++)
    out->indptr[u] += out->first_event;
  TRY(comm_agree(c, order_rows(out)));
done:
  mem_free(counts);
  mem_free(cursor);
  mem_free(route);
  mem_free(base_indptr);
  if (st != OK)
    ingest_rows_free(out);
  return st;
}

void ingest_rows_free(ingest_rows *rows) {
  mem_free(rows->first);
  mem_free(rows->indptr);
  mem_free(rows->item);
  mem_free(rows->value);
  mem_free(rows->time);
  *rows = (ingest_rows){0};
}
