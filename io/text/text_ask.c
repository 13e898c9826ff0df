/* Messages about columns: what was seen, and the command to type. */
#include "io/text/text_columns.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void shell_word(const char *text, size_t n, char *out, size_t room) {
  size_t k = 0;
  bool plain = n > 0;
  for (size_t i = 0; i < n; i++)
    plain &= (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
             (text[i] >= '0' && text[i] <= '9') || (text[i] != '\0' && strchr("_-./:@+%", text[i]) != NULL) ||
             (unsigned char)text[i] >= 0x80;
  if (!plain)
    out[k++] = '\'';
  for (size_t i = 0; i < n && k + 6 < room; i++) {
    if (text[i] == '\'') {
      memcpy(out + k, "'\\''", 4);
      k += 4;
    } else
      out[k++] = text[i];
  }
  if (!plain)
    out[k++] = '\'';
  out[k] = '\0';
}

void text_add(char *to, size_t room, const char *format, ...) {
  size_t n = strlen(to);
  va_list list;
  va_start(list, format);
  vsnprintf(to + n, room - n, format, list);
  va_end(list);
}

static void add_line(char *to, size_t room, const char *what, const head *h, int i) {
  if (i >= h->n)
    return;
  enum { SHOWN = 160 };
  int n = (int)(h->line[i].n < SHOWN ? h->line[i].n : SHOWN);
  text_add(to, room, "; %s: `%.*s%s`", what, n, h->line[i].at, n == SHOWN ? "…" : "");
}

/* Adds ` --user-column NAME` and so on; for what is missing the word NAME, or N without a header. */
static void add_options(const table *t, unsigned missing, char *to, size_t room) {
  char word[80];
  if (t->w->format != TEXT_AUTO && t->l->format == TEXT_CSV)
    text_add(to, room, " --format csv");
  if (t->w->separator != NULL) {
    shell_word(t->w->separator, strlen(t->w->separator), word, sizeof word);
    text_add(to, room, " --separator %s", word);
  }
  for (int role = ROLE_USER; role < N_ROLES; role++) {
    int c = t->column[role];
    if ((missing & 1u << role) != 0)
      snprintf(word, sizeof word, "%s%s", t->l->header ? "NAME" : "N", role >= ROLE_VALUE ? "|none" : "");
    else if (t->none[role])
      snprintf(word, sizeof word, "none");
    else if (c >= 0 && t->l->header && c < t->n_names && t->names[c].n < 60)
      shell_word(t->names[c].at, t->names[c].n, word, sizeof word);
    else if (c >= 0)
      snprintf(word, sizeof word, "%d", c + 1);
    else
      continue;
    text_add(to, room, " --%s-column %s", ROLE_OPTION[role], word);
  }
}

status columns_ask(const table *t, unsigned missing, const char *hint, const char *why, ...) {
  char text[STATUS_MESSAGE_MAX] = "", path[512];
  va_list list;
  va_start(list, why);
  vsnprintf(text, 400, why, list);
  va_end(list);
  if (t->l->header) {
    char header[200] = "";
    for (int i = 0; i < t->n_names; i++)
      text_add(header, sizeof header - 4, "%s%.*s", i > 0 ? ", " : "", (int)t->names[i].n, t->names[i].at);
    if (strlen(header) >= sizeof header - 5)
      strcat(header, "…");
    text_add(text, sizeof text, "; header: `%s`", header);
  }
  add_line(text, sizeof text, "first row", t->h, t->first);
  shell_word(t->h->name, strlen(t->h->name), path, sizeof path);
  text_add(text, sizeof text, "; type: palate ingest %s", path);
  add_options(t, missing, text, sizeof text);
  text_add(text, sizeof text, " -o DATASET%s%s", hint[0] != '\0' ? "; " : "", hint);
  return status_fail(USAGE, "%s: %s", t->h->name, text);
}
