#include "train/exchange/interactions.h"

#include "io/base/mem.h"
#include "train/cost/cost.h"

#include <string.h>

/* Events read at a time: bounds the memory for loading besides the result. A longer row is read whole. */
enum { CHUNK = 1 << 21 };

/* In seconds. */
static const double DAY = 86400;

status interactions_cut_users(comm *c, dataset *d, int k, int ranks, part *users) {
  status st = OK;
  part even = {0};
  off *indptr = NULL;
  *users = (part){0};
  gid n = dataset_users(d);
  TRY(comm_agree(c, part_equal(&even, n, c->size)));
  gid first = even.first[c->rank], count = part_count(&even, c->rank);
  st = MEM_ALLOC(indptr, count + 1, "row offsets");
  if (st == OK)
    st = dataset_read_indptr(d, first, count, indptr);
  TRY(comm_agree(c, st));
  for (gid i = 0; i < count; i++)
    indptr[i] = cost_of_row(indptr[i + 1] - indptr[i], k);
  TRY(part_balanced(c, &even, indptr, cost_granule(n), ranks, users));
done:
  mem_free(indptr);
  part_free(&even);
  return st;
}

/* A chunk of whole rows as read, and its held-out part. */
typedef struct chunk {
  off room;
  lid *item;
  real *value;
  int64_t *time;
  uint8_t *mark;
  lid *test_item; /* the held-out part of each row, at the row's own place */
  real *test_value;
  lid *late_item; /* the training part again, for its ages; NULL: not wanted */
  real *late;     /* [events, then pairs]: minus their age in days */
} chunk;

/* What becomes of the events of this rank's users. */
typedef struct loading {
  duplicates merge;
  mark_events *mark; /* NULL: everything is train */
  const void *rule;
  const recency_settings *recency; /* NULL: no weights */
  int64_t *last;                   /* [our users]: time of the last training event; NULL without weights */
  gid user0;                       /* global row of our first user */
  csr *train, *test;
} loading;

static void chunk_free(chunk *k) {
  mem_free(k->item);
  mem_free(k->value);
  mem_free(k->time);
  mem_free(k->mark);
  mem_free(k->test_item);
  mem_free(k->test_value);
  mem_free(k->late_item);
  mem_free(k->late);
  *k = (chunk){0};
}

static status chunk_grow(chunk *k, off n, bool time, bool test, bool recency) {
  status st = OK;
  if (n <= k->room && k->item != NULL)
    return OK;
  chunk_free(k);
  TRY(MEM_ALLOC(k->item, n, "events being read"));
  TRY(MEM_ALLOC(k->value, n, "events being read"));
  TRY(MEM_ALLOC(k->mark, n, "events being read"));
  if (time)
    TRY(MEM_ALLOC(k->time, n, "events being read"));
  if (test) {
    TRY(MEM_ALLOC(k->test_item, n, "events being read"));
    TRY(MEM_ALLOC(k->test_value, n, "events being read"));
  }
  if (recency) {
    TRY(MEM_ALLOC(k->late_item, n, "events being read"));
    TRY(MEM_ALLOC(k->late, n, "events being read"));
  }
  k->room = n;
done:
  return st;
}

/* The age of each pair of a row's n training events: of its latest event, to the last of all; pairs in the order of
 * their items. Returns the time of the last event. */
static int64_t row_ages(off n, const lid *item, const int64_t *time, lid *late_item, real *late, uint64_t *scratch) {
  int64_t last = INT64_MIN;
  for (off i = 0; i < n; i++)
    last = time[i] > last ? time[i] : last;
  for (off i = 0; i < n; i++) {
    late_item[i] = item[i];
    late[i] = (real)(((double)time[i] - (double)last) / DAY);
  }
  row_sort(n, late_item, late, scratch);
  row_merge(DUPLICATES_MAX, n, late_item, late);
  return last;
}

/* One row in place: marks, splits, orders and merges it. Returns the sizes of its two parts. */
static void row_make(const loading *w, chunk *k, off at, off n, gid row, uint64_t *scratch, off *n_train, off *n_test) {
  lid *item = k->item + at, *test_item = k->test_item != NULL ? k->test_item + at : NULL;
  real *value = k->value + at, *test_value = k->test_value != NULL ? k->test_value + at : NULL;
  int64_t *time = k->time != NULL ? k->time + at : NULL;
  off train = n, test = 0;
  if (w->mark != NULL) {
    uint8_t *m = k->mark + at;
    memset(m, EVENT_TRAIN, (size_t)n);
    w->mark(w->rule, w->user0 + row, n, item, value, time, m);
    train = 0;
    for (off i = 0; i < n; i++) {
      if (m[i] == EVENT_TEST && test_item != NULL) {
        test_item[test] = item[i];
        test_value[test++] = value[i];
      }
      if (m[i] == EVENT_TRAIN) {
        if (w->last != NULL)
          time[train] = time[i];
        item[train] = item[i];
        value[train++] = value[i];
      }
    }
  }
  if (w->last != NULL)
    w->last[row] = row_ages(train, item, time, k->late_item + at, k->late + at, scratch);
  row_sort(train, item, value, scratch);
  *n_train = row_merge(w->merge, train, item, value);
  if (test > 0) {
    row_sort(test, test_item, test_value, scratch);
    test = row_merge(w->merge, test, test_item, test_value);
  }
  *n_test = test;
}

/* The arguments of make_one. */
typedef struct making {
  const loading *load;
  chunk *k;
  const off *indptr;
  gid first; /* the chunk's first row */
} making;

static void make_one(void *context, gid r, uint64_t *scratch) {
  const making *w = context;
  off n_train, n_test;
  row_make(w->load, w->k, w->indptr[r] - w->indptr[w->first], w->indptr[r + 1] - w->indptr[r], r, scratch, &n_train,
           &n_test);
  w->load->train->ptr[r + 1] = n_train;
  if (w->load->test != NULL)
    w->load->test->ptr[r + 1] = n_test;
}

/* Rows first … last-1 of this rank's, whose events all lie in the chunk, appended to the results. */
static status rows_make(const loading *load, chunk *k, const off *indptr, gid first, gid last) {
  csr *train = load->train, *test = load->test;
  making w = {load, k, indptr, first};
  status st = rows_each(indptr, first, last, make_one, &w);
  if (st != OK)
    return st;
  for (gid r = first; r < last; r++) {
    off at = indptr[r] - indptr[first], n = train->ptr[r + 1];
    train->ptr[r + 1] += train->ptr[r];
    memcpy(train->col + train->ptr[r], k->item + at, sizeof(lid) * (size_t)n);
    memcpy(train->val + train->ptr[r], k->value + at, sizeof(real) * (size_t)n);
    if (load->last != NULL)
      memcpy(train->weight + train->ptr[r], k->late + at, sizeof(real) * (size_t)n);
    if (test == NULL)
      continue;
    n = test->ptr[r + 1];
    test->ptr[r + 1] += test->ptr[r];
    if (n == 0)
      continue;
    off end = test->ptr[r + 1];
    memcpy(test->col + end - n, k->test_item + at, sizeof(lid) * (size_t)n);
    memcpy(test->val + end - n, k->test_value + at, sizeof(real) * (size_t)n);
  }
  return OK;
}

/* Frees the unused of `room` places, unless the copy would need more memory than it frees. */
static status shrink(csr *m, off room) {
  off nnz = csr_nnz(m);
  if (nnz >= room - room / 4)
    return OK;
  status st = MEM_REALLOC(m->col, nnz, "interactions");
  if (st == OK)
    st = MEM_REALLOC(m->val, nnz, "interactions");
  if (st == OK && m->weight != NULL)
    st = MEM_REALLOC(m->weight, nnz, "interactions");
  m->room = nnz;
  return st;
}

static status load_local(dataset *d, gid count, loading *w) {
  status st = OK;
  off *indptr = NULL;
  chunk k = {0};
  csr *train = w->train, *test = w->test;
  if (count > INT32_MAX)
    return status_fail(BAD_DATA, "one rank would own %lld users, more than 2^31: use more ranks", (long long)count);
  TRY(MEM_ALLOC(indptr, count + 1, "row offsets"));
  TRY(dataset_read_indptr(d, w->user0, count, indptr));
  off total = indptr[count] - indptr[0];
  TRY(csr_alloc(train, (lid)count, total, "interactions"));
  if (w->recency != NULL) {
    TRY(MEM_ALLOC(train->weight, total, "interactions"));
    TRY(MEM_ALLOC(w->last, count, "times of last events"));
  }
  off test_room = 0;
  if (test != NULL)
    TRY(csr_alloc(test, (lid)count, 0, "held-out interactions"));
  for (gid r = 0; r < count;) {
    gid end = r + 1;
    while (end < count && indptr[end + 1] - indptr[r] <= CHUNK)
      end++;
    off n = indptr[end] - indptr[r];
    TRY(chunk_grow(&k,
                   n > CHUNK       ? n
                   : total < CHUNK ? total
                                   : CHUNK,
                   (w->mark != NULL || w->recency != NULL) && dataset_has_time(d), test != NULL, w->recency != NULL));
    TRY(dataset_read_events(d, indptr[r], n, k.item, k.value, k.time));
    if (test != NULL && test->ptr[r] + n > test_room) { /* held-out pairs are few: grow as needed */
      test_room = test->ptr[r] + n + test_room / 2;
      TRY(MEM_REALLOC(test->col, test_room, "held-out interactions"));
      TRY(MEM_REALLOC(test->val, test_room, "held-out interactions"));
    }
    TRY(rows_make(w, &k, indptr, r, end));
    r = end;
  }
  TRY(shrink(train, total));
  if (test != NULL)
    TRY(shrink(test, test_room));
done:
  chunk_free(&k);
  mem_free(indptr);
  return st;
}

/* Turns ages into weights. They are counted to the user's last event; with `global` the time from there to the
 * dataset's last event is added. Collective. */
static void weigh(comm *c, const loading *w) {
  csr *m = w->train;
  int64_t last = INT64_MIN;
  for (lid r = 0; r < m->n_rows; r++)
    last = w->last[r] > last ? w->last[r] : last;
  comm_max_i64(c, &last, 1);
#pragma omp parallel for schedule(dynamic, 1024)
  for (lid r = 0; r < m->n_rows; r++) {
    double later = w->recency->since == RECENCY_GLOBAL ? ((double)last - (double)w->last[r]) / DAY : 0;
    for (off i = m->ptr[r]; i < m->ptr[r + 1]; i++)
      m->weight[i] = (real)recency_weight(w->recency, later - (double)m->weight[i]);
  }
}

status interactions_load(comm *c, dataset *d, const part *users, duplicates merge, mark_events *mark, const void *rule,
                         const recency_settings *recency, csr *train, csr *test) {
  loading w = {.merge = merge,
               .mark = mark,
               .rule = rule,
               .recency = recency != NULL && recency->half_life > 0 ? recency : NULL,
               .user0 = users->first[c->rank],
               .train = train,
               .test = test};
  *train = (csr){0};
  if (test != NULL)
    *test = (csr){0};
  status st = comm_agree(c, load_local(d, part_count(users, c->rank), &w));
  if (st == OK && w.recency != NULL)
    weigh(c, &w);
  if (st != OK) {
    csr_free(train);
    if (test != NULL)
      csr_free(test);
  }
  mem_free(w.last);
  return st;
}
