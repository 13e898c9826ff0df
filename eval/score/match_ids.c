#include "eval/score/match_ids.h"

#include "io/base/mem.h"
#include "train/exchange/part.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* An id on its way to the rank that its hash selects. */
typedef struct ticket {
  uint64_t high, low; /* hash */
  gid row;            /* of theirs; or the index among our ids */
} ticket;

static ticket ticket_of(const strings *s, off i) {
  const char *text = s->bytes + i * s->width;
  XXH128_hash_t hash = XXH3_128bits(text, strnlen(text, (size_t)s->width));
  return (ticket){.high = hash.high64, .low = hash.low64, .row = i};
}

static int owner_of(const ticket *t, int size) {
  return (int)(t->high % (uint64_t)size);
}

/* Tickets in the order of the ranks they go to; give[rank]: how many. Rows count from `first`. */
static status make_tickets(const strings *s, gid first, int size, ticket **out, off *give) {
  status st = OK;
  ticket *all = NULL;
  off *next = NULL;
  *out = NULL;
  TRY(MEM_ALLOC(all, s->n, "ids to match"));
  TRY(MEM_ZALLOC(next, (off)size + 1, "counts of ids"));
  for (int r = 0; r < size; r++)
    give[r] = 0;
  for (off i = 0; i < s->n; i++) {
    ticket t = ticket_of(s, i);
    give[owner_of(&t, size)]++;
  }
  for (int r = 0; r < size; r++)
    next[r + 1] = next[r] + give[r];
  for (off i = 0; i < s->n; i++) {
    ticket t = ticket_of(s, i);
    t.row += first;
    all[next[owner_of(&t, size)]++] = t;
  }
done:
  mem_free(next);
  if (st != OK) {
    mem_free(all);
    all = NULL;
  }
  *out = all;
  return st;
}

static int by_hash(const void *of_a, const void *of_b) {
  const ticket *a = of_a, *b = of_b;
  if (a->high != b->high)
    return a->high < b->high ? -1 : 1;
  return a->low < b->low ? -1 : a->low > b->low;
}

static off sum_of(const off *counts, int n) {
  off sum = 0;
  for (int i = 0; i < n; i++)
    sum += counts[i];
  return sum;
}

status match_rows(comm *c, const strings *ours, const strings *theirs, gid first_of_theirs, gid *row) {
  status st = OK;
  ticket *give_ours = NULL, *give_theirs = NULL, *ask = NULL, *known = NULL;
  off *counts = NULL;
  gid *answer = NULL, *back = NULL;
  TRY(comm_agree(c, MEM_ALLOC(counts, (off)4 * c->size, "counts of ids")));
  off *give_a = counts, *give_b = counts + c->size, *got_a = counts + 2 * c->size, *got_b = counts + 3 * c->size;
  THEN(make_tickets(ours, 0, c->size, &give_ours, give_a));
  THEN(make_tickets(theirs, first_of_theirs, c->size, &give_theirs, give_b));
  TRY(comm_agree(c, st));
  comm_transpose_i64(c, give_a, got_a);
  comm_transpose_i64(c, give_b, got_b);
  off n_ask = sum_of(got_a, c->size), n_known = sum_of(got_b, c->size);
  THEN(MEM_ALLOC(ask, n_ask, "ids to match"));
  THEN(MEM_ALLOC(known, n_known, "ids to match"));
  THEN(MEM_ALLOC(answer, n_ask, "matched rows"));
  THEN(MEM_ALLOC(back, ours->n, "matched rows"));
  TRY(comm_agree(c, st));
  comm_move_rows(c, give_ours, give_a, ask, got_a, sizeof *ask);
  comm_move_rows(c, give_theirs, give_b, known, got_b, sizeof *known);
  qsort(known, (size_t)n_known, sizeof *known, by_hash);
  for (off i = 0; i < n_ask; i++) {
    const ticket *found = bsearch(&ask[i], known, (size_t)n_known, sizeof *known, by_hash);
    answer[i] = found != NULL ? found->row : -1;
  }
  comm_move_rows(c, answer, got_a, back, give_a, sizeof *back);
  for (off i = 0; i < ours->n; i++)
    row[give_ours[i].row] = back[i];
done:
  mem_free(counts);
  mem_free(give_ours);
  mem_free(give_theirs);
  mem_free(ask);
  mem_free(known);
  mem_free(answer);
  mem_free(back);
  return st;
}

static gid rows_in(const id_source *f, side s) {
  return f->m != NULL ? model_rows(f->m, s) : s == USERS ? dataset_users(f->d) : dataset_items(f->d);
}

static status read_ids(const id_source *f, side s, gid first, gid count, strings *out) {
  return f->m != NULL ? model_read_ids(f->m, s, first, count, out) : dataset_read_ids(f->d, s, first, count, out);
}

status match_ids(comm *c, id_source from, id_source to, side s, gid first, gid count, gid *row) {
  status st = OK;
  part theirs = {0};
  strings our_ids = {0}, their_ids = {0};
  THEN(part_equal(&theirs, rows_in(&to, s), c->size));
  THEN(read_ids(&from, s, first, count, &our_ids));
  THEN(read_ids(&to, s, theirs.first[c->rank], part_count(&theirs, c->rank), &their_ids));
  TRY(comm_agree(c, st));
  TRY(match_rows(c, &our_ids, &their_ids, theirs.first[c->rank], row));
done:
  part_free(&theirs);
  strings_free(&our_ids);
  strings_free(&their_ids);
  return st;
}

status match_share(comm *c, id_source from, id_source to, side s, row_share *out) {
  status st = OK;
  gid *row = NULL, n_theirs = rows_in(&to, s);
  *out = (row_share){.renumbered = n_theirs > rows_in(&from, s)};
  TRY(comm_agree(c, part_equal(&out->owners, rows_in(&from, s), c->size)));
  gid first = out->owners.first[c->rank], count = part_count(&out->owners, c->rank);
  THEN(MEM_ALLOC(row, count, "matched rows"));
  THEN(MEM_ALLOC(out->row, count, "matched rows"));
  TRY(comm_agree(c, st));
  TRY(match_ids(c, from, to, s, first, count, row));
  int64_t renumbered = out->renumbered;
  for (gid i = 0; i < count; i++) {
    out->row[i] = (lid)row[i];
    out->known += row[i] >= 0;
    if (row[i] != (first + i < n_theirs ? first + i : -1))
      renumbered = 1;
  }
  comm_max_i64(c, &renumbered, 1);
  comm_sum_i64(c, &out->known, 1);
  out->renumbered = renumbered != 0;
done:
  mem_free(row);
  if (st != OK)
    row_share_free(out);
  return st;
}

void row_share_free(row_share *s) {
  part_free(&s->owners);
  mem_free(s->row);
  *s = (row_share){0};
}
