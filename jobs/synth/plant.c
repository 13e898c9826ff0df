#include "jobs/synth/plant.h"
#include "io/schema/dataset_write.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/dataset.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

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
static status count_events(comm *c, const planted *w, off events, planted_share *s) {
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

static status make_events(const planted *w, int64_t table_limit, planted_share *s) {
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

status planted_share_make(comm *c, const planted *w, off events, int64_t table_limit, planted_share *out) {
  *out =
      (planted_share){.first_user = cut(w->n_users, c->rank, c->size), .first_item = cut(w->n_items, c->rank, c->size)};
  out->users = cut(w->n_users, c->rank + 1, c->size) - out->first_user;
  out->items = cut(w->n_items, c->rank + 1, c->size) - out->first_item;
  status st = count_events(c, w, events, out);
  return st == OK ? comm_agree(c, make_events(w, table_limit, out)) : st;
}

void planted_share_free(planted_share *s) {
  mem_free(s->indptr);
  mem_free(s->item);
  mem_free(s->value);
  mem_free(s->time);
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

static status make_names(const planted *w, const planted_share *s, dataset_part *part) {
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

status plant_dataset(comm *c, const planted *w, off events, const planted_share *s, const char *path) {
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
