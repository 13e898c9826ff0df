/* libFuzzer on the text parsers: any bytes as any format. No crash, no overrun; and however the text is cut between
 * ranks, the same events and the same refused lines. */
#include "io/matrix/npy.h"
#include "io/tables/tag_split.h"
#include "io/tables/text_titles.h"
#include "io/detect/recognise.h"
#include "tests/support/text_reader.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what) {
  if (good)
    return;
  fprintf(stderr, "%s: %s\n", what, status_message());
  abort();
}

static void titles(const char *text, size_t n) {
  for (int s = USERS; s <= ITEMS; s++) {
    titles_wish wish = {.side = (side)s, .events_id = "movieId"};
    titles_layout l;
    if (text_detect_titles("fuzz", text, n < TITLES_HEAD ? n : TITLES_HEAD, n < TITLES_HEAD, &wish, &l) != OK)
      continue;
    must(l.column[TITLES_ID] >= 0 && l.text.n_columns > l.column[TITLES_ID], "columns of titles");
    must(l.column[TITLES_TITLE] >= 0 || l.column[TITLES_TAGS] >= 0 || l.n_flags > 0, "nothing of a table");
  }
  char out[64], joined[64] = "";
  text_title(text, n, out, sizeof out);
  must(strlen(out) < sizeof out, "a title is cut");
  tag_facts facts = {0};
  tag_rule rule;
  tag_facts_add(&facts, out);
  tag_rule_find(&facts, n % 2 == 0, &rule);
  tag_join(joined, sizeof joined, out, &rule);
  must(strlen(joined) < sizeof joined, "tags fit");
  npy_header array;
  if (npy_parse(text, n, &array) == NULL) {
    must(array.bytes <= n && array.count >= 0 && array.size >= 0, "an array's header");
    off count = array.size > 0 ? (off)(n - array.bytes) / array.size : 0;
    int64_t whole[8];
    real value[8];
    count = count < 8 ? count : 8;
    if (npy_is_whole(&array))
      npy_integers(&array, text + array.bytes, count, whole);
    if (npy_is_number(&array))
      npy_reals(&array, text + array.bytes, count, value);
    else if (count > 0)
      npy_text(&array, text + array.bytes, 0, out, sizeof out);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const SEPARATORS[] = {NULL, ",", "tab", "::", "blank", ";", "|", "ab"};
  static const char *const COLUMNS[] = {NULL, "1", "2", "3", "none", "user", "127", "0"};
  if (size < 6)
    return 0;
  text_wish wish = {.format = (text_format)(data[0] % TEXT_H5),
                    .separator = SEPARATORS[data[1] % 8],
                    .header = data[2] % 3,
                    .quoting = data[2] / 3 % 4,
                    .unit = (text_time_unit)(data[2] / 12 % UNIT_DMY),
                    .time_format = data[4] / 64 == 3 && data[2] / 12 % UNIT_DMY == 0 ? "%d/%m/%Y %I:%M %p" : NULL,
                    .decimal = ",."[data[3] / 64 & 1] * (data[3] / 128),
                    .value_form = (number_form)(data[4] / 64 == 2 ? data[5] % 7 : 0),
                    .column = {[ROLE_USER] = COLUMNS[data[3] % 8],
                               [ROLE_ITEM] = COLUMNS[data[3] / 8 % 8],
                               [ROLE_VALUE] = COLUMNS[data[4] % 8],
                               [ROLE_TIME] = COLUMNS[data[4] / 8 % 8]}};
  size_t n = size - 6;
  /* Of its own length, so that the sanitizer sees a step beyond it. */
  char *text = malloc(n > 0 ? n : 1);
  memcpy(text, data + 6, n);
  titles(text, n);
  must(recognise(text, n) < N_KINDS, "the kind of a file");
  text_layout l;
  if (text_detect("fuzz", text, n < TEXT_HEAD ? n : TEXT_HEAD, n < TEXT_HEAD, &wish, &l) == OK && l.format != TEXT_H5) {
    must(l.skip_bytes <= (off)n, "what is skipped");
    size_t a = n > 0 ? data[5] * n / 256 : 0, b = a + (n - a) / 2;
    outcome whole, cut;
    must(parse_cut(&l, text, n, NULL, 0, &whole) == OK, "parse");
    must(parse_cut(&l, text, n, (size_t[]){a, b}, 2, &cut) == OK, "parse in three");
    /* Netflix lines need the item before the cut, which ranks look up in the file; the reader of the tests does not. */
    must(l.format == TEXT_NETFLIX || outcome_equal(&whole, &cut), "a cut matters");
    outcome_free(&whole);
    outcome_free(&cut);
  }
  free(text);
  must(mem_held() == 0, "memory is still held");
  return 0;
}
