#include "train/als/heavy_reduce.h"

#include "io/base/mem.h"
#include "train/rows/heavy_find.h"

#include <math.h>
#include <string.h>

enum { WIRE_BYTES = SOLVER_SUM_BITS / 8, BATCH_BYTES = 32 << 20 };

struct heavy_reduce {
  heavy_list list;
  lid *bound;      /* [ranks + 1]: list rows bound[r] … bound[r+1]-1 belong to rank r */
  csr part;        /* (list rows): our users, as table rows */
  heavy_rows cuts; /* of every row of part */
  int rank;
};

/* The rank that adds up a host's parts of list row h, owned on another host. */
static int gatherer(const comm *c, int host, lid h) {
  return comm_rank_of(c, host, h % comm_ranks_of(c, host));
}

/* --- this rank's part --- */

static status take_part(heavy_reduce *s, const csr *users, gid first_user, lid own_at, gid granule) {
  status st = OK;
  const heavy_list *l = &s->list;
  off *next = NULL, nnz = 0;
  for (off i = 0; i < csr_nnz(users); i++)
    nnz += row_set_has(&l->rows, users->col[i]);
  TRY(csr_alloc(&s->part, l->n, nnz, "interactions of heavy rows"));
  TRY(MEM_ALLOC(next, l->n, "heavy rows"));
  for (off i = 0; i < csr_nnz(users); i++)
    if (row_set_has(&l->rows, users->col[i]))
      s->part.ptr[row_set_place(&l->rows, users->col[i]) + 1]++;
  for (lid h = 0; h < l->n; h++)
    s->part.ptr[h + 1] += s->part.ptr[h];
  for (lid h = 0; h < l->n; h++)
    next[h] = s->part.ptr[h];
  for (lid u = 0; u < users->n_rows; u++)
    for (off i = users->ptr[u]; i < users->ptr[u + 1]; i++)
      if (row_set_has(&l->rows, users->col[i])) {
        off to = next[row_set_place(&l->rows, users->col[i])]++;
        s->part.col[to] = u;
        s->part.val[to] = users->val[i];
      }
  TRY(heavy_find(&s->part, 0, granule, first_user, &s->cuts));
  for (off i = 0; i < nnz; i++)
    s->part.col[i] += own_at;
done:
  mem_free(next);
  return st;
}

status heavy_reduce_create(comm *c, const csr *users, const part *owners, gid first_user, lid own_at, gid granule,
                           heavy_list *list, heavy_reduce **out) {
  heavy_reduce *s = NULL;
  *out = NULL;
  status st = MEM_ZALLOC(s, 1, "heavy rows");
  if (st == OK) {
    s->list = *list;
    s->rank = c->rank;
    *list = (heavy_list){0};
    st = MEM_ALLOC(s->bound, (off)c->size + 1, "heavy rows");
  }
  if (st == OK) {
    lid h = 0;
    for (int r = 0; r <= c->size; r++) {
      while (h < s->list.n && s->list.row[h] < owners->first[r])
        h++;
      s->bound[r] = h;
    }
  }
  if (st == OK)
    st = take_part(s, users, first_user, own_at, granule);
  st = comm_agree(c, st);
  if (st != OK) {
    heavy_reduce_free(s);
    s = NULL;
  }
  *out = s;
  return st;
}

void heavy_reduce_free(heavy_reduce *s) {
  if (s == NULL)
    return;
  heavy_list_free(&s->list);
  csr_free(&s->part);
  heavy_rows_free(&s->cuts);
  mem_free(s->bound);
  mem_free(s);
}

void heavy_reduce_own(const heavy_reduce *s, lid *first, lid *n) {
  *first = s->bound[s->rank];
  *n = s->bound[s->rank + 1] - *first;
}

const heavy_list *heavy_reduce_list(const heavy_reduce *s) {
  return &s->list;
}

off heavy_reduce_pairs(const heavy_reduce *s) {
  return csr_nnz(&s->part);
}

/* --- solving --- */

/* A number below 2^39 in magnitude as 5 bytes, two's complement, low byte first; and back. */
static void wire_put(int64_t value, unsigned char *to) {
  for (int b = 0; b < WIRE_BYTES; b++)
    to[b] = (unsigned char)((uint64_t)value >> (8 * b));
}

static int64_t wire_get(const unsigned char *from) {
  uint64_t value = 0;
  for (int b = 0; b < WIRE_BYTES; b++)
    value |= (uint64_t)from[b] << (8 * b);
  return (int64_t)(value << (64 - SOLVER_SUM_BITS)) >> (64 - SOLVER_SUM_BITS);
}

static void segments(const heavy_reduce *s, lid h, const off **cut, off *n) {
  *cut = s->cuts.cut + s->cuts.first_cut[h];
  *n = s->cuts.first_cut[h + 1] - s->cuts.first_cut[h] - 1;
}

/* Our part of list row h's sums. */
static void sum_part(const heavy_reduce *s, solver *solver, lid h, int64_t *sums, off size) {
  const off *cut;
  off n;
  segments(s, h, &cut, &n);
  memset(sums, 0, sizeof *sums * (size_t)size);
  solver_sums_add(solver, &s->part, cut, n, s->list.count[h], sums);
}

/* Rows of every owner in one batch: the same on all ranks. */
static lid batch_rows(int ranks, off size) {
  off rows = BATCH_BYTES / (WIRE_BYTES * size * ranks);
  return rows < 1 ? 1 : rows > 1 << 16 ? 1 << 16 : (lid)rows;
}

static lid most_owned(const heavy_reduce *s, int ranks) {
  lid most = 0;
  for (int r = 0; r < ranks; r++)
    most = s->bound[r + 1] - s->bound[r] > most ? s->bound[r + 1] - s->bound[r] : most;
  return most;
}

/* One batch: rows done … done + n - 1 of every owner. */
typedef struct wave {
  off size; /* numbers in a row's sums */
  size_t row_bytes;
  lid batch, room;               /* most rows of an owner: batch_rows(), and in fact */
  off *give_counts, *got_counts; /* [ranks] */
  off *next;                     /* [ranks] */
  unsigned char *give, *got, *far;
  off n_mine; /* rows added up here: ours, and those we gather for other hosts */
  lid done;
  int64_t *sums; /* [size] */
} wave;

/* Rows of give, got and far. */
static void wave_rooms(lid room, int ranks, int mates, int hosts, off rooms[3]) {
  rooms[0] = (off)room * ranks;
  rooms[1] = mates * (room + (ranks - mates) * (((off)room + mates - 1) / mates));
  rooms[2] = (off)room * (hosts - 1);
}

static status wave_create(const comm *c, const heavy_reduce *s, off size, wave *w) {
  status st = OK;
  off rooms[3];
  lid most = most_owned(s, c->size);
  *w = (wave){.size = size, .row_bytes = WIRE_BYTES * (size_t)size, .batch = batch_rows(c->size, size)};
  w->room = most < w->batch ? most : w->batch;
  wave_rooms(w->room, c->size, comm_ranks_on_host(c), c->hosts, rooms);
  TRY(MEM_ALLOC(w->sums, size, "sums of a heavy row"));
  TRY(MEM_ALLOC(w->give_counts, c->size, "sums of heavy rows"));
  TRY(MEM_ALLOC(w->got_counts, c->size, "sums of heavy rows"));
  TRY(MEM_ALLOC(w->next, c->size, "sums of heavy rows"));
  TRY(mem_alloc((void *)&w->give, rooms[0], w->row_bytes, "sums of heavy rows"));
  TRY(mem_alloc((void *)&w->got, rooms[1], w->row_bytes, "sums of heavy rows"));
  TRY(mem_alloc((void *)&w->far, rooms[2], w->row_bytes, "sums of heavy rows"));
done:
  return st;
}

static void wave_free(wave *w) {
  mem_free(w->sums);
  mem_free(w->give_counts);
  mem_free(w->got_counts);
  mem_free(w->next);
  mem_free(w->give);
  mem_free(w->got);
  mem_free(w->far);
}

/* Rows of an owner in this batch, the first of them in the list in *first. */
static lid wave_rows(const heavy_reduce *s, const wave *w, int owner, lid *first) {
  lid left = s->bound[owner + 1] - s->bound[owner] - w->done;
  *first = s->bound[owner] + w->done;
  return left < 0 ? 0 : left < w->batch ? left : w->batch;
}

static void put_sums(const wave *w, unsigned char *to) {
  for (off j = 0; j < w->size; j++, to += WIRE_BYTES)
    wire_put(w->sums[j], to);
}

static void add_sums(wave *w, const unsigned char *from) {
  for (off j = 0; j < w->size; j++, from += WIRE_BYTES)
    w->sums[j] += wire_get(from);
}

/* The rank that adds up our host's parts of an owner's row: the owner, if it is on our host. */
static int receiver(const comm *c, int owner, lid h) {
  int mine = comm_host(c, c->rank);
  return comm_host(c, owner) == mine ? owner : gatherer(c, mine, h);
}

/* Sends every rank's part of each row to its receiver on the host. */
static void meet_on_host(comm *c, const heavy_reduce *s, solver *solver, wave *w) {
  lid first;
  memset(w->give_counts, 0, sizeof *w->give_counts * (size_t)c->size);
  for (int r = 0; r < c->size; r++)
    for (lid i = 0, n = wave_rows(s, w, r, &first); i < n; i++)
      w->give_counts[receiver(c, r, first + i)]++;
  comm_starts(w->next, w->give_counts, c->size);
  for (int r = 0; r < c->size; r++)
    for (lid i = 0, n = wave_rows(s, w, r, &first); i < n; i++) {
      sum_part(s, solver, first + i, w->sums, w->size);
      put_sums(w, w->give + (size_t)w->next[receiver(c, r, first + i)]++ * w->row_bytes);
    }
  w->n_mine = w->give_counts[c->rank]; /* the other ranks of our host have parts of the same rows for us */
  for (int r = 0; r < c->size; r++)
    w->got_counts[r] = comm_host(c, r) == comm_host(c, c->rank) ? w->n_mine : 0;
  comm_move_rows(c, w->give, w->give_counts, w->got, w->got_counts, w->row_bytes);
}

/* Adds up our host's parts of the i-th row that is added up here. */
static void add_host(const comm *c, wave *w, off i) {
  int mates = comm_ranks_on_host(c);
  memset(w->sums, 0, sizeof *w->sums * (size_t)w->size);
  for (int m = 0; m < mates; m++)
    add_sums(w, w->got + (size_t)(m * w->n_mine + i) * w->row_bytes);
}

/* Sends one sum a host to the owners on other hosts. Sets w->next[r] to where rank r's begin in `far`; returns which of
 * the rows added up here is the first of ours. */
static off cross_hosts(comm *c, const heavy_reduce *s, wave *w) {
  lid first;
  off i = 0, n_far = 0, own_at = 0;
  memset(w->give_counts, 0, sizeof *w->give_counts * (size_t)c->size);
  memset(w->got_counts, 0, sizeof *w->got_counts * (size_t)c->size);
  for (int r = 0; r < c->size; r++)
    for (lid row = 0, n = wave_rows(s, w, r, &first); row < n; row++) {
      if (receiver(c, r, first + row) != c->rank)
        continue;
      if (r == c->rank && row == 0)
        own_at = i;
      if (r != c->rank) {
        add_host(c, w, i);
        put_sums(w, w->give + (size_t)n_far++ * w->row_bytes);
        w->give_counts[r]++;
      }
      i++;
    }
  for (lid row = 0, n = wave_rows(s, w, c->rank, &first); row < n; row++)
    for (int h = 0; h < c->hosts; h++)
      if (h != comm_host(c, c->rank))
        w->got_counts[gatherer(c, h, first + row)]++;
  comm_starts(w->next, w->got_counts, c->size);
  if (c->hosts > 1)
    comm_move_rows(c, w->give, w->give_counts, w->far, w->got_counts, w->row_bytes);
  return own_at;
}

status heavy_reduce_solve(comm *c, const heavy_reduce *s, solver *solver, off ld, real *x, real *bias) {
  wave w;
  status failed = OK, st = comm_agree(c, wave_create(c, s, solver_sums_size(solver), &w));
  for (; st == OK && w.done < most_owned(s, c->size); w.done += w.batch) {
    lid first, own = wave_rows(s, &w, c->rank, &first);
    meet_on_host(c, s, solver, &w);
    off own_at = cross_hosts(c, s, &w);
    for (lid i = 0; i < own && failed == OK; i++) {
      add_host(c, &w, own_at + i);
      for (int h = 0; h < c->hosts; h++)
        if (h != comm_host(c, c->rank))
          add_sums(&w, w.far + (size_t)w.next[gatherer(c, h, first + i)]++ * w.row_bytes);
      off at = w.done + i, n = s->list.count[first + i];
      failed = solver_sums_solve(solver, w.sums, n, x + at * ld, bias != NULL ? bias + at : NULL);
      if (failed != OK)
        status_fail(failed, "row %lld (%lld interactions): %s", (long long)s->list.row[first + i], (long long)n,
                    status_message());
    }
  }
  wave_free(&w);
  return st == OK ? comm_agree(c, failed) : st;
}

int64_t heavy_reduce_solve_memory(lid owned, int ranks, int ranks_on_host, int hosts, off sums_size) {
  off rooms[3];
  lid batch = batch_rows(ranks, sums_size);
  wave_rooms(owned < batch ? owned : batch, ranks, ranks_on_host, hosts, rooms);
  return (rooms[0] + rooms[1] + rooms[2]) * WIRE_BYTES * sums_size + 8 * sums_size;
}

/* The owners' `width` floats of every heavy row, on all ranks; once to each host. */
static void share_heavy(comm *c, const heavy_reduce *s, const real *own, off width, off *counts, real *all) {
  for (int r = 0; r < c->size; r++)
    counts[r] = s->bound[r + 1] - s->bound[r];
  comm_share_rows(c, own, all, counts, (size_t)width * sizeof(real));
}

/* Arrays for the losses of all heavy rows. */
typedef struct losses {
  double *term;   /* of our segments */
  int64_t *sum;   /* [heavy rows] */
  off *counts;    /* [ranks] */
  real *x, *bias; /* (heavy rows, ld): the solutions */
} losses;

static status losses_create(losses *l, const comm *c, const heavy_reduce *s, off ld) {
  status st = OK;
  *l = (losses){0};
  TRY(MEM_ALLOC(l->term, s->cuts.first_cut[s->list.n], "losses of heavy rows"));
  TRY(MEM_ZALLOC(l->sum, s->list.n, "losses of heavy rows"));
  TRY(MEM_ALLOC(l->counts, c->size, "losses of heavy rows"));
  TRY(MEM_ALLOC(l->x, s->list.n * ld, "heavy rows"));
  TRY(MEM_ALLOC(l->bias, s->list.n, "heavy rows"));
done:
  return st;
}

static void losses_free(losses *l) {
  mem_free(l->term);
  mem_free(l->sum);
  mem_free(l->counts);
  mem_free(l->x);
  mem_free(l->bias);
}

status heavy_reduce_loss(comm *c, const heavy_reduce *s, solver *solver, const real *x, const real *bias, off ld,
                         double *loss) {
  losses l;
  const off *cut;
  off n;
  status st = comm_agree(c, losses_create(&l, c, s, ld));
  if (st != OK)
    goto done;
  share_heavy(c, s, x, ld, l.counts, l.x);
  if (bias != NULL)
    share_heavy(c, s, bias, 1, l.counts, l.bias);
  for (lid h = 0; h < s->list.n; h++) {
    segments(s, h, &cut, &n);
    double *own = l.term + s->cuts.first_cut[h];
    solver_segments_loss(solver, &s->part, cut, n, l.x + h * ld, bias != NULL ? l.bias + h : NULL, own);
    loss[h] = 0;
    for (off i = 0; i < n; i++)
      loss[h] = fmax(loss[h], fabs(own[i]));
  }
  comm_max_f64(c, loss, s->list.n); /* a NaN is found by the sum over all rows */
  for (lid h = 0; h < s->list.n; h++) {
    segments(s, h, &cut, &n);
    exact_scale scale = solver_loss_scale(loss[h], s->list.count[h]);
    for (off i = 0; i < n; i++)
      l.sum[h] += exact_term(scale, l.term[s->cuts.first_cut[h] + i]);
  }
  comm_sum_i64(c, l.sum, s->list.n);
  for (lid h = 0; h < s->list.n; h++)
    loss[h] = exact_value(solver_loss_scale(loss[h], s->list.count[h]), l.sum[h]);
done:
  losses_free(&l);
  return st;
}

int64_t heavy_reduce_solve_bytes(lid n_heavy, int ranks, off sums_size) {
  return (int64_t)n_heavy * (ranks - 1) * WIRE_BYTES * sums_size;
}
