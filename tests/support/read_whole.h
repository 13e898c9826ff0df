/* Reads all of a dataset, a model or its groups as palate does, in slabs, and holds it against what the readers'
 * headers promise. For tests and fuzzers that damage files: INTERNAL where a promise is broken, which no file may bring
 * about. */
#ifndef PALATE_TESTS_SUPPORT_READ_WHOLE_H
#define PALATE_TESTS_SUPPORT_READ_WHOLE_H

#include "io/base/mem.h"
#include "io/schema/dataset.h"
#include "io/schema/groups.h"
#include "io/schema/model.h"
#include "io/tables/tags.h"

#include <math.h>
#include <string.h>

/* Sees every value that was read. */
typedef void whole_take(const void *bytes, off n);

static inline status whole_promise(bool kept, const char *what) {
  return kept ? OK : status_fail(INTERNAL, "a promise was broken: %s", what);
}

static inline status whole_texts(status st, strings *s, off rows, whole_take *take) {
  if (st == OK)
    st = whole_promise(s->n == 0 || (s->n == rows && s->width >= 1), "shape of texts");
  if (st == OK)
    take(s->bytes, s->n * s->width);
  strings_free(s);
  return st;
}

static inline status whole_events(dataset *d, off slab, whole_take *take) {
  lid *item = NULL;
  real *value = NULL;
  int64_t *time = NULL;
  status st = OK;
  TRY(MEM_ALLOC(item, slab, "items"));
  TRY(MEM_ALLOC(value, slab, "values"));
  TRY(MEM_ALLOC(time, slab, "times"));
  for (off e = 0; e < dataset_events(d); e += slab) {
    off n = dataset_events(d) - e < slab ? dataset_events(d) - e : slab;
    TRY(dataset_read_events(d, e, n, item, value, time));
    for (off i = 0; i < n; i++)
      TRY(whole_promise(item[i] >= 0 && item[i] < dataset_items(d) && isfinite(value[i]), "range of events"));
    take(item, n * 4);
    take(value, n * 4);
    if (dataset_has_time(d))
      take(time, n * 8);
  }
done:
  mem_free(item);
  mem_free(value);
  mem_free(time);
  return st;
}

static inline status read_whole_dataset(const char *path, off slab, whole_take *take) {
  comm alone = comm_single();
  dataset *d = NULL;
  off *indptr = NULL;
  strings texts = {0};
  status st = OK;
  TRY(dataset_open(&alone, path, &d));
  TRY(MEM_ALLOC(indptr, slab + 1, "indptr"));
  for (gid u = 0; u < dataset_users(d); u += slab) {
    gid n = dataset_users(d) - u < slab ? dataset_users(d) - u : slab;
    TRY(dataset_read_indptr(d, u, n, indptr));
    for (gid i = 0; i <= n; i++)
      TRY(whole_promise(indptr[i] >= (i > 0 ? indptr[i - 1] : 0) && indptr[i] <= dataset_events(d), "order of indptr"));
    take(indptr, (n + 1) * 8);
  }
  TRY(whole_events(d, slab, take));
  TRY(whole_texts(dataset_read_ids(d, USERS, 0, dataset_users(d), &texts), &texts, dataset_users(d), take));
  TRY(whole_texts(dataset_read_ids(d, ITEMS, 0, dataset_items(d), &texts), &texts, dataset_items(d), take));
  TRY(whole_texts(dataset_read_titles(d, 0, dataset_items(d), &texts), &texts, dataset_items(d), take));
  TRY(whole_texts(dataset_read_tags(d, 0, dataset_items(d), &texts), &texts, dataset_items(d), take));
  TRY(whole_texts(dataset_read_user_names(d, 0, dataset_users(d), &texts), &texts, dataset_users(d), take));
done:
  mem_free(indptr);
  dataset_close(d);
  return st;
}

static inline status whole_side(model *m, side s, off slab, whole_take *take) {
  real *rows = NULL;
  strings ids = {0};
  const real *map;
  gid row;
  int k = model_factors(m);
  off ld = k + 1; /* rows with a gap behind them */
  status st = OK;
  TRY(MEM_ALLOC(rows, slab * ld, "factors"));
  for (gid at = 0; at < model_rows(m, s); at += slab) {
    gid n = model_rows(m, s) - at < slab ? model_rows(m, s) - at : slab;
    TRY(model_read_factors(m, s, at, n, rows, ld));
    for (gid i = 0; i < n; i++) {
      for (int f = 0; f < k; f++)
        TRY(whole_promise(isfinite(rows[i * ld + f]), "finite factors"));
      take(rows + i * ld, k * 4);
    }
    TRY(model_read_bias(m, s, at, n, rows));
    take(rows, n * 4);
  }
  TRY(model_map_factors(m, s, &map));
  if (map != NULL) /* its last byte is there */
    take(map + model_rows(m, s) * k - 1, 4);
  TRY(model_find_id(m, s, "17", &row));
  TRY(whole_promise(row >= -1 && row < model_rows(m, s), "row of an id"));
  TRY(model_find_id(m, s, "no such id", &row));
  TRY(whole_texts(model_read_ids(m, s, 0, model_rows(m, s), &ids), &ids, model_rows(m, s), take));
done:
  mem_free(rows);
  return st;
}

static inline status read_whole_model(const char *dir, off slab, whole_take *take) {
  model *m = NULL;
  strings texts = {0}, names = {0};
  tags taken = {0};
  status st = OK;
  TRY(model_open(dir, &m));
  TRY(whole_side(m, USERS, slab, take));
  TRY(whole_side(m, ITEMS, slab, take));
  TRY(whole_texts(model_read_titles(m, 0, model_rows(m, ITEMS), &texts), &texts, model_rows(m, ITEMS), take));
  TRY(model_read_tags(m, 0, model_rows(m, ITEMS), &texts));
  TRY(tags_parse(&texts, model_rows(m, ITEMS), &taken));
  for (off i = 0; i < taken.ptr[taken.n_items]; i++)
    TRY(whole_promise(taken.tag[i] >= 0 && taken.tag[i] < taken.n_tags, "range of tags"));
  TRY(whole_texts(OK, &texts, model_rows(m, ITEMS), take));
  TRY(h5_attr_names(model_file(m), "/", &names));
  take(names.bytes, names.n * names.width);
  double mean = model_mean(m);
  take(&mean, sizeof mean);
done:
  strings_free(&texts);
  strings_free(&names);
  tags_free(&taken);
  model_close(m);
  return st;
}

/* What the handle reads of each row and of each group. */
static inline status whole_groups(groups *g, whole_take *take) {
  int m = groups_memberships(g);
  lid *group = NULL, top[GROUPS_TOP];
  real *affinity = NULL;
  strings labels = {0};
  status st = OK;
  TRY(MEM_ALLOC(group, m, "groups"));
  TRY(MEM_ALLOC(affinity, m, "affinities"));
  for (gid row = 0; row < groups_rows(g); row++) {
    TRY(groups_read_rows(g, row, 1, group));
    TRY(groups_read_affinities(g, row, 1, affinity));
    for (int i = 0; i < m; i++)
      TRY(whole_promise(group[i] >= (i > 0 ? -1 : 0) && group[i] < groups_count(g) && affinity[i] >= 0 &&
                            affinity[i] <= 1,
                        "range of groups"));
    take(group, m * 4);
    take(affinity, m * 4);
  }
  for (lid i = 0; i < groups_count(g); i++) {
    TRY(groups_read_top(g, i, 1000, top));
    for (int r = 0; r < GROUPS_TOP; r++)
      TRY(whole_promise(top[r] >= -1 && top[r] < 1000, "range of top items"));
    take(top, sizeof top);
  }
  TRY(whole_texts(groups_read_labels(g, 0, groups_count(g), &labels), &labels, groups_count(g), take));
done:
  mem_free(group);
  mem_free(affinity);
  return st;
}

static inline status read_whole_groups(const char *dir, side s, whole_take *take) {
  enum { ROWS = 5 };
  groups_table t = {0};
  groups *g = NULL;
  lid first[ROWS];
  status st = OK;
  TRY(groups_read(dir, s, &t));
  for (off i = 0; i < (off)t.n_groups * t.factors; i++)
    TRY(whole_promise(isfinite(t.centroid[i]), "finite centroids"));
  take(t.centroid, (off)t.n_groups * t.factors * 4);
  take(t.size, (off)t.n_groups * 8);
  for (gid at = 0; at < t.n_rows; at += ROWS) {
    gid n = t.n_rows - at < ROWS ? t.n_rows - at : ROWS;
    TRY(groups_read_first(dir, s, at, n, first));
    for (gid i = 0; i < n; i++)
      TRY(whole_promise(first[i] >= 0 && first[i] < t.n_groups, "range of groups"));
    take(first, n * 4);
    if (at >= ROWS * 4) /* it opens the file each time */
      break;
  }
  TRY(whole_texts(OK, &t.labels, t.n_groups, take));
  TRY(groups_open(dir, s, &g));
  TRY(whole_groups(g, take));
done:
  groups_close(g);
  groups_table_free(&t);
  return st;
}

#endif
