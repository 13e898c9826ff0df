#define _DEFAULT_SOURCE /* strsep */
#include "io/ingest/ingest.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ingest/move_events.h"
#include "io/ingest/numbering.h"
#include "io/ingest/read_events.h"
#include "io/ingest/source.h"
#include "io/ingest/titles.h"
#include "io/schema/dataset.h"
#include "io/schema/dataset_write.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- SHA-256 of the sources, beside everything else ---- */

enum { SUM_BYTES = 32, SUM_WORDS = SUM_BYTES / 8 };

/* Files rank, rank + size, … of n; sums[i] is filled for those. */
typedef struct hasher {
  pthread_t thread;
  bool running;
  const char *const *paths;
  int n, rank, size;
  unsigned char (*sums)[SUM_BYTES];
  status st;
  char message[STATUS_MESSAGE_MAX];
} hasher;

static void *hash_files(void *context) {
  hasher *h = context;
  for (int i = h->rank; i < h->n && h->st == OK; i += h->size)
    h->st = source_sha256(h->paths[i], h->sums[i]);
  snprintf(h->message, sizeof h->message, "%s", status_message());
  return NULL;
}

/* The last ranks hash first: rank 0 has enough to do. */
static status hasher_start(const comm *c, hasher *h, const char *const *paths, int n) {
  *h = (hasher){.paths = paths, .n = n, .rank = c->size - 1 - c->rank, .size = c->size};
  status st = MEM_ZALLOC(h->sums, n, "sums of sources");
  if (st != OK || h->rank >= n)
    return st;
  h->running = pthread_create(&h->thread, NULL, hash_files, h) == 0;
  if (!h->running)
    hash_files(h); /* no thread to be had: then before everything else */
  return OK;
}

/* Every rank has all sums afterwards. Collective. */
static status hasher_finish(comm *c, hasher *h) {
  if (h->running)
    pthread_join(h->thread, NULL);
  h->running = false;
  status st = comm_agree(c, h->st == OK ? OK : status_fail(h->st, "%s", h->message));
  if (st == OK) /* the others' places are zero */
    comm_sum_i64(c, (int64_t *)(void *)h->sums, (off)h->n * SUM_WORDS);
  return st;
}

static void hasher_free(hasher *h) {
  if (h->running)
    pthread_join(h->thread, NULL);
  mem_free(h->sums);
  *h = (hasher){0};
}

static void to_hex(const unsigned char *bytes, char *out) {
  for (int i = 0; i < SUM_BYTES; i++)
    snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* ---- the dataset that is appended to ---- */

typedef struct base {
  dataset *data; /* NULL: there is none */
  strings sources, sums;
} base;

static status base_open(comm *c, const char *path, base *b) {
  status st = OK;
  *b = (base){0};
  if (path == NULL)
    return OK;
  TRY(dataset_open(c, path, &b->data));
  if (h5_attr_has(dataset_file(b->data), "/", "source")) {
    st = h5_attr_texts(dataset_file(b->data), "/", "source", &b->sources);
    if (st == OK)
      st = h5_attr_texts(dataset_file(b->data), "/", "source_sha256", &b->sums);
    if (st == OK && b->sums.n != b->sources.n)
      st = status_fail(BAD_DATA, "%s: its attributes source and source_sha256 differ in length", path);
  }
  st = comm_agree(c, st);
done:
  return st;
}

static void base_free(base *b) {
  dataset_close(b->data);
  strings_free(&b->sources);
  strings_free(&b->sums);
  *b = (base){0};
}

/* Our slab of the base's ids. */
static status base_ids(comm *c, const base *b, side s, strings *out, gid *first, gid *n) {
  *out = (strings){0};
  *n = b->data == NULL ? 0 : s == USERS ? dataset_users(b->data) : dataset_items(b->data);
  *first = *n * c->rank / c->size;
  gid count = *n * (c->rank + 1) / c->size - *first;
  status st = OK;
  if (count > 0)
    st = dataset_read_ids(b->data, s, *first, count, out);
  if (st == OK && out->n > 0 && out->width > ID_MAX)
    st = status_fail(BAD_DATA, "%s has ids of more than %d bytes", dataset_path(b->data), ID_MAX);
  return comm_agree(c, st);
}

/* The same day's file twice would double its events, and nobody would see it. */
static status refuse_again(const base *b, const char *const *paths, int n, const hasher *h) {
  for (int i = 0; i < n; i++) {
    char hex[2 * SUM_BYTES + 1];
    to_hex(h->sums[i], hex);
    if (b->sums.n > 0 && strings_find(&b->sums, hex) >= 0)
      return status_fail(BAD_DATA,
                         "%s is in %s already (the same SHA-256); leave it out, or start from a dataset without it",
                         paths[i], dataset_path(b->data));
  }
  return OK;
}

/* ---- what is said ---- */

static void tell_layout(const char *path, const text_layout *l) {
  static const char *const ROLE[N_ROLES] = {"", "user", "item", "value", "time"};
  char words[64], columns[512] = "";
  snprintf(words, sizeof words, "%s", TEXT_FORMAT_WORDS);
  char *word = words, *rest = words;
  for (int i = 0; i <= (int)l->format; i++)
    word = strsep(&rest, "|");
  for (int c = 0; c < l->n_columns; c++) {
    size_t n = strlen(columns);
    text_role role = (text_role)l->role[c];
    if (role != ROLE_SKIP)
      snprintf(columns + n, sizeof columns - n, "%s%s = column %d%s%s%s", n > 0 ? ", " : ": ", ROLE[role], c + 1,
               l->column_name[role][0] != '\0' ? " (" : "", l->column_name[role],
               l->column_name[role][0] != '\0' ? ")" : "");
  }
  log_info("%s: %s%s%s", path, word, columns,
           l->format == TEXT_LISTS ? ": a user and their items on each line"
           : !l->has_value         ? "; no values, so every event counts 1"
                                   : "");
}

static void tell_matrix(const char *path, const h5_matrix *m) {
  log_info("%s: h5: %lld events in %s, %s in rows; ids of rows: %s, of columns: %s%s", path, (long long)m->events,
           m->group[0] != '\0' ? m->group : "/", m->items_in_rows ? "items" : "users",
           m->row_ids[0] != '\0' ? m->row_ids : "numbers from 0",
           m->column_ids[0] != '\0' ? m->column_ids : "numbers from 0", m->has_time ? "; with times" : "");
}

static void tell_sources(const ingest_settings *s, const ingest_sources *sources) {
  int told = 0, matrix = 0;
  for (int i = 0; i < s->n_sources; i++) {
    const text_layout *l = &sources->text[i].layout;
    bool again = false;
    if (l->format == TEXT_H5) {
      tell_matrix(s->sources[i], &sources->matrices[matrix++]);
      continue;
    }
    for (int k = 0; k < i && !again && k < 100; k++)
      again = memcmp(&sources->text[k].layout, l, sizeof *l) == 0;
    if (!again && told++ < 10)
      tell_layout(s->sources[i], l);
  }
}

static void tell_times(comm *c, const text_counts *counts) {
  static const char *const UNIT[N_UNITS] = {"", "seconds", "milliseconds", "microseconds", "nanoseconds", "dates"};
  int64_t units[N_UNITS];
  memcpy(units, counts->units, sizeof units);
  comm_sum_i64(c, units, N_UNITS);
  char text[256] = "";
  int kinds = 0;
  for (int u = UNIT_S; u < N_UNITS; u++)
    if (units[u] > 0) {
      size_t n = strlen(text);
      snprintf(text + n, sizeof text - n, "%s%s (%lld)", kinds++ > 0 ? ", " : "", UNIT[u], (long long)units[u]);
    }
  if (kinds > 1)
    log_warn("times are mixed: %s; --time-unit says what all numbers are", text);
  else if (kinds == 1 && units[UNIT_S] == 0)
    log_info("times were read as %s", text);
}

/* ---- writing ---- */

static void even_ranges(gid n, int size, gid *first) {
  for (int r = 0; r <= size; r++)
    first[r] = n / size * r + n % size * r / size;
}

/* What the base says of rows first[rank] …: titles, tags, or names of users. Collective; agreed. */
static status base_texts(comm *c, const base *b, status (*read)(dataset *, gid, gid, strings *), bool there, gid n_old,
                         const gid *first, strings *out) {
  status st = OK;
  strings slab = {0};
  gid n = first[c->rank + 1] - first[c->rank], old = n_old - first[c->rank];
  old = old < 0 ? 0 : old > n ? n : old;
  if (!there)
    return OK;
  if (old > 0)
    st = read(b->data, first[c->rank], old, &slab);
  if (st == OK)
    st = strings_alloc(out, n, slab.width > 0 ? slab.width : 1, "titles");
  if (st == OK && old > 0)
    memcpy(out->bytes, slab.bytes, (size_t)(old * slab.width));
  strings_free(&slab);
  return comm_agree(c, st);
}

/* Adds what a table says. */
static status table_texts(comm *c, const ingest_settings *s, side side, const numbering *ids, const gid *first,
                          strings *titles, strings *tags, titles_report *told) {
  static const char *const NAMES_ALONE[3] = {NULL, NULL, "none"};
  const char *path = side == USERS ? s->users : s->items;
  char refused[4096];
  *told = (titles_report){0};
  if (path == NULL)
    return OK;
  snprintf(refused, sizeof refused, "%s.%s.rejected", s->output, side == USERS ? "users" : "items");
  status st = titles_read(c, path, side == USERS ? NAMES_ALONE : s->item_columns, s->max_bad_lines, refused, ids, first,
                          titles, tags, told);
  if (st != OK)
    return st;
  if (told->latin > 0)
    log_info("%s: %lld titles are no UTF-8 and were taken for Latin-1", path, (long long)told->latin);
  if (told->cut > 0)
    log_warn("%s: %lld titles or tags were cut to %d and %d bytes", path, (long long)told->cut, TITLE_MAX, TAGS_MAX);
  if (told->repeated > 0)
    log_info("%s: %lld further lines of the same ids; the first of each counts", path, (long long)told->repeated);
  return OK;
}

/* Titles and tags of our items, names of our users: the base's, then what the tables say. */
static status gather_texts(comm *c, const ingest_settings *s, const base *b, const numbering *users,
                           const gid *first_user, const numbering *items, const gid *first_item, dataset_part *part,
                           ingest_report *report) {
  status st = OK;
  strings none = {0};
  titles_report told;
  if (b->data != NULL) {
    gid n_items = dataset_items(b->data), n_users = dataset_users(b->data);
    TRY(base_texts(c, b, dataset_read_titles, dataset_has_titles(b->data), n_items, first_item, &part->titles));
    TRY(base_texts(c, b, dataset_read_tags, dataset_has_tags(b->data), n_items, first_item, &part->tags));
    TRY(base_texts(c, b, dataset_read_user_names, dataset_has_user_names(b->data), n_users, first_user,
                   &part->user_names));
  }
  TRY(table_texts(c, s, ITEMS, items, first_item, &part->titles, &part->tags, &told));
  report->titled = told.titled;
  report->titles_unused = told.unused;
  TRY(table_texts(c, s, USERS, users, first_user, &part->user_names, &none, &told));
  report->named = told.titled;
done:
  strings_free(&none);
  return st;
}

static status write_dataset(comm *c, const ingest_settings *s, const base *b, const hasher *h,
                            const dataset_part *part) {
  status st = OK;
  dataset_source *sources = NULL;
  char *old = NULL;
  dataset_part whole = *part;
  if (c->rank == 0) { /* what the base was made of, then ours */
    off n_old = b->sources.n, n = n_old + h->n;
    st = MEM_ZALLOC(sources, n, "sources");
    if (st == OK)
      st = MEM_ALLOC(old, n_old * (b->sources.width + 1), "sources");
    for (off i = 0; i < n && st == OK; i++) {
      if (i < n_old) {
        char *path = old + i * (b->sources.width + 1);
        sources[i].path = strings_get(&b->sources, i, path, (size_t)b->sources.width + 1);
        strings_get(&b->sums, i, sources[i].sha256, sizeof sources[i].sha256);
      } else {
        sources[i].path = h->paths[i - n_old];
        to_hex(h->sums[i - n_old], sources[i].sha256);
      }
    }
    whole.sources = sources;
    whole.n_sources = (int)n;
  }
  TRY(comm_agree(c, st));
  TRY(dataset_write(c, s->output, &whole));
done:
  mem_free(sources);
  mem_free(old);
  return st;
}

static double lap(double *clock) {
  double now = seconds_now(), passed = now - *clock;
  *clock = now;
  return passed;
}

status ingest_run(comm *c, const ingest_settings *s, ingest_report *report) {
  status st = OK;
  double clock = seconds_now();
  ingest_sources sources = {0};
  const char **paths = NULL;
  char refused[4096];
  ingest_input in = {0};
  base b = {0};
  hasher h = {0};
  strings old = {0};
  numbering users = {0}, items = {0};
  gid *user_row = NULL, *item_row = NULL, *first_item = NULL, old_first, n_old;
  ingest_rows rows = {0};
  dataset_part part = {0};
  *report = (ingest_report){0};
  if (snprintf(refused, sizeof refused, "%s.rejected", s->output) >= (int)sizeof refused)
    TRY(status_fail(USAGE, "the path %s is too long", s->output));
  TRY(base_open(c, s->append, &b));
  TRY(ingest_look(c, s, &sources));
  tell_sources(s, &sources);
  for (int i = 0; i < s->n_sources; i++) {
    report->bytes += sources.text[i].bytes;
    if (b.data != NULL && dataset_has_time(b.data) != sources.text[i].layout.has_time)
      TRY(status_fail(USAGE, "%s has times and %s has none: ingest it likewise (--time-column)",
                      dataset_has_time(b.data) ? s->append : s->sources[i],
                      dataset_has_time(b.data) ? s->sources[i] : s->append));
  }

  int n_paths = s->n_sources;
  st = MEM_ALLOC(paths, n_paths + 2, "sources");
  if (st == OK) {
    memcpy(paths, s->sources, (size_t)s->n_sources * sizeof *paths);
    if (s->items != NULL)
      paths[n_paths++] = s->items;
    if (s->users != NULL)
      paths[n_paths++] = s->users;
    st = hasher_start(c, &h, paths, n_paths);
  }
  TRY(comm_agree(c, st));

  ranges what = {.paths = s->sources,
                 .sources = sources.text,
                 .n_sources = s->n_sources,
                 .most_bad = s->max_bad_lines,
                 .refused = refused,
                 .label = "reading"};
  TRY(ingest_read(c, &what, &sources, &in));
  report->lines = in.counts.lines;
  report->blank = in.counts.blank;
  report->kept = in.counts.kept;
  report->rejected = in.counts.rejected;
  report->has_value = in.has_value;
  report->has_time = in.has_time;
  for (int l = 0; l < in.n_lanes; l++)
    report->events += in.lanes[l].events.n;
  int64_t sums[5] = {report->lines, report->blank, report->kept, report->rejected, report->events};
  comm_sum_i64(c, sums, 5);
  report->lines = sums[0];
  report->blank = sums[1];
  report->kept = sums[2];
  report->rejected = sums[3];
  report->events = sums[4];
  if (in.has_time)
    tell_times(c, &in.counts);
  if (report->rejected == 0 && c->rank == 0)
    unlink(refused); /* of an earlier run: it would be taken for this one's */
  if (report->events == 0)
    TRY(status_fail(BAD_DATA, "no event in %s%s", s->sources[0], s->n_sources > 1 ? " and the other sources" : ""));
  report->seconds_read = lap(&clock);

  st = MEM_ALLOC(user_row, (off)in.users.n, "rows of users");
  if (st == OK)
    st = MEM_ALLOC(item_row, (off)in.items.n, "rows of items");
  if (st == OK)
    st = MEM_ALLOC(first_item, c->size + 1, "ranges of items");
  TRY(comm_agree(c, st));
  TRY(base_ids(c, &b, USERS, &old, &old_first, &n_old));
  TRY(numbering_create(c, &in.users, &old, old_first, n_old, user_row, &users));
  strings_free(&old);
  TRY(base_ids(c, &b, ITEMS, &old, &old_first, &n_old));
  TRY(numbering_create(c, &in.items, &old, old_first, n_old, item_row, &items));
  strings_free(&old);
  if (items.n > INT32_MAX)
    TRY(status_fail(BAD_DATA, "there are %lld items, and a dataset holds at most %d; are the columns right?",
                    (long long)items.n, INT32_MAX));
  report->users = users.n;
  report->items = items.n;
  report->old_users = users.n_old;
  report->old_items = items.n_old;
  report->seconds_number = lap(&clock);

  TRY(ingest_move(c, &in, user_row, item_row, users.n, b.data, &rows));
  ingest_input_free(&in);
  report->repeated = rows.repeated;
  comm_sum_i64(c, &report->repeated, 1);
  report->old_events = b.data != NULL ? dataset_events(b.data) : 0;
  report->events += report->old_events;
  report->seconds_move = lap(&clock);

  even_ranges(items.n, c->size, first_item);
  part = (dataset_part){.n_users = users.n,
                        .n_items = items.n,
                        .n_events = report->events,
                        .first_user = rows.first[c->rank],
                        .user_count = rows.user_count,
                        .first_event = rows.first_event,
                        .indptr = rows.indptr,
                        .item = rows.item,
                        .value = rows.value,
                        .time = rows.time,
                        .first_item = first_item[c->rank],
                        .item_count = first_item[c->rank + 1] - first_item[c->rank]};
  TRY(numbering_ids(c, &users, rows.first, &part.user_ids));
  TRY(numbering_ids(c, &items, first_item, &part.item_ids));
  TRY(gather_texts(c, s, &b, &users, rows.first, &items, first_item, &part, report));
  TRY(hasher_finish(c, &h));
  TRY(refuse_again(&b, s->sources, s->n_sources, &h));
  report->seconds_titles = lap(&clock);

  TRY(write_dataset(c, s, &b, &h, &part));
  report->seconds_write = lap(&clock);
  report->memory = mem_peak_resident();
  comm_sum_i64(c, &report->memory, 1);
done:
  strings_free(&part.user_ids);
  strings_free(&part.item_ids);
  strings_free(&part.titles);
  strings_free(&part.tags);
  strings_free(&part.user_names);
  ingest_rows_free(&rows);
  numbering_free(&users);
  numbering_free(&items);
  mem_free(user_row);
  mem_free(item_row);
  mem_free(first_item);
  strings_free(&old);
  ingest_input_free(&in);
  hasher_free(&h);
  base_free(&b);
  ingest_sources_free(&sources);
  mem_free(paths);
  return st;
}
