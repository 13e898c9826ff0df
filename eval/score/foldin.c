#include "eval/score/foldin.h"

#include "io/base/mem.h"
#include "io/base/words.h"
#include "train/exchange/part.h"
#include "train/exchange/reduce.h"
#include "train/solve/solver.h"

#include <stdlib.h>
#include <string.h>

static status word_of(model *m, const char *name, const char *words, int *out) {
  char *text = NULL;
  status st = h5_attr_text(model_file(m), "/", name, &text);
  if (st != OK)
    return st;
  *out = word_find(words, text);
  if (*out < 0)
    st = status_fail(BAD_DATA, "%s: attribute %s has the unknown value `%s`", h5_path(model_file(m)), name, text);
  mem_free(text);
  return st;
}

status foldin_loss(model *m, loss *out) {
  status st = OK;
  int form = 0, weights = 0;
  h5_file *f = model_file(m);
  *out = (loss){.explicit_loss = model_is_explicit(m), .alpha = 1, .epsilon = 1};
  TRY(h5_attr_f64(f, "/", "lambda", &out->lambda));
  TRY(h5_attr_f64(f, "/", "reg_exponent", &out->nu));
  if (out->explicit_loss)
    goto done;
  TRY(word_of(m, "confidence", CONFIDENCE_WORDS, &form));
  out->form = (confidence)form;
  TRY(h5_attr_f64(f, "/", "alpha", &out->alpha));
  TRY(h5_attr_f64(f, "/", "epsilon", &out->epsilon));
  TRY(h5_attr_f64(f, "/", "unobserved_weight", &out->unobserved));
  TRY(word_of(m, "weights", WEIGHTS_WORDS, &weights));
  out->weigh_values = weights == 1;
done:
  return st;
}

struct foldin {
  model *m;
  loss loss;
  int k;
  off ld;
  double *gram;
  double largest;
  const real *mapped; /* all item factors (n_items, k), or NULL */
};

/* Rows of factors are padded to a multiple of this. */
enum { GRAM_MIN_LD = 16 };

/* The fold-in without its Gram matrix, and the factors y of our range of the items. Local. */
static status read_model(comm *c, model *m, foldin **out, part *items, real **y) {
  status st = OK;
  TRY(MEM_ZALLOC(*out, 1, "fold-in"));
  foldin *f = *out;
  f->m = m;
  f->k = model_factors(m);
  f->ld = (f->k + GRAM_MIN_LD - 1) / GRAM_MIN_LD * GRAM_MIN_LD;
  TRY(foldin_loss(m, &f->loss));
  TRY(model_map_factors(m, ITEMS, &f->mapped));
  TRY(part_equal(items, model_rows(m, ITEMS), c->size));
  gid count = part_count(items, c->rank);
  TRY(MEM_ALLOC(*y, count * f->ld, "item factors"));
  TRY(model_read_factors(m, ITEMS, items->first[c->rank], count, *y, f->ld));
  TRY(MEM_ZALLOC(f->gram, (off)f->k * f->k, "Gram matrix"));
done:
  return st;
}

status foldin_create(comm *c, model *m, foldin **out) {
  status st = OK;
  foldin *f = NULL;
  part items = {0};
  real *y = NULL;
  *out = NULL;
  TRY(comm_agree(c, read_model(c, m, &f, &items, &y)));
  TRY(reduce_gram(c, y, part_count(&items, c->rank), items.n, f->k, f->ld, NULL, 1, f->gram, &f->largest));
done:
  part_free(&items);
  mem_free(y);
  if (st != OK) {
    foldin_free(f);
    f = NULL;
  }
  *out = f;
  return st;
}

void foldin_free(foldin *f) {
  if (f == NULL)
    return;
  mem_free(f->gram);
  mem_free(f);
}

static int rise(const void *of_a, const void *of_b) {
  lid a = *(const lid *)of_a, b = *(const lid *)of_b;
  return (a > b) - (a < b);
}

/* Factors and biases (NULL: not wanted) of the n items, which ascend. */
static status read_items(const foldin *f, const lid *item, lid n, real *table, real *bias) {
  status st = OK;
  for (lid i = 0; i < n;) {
    lid run = 1;
    while (i + run < n && item[i + run] == item[i] + run)
      run++;
    if (f->mapped != NULL) {
      for (lid r = i; r < i + run; r++) {
        memcpy(table + r * f->ld, f->mapped + (off)item[r] * f->k, sizeof *table * (size_t)f->k);
        memset(table + r * f->ld + f->k, 0, sizeof *table * (size_t)(f->ld - f->k));
      }
    } else {
      TRY(model_read_factors(f->m, ITEMS, item[i], run, table + i * f->ld, f->ld));
    }
    if (bias != NULL)
      TRY(model_read_bias(f->m, ITEMS, item[i], run, bias + i));
    i += run;
  }
done:
  return st;
}

/* The distinct items of all rows into item[nnz], ascending. Returns how many. */
static off distinct_items(const csr *rows, lid *item) {
  off nnz = csr_nnz(rows), n = 0;
  memcpy(item, rows->col, sizeof *item * (size_t)nnz);
  qsort(item, (size_t)nnz, sizeof *item, rise);
  for (off e = 0; e < nnz; e++)
    if (n == 0 || item[n - 1] != item[e])
      item[n++] = item[e];
  return n;
}

/* The users' half problem against a table of item factors and their biases (NULL: none). */
static half_problem problem_of(const foldin *f, const real *table, const real *bias) {
  return (half_problem){.method = SOLVE_CHOLESKY,
                        .k = f->k,
                        .ld = f->ld,
                        .explicit_loss = f->loss.explicit_loss,
                        .table = table,
                        .bias = bias,
                        .mean = model_mean(f->m),
                        .lambda = f->loss.lambda,
                        .nu = f->loss.nu,
                        .alpha0 = loss_alpha0(&f->loss),
                        .base = loss_base(&f->loss),
                        .n_fixed = model_rows(f->m, ITEMS),
                        .gram = f->loss.explicit_loss ? NULL : f->gram,
                        .fixed_max = f->largest > 1 || !model_has_bias(f->m) ? f->largest : 1};
}

status foldin_rows(foldin *f, csr *rows, real *x, off ldx, real *bias) {
  status st = OK;
  if (!f->loss.explicit_loss)
    csr_drop_zeros(rows);
  off nnz = csr_nnz(rows), n = 0;
  lid *item = NULL;
  real *table = NULL, *item_bias = NULL, *own = NULL, *own_bias = NULL;
  solver *s = NULL;
  bool biased = model_has_bias(f->m);
  TRY(MEM_ALLOC(item, nnz, "items to fold in"));
  n = distinct_items(rows, item);
  TRY(MEM_ALLOC(table, n * f->ld, "item factors"));
  TRY(MEM_ZALLOC(own, (off)rows->n_rows * f->ld, "folded users"));
  if (biased) {
    TRY(MEM_ALLOC(item_bias, n, "item biases"));
    TRY(MEM_ZALLOC(own_bias, rows->n_rows, "folded users"));
  }
  TRY(read_items(f, item, (lid)n, table, item_bias));
  for (off e = 0; e < nnz; e++)
    rows->col[e] = (lid)((const lid *)bsearch(&rows->col[e], item, (size_t)n, sizeof *item, rise) - item);
  loss_transform(&f->loss, nnz, rows->val);
  half_problem p = problem_of(f, table, item_bias);
  TRY(solver_create(&p, &s));
  TRY(solver_rows(s, rows, NULL, 0, rows->n_rows, own, own_bias, NULL));
  for (lid r = 0; r < rows->n_rows; r++) {
    memcpy(x + r * ldx, own + r * f->ld, sizeof *x * (size_t)f->k);
    if (bias != NULL)
      bias[r] = biased ? own_bias[r] : 0;
  }
done:
  solver_free(s);
  mem_free(item);
  mem_free(table);
  mem_free(item_bias);
  mem_free(own);
  mem_free(own_bias);
  return st;
}
