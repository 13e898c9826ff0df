#include "train/solve/row/cg.h"

#include "io/base/mem.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { MOST_STEPS = 5 };
/* Steps end when the error, in the norm of the preconditioner, is this share of the first: a half sweep moves a row by
 * many times what is left. */
static const double SHARE = 0.03;
/* If the rate of the last step lets the next one reach this share, the next one is the last: without the residual after
 * it, it costs half. */
static const double LAST_SHARE = 0.5;

int cg_class(off n) {
  int e = 63 - __builtin_clzll((unsigned long long)n);
  /* n^2 >= 2^(2 e + 1): the upper half of the octave. In double: exact up to 2^26, and beyond that harmless. */
  return 2 * e + ((double)n * (double)n >= ldexp(1, 2 * e + 1));
}

status cg_create(row_shared *s) {
  if (s->p.seen == NULL || (s->n_sums == 2 && s->p.seen_mean == NULL))
    return OK;
  return MEM_ZALLOC(s->cg, 1, "a solver");
}

void cg_free(row_shared *s) {
  for (int c = 0; s->cg != NULL && c < CG_CLASSES; c++)
    mem_free(s->cg->preconditioner[c]);
  mem_free(s->cg);
  s->cg = NULL;
}

off cg_scratch(const row_shared *s) {
  return CG_VECTORS * s->p.ld;
}

bool cg_suits(const row_shared *s, off n) {
  /* Explicit rows with fewer interactions than factors: the mean system says little about the directions in which this
   * row has none, and there only the ridge counts. */
  return s->cg != NULL && !(s->p.explicit_loss && n < s->p.k);
}

/* Inverts M_n for a class, with w's work space; leaves NULL if single precision is not accurate enough. */
static status prepare_class(const row_shared *s, row_work *w, int c) {
  int k = s->p.k, width = s->nb * s->ops->vl;
  double n = exp2((c + 0.5) / 2);
  real *inverse;
  status st = MEM_ZALLOC(inverse, (width + 1) * s->lda, "a preconditioner");
  if (st != OK)
    return st;
  double lambda = half_problem_lambda(&s->p, (off)(n + 0.5));
  for (int i = 0; i < width; i++)
    for (int j = 0; j < width; j++) {
      double m = i == j ? (i < k ? lambda : 1) : 0;
      if (i < k && j < k) {
        m += n * s->p.mean_a * s->p.seen[(off)i * k + j];
        if (!s->p.explicit_loss)
          m += s->p.alpha0 * s->p.gram[(off)i * k + j];
      }
      w->matrix[i * s->lda + j] = (real)m;
    }
  if (!s->ops->factor(s->nb, w->matrix, s->lda, w->inverse, w->root)) {
    mem_free(inverse);
    return OK;
  }
  for (int i = 0; i < width; i++)
    inverse[i * s->lda + i] = 1;
  s->ops->solve(s->nb, w->matrix, s->lda, w->inverse, w->root, width, inverse, s->lda);
  if (s->n_sums == 2) {
    /* The bias borders M_n with n times the mean row. M_n⁻¹ times that border is stored, and the Schur complement
     * behind it. */
    double rest = n + lambda;
    real *border = inverse + width * s->lda, *mean = w->z;
    memset(mean, 0, sizeof *mean * (size_t)s->p.ld);
    for (int i = 0; i < k; i++)
      mean[i] = (real)(n * s->p.seen_mean[i]);
    s->ops->multiply(s->nb, inverse, s->lda, mean, border);
    for (int i = 0; i < k; i++)
      rest -= (double)mean[i] * (double)border[i];
    border[s->p.ld] = (real)(rest > 1e-3 * n ? rest : 1e-3 * n);
  }
  s->cg->preconditioner[c] = inverse;
  return OK;
}

status cg_prepare(const row_shared *s, row_work *work, int threads, const csr *m, lid first, lid count) {
  int wanted[CG_CLASSES], n_wanted = 0;
  status st = OK;
  if (s->cg == NULL)
    return OK;
  for (lid r = first; r < first + count; r++) {
    off n = m->ptr[r + 1] - m->ptr[r];
    if (!row_method_suits(s, n))
      continue;
    int c = cg_class(n);
    if (!s->cg->tried[c]) {
      s->cg->tried[c] = true;
      wanted[n_wanted++] = c;
    }
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (int i = 0; i < n_wanted; i++) {
    status own = prepare_class(s, &work[omp_get_thread_num()], wanted[i]);
#pragma omp critical(cg_prepare)
    st = own != OK ? own : st;
  }
  return st == OK ? OK : status_fail(st, "no memory for the preconditioners of the systems");
}

static double dot(const real *a, const real *b, off n) {
  double sum[8] = {0};
  for (off i = 0; i < n; i += 8) /* n is a multiple of 16 */
    for (int j = 0; j < 8; j++)
      sum[j] += (double)a[i + j] * (double)b[i + j];
  return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

/* q += α0 G v + λ v. */
static void add_shared(const row_shared *s, row_work *w, double lambda, const real *v, real *q) {
  off ld = s->p.ld;
  real l = (real)lambda;
  if (s->dense != NULL) {
    s->ops->multiply(s->nb, s->dense, s->lda, v, w->z);
    for (off i = 0; i < ld; i++)
      q[i] += w->z[i] + l * v[i];
  } else
    for (off i = 0; i < ld; i++)
      q[i] += l * v[i];
}

/* z = M⁻¹ r, bias included. */
static void precondition(const row_shared *s, const real *inverse, bool biases, const real *r, real r_bias, real *z,
                         real *z_bias) {
  s->ops->multiply(s->nb, inverse, s->lda, r, z);
  *z_bias = 0;
  if (!biases)
    return;
  const real *border = inverse + s->nb * s->ops->vl * s->lda;
  *z_bias = (real)(((double)r_bias - dot(border, r, s->p.ld)) / (double)border[s->p.ld]);
  for (off i = 0; i < s->p.ld; i++)
    z[i] -= *z_bias * border[i];
}

/* Computes the next direction from the residual, or ends. */
static cg_pass turn(const row_shared *s, row_work *w, cg_row *t) {
  off ld = s->p.ld;
  real z_bias;
  precondition(s, t->preconditioner, t->biases, t->r, t->r_bias, w->z, &z_bias);
  double before = t->rho, rho = dot(t->r, w->z, ld) + (double)t->r_bias * (double)z_bias;
  if (t->steps == 0) {
    t->goal = SHARE * SHARE * rho;
    t->last_goal = LAST_SHARE * LAST_SHARE * rho;
  }
  t->rho = rho;
  if (!(rho > t->goal))
    return isfinite(rho) ? CG_DONE : CG_BROKEN;
  real beta = t->steps == 0 ? 0 : (real)(rho / before);
  for (off i = 0; i < ld; i++)
    t->d[i] = w->z[i] + beta * t->d[i];
  t->d_bias = z_bias + beta * t->d_bias;
  return t->steps + 1 == MOST_STEPS || (t->steps > 0 && rho * rho <= before * t->last_goal) ? CG_CURVATURE : CG_PRODUCT;
}

/* Chooses what follows the pass that left Σ w y in t->q, Σ w in `total` and the third sum in `square`. */
static cg_pass after_pass(const row_shared *s, row_work *w, cg_row *t, cg_pass pass, double total, double square) {
  off ld = s->p.ld;
  real l = (real)t->lambda;
  if (pass == CG_RESIDUAL) {
    t->data = t->data_before = square;
    memcpy(t->g, t->q, sizeof *t->g * (size_t)ld);
    t->g_bias = (real)total;
    add_shared(s, w, t->lambda, t->x, t->q);
    for (off i = 0; i < ld; i++)
      t->r[i] = -t->q[i];
    t->r_bias = t->biases ? -((real)total + l * t->bias) : 0;
    return turn(s, w, t);
  }
  double slope = dot(t->d, t->g, ld) + (t->biases ? (double)t->d_bias * (double)t->g_bias : 0);
  if (pass == CG_PRODUCT) {
    square = dot(t->d, t->q, ld) + (t->biases ? (double)t->d_bias * total : 0);
    memcpy(w->step, t->q, sizeof *w->step * (size_t)ld);
  } else
    memset(t->q, 0, sizeof *t->q * (size_t)ld);
  add_shared(s, w, t->lambda, t->d, t->q);
  double curvature = dot(t->d, t->q, ld) + (pass == CG_CURVATURE ? square : 0);
  if (t->biases)
    curvature += (double)t->d_bias * ((pass == CG_PRODUCT ? total : 0) + t->lambda * (double)t->d_bias);
  if (!(curvature > 0))
    return CG_BROKEN;
  double alpha = t->rho / curvature;
  real a = (real)alpha;
  t->data += alpha * (2 * slope + alpha * square);
  for (off i = 0; i < ld; i++)
    t->x[i] += a * t->d[i];
  t->bias += a * t->d_bias;
  if (pass == CG_CURVATURE)
    return CG_DONE;
  for (off i = 0; i < ld; i++) {
    t->r[i] -= a * t->q[i];
    t->g[i] += a * w->step[i];
  }
  if (t->biases) {
    t->r_bias -= a * ((real)total + l * t->d_bias);
    t->g_bias += a * (real)total;
  }
  t->steps++;
  return turn(s, w, t);
}

void cg_begin(const row_shared *s, off n, const real *x, real bias, real *vectors, cg_row *t) {
  off ld = s->p.ld;
  *t = (cg_row){.n = n,
                .lambda = half_problem_lambda(&s->p, n),
                .preconditioner = s->cg->preconditioner[cg_class(n)],
                .biases = s->n_sums == 2,
                .x = vectors,
                .r = vectors + ld,
                .d = vectors + 2 * ld,
                .q = vectors + 3 * ld,
                .g = vectors + 4 * ld,
                .bias = bias};
  memcpy(t->x, x, sizeof *x * (size_t)ld);
  memset(t->d, 0, sizeof *t->d * (size_t)ld);
}

visit_rows cg_interactions(const row_shared *s, const csr *m, off begin) {
  return (visit_rows){.table = s->p.table,
                      .ld = s->p.ld,
                      .col = m->col + begin,
                      .val = m->val + begin,
                      .explicit_loss = s->p.explicit_loss,
                      .base = (real)s->p.base,
                      .mean = (real)s->p.mean,
                      .bias = s->p.bias};
}

void cg_pass_clear(const row_shared *s, cg_row *t, cg_sums *sums) {
  memset(t->q, 0, sizeof *t->q * (size_t)s->p.ld);
  *sums = (cg_sums){0};
}

void cg_pass_visit(const row_shared *s, cg_row *t, cg_pass pass, const visit_rows *rows, off from, off to,
                   cg_sums *sums) {
  static const visit_kind KIND[] = {
      [CG_RESIDUAL] = VISIT_RESIDUAL, [CG_PRODUCT] = VISIT_PRODUCT, [CG_CURVATURE] = VISIT_CURVATURE};
  bool first = pass == CG_RESIDUAL;
  s->ops->visit(s->nb, KIND[pass], rows, from, to, first ? t->x : t->d, first ? t->bias : t->d_bias, t->q, sums->total,
                sums->square);
}

cg_pass cg_pass_take(const row_shared *s, row_work *w, cg_row *t, cg_pass pass, const cg_sums *sums) {
  double total = 0, square = 0;
  for (int i = 0; i < s->ops->vl; i++) {
    total += (double)sums->total[i];
    square += sums->square[i];
  }
  return after_pass(s, w, t, pass, total, square);
}

bool cg_end(const row_shared *s, row_work *w, const csr *m, off begin, const cg_row *t, cg_pass last, real *x,
            real *own_bias, double *loss) {
  off ld = s->p.ld;
  bool finite = last == CG_DONE && isfinite(t->bias);
  for (off i = 0; i < ld; i++)
    finite = finite && isfinite(t->x[i]);
  if (!finite)
    return false;
  memcpy(x, t->x, sizeof *x * (size_t)ld);
  if (t->biases)
    *own_bias = t->bias;
  /* If little of the data term is left, the rounding of what was subtracted shows. */
  if (loss != NULL)
    *loss = fabs(t->data) > 1e-2 * fabs(t->data_before) ? t->data
                                                        : row_data_loss(s, w, m, begin, begin + t->n, x, own_bias);
  return true;
}

bool row_cg(const row_shared *s, row_work *w, const csr *m, off begin, off end, real *x, real *own_bias, double *loss) {
  enum { AHEAD = 32 };
  off n = end - begin;
  cg_row t;
  cg_sums sums;
  if (s->cg->preconditioner[cg_class(n)] == NULL)
    return false;
  cg_begin(s, n, x, own_bias != NULL ? *own_bias : 0, w->scratch, &t);
  visit_rows rows = cg_interactions(s, m, begin);
  rows.distance = AHEAD;
  rows.known = csr_nnz(m) - begin;
  cg_pass pass = CG_RESIDUAL;
  while (pass != CG_DONE && pass != CG_BROKEN) {
    cg_pass_clear(s, &t, &sums);
    cg_pass_visit(s, &t, pass, &rows, 0, n, &sums);
    pass = cg_pass_take(s, w, &t, pass, &sums);
    if (n <= cg_longest_short(s))
      rows.known = 0; /* the row is in the second-level cache from here on */
  }
  return cg_end(s, w, m, begin, &t, pass, x, own_bias, loss);
}
