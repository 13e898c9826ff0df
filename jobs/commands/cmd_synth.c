/* palate synth: a dataset whose tastes are known (jobs/synth/planted.h), for demonstrations, tests and benchmarks. */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/hdf5/store.h"
#include "io/schema/dataset.h"
#include "jobs/cli/words.h"
#include "jobs/commands/commands.h"
#include "jobs/synth/planted.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

static const option_use TAKES[] = {
    {.name = "output", .help = "dataset to write"},
    {.name = "users", .fallback = "10000"},
    {.name = "items", .fallback = "2000"},
    {.name = "events"},
    {.name = "groups", .fallback = "8", .help = "planted groups"},
    {.name = "factors", .fallback = "8", .help = "planted factors"},
    {.name = "loss", .fallback = "implicit", .help = "explicit: with ratings; implicit: without"},
    {.name = "spread"},
    {.name = "noise"},
    {.name = "seed"},
    {.name = "memory", .fallback = "1G"},
    {.name = "stall-timeout"},
    {.name = "threads"},
    {0},
};

/* What this rank makes: users first … first+count-1 and items likewise. */
typedef struct share {
  gid first_user, users, first_item, items;
  off *indptr; /* [users + 1] */
  lid *item;
  real *value;
  int64_t *time;
} share;

static gid cut(gid n, int rank, int size) {
  return n / size * rank + n % size * rank / size;
}

/* ---- how many events each member has ---- */

/* Events of a member at a scale: its wish in whole events, within what is possible. The wish is rounded by a fraction
 * of the member's own, so that the total grows with the scale in steps of about one. */
typedef struct wishes {
  const double *activity, *phase; /* [n] */
  gid n;
  off least, most;
} wishes;

static off events_at(const wishes *a, gid u, double scale) {
  double wish = floor(a->activity[u] * scale + a->phase[u]);
  return wish < (double)a->least ? a->least : wish > (double)a->most ? a->most : (off)wish;
}

static off total_at(comm *c, const wishes *a, double scale) {
  off sum = 0;
#pragma omp parallel for reduction(+ : sum) schedule(static)
  for (gid u = 0; u < a->n; u++)
    sum += events_at(a, u, scale);
  comm_sum_i64(c, &sum, 1);
  return sum;
}

/* Fills indptr[0 … users] with this rank's counts added up, the first being the events of the ranks before: exactly
 * `events` in all, by bisection of the scale; the rest that one last step of the scale cannot place goes to the first
 * members that step would have given more. Collective. */
static status count_events(comm *c, const planted *w, off events, share *s) {
  status st = OK;
  double *activity = NULL, *phase = NULL;
  TRY(MEM_ALLOC(activity, s->users, "activities"));
  TRY(MEM_ALLOC(phase, s->users, "activities"));
  TRY(MEM_ALLOC(s->indptr, s->users + 1, "indptr"));
#pragma omp parallel for schedule(static)
  for (gid u = 0; u < s->users; u++)
    activity[u] = planted_activity(w, s->first_user + u, &phase[u]);
done:
  st = comm_agree(c, st);
  if (st == OK) {
    off mean = events / w->n_users, half = w->n_items / 2;
    wishes a = {activity, phase, s->users, events >= w->n_users ? (mean / 8 > 1 ? mean / 8 : 1) : 0,
                mean <= half / 2 ? half : (off)w->n_items};
    double low = 0, high = 1;
    while (high < 1e18 && total_at(c, &a, high) < events)
      high *= 2;
    for (double middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2)
      *(total_at(c, &a, middle) <= events ? &low : &high) = middle;
    off rest = events - total_at(c, &a, low), mine = 0;
    for (gid u = 0; u < s->users; u++)
      mine += events_at(&a, u, high) > events_at(&a, u, low);
    off before = comm_before_i64(c, mine);
    off at = 0;
    for (gid u = 0; u < s->users; u++) {
      off n = events_at(&a, u, low);
      if (events_at(&a, u, high) > n && before++ < rest)
        n++;
      s->indptr[u] = at;
      at += n;
    }
    s->indptr[s->users] = at;
    off start = comm_before_i64(c, at), all = at;
    for (gid u = 0; u <= s->users; u++)
      s->indptr[u] += start;
    comm_sum_i64(c, &all, 1);
    if (all != events)
      st = status_fail(INTERNAL, "planted %" PRId64 " events in place of %" PRId64, all, events);
  }
  mem_free(activity);
  mem_free(phase);
  return st;
}

/* ---- the events ---- */

static status make_events(const planted *w, int64_t table_limit, share *s) {
  status st = OK;
  planted_items table = {0};
  off n = s->indptr[s->users] - s->indptr[0];
  TRY(MEM_ALLOC(s->item, n, "events"));
  TRY(MEM_ALLOC(s->value, n, "events"));
  TRY(MEM_ALLOC(s->time, n, "events"));
  bool keep = (double)w->n_items * (w->factors + 1) * sizeof(real) <= (double)table_limit;
  TRY(planted_items_make(w, keep, &table));
  progress p;
  progress_begin(&p, "planting", s->users);
  gid done_users = 0;
  char message[STATUS_MESSAGE_MAX] = "";
#pragma omp parallel
  {
    planted_work work = {0};
#pragma omp for schedule(dynamic, 64)
    for (gid u = 0; u < s->users; u++) {
      status mine;
#pragma omp atomic read
      mine = st;
      if (mine != OK)
        continue;
      off at = s->indptr[u] - s->indptr[0], count = s->indptr[u + 1] - s->indptr[u];
      mine = planted_events(w, &table, &work, s->first_user + u, count, s->item + at, s->value + at, s->time + at);
      if (mine != OK) {
#pragma omp critical
        {
          st = mine;
          snprintf(message, sizeof message, "%s", status_message());
        }
      }
      gid so_far;
#pragma omp atomic capture
      so_far = ++done_users;
      if (omp_get_thread_num() == 0 && so_far % 256 < 64)
        progress_step(&p, so_far, "%s", "");
    }
    planted_work_free(&work);
  }
  progress_end(&p);
  if (st != OK)
    st = status_fail(st, "%s", message);
done:
  planted_items_free(&table);
  return st;
}

/* ---- names ---- */

static int digits(gid n) {
  int d = 1;
  for (; n >= 10; n /= 10)
    d++;
  return d;
}

/* Ids count from 1. */
static status make_ids(gid first, gid count, gid all, const char *what, strings *out) {
  status st = strings_alloc(out, count, digits(all), what);
  for (gid i = 0; st == OK && i < count; i++) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, first + i + 1);
    memcpy(out->bytes + i * out->width, text, strlen(text));
  }
  return st;
}

static status make_names(const planted *w, const share *s, dataset_part *part) {
  status st = OK;
  TRY(make_ids(s->first_user, s->users, w->n_users, "user ids", &part->user_ids));
  TRY(make_ids(s->first_item, s->items, w->n_items, "item ids", &part->item_ids));
  TRY(strings_alloc(&part->titles, s->items, PLANTED_NAME_MAX, "titles"));
  TRY(strings_alloc(&part->tags, s->items, PLANTED_TAGS_MAX, "tags"));
#pragma omp parallel for schedule(static)
  for (gid i = 0; i < s->items; i++) {
    char title[PLANTED_NAME_MAX], tags[PLANTED_TAGS_MAX];
    planted_title(w, s->first_item + i, title);
    planted_tags(w, s->first_item + i, tags);
    memcpy(part->titles.bytes + i * PLANTED_NAME_MAX, title, strlen(title));
    memcpy(part->tags.bytes + i * PLANTED_TAGS_MAX, tags, strlen(tags));
  }
done:
  return st;
}

static status write_dataset(comm *c, const planted *w, off events, const share *s, const char *path) {
  dataset_part part = {
      .n_users = w->n_users,
      .n_items = w->n_items,
      .n_events = events,
      .first_user = s->first_user,
      .user_count = s->users,
      .first_event = s->indptr[0],
      .indptr = s->indptr,
      .item = s->item,
      .value = s->value,
      .time = s->time,
      .first_item = s->first_item,
      .item_count = s->items,
  };
  status st = comm_agree(c, make_names(w, s, &part));
  if (st == OK)
    st = dataset_write(c, path, &part);
  strings_free(&part.user_ids);
  strings_free(&part.item_ids);
  strings_free(&part.titles);
  strings_free(&part.tags);
  return st;
}

/* ---- the truth ---- */

/* "demo.h5" → "demo.truth.h5". */
static status truth_path(const char *path, char *out, size_t size) {
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

static status write_truth(comm *c, const planted *w, const share *s, const char *path) {
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
  status st = truth_path(path, truth, sizeof truth);
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

/* ---- the command ---- */

static status read_options(const options *o, planted *w, off *events, int64_t *memory) {
  status st = OK;
  int64_t number;
  int loss;
  if (option_text(o, "output") == NULL)
    return status_fail(USAGE, "palate synth needs -o DATASET, the file to write");
  TRY(option_count(o, "users", 1, INT64_C(1) << 40, &w->n_users));
  TRY(option_count(o, "items", 1, INT32_MAX - 1, &w->n_items));
  TRY(option_count(o, "events", 1, INT64_C(1) << 50, events));
  TRY(option_count(o, "groups", 1, 1 << 20, &number));
  w->groups = (int)number;
  TRY(option_count(o, "factors", 1, PLANTED_FACTORS_MAX, &number));
  w->factors = (int)number;
  TRY(option_count(o, "seed", 0, INT64_MAX, &number));
  w->seed = (uint64_t)number;
  TRY(option_choice(o, "loss", LOSS_WORDS, &loss));
  w->explicit_loss = loss == 0;
  TRY(option_number(o, "spread", 0, 10, &w->spread));
  TRY(option_number(o, "noise", 0, 10, &w->noise));
  TRY(option_size(o, "memory", memory));
  w->mean = 3.3;
  if (*events / w->n_users + (*events % w->n_users > 0) > w->n_items)
    st = status_fail(
        USAGE, "%" PRId64 " events are more than %" PRId64 " users can have among %" PRId64 " items, each at most once",
        *events, w->n_users, w->n_items);
done:
  return st;
}

static status run(comm *c, const options *o) {
  planted w;
  off events;
  int64_t memory;
  status st = read_options(o, &w, &events, &memory);
  if (st != OK)
    return st;
  const char *path = option_text(o, "output");
  double start = seconds_now();
  share s = {.first_user = cut(w.n_users, c->rank, c->size), .first_item = cut(w.n_items, c->rank, c->size)};
  s.users = cut(w.n_users, c->rank + 1, c->size) - s.first_user;
  s.items = cut(w.n_items, c->rank + 1, c->size) - s.first_item;
  TRY(count_events(c, &w, events, &s));
  TRY(comm_agree(c, make_events(&w, memory, &s)));
  double made = seconds_now();
  TRY(write_dataset(c, &w, events, &s, path));
  TRY(write_truth(c, &w, &s, path));
  char truth[4096];
  TRY(truth_path(path, truth, sizeof truth));
  log_info("%s: %" PRId64 " users, %" PRId64 " items, %" PRId64
           " events (%s), %d groups in %d factors; the truth is in %s",
           path, w.n_users, w.n_items, events, w.explicit_loss ? "ratings" : "counts", w.groups, w.factors, truth);
  log_info("%.1f s to plant, %.1f s to write", made - start, seconds_now() - made);
done:
  mem_free(s.indptr);
  mem_free(s.item);
  mem_free(s.value);
  mem_free(s.time);
  return st;
}

const command CMD_SYNTH = {
    .name = "synth",
    .arguments = "",
    .summary = "make a dataset with planted taste groups",
    .details =
        "Members of a group love the same two themes; titles and tags speak of the themes, so groups can be read. "
        "Popularity follows a power law, activity a log-normal one. The planted groups and factors go to "
        "DATASET.truth.h5 beside the dataset. The same options and seed give the same file on any number of "
        "ranks. A rank holds its share of the members with all their events, 16 bytes each, and the order of the whole "
        "catalogue, 4 bytes an item; a thread that deals out much of it, an array of the catalogue more.\n\n"
        "  palate synth -o demo.h5 --users 2000 --items 1000 --events 100000\n"
        "  mpirun -n 2 palate synth -o 20m.h5 --users 138493 --items 26744 --events 20000000 --groups 64 "
        "--factors 16\n",
    .min_arguments = 0,
    .max_arguments = 0,
    .mpi = true,
    .takes = TAKES,
    .run = run,
};
