/* palate recommend: the best unseen items of one member, of a newcomer, or of everyone. */
#include "eval/lists/recommend_all.h"
#include "eval/reader/reader.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/resolve.h"
#include "jobs/cli/listing.h"
#include "jobs/commands/commands.h"
#include "jobs/groups/tastes.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const option_use TAKES[] = {{"user", NULL},    {"likes", NULL},  {"all", NULL},    {"top", NULL},
                                   {"data", NULL},    {"json", NULL},   {"output", NULL}, {"stall-timeout", NULL},
                                   {"threads", NULL}, {"memory", NULL}, {NULL, NULL}};
enum { LIKES_MAX = 1000, TOP_MAX = 100000 };

static bool for_everyone(const options *o) {
  return option_flag(o, "all");
}

/* --- one list --- */

static void warn_unseen_unknown(void) {
  log_warn("the dataset is not where the model was trained on it, so items that members already have are not left "
           "out; --data DATASET tells where it is");
}

/* Says on standard error if there is nothing to go by, and which groups the member belongs to. */
static status say_member(const options *o, reader *r, gid row) {
  status st = OK;
  bool blank;
  json_t *tastes = NULL;
  char line[1024];
  TRY(reader_user_is_blank(r, row, &blank));
  if (blank)
    log_warn("nothing was trained on for this member, so %s",
             model_has_bias(reader_model(r)) ? "these are the items everyone rates highly" : "all items score alike");
  if (option_flag(o, "json"))
    goto done;
  TRY(tastes_read(reader_dir(r), row, &tastes));
  if (json_array_size(tastes) > 0)
    log_info("member %s: %s", option_text(o, "user"), tastes_line(tastes, line, sizeof line));
done:
  json_decref(tastes);
  return st;
}

static status list_user(const options *o, reader *r, int top, reader_entry *list, int *n) {
  status st = OK;
  const char *id = option_text(o, "user");
  gid row;
  bool found;
  TRY(reader_find_user(r, id, &row));
  if (row < 0)
    TRY(status_fail(USAGE, "%s has no member with the id `%.200s`; --likes serves newcomers",
                    h5_path(model_file(reader_model(r))), id));
  TRY(say_member(o, r, row));
  TRY(reader_open_data(r, option_text(o, "data"), &found));
  if (!found)
    warn_unseen_unknown();
  TRY(reader_list_user(r, row, top, list, n));
done:
  return st;
}

static status list_likes(const options *o, reader *r, int top, reader_entry *list, int *n) {
  lid likes[LIKES_MAX];
  int n_likes = 0;
  status st = reader_find_items(r, option_text(o, "likes"), LIKES_MAX, likes, &n_likes);
  return st == OK ? reader_list_likes(r, likes, n_likes, top, list, n) : st;
}

static status recommend_one(const options *o, int64_t top) {
  status st = OK;
  reader *r = NULL;
  reader_entry *list = NULL;
  int n = 0;
  const char *key = option_text(o, "user") != NULL ? "user" : "likes";
  TRY(reader_open(options_argument(o, 0), &r));
  TRY(MEM_ALLOC(list, top, "list"));
  TRY((strcmp(key, "user") == 0 ? list_user : list_likes)(o, r, (int)top, list, &n));
  const char *column = model_is_explicit(reader_model(r)) ? "rating" : "score";
  TRY(listing_print(r, list, n, &(listing_words){key, option_text(o, key), "score", column}, option_flag(o, "json")));
done:
  mem_free(list);
  reader_close(r);
  return st;
}

/* --- everyone --- */

/* The dataset that tells what members have: --data, else where the model says it was trained. NULL in *out, with a
 * warning, where the latter is not there any more. */
static status open_data(comm *c, const options *o, model *m, dataset **out) {
  status st = OK;
  char *recorded = NULL;
  const char *path = option_text(o, "data");
  *out = NULL;
  if (path == NULL && h5_attr_has(model_file(m), "/", "dataset")) {
    TRY(comm_agree(c, h5_attr_text(model_file(m), "/", "dataset", &recorded)));
    int64_t gone = access(recorded, R_OK) != 0;
    comm_max_i64(c, &gone, 1);
    path = gone ? NULL : recorded;
  }
  if (path == NULL) {
    warn_unseen_unknown();
    goto done;
  }
  TRY(dataset_open(c, path, out));
done:
  mem_free(recorded);
  return st;
}

/* Where the lists go: --output, or recommendations.h5 in a snapshot that is not sealed. */
static status output_path(const options *o, const char *dir, char *path, size_t size) {
  if (option_text(o, "output") != NULL) {
    snprintf(path, size, "%s", option_text(o, "output"));
    return OK;
  }
  struct stat sealed;
  snprintf(path, size, "%s/SHA256SUMS", dir);
  if (stat(path, &sealed) == 0)
    return status_fail(USAGE, "%s is sealed and never changes; give --output FILE", dir);
  snprintf(path, size, "%s/recommendations.h5", dir);
  return OK;
}

static status recommend_everyone(comm *c, const options *o, int64_t top) {
  char dir[SNAPSHOT_PATH_MAX], path[SNAPSHOT_PATH_MAX + 32];
  int64_t memory = 0;
  model *m = NULL;
  part users = {0};
  dataset *d = NULL;
  seen *s = NULL;
  status st = snapshot_resolve(options_argument(o, 0), false, dir);
  if (st == OK)
    st = model_open(dir, &m);
  if (st == OK && option_text(o, "memory") != NULL)
    st = option_size(o, "memory", &memory);
  if (st == OK)
    st = output_path(o, dir, path, sizeof path);
  if (st == OK)
    st = part_equal(&users, model_rows(m, USERS), c->size);
  TRY(comm_agree(c, st));
  if (top > model_rows(m, ITEMS))
    top = model_rows(m, ITEMS);
  TRY(open_data(c, o, m, &d));
  if (d != NULL)
    TRY(seen_create(c, d, m, &users, &s));
  double start = seconds_now();
  TRY(recommend_all(c, m, s, &users, (int)top, memory, path));
  log_info("%d items for each of %lld members in %.2f s", (int)top, (long long)users.n, seconds_now() - start);
  if (c->rank == 0)
    printf("%s\n", path);
done:
  seen_free(s);
  dataset_close(d);
  part_free(&users);
  model_close(m);
  return st;
}

static status run(comm *c, const options *o) {
  int64_t top = 0, threads = 0;
  bool user = option_text(o, "user") != NULL, likes = option_text(o, "likes") != NULL, all = option_flag(o, "all");
  status st = option_count(o, "top", 1, TOP_MAX, &top);
  if (st == OK)
    st = option_count(o, "threads", 0, 4096, &threads);
  if (st == OK && user + likes + all != 1)
    st = status_fail(USAGE, "give one of --user ID, --likes ID,ID,… and --all");
  st = comm_agree(c, st);
  if (st != OK)
    return st;
  if (all)
    return recommend_everyone(c, o, top);
  /* One list takes less than the start of a second thread, and the two would be in each other's way. */
  if (threads == 0)
    omp_set_num_threads(1);
  return recommend_one(o, top);
}

const command CMD_RECOMMEND = {
    .name = "recommend",
    .arguments = "SNAPSHOT",
    .summary = "the best unseen items of a member, of a newcomer, or of everyone",
    .details =
        "Items a member already has are left out, as the dataset tells them: the one the model was trained on, or "
        "--data. The match per cent says, for an explicit model, where the predicted rating lies between the lowest "
        "and "
        "the highest rating there is; for an implicit one, how strong the predicted preference is beside the member's "
        "strongest, over all items. --likes takes ids and titles; each counts as chosen once, or rated best. --all "
        "runs "
        "under mpirun or alone, and writes recommendations.h5 into the snapshot, or to --output.\n\n"
        "  palate recommend snapshots --user 42\n"
        "  palate recommend snapshots --likes 'Heat (1995),318,50' --top 20\n"
        "  mpirun -n 2 palate recommend snapshots --all --top 100 -o recommendations.h5",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = false,
    .mpi_if = for_everyone,
    .takes = TAKES,
    .run = run};
