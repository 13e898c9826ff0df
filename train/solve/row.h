/* How one row is solved: the thread's work space and the methods of train/solve/solver.h. Inside the train room only.
 */
#ifndef PALATE_TRAIN_SOLVE_ROW_H
#define PALATE_TRAIN_SOLVE_ROW_H

#include "train/solve/kernels/solve_kernel.h"
#include "train/solve/solver.h"

/* What all rows of a half sweep share. */
typedef struct row_shared {
  half_problem p;
  const solve_ops *ops;
  int nb;                   /* blocks of ops->vl factors */
  off lda;                  /* of system matrices: ld + 16, so that their rows do not meet in the same cache sets */
  int n_sums;               /* right-hand sides a row sums up: 2 with biases */
  int panels;               /* that a thread can hold at once: 1, more where rows are passed over several times */
  int batch;                /* systems solved together */
  real *dense;              /* (ld, lda): alpha0 G, or NULL */
  real *twisted;            /* its diagonal blocks in skewed form, or NULL */
  real **near;              /* [CG_CLASSES] preconditioners (train/solve/cg.h), or NULL */
  struct dual_shared *dual; /* what implicit dual systems need (train/solve/dual.h), or NULL */
} row_shared;

/* Systems in a batch; and factors, with interactions of a row that is shorter. */
enum { ROW_BATCH_MOST = 16, ROW_SHORT_MOST = 512 };

/* One thread's. Where a batch is said to be, its systems follow one another, and the first is also what methods that
 * need one system use. */
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
  real *cg;                      /* (CG_VECTORS, ld): conjugate gradients */
  real *turned;                  /* (ld, ld): a short row's columns in the eigenbasis, where no table has them */
  void *block;                   /* the one allocation behind them */
} row_work;

status row_work_create(const row_shared *s, row_work *w);
void row_work_free(row_work *w);

/* Floats of the three arrays that hold a row's sums. */
static inline off row_a_size(const row_shared *s) {
  return s->p.ld * s->lda;
}
static inline off row_skew_size(const row_shared *s) {
  return s->nb * s->ops->skewed * (off)s->ops->vl;
}

/* Weights of interactions begin … begin + n - 1, n <= PANEL_ROWS, into places `panel` * PANEL_ROWS … of w->a and w->b.
 * True where all a are 1. */
bool row_weights(const row_shared *s, row_work *w, const csr *m, off begin, int n, int panel);

/* The columns of n interactions `distance` after begin; at the end of m, those from begin once more. */
const lid *row_ahead(const csr *m, off begin, int n, int distance);

/* A distance for gathering alone: in its time a row comes from memory. */
enum { GATHER_AHEAD = 32 };

/* Adds up the normal equations of interactions begin … end - 1 of m, from zero, in place `slot` of w's batch and in
 * w->total. */
void row_normal(const row_shared *s, row_work *w, int slot, const csr *m, off begin, off end);

/* Solves with the first system's sums in w, for a row of n interactions: x (ld) and *own_bias (NULL: no biases). False
 * where single precision does not do. */
bool row_finish(const row_shared *s, row_work *w, off n, real *x, real *own_bias);

/* How systems of a batch lie in w's arrays, one after another. */
typedef struct batch_layout {
  int blocks, k;               /* of ops->vl rows; rows that have the ridge */
  real ridge;                  /* 0: each row's λ */
  off ld, lda;                 /* of right-hand sides, of matrices */
  off system, skew;            /* from one system's matrix and skewed blocks to the next one's */
  const real *dense, *twisted; /* added to each; NULL: nothing */
} batch_layout;

/* That of the systems which row_normal sums up. */
batch_layout row_layout(const row_shared *s);

/* Solves the systems of w's queue, rows of m, and leaves the queue; bit i of the result is set where that of w->row[i]
 * has been. */
unsigned row_solve_queue(const row_shared *s, row_work *w, const csr *m, const batch_layout *l);

/* After that: x (ld) and *own_bias (NULL: no biases) of w->row[i], which has n interactions. False where single
 * precision does not do. */
bool row_take(const row_shared *s, row_work *w, int i, off n, real *x, real *own_bias);

/* Then its data term, out of the system: with the row's square Q = Σ p or Σ (v − mean − bias)² and b the right-hand
 * side, at the minimum the whole loss of the row is Q − x · b, and its regularization is taken off. That loses digits
 * where little of Q is left; false then, and where it is not finite. */
bool row_loss_of(const row_shared *s, row_work *w, int i, const csr *m, const real *x, const real *own_bias,
                 double *loss);

/* Whether what is left of the square Q still has its digits, as a data term that comes out of the solution. */
bool row_loss_tells(double rest, double square);

/* The data term of interactions begin … end - 1 with x, own_bias. */
double row_data_loss(const row_shared *s, row_work *w, const csr *m, off begin, off end, const real *x,
                     const real *own_bias);

#endif
