#include "jobs/synth/plant_truth.h"

#include "io/base/mem.h"
#include "io/hdf5/store.h"

#include <stdio.h>
#include <string.h>

status planted_truth_path(const char *path, char *out, size_t size) {
  size_t n = strlen(path);
  if (n > 3 && strcmp(path + n - 3, ".h5") == 0)
    n -= 3;
  if ((size_t)snprintf(out, size, "%.*s.truth.h5", (int)n, path) >= size)
    return status_fail(CANNOT_CREATE, "the path %.60s… is too long", path);
  return OK;
}

enum truth_column { T_USER_GROUP, T_USER_FACTORS, T_USER_BIAS, T_ITEM_THEME, T_ITEM_FACTORS, T_ITEM_BIAS, T_CENTRE };
enum { TRUTH_BLOCK = 1024 };

/* Rows first … first+count-1 of a side, block by block. Local. */
static status put_truth(store *out, const planted *w, side sd, gid first, gid count) {
  status st = OK;
  int k = w->factors;
  real *factors = NULL, *bias = NULL;
  int32_t *label = NULL;
  TRY(MEM_ALLOC(factors, TRUTH_BLOCK * k, "planted factors"));
  TRY(MEM_ALLOC(bias, TRUTH_BLOCK, "planted factors"));
  TRY(MEM_ALLOC(label, TRUTH_BLOCK, "planted factors"));
  for (gid at = first; at < first + count; at += TRUTH_BLOCK) {
    int n = first + count - at < TRUTH_BLOCK ? (int)(first + count - at) : TRUTH_BLOCK;
#pragma omp parallel for schedule(static)
    for (int i = 0; i < n; i++) {
      int second;
      if (sd == USERS) {
        label[i] = planted_group(w, at + i);
        bias[i] = planted_user(w, at + i, factors + (off)i * k);
      } else {
        planted_themes(w, at + i, &label[i], &second);
        bias[i] = planted_item(w, at + i, factors + (off)i * k);
      }
    }
    TRY(store_put(out, sd == USERS ? T_USER_GROUP : T_ITEM_THEME, at, n, label));
    TRY(store_put(out, sd == USERS ? T_USER_FACTORS : T_ITEM_FACTORS, at, n, factors));
    TRY(store_put(out, sd == USERS ? T_USER_BIAS : T_ITEM_BIAS, at, n, bias));
  }
done:
  mem_free(factors);
  mem_free(bias);
  mem_free(label);
  return st;
}

static status put_centres(store *out, const planted *w) {
  real centre[PLANTED_FACTORS_MAX];
  status st = OK;
  for (int g = 0; st == OK && g < w->groups; g++) {
    planted_centre(w, g, centre);
    st = store_put(out, T_CENTRE, g, 1, centre);
  }
  return st;
}

status plant_truth(comm *c, const planted *w, const planted_share *s, const char *path) {
  int k = w->factors;
  const h5_column columns[] = {
      {.path = "/users/group", .type = H5_I32, .rows = w->n_users, .columns = 1},
      {.path = "/users/factors", .type = H5_F32, .rows = w->n_users, .columns = k, .matrix = true},
      {.path = "/users/bias", .type = H5_F32, .rows = w->n_users, .columns = 1},
      {.path = "/items/theme", .type = H5_I32, .rows = w->n_items, .columns = 1},
      {.path = "/items/factors", .type = H5_F32, .rows = w->n_items, .columns = k, .matrix = true},
      {.path = "/items/bias", .type = H5_F32, .rows = w->n_items, .columns = 1},
      {.path = "/groups/centroid", .type = H5_F32, .rows = w->groups, .columns = k, .matrix = true},
  };
  int64_t seed = (int64_t)w->seed;
  const h5_attribute attributes[] = {
      {"/", "format", H5_TEXT, 0, "palate-truth"},
      {"/", "loss", H5_TEXT, 0, w->explicit_loss ? "explicit" : "implicit"},
      {"/", "seed", H5_I64, 0, &seed},
      {"/", "mean", H5_F64, 0, &w->mean},
      {"/", "noise", H5_F64, 0, &w->noise},
      {"/", "spread", H5_F64, 0, &w->spread},
  };
  char truth[4096];
  store *out = NULL;
  status st = planted_truth_path(path, truth, sizeof truth);
  if (st == OK)
    st = store_create(c, truth, columns, sizeof columns / sizeof *columns, attributes,
                      sizeof attributes / sizeof *attributes, &out);
  if (st != OK)
    return st;
  st = put_truth(out, w, USERS, s->first_user, s->users);
  if (st == OK)
    st = put_truth(out, w, ITEMS, s->first_item, s->items);
  if (st == OK && c->rank == 0)
    st = put_centres(out, w);
  return store_commit(out, st);
}
