#include "io/tables/tag_split.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char SEPARATORS[TAG_SEPARATORS + 1] = "|;,/";

/* ---- what a text says ---- */

int text_says(const char *text) {
  static const char *const NOTHING[] = {"NA",   "N/A",  "n/a",    "#N/A",      "<NA>",
                                        "null", "NULL", "(null)", "nan",       "NaN",
                                        "None", "nil",  "\\N",    "undefined", "(no genres listed)"};
  const char *from = text, *to = text + strlen(text);
  while (from < to && isspace((unsigned char)*from))
    from++;
  while (to > from && isspace((unsigned char)to[-1]))
    to--;
  size_t n = (size_t)(to - from);
  if (n == 0)
    return 0;
  for (size_t i = 0; i < sizeof NOTHING / sizeof *NOTHING; i++)
    if (strlen(NOTHING[i]) == n && memcmp(NOTHING[i], from, n) == 0)
      return 0;
  for (; from < to; from++)
    if (isalnum((unsigned char)*from) || (unsigned char)*from >= 0x80)
      return 2;
  return 1;
}

/* ---- how to split ---- */

void tag_facts_add(tag_facts *facts, const char *text) {
  if (text_says(text) < 2)
    return;
  for (int a = 0; a < TAG_SEPARATORS; a++)
    for (int b = 0; b < TAG_SEPARATORS && strchr(text, SEPARATORS[a]) != NULL; b++)
      facts->both[a * TAG_SEPARATORS + b] += strchr(text, SEPARATORS[b]) != NULL;
}

void tag_rule_find(const tag_facts *facts, bool blanks, tag_rule *out) {
  int n = 0;
  *out = (tag_rule){0};
  for (int b = 0; b < TAG_SEPARATORS; b++) {
    bool inner = facts->both[b * TAG_SEPARATORS + b] == 0;
    for (int a = 0; a < b; a++)
      inner |= facts->both[a * TAG_SEPARATORS + b] > 0;
    if (!inner && (b == 0 || !blanks))
      out->set[n++] = SEPARATORS[b];
    if (b == 0 && n > 0)
      return;
  }
  if (blanks)
    out->set[0] = ' ';
}

status tag_rule_wished(const char *separator, tag_rule *out) {
  static const struct {
    const char *word, *text;
  } WORDS[] = {{"tab", "\t"}, {"\\t", "\t"},  {"comma", ","}, {"semicolon", ";"},
               {"pipe", "|"}, {"slash", "/"}, {"blank", " "}, {"none", ""}};
  *out = (tag_rule){0};
  for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
    if (strcasecmp(separator, WORDS[i].word) == 0)
      separator = WORDS[i].text;
  for (const char *s = separator; *s != '\0'; s++)
    if (isalnum((unsigned char)*s))
      return status_fail(USAGE, "--tag-separator cannot hold the character `%c`", *s);
  if (strlen(separator) >= sizeof out->whole)
    return status_fail(USAGE, "--tag-separator takes at most %zu characters", sizeof out->whole - 1);
  strcpy(out->whole, separator);
  return OK;
}

/* Where the tag at s ends. *next is where the following one begins, NULL if there is none. */
static const char *tag_end(const char *s, const char *end, const tag_rule *rule, const char **next) {
  size_t n = strlen(rule->whole);
  *next = NULL;
  for (; s < end; s++) {
    bool at_set = rule->set[0] != '\0' && strchr(rule->set, *s) != NULL;
    bool at_whole = rule->set[0] == '\0' && n > 0 && (size_t)(end - s) >= n && memcmp(s, rule->whole, n) == 0;
    if (at_set || at_whole) {
      *next = s + (at_set ? 1 : n);
      return s;
    }
  }
  return end;
}

static bool has_tag(const char *joined, const char *tag, size_t n) {
  for (const char *s = joined; s != NULL && *s != '\0';) {
    const char *bar = strchr(s, '|');
    size_t length = bar != NULL ? (size_t)(bar - s) : strlen(s);
    if (length == n && memcmp(s, tag, n) == 0)
      return true;
    s = bar != NULL ? bar + 1 : NULL;
  }
  return false;
}

/* Takes blanks and marks off both ends of a text. */
static void trim(const char **from, const char **to) {
  while (*from < *to && isspace((unsigned char)**from))
    (*from)++;
  while (*to > *from && isspace((unsigned char)(*to)[-1]))
    (*to)--;
}

static bool unwrap(const char **from, const char **to, char open, char close) {
  if (*to - *from < 2 || **from != open || (*to)[-1] != close)
    return false;
  (*from)++;
  (*to)--;
  trim(from, to);
  return true;
}

bool tag_join(char *joined, size_t room, const char *text, const tag_rule *rule) {
  const char *from = text, *to = text + strlen(text), *next;
  size_t used = strlen(joined);
  if (text_says(text) < 2)
    return true;
  trim(&from, &to);
  bool list = unwrap(&from, &to, '[', ']') || unwrap(&from, &to, '{', '}');
  for (const char *s = from; s != NULL; s = next) {
    const char *low = s, *high = tag_end(s, to, rule, &next);
    char tag[TAG_MAX];
    trim(&low, &high);
    if (list || (high > low && *low == '"'))
      (void)(unwrap(&low, &high, '\'', '\'') || unwrap(&low, &high, '"', '"'));
    size_t n = (size_t)(high - low);
    if (n >= sizeof tag)
      return false;
    for (size_t i = 0; i < n; i++) /* a bar within a tag would part it */
      tag[i] = low[i] == '|' ? '/' : low[i];
    tag[n] = '\0';
    if (text_says(tag) == 0 || has_tag(joined, tag, n))
      continue;
    if (used + (used > 0) + n + 1 > room)
      return false;
    if (used > 0)
      joined[used++] = '|';
    memcpy(joined + used, tag, n + 1);
    used += n;
  }
  return true;
}
