#include "jobs/cli/listing.h"

#include "io/base/log.h"
#include "io/text/id.h"

#include <string.h>

enum { TEXT_MAX = 1024 };

typedef struct names {
  char id[ID_MAX + 1], title[TEXT_MAX], tags[TEXT_MAX]; /* title and tags: "" if there are none */
} names;

static status read_names(reader *r, lid row, names *out) {
  status st = reader_read_text(r, READER_ITEM_ID, row, out->id, sizeof out->id);
  if (st == OK)
    st = reader_read_text(r, READER_ITEM_TITLE, row, out->title, sizeof out->title);
  if (st == OK)
    st = reader_read_text(r, READER_ITEM_TAGS, row, out->tags, sizeof out->tags);
  return st;
}

static status show_table(reader *r, const reader_entry *list, int n, const char *score_name, FILE *to) {
  names it;
  char safe_id[4 * ID_MAX], safe_title[4 * TEXT_MAX], safe_tags[4 * TEXT_MAX];
  bool match = n > 0 && list[0].match >= 0;
  fprintf(to, "%4s  %s%10s  %-12s %s\n", "#", match ? "match  " : "", score_name, "id", "title");
  for (int i = 0; i < n; i++) {
    status st = read_names(r, list[i].row, &it);
    if (st != OK)
      return st;
    fprintf(to, "%4d  ", i + 1);
    if (match)
      fprintf(to, "%3d %%  ", list[i].match);
    text_printable(it.tags, safe_tags, sizeof safe_tags);
    fprintf(to, "%10.4f  %-12s %s%s%s%s\n", list[i].score, text_printable(it.id, safe_id, sizeof safe_id),
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

static status make_json(reader *r, const reader_entry *list, int n, const char *score_name, json_t **out) {
  names it;
  status st = OK;
  *out = json_array();
  for (int i = 0; i < n; i++) {
    TRY(read_names(r, list[i].row, &it));
    json_t *one = json_object();
    json_object_set_new(one, "rank", json_integer(i + 1));
    json_object_set_new(one, "id", listing_text(it.id));
    json_object_set_new(one, "title", listing_text(it.title));
    if (it.tags[0] != '\0')
      json_object_set_new(one, "tags", listing_text(it.tags));
    json_object_set_new(one, score_name, json_real(list[i].score));
    if (list[i].match >= 0)
      json_object_set_new(one, "match", json_integer(list[i].match));
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

status listing_print(reader *r, const reader_entry *list, int n, const listing_words *words, bool json) {
  status st = OK;
  json_t *items = NULL, *all = NULL;
  if (!json)
    return show_table(r, list, n, words->column, stdout);
  TRY(make_json(r, list, n, words->score, &items));
  all = json_object();
  json_object_set_new(all, words->key, listing_text(words->who));
  json_object_set(all, "items", items);
  if (json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(7)) != 0 || putchar('\n') == EOF)
    st = status_fail(IO_FAILED, "standard output cannot be written");
done:
  json_decref(items);
  json_decref(all);
  return st;
}
