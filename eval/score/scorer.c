#include "eval/score/scorer.h"

#include "eval/score/seen.h"
#include "io/base/mem.h"
#include "train/exchange/lookup.h"

#include <string.h>

/* --- rows --- */

status row_map_make(comm *c, dataset *d, model *m, const part *users, row_map *out, gid *known_users,
                    gid *known_items) {
  status st = OK;
  int64_t known[2] = {dataset_users(d), dataset_items(d)}, other = !seen_same_rows(m, d);
  *out = (row_map){0};
  comm_max_i64(c, &other, 1);
  if (other) {
    gid count = part_count(users, c->rank);
    TRY(comm_agree(c, MEM_ALLOC(out->user, count, "matched users")));
    TRY(match_ids(c, ids_of_dataset(d), ids_of_model(m), USERS, users->first[c->rank], count, out->user));
    TRY(match_share(c, ids_of_dataset(d), ids_of_model(m), ITEMS, &out->to_model));
    known[0] = 0;
    for (gid u = 0; u < count; u++)
      known[0] += out->user[u] >= 0;
    comm_sum_i64(c, known, 1);
    known[1] = out->to_model.known;
    out->items = out->to_model.renumbered;
    if (out->items)
      TRY(match_share(c, ids_of_model(m), ids_of_dataset(d), ITEMS, &out->to_data));
    else
      row_share_free(&out->to_model);
  }
  if (known_users != NULL)
    *known_users = known[0];
  if (known_items != NULL)
    *known_items = known[1];
done:
  if (st != OK)
    row_map_free(out);
  return st;
}

void row_map_free(row_map *map) {
  mem_free(map->user);
  row_share_free(&map->to_data);
  row_share_free(&map->to_model);
  *map = (row_map){0};
}

/* --- scores --- */

static const int64_t DEFAULT_MEMORY = (int64_t)1 << 30;

struct scorer {
  isa set;
  model *m;
  const row_map *map;
  int k, width;
  lid n_items, block, n_blocks;
  real *y;    /* (block, width) */
  real *bias; /* [block] */
  topk_items *items;
  lid loaded;  /* the block in y and items; -1: none */
  lid *row;    /* [block]: the dataset's rows of block `brought`, if items moved */
  lid brought; /* -1: none */
};

status scorer_create(isa set, model *m, const row_map *map, int64_t memory, scorer **out) {
  status st = OK;
  scorer *s = NULL;
  *out = NULL;
  TRY(MEM_ZALLOC(s, 1, "scorer"));
  *s = (scorer){.set = set, .m = m, .map = map, .k = model_factors(m), .loaded = -1, .brought = -1};
  s->width = s->k + (model_has_bias(m) ? 1 : 0);
  s->n_items = (lid)model_rows(m, ITEMS);
  int64_t each = (int64_t)s->width * 2 * (int64_t)sizeof(real) + 32;
  int64_t fit = (memory > 0 ? memory : DEFAULT_MEMORY) / each;
  s->block = fit < 256 ? 256 : fit < s->n_items ? (lid)(fit / 32 * 32) : s->n_items;
  if (s->block > s->n_items)
    s->block = s->n_items;
  s->n_blocks = s->block > 0 ? (s->n_items - 1) / s->block + 1 : 0;
  TRY(MEM_ALLOC(s->y, (off)s->block * s->width, "item vectors"));
  TRY(MEM_ALLOC(s->bias, s->block, "item biases"));
  if (scorer_renumbered(s))
    TRY(MEM_ALLOC(s->row, s->block, "matched items"));
done:
  if (st != OK) {
    scorer_free(s);
    s = NULL;
  }
  *out = s;
  return st;
}

void scorer_free(scorer *s) {
  if (s == NULL)
    return;
  topk_items_free(s->items);
  mem_free(s->y);
  mem_free(s->bias);
  mem_free(s->row);
  mem_free(s);
}

int scorer_width(const scorer *s) {
  return s->width;
}
model *scorer_model(const scorer *s) {
  return s->m;
}
int scorer_blocks(const scorer *s) {
  return s->n_blocks;
}

bool scorer_renumbered(const scorer *s) {
  return s->map != NULL && s->map->items;
}

lid scorer_own_item(const scorer *s, lid model_item) {
  return model_item < s->n_items ? model_item : -1;
}

status scorer_items(comm *c, const scorer *s, const lid *item, off n, lid *out) {
  if (scorer_renumbered(s))
    return lookup_rows(c, &s->map->to_model.owners, s->map->to_model.row, sizeof *out, item, n, out);
  for (off i = 0; i < n; i++)
    out[i] = scorer_own_item(s, item[i]);
  return OK;
}

status scorer_users(scorer *s, const gid *row, lid n, real *x, double *constant) {
  status st = OK;
  double mean = model_mean(s->m);
  real *bias = NULL;
  TRY(MEM_ALLOC(bias, n, "user biases"));
  for (lid u = 0; u < n;) {
    lid run = 1;
    if (row[u] < 0) {
      memset(x + (off)u * s->width, 0, sizeof *x * (size_t)s->width);
      bias[u] = 0;
    } else {
      while (u + run < n && row[u + run] == row[u] + run)
        run++;
      TRY(model_read_factors(s->m, USERS, row[u], run, x + (off)u * s->width, s->width));
      TRY(model_read_bias(s->m, USERS, row[u], run, bias + u));
    }
    u += run;
  }
  for (lid u = 0; u < n; u++) {
    if (s->width > s->k)
      x[(off)u * s->width + s->k] = 1;
    if (constant != NULL)
      constant[u] = mean + (double)bias[u];
  }
done:
  mem_free(bias);
  return st;
}

static lid block_rows(const scorer *s, lid first) {
  return s->n_items - first < s->block ? s->n_items - first : s->block;
}

status scorer_bring(comm *c, scorer *s, int block) {
  lid first = (lid)block * s->block;
  if (!scorer_renumbered(s) || s->brought == block)
    return OK;
  s->brought = -1;
  status st = lookup_range(c, &s->map->to_data.owners, s->map->to_data.row, sizeof *s->row, first, block_rows(s, first),
                           s->row);
  if (st == OK)
    s->brought = block;
  return st;
}

status scorer_get(scorer *s, int block, scorer_block *out) {
  status st = OK;
  lid first = (lid)block * s->block, n = block_rows(s, first);
  if (s->loaded != block) {
    topk_items_free(s->items);
    s->items = NULL;
    s->loaded = -1;
    TRY(model_read_factors(s->m, ITEMS, first, n, s->y, s->width));
    if (s->width > s->k) {
      TRY(model_read_bias(s->m, ITEMS, first, n, s->bias));
      for (lid i = 0; i < n; i++)
        s->y[(off)i * s->width + s->k] = s->bias[i];
    }
    if (scorer_renumbered(s) && s->brought != block)
      TRY(status_fail(INTERNAL, "scorer_get was called before scorer_bring"));
    TRY(topk_items_create(s->set, s->y, n, s->width, s->width, s->row, first, &s->items));
    s->loaded = block;
  }
  *out = (scorer_block){.items = s->items, .y = s->y, .first = first, .n = n};
done:
  return st;
}
