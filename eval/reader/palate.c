/* libpalate: eval/reader/reader.h in the types and statuses of the public header. */
#include "eval/reader/palate.h"

#include "eval/reader/reader.h"
#include "io/base/mem.h"
#include "io/base/version.h"
#include "io/snapshot/resolve.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct palate_snapshot {
  reader *r;
};

static palate_status public_status(status st) {
  switch (st) {
  case OK:
    return PALATE_OK;
  case USAGE:
    return PALATE_BAD_ARGUMENT;
  case BAD_DATA:
    return PALATE_BAD_DATA;
  case NO_INPUT:
    return PALATE_NO_INPUT;
  case CANNOT_CREATE:
  case IO_FAILED:
    return PALATE_IO;
  case NO_MEMORY:
    return PALATE_NO_MEMORY;
  case STOPPED:
  case WORSE:
  case INTERNAL:
    break;
  }
  return PALATE_INTERNAL;
}

const char *palate_message(void) {
  return status_message();
}

const char *palate_version(void) {
  return PALATE_VERSION;
}

/* --- checks of arguments --- */

static status check_pointers(bool all_there) {
  return all_there ? OK : status_fail(USAGE, "an argument is NULL that may not be");
}

static status check_row(int64_t row, int64_t n, const char *what) {
  if (row >= 0 && row < n)
    return OK;
  return status_fail(USAGE, "there is no %s %lld: there are %lld", what, (long long)row, (long long)n);
}

static status check_list(const void *list, int64_t size, const void *count) {
  status st = check_pointers(count != NULL && (list != NULL || size == 0));
  return st == OK && size < 0 ? status_fail(USAGE, "a list cannot have %lld places", (long long)size) : st;
}

/* --- opening --- */

palate_status palate_open(const char *path, const char *dataset, palate_snapshot **out) {
  status st = OK;
  palate_snapshot *s = NULL;
  bool found;
  if (out != NULL)
    *out = NULL;
  st = check_pointers(out != NULL && path != NULL);
  if (st != OK)
    return public_status(st);
  TRY(MEM_ZALLOC(s, 1, "snapshot"));
  TRY(reader_open(path, &s->r));
  TRY(reader_open_groups(s->r));
  if (dataset == NULL || dataset[0] != '\0')
    TRY(reader_open_data(s->r, dataset, &found));
done:
  if (st != OK) {
    palate_close(s);
    s = NULL;
  }
  *out = s;
  return public_status(st);
}

void palate_close(palate_snapshot *s) {
  if (s == NULL)
    return;
  reader_close(s->r);
  mem_free(s);
}

/* --- what is in it --- */

int64_t palate_users(const palate_snapshot *s) {
  return model_rows(reader_model(s->r), USERS);
}
int64_t palate_items(const palate_snapshot *s) {
  return model_rows(reader_model(s->r), ITEMS);
}
int palate_groups(const palate_snapshot *s) {
  return reader_groups(s->r) != NULL ? groups_count(reader_groups(s->r)) : 0;
}
int palate_memberships(const palate_snapshot *s) {
  return reader_groups(s->r) != NULL ? groups_memberships(reader_groups(s->r)) : 0;
}
int palate_factors(const palate_snapshot *s) {
  return model_factors(reader_model(s->r));
}
int palate_explicit(const palate_snapshot *s) {
  return model_is_explicit(reader_model(s->r));
}
int palate_leaves_out(const palate_snapshot *s) {
  return reader_has_data(s->r);
}
const char *palate_id(const palate_snapshot *s) {
  return snapshot_id(reader_dir(s->r));
}

static status check_group(const palate_snapshot *s, int64_t group) {
  if (palate_groups(s) == 0)
    return status_fail(NO_INPUT, "the snapshot %s has no groups; `palate cluster` makes them", reader_dir(s->r));
  return check_row(group, palate_groups(s), "group");
}

/* --- names --- */

palate_status palate_find_user(palate_snapshot *s, const char *id, int64_t *user) {
  gid row = -1;
  status st = check_pointers(s != NULL && id != NULL && user != NULL);
  if (st == OK)
    st = reader_find_user(s->r, id, &row);
  if (st != OK)
    return public_status(st);
  if (row < 0) {
    (void)status_fail(USAGE, "the snapshot %s has no user with the id `%.200s`", reader_dir(s->r), id);
    return PALATE_NOT_FOUND;
  }
  *user = row;
  return PALATE_OK;
}

palate_status palate_find_item(palate_snapshot *s, const char *text, int64_t *item) {
  lid row = -2;
  status st = check_pointers(s != NULL && text != NULL && item != NULL);
  if (st == OK)
    st = reader_find_item(s->r, text, &row);
  if (st == USAGE && row == -1)
    return PALATE_NOT_FOUND;
  if (st == OK)
    *item = row;
  return public_status(st);
}

palate_status palate_read_text(palate_snapshot *s, palate_text what, int64_t row, char *buffer, size_t size) {
  static const reader_text TEXTS[] = {READER_USER_ID, READER_ITEM_ID, READER_ITEM_TITLE, READER_ITEM_TAGS};
  status st = check_pointers(s != NULL && buffer != NULL && size > 0);
  if (st != OK)
    return public_status(st);
  switch (what) {
  case PALATE_USER_ID:
  case PALATE_ITEM_ID:
  case PALATE_ITEM_TITLE:
  case PALATE_ITEM_TAGS:
    st = check_row(row, what == PALATE_USER_ID ? palate_users(s) : palate_items(s),
                   what == PALATE_USER_ID ? "user" : "item");
    if (st == OK)
      st = reader_read_text(s->r, TEXTS[what], row, buffer, size);
    break;
  case PALATE_GROUP_LABEL:
    st = check_group(s, row);
    if (st == OK)
      st = reader_group_label(s->r, (lid)row, buffer, size);
    break;
  default:
    st = status_fail(USAGE, "%d is not a kind of text", (int)what);
  }
  return public_status(st);
}

/* --- lists --- */

/* What a list is made of. */
typedef struct question {
  palate_snapshot *s;
  gid user;         /* palate_recommend */
  const lid *likes; /* palate_recommend_likes; for palate_similar the one item */
  int n_likes;
} question;

static status ask_user(const question *q, int size, reader_entry *list, int *n) {
  return reader_list_user(q->s->r, q->user, size, list, n);
}

static status ask_similar(const question *q, int size, reader_entry *list, int *n) {
  return reader_list_similar(q->s->r, q->likes[0], READER_SUPPORT, size, list, n);
}

/* In this thread alone: others are the host's to start. */
static status ask_likes(const question *q, int size, reader_entry *list, int *n) {
  int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  status st = reader_list_likes(q->s->r, q->likes, q->n_likes, size, list, n);
  omp_set_num_threads(threads);
  return st;
}

static status fill(const question *q, status (*ask)(const question *, int, reader_entry *, int *), palate_entry *list,
                   int size, int *count) {
  status st = OK;
  reader_entry *found = NULL;
  int n = 0;
  if (size > palate_items(q->s))
    size = (int)palate_items(q->s);
  TRY(MEM_ALLOC(found, size, "list"));
  if (size > 0)
    TRY(ask(q, size, found, &n));
  for (int i = 0; i < n; i++)
    list[i] = (palate_entry){.item = found[i].row, .score = found[i].score, .match = found[i].match};
  *count = n;
done:
  mem_free(found);
  return st;
}

palate_status palate_recommend(palate_snapshot *s, int64_t user, palate_entry *list, int size, int *count) {
  status st = check_pointers(s != NULL);
  if (st == OK)
    st = check_list(list, size, count);
  if (st == OK)
    st = check_row(user, palate_users(s), "user");
  if (st == OK)
    st = fill(&(question){.s = s, .user = user}, ask_user, list, size, count);
  return public_status(st);
}

static int rise(const void *of_a, const void *of_b) {
  lid a = *(const lid *)of_a, b = *(const lid *)of_b;
  return (a > b) - (a < b);
}

/* The rows of n items, ascending and each once. */
static status sorted_items(const palate_snapshot *s, const int64_t *items, int n, lid *out, int *distinct) {
  *distinct = 0;
  for (int i = 0; i < n; i++) {
    status st = check_row(items[i], palate_items(s), "item");
    if (st != OK)
      return st;
    out[i] = (lid)items[i];
  }
  qsort(out, (size_t)n, sizeof *out, rise);
  for (int i = 0; i < n; i++)
    if (*distinct == 0 || out[*distinct - 1] != out[i])
      out[(*distinct)++] = out[i];
  return OK;
}

palate_status palate_recommend_likes(palate_snapshot *s, const int64_t *likes, int n_likes, palate_entry *list,
                                     int size, int *count) {
  status st = OK;
  lid *rows = NULL;
  int n = 0;
  TRY(check_pointers(s != NULL && likes != NULL));
  TRY(check_list(list, size, count));
  if (n_likes < 1)
    TRY(status_fail(USAGE, "no favourites are given"));
  TRY(MEM_ALLOC(rows, n_likes, "favourites"));
  TRY(sorted_items(s, likes, n_likes, rows, &n));
  TRY(fill(&(question){.s = s, .likes = rows, .n_likes = n}, ask_likes, list, size, count));
done:
  mem_free(rows);
  return public_status(st);
}

palate_status palate_similar(palate_snapshot *s, int64_t item, palate_entry *list, int size, int *count) {
  status st = check_pointers(s != NULL);
  if (st == OK)
    st = check_list(list, size, count);
  if (st == OK)
    st = check_row(item, palate_items(s), "item");
  lid row[1] = {(lid)item};
  if (st == OK)
    st = fill(&(question){.s = s, .likes = row, .n_likes = 1}, ask_similar, list, size, count);
  return public_status(st);
}

/* --- groups --- */

palate_status palate_user_groups(palate_snapshot *s, int64_t user, palate_membership *list, int size, int *count) {
  status st = OK;
  lid *group = NULL;
  real *affinity = NULL;
  int n = 0;
  TRY(check_pointers(s != NULL));
  TRY(check_list(list, size, count));
  TRY(check_group(s, 0));
  TRY(check_row(user, palate_users(s), "user"));
  TRY(MEM_ALLOC(group, palate_memberships(s), "groups"));
  TRY(MEM_ALLOC(affinity, palate_memberships(s), "groups"));
  TRY(reader_user_groups(s->r, user, group, affinity));
  for (int i = 0; i < palate_memberships(s) && n < size; i++)
    if (group[i] >= 0)
      list[n++] = (palate_membership){.group = group[i], .affinity = affinity[i]};
  *count = n;
done:
  mem_free(group);
  mem_free(affinity);
  return public_status(st);
}

palate_status palate_group_size(palate_snapshot *s, int group, int64_t *users) {
  status st = check_pointers(s != NULL && users != NULL);
  if (st == OK)
    st = check_group(s, group);
  if (st == OK)
    st = reader_group_size(s->r, group, users);
  return public_status(st);
}

palate_status palate_group_items(palate_snapshot *s, int group, int64_t *items, int size, int *count) {
  lid top[GROUPS_TOP];
  int n = 0;
  status st = check_pointers(s != NULL);
  if (st == OK)
    st = check_list(items, size, count);
  if (st == OK)
    st = check_group(s, group);
  if (st == OK)
    st = reader_group_items(s->r, group, top);
  if (st != OK)
    return public_status(st);
  for (int i = 0; i < GROUPS_TOP && n < size && top[i] >= 0; i++)
    items[n++] = top[i];
  *count = n;
  return PALATE_OK;
}

palate_status palate_group_users(palate_snapshot *s, int group, int64_t from, int64_t *users, int64_t size,
                                 int64_t *count) {
  off n = 0;
  status st = check_pointers(s != NULL);
  if (st == OK)
    st = check_list(users, size, count);
  if (st == OK)
    st = check_group(s, group);
  if (st == OK && from < 0)
    st = status_fail(USAGE, "there is no user %lld", (long long)from);
  if (st == OK)
    st = reader_group_users(s->r, group, from, users, size, &n);
  if (st == OK)
    *count = n;
  return public_status(st);
}
