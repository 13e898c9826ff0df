#include "jobs/groups/group_quality.h"

#include "eval/measure/group_popular.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "train/groups/quality.h"

#include <math.h>

enum { SILHOUETTE_SAMPLE = 1000, STABILITY_SAMPLE = 60000, STABILITY_ROUNDS = 15 };

/* Whether groups help. With an implicit model only likes are counted and looked for. Collective; agreed status. */
static status measure_help(comm *c, const group_judged *blind, gid n_items, const csr *train, const csr *test,
                           group_popular *help) {
  status st = OK;
  csr likes = {0}, wanted = {0};
  if (!blind->explicit_loss) {
    THEN(csr_copy_likes(train, &likes));
    THEN(csr_copy_likes(test, &wanted));
    TRY(comm_agree(c, st));
  }
  TRY(group_popular_measure(c, blind->explicit_loss ? train : &likes, train, blind->explicit_loss ? test : &wanted,
                            blind->group, blind->affinity, blind->m, blind->n_groups, n_items, help));
done:
  csr_free(&likes);
  csr_free(&wanted);
  return st;
}

status group_quality(comm *c, const taste_rows *r, const group_judged *g, const group_judged *blind, gid n_items,
                     const csr *train, const csr *test, journal *j) {
  status st = OK;
  kmeans_points points = taste_points(r);
  lid *label = NULL;
  double gini = 0, silhouette = NAN, stability = NAN;
  int64_t sampled = 0, tested = test != NULL ? csr_nnz(test) : 0;
  group_popular help = {0};
  TRY(comm_agree(c, MEM_ALLOC(label, r->n, "labels")));
  for (lid i = 0; i < r->n; i++)
    label[i] = g->group[(r->id[i] - r->first) * g->m];
  TRY(comm_agree(c, kmeans_gini(g->size, g->n_groups, &gini)));
  TRY(kmeans_silhouette(c, &points, r->id, label, g->n_groups, SILHOUETTE_SAMPLE, g->seed, &silhouette, &sampled));
  TRY(kmeans_stability(c, &points, r->id, g->n_groups, g->unit, STABILITY_ROUNDS, STABILITY_SAMPLE, g->seed,
                       &stability));
  comm_sum_i64(c, &tested, 1);
  if (tested > 0)
    TRY(measure_help(c, blind, n_items, train, test, &help));
  json_t *line = json_pack("{s:s, s:f}", "event", "quality", "size_gini", gini);
  log_info("sizes: Gini coefficient %.3f", gini);
  if (isfinite(silhouette)) {
    log_info("silhouette: %.3f, of %lld compared with all", silhouette, (long long)sampled);
    json_object_set_new(line, "silhouette", json_real(silhouette));
    json_object_set_new(line, "silhouette_sample", json_integer(sampled));
  }
  if (isfinite(stability)) {
    log_info("stability: adjusted Rand index %.3f between groups made of two halves", stability);
    json_object_set_new(line, "stability", json_real(stability));
  } else
    log_info("stability: not measured, a half would have fewer than %d a group", KMEANS_HALF_POINTS);
  if (help.users > 0) {
    log_info("prediction by popularity: NDCG@10 %.4f within a member's groups, %.4f over all members (%lld members "
             "with test items)",
             help.groups, help.popular, (long long)help.users);
    json_object_set_new(line, "ndcg_popular_in_groups", json_real(help.groups));
    json_object_set_new(line, "ndcg_popular", json_real(help.popular));
    json_object_set_new(line, "users", json_integer(help.users));
  } else if (r->side == USERS)
    log_info("prediction by popularity: not measured, the model was trained without a hold-out, or its dataset was not "
             "found");
  st = comm_agree(c, journal_write(j, line));
done:
  mem_free(label);
  return st;
}
