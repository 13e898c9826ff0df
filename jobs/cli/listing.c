#include "jobs/cli/listing.h"

#include "io/base/log.h"
#include "io/text/id.h"

#include <ctype.h>
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

status listing_find(model *m, const char *text, lid *row) {
  status st = OK;
  strings titles = {0};
  gid found;
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

status listing_find_all(model *m, const char *text, int most, lid *rows, int *n) {
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
  if (*n == 0)
    st = status_fail(USAGE, "--likes names no item");
done:
  strings_free(&titles);
  return st;
}

typedef struct names {
  char id[ID_MAX + 1], title[TEXT_MAX], tags[TEXT_MAX]; /* title and tags: "" if there are none */
} names;

static status read_names(model *m, lid row, names *out) {
  status st = OK;
  strings ids = {0}, titles = {0}, tags = {0};
  TRY(model_read_ids(m, ITEMS, row, 1, &ids));
  TRY(model_read_titles(m, row, 1, &titles));
  TRY(model_read_tags(m, row, 1, &tags));
  *out = (names){0};
  strings_get(&ids, 0, out->id, sizeof out->id);
  if (titles.n > 0)
    strings_get(&titles, 0, out->title, sizeof out->title);
  if (tags.n > 0)
    strings_get(&tags, 0, out->tags, sizeof out->tags);
done:
  strings_free(&ids);
  strings_free(&titles);
  strings_free(&tags);
  return st;
}

status listing_show(model *m, const listed *list, int n, const char *score_name, FILE *to) {
  names it;
  char safe_id[4 * ID_MAX], safe_title[4 * TEXT_MAX], safe_tags[4 * TEXT_MAX];
  bool match = n > 0 && list[0].match >= 0;
  fprintf(to, "%4s  %s%10s  %-12s %s\n", "#", match ? "match  " : "", score_name, "id", "title");
  for (int r = 0; r < n; r++) {
    status st = read_names(m, list[r].row, &it);
    if (st != OK)
      return st;
    fprintf(to, "%4d  ", r + 1);
    if (match)
      fprintf(to, "%3d %%  ", list[r].match);
    text_printable(it.tags, safe_tags, sizeof safe_tags);
    fprintf(to, "%10.4f  %-12s %s%s%s%s\n", list[r].score, text_printable(it.id, safe_id, sizeof safe_id),
            text_printable(it.title, safe_title, sizeof safe_title), safe_tags[0] != '\0' ? "  [" : "", safe_tags,
            safe_tags[0] != '\0' ? "]" : "");
  }
  return OK;
}

json_t *listing_text(const char *text) {
  json_t *out = json_string(text);
  if (out != NULL)
    return out;
  char safe[4 * TEXT_MAX];
  return json_string(text_printable(text, safe, sizeof safe));
}

status listing_json(model *m, const listed *list, int n, const char *score_name, json_t **out) {
  names it;
  status st = OK;
  *out = json_array();
  for (int r = 0; r < n; r++) {
    TRY(read_names(m, list[r].row, &it));
    json_t *one = json_object();
    json_object_set_new(one, "rank", json_integer(r + 1));
    json_object_set_new(one, "id", listing_text(it.id));
    json_object_set_new(one, "title", listing_text(it.title));
    if (it.tags[0] != '\0')
      json_object_set_new(one, "tags", listing_text(it.tags));
    json_object_set_new(one, score_name, json_real(list[r].score));
    if (list[r].match >= 0)
      json_object_set_new(one, "match", json_integer(list[r].match));
    if (json_array_append_new(*out, one) != 0)
      TRY(status_fail(NO_MEMORY, "no memory for the list"));
  }
done:
  if (st != OK) {
    json_decref(*out);
    *out = NULL;
  }
  return st;
}
