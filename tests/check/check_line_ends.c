/* If these fail, a file of an old Macintosh or of several systems is read as one line, or lines are lost where such a
 * file is cut between ranks; or the empty rows of a spreadsheet stop an ingest. */
#include "io/base/log.h"
#include "tests/support/suite.h"
#include "tests/support/text_reader.h"
#include "train/math/rng.h"

static const text_wish NO_WISH = {0};

static text_layout layout_of(const char *text, const text_wish *wish) {
  text_layout l;
  status st = text_detect("file", text, strlen(text), true, wish, &l);
  ck_assert_msg(st == OK, "%s", status_message());
  return l;
}

/* A copy of the text whose ends of lines outside quotes are other ones: 0 \r, 1 \r\n, 2 any of the three. */
static char *with_ends(const char *text, int kind, uint64_t seed) {
  char *out = malloc(2 * strlen(text) + 1);
  size_t n = 0;
  bool quoted = false;
  for (uint64_t i = 0; text[i] != '\0'; i++) {
    quoted ^= text[i] == '"';
    uint64_t how = kind == 0 ? 0 : kind == 1 ? 1 : rng_bits(11, seed, i, 0) % 3;
    if (text[i] != '\n' || quoted || how == 2)
      out[n++] = text[i];
    else {
      out[n++] = '\r';
      if (how == 1 || text[i + 1] == '\n') /* \r before an empty line that ends with \n would be one line end */
        out[n++] = '\n';
    }
  }
  out[n] = '\0';
  return out;
}

static const struct {
  const char *text;
  text_format format;
} TEXTS[] = {
    {"user,item,rating\n1,2,3\n\n\"a\"\"b\",\"c\nd\",4\nx,y\n\"e\",f,\"5\"\n7,8,9", TEXT_AUTO},
    {"user,item,rating\n1,2,3\n4,\"open,5\n6,7,8\n9,9,9\n", TEXT_AUTO},
    {"1::2::3::978300760\n4::5::1::978300761\n\n6::7::8\n9::9::2::978300762\n", TEXT_AUTO},
    {"a b c\nd e\n  f  g\th \nlonely\ni j\n", TEXT_LISTS},
    {"1\t2\t3\nx\ty\tz\n4\t5\t6", TEXT_AUTO},
};

/* Every line end gives the events, the rejected lines and the line numbers of \n, wherever ranks cut. */
START_TEST(each_line_end_is_read) {
  const text_wish wish = {.format = TEXTS[_i].format};
  outcome want;
  text_layout plain = layout_of(TEXTS[_i].text, &wish);
  ck_assert_int_eq(parse_cut(&plain, TEXTS[_i].text, strlen(TEXTS[_i].text), NULL, 0, &want), OK);
  for (int kind = 0; kind < 10; kind++) {
    char *text = with_ends(TEXTS[_i].text, kind < 2 ? kind : 2, (uint64_t)kind);
    size_t n = strlen(text);
    text_layout l = layout_of(text, &wish);
    ck_assert_int_eq(l.header, plain.header);
    ck_assert_int_eq(l.skip_lines, plain.skip_lines);
    outcome got;
    for (size_t a = 0; a <= n; a++)
      for (size_t b = a; b <= n; b += 1 + (size_t)kind % 3) {
        ck_assert_int_eq(parse_cut(&l, text, n, (size_t[]){a, b}, 2, &got), OK);
        ck_assert_msg(outcome_equal(&want, &got), "ends %d cut at %zu and %zu:\n%s---\n%s", kind, a, b, want.rejects,
                      got.rejects);
        outcome_free(&got);
      }
    free(text);
  }
  outcome_free(&want);
}
END_TEST

/* A \r in the last byte of a buffer, with its \n in the next one, is one line end. Ranges get a buffer of 4 KiB more
 * than they have, so some cut puts one there. */
START_TEST(ends_at_the_edge_of_a_buffer) {
  enum { LINES = 1600 };
  static char plain[LINES * 16];
  size_t n = 0;
  for (int i = 0; i < LINES; i++)
    n += (size_t)sprintf(plain + n, i % 50 == 7 ? "%d,\"q\"\n" : i % 97 == 5 ? "%d\n" : "%d,i\n", i);
  for (int kind = 0; kind < 3; kind++) {
    char *text = with_ends(plain, kind, 5);
    size_t length = strlen(text);
    outcome want, got;
    text_layout l = layout_of(text, &NO_WISH), lf = layout_of(plain, &NO_WISH);
    ck_assert_int_eq(parse_cut(&lf, plain, n, NULL, 0, &want), OK);
    ck_assert_int_eq(want.counts.lines, LINES);
    for (size_t a = 0; a < 40; a++) {
      ck_assert_int_eq(parse_cut(&l, text, length, (size_t[]){a, 500 + 2 * a, 5000 + a}, 3, &got), OK);
      ck_assert_msg(outcome_equal(&want, &got), "ends %d, cut at %zu:\n%s---\n%s", kind, a, want.rejects, got.rejects);
      outcome_free(&got);
    }
    outcome_free(&want);
    free(text);
  }
}
END_TEST

/* An overlong line is passed over without the lines after it. */
START_TEST(overlong_lines_end_with_a_return) {
  enum { LONG = TEXT_LINE_MAX + 5000 };
  for (int kind = 0; kind < 3; kind++) {
    char *text = malloc(LONG + 100);
    size_t n = (size_t)sprintf(text, "1,2,3\r");
    memset(text + n, '9', LONG);
    n += LONG;
    n += (size_t)sprintf(text + n, kind == 0 ? "\r4,5,6\r" : kind == 1 ? "\r\n4,5,6\r\n" : "\n4,5,6");
    text_layout l = layout_of("1,2,3\r4,5,6\r", &NO_WISH);
    outcome o;
    ck_assert_int_eq(parse_cut(&l, text, n, NULL, 0, &o), OK);
    ck_assert_int_eq(o.n, 2);
    ck_assert_str_eq(o.rejects, "2:1: the line is longer than 1 MB\n");
    ck_assert_int_eq(o.counts.lines, 3);
    outcome_free(&o);
    free(text);
  }
}
END_TEST

/* Within quotes a \r belongs to the id, byte for byte. */
START_TEST(returns_within_quotes_are_kept) {
  text_layout l = layout_of("user,item\r\"a\rb\",\"c\r\nd\"\r", &NO_WISH);
  outcome o;
  const char *text = "user,item\r\"a\rb\",\"c\r\nd\"\r";
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  ck_assert_int_eq(o.n, 1);
  ck_assert_str_eq(o.lines[0], "a\rb|c\r\nd|1|0");
  outcome_free(&o);
}
END_TEST

START_TEST(rows_of_separators_are_blank) {
  static const char *const BLANK[] = {
      "user,item,rating\n1,2,3\n,,\n,,,,,,\n , ,\t\n4,5,6\n,,",
      ",,\nuser,item,rating\n1,2,3\n4,5,6\n,,\n,,\n,,",
      "user;item;value\n1;2;3\n;;\n;;\n;\n;;\n4;5;6\n",
      "1\t2\t3\n\t\t\n\t\t\n\t\n\t\n4\t5\t6\n",
      "1::2::3\n::::\n::\n::::::\n::::\n4::5::6\n",
  };
  for (size_t i = 0; i < sizeof BLANK / sizeof *BLANK; i++) {
    text_layout l = layout_of(BLANK[i], &NO_WISH);
    outcome o;
    ck_assert_int_eq(parse_cut(&l, BLANK[i], strlen(BLANK[i]), (size_t[]){7}, 1, &o), OK);
    ck_assert_str_eq(o.rejects, "");
    ck_assert_int_eq(o.n, 2);
    ck_assert_int_eq(o.counts.blank, i == 1 ? 3 : 4);
    outcome_free(&o);
  }
  text_layout l = layout_of("1,2,3\n", &NO_WISH);
  outcome o;
  ck_assert_int_eq(parse_cut(&l, ",,3\n,\"\",\n", 9, NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, "1:1: the user id is empty\n2:1: the user id is empty\n"); /* something is in these */
  outcome_free(&o);
}
END_TEST

START_TEST(bytes_are_shown) {
  char out[64], small[10];
  ck_assert_str_eq(text_printable_bytes("a\0b\x01\r\xc3\xa9\xff", 8, out, sizeof out),
                   "a\\x00b\\x01\\x0d\xc3\xa9\\xff");
  ck_assert_str_eq(text_printable_bytes("\xc3\xa9", 1, out, sizeof out), "\\xc3"); /* not beyond what is given */
  ck_assert_str_eq(text_printable_bytes("\xe2\x80\xaeX", 4, out, sizeof out), "\\xe2\\x80\\xaeX");
  ck_assert_str_eq(text_printable_bytes("", 0, out, sizeof out), "");
  text_printable_bytes("\0\0\0\0\0\0\0\0", 8, small, sizeof small);
  ck_assert_uint_lt(strlen(small), sizeof small);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, each_line_end_is_read, 0, (int)(sizeof TEXTS / sizeof *TEXTS));
  tcase_add_test(tc, ends_at_the_edge_of_a_buffer);
  tcase_add_test(tc, overlong_lines_end_with_a_return);
  tcase_add_test(tc, returns_within_quotes_are_kept);
  tcase_add_test(tc, rows_of_separators_are_blank);
  tcase_add_test(tc, bytes_are_shown);
}

int main(void) {
  return suite_run("line ends", add);
}
