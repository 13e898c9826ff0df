/* palate recommend: the best unseen items of one member, of a newcomer, or of everyone. */
#include "eval/lists/recommend_all.h"
#include "eval/reader/reader.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/resolve.h"
#include "io/snapshot/seal.h"
#include "jobs/cli/listing.h"
#include "jobs/commands/commands.h"
#include "jobs/show/member_list.h"
#include "jobs/steps/model_dataset.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

static const option_use TAKES[] = {
    {.name = "user"},
    {.name = "likes"},
    {.name = "all"},
    {.name = "top"},
    {.name = "data", .help = "dataset that says what users have (default: the one the model was trained on)"},
    {.name = "json"},
    {.name = "output", .help = "file for --all (default: recommendations.h5 in the snapshot)"},
    {.name = "stall-timeout"},
    {.name = "threads"},
    {.name = "memory"},
    {0}};
enum { LIKES_MAX = 1000, TOP_MAX = 100000 };

static bool for_everyone(const options *o) {
  return option_flag(o, "all");
}

/* --- one list --- */

static void warn_no_dataset(void) {
  log_warn("the dataset of the model is gone, so items that members already have are not left out; give it with "
           "--data DATASET");
}

static status list_user(const options *o, reader *r, int top, reader_entry *list, int *n) {
  status st = OK;
  const char *id = option_text(o, "user");
  gid row;
  bool found;
  TRY(reader_find_user(r, id, &row));
  if (row < 0)
    TRY(status_fail(USAGE, "%s has no member with the id `%.200s`; for a newcomer use --likes",
                    h5_path(model_file(reader_model(r))), id));
  TRY(member_warn_blank(r, row));
  if (!option_flag(o, "json"))
    TRY(member_log_tastes(reader_dir(r), id, row));
  TRY(reader_open_data(r, option_text(o, "data"), &found));
  if (!found)
    warn_no_dataset();
  TRY(reader_list_user(r, row, top, list, n));
done:
  return st;
}

static status list_likes(const options *o, reader *r, int top, reader_entry *list, int *n) {
  lid likes[LIKES_MAX];
  int n_likes = 0;
  status st = reader_find_items(r, option_text(o, "likes"), LIKES_MAX, likes, &n_likes);
  if (st == OK && n_likes == 0)
    st = status_fail(USAGE, "--likes names no item");
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

/* Opens the dataset that says what members have: --data, else the one the model was trained on. NULL in *out, with a
 * warning, if that is gone. */
static status open_data(comm *c, const options *o, model *m, dataset **out) {
  char *path = NULL;
  *out = NULL;
  status st = model_dataset(c, m, option_text(o, "data"), &path);
  if (st == OK && path != NULL)
    st = dataset_open(c, path, out);
  else if (st == OK)
    warn_no_dataset();
  mem_free(path);
  return st;
}

/* The file for everyone's lists: --output, or recommendations.h5 in a snapshot that is not sealed. */
static status output_path(const options *o, const char *dir, char *path, size_t size) {
  if (option_text(o, "output") != NULL) {
    snprintf(path, size, "%s", option_text(o, "output"));
    return OK;
  }
  if (seal_is_there(dir))
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
    .summary = "list the best unseen items of a member, a newcomer, or everyone",
    .details =
        "Items that a member already has in the dataset, or had and returned, are left out. The match per cent of an "
        "explicit model is the "
        "place "
        "of the predicted rating between the lowest and the highest rating; of an implicit one, the predicted "
        "preference relative to the member's strongest over all items. Each of --likes counts as chosen once, or as "
        "rated best. --all runs alone or under mpirun.\n\n"
        "  palate recommend snapshots --user 42\n"
        "  palate recommend snapshots --likes 'Heat (1995),318,50' --top 20\n"
        "  mpirun -n 2 palate recommend snapshots --all --top 100 -o recommendations.h5",
    .min_arguments = 1,
    .max_arguments = 1,
    .mpi = false,
    .mpi_if = for_everyone,
    .takes = TAKES,
    .run = run};
