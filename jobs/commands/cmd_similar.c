/* palate similar: the titles nearest to one. */
#include "eval/rank/one_member.h"
#include "io/base/mem.h"
#include "io/snapshot/snapshot.h"
#include "jobs/cli/listing.h"
#include "jobs/commands/commands.h"

#include <math.h>

static const option_use TAKES[] = {{.name = "item"}, {.name = "top"}, {.name = "json"}, {0}};
enum { TOP_MAX = 100000 };

/* Cosines of all items with item `row`; NaN for an item without factors, which is never listed. */
static status cosines(model *m, lid row, real *out) {
  status st = OK;
  const real *y = NULL;
  real *copy = NULL;
  lid n = (lid)model_rows(m, ITEMS);
  int k = model_factors(m);
  double *size = NULL;
  TRY(model_map_factors(m, ITEMS, &y));
  if (y == NULL) {
    TRY(MEM_ALLOC(copy, (off)n * k, "item factors"));
    TRY(model_read_factors(m, ITEMS, 0, n, copy, k));
    y = copy;
  }
  TRY(MEM_ALLOC(size, n, "norms"));
  for (lid i = 0; i < n; i++) {
    double sum = 0;
    for (int p = 0; p < k; p++)
      sum += (double)y[(off)i * k + p] * y[(off)i * k + p];
    size[i] = sqrt(sum);
  }
  if (size[row] == 0) {
    st = status_fail(USAGE, "nothing was trained on for this item, so nothing is like it");
    goto done;
  }
  TRY(one_scores(isa_in_use(), y + (off)row * k, y, n, k, out));
  for (lid i = 0; i < n; i++)
    out[i] = size[i] > 0 ? (real)fmin(fmax((double)out[i] / (size[i] * size[row]), -1), 1) : NAN;
done:
  mem_free(copy);
  mem_free(size);
  return st;
}

static status print_list(const options *o, model *m, const listed *list, int n) {
  status st = OK;
  json_t *items = NULL, *all = NULL;
  if (!option_flag(o, "json"))
    return listing_show(m, list, n, "cosine", stdout);
  TRY(listing_json(m, list, n, "cosine", &items));
  all = json_object();
  json_object_set_new(all, "item", listing_text(option_text(o, "item")));
  json_object_set(all, "items", items);
  if (json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(7)) != 0 || putchar('\n') == EOF)
    st = status_fail(IO_FAILED, "standard output cannot be written");
done:
  json_decref(items);
  json_decref(all);
  return st;
}

static status run(struct comm *c, const options *o) {
  (void)c;
  status st = OK;
  model *m = NULL;
  char dir[SNAPSHOT_PATH_MAX];
  int64_t top = 0;
  lid row, *best = NULL;
  int n = 0;
  real *score = NULL;
  listed *list = NULL;
  TRY(option_count(o, "top", 1, TOP_MAX, &top));
  if (option_text(o, "item") == NULL) {
    st = status_fail(USAGE, "give --item ID, or its title");
    goto done;
  }
  TRY(snapshot_resolve(options_argument(o, 0), false, dir));
  TRY(model_open(dir, &m));
  if (top > model_rows(m, ITEMS))
    top = model_rows(m, ITEMS);
  TRY(listing_find(m, option_text(o, "item"), &row));
  TRY(MEM_ALLOC(score, model_rows(m, ITEMS), "cosines"));
  TRY(MEM_ALLOC(best, top, "list"));
  TRY(MEM_ALLOC(list, top, "list"));
  TRY(cosines(m, row, score));
  TRY(one_best(score, (lid)model_rows(m, ITEMS), &row, 1, (int)top, best, &n));
  for (int r = 0; r < n; r++)
    list[r] = (listed){.row = best[r], .score = (double)score[best[r]], .match = -1};
  TRY(print_list(o, m, list, n));
done:
  mem_free(score);
  mem_free(best);
  mem_free(list);
  model_close(m);
  return st;
}

const command CMD_SIMILAR = {.name = "similar",
                             .arguments = "SNAPSHOT",
                             .summary = "the items nearest to one, by the cosine of their factors",
                             .details = "--item takes an id or a title.\n\n"
                                        "  palate similar snapshots --item 'Heat (1995)'\n"
                                        "  palate similar snapshots --item 318 --top 20 --json",
                             .min_arguments = 1,
                             .max_arguments = 1,
                             .mpi = false,
                             .takes = TAKES,
                             .run = run};
