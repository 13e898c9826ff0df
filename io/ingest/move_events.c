#include "io/ingest/move_events.h"

#include "io/base/mem.h"
#include "io/ingest/event_mover.h"
#include "io/ingest/event_places.h"
#include "io/text/event_order.h"

#include <string.h>

enum {
  BINS = 64,           /* bins of rows a rank, for cutting ranges of equal weight */
  BASE_PIECE = 1 << 20 /* events of the base read at once */
};

/* ---- how many events each user has, and who gets which users ---- */

/* Adds the events of one turn, or of all (turn < 0), to counts[id]. */
static void count_events(const ingest_input *in, int turn, off *counts) {
  for (int l = 0; l < in->n_lanes; l++) {
    const uint32_t *row = in->lanes[l].user_row;
    for (const event_block *b = in->lanes[l].events.first; b != NULL; b = b->next)
      for (off i = 0; i < b->n && (turn < 0 || b->turn == turn); i++)
        counts[row != NULL ? row[b->user[i]] : b->user[i]]++;
  }
}

/* Counts values that are no likes. */
static void count_values(const ingest_input *in, ingest_rows *rows) {
  off zeros = 0, negatives = 0;
  for (int l = 0; l < in->n_lanes; l++)
    for (const event_block *b = in->lanes[l].events.first; b != NULL; b = b->next)
      for (off i = 0; i < b->n && b->value != NULL; i++) {
        zeros += b->value[i] == 0;
        negatives += b->value[i] < 0;
      }
  rows->zeros = zeros;
  rows->negatives = negatives;
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

/* ---- the base's events ---- */

/* How many of our users are in the base; they come first. */
static gid base_rows(const comm *c, dataset *base, const ingest_rows *rows) {
  gid n = base != NULL ? dataset_users(base) - rows->first[c->rank] : 0;
  return n < 0 ? 0 : n > rows->user_count ? rows->user_count : n;
}

/* Reads the base's events of our n users there into place: the first of each user's. Local. */
static status read_base(dataset *base, ingest_rows *rows, const off *base_indptr, gid n) {
  status st = OK;
  lid *item = NULL;
  real *value = NULL;
  int64_t *time = NULL;
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
      off to = rows->indptr[user] + (at + i - base_indptr[user]);
      rows->item[to] = item[i];
      rows->value[to] = value[i];
      if (time == NULL)
        continue;
      if (time[i] < EVENT_TIME_MIN || time[i] > EVENT_TIME_MAX)
        TRY(status_fail(BAD_DATA, "%s: the time of event %lld is out of range (1900 to 2100)", dataset_path(base),
                        (long long)(at + i)));
      rows->time[to] = event_moment(time[i], 0);
    }
    at += count;
  }
done:
  mem_free(item);
  mem_free(value);
  mem_free(time);
  return st;
}

/* ---- all of it ---- */

/* Sorts the events of each of our users. Local. */
static status order_rows(ingest_rows *rows, const off *base_indptr, gid n_base) {
  status all = OK;
  char message[STATUS_MESSAGE_MAX] = "";
  off repeated = 0, already = 0;
#pragma omp parallel reduction(+ : repeated, already)
  {
    order_space space = {0};
    order_counts counts = {0};
    status st = OK;
#pragma omp for schedule(dynamic, 64)
    for (gid u = 0; u < rows->user_count; u++) {
      off at = rows->indptr[u] - rows->first_event, n = rows->indptr[u + 1] - rows->indptr[u];
      off n_old = u < n_base ? base_indptr[u + 1] - base_indptr[u] : 0;
      THEN(order_row(&space, n, n_old, rows->item + at, rows->value + at, rows->time != NULL ? rows->time + at : NULL,
                     &counts));
    }
    repeated += counts.repeated;
    already += counts.already;
    order_space_free(&space);
    if (st != OK)
#pragma omp critical
    {
      all = st;
      strcpy(message, status_message());
    }
  }
  rows->repeated = repeated;
  rows->already = already;
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

/* The turns of all ranks. Collective. */
static int count_turns(comm *c, const ingest_input *in) {
  int64_t turns = 1;
  for (int l = 0; l < in->n_lanes; l++)
    turns = in->lanes[l].events.turn + 1 > turns ? in->lanes[l].events.turn + 1 : turns;
  comm_max_i64(c, &turns, 1);
  return (int)turns;
}

/* What is needed to find the places of events; freed once they are found. */
typedef struct placing {
  const gid *user_row;
  off n_ids;
  off *counts; /* [n_ids] events of each of our ids: of all turns, then of the one under way */
  off *next;   /* [user_count] where the next turn's events of each of our users go */
  shares shares;
} placing;

/* Makes room for our users' events: indptr, and where new ones go. Collective; agreed status. */
static status make_rows(comm *c, placing *p, const off *base_indptr, gid n_base, ingest_rows *out) {
  status st = OK;
  TRY(shares_send(c, p->counts, p->user_row, p->n_ids, out->first, &p->shares));
  shares_add(&p->shares, out->first[c->rank], out->indptr + 1);
  for (gid u = 0; u < out->user_count; u++) {
    off old = u < n_base ? base_indptr[u + 1] - base_indptr[u] : 0;
    p->next[u] = out->indptr[u] + old;
    out->indptr[u + 1] += p->next[u];
  }
done:
  return st;
}

static void free_placing(placing *p) {
  shares_free(&p->shares);
  mem_free(p->counts);
  mem_free(p->next);
  *p = (placing){0};
}

/* Puts all events in place, turn by turn. Collective; agreed status. */
static status move_all(comm *c, ingest_input *in, placing *p, const gid *first, int turns, mover *m) {
  status st = OK;
  for (int turn = 0; turn < turns; turn++) {
    off left = 0;
    if (turns > 1) { /* the shares of the only turn are those of all */
      shares_free(&p->shares);
      memset(p->counts, 0, (size_t)p->n_ids * sizeof *p->counts);
      count_events(in, turn, p->counts);
      TRY(shares_send(c, p->counts, p->user_row, p->n_ids, first, &p->shares));
    }
    TRY(shares_place(c, &p->shares, p->next, p->counts, p->user_row, p->n_ids, first, m->route));
    for (off i = 0; i < p->n_ids; i++)
      left += p->counts[i];
    if (turn == turns - 1)
      free_placing(p);
    TRY(mover_turn(c, in, m, turn, left));
  }
done:
  return st;
}

status ingest_move(comm *c, ingest_input *in, const gid *user_row, const gid *item_row, gid n_users, dataset *base,
                   ingest_rows *out) {
  status st = OK;
  placing p = {.user_row = user_row, .n_ids = (off)in->users.n};
  off *base_indptr = NULL;
  uint64_t *route = NULL;
  int turns = count_turns(c, in);
  *out = (ingest_rows){0};
  THEN(MEM_ALLOC(out->first, c->size + 1, "ranges of users"));
  THEN(MEM_ZALLOC(p.counts, p.n_ids, "events of each id"));
  TRY(comm_agree(c, st));
  count_events(in, -1, p.counts);
  count_values(in, out);
  TRY(cut_users(c, p.counts, user_row, p.n_ids, n_users, base, out->first));
  out->user_count = out->first[c->rank + 1] - out->first[c->rank];
  gid n_base = base_rows(c, base, out);
  THEN(MEM_ZALLOC(out->indptr, out->user_count + 1, "places of users"));
  THEN(MEM_ALLOC(p.next, out->user_count, "places of users"));
  THEN(MEM_ALLOC(route, p.n_ids, "routes of users"));
  if (n_base > 0) {
    THEN(MEM_ALLOC(base_indptr, n_base + 1, "events of old users"));
    THEN(dataset_read_indptr(base, out->first[c->rank], n_base, base_indptr));
  }
  TRY(comm_agree(c, st));
  TRY(make_rows(c, &p, base_indptr, n_base, out));
  off n = out->indptr[out->user_count];
  int64_t most = n;
  comm_max_i64(c, &most, 1);
  out->first_event = comm_before_i64(c, n);
  THEN(alloc_events(out, n, in->has_time));
  if (base != NULL)
    THEN(read_base(base, out, base_indptr, n_base));
  TRY(comm_agree(c, st));
  mover m = {.item = out->item,
             .value = out->value,
             .moment = out->time,
             .route = route,
             .item_row = item_row,
             .has_value = in->has_value,
             .far = most > UINT32_MAX};
  TRY(move_all(c, in, &p, out->first, turns, &m));
  for (gid u = 0; u <= out->user_count; u++)
    out->indptr[u] += out->first_event;
  TRY(comm_agree(c, order_rows(out, base_indptr, n_base)));
done:
  free_placing(&p);
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
