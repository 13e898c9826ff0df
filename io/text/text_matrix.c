/* The header of a matrix. */
#include "io/base/mem.h"
#include "io/text/text_lines.h"

#include <stdlib.h>
#include <string.h>

int text_compare_spans(const void *a, const void *b) {
  const text_span *x = *(const text_span *const *)a, *y = *(const text_span *const *)b;
  size_t n = x->n < y->n ? x->n : y->n;
  int order = n > 0 ? memcmp(x->at, y->at, n) : 0;
  return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

status text_all_fields(const text_layout *l, char *line, size_t n, text_span **fields, int *count) {
  status st = OK;
  off most = 1;
  const char *bad = NULL;
  size_t bad_at;
  *fields = NULL;
  for (size_t i = 0; i < n; i++)
    most += l->separator_length == 0 ? line[i] == ' ' || line[i] == '\t' : line[i] == l->separator[0];
  TRY(mem_alloc(fields, most, sizeof **fields, "names of items"));
  *count = text_split(l, line, n, *fields, (int)most, &bad, &bad_at);
  if (*count < 0)
    st = status_fail(BAD_DATA, "the header of a matrix is broken: %s", bad);
done:
  return st;
}

status text_matrix_names(const text_layout *l, char *header, size_t n, text_span **names) {
  status st = OK;
  const text_span **sorted = NULL;
  int count = 0;
  while (n > 0 && (header[n - 1] == '\n' || header[n - 1] == '\r'))
    n--;
  TRY(text_all_fields(l, header, n, names, &count));
  int skip = count - l->matrix_items;
  if (skip < 0 || skip > 1)
    TRY(status_fail(BAD_DATA, "the header of a matrix names %d columns, and its rows have %d items", count,
                    l->matrix_items));
  memmove(*names, *names + skip, (size_t)l->matrix_items * sizeof **names);
  TRY(MEM_ALLOC(sorted, l->matrix_items, "names of items"));
  for (int i = 0; i < l->matrix_items; i++) {
    sorted[i] = &(*names)[i];
    text_trim(&(*names)[i].at, &(*names)[i].n);
    if ((*names)[i].n == 0 || (*names)[i].n > ID_MAX)
      TRY(status_fail(BAD_DATA, "the header of a matrix has %s for column %d",
                      (*names)[i].n == 0 ? "no name" : "too long a name", i + skip + 1));
  }
  qsort(sorted, (size_t)l->matrix_items, sizeof *sorted, text_compare_spans);
  for (int i = 1; i < l->matrix_items; i++)
    if (text_compare_spans(&sorted[i - 1], &sorted[i]) == 0)
      TRY(status_fail(BAD_DATA, "the header of a matrix names the item `%.*s` twice", (int)sorted[i]->n,
                      sorted[i]->at));
done:
  mem_free(sorted);
  if (st != OK) {
    mem_free(*names);
    *names = NULL;
  }
  return st;
}
