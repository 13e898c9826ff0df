/* libFuzzer on JSON lines: any bytes. No crash, no overrun; what is taken for JSON is what the jansson library takes
 * for it, with the same strings; and however the text is cut between ranks, the same events and the same refused lines.
 */
#include "io/text/json_lines.h"
#include "tests/support/text_reader.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what) {
  if (good)
    return;
  fprintf(stderr, "%s: %s\n", what, status_message());
  abort();
}

/* What jansson refuses beyond the grammar: bytes that are no UTF-8, half surrogate pairs, NULs in keys, and numbers
 * that fit in none of its types. */
static bool stricter(const json_error_t *error) {
  enum json_error_code code = json_error_code(error);
  return code == json_error_invalid_utf8 || code == json_error_numeric_overflow ||
         code == json_error_null_byte_in_key || code == json_error_null_character ||
         (code == json_error_invalid_syntax && strstr(error->text, "Unicode") != NULL);
}

/* A value that Python writes and JSON does not know. */
static bool pythonic(const char *line, size_t n) {
  for (size_t i = 0; i + 3 <= n; i++)
    if (memcmp(line + i, "NaN", 3) == 0 || (i + 8 <= n && memcmp(line + i, "Infinity", 8) == 0))
      return true;
  return false;
}

static void compare_user(const text_layout *l, const char *line, size_t n, const json_t *theirs) {
  json_found found;
  json_fault fault;
  const char *end = json_find(l, line, line + n, &found, &fault);
  if (end == NULL) {
    must(fault.bad != NULL && fault.at >= line && fault.at <= line + n, "the place of a fault");
    must(strcmp(fault.bad, "a key stands twice in the object") == 0 || strncmp(fault.bad, "nested", 6) == 0,
         "an object is refused");
    return;
  }
  const text_span *v = &found.value[ROLE_USER];
  const json_t *user = json_object_get(theirs, "user");
  must((user != NULL) == (v->n > 0), "a key is found");
  if (!json_is_string(user))
    return;
  char *out = malloc(v->n);
  size_t length;
  must(v->at[0] == '"' && json_decode(v->at + 1, v->n - 2, out, v->n, &length) == NULL, "a string is decoded");
  must(length == json_string_length(user) && memcmp(out, json_string_value(user), length) == 0, "a string is the same");
  free(out);
}

/* A line without its end, held against jansson. */
static void compare(const char *line, size_t n) {
  text_layout l = {.format = TEXT_JSONL, .key = {[ROLE_USER] = "user"}};
  json_error_t error;
  json_fault fault = {0};
  char *copy = malloc(n + 1); /* of its own length, so that the sanitizer sees a step beyond it */
  memcpy(copy, line, n);
  const char *s = json_blank(copy, copy + n), *end = copy + n;
  bool ours = s < end && *s == '{' && (s = json_value(s, end, &fault)) != NULL && json_blank(s, end) == end;
  json_t *theirs = json_loadb(copy, n, JSON_ALLOW_NUL, &error);
  if (json_is_object(theirs)) {
    must(ours || (fault.bad != NULL && strncmp(fault.bad, "nested", 6) == 0), "JSON is refused");
    if (ours)
      compare_user(&l, copy, n, theirs);
  } else
    must(!ours || (theirs == NULL && (stricter(&error) || pythonic(copy, n))), "what is no JSON is taken");
  json_decref(theirs);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const KEYS[] = {NULL, "user", "item", "a.b", "a.0", "rating", "none", "\xc3\xa9"};
  if (size < 3)
    return 0;
  text_wish wish = {.format = (data[2] & 1) != 0 ? TEXT_JSONL : TEXT_AUTO,
                    .column = {[ROLE_USER] = KEYS[data[0] % 8],
                               [ROLE_ITEM] = KEYS[data[0] / 8 % 8],
                               [ROLE_VALUE] = KEYS[data[1] % 8],
                               [ROLE_TIME] = KEYS[data[1] / 8 % 8]}};
  size_t n = size - 3;
  char *text = malloc(n > 0 ? n : 1);
  memcpy(text, data + 3, n);
  for (size_t i = 0; i < n;) {
    const char *stop = memchr(text + i, '\n', n - i);
    size_t to = stop != NULL ? (size_t)(stop - text) : n;
    if (memchr(text + i, '\r', to - i) == NULL)
      compare(text + i, to - i);
    i = to + 1;
  }
  text_layout l;
  if (text_detect("fuzz", text, n < TEXT_HEAD ? n : TEXT_HEAD, n < TEXT_HEAD, &wish, &l) == OK &&
      l.format == TEXT_JSONL) {
    size_t a = n > 0 ? data[2] * n / 256 : 0, b = a + (n - a) / 2;
    outcome whole, cut;
    must(parse_cut(&l, text, n, NULL, 0, &whole) == OK, "parse");
    must(parse_cut(&l, text, n, (size_t[]){a, b}, 2, &cut) == OK, "parse in three");
    must(outcome_equal(&whole, &cut), "a cut matters");
    outcome_free(&whole);
    outcome_free(&cut);
  }
  free(text);
  must(mem_held() == 0, "memory is still held");
  return 0;
}
