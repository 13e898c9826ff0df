/* Detects the layout of a title table: MovieLens movies.csv and movies.dat, u.item, hetrec artists.dat and the like. */
#include "io/text/column_names.h"
#include "io/text/text_head.h"

#include <string.h>

/* Usual column names as column_plain_name writes them; earlier ones win. */
static const char *const NAMES[3][28] = {
    {"id",   "item",       "itemid",  "movieid", "artistid", "productid", "trackid",   "songid",  "articleid",
     "asin", "parentasin", "titleid", "bookid",  "isbn",     "movie",     "artist",    "product", "track",
     "song", "user",       "userid",  "member",  "memberid", "customer",  "customerid"},
    {"title", "name", "itemtitle", "itemname", "movietitle", "artistname", "productname", "producttitle", "trackname",
     "songname", "booktitle", "label", "description"},
    {"genres", "genre", "tags", "tag", "categories", "category", "keywords", "subjects", "department", "style"}};

status text_detect_titles(const char *name, const char *bytes, size_t n, bool whole, const char *const wish[3],
                          text_layout *out, int column[3]) {
  static const char *const OPTION[3] = {"item-id", "title", "tags"};
  status st = OK;
  head h;
  size_t from;
  char first[HEAD_COPY];
  text_span fields[TEXT_COLUMNS_MAX];
  *out = (text_layout){.format = TEXT_CSV};
  column[0] = column[1] = column[2] = -1;
  TRY(head_read(&h, name, bytes, n, whole, &from));
  out->skip_bytes = (off)from;
  head_guess_separator(out, &h);
  if (out->separator_length == 0)
    TRY(status_fail(BAD_DATA, "%s: not a title table: no column separator found (comma, semicolon, tab, bar or `::`)",
                    name));
  TRY(head_quoting(out, 0));
  int n_fields = head_split(out, &h, 0, first, fields);
  /* The first line is a header if it names two of the three columns, or if the user gave a name. */
  int named[3] = {-1, -1, -1}, n_named = 0;
  for (int k = 0; k < 3; k++) {
    for (int w = 0; w < 28 && NAMES[k][w] != NULL && named[k] < 0; w++)
      for (int i = 0; i < n_fields && named[k] < 0; i++) {
        char plain[COLUMN_NAME_MAX];
        column_plain_name(fields[i].at, fields[i].n, plain);
        if (strcmp(plain, NAMES[k][w]) == 0)
          named[k] = i;
      }
    n_named += named[k] >= 0;
    out->header |= wish[k] != NULL && strcmp(wish[k], "none") != 0 && wish[k][strspn(wish[k], "0123456789")] != '\0';
  }
  out->header |= n_named >= 2;
  for (int k = 0; k < 3; k++) {
    if (wish[k] != NULL && strcmp(wish[k], "none") == 0)
      continue;
    if (wish[k] != NULL)
      TRY(head_column(&h, out, wish[k], OPTION[k], fields, n_fields, &column[k]));
    else if (out->header)
      column[k] = named[k];
    else if (k < 2 || n_fields == 3) /* id, title, tags; with more columns the third may be anything */
      column[k] = k;
  }
  if (out->header) {
    out->skip_bytes = h.line_end[0];
    out->skip_lines = h.line_number[0];
  }
  if (column[0] < 0 || (column[1] < 0 && column[2] < 0))
    TRY(status_fail(USAGE, "%s: give the columns of ids and titles with --item-id-column and --title-column", name));
  for (int k = 0; k < 3; k++) {
    if (column[k] >= n_fields)
      TRY(status_fail(USAGE, "%s: --%s-column %d, but there are only %d columns", name, OPTION[k], column[k] + 1,
                      n_fields));
    if (column[k] >= out->n_columns)
      out->n_columns = column[k] + 1;
  }
done:
  return st;
}
