#include "jobs/groups/group_pairs.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/dataset.h"
#include "jobs/cli/words.h"
#include "jobs/settings/holdout.h"
#include "train/exchange/part.h"

#include <string.h>

static bool fits(const dataset *d, const model *m) {
  return dataset_users(d) == model_rows(m, USERS) && dataset_items(d) == model_rows(m, ITEMS);
}

status group_pairs_fit(comm *c, model *m, const char *path, bool *fit) {
  dataset *d = NULL;
  status st = dataset_open(c, path, &d);
  *fit = st == OK && fits(d, m);
  dataset_close(d);
  return st == NO_MEMORY ? st : OK;
}

status group_pairs_load(comm *c, model *m, const char *path, csr *train, csr *test) {
  status st = OK;
  dataset *d = NULL;
  part users = {0};
  char *digest = NULL;
  char *merge = NULL;
  int how = model_is_explicit(m) ? DUPLICATES_LAST : DUPLICATES_SUM;
  holdout h = {0};
  TRY(dataset_open(c, path, &d));
  if (!fits(d, m))
    TRY(status_fail(BAD_DATA,
                    "%s has %lld users and %lld items, the model %lld and %lld: it was trained on another dataset",
                    path, (long long)dataset_users(d), (long long)dataset_items(d), (long long)model_rows(m, USERS),
                    (long long)model_rows(m, ITEMS)));
  if (h5_attr_has(model_file(m), "/", "dataset_sha256")) {
    TRY(h5_attr_text(model_file(m), "/", "dataset_sha256", &digest));
    if (strcmp(digest, dataset_digest(d)) != 0)
      log_warn("%s is not what the model was trained on: names of groups may be off", path);
  }
  if (h5_attr_has(model_file(m), "/", "duplicates")) {
    TRY(h5_attr_text(model_file(m), "/", "duplicates", &merge));
    how = word_find(DUPLICATES_WORDS, merge) < 0 ? how : word_find(DUPLICATES_WORDS, merge);
  }
  TRY(holdout_of_model(m, &h));
  TRY(part_equal(&users, model_rows(m, USERS), c->size));
done:
  st = comm_agree(c, st);
  if (st == OK)
    st = holdout_load(c, &h, d, &users, (duplicates)how, NULL, train, test);
  holdout_free(&h);
  mem_free(digest);
  mem_free(merge);
  part_free(&users);
  dataset_close(d);
  return st;
}

void group_pairs_keep_loved(csr *m, bool explicit_loss) {
  off to = 0, first = 0;
  for (lid r = 0; r < m->n_rows; r++) {
    off last = m->ptr[r + 1];
    double mean = 0;
    for (off j = first; j < last && explicit_loss; j++)
      mean += m->val[j] / (double)(last - first);
    for (off j = first; j < last; j++)
      if (explicit_loss ? m->val[j] >= mean - 1e-6 : m->val[j] > 0) {
        m->col[to] = m->col[j];
        m->val[to++] = m->val[j];
      }
    m->ptr[r + 1] = to;
    first = last;
  }
}
