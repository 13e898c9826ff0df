#include "train/solve/methods.h"

#include "train/solve/cg_long.h"
#include "train/solve/row/cg.h"
#include "train/solve/row/subspace.h"

/* With few factors an exact solve is as fast. */
static bool auto_suits(const row_shared *s, off n) {
  enum { LEAST_FACTORS = 24 };
  return s->p.k >= LEAST_FACTORS && cg_suits(s, n);
}

/* The words of --solver and the rows of the table, in the order of the enum. row_method in train/solve/row/row.h says
 * what the columns mean. */
const char SOLVE_METHOD_WORDS[] = "auto|cholesky|cg|subspace";

static const row_method METHODS[SOLVE_METHODS] = {
    [SOLVE_AUTO] = {.wants_mean_system = true,
                    .short_by_dual = true,
                    .scratch = cg_scratch,
                    .create = cg_create,
                    .free = cg_free,
                    .prepare = cg_prepare,
                    .solve_early = cg_long_early,
                    .suits = auto_suits,
                    .solve = row_cg},
    [SOLVE_CHOLESKY] = {.short_by_dual = true},
    [SOLVE_CG] = {.wants_mean_system = true,
                  .short_by_dual = true,
                  .scratch = cg_scratch,
                  .create = cg_create,
                  .free = cg_free,
                  .prepare = cg_prepare,
                  .solve_early = cg_long_early,
                  .suits = cg_suits,
                  .solve = row_cg},
    [SOLVE_SUBSPACE] = {.uses_batch = true, .panels = subspace_panels, .suits = subspace_suits, .solve = row_subspace},
};

const row_method *method_row(solve_method method) {
  return &METHODS[method];
}
