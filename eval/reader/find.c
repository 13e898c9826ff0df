/* Users and items as people name them. */
#include "eval/reader/reader_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 1024, HINTS = 3 };

static bool has_text(const char *title, const char *text) {
  size_t n = strlen(text);
  for (; *title != '\0'; title++)
    if (strncasecmp(title, text, n) == 0)
      return true;
  return false;
}

/* The only title that is `text`; -1: none, -2: several. */
static lid find_title(const strings *titles, const char *text) {
  char title[TEXT_MAX];
  lid found = -1;
  for (off i = 0; i < titles->n; i++)
    if (strcasecmp(strings_get(titles, i, title, sizeof title), text) == 0)
      found = found == -1 ? (lid)i : -2;
  return found;
}

static status not_found(model *m, const strings *titles, const char *text) {
  char hints[512] = "", title[160];
  int n = 0;
  for (off i = 0; i < titles->n && n < HINTS && text[0] != '\0'; i++)
    if (has_text(strings_get(titles, i, title, sizeof title), text)) {
      size_t used = strlen(hints);
      snprintf(hints + used, sizeof hints - used, "%s%s", n++ > 0 ? "; " : " Titles with it: ", title);
    }
  return status_fail(USAGE, "%s has no item with the id or title `%.200s`.%s", h5_path(model_file(m)), text, hints);
}

/* -1 if there is no such id or title; USAGE only if several items have the title. */
static status look_up(model *m, const strings *titles, const char *text, lid *row) {
  gid found;
  status st = model_find_id(m, ITEMS, text, &found);
  if (st != OK)
    return st;
  *row = found >= 0 ? (lid)found : find_title(titles, text);
  if (*row == -2)
    return status_fail(USAGE, "several items have the title `%.200s`; give the id of one", text);
  return OK;
}

static status find_item(model *m, const char *text, lid *row) {
  status st = OK;
  strings titles = {0};
  gid found;
  *row = -1;
  TRY(model_find_id(m, ITEMS, text, &found));
  *row = (lid)found;
  if (found >= 0)
    goto done;
  TRY(model_read_titles(m, 0, model_rows(m, ITEMS), &titles));
  TRY(look_up(m, &titles, text, row));
  if (*row < 0)
    st = not_found(m, &titles, text);
done:
  strings_free(&titles);
  return st;
}

static void put_row(lid row, lid *rows, int *n) {
  int at = *n;
  while (at > 0 && rows[at - 1] > row)
    at--;
  if (at > 0 && rows[at - 1] == row)
    return;
  memmove(rows + at + 1, rows + at, sizeof *rows * (size_t)(*n - at));
  rows[at] = row;
  ++*n;
}

static status find_items(model *m, const char *text, int most, lid *rows, int *n) {
  status st = OK;
  strings titles = {0};
  bool read = false;
  *n = 0;
  while (*text != '\0') {
    /* The shortest text up to a comma that names an item: ids first, then titles with commas in them. */
    lid row = -1;
    size_t end = 0, first = strcspn(text, ",");
    char name[TEXT_MAX];
    do {
      end += strcspn(text + end, ",");
      if (end >= sizeof name)
        break;
      memcpy(name, text, end);
      name[end] = '\0';
      gid id;
      TRY(model_find_id(m, ITEMS, name, &id));
      row = (lid)id;
      if (row < 0 && !read) {
        TRY(model_read_titles(m, 0, model_rows(m, ITEMS), &titles));
        read = true;
      }
      if (row < 0)
        TRY(look_up(m, &titles, name, &row));
    } while (row < 0 && text[end] != '\0' && ++end > 0);
    if (row < 0) {
      snprintf(name, sizeof name, "%.*s", (int)(first < 200 ? first : 200), text);
      st = not_found(m, &titles, name);
      goto done;
    }
    if (*n == most) {
      st = status_fail(USAGE, "at most %d favourites can be given", most);
      goto done;
    }
    put_row(row, rows, n);
    text += end;
    if (*text == ',')
      text++;
    while (*text == ' ')
      text++;
  }
done:
  strings_free(&titles);
  return st;
}

/* --- with the guard --- */

status reader_find_user(reader *r, const char *id, gid *row) {
  h5_guard guard;
  reader_begin(r, &guard);
  status st = model_find_id(r->m, USERS, id, row);
  reader_end(r, &guard, st);
  return st;
}

status reader_find_item(reader *r, const char *text, lid *row) {
  h5_guard guard;
  reader_begin(r, &guard);
  status st = find_item(r->m, text, row);
  reader_end(r, &guard, st);
  return st;
}

status reader_find_items(reader *r, const char *text, int most, lid *rows, int *n) {
  h5_guard guard;
  reader_begin(r, &guard);
  status st = find_items(r->m, text, most, rows, n);
  reader_end(r, &guard, st);
  return st;
}

status reader_read_text(reader *r, reader_text what, gid row, char *out, size_t size) {
  h5_guard guard;
  strings text = {0};
  reader_begin(r, &guard);
  status st = what == READER_USER_ID      ? model_read_ids(r->m, USERS, row, 1, &text)
              : what == READER_ITEM_ID    ? model_read_ids(r->m, ITEMS, row, 1, &text)
              : what == READER_ITEM_TITLE ? model_read_titles(r->m, row, 1, &text)
                                          : model_read_tags(r->m, row, 1, &text);
  reader_end(r, &guard, st);
  if (st == OK && text.n > 0)
    strings_get(&text, 0, out, size);
  else if (size > 0)
    out[0] = '\0';
  strings_free(&text);
  return st;
}
