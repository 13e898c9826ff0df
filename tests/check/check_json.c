/* If these fail, reviews in JSON lines become events of other people or other things: a wrong key, a mangled name, a
 * line lost where ranks cut the file, or broken JSON taken for good. */
#include "io/values/json_scan.h"
#include "tests/support/suite.h"
#include "tests/support/text_reader.h"

static const text_wish NO_WISH = {0};

static text_layout layout_of(const char *text, const text_wish *wish) {
  text_layout l;
  status st = text_detect("file", text, strlen(text), true, wish, &l);
  ck_assert_msg(st == OK, "%s\n%s", text, status_message());
  ck_assert_int_eq(l.format, TEXT_JSONL);
  return l;
}

static void expect(const char *text, const text_wish *wish, const char *joined) {
  outcome o;
  char all[4096] = "";
  text_layout l = layout_of(text, wish);
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  for (int i = 0; i < o.n; i++) {
    strcat(all, i > 0 ? " " : "");
    strcat(all, o.lines[i]);
  }
  ck_assert_str_eq(o.rejects, "");
  ck_assert_str_eq(all, joined);
  outcome_free(&o);
}

static void refused(const char *text, const text_wish *wish, const char *first, const char *second) {
  text_layout l;
  status st = text_detect("file", text, strlen(text), true, wish, &l);
  ck_assert_msg(st == USAGE || st == BAD_DATA, "taken: %s", text);
  ck_assert_msg(strstr(status_message(), first) != NULL && strstr(status_message(), second) != NULL,
                "%s\nsays %s, without `%s` or `%s`", text, status_message(), first, second);
}

START_TEST(keys_are_found) {
  expect("{\"user_id\": \"A\", \"item_id\": 7, \"rating\": 4.5, \"timestamp\": 1441324800}\n"
         "{\"timestamp\":1441324801,\"rating\":3,\"item_id\":8,\"user_id\":\"B\"}",
         &NO_WISH, "A|7|4.5|1441324800 B|8|3|1441324801");
  expect("\xef\xbb\xbf \n{\"user\": 1, \"item\": 2}\r\n\n  {\"user\": 3, \"item\": 4}  \n", &NO_WISH,
         "1|2|1|0 3|4|1|0");
  /* Amazon's: two keys of times, of which one can be read. */
  expect("{\"reviewerID\": \"A1\", \"asin\": \"B1\", \"overall\": 5.0, \"reviewTime\": \"09 1, 2013\", "
         "\"unixReviewTime\": 1441324800, \"helpful\": [2, 3], \"verified\": true}\n",
         &NO_WISH, "A1|B1|5|1441324800");
  expect("{\"reviewer\": {\"id\": 5, \"name\": \"x\"}, \"product\": {\"a\": {\"b\": \"P\"}}, \"r\": [[1, 9], 2]}\n",
         &(text_wish){.column = {[ROLE_USER] = "reviewer.id", [ROLE_ITEM] = "product.a.b", [ROLE_VALUE] = "r.0.1"}},
         "5|P|9|0");
  expect("{\"user.id\": 5, \"item\": 6}\n", &(text_wish){.column = {[ROLE_USER] = "user.id"}}, "5|6|1|0");
  expect("{\"us\\u0065r\": 5, \"item\": 6}\n", &NO_WISH, "5|6|1|0");
  expect("{\"user\":1,\"item\":2,\"rating\":3}\n", &(text_wish){.column = {[ROLE_VALUE] = "none"}}, "1|2|1|0");
  expect("{\"user\":1,\"item\":2,\"rating\":\"4,5\",\"date\":\"28/11/2011\"}\n", &NO_WISH, "1|2|4.5|1322438400");
  expect("{\"user\":1,\"item\":2,\"price\":NaN,\"x\":[-Infinity,Infinity]}\n", &NO_WISH, "1|2|1|0");
  expect("{\"user\":1,\"item\":2,\"time\":1700000000.25}\n", &NO_WISH, "1|2|1|1700000000");
}
END_TEST

START_TEST(what_cannot_be_known_is_asked) {
  refused("{\"a\": \"x\", \"b\": \"y\"}\n", &NO_WISH, "a (\"x\"), b (\"y\")", "--user-column KEY");
  refused("{\"user\": \"x\", \"b\": \"y\"}\n", &NO_WISH, "item", "--item-column");
  refused("{\"user\": 1, \"item\": 2, \"zork\": 3}\n", &NO_WISH, "zork has numbers", "--value-column none");
  refused("{\"user\": 1, \"item\": 2, \"zork\": \"3\"}\n", &NO_WISH, "zork has numbers", "--value-column none");
  refused("{\"user_id\": 1, \"customer_id\": 2, \"item\": 3}\n", &NO_WISH, "user_id", "customer_id");
  refused("{\"user\": 1, \"item\": 2}\n", &(text_wish){.column = {[ROLE_USER] = "who"}}, "who", "item (2)");
  refused("{\"user\": 1, \"item\": 2}\n", &(text_wish){.column = {[ROLE_USER] = "item", [ROLE_ITEM] = "item"}}, "item",
          "twice");
  refused("{\"user\": 1, \"item\": 2}\n", &(text_wish){.separator = ","}, "separator", "JSON");
  refused("{\"user\": 1, \"item\": 2, \"rating\": \"1,234\"}\n", &NO_WISH, "the key rating", "--thousands ,");
  refused("{\"user\": 1, \"item\": 2, \"date\": \"3/4/2011\"}\n", &NO_WISH, "the key date", "--time-format");
}
END_TEST

START_TEST(other_json_is_named) {
  refused("{\n  \"user\": 1,\n  \"item\": 2\n}\n", &NO_WISH, "several lines", "jq -c .");
  refused("{\"user\": 1,\n  \"item\": 2\n}\n", &NO_WISH, "several lines", "jq -c .");
  refused("[{\"user\": 1, \"item\": 2}]\n", &(text_wish){.format = TEXT_JSONL}, "array", "jq -c '.[]'");
  refused("{'user': 1, 'item': 2}\n", &NO_WISH, "Python", "literal_eval");
  refused("{u'user': 1, u'item': 2}\n", &NO_WISH, "Python", "literal_eval");
  refused("{\"user\": 1, \"item\": 2} {\"user\": 3}\n", &NO_WISH, "behind the object", "file:1:");
  refused("{\"user\": 1 \"item\": 2}\n", &NO_WISH, "file:1:12", "comma");
  refused("", &(text_wish){.format = TEXT_JSONL}, "file", "");
  refused("\n\n", &(text_wish){.format = TEXT_JSONL}, "file", "");
  refused("{}\n", &NO_WISH, "--user-column", "");
}
END_TEST

/* What is wrong with each line, and where. */
START_TEST(bad_lines_are_named) {
  static const struct {
    const char *line, *why;
  } LINES[] = {
      {"{\"item\":2,\"rating\":3,\"time\":4}", "1:31: the key of the user is missing"},
      {"{\"user\":1,\"rating\":3,\"time\":4}", "1:31: the key of the item is missing"},
      {"{\"user\":1,\"item\":2,\"time\":4}", "1:29: the key of the value is missing"},
      {"{\"user\":1,\"item\":2,\"rating\":3}", "1:31: the key of the time is missing"},
      {"{\"user\":null,\"item\":2,\"rating\":3,\"time\":4}", "1:9: the user id is null"},
      {"{\"user\":1,\"item\":null,\"rating\":3,\"time\":4}", "1:18: the item id is null"},
      {"{\"user\":1,\"item\":2,\"rating\":null,\"time\":4}", "1:29: the value is null"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":null}", "1:38: the time is null"},
      {"{\"user\":true,\"item\":2,\"rating\":3,\"time\":4}", "1:9: the user id is neither a string nor a number"},
      {"{\"user\":1,\"item\":[2],\"rating\":3,\"time\":4}", "1:18: the item id is neither a string nor a number"},
      {"{\"user\":\"\",\"item\":2,\"rating\":3,\"time\":4}", "1:9: the user id is empty"},
      {"{\"user\":1,\"item\":2,\"rating\":true,\"time\":4}", "1:29: the value is true or false, not a number"},
      {"{\"user\":1,\"item\":2,\"rating\":{},\"time\":4}", "1:29: the value is not a number"},
      {"{\"user\":1,\"item\":2,\"rating\":\"x\",\"time\":4}", "1:29: the value is not a number"},
      {"{\"user\":1,\"item\":2,\"rating\":1e39,\"time\":4}", "1:29: the value is out of range"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":99999999999}", "1:38: the time is out of range (1900 to 2100)"},
      {"{\"user\":\"\\ud83d\",\"item\":2,\"rating\":3,\"time\":4}", "1:9: half a surrogate pair in a string"},
      {"{\"user\":\"\\ude00\",\"item\":2,\"rating\":3,\"time\":4}", "1:9: half a surrogate pair in a string"},
      {"{\"user\":\"\\u0000\",\"item\":2,\"rating\":3,\"time\":4}", "1:9: a NUL in an id"},
      {"{\"user\":1,\"user\":1,\"item\":2,\"rating\":3,\"time\":4}", "1:18: a key stands twice in the object"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4", "1:39: not JSON: a comma or } is missing"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4} x", "1:41: something stands behind the object"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4,}", "1:40: not JSON: a key in double quotes is missing"},
      {"{\"user\":01,\"item\":2,\"rating\":3,\"time\":4}", "1:9: not JSON: a wrong number"},
      {"{\"user\":+1,\"item\":2,\"rating\":3,\"time\":4}", "1:9: not JSON: a value is missing or wrong"},
      {"{\"user\":1,\"item\":2,\"rating\":NaN,\"time\":4}", "1:29: the value is not a number"},
      {"{\"user\":-Infinity,\"item\":2,\"rating\":3,\"time\":4}", "1:9: the user id is neither a string nor a number"},
      {"{\"user\":1,\"item\":2,\"rating\":Nan,\"time\":4}", "1:29: not JSON: a value is missing or wrong"},
      {"{\"user\":\"a,\"item\":2,\"rating\":3,\"time\":4}", "1:13: not JSON: a comma or } is missing"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4,\"x\":\"", "1:45: a string is not closed"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4,\"x\":\"a\tb\"}", "1:46: a control character in a string"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4,\"x\":\"\\q\"}", "1:45: an unknown escape in a string"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4,\"x\":\"\\u12g4\"}", "1:45: an unknown escape in a string"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4,\"x\":[1,]}", "1:47: not JSON: a value is missing or wrong"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4,\"x\":[1 2]}", "1:47: not JSON: a comma or ] is missing"},
      {"{\"user\":1,\"item\":2,\"rating\":3,\"time\":4,\"x\":{\"y\" 1}}", "1:49: not JSON: a colon is missing"},
      {"[1, 2]", "1:1: the line is not an object of JSON"},
      {"plain", "1:1: the line is not an object of JSON"},
  };
  text_layout l = layout_of("{\"user\":1,\"item\":2,\"rating\":3,\"time\":4}", &NO_WISH);
  for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++)
    for (int ended = 0; ended < 2; ended++) {
      outcome o;
      char text[256], expected[256];
      snprintf(text, sizeof text, "%s%s", LINES[i].line,
               ended ? "\n{\"user\":1,\"item\":2,\"rating\":3,\"time\":4}\n" : "");
      snprintf(expected, sizeof expected, "%s\n", LINES[i].why);
      ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
      ck_assert_msg(strcmp(o.rejects, expected) == 0, "%s\n%sis not %s", text, o.rejects, expected);
      ck_assert_int_eq(o.n, ended);
      outcome_free(&o);
    }
  outcome o;
  char text[1024] = "{\"user\":\"";
  memset(text + 9, 'x', 256);
  strcpy(text + 265, "\",\"item\":2,\"rating\":3,\"time\":4}");
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, "1:9: the user id is longer than 255 bytes\n");
  outcome_free(&o);
  ck_assert_int_eq(parse_cut(&l, "{\"user\":1,\0", 11, NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, "1:11: a NUL byte\n");
  outcome_free(&o);
}
END_TEST

START_TEST(ids_are_kept) {
  expect("{\"user\":\"a\\\"b\\\\c\\/d\\u00e9\\uD83D\\uDE00\",\"item\":\"\xc3\xa9\"}\n", &NO_WISH,
         "a\"b\\c/d\xc3\xa9\xf0\x9f\x98\x80|\xc3\xa9|1|0");
  expect(
      "{\"user\":1.0,\"item\":1e5}\n{\"user\":-0,\"item\":12345678901234567890123}\n{\"user\":\"007\",\"item\":-7}\n",
      &NO_WISH, "-0|12345678901234567890123|1|0 007|-7|1|0 1.0|1e5|1|0");
  expect("{\"user\":\"7\",\"item\":1}\n{\"user\":7,\"item\":\"\\u0031\"}\n", &NO_WISH, "7|1|1|0 7|1|1|0");
  expect("{\"user\":\"\xff\xfe\",\"item\":1}\n", &NO_WISH, "\xff\xfe|1|1|0"); /* as in CSV: byte for byte */
  expect("{\"user\":\" a \",\"item\":\"a\\tb\"}\n", &NO_WISH, " a |a\tb|1|0");
}
END_TEST

START_TEST(nesting_is_bounded) {
  char text[2048] = "{\"user\":1,\"item\":2,\"x\":";
  for (int extra = 0; extra < 2; extra++) {
    outcome o;
    size_t n = 23, depth = (size_t)(JSON_DEPTH_MAX + extra);
    text_layout l = layout_of("{\"user\":1,\"item\":2}", &NO_WISH);
    memset(text + n, '[', depth);
    text[n + depth] = '1';
    memset(text + n + depth + 1, ']', depth);
    strcpy(text + n + 2 * depth + 1, "}\n");
    ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
    ck_assert_str_eq(o.rejects, extra ? "1:88: nested deeper than 64\n" : "");
    outcome_free(&o);
  }
}
END_TEST

/* Wherever ranks cut the file, each line is read once, with the same line numbers. */
START_TEST(cuts_do_not_matter) {
  const char *text =
      "{\"user\":\"a\\\"\\\\\",\"item\":1}\n\n{\"user\":{\"x\":1},\"item\":2}\r\n {\"item\":3,\"user\":\"\\u00e9\"} "
      "\nnonsense\n{\"user\":\"b\",\"item\":\"}\"}";
  size_t n = strlen(text);
  text_layout l = layout_of("{\"user\":1,\"item\":2}", &NO_WISH);
  outcome whole, cut;
  ck_assert_int_eq(parse_cut(&l, text, n, NULL, 0, &whole), OK);
  ck_assert_int_eq(whole.n, 3);
  for (size_t a = 0; a <= n; a++)
    for (size_t b = a; b <= n; b++) {
      ck_assert_int_eq(parse_cut(&l, text, n, (size_t[]){a, b}, 2, &cut), OK);
      ck_assert_msg(outcome_equal(&whole, &cut), "cut at %zu and %zu:\n%s---\n%s", a, b, whole.rejects, cut.rejects);
      outcome_free(&cut);
    }
  outcome_free(&whole);
}
END_TEST

/* A line of megabytes is passed over, as in every text. */
START_TEST(overlong_lines_are_passed_over) {
  for (size_t long_one = (1 << 20) - 100; long_one < 4 << 20; long_one = long_one * 3 / 2) {
    char *text = malloc(long_one + 200);
    size_t n = (size_t)sprintf(text, "{\"user\":1,\"item\":2}\n{\"user\":3,\"item\":4,\"x\":\"");
    memset(text + n, 'x', long_one);
    n += long_one;
    n += (size_t)sprintf(text + n, "\"}\n{\"user\":5,\"item\":6}\n");
    text_layout l = layout_of("{\"user\":1,\"item\":2}", &NO_WISH);
    outcome o, cut;
    ck_assert_int_eq(parse_cut(&l, text, n, NULL, 0, &o), OK);
    bool taken = long_one < 1 << 20;
    ck_assert_str_eq(o.rejects, taken ? "" : "2:1: the line is longer than 1 MB\n");
    ck_assert_int_eq(o.n, taken ? 3 : 2);
    ck_assert_int_eq(parse_cut(&l, text, n, (size_t[]){3, 30, n / 2, n - 3}, 4, &cut), OK);
    ck_assert(outcome_equal(&o, &cut));
    outcome_free(&o);
    outcome_free(&cut);
    free(text);
  }
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, keys_are_found);
  tcase_add_test(tc, what_cannot_be_known_is_asked);
  tcase_add_test(tc, other_json_is_named);
  tcase_add_test(tc, bad_lines_are_named);
  tcase_add_test(tc, ids_are_kept);
  tcase_add_test(tc, nesting_is_bounded);
  tcase_add_test(tc, cuts_do_not_matter);
  tcase_add_test(tc, overlong_lines_are_passed_over);
}

int main(void) {
  return suite_run("json", add);
}
