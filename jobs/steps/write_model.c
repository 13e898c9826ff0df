#include "jobs/steps/write_model.h"
#include "io/schema/model_write.h"

#include "io/base/mem.h"
#include "io/snapshot/resolve.h"
#include "jobs/cli/words.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- attributes --- */

enum { ATTRIBUTES_MAX = 40 };

typedef struct attribute_list {
  h5_attribute list[ATTRIBUTES_MAX];
  int64_t whole[ATTRIBUTES_MAX];
  double number[ATTRIBUTES_MAX];
  char word[ATTRIBUTES_MAX][32];
  int n;
} attribute_list;

static void put(attribute_list *a, const char *name, h5_type type, off count, const void *value) {
  a->list[a->n++] = (h5_attribute){.path = "/", .name = name, .type = type, .count = count, .value = value};
}
static void put_whole(attribute_list *a, const char *name, int64_t value) {
  a->whole[a->n] = value;
  put(a, name, H5_I64, 0, &a->whole[a->n]);
}
static void put_number(attribute_list *a, const char *name, double value) {
  a->number[a->n] = value;
  put(a, name, H5_F64, 0, &a->number[a->n]);
}
static void put_text(attribute_list *a, const char *name, const char *value) {
  put(a, name, H5_TEXT, 0, value);
}
/* The word at a place of "one|two|three". */
static void put_word(attribute_list *a, const char *name, const char *words, int i) {
  put_text(a, name, word_at(words, i, a->word[a->n], sizeof a->word[0]));
}

/* The absolute path, or the path as given if the current folder is unknown. out has `size` places. */
static const char *absolute_path(const char *path, char *out, size_t size) {
  if (path[0] == '/' || getcwd(out, size) == NULL)
    return path;
  size_t n = strlen(out);
  return (size_t)snprintf(out + n, size - n, "/%s", path) < size - n ? out : path;
}

static void put_loss(attribute_list *list, const als *a, const train_settings *t) {
  const loss *l = als_loss(a);
  double low, high;
  put_word(list, "loss", LOSS_WORDS, t->loss);
  put_whole(list, "factors", t->als.factors);
  put_number(list, "lambda", l->lambda);
  put_number(list, "reg_exponent", l->nu);
  if (l->explicit_loss) {
    als_value_range(a, &low, &high);
    put_number(list, "mean", als_mean(a));
    put_number(list, "scale_min", low);
    put_number(list, "scale_max", high);
    return;
  }
  put_word(list, "confidence", CONFIDENCE_WORDS, t->confidence);
  put_number(list, "alpha", l->alpha);
  put_number(list, "epsilon", l->epsilon);
  put_number(list, "unobserved_weight", loss_alpha0(l));
  put_word(list, "weights", WEIGHTS_WORDS, t->weights);
  put_whole(list, "zero_pairs", als_zeros(a));
  put_whole(list, "dislikes", als_dislikes(a));
  put_number(list, "prior_mean", l->prior_mean);
  put_text(list, "half_life", t->half_life);
}

/* path has SNAPSHOT_PATH_MAX places, for the dataset's. */
static void put_attributes(attribute_list *list, const trained_model *m, char *path) {
  const train_settings *t = m->settings;
  put_loss(list, m->als, t);
  put_word(list, "duplicates", DUPLICATES_WORDS, (int)t->merge);
  put_word(list, "solver", SOLVE_METHOD_WORDS, t->solver);
  put_whole(list, "nonnegative", t->als.nonnegative);
  put_whole(list, "seed", (int64_t)t->als.seed);
  put_number(list, "tolerance", t->als.tolerance);
  put_whole(list, "sweeps", als_sweeps_done(m->als));
  put_text(list, "holdout", holdout_text(m->held_out));
  if (m->refit != NULL)
    put_text(list, "refit", m->refit);
  put_text(list, HOLDOUT_KEY, holdout_key(m->held_out));
  put_whole(list, "pairs", als_pairs(m->als));
  put(list, "objective", H5_F64, m->sweeps, m->objective);
  put_text(list, "dataset", absolute_path(dataset_path(m->data), path, SNAPSHOT_PATH_MAX));
  put_text(list, "dataset_sha256", dataset_digest(m->data));
}

/* --- rows --- */

static void take_factors(const trained_model *m, int rank, model_part *out) {
  const part *users = als_part(m->als, USERS), *items = als_part(m->als, ITEMS);
  *out = (model_part){.n_users = dataset_users(m->data),
                      .n_items = dataset_items(m->data),
                      .factors = m->settings->als.factors,
                      .ld = als_ld(m->als),
                      .first_user = users->first[rank],
                      .user_count = part_count(users, rank),
                      .first_item = items->first[rank],
                      .item_count = part_count(items, rank),
                      .user_factors = als_factors(m->als, USERS),
                      .item_factors = als_factors(m->als, ITEMS),
                      .user_bias = als_bias(m->als, USERS),
                      .item_bias = als_bias(m->als, ITEMS)};
}

static status read_texts(dataset *d, model_part *p) {
  status st = OK;
  TRY(dataset_read_ids(d, USERS, p->first_user, p->user_count, &p->user_ids));
  TRY(dataset_read_ids(d, ITEMS, p->first_item, p->item_count, &p->item_ids));
  TRY(dataset_read_titles(d, p->first_item, p->item_count, &p->titles));
  TRY(dataset_read_tags(d, p->first_item, p->item_count, &p->tags));
done:
  return st;
}

static void free_texts(model_part *p) {
  strings_free(&p->user_ids);
  strings_free(&p->item_ids);
  strings_free(&p->titles);
  strings_free(&p->tags);
}

/* The mean user in single precision: *out, NULL without a prior. Free with mem_free. */
static status take_prior(const trained_model *m, real **out) {
  const double *prior = als_prior(m->als);
  int k = m->settings->als.factors;
  *out = NULL;
  if (prior == NULL)
    return OK;
  status st = MEM_ALLOC(*out, k, "the mean user");
  for (int j = 0; st == OK && j < k; j++)
    (*out)[j] = (real)prior[j];
  return st;
}

/* Training pairs of our items: *out. Free with mem_free. */
static status take_pairs(const trained_model *m, gid n, int64_t **out) {
  status st = MEM_ALLOC(*out, n, "pairs of items");
  for (gid i = 0; st == OK && i < n; i++)
    (*out)[i] = als_row_interactions(m->als, ITEMS, (lid)i);
  return st;
}

status write_model(comm *c, const trained_model *m, const char *dir) {
  attribute_list *list = NULL;
  real *prior = NULL;
  int64_t *pairs = NULL;
  char path[SNAPSHOT_PATH_MAX];
  model_part p;
  take_factors(m, c->rank, &p);
  status st = MEM_ZALLOC(list, 1, "model attributes");
  if (st == OK)
    st = take_prior(m, &prior);
  if (st == OK)
    st = take_pairs(m, p.item_count, &pairs);
  if (st == OK)
    st = read_texts(m->data, &p);
  TRY(comm_agree(c, st));
  put_attributes(list, m, path);
  p.file = m->file;
  p.item_pairs = pairs;
  p.prior = prior;
  p.unseen = als_unseen(m->als);
  p.attributes = list->list;
  p.n_attributes = list->n;
  TRY(model_write(c, dir, &p));
done:
  free_texts(&p);
  mem_free(prior);
  mem_free(pairs);
  mem_free(list);
  return st;
}
