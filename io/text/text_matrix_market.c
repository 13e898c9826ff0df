/* Detects the layout of a MatrixMarket file. */
#include "io/text/text_head.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A banner, comments, and a line of sizes before the entries. */
status detect_matrix_market(const head *h, const char *bytes, size_t n, const text_wish *w, text_layout *l) {
  char banner[128] = "", field[32] = "", symmetry[32] = "";
  size_t length = h->line[0].n < sizeof banner - 1 ? h->line[0].n : sizeof banner - 1;
  memcpy(banner, h->line[0].at, length);
  for (size_t i = 0; i < length; i++)
    banner[i] = (char)tolower((unsigned char)banner[i]);
  if (sscanf(banner, "%%%%matrixmarket matrix coordinate %31s %31s", field, symmetry) != 2)
    return status_fail(BAD_DATA, "%s: a MatrixMarket file must begin with `%%%%MatrixMarket matrix coordinate …`",
                       h->name);
  if (strcmp(symmetry, "general") != 0 || strcmp(field, "complex") == 0)
    return status_fail(
        BAD_DATA,
        "%s: a %s %s matrix cannot hold users and items; palate reads general real, integer or pattern matrices",
        h->name, symmetry, field);
  if (w->column[ROLE_USER] != NULL || w->column[ROLE_ITEM] != NULL || w->column[ROLE_VALUE] != NULL ||
      w->column[ROLE_TIME] != NULL)
    return status_fail(USAGE, "a MatrixMarket file has no columns to choose");
  off number = 0;
  for (size_t i = 0; i < n;) {
    const char *stop = memchr(bytes + i, '\n', n - i);
    if (stop == NULL)
      break;
    number++;
    size_t to = (size_t)(stop - bytes);
    if (bytes[i] != '%' && to > i + (bytes[to - 1] == '\r')) {
      char sizes[128];
      long long rows = -1, columns = -1, entries = -1;
      length = to - i < sizeof sizes - 1 ? to - i : sizeof sizes - 1;
      memcpy(sizes, bytes + i, length);
      sizes[length] = '\0';
      if (sscanf(sizes, "%lld %lld %lld", &rows, &columns, &entries) != 3 || rows < 1 || columns < 1 || entries < 0)
        return status_fail(BAD_DATA, "%s:%lld: `rows columns entries` expected", h->name, (long long)number);
      l->most_user = (uint64_t)rows;
      l->most_item = (uint64_t)columns;
      l->skip_bytes = (off)to + 1;
      l->skip_lines = number;
      head_set_separator(l, "");
      head_give_role(l, ROLE_USER, 0, NULL, 0);
      head_give_role(l, ROLE_ITEM, 1, NULL, 0);
      if (strcmp(field, "pattern") != 0)
        head_give_role(l, ROLE_VALUE, 2, NULL, 0);
      return OK;
    }
    i = to + 1;
  }
  return status_fail(BAD_DATA, "%s: no line with `rows columns entries` in the first %d bytes", h->name, TEXT_HEAD);
}
