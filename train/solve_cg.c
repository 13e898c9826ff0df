#include "train/solve_cg.h"

#include "io/mem.h"

#include <math.h>
#include <string.h>

enum { MOST_STEPS = 5 };
/* Steps go on until the error, in the norm of the preconditioner, is this share of what it was: what a half sweep moves
 * a row is many times what is left. */
static const double SHARE = 0.1;

int cg_class(off n) {
  int e = 63 - __builtin_clzll((unsigned long long)n);
  /* n^2 >= 2^(2 e + 1): the upper half of the octave. In double: exact up to 2^26, and beyond that harmless. */
  return 2 * e + ((double)n * (double)n >= ldexp(1, 2 * e + 1));
}

status cg_prepare(row_shared *s, row_work *w, int c) {
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
    /* The bias borders M_n with n times the mean row; its Schur complement stands behind M_n⁻¹ times that border. */
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
  s->near[c] = inverse;
  return OK;
}

int cg_panels(off ld) {
  enum { BYTES = 640 << 10, MOST = 64 /* a bit each, see walk */ };
  off panels = BYTES / (PANEL_ROWS * ld * (off)sizeof(real));
  return panels < 1 ? 1 : panels > MOST ? MOST : (int)panels;
}

/* Going over a row's interactions several times. */
typedef struct walk {
  const row_shared *s;
  row_work *w;
  const csr *m;
  off begin, end;
  bool held;      /* all fit into the panels */
  bool gathered;  /* and are there */
  uint64_t plain; /* bit p: all a of panel p are 1 */
} walk;

/* q = Σ w y and *total = Σ w with w = a (v · y + shift), less b where `less`. */
static void pass(walk *t, const real *v, real shift, bool less, real *q, real *total) {
  const row_shared *s = t->s;
  row_work *w = t->w;
  int panel = 0;
  memset(q, 0, sizeof *q * (size_t)s->p.ld);
  *total = 0;
  for (off e = t->begin; e < t->end; e += PANEL_ROWS, panel += t->held) {
    int n = t->end - e < PANEL_ROWS ? (int)(t->end - e) : PANEL_ROWS;
    real *y = w->y + panel * PANEL_ROWS * s->p.ld, *a = w->a + panel * PANEL_ROWS;
    if (!t->gathered) {
      bool ones = row_weights(s, w, t->m, e, n, panel);
      t->plain = (t->plain & ~((uint64_t)1 << panel)) | (uint64_t)ones << panel;
      s->ops->gather(s->nb, s->p.table, s->p.ld, t->m->col + e, n, row_ahead(t->m, e, n, GATHER_AHEAD), y);
    }
    s->ops->apply(s->nb, y, n, t->plain >> panel & 1 ? NULL : a, less ? w->b + panel * PANEL_ROWS : NULL, v, shift, q,
                  total);
  }
  t->gathered = t->held;
}

static double dot(const real *a, const real *b, off n) {
  double sum[8] = {0};
  for (off i = 0; i < n; i += 8) /* n is a multiple of 16 */
    for (int j = 0; j < 8; j++)
      sum[j] += (double)a[i + j] * (double)b[i + j];
  return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

/* q = A v, *total the bias's place of it. */
static void product(walk *t, double lambda, const real *v, real shift, real *q, real *total, bool residual) {
  const row_shared *s = t->s;
  off ld = s->p.ld;
  pass(t, v, shift, residual, q, total);
  real l = (real)lambda;
  if (s->dense != NULL) {
    s->ops->multiply(s->nb, s->dense, s->lda, v, t->w->z);
    for (off i = 0; i < ld; i++)
      q[i] += t->w->z[i] + l * v[i];
  } else
    for (off i = 0; i < ld; i++)
      q[i] += l * v[i];
  *total += l * shift;
}

/* z = M⁻¹ r, bias included. */
static void precondition(const row_shared *s, const real *near, bool biases, const real *r, real r_bias, real *z,
                         real *z_bias) {
  s->ops->multiply(s->nb, near, s->lda, r, z);
  *z_bias = 0;
  if (!biases)
    return;
  const real *border = near + s->nb * s->ops->vl * s->lda;
  *z_bias = (real)(((double)r_bias - dot(border, r, s->p.ld)) / (double)border[s->p.ld]);
  for (off i = 0; i < s->p.ld; i++)
    z[i] -= *z_bias * border[i];
}

bool row_cg(const row_shared *s, row_work *w, const csr *m, off begin, off end, real *x, real *own_bias, double *loss) {
  const real *near = s->near != NULL ? s->near[cg_class(end - begin)] : NULL;
  if (near == NULL)
    return false;
  off ld = s->p.ld, n = end - begin;
  bool biases = own_bias != NULL;
  double lambda = half_problem_lambda(&s->p, n);
  walk t = {.s = s, .w = w, .m = m, .begin = begin, .end = end, .held = n <= (off)s->panels * PANEL_ROWS};
  real *now = w->x, *r = w->r, *z = w->z, *d = w->d, *q = w->q;
  real bias = biases ? *own_bias : 0, r_bias = 0, d_bias = 0, q_bias;
  memcpy(now, x, sizeof *x * (size_t)ld);
  memset(d, 0, sizeof *d * (size_t)ld);
  product(&t, lambda, now, bias, q, &q_bias, true);
  for (off i = 0; i < ld; i++)
    r[i] = -q[i];
  r_bias = biases ? -q_bias : 0;
  double rho = 0, goal = 0;
  for (int step = 0; step <= MOST_STEPS; step++) {
    real z_bias;
    precondition(s, near, biases, r, r_bias, z, &z_bias);
    double before = rho;
    rho = dot(r, z, ld) + (double)r_bias * (double)z_bias;
    if (step == 0)
      goal = SHARE * SHARE * rho;
    if (!(rho > goal) || step == MOST_STEPS)
      break;
    real beta = step == 0 ? 0 : (real)(rho / before);
    for (off i = 0; i < ld; i++)
      d[i] = z[i] + beta * d[i];
    d_bias = z_bias + beta * d_bias;
    product(&t, lambda, d, d_bias, q, &q_bias, false);
    double curvature = dot(d, q, ld) + (biases ? (double)d_bias * (double)q_bias : 0);
    if (!(curvature > 0))
      return false;
    real alpha = (real)(rho / curvature);
    for (off i = 0; i < ld; i++) {
      now[i] += alpha * d[i];
      r[i] -= alpha * q[i];
    }
    if (biases) {
      bias += alpha * d_bias;
      r_bias -= alpha * q_bias;
    }
  }
  bool finite = isfinite(rho) && isfinite(bias);
  for (off i = 0; i < ld; i++)
    finite = finite && isfinite(now[i]);
  if (!finite)
    return false;
  memcpy(x, now, sizeof *x * (size_t)ld);
  if (biases)
    *own_bias = bias;
  if (loss != NULL)
    *loss = row_data_loss(s, w, m, begin, end, t.held, x, own_bias);
  return true;
}
