#include "jobs/steps/warm.h"

#include "eval/score/match_ids.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "jobs/steps/model_dataset.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

status warm_find(comm *c, const char *how, const char *snapshots, char *warm) {
  status st = OK;
  warm[0] = '\0';
  if (c->rank == 0 && strcmp(how, "never") != 0) {
    char latest[SNAPSHOT_PATH_MAX + 16];
    struct stat about;
    snprintf(latest, sizeof latest, "%s/latest", snapshots);
    if (strcmp(how, "auto") != 0)
      st = snapshot_resolve(how, true, warm);
    else if (lstat(latest, &about) == 0)
      st = snapshot_resolve(snapshots, true, warm);
  }
  st = comm_agree(c, st);
  if (st == OK)
    comm_broadcast(c, warm, SNAPSHOT_PATH_MAX, 0);
  return st;
}

/* Our i-th row of a side is row[i] of the model, -1: unknown there. Runs of neighbours are read in one go. */
static status take_rows(als *a, model *m, side s, const gid *row, gid count, int64_t *taken) {
  off ld = als_ld(a);
  real *factors = als_factors(a, s), *bias = als_bias(a, s);
  status st = OK;
  for (gid i = 0; st == OK && i < count;) {
    gid n = 1;
    if (row[i] < 0) {
      i++;
      continue;
    }
    while (i + n < count && row[i + n] == row[i] + n)
      n++;
    st = model_read_factors(m, s, row[i], n, factors + i * ld, ld);
    if (st == OK && bias != NULL)
      st = model_read_bias(m, s, row[i], n, bias + i);
    *taken += n;
    i += n;
  }
  return st;
}

/* Why the model cannot be started from; NULL if it can. */
static const char *unfit(const model *m, als *a, int factors, bool explicit_loss) {
  if (model_is_explicit(m) != explicit_loss)
    return "it has another loss";
  if (model_factors(m) != factors)
    return "it has another number of factors";
  if (model_has_bias(m) != (als_bias(a, USERS) != NULL))
    return "only one of the two has biases";
  return NULL;
}

/* Finds our users and items among the model's. Collective; agreed status. */
static status find_rows(comm *c, dataset *d, model *m, const part *users, const part *items, gid *user_row,
                        gid *item_row) {
  status st = OK;
  TRY(match_ids(c, ids_of_dataset(d), ids_of_model(m), USERS, users->first[c->rank], part_count(users, c->rank),
                user_row));
  TRY(match_ids(c, ids_of_dataset(d), ids_of_model(m), ITEMS, items->first[c->rank], part_count(items, c->rank),
                item_row));
done:
  return st;
}

const char *warm_file(comm *c, const char *warm, const holdout *h) {
  return holdout_none(h) ? MODEL_FILE : measured_file(c, warm);
}

status warm_start(comm *c, const char *warm, const char *file, dataset *d, const holdout *h, als *a, int factors,
                  bool explicit_loss) {
  model *m = NULL;
  gid *user_row = NULL, *item_row = NULL;
  const part *users = als_part(a, USERS), *items = als_part(a, ITEMS);
  gid user_count = part_count(users, c->rank), item_count = part_count(items, c->rank);
  int64_t taken[2] = {0, 0}, sent = c->bytes_sent;
  status st = OK;
  TRY(comm_agree(c, model_open_file(warm, file, &m)));
  const char *why = unfit(m, a, factors, explicit_loss);
  if (why == NULL && !holdout_none(h) && !holdout_is_of(h, m))
    why = "it was trained on pairs that are held out now";
  if (why != NULL) {
    log_info("a cold start: %s cannot be used, because %s", warm, why);
    goto done;
  }
  st = MEM_ALLOC(user_row, user_count, "rows to start from");
  if (st == OK)
    st = MEM_ALLOC(item_row, item_count, "rows to start from");
  TRY(comm_agree(c, st));
  TRY(find_rows(c, d, m, users, items, user_row, item_row));
  st = take_rows(a, m, USERS, user_row, user_count, &taken[0]);
  if (st == OK)
    st = take_rows(a, m, ITEMS, item_row, item_count, &taken[1]);
  TRY(comm_agree(c, st));
  comm_sum_i64(c, taken, 2);
  log_info("starting from %s/%s: %lld of %lld users and %lld of %lld items are known there", warm, file,
           (long long)taken[0], (long long)users->n, (long long)taken[1], (long long)items->n);
done:
  c->bytes_sent = sent;
  mem_free(user_row);
  mem_free(item_row);
  model_close(m);
  return st;
}
