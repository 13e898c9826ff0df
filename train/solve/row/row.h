/* One row of a half sweep: what all rows share, a thread's work space, what a method is, and the sums and losses that
 * methods are made of. Private to train/solve. */
#ifndef PALATE_TRAIN_SOLVE_ROW_ROW_H
#define PALATE_TRAIN_SOLVE_ROW_ROW_H

#include "train/rows/csr.h"
#include "train/solve/kernels/solve_kernel.h"
#include "train/solve/row/problem.h"

struct row_method;

/* What all rows of a half sweep share. */
typedef struct row_shared {
  half_problem p;
  const solve_ops *ops;
  int nb;        /* blocks of ops->vl factors */
  off lda;       /* of system matrices: ld + 16, so that their rows do not fall into the same cache sets */
  int n_sums;    /* right-hand sides of a row: 2 with biases */
  int panels;    /* that a thread holds at once: row_method.panels */
  int batch;     /* systems solved together */
  real *dense;   /* (ld, lda): alpha0 G, or NULL */
  real *twisted; /* its diagonal blocks in skewed form, or NULL */
  const struct row_method *method;
  struct cg_shared *cg;     /* preconditioners (train/solve/row/cg.h), or NULL */
  struct dual_shared *dual; /* what implicit dual systems need (train/solve/row/dual.h), or NULL */
} row_shared;

/* Most systems in a batch; most factors, and interactions of a row that has fewer. */
enum { ROW_BATCH_MOST = 16, ROW_SHORT_MOST = 512 };

/* One thread's work space. In a batch the systems follow one another; methods that need one system use the first. */
typedef struct row_work {
  real *y;      /* panels */
  real *ay;     /* one panel */
  real *b, *a;  /* (panels * PANEL_ROWS): weights of every interaction */
  real *dots;   /* (PANEL_ROWS) */
  real *scores; /* (panels * PANEL_ROWS): x · y of every interaction */
  real *matrix; /* a batch of (ld, lda) */
  real *skew;   /* a batch: diagonal blocks being summed */
  real *sums;   /* a batch of (2, ld): right-hand side; Σ y */
  double total; /* Σ b */
  real *x;      /* (2, ld) */
  real *inverse, *root;
  real *lanes, *solved;          /* of system_batch; a batch of (2, ld): its x */
  int queued;                    /* rows whose sums wait in the batch */
  lid row[ROW_BATCH_MOST];       /* [queued] */
  double totals[ROW_BATCH_MOST]; /* [queued]: their Σ b; Σ |y|² for a dual system */
  real *q, *z, *step;            /* (ld) each */
  real *scratch;                 /* row_method.scratch */
  real *turned;                  /* (ld, ld): a short row's columns in the eigenbasis, unless a table holds them */
  void *block;                   /* the allocation that holds them all */
} row_work;

struct output;
struct early_rows;

/* A method of --solver; the table of them is in methods.c. Members that are NULL do nothing. */
typedef struct row_method {
  /* It needs half_problem.seen: one more Gram matrix in each half sweep. */
  bool wants_mean_system;
  /* Under the explicit loss, rows with fewer interactions than factors are solved exactly by their dual systems
   * (train/solve/row/dual.h). */
  bool short_by_dual;
  /* `solve` works in the first place of the batch: rows that wait there are solved before. */
  bool uses_batch;
  /* Panels of `ld` that `solve` holds at once (NULL: 1), and floats of row_work.scratch. */
  int (*panels)(off ld);
  off (*scratch)(const row_shared *s);
  /* What all rows share, beside the problem itself: made with the solver, NO_MEMORY, and freed with it. */
  status (*create)(row_shared *s);
  void (*free)(row_shared *s);
  /* What rows first … first + count - 1 of m need before they are solved. work [threads]. NO_MEMORY. */
  status (*prepare)(const row_shared *s, row_work *work, int threads, const csr *m, lid first, lid count);
  /* Solves some of these rows together, those of `heavy` (may be NULL) excepted, and lists them in *done, whose memory
   * is then the caller's. NO_MEMORY. */
  status (*solve_early)(const row_shared *s, row_work *work, int threads, const csr *m, const heavy_rows *heavy,
                        lid first, lid count, const struct output *to, struct early_rows *done);
  /* Whether it solves rows of n >= 1 interactions: a function of n, k and what all rows share, so that results do not
   * depend on ranks or threads. The others, or all if this is NULL, are solved exactly (train/solve/row/cholesky.h). */
  bool (*suits)(const row_shared *s, off n);
  /* Improves x (ld), *own_bias (NULL: no biases) of the row of interactions begin … end - 1 of m. *loss (may be NULL)
   * is set to its data term. Returns false if that fails, with x as it was: the row is then solved exactly. */
  bool (*solve)(const row_shared *s, row_work *w, const csr *m, off begin, off end, real *x, real *own_bias,
                double *loss);
} row_method;

/* Whether rows of n interactions are solved by the method itself. */
static inline bool row_method_suits(const row_shared *s, off n) {
  return n > 0 && !s->p.nonnegative && s->method->suits != NULL && s->method->suits(s, n);
}

/* This processor's kernels. */
const solve_ops *row_ops(void);

/* The sizes of a problem, on this processor; nothing is allocated and there is no method yet. */
row_shared row_shape(const half_problem *p);

/* Floats of the three arrays that hold a row's sums. */
static inline off row_a_size(const row_shared *s) {
  return s->p.ld * s->lda;
}
static inline off row_skew_size(const row_shared *s) {
  return s->nb * s->ops->skewed * (off)s->ops->vl;
}

/* Weights of interactions begin … begin + n - 1, n <= PANEL_ROWS, into places `panel` * PANEL_ROWS … of w->a and w->b.
 * Returns whether all a are 1. */
bool row_weights(const row_shared *s, row_work *w, const csr *m, off begin, int n, int panel);

/* The columns of n interactions `distance` after begin; at the end of m, those from begin once more. */
const lid *row_ahead(const csr *m, off begin, int n, int distance);

/* The prefetch distance of gathering alone: the time a row takes from memory. */
enum { GATHER_AHEAD = 32 };

/* Adds up the normal equations of interactions begin … end - 1 of m, starting from zero, into place `slot` of w's batch
 * and w->total. */
void row_normal(const row_shared *s, row_work *w, int slot, const csr *m, off begin, off end);

/* The data term of interactions begin … end - 1 with x, own_bias. */
double row_data_loss(const row_shared *s, row_work *w, const csr *m, off begin, off end, const real *x,
                     const real *own_bias);

#endif
