#include "io/ingest/event_mover.h"

#include "io/base/mem.h"
#include "io/ingest/event_places.h"

#include <omp.h>
#include <string.h>

enum {
  MOVED_AT_ONCE = 1 << 19, /* events of all ranks in one round, … */
  LEAST_MOVED = 1 << 12    /* … but at least this many of each rank */
};

static const uint64_t PLACE_MASK = (UINT64_C(1) << ROUTE_SHIFT) - 1;

/* The rank's events of one turn, lane by lane and block by block. */
typedef struct stream {
  ingest_input *in;
  int turn, lane;
  event_block *block;
  off at;
} stream;

/* The next block with events left; NULL at the end. Frees the one before. */
static event_block *stream_block(stream *s) {
  while (s->block == NULL || s->at == s->block->n) {
    event_block_free(s->block);
    s->block = NULL;
    s->at = 0;
    for (; s->lane < s->in->n_lanes; s->lane++) {
      events *list = &s->in->lanes[s->lane].events;
      if (list->first != NULL && list->first->turn == s->turn) {
        s->block = events_take(list);
        break;
      }
    }
    if (s->block == NULL)
      return NULL;
  }
  return s->block;
}

/* The size of an event in a message, in 4 bytes: place (2 if far), item[, value][, moment]. */
static size_t words_of(const mover *m) {
  return 2u + (m->far ? 1u : 0u) + (m->has_value ? 1u : 0u) + (m->moment != NULL ? 2u : 0u);
}

static inline uint32_t user_of(const ingest_lane *lane, const event_block *b, off i) {
  return lane->user_row != NULL ? lane->user_row[b->user[i]] : b->user[i];
}
static inline lid item_of(const mover *m, const ingest_lane *lane, const event_block *b, off i) {
  return (lid)m->item_row[lane->item_row != NULL ? lane->item_row[b->item[i]] : b->item[i]];
}

static inline void put(const mover *m, off to, lid item, real value, int64_t moment) {
  m->item[to] = item;
  m->value[to] = value;
  if (m->moment != NULL)
    m->moment[to] = moment;
}

static inline void put_event(const mover *m, const event_block *b, const ingest_lane *lane, off i) {
  off to = (off)(m->route[user_of(lane, b, i)]++ & PLACE_MASK);
  put(m, to, item_of(m, lane, b, i), b->value != NULL ? b->value[i] : 1, event_block_moment(b, i));
}

/* Which of n threads puts a user's events in place: users who share a cache line of routes have the same one. */
static inline uint32_t thread_of(uint32_t user, int n) {
  return user / (MEM_ALIGN / sizeof(uint64_t)) % (uint32_t)n;
}

/* Only one rank: events go in place directly. Every thread takes the events of its users, in order, as each finds them
 * in `mine`, where the block's events are sorted by thread. `begin` has (threads + 1) * threads places. */
static void put_block(const mover *m, const event_block *b, const ingest_lane *lane, uint32_t *mine, off *begin) {
  int most = omp_get_max_threads();
  if (most == 1) {
    for (off i = 0; i < b->n; i++)
      put_event(m, b, lane, i);
    return;
  }
  memset(begin, 0, (size_t)most * (size_t)(most + 1) * sizeof *begin);
#pragma omp parallel
  {
    int n = omp_get_num_threads(), t = omp_get_thread_num();
    off first = b->n * t / n, last = b->n * (t + 1) / n, *next = begin + (off)n * (t + 1);
    for (off i = first; i < last; i++) /* next[of]: ours for thread `of` */
      next[thread_of(user_of(lane, b, i), n)]++;
#pragma omp barrier
#pragma omp single
    {
      off at = 0;
      for (int of = 0; of < n; of++) { /* by thread `of`, then in the order of the block */
        begin[of] = at;
        for (int from = 1; from <= n; from++) {
          off count = begin[(off)n * from + of];
          begin[(off)n * from + of] = at;
          at += count;
        }
      }
    }
    for (off i = first; i < last; i++)
      mine[next[thread_of(user_of(lane, b, i), n)]++] = (uint32_t)i;
#pragma omp barrier
    off end = t + 1 < n ? begin[t + 1] : b->n;
    for (off k = begin[t]; k < end; k++)
      put_event(m, b, lane, mine[k]);
  }
}

/* One rank: all events of a turn. Local. */
static status put_turn(const mover *m, stream *s) {
  status st = OK;
  off *begin = NULL, room = 0;
  uint32_t *mine = NULL;
  int n = omp_get_max_threads();
  TRY(MEM_ALLOC(begin, (off)n * (n + 1), "counts"));
  for (event_block *b; (b = stream_block(s)) != NULL; s->at = b->n) {
    if (b->n > room && n > 1) {
      mem_free(mine);
      mine = NULL;
      room = b->n;
      TRY(MEM_ALLOC(mine, room, "order of events"));
    }
    put_block(m, b, &s->in->lanes[s->lane], mine, begin);
  }
done:
  mem_free(begin);
  mem_free(mine);
  return st;
}

/* Takes up to `most` events off the stream. Ours are put in place; those for other ranks are laid down in `wire` (room
 * for `most`) as they come, with their owners in `order`. Returns how many those are; n_give[r] are for rank r, and
 * next[r] is where they will begin once they are sorted by owner. */
static off fill(const comm *c, const mover *m, stream *s, off most, off *n_give, off *next, uint32_t *wire,
                uint32_t *order) {
  const size_t words = words_of(m);
  const int rank = c->rank, size = c->size;
  off n = 0, taken = 0;
  event_block *b;
  memset(n_give, 0, (size_t)size * sizeof *n_give);
  while (taken < most && (b = stream_block(s)) != NULL) {
    const ingest_lane *lane = &s->in->lanes[s->lane];
    off count = b->n - s->at < most - taken ? b->n - s->at : most - taken;
    for (off i = s->at; i < s->at + count; i++) {
      uint64_t route = m->route[user_of(lane, b, i)]++;
      int owner = (int)(route >> ROUTE_SHIFT);
      lid item = item_of(m, lane, b, i);
      real value = b->value != NULL ? b->value[i] : 1;
      if (owner == rank) {
        put(m, (off)(route & PLACE_MASK), item, value, event_block_moment(b, i));
        continue;
      }
      uint32_t *w = wire + (size_t)n * words;
      *w++ = (uint32_t)route;
      if (m->far)
        *w++ = (uint32_t)((route & PLACE_MASK) >> 32);
      *w++ = (uint32_t)item;
      if (m->has_value)
        memcpy(w++, &value, 4);
      if (m->moment != NULL) {
        int64_t moment = event_block_moment(b, i);
        memcpy(w, &moment, sizeof moment);
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
static void by_owner(size_t words, off n, const uint32_t *wire, const uint32_t *order, off *next, uint32_t *out) {
  for (off i = 0; i < n; i++)
    memcpy(out + (size_t)next[order[i]]++ * words, wire + (size_t)i * words, words * sizeof *wire);
}

static void put_wire(const mover *m, const uint32_t *wire, off n) {
  const size_t words = words_of(m);
  for (off i = 0; i < n; i++, wire += words) {
    const uint32_t *w = wire;
    off to = (off)*w++;
    real value = 1;
    int64_t moment = 0;
    if (m->far)
      to |= (off)*w++ << 32;
    lid item = (lid)*w++;
    if (m->has_value)
      memcpy(&value, w++, 4);
    if (m->moment != NULL)
      memcpy(&moment, w, 8);
    put(m, to, item, value, moment);
  }
}

status mover_turn(comm *c, ingest_input *in, const mover *m, int turn, off left) {
  status st = OK;
  uint32_t *laid = NULL, *wire = NULL, *got = NULL, *order = NULL;
  off *n_give = NULL, *n_got = NULL, *next = NULL, room = 0;
  stream s = {.in = in, .turn = turn};
  if (c->size == 1) {
    TRY(put_turn(m, &s));
    return OK;
  }
  const off words = (off)words_of(m);
  off most = MOVED_AT_ONCE / c->size > LEAST_MOVED ? MOVED_AT_ONCE / c->size : LEAST_MOVED;
  int64_t rounds = (left + most - 1) / most;
  comm_max_i64(c, &rounds, 1);
  THEN(MEM_ALLOC(laid, most * words, "events on their way"));
  THEN(MEM_ALLOC(wire, most * words, "events on their way"));
  THEN(MEM_ALLOC(order, most, "events on their way"));
  THEN(MEM_ALLOC(n_give, c->size, "counts"));
  THEN(MEM_ALLOC(n_got, c->size, "counts"));
  THEN(MEM_ALLOC(next, c->size, "counts"));
  TRY(comm_agree(c, st));
  for (int64_t round = 0; round < rounds; round++) {
    off n = fill(c, m, &s, most, n_give, next, laid, order);
    by_owner((size_t)words, n, laid, order, next, wire);
    comm_transpose_i64(c, n_give, n_got);
    off n_in = 0;
    for (int r = 0; r < c->size; r++)
      n_in += n_got[r];
    if (n_in > room) {
      mem_free(got);
      got = NULL;
      st = MEM_ALLOC(got, n_in * words, "events received");
      room = n_in;
    }
    TRY(comm_agree(c, st));
    comm_move_rows(c, wire, n_give, got, n_got, (size_t)words * sizeof *wire);
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
