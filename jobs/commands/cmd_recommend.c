/* palate recommend: the best unseen items of one member, of a newcomer, or of everyone. */
#include "eval/lists/recommend_all.h"
#include "eval/score/foldin.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/snapshot.h"
#include "jobs/cli/listing.h"
#include "jobs/commands/commands.h"
#include "jobs/show/member_list.h"

#include <omp.h>
#include <sys/stat.h>
#include <unistd.h>

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
    log_warn("the dataset is not where the model was trained on it, so items that members already have are not left "
             "out; --data DATASET tells where it is");
    goto done;
  }
  TRY(dataset_open(c, path, out));
done:
  mem_free(recorded);
  return st;
}

/* --- a member --- */

static status recommend_user(comm *c, const options *o, model *m, const char *dir, int top) {
  status st = OK;
  const char *id = option_text(o, "user");
  gid row;
  real *x = NULL, *score = NULL;
  double constant, best;
  dataset *d = NULL;
  seen *s = NULL;
  csr has = {0};
  gid ends[2];
  TRY(model_find_id(m, USERS, id, &row));
  if (row < 0) {
    st = status_fail(USAGE, "%s has no member with the id `%.200s`; --likes serves newcomers", h5_path(model_file(m)),
                     id);
    goto done;
  }
  TRY(MEM_ALLOC(x, model_factors(m), "member"));
  TRY(MEM_ALLOC(score, model_rows(m, ITEMS), "scores"));
  TRY(member_read(m, row, x, &constant));
  if (!option_flag(o, "json"))
    TRY(member_log_tastes(dir, id, row));
  TRY(open_data(c, o, m, &d));
  if (d != NULL) {
    ends[0] = row;
    ends[1] = row + 1;
    TRY(seen_create(c, d, m, &(part){.n = model_rows(m, USERS), .size = 1, .first = ends}, &s));
    TRY(seen_rows(c, s, row, 1, &has));
  }
  TRY(member_scores(m, x, constant, has.col, csr_nnz(&has), score, &best));
  TRY(member_list_show(m, score, best, has.col, csr_nnz(&has), top,
                       &(list_reader){"user", id, option_flag(o, "json")}));
done:
  mem_free(x);
  mem_free(score);
  seen_free(s);
  csr_free(&has);
  dataset_close(d);
  return st;
}

/* --- a newcomer --- */

static status recommend_newcomer(comm *c, const options *o, model *m, int top) {
  status st = OK;
  lid likes[LIKES_MAX];
  int n = 0;
  foldin *f = NULL;
  csr rows = {0};
  real *x = NULL, *score = NULL, bias = 0;
  match_scale scale;
  double best;
  TRY(listing_find_all(m, option_text(o, "likes"), LIKES_MAX, likes, &n));
  TRY(match_scale_read(m, &scale));
  TRY(csr_alloc(&rows, 1, n, "favourites"));
  for (int i = 0; i < n; i++) {
    rows.col[i] = likes[i];
    rows.val[i] = (real)scale.high; /* the best rating there is; or 1, a choice */
  }
  rows.ptr[1] = n;
  TRY(MEM_ALLOC(x, model_factors(m), "newcomer"));
  TRY(MEM_ALLOC(score, model_rows(m, ITEMS), "scores"));
  TRY(foldin_create(c, m, &f));
  TRY(foldin_rows(f, &rows, x, model_factors(m), &bias));
  TRY(member_scores(m, x, model_mean(m) + (double)bias, likes, n, score, &best));
  TRY(member_list_show(m, score, best, likes, n, top,
                       &(list_reader){"likes", option_text(o, "likes"), option_flag(o, "json")}));
done:
  foldin_free(f);
  csr_free(&rows);
  mem_free(x);
  mem_free(score);
  return st;
}

/* --- everyone --- */

static status recommend_everyone(comm *c, const options *o, model *m, const char *dir, int top) {
  status st = OK;
  char path[SNAPSHOT_PATH_MAX + 32];
  int64_t memory = 0;
  part users = {0};
  dataset *d = NULL;
  seen *s = NULL;
  struct stat sealed;
  if (option_text(o, "memory") != NULL)
    st = option_size(o, "memory", &memory);
  if (option_text(o, "output") != NULL) {
    snprintf(path, sizeof path, "%s", option_text(o, "output"));
  } else {
    snprintf(path, sizeof path, "%s/SHA256SUMS", dir);
    if (st == OK && stat(path, &sealed) == 0)
      st = status_fail(USAGE, "%s is sealed and never changes; give --output FILE", dir);
    snprintf(path, sizeof path, "%s/recommendations.h5", dir);
  }
  if (st == OK)
    st = part_equal(&users, model_rows(m, USERS), c->size);
  TRY(comm_agree(c, st));
  TRY(open_data(c, o, m, &d));
  if (d != NULL)
    TRY(seen_create(c, d, m, &users, &s));
  double start = seconds_now();
  TRY(recommend_all(c, m, s, &users, top, memory, path));
  log_info("%d items for each of %lld members in %.2f s", top, (long long)users.n, seconds_now() - start);
  if (c->rank == 0)
    printf("%s\n", path);
done:
  seen_free(s);
  dataset_close(d);
  part_free(&users);
  return st;
}

static status run(comm *c, const options *o) {
  status st = OK;
  model *m = NULL;
  char dir[SNAPSHOT_PATH_MAX];
  int64_t top = 0, threads = 0;
  bool user = option_text(o, "user") != NULL, likes = option_text(o, "likes") != NULL, all = option_flag(o, "all");
  st = option_count(o, "top", 1, TOP_MAX, &top);
  if (st == OK)
    st = option_count(o, "threads", 0, 4096, &threads);
  if (st == OK && user + likes + all != 1)
    st = status_fail(USAGE, "give one of --user ID, --likes ID,ID,… and --all");
  if (st == OK)
    st = snapshot_resolve(options_argument(o, 0), false, dir);
  if (st == OK)
    st = model_open(dir, &m);
  TRY(comm_agree(c, st));
  if (top > model_rows(m, ITEMS))
    top = model_rows(m, ITEMS);
  /* One list takes less than the start of a second thread, and the two would be in each other's way. */
  if (!all && threads == 0)
    omp_set_num_threads(1);
  if (user)
    TRY(recommend_user(c, o, m, dir, (int)top));
  else if (likes)
    TRY(recommend_newcomer(c, o, m, (int)top));
  else
    TRY(recommend_everyone(c, o, m, dir, (int)top));
done:
  model_close(m);
  return st;
}

const command CMD_RECOMMEND = {
    .name = "recommend",
    .arguments = "SNAPSHOT",
    .summary = "the best unseen items of a member, of a newcomer, or of everyone",
    .details =
        "Items a member already has, or had and returned, are left out, as the dataset tells them: the one the model "
        "was trained on, or --data. The match per cent says, for an explicit model, where the predicted rating lies "
        "between the lowest "
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
