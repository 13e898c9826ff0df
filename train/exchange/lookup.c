#include "train/exchange/lookup.h"

#include "io/base/mem.h"

#include <string.h>

/* Most requests that a rank receives at a time; least that it may send at a time, however many ranks there are. */
enum { MOST_ASKED = 1 << 20, LEAST_ASKED = 1 << 10 };

static off batch_rows(int ranks) {
  return MOST_ASKED / ranks > LEAST_ASKED ? MOST_ASKED / ranks : LEAST_ASKED;
}

typedef struct questions {
  lid *ask, *asked;       /* rows we ask about, by owner; rows we are asked about, by rank */
  off *place;             /* of each question */
  char *answer, *told;    /* to what we are asked; to what we ask */
  off *give, *got, *next; /* [ranks] */
} questions;

static void questions_free(questions *q) {
  mem_free(q->ask);
  mem_free(q->asked);
  mem_free(q->place);
  mem_free(q->answer);
  mem_free(q->told);
  mem_free(q->give);
}

static status questions_create(questions *q, off most, int ranks, size_t bytes) {
  status st = OK;
  *q = (questions){0};
  TRY(MEM_ALLOC(q->give, 3 * (off)ranks, "counts of rows"));
  TRY(MEM_ALLOC(q->ask, most, "rows to ask about"));
  TRY(MEM_ALLOC(q->place, most, "rows to ask about"));
  TRY(mem_alloc((void *)&q->told, most, bytes, "answers about rows"));
  q->got = q->give + ranks;
  q->next = q->give + 2 * (off)ranks;
done:
  return st;
}

static status ask_batch(comm *c, questions *q, const part *owners, const void *own, size_t bytes, const lid *row, off n,
                        void *out) {
  status st = OK;
  gid first = owners->first[c->rank];
  memset(q->give, 0, sizeof *q->give * (size_t)c->size);
  for (off i = 0; i < n; i++)
    q->give[part_owner(owners, row[i])]++;
  comm_starts(q->next, q->give, c->size);
  for (off i = 0; i < n; i++) {
    off to = q->next[part_owner(owners, row[i])]++;
    q->ask[to] = row[i];
    q->place[to] = i;
  }
  comm_transpose_i64(c, q->give, q->got);
  off n_asked = comm_starts(q->next, q->got, c->size);
  st = MEM_ALLOC(q->asked, n_asked, "rows asked about");
  if (st == OK)
    st = mem_alloc((void *)&q->answer, n_asked, bytes, "answers about rows");
  TRY(comm_agree(c, st));
  comm_move_rows(c, q->ask, q->give, q->asked, q->got, sizeof *q->ask);
  for (off i = 0; i < n_asked; i++)
    memcpy(q->answer + (size_t)i * bytes, (const char *)own + (size_t)(q->asked[i] - first) * bytes, bytes);
  comm_move_rows(c, q->answer, q->got, q->told, q->give, bytes);
  for (off i = 0; i < n; i++)
    memcpy((char *)out + (size_t)q->place[i] * bytes, q->told + (size_t)i * bytes, bytes);
done:
  mem_free(q->asked);
  mem_free(q->answer);
  q->asked = NULL;
  q->answer = NULL;
  return st;
}

status lookup_rows(comm *c, const part *owners, const void *own, size_t bytes, const lid *row, off n, void *out) {
  questions q;
  off most = batch_rows(c->size);
  int64_t rounds = (n + most - 1) / most;
  status st = comm_agree(c, questions_create(&q, n < most ? n : most, c->size, bytes));
  if (st == OK)
    comm_max_i64(c, &rounds, 1);
  for (off at = 0; st == OK && rounds > 0; rounds--) {
    off part = n - at < most ? n - at : most;
    st = ask_batch(c, &q, owners, own, bytes, row + at, part, (char *)out + (size_t)at * bytes);
    at += part;
  }
  questions_free(&q);
  return st;
}

status lookup_range(comm *c, const part *owners, const void *own, size_t bytes, gid first, gid n, void *out) {
  off *counts = NULL;
  status st = comm_agree(c, MEM_ALLOC(counts, c->size, "counts of rows"));
  if (st == OK) {
    gid own_first = owners->first[c->rank], skip = first > own_first ? first - own_first : 0;
    for (int r = 0; r < c->size; r++) {
      gid low = owners->first[r] > first ? owners->first[r] : first;
      gid high = owners->first[r + 1] < first + n ? owners->first[r + 1] : first + n;
      counts[r] = high > low ? high - low : 0;
    }
    comm_share_rows(c, counts[c->rank] > 0 ? (const char *)own + (size_t)skip * bytes : own, out, counts, bytes);
  }
  mem_free(counts);
  return st;
}
