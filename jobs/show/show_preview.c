#define _DEFAULT_SOURCE /* gmtime_r */
#include "jobs/show/show_preview.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/detect/detect.h"
#include "io/source/spool.h"
#include "jobs/cli/words.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const ROLE[N_ROLES] = {"", "user", "item", "value", "time"};

static bool has_separator(const text_layout *l) {
  return !text_is_matrix(l->format) && l->format != TEXT_MTX && l->format != TEXT_JSONL && l->format != TEXT_NETFLIX;
}

static const char *iso_time(int64_t seconds, char out[32]) {
  time_t when = (time_t)seconds;
  struct tm utc;
  if (gmtime_r(&when, &utc) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
    snprintf(out, 32, "%" PRId64, seconds);
  return out;
}

/* Cuts bytes off that are not UTF-8 for a string of JSON. */
static json_t *text_json(const char *text) {
  char safe[4 * ID_MAX + 8];
  json_t *out = json_string(text);
  return out != NULL ? out : json_string(text_printable(text, safe, sizeof safe));
}

/* ---- the command ---- */

typedef struct line {
  char *text; /* owned */
  size_t n, room;
  bool failed;
} line;

static void add(line *l, const char *word, bool quote) {
  size_t n = strlen(word);
  if (l->n + 4 * n + 8 > l->room) {
    size_t room = 2 * l->room + 4 * n + 64;
    char *text = realloc(l->text, room);
    l->failed |= text == NULL;
    if (text == NULL)
      return;
    l->text = text;
    l->room = room;
  }
  if (l->n > 0)
    l->text[l->n++] = ' ';
  static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+%=,";
  quote = quote && (n == 0 || word[strspn(word, PLAIN)] != '\0');
  if (quote)
    l->text[l->n++] = '\'';
  for (const char *s = word; *s != '\0'; s++) {
    const char *as = quote && *s == '\'' ? "'\\''" : NULL;
    size_t length = as != NULL ? 4 : 1;
    memcpy(l->text + l->n, as != NULL ? as : s, length);
    l->n += length;
  }
  if (quote)
    l->text[l->n++] = '\'';
  l->text[l->n] = '\0';
}

static void add_option(line *l, const char *name, const char *value) {
  char option[40];
  if (value == NULL || value[0] == '\0')
    return;
  snprintf(option, sizeof option, "--%s", name);
  add(l, option, false);
  add(l, value, true);
}

/* Whether the name of a role's column finds it again: it is not cut, and cannot be taken for a number. */
static bool names_tell(const text_layout *l, text_role role) {
  const char *name = l->column_name[role];
  return l->header && !l->header_in_comment && strlen(name) < sizeof l->column_name[role] - 1 &&
         name[strspn(name, "0123456789")] != '\0' && strcmp(name, "none") != 0;
}

static void add_columns(line *out, const text_layout *l) {
  bool none[N_ROLES];
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    char option[20], number[16];
    int column = 0;
    snprintf(option, sizeof option, "%s-column", ROLE[role]);
    for (int c = 0; c < l->n_columns; c++)
      if (l->role[c] == role)
        column = c + 1;
    none[role] = column == 0;
    snprintf(number, sizeof number, "%d", column);
    if (l->format == TEXT_JSONL)
      add_option(out, option, l->key[role][0] != '\0' ? l->key[role] : role >= ROLE_VALUE ? "none" : "");
    else if (l->format == TEXT_MATRIX)
      add_option(out, option, role != ROLE_USER ? "" : none[role] ? "none" : "1");
    else if (l->format == TEXT_BASKETS)
      add_option(out, option, !none[role] ? number : role == ROLE_USER && l->n_columns > 0 ? "none" : "");
    else if (!none[role])
      add_option(out, option, names_tell(l, (text_role)role) ? l->column_name[role] : number);
    else if (role >= ROLE_VALUE)
      add_option(out, option, "none");
  }
}

static void add_reading(line *out, const text_layout *l, const text_wish *w) {
  char word[32], mark[2] = {'\0', '\0'};
  if (l->has_time && l->time_format[0] != '\0')
    add_option(out, "time-format", l->time_format);
  else if (w->unit != UNIT_AUTO)
    add_option(out, "time-unit", word_at(TIME_UNIT_WORDS, w->unit, word, sizeof word));
  if (!l->has_value)
    return;
  mark[0] = l->number.decimal;
  add_option(out, "decimal", mark);
  mark[0] = l->number.thousands;
  add_option(out, "thousands", mark[0] == ' ' ? "blank" : mark);
  if (l->number.form > FORM_NUMBER)
    add_option(out, "value-format", word_at(NUMBER_FORM_WORDS, l->number.form, word, sizeof word));
}

/* A source as the command line names it. */
static const char *source_word(const char *name) {
  return strcmp(name, SPOOL_STANDARD_INPUT) == 0 ? "-" : name;
}

/* The command that reads the same without guessing. The caller frees it. */
static char *full_command(const ingest_settings *s, const ingest_preview *p) {
  line out = {0};
  const text_layout *l = &p->sources.text[0].layout;
  char word[32];
  add(&out, "palate ingest", false);
  for (int i = 0; i < s->n_sources; i++)
    add(&out, source_word(s->sources[i]), true);
  add_option(&out, "format", word_at(TEXT_FORMAT_WORDS, (int)l->format, word, sizeof word));
  if (has_separator(l)) {
    add_option(&out, "separator", text_separator_word(l));
    if (l->format == TEXT_CSV || l->format == TEXT_COUNTS || l->format == TEXT_MATRIX || l->format == TEXT_BASKETS)
      add_option(&out, "header", l->header && !l->header_in_comment ? "yes" : "no");
    if (s->wish.quoting > 0)
      add_option(&out, "quoting", word_at(QUOTING_WORDS, s->wish.quoting, word, sizeof word));
    if (l->format != TEXT_LISTS)
      add_columns(&out, l);
    if (l->format == TEXT_BASKETS)
      add_option(&out, "item-separator", strcmp(l->item_separators, " \t") == 0 ? "blank" : l->item_separators);
    add_option(&out, "comment", s->wish.comment != NULL ? s->wish.comment : l->comment);
    add_reading(&out, l, &s->wish);
  } else if (l->format == TEXT_JSONL) {
    add_columns(&out, l);
    add_reading(&out, l, &s->wish);
  }
  add_option(&out, "group", s->group);
  for (int i = 0; i < p->n_tables; i++)
    add_option(&out, i < s->items.n ? "items" : "users", source_word(p->table[i].path));
  for (int k = 0; k < 3; k++) {
    static const char *const ITEM[3] = {"item-id-column", "title-column", "tags-column"};
    static const char *const USER[3] = {"user-id-column", "user-name-column", NULL};
    add_option(&out, ITEM[k], s->items.column[k]);
    if (USER[k] != NULL)
      add_option(&out, USER[k], s->users.column[k]);
  }
  add_option(&out, "tag-separator", s->tag_separator);
  add_option(&out, "append", s->append);
  add(&out, "-o", false);
  add(&out, s->output != NULL ? s->output : "DATASET", true);
  if (out.failed) {
    free(out.text);
    return NULL;
  }
  return out.text;
}

/* ---- for people ---- */

static void print_source(const char *path, const text_layout *l, const preview_source *p) {
  char safe[600], word[32], when[32];
  printf("%s: %s", text_printable(path, safe, sizeof safe),
         word_at(TEXT_FORMAT_WORDS, (int)l->format, word, sizeof word));
  if (has_separator(l))
    printf(", separator %s, header %s", text_separator_word(l), l->header ? "yes" : "no");
  if (text_lines_are_users(l))
    printf(", each line is a user (its number)");
  else if (l->format == TEXT_LISTS)
    printf(", each line is a user and their items");
  if (l->format == TEXT_MATRIX)
    printf(", %d columns are items", l->matrix_items);
  if (l->comment[0] != '\0')
    printf(", %lld lines of comments and header above", (long long)l->skip_lines);
  for (int role = ROLE_VALUE; role < N_ROLES; role++)
    if (l->reading[role][0] != '\0')
      printf(", %ss: %s", ROLE[role], l->reading[role]);
  printf("%s\n", l->has_value || text_is_matrix(l->format) ? "" : ", no values: every event counts 1");
  for (int i = 0; i < p->n_columns; i++) {
    const char *role = i < l->n_columns && l->role[i] != ROLE_SKIP ? ROLE[l->role[i]] : "not read";
    printf("  column %-3d %-9s", i + 1, role);
    if (p->column[i][0] != '\0')
      printf(" %s", text_printable(p->column[i], safe, sizeof safe));
    printf(" (%s)\n", text_printable(p->first[i], safe, sizeof safe));
  }
  for (int role = ROLE_USER; role < N_ROLES && l->format == TEXT_JSONL; role++)
    if (l->key[role][0] != '\0')
      printf("  %-9s %s\n", ROLE[role], text_printable(l->key[role], safe, sizeof safe));
  for (int i = 0; i < p->n_events; i++) {
    char user[600];
    printf("  event: user %s, item %s", text_printable(p->event[i].user, user, sizeof user),
           text_printable(p->event[i].item, safe, sizeof safe));
    if (l->has_value)
      printf(", value %.9g", (double)p->event[i].value);
    if (l->has_time)
      printf(", time %s", iso_time(p->event[i].time, when));
    printf("\n");
  }
  if (p->n_events == 0 && !text_is_matrix(l->format))
    printf("  no event in the first lines\n");
  if (p->bad[0] != '\0')
    printf("  bad line: %s\n", text_printable(p->bad, safe, sizeof safe));
}

static void print_table(const preview_table *t) {
  static const char *const NAME[TITLES_ROLES] = {"id", "title", "tags"};
  char safe[600];
  printf("%s:", text_printable(t->path, safe, sizeof safe));
  for (int role = 0; role < TITLES_ROLES; role++)
    if (t->layout.column[role] >= 0)
      printf("%s %s = column %d%s%s%s", role > 0 ? "," : "", NAME[role], t->layout.column[role] + 1,
             t->layout.name[role][0] != '\0' ? " (" : "", text_printable(t->layout.name[role], safe, sizeof safe),
             t->layout.name[role][0] != '\0' ? ")" : "");
  printf("%s\n", t->layout.n_flags > 0 ? ", tags = columns of 0 and 1" : "");
  for (int i = 0; i < t->n; i++) {
    printf("  %s:", text_printable(t->text[i][0], safe, sizeof safe));
    printf(" %s", text_printable(t->text[i][1], safe, sizeof safe));
    printf("%s%s\n", t->text[i][2][0] != '\0' ? " / " : "", text_printable(t->text[i][2], safe, sizeof safe));
  }
}

/* ---- as JSON ---- */

static json_t *source_json(const char *path, const text_layout *l, const preview_source *p) {
  char word[32], when[32];
  json_t *columns = json_array(), *events = json_array();
  for (int i = 0; i < p->n_columns; i++)
    json_array_append_new(
        columns, json_pack("{s:i, s:o, s:o, s:o}", "number", i + 1, "name", text_json(p->column[i]), "first",
                           text_json(p->first[i]), "role",
                           i < l->n_columns && l->role[i] != ROLE_SKIP ? json_string(ROLE[l->role[i]]) : json_null()));
  for (int role = ROLE_USER; role < N_ROLES && l->format == TEXT_JSONL; role++)
    if (l->key[role][0] != '\0')
      json_array_append_new(columns, json_pack("{s:o, s:s}", "name", text_json(l->key[role]), "role", ROLE[role]));
  for (int i = 0; i < p->n_events; i++) {
    json_t *event = json_pack("{s:o, s:o, s:f}", "user", text_json(p->event[i].user), "item",
                              text_json(p->event[i].item), "value", (double)p->event[i].value);
    if (l->has_time)
      json_object_set_new(event, "time", json_string(iso_time(p->event[i].time, when)));
    json_array_append_new(events, event);
  }
  return json_pack("{s:o, s:s, s:o, s:b, s:b, s:b, s:o, s:o, s:o}", "path", text_json(path), "format",
                   word_at(TEXT_FORMAT_WORDS, (int)l->format, word, sizeof word), "separator",
                   has_separator(l) ? json_string(text_separator_word(l)) : json_null(), "header", (int)l->header,
                   "values", (int)l->has_value, "times", (int)l->has_time, "columns", columns, "events", events,
                   "bad_line", p->bad[0] != '\0' ? text_json(p->bad) : json_null());
}

static json_t *table_json(const preview_table *t) {
  json_t *rows = json_array();
  for (int i = 0; i < t->n; i++)
    json_array_append_new(rows, json_pack("{s:o, s:o, s:o}", "id", text_json(t->text[i][0]), "title",
                                          text_json(t->text[i][1]), "tags", text_json(t->text[i][2])));
  return json_pack("{s:o, s:i, s:i, s:i, s:o}", "path", text_json(t->path), "id_column",
                   t->layout.column[TITLES_ID] + 1, "title_column", t->layout.column[TITLES_TITLE] + 1, "tags_column",
                   t->layout.column[TITLES_TAGS] + 1, "rows", rows);
}

status show_preview(const ingest_settings *s, const ingest_preview *p, bool as_json) {
  char *command = full_command(s, p);
  if (command == NULL)
    return status_fail(NO_MEMORY, "no memory for the command");
  if (!as_json) {
    char *safe = malloc(4 * strlen(command) + 8);
    for (int i = 0; i < s->n_sources; i++)
      print_source(s->sources[i], &p->sources.text[i].layout, &p->source[i]);
    for (int i = 0; i < p->n_tables; i++)
      print_table(&p->table[i]);
    printf("%s\n", safe != NULL ? text_printable(command, safe, 4 * strlen(command) + 8) : command);
    free(safe);
  } else {
    json_t *sources = json_array(), *tables = json_array();
    for (int i = 0; i < s->n_sources; i++)
      json_array_append_new(sources, source_json(s->sources[i], &p->sources.text[i].layout, &p->source[i]));
    for (int i = 0; i < p->n_tables; i++)
      json_array_append_new(tables, table_json(&p->table[i]));
    json_t *all = json_pack("{s:o, s:o, s:o}", "sources", sources, "tables", tables, "command", text_json(command));
    char *text = json_dumps(all, JSON_INDENT(2));
    printf("%s\n", text != NULL ? text : "{}");
    free(text);
    json_decref(all);
  }
  free(command);
  return OK;
}
