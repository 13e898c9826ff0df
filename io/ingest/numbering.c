#include "io/ingest/numbering.h"

#include "io/base/mem.h"
#include "io/base/sort.h"

#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 64 /* of each rank */ };

static off total(const off *counts, int size) {
  off sum = 0;
  for (int r = 0; r < size; r++)
    sum += counts[r];
  return sum;
}

/* Sends ids of the list, in order, counts[r] of them to rank r. *got holds what came, from[r] ids of rank r.
 * Collective; agreed status. */
static status list_move(comm *c, const id_list *l, const off *counts, off *from, id_list *got) {
  status st = OK;
  off *give_bytes = NULL, *got_bytes = NULL;
  *got = (id_list){0};
  comm_transpose_i64(c, counts, from);
  THEN(MEM_ALLOC(give_bytes, c->size, "counts"));
  THEN(MEM_ALLOC(got_bytes, c->size, "counts"));
  TRY(comm_agree(c, st));
  if (l->numeric) {
    TRY(comm_agree(c, id_list_alloc(got, total(from, c->size), true, 0)));
    comm_move_rows(c, l->number, counts, got->number, from, sizeof(int64_t));
  } else {
    off at = 0;
    for (int r = 0; r < c->size; r++) {
      off end = at + counts[r];
      give_bytes[r] = counts[r] == 0 ? 0 : (end < l->n ? l->place[end] : l->text_bytes) - l->place[at];
      at = end;
    }
    comm_transpose_i64(c, give_bytes, got_bytes);
    TRY(comm_agree(c, id_list_alloc(got, total(from, c->size), false, total(got_bytes, c->size))));
    comm_move_rows(c, l->text, give_bytes, got->text, got_bytes, 1);
    for (off i = 0, place = 0; i < got->n; i++) {
      got->place[i] = place;
      place += 1 + (off)(unsigned char)got->text[place];
    }
  }
done:
  mem_free(give_bytes);
  mem_free(got_bytes);
  return st;
}

/* A sampled id, which stands for `weight` ids. */
typedef struct sample {
  int64_t weight, number;
  unsigned char length;
  char bytes[ID_MAX];
} sample;

static int compare_numbers(const void *a, const void *b) {
  const sample *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}
static int compare_texts(const void *a, const void *b) {
  const sample *x = a, *y = b;
  return id_compare(false, x->bytes, x->length, y->bytes, y->length);
}

/* Chooses splitters that give every rank about the same number of ids; the same on all ranks. Collective; agreed. */
static status choose_splitters(comm *c, const id_list *sorted, id_list *out) {
  status st = OK;
  sample *mine = NULL, *all = NULL;
  off *counts = NULL;
  int64_t n_mine = sorted->n < SAMPLES ? sorted->n : SAMPLES;
  if (c->size == 1)
    n_mine = 0;
  st = MEM_ALLOC(counts, c->size, "counts");
  TRY(comm_agree(c, st));
  comm_gather_i64(c, n_mine, counts);
  off n = total(counts, c->size), bytes = (off)(c->size - 1) * (ID_MAX + 1);
  THEN(MEM_ZALLOC(mine, n_mine, "samples of ids"));
  THEN(MEM_ALLOC(all, n, "samples of ids"));
  THEN(id_list_alloc(out, c->size - 1, sorted->numeric, bytes));
  TRY(comm_agree(c, st));
  for (off i = 0; i < n_mine; i++) {
    off at = (2 * i + 1) * sorted->n / (2 * n_mine);
    mine[i].weight = (i + 1) * sorted->n / n_mine - i * sorted->n / n_mine;
    if (sorted->numeric)
      mine[i].number = sorted->number[at];
    else {
      mine[i].length = (unsigned char)sorted->text[sorted->place[at]];
      memcpy(mine[i].bytes, sorted->text + sorted->place[at] + 1, mine[i].length);
    }
  }
  comm_share_rows(c, mine, all, counts, sizeof *mine);
  if (n > 0)
    qsort(all, (size_t)n, sizeof *all, sorted->numeric ? compare_numbers : compare_texts);
  int64_t weight = 0, passed = 0;
  for (off i = 0; i < n; i++)
    weight += all[i].weight;
  off text = 0;
  for (off s = 0, i = 0; s < c->size - 1; s++) {
    while (i + 1 < n && passed + all[i].weight <= (s + 1) * weight / c->size)
      passed += all[i++].weight;
    if (sorted->numeric)
      out->number[s] = n > 0 ? all[i].number : 0;
    else {
      size_t length = n > 0 ? all[i].length : 0;
      out->place[s] = text;
      out->text[text] = (char)(unsigned char)length;
      if (n > 0)
        memcpy(out->text + text + 1, all[i].bytes, length);
      text += (off)length + 1;
    }
  }
  out->text_bytes = text;
done:
  mem_free(mine);
  mem_free(all);
  mem_free(counts);
  return st;
}

/* counts[r] becomes the number of the sorted ids that go to rank r. */
static void count_by_owner(const id_list *sorted, const id_list *splitters, int size, off *counts) {
  off at = 0;
  for (int r = 0; r < size; r++) {
    off low = at, high = sorted->n; /* first id that is not below splitter r */
    while (r < size - 1 && low < high) {
      off middle = low + (high - low) / 2;
      if (id_list_compare(sorted, middle, splitters, r) < 0)
        low = middle + 1;
      else
        high = middle;
    }
    if (r == size - 1)
      low = sorted->n;
    counts[r] = low - at;
    at = low;
  }
}

/* Numbers the ids this rank got: row[i] becomes the row of got id i, and the distinct ids become n->own. old_row[i] is
 * the row that id i already has, or -1; old_row is NULL if nothing is old. Collective; agreed status. */
static status number_own(comm *c, numbering *n, const id_list *got, const gid *old_row, gid *row) {
  status st = OK;
  sort_pair *order = NULL;
  off distinct = 0, fresh = 0, bytes = 0;
  st = id_list_sort(got, &order);
  if (st == OK) {
    for (off k = 0; k < got->n; k++) { /* `high` is no longer needed: it becomes the index of the distinct id */
      off i = (off)order[k].low;
      bool same = k > 0 && id_list_compare(got, i, got, (off)order[k - 1].low) == 0;
      if (!same) {
        distinct++;
        bytes += got->numeric ? 0 : 1 + (off)(unsigned char)got->text[got->place[i]];
      }
      order[k].high = (uint64_t)(distinct - 1);
    }
    st = id_list_alloc(&n->own, distinct, got->numeric, bytes);
  }
  THEN(MEM_ALLOC(n->own_row, distinct, "rows of ids"));
  TRY(comm_agree(c, st));
  for (off i = 0; i < distinct; i++)
    n->own_row[i] = -1;
  off at = 0;
  for (off k = 0; k < got->n; k++) {
    off i = (off)order[k].low, d = (off)order[k].high;
    if (old_row != NULL && old_row[i] >= 0)
      n->own_row[d] = old_row[i];
    if (k > 0 && order[k - 1].high == order[k].high)
      continue;
    if (got->numeric)
      n->own.number[d] = got->number[i];
    else {
      size_t length = (size_t)(unsigned char)got->text[got->place[i]] + 1;
      memcpy(n->own.text + at, got->text + got->place[i], length);
      n->own.place[d] = at;
      at += (off)length;
    }
  }
  for (off d = 0; d < distinct; d++)
    fresh += n->own_row[d] < 0;
  int64_t all_fresh = fresh;
  gid next = n->n_old + comm_before_i64(c, fresh);
  comm_sum_i64(c, &all_fresh, 1);
  n->n = n->n_old + all_fresh;
  for (off d = 0; d < distinct; d++)
    if (n->own_row[d] < 0)
      n->own_row[d] = next++;
  for (off k = 0; k < got->n; k++)
    row[order[k].low] = n->own_row[order[k].high];
done:
  mem_free(order);
  return st;
}

status numbering_create(comm *c, const id_table *ids, const strings *old, gid old_first, gid n_old, gid *rows,
                        numbering *out) {
  status st = OK;
  id_list sorted = {0}, got = {0};
  sort_pair *order = NULL;
  off *give = NULL, *from = NULL;
  gid *rows_got = NULL, *rows_back = NULL, *old_give = NULL, *old_got = NULL;
  *out = (numbering){.n_old = n_old};
  int64_t other = id_list_all_integers(ids, old) ? 0 : 1;
  comm_max_i64(c, &other, 1);
  out->numeric = other == 0;
  st = id_list_create(ids, old, out->numeric, &sorted, &order);
  THEN(MEM_ALLOC(give, c->size, "counts"));
  THEN(MEM_ALLOC(from, c->size, "counts"));
  TRY(comm_agree(c, st));
  TRY(choose_splitters(c, &sorted, &out->splitters));
  count_by_owner(&sorted, &out->splitters, c->size, give);
  TRY(list_move(c, &sorted, give, from, &got));
  THEN(MEM_ALLOC(rows_got, got.n, "rows of ids"));
  THEN(MEM_ALLOC(rows_back, sorted.n, "rows of ids"));
  if (n_old > 0) {
    THEN(MEM_ALLOC(old_give, sorted.n, "rows of old ids"));
    THEN(MEM_ALLOC(old_got, got.n, "rows of old ids"));
  }
  TRY(comm_agree(c, st));
  if (n_old > 0) {
    for (off k = 0; k < sorted.n; k++)
      old_give[k] = order[k].low < ids->n ? -1 : old_first + (gid)(order[k].low - ids->n);
    comm_move_rows(c, old_give, give, old_got, from, sizeof(gid));
  }
  TRY(number_own(c, out, &got, old_got, rows_got));
  comm_move_rows(c, rows_got, from, rows_back, give, sizeof(gid));
  for (off k = 0; k < sorted.n; k++)
    if (order[k].low < ids->n)
      rows[order[k].low] = rows_back[k];
done:
  id_list_free(&sorted);
  id_list_free(&got);
  mem_free(order);
  mem_free(give);
  mem_free(from);
  mem_free(rows_got);
  mem_free(rows_back);
  mem_free(old_give);
  mem_free(old_got);
  if (st != OK)
    numbering_free(out);
  return st;
}

void numbering_free(numbering *n) {
  id_list_free(&n->own);
  id_list_free(&n->splitters);
  mem_free(n->own_row);
  *n = (numbering){0};
}

status numbering_find(comm *c, const numbering *n, const id_table *ids, gid *rows) {
  status st = OK;
  id_list sorted = {0}, got = {0};
  id_table known = {0}; /* without texts if all numbered ids are integers: texts cannot be among them */
  sort_pair *order = NULL;
  uint32_t *place = NULL;
  off *give = NULL, *from = NULL;
  gid *rows_got = NULL, *rows_back = NULL;
  st = id_table_create(&known);
  THEN(MEM_ALLOC(place, ids->n, "ids to find"));
  for (uint32_t i = 0; i < ids->n && st == OK; i++) {
    char text[ID_MAX];
    int64_t number;
    uint32_t row;
    rows[i] = -1;
    if (n->numeric && !id_table_integer(ids, i, &number))
      continue;
    size_t length = id_table_text(ids, i, text);
    st = id_table_add(&known, text, length, &row);
    if (st == OK)
      place[row] = i;
  }
  THEN(id_list_create(&known, NULL, n->numeric, &sorted, &order));
  THEN(MEM_ALLOC(give, c->size, "counts"));
  THEN(MEM_ALLOC(from, c->size, "counts"));
  TRY(comm_agree(c, st));
  count_by_owner(&sorted, &n->splitters, c->size, give);
  TRY(list_move(c, &sorted, give, from, &got));
  THEN(MEM_ALLOC(rows_got, got.n, "rows of ids"));
  THEN(MEM_ALLOC(rows_back, sorted.n, "rows of ids"));
  TRY(comm_agree(c, st));
  for (off i = 0; i < got.n; i++) {
    off low = 0, high = n->own.n;
    while (low < high) {
      off middle = low + (high - low) / 2;
      if (id_list_compare(&n->own, middle, &got, i) < 0)
        low = middle + 1;
      else
        high = middle;
    }
    rows_got[i] = low < n->own.n && id_list_compare(&n->own, low, &got, i) == 0 ? n->own_row[low] : -1;
  }
  comm_move_rows(c, rows_got, from, rows_back, give, sizeof(gid));
  for (off k = 0; k < sorted.n; k++)
    rows[place[order[k].low]] = rows_back[k];
done:
  id_table_free(&known);
  id_list_free(&sorted);
  id_list_free(&got);
  mem_free(order);
  mem_free(place);
  mem_free(give);
  mem_free(from);
  mem_free(rows_got);
  mem_free(rows_back);
  return st;
}

int numbering_owner(const gid *first, int size, gid row) {
  int low = 0, high = size - 1;
  while (low < high) {
    int middle = (low + high + 1) / 2;
    if (first[middle] <= row)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

status numbering_ids(comm *c, const numbering *n, const gid *first, strings *out) {
  status st = OK;
  id_list by_rank = {0}, got = {0};
  off *give = NULL, *from = NULL, *next = NULL;
  sort_pair *order = NULL;
  gid *rows = NULL, *rows_got = NULL;
  *out = (strings){0};
  THEN(MEM_ZALLOC(give, c->size, "counts"));
  THEN(MEM_ALLOC(from, c->size, "counts"));
  THEN(MEM_ALLOC(next, c->size, "counts"));
  THEN(MEM_ALLOC(order, n->own.n, "order of ids"));
  THEN(MEM_ALLOC(rows, n->own.n, "rows of ids"));
  if (st == OK) {
    for (off i = 0; i < n->own.n; i++)
      give[numbering_owner(first, c->size, n->own_row[i])]++;
    for (off r = 0, at = 0; r < c->size; at += give[r++])
      next[r] = at;
    for (off i = 0; i < n->own.n; i++) {
      off at = next[numbering_owner(first, c->size, n->own_row[i])]++;
      order[at].low = (uint64_t)i;
      rows[at] = n->own_row[i];
    }
    st = id_list_ordered(&n->own, order, &by_rank);
  }
  TRY(comm_agree(c, st));
  TRY(list_move(c, &by_rank, give, from, &got));
  st = MEM_ALLOC(rows_got, got.n, "rows of ids");
  char room[ID_MAX];
  const char *text;
  size_t width = 1;
  for (off i = 0; i < got.n; i++) {
    size_t length = id_list_text(&got, i, room, &text);
    width = length > width ? length : width;
  }
  THEN(strings_alloc(out, first[c->rank + 1] - first[c->rank], (int)width, "ids"));
  TRY(comm_agree(c, st));
  comm_move_rows(c, rows, give, rows_got, from, sizeof(gid));
  for (off i = 0; i < got.n; i++) {
    size_t length = id_list_text(&got, i, room, &text);
    memcpy(out->bytes + (rows_got[i] - first[c->rank]) * out->width, text, length);
  }
done:
  id_list_free(&by_rank);
  id_list_free(&got);
  mem_free(give);
  mem_free(from);
  mem_free(next);
  mem_free(order);
  mem_free(rows);
  mem_free(rows_got);
  return st;
}
