#include "train/solve/row/row_work.h"

#include "io/base/mem.h"
#include "train/solve/row/dual.h"

status row_work_create(const row_shared *s, row_work *w) {
  off ld = s->p.ld, panel = PANEL_ROWS * ld, vl = s->ops->vl, events = (off)s->panels * PANEL_ROWS, batch = s->batch;
  real **part[] = {&w->y,      &w->ay,   &w->b, &w->a,       &w->dots,    &w->scores, &w->matrix,
                   &w->skew,   &w->sums, &w->x, &w->scratch, &w->inverse, &w->root,   &w->lanes,
                   &w->solved, &w->z,    &w->q, &w->step,    &w->turned};
  off size[] = {panel * s->panels,
                panel,
                events,
                events,
                PANEL_ROWS,
                events,
                batch * row_a_size(s),
                batch * row_skew_size(s),
                batch * 2 * ld,
                2 * ld,
                s->method->scratch != NULL ? s->method->scratch(s) : 0,
                ld * vl,
                ld,
                solve_lanes_size((int)vl, s->nb),
                batch * 2 * ld,
                ld,
                ld,
                ld,
                dual_scratch(s)};
  enum { PARTS = sizeof part / sizeof *part };
  off total = 0;
  for (int i = 0; i < PARTS; i++)
    total += size[i] += (16 - size[i] % 16) % 16;
  real *block;
  status st = MEM_ZALLOC(block, total, "a thread's work space for solving rows");
  w->block = block;
  for (int i = 0; st == OK && i < PARTS; block += size[i], i++)
    *part[i] = block;
  return st;
}

void row_work_free(row_work *w) {
  mem_free(w->block);
  *w = (row_work){0};
}
