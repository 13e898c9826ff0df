#include "jobs/show/member_list.h"

#include "eval/lists/recommend_all.h"
#include "eval/rank/one_member.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "jobs/cli/listing.h"
#include "jobs/groups/tastes.h"

#include <math.h>

status member_read(model *m, gid row, real *x, double *constant) {
  status st = OK;
  real bias;
  int k = model_factors(m);
  TRY(model_read_factors(m, USERS, row, 1, x, k));
  TRY(model_read_bias(m, USERS, row, 1, &bias));
  *constant = model_mean(m) + (double)bias;
  bool zero = true;
  for (int p = 0; p < k; p++)
    zero = zero && x[p] == 0;
  if (zero)
    log_warn("nothing was trained on for this member, so %s",
             model_has_bias(m) ? "these are the items everyone rates highly" : "all items score alike");
done:
  return st;
}

status member_log_tastes(const char *dir, const char *id, gid row) {
  json_t *tastes;
  char line[1024];
  status st = tastes_read(dir, row, &tastes);
  if (st == OK && json_array_size(tastes) > 0)
    log_info("member %s: %s", id, tastes_line(tastes, line, sizeof line));
  json_decref(tastes);
  return st;
}

status member_scores(model *m, const real *x, double constant, const lid *has, off n_has, real *score,
                     double *strongest) {
  status st = OK;
  const real *y = NULL;
  real *copy = NULL, *bias = NULL;
  lid n = (lid)model_rows(m, ITEMS);
  int k = model_factors(m);
  TRY(model_map_factors(m, ITEMS, &y));
  if (y == NULL) {
    TRY(MEM_ALLOC(copy, (off)n * k, "item factors"));
    TRY(model_read_factors(m, ITEMS, 0, n, copy, k));
    y = copy;
  }
  TRY(one_scores(isa_in_use(), x, y, n, k, score));
  *strongest = match_best(0, x, y, k, 0, n, has, n_has);
  if (model_has_bias(m)) {
    TRY(MEM_ALLOC(bias, n, "item biases"));
    TRY(model_read_bias(m, ITEMS, 0, n, bias));
    for (lid i = 0; i < n; i++)
      score[i] += bias[i];
  }
  for (lid i = 0; i < n; i++)
    score[i] = (real)(constant + (double)score[i]);
done:
  mem_free(copy);
  mem_free(bias);
  return st;
}

static status print_list(model *m, const listed *list, int n, const list_reader *reader) {
  status st = OK;
  json_t *items = NULL, *all = NULL;
  if (!reader->json)
    return listing_show(m, list, n, model_is_explicit(m) ? "rating" : "score", stdout);
  TRY(listing_json(m, list, n, "score", &items));
  all = json_object();
  json_object_set_new(all, reader->key, listing_text(reader->text));
  json_object_set(all, "items", items);
  if (json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(7)) != 0 || putchar('\n') == EOF)
    st = status_fail(IO_FAILED, "standard output cannot be written");
done:
  json_decref(items);
  json_decref(all);
  return st;
}

status member_list_show(model *m, const real *score, double strongest, lid *skip, off n_skip, int top,
                        const list_reader *reader) {
  status st = OK;
  match_scale scale;
  lid *best = NULL;
  listed *list = NULL;
  int n = 0;
  TRY(match_scale_read(m, &scale));
  TRY(MEM_ALLOC(best, top, "list"));
  TRY(MEM_ALLOC(list, top, "list"));
  TRY(one_best(score, (lid)model_rows(m, ITEMS), skip, n_skip, top, best, &n));
  if (n > 0)
    strongest = fmax(strongest, (double)score[best[0]]);
  for (int r = 0; r < n; r++) {
    double s = (double)score[best[r]];
    list[r] = (listed){.row = best[r], .score = s, .match = match_percent(&scale, s, strongest)};
  }
  TRY(print_list(m, list, n, reader));
done:
  mem_free(best);
  mem_free(list);
  return st;
}
