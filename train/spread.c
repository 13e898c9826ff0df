#include "train/spread.h"

#include "io/mem.h"
#include "train/heavy.h"

#include <math.h>
#include <string.h>

enum { WIRE_BYTES = SOLVER_SUM_BITS / 8, BATCH_BYTES = 32 << 20 };

struct spread {
  heavy_list list;
  lid *bound;      /* [ranks + 1]: list rows bound[r] … bound[r+1]-1 belong to rank r */
  csr part;        /* (list rows): our users, as table rows */
  heavy_rows cuts; /* of every row of part */
  int rank;
};

/* --- the list --- */

typedef struct heavy_entry {
  lid row;
  off count;
} heavy_entry;

status heavy_list_create(comm *c, const part *begin, const off *counts, off threshold, heavy_list *out) {
  status st = OK;
  heavy_entry *mine = NULL, *all = NULL;
  off *shares = NULL;
  gid first = begin->first[c->rank], n_rows = part_count(begin, c->rank);
  off n = 0, total = 0;
  *out = (heavy_list){0};
  for (gid i = 0; i < n_rows; i++)
    n += counts[i] >= threshold;
  st = MEM_ALLOC(mine, n, "heavy rows");
  if (st == OK)
    st = MEM_ALLOC(shares, c->size, "heavy rows");
  TRY(comm_agree(c, st));
  n = 0;
  for (gid i = 0; i < n_rows; i++)
    if (counts[i] >= threshold)
      mine[n++] = (heavy_entry){(lid)(first + i), counts[i]};
  comm_gather_i64(c, n, shares);
  for (int r = 0; r < c->size; r++)
    total += shares[r];
  st = MEM_ALLOC(all, total, "heavy rows");
  if (st == OK)
    st = MEM_ALLOC(out->row, total, "heavy rows");
  if (st == OK)
    st = MEM_ALLOC(out->count, total, "heavy rows");
  if (st == OK)
    st = row_set_create(&out->rows, begin->n);
  TRY(comm_agree(c, st));
  comm_share_rows(c, mine, all, shares, sizeof *all);
  out->n = (lid)total;
  for (off i = 0; i < total; i++) {
    out->row[i] = all[i].row;
    out->count[i] = all[i].count;
    row_set_add(&out->rows, all[i].row);
  }
  row_set_count(&out->rows);
done:
  mem_free(mine);
  mem_free(all);
  mem_free(shares);
  if (st != OK)
    heavy_list_free(out);
  return st;
}

void heavy_list_free(heavy_list *l) {
  mem_free(l->row);
  mem_free(l->count);
  row_set_free(&l->rows);
  *l = (heavy_list){0};
}

/* --- our part --- */

static status take_part(spread *s, const csr *users, gid first_user, lid own_at, gid granule) {
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

status spread_create(comm *c, const csr *users, const part *owners, gid first_user, lid own_at, gid granule,
                     heavy_list *list, spread **out) {
  spread *s = NULL;
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
    st = take_part(s, users, first_user, own_at, granule);
  }
  st = comm_agree(c, st);
  if (st != OK) {
    spread_free(s);
    s = NULL;
  }
  *out = s;
  return st;
}

void spread_free(spread *s) {
  if (s == NULL)
    return;
  heavy_list_free(&s->list);
  csr_free(&s->part);
  heavy_rows_free(&s->cuts);
  mem_free(s->bound);
  mem_free(s);
}

void spread_own(const spread *s, lid *first, lid *n) {
  *first = s->bound[s->rank];
  *n = s->bound[s->rank + 1] - *first;
}

const heavy_list *spread_list(const spread *s) {
  return &s->list;
}

off spread_pairs(const spread *s) {
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

static void segments(const spread *s, lid h, const off **cut, off *n) {
  *cut = s->cuts.cut + s->cuts.first_cut[h];
  *n = s->cuts.first_cut[h + 1] - s->cuts.first_cut[h] - 1;
}

/* Our part of list row h's sums. */
static void sum_part(const spread *s, solver *solver, lid h, int64_t *sums, off size) {
  const off *cut;
  off n;
  segments(s, h, &cut, &n);
  memset(sums, 0, sizeof *sums * (size_t)size);
  solver_sums_add(solver, &s->part, cut, n, s->list.count[h], sums);
}

/* Rows of every owner that one batch takes: a function of what all ranks know. */
static lid batch_rows(int ranks, off size) {
  off rows = BATCH_BYTES / (WIRE_BYTES * size * ranks);
  return rows < 1 ? 1 : rows > 1 << 16 ? 1 << 16 : (lid)rows;
}

static lid most_owned(const spread *s, int ranks) {
  lid most = 0;
  for (int r = 0; r < ranks; r++)
    most = s->bound[r + 1] - s->bound[r] > most ? s->bound[r + 1] - s->bound[r] : most;
  return most;
}

status spread_solve(comm *c, const spread *s, solver *solver, off ld, real *x, real *bias) {
  off size = solver_sums_size(solver), *give_counts = NULL, *got_counts = NULL;
  lid batch = batch_rows(c->size, size), own_first, own_n;
  size_t row_bytes = WIRE_BYTES * (size_t)size;
  unsigned char *give = NULL, *got = NULL;
  int64_t *sums = NULL;
  spread_own(s, &own_first, &own_n);
  status st = MEM_ALLOC(sums, size, "sums of a heavy row");
  if (st == OK)
    st = MEM_ALLOC(give_counts, c->size, "sums of heavy rows");
  if (st == OK)
    st = MEM_ALLOC(got_counts, c->size, "sums of heavy rows");
  lid room = most_owned(s, c->size) < batch ? most_owned(s, c->size) : batch;
  if (st == OK)
    st = mem_alloc((void *)&give, (off)room * c->size, row_bytes, "sums of heavy rows");
  if (st == OK)
    st = mem_alloc((void *)&got, (off)room * c->size, row_bytes, "sums of heavy rows");
  TRY(comm_agree(c, st));
  status failed = OK;
  for (lid done = 0; done < most_owned(s, c->size); done += batch) {
    unsigned char *to = give;
    lid own = own_n - done < batch ? (own_n > done ? own_n - done : 0) : batch;
    for (int r = 0; r < c->size; r++) {
      lid left = s->bound[r + 1] - s->bound[r] - done, n = left < 0 ? 0 : left < batch ? left : batch;
      give_counts[r] = n;
      got_counts[r] = own;
      for (lid i = 0; i < n; i++) {
        sum_part(s, solver, s->bound[r] + done + i, sums, size);
        for (off j = 0; j < size; j++, to += WIRE_BYTES)
          wire_put(sums[j], to);
      }
    }
    comm_move_rows(c, give, give_counts, got, got_counts, row_bytes);
    for (lid i = 0; i < own && failed == OK; i++) {
      memset(sums, 0, sizeof *sums * (size_t)size);
      for (int r = 0; r < c->size; r++) {
        const unsigned char *from = got + ((size_t)r * (size_t)own + (size_t)i) * row_bytes;
        for (off j = 0; j < size; j++)
          sums[j] += wire_get(from + WIRE_BYTES * j);
      }
      lid h = done + i;
      failed =
          solver_sums_solve(solver, sums, s->list.count[own_first + h], x + h * ld, bias != NULL ? bias + h : NULL);
      if (failed != OK)
        status_fail(failed, "row %lld (%lld interactions): %s", (long long)s->list.row[own_first + h],
                    (long long)s->list.count[own_first + h], status_message());
    }
  }
  TRY(comm_agree(c, failed));
done:
  mem_free(sums);
  mem_free(give_counts);
  mem_free(got_counts);
  mem_free(give);
  mem_free(got);
  return st;
}

/* The owners' `width` floats of every heavy row, on all ranks. */
static void share_heavy(comm *c, const spread *s, const real *own, off width, off *counts, real *all) {
  for (int r = 0; r < c->size; r++)
    counts[r] = s->bound[r + 1] - s->bound[r];
  comm_share_rows(c, own, all, counts, (size_t)width * sizeof(real));
}

status spread_loss(comm *c, const spread *s, solver *solver, const real *x, const real *bias, off ld, double *loss) {
  double *terms = NULL;
  int64_t *sums = NULL;
  off *counts = NULL, n_terms = s->cuts.first_cut[s->list.n];
  real *all_x = NULL, *all_bias = NULL;
  status st = MEM_ALLOC(terms, n_terms, "losses of heavy rows");
  if (st == OK)
    st = MEM_ZALLOC(sums, s->list.n, "losses of heavy rows");
  if (st == OK)
    st = MEM_ALLOC(counts, c->size, "losses of heavy rows");
  if (st == OK)
    st = MEM_ALLOC(all_x, s->list.n * ld, "heavy rows");
  if (st == OK)
    st = MEM_ALLOC(all_bias, s->list.n, "heavy rows");
  TRY(comm_agree(c, st));
  share_heavy(c, s, x, ld, counts, all_x);
  if (bias != NULL)
    share_heavy(c, s, bias, 1, counts, all_bias);
  for (lid h = 0; h < s->list.n; h++) {
    const off *cut;
    off n;
    segments(s, h, &cut, &n);
    double *own = terms + s->cuts.first_cut[h];
    solver_segments_loss(solver, &s->part, cut, n, all_x + h * ld, bias != NULL ? all_bias + h : NULL, own);
    loss[h] = 0;
    for (off i = 0; i < n; i++)
      loss[h] = fmax(loss[h], fabs(own[i]));
  }
  comm_max_f64(c, loss, s->list.n); /* a NaN comes to light in the sum over all rows */
  for (lid h = 0; h < s->list.n; h++) {
    const off *cut;
    off n;
    segments(s, h, &cut, &n);
    exact_scale scale = solver_loss_scale(loss[h], s->list.count[h]);
    for (off i = 0; i < n; i++)
      sums[h] += exact_term(scale, terms[s->cuts.first_cut[h] + i]);
  }
  comm_sum_i64(c, sums, s->list.n);
  for (lid h = 0; h < s->list.n; h++)
    loss[h] = exact_value(solver_loss_scale(loss[h], s->list.count[h]), sums[h]);
done:
  mem_free(terms);
  mem_free(sums);
  mem_free(counts);
  mem_free(all_x);
  mem_free(all_bias);
  return st;
}

int64_t spread_solve_bytes(lid n_heavy, int ranks, off sums_size) {
  return (int64_t)n_heavy * (ranks - 1) * WIRE_BYTES * sums_size;
}

int64_t spread_loss_bytes(lid n_heavy, int ranks, off ld, bool biases) {
  int64_t solutions = (int64_t)n_heavy * (ranks - 1) * (int64_t)sizeof(real) * (ld + (biases ? 1 : 0));
  return solutions + ranks * comm_reduce_bytes(ranks, 8 * (int64_t)n_heavy) * 2;
}
