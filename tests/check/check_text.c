/* If these fail, people's ratings are misread: wrong values, wrong members, lines lost or read twice where a file is
 * cut between ranks, or a broken line taken for a good one. */
#define _DEFAULT_SOURCE
#include "io/base/sort.h"
#include "tests/support/suite.h"
#include "tests/support/text_reader.h"
#include "train/math/rng.h"

#include <math.h>
#include <time.h>

static const text_wish NO_WISH = {0};

/* A sequence of random numbers out of the counter-based generator. */
typedef struct dice {
  uint64_t stream, n;
} dice;

static uint64_t dice_bits(dice *d) {
  return rng_bits(7, d->stream, d->n++, 0);
}
static uint64_t dice_below(dice *d, uint64_t n) {
  return dice_bits(d) % n;
}

static text_layout layout_of(const char *text, const text_wish *wish) {
  text_layout l;
  status st = text_detect("file", text, strlen(text), true, wish, &l);
  ck_assert_msg(st == OK, "%s", status_message());
  return l;
}

static outcome parse(const char *text, const text_wish *wish) {
  outcome o;
  text_layout l = layout_of(text, wish);
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  return o;
}

static void expect(const char *text, const text_wish *wish, const char *joined) {
  outcome o = parse(text, wish);
  char all[4096] = "";
  for (int i = 0; i < o.n; i++) {
    strcat(all, i > 0 ? " " : "");
    strcat(all, o.lines[i]);
  }
  ck_assert_str_eq(o.rejects, "");
  ck_assert_str_eq(all, joined);
  outcome_free(&o);
}

/* Every kind of source that formats promises, told apart by itself. */
START_TEST(each_format_is_read) {
  expect("userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n7,1,4,1260759179\n", &NO_WISH,
         "1|31|2.5|1260759144 7|1|4|1260759179");
  expect("1::1193::5::978300760\n1::661::3::978302109\n", &NO_WISH, "1|1193|5|978300760 1|661|3|978302109");
  expect("196\t242\t3\t881250949\n186\t302\t3\t891717742\n", &NO_WISH, "186|302|3|891717742 196|242|3|881250949");
  expect("userID\tartistID\tweight\r\n2\t51\t13883\r\n2\t52\t11690\r\n", &NO_WISH, "2|51|13883|0 2|52|11690|0");
  expect("ann jazz rock\nbob rock\neve a b c d\n", &NO_WISH,
         "ann|jazz|1|0 ann|rock|1|0 bob|rock|1|0 eve|a|1|0 eve|b|1|0 eve|c|1|0 eve|d|1|0");
  expect("1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n2:\n885013,4,2005-10-19\n", &NO_WISH,
         "1488844|1|3|1125964800 822109|1|5|1115942400 885013|2|4|1129680000");
  expect("%%MatrixMarket matrix coordinate real general\n% a remark\n3 4 2\n1 4 2.5\n3  1  -1e2 \n", &NO_WISH,
         "1|4|2.5|0 3|1|-100|0");
  expect("%%MatrixMarket matrix coordinate pattern general\n3 4 1\n2 4\n", &NO_WISH, "2|4|1|0");
  expect("1,2\n3,4", &NO_WISH, "1|2|1|0 3|4|1|0");
  expect("a;b;1,5\n", &(text_wish){.column = {[ROLE_VALUE] = "none"}}, "a|b|1|0");
  expect("u1,i1,2009-05-04T23:08:57Z\nu1,i2,2009-05-05\n", &NO_WISH, "u1|i1|1|1241478537 u1|i2|1|1241481600");
  expect("1 2 3 4\n2 3 4 5\n", &(text_wish){.format = TEXT_LISTS}, "1|2|1|0 1|3|1|0 1|4|1|0 2|3|1|0 2|4|1|0 2|5|1|0");
  expect("1 2 3\n", &(text_wish){.separator = "blank", .format = TEXT_CSV}, "1|2|3|0");
}
END_TEST

START_TEST(columns_are_chosen) {
  text_wish byname = {.column = {[ROLE_USER] = "Who", [ROLE_ITEM] = "what", [ROLE_TIME] = "none"}};
  expect("what,when,Who,rating\nx,2001-01-01,ann,3\n", &byname, "ann|x|3|0");
  text_wish bynumber = {.column = {[ROLE_USER] = "4", [ROLE_ITEM] = "1", [ROLE_VALUE] = "2"}};
  expect("10,5,junk,ann\n11,4,junk,bob\n", &bynumber, "ann|10|5|0 bob|11|4|0");
  expect("rating,user,item\n3,1,2\n", &NO_WISH, "1|2|3|0");
  expect("user,item\n1,2\n", &(text_wish){.header = 2, .column = {[ROLE_VALUE] = "none"}}, "1|2|1|0 user|item|1|0");
  expect("\xef\xbb\xbfuser,item\n1,2\n", &NO_WISH, "1|2|1|0");
  expect("\xef\xbb\xbf"
         "1,2\n",
         &NO_WISH, "1|2|1|0");
  text_layout l;
  ck_assert_int_eq(text_detect("f", "user,item\n1,2\n", 14, true, &(text_wish){.column = {[ROLE_VALUE] = "stars"}}, &l),
                   USAGE);
  ck_assert_ptr_nonnull(strstr(status_message(), "user, item"));
  ck_assert_int_eq(text_detect("f", "1,2\n", 4, true, &(text_wish){.column = {[ROLE_VALUE] = "7"}}, &l), USAGE);
  ck_assert_int_eq(text_detect("f", "", 0, true, &NO_WISH, &l), BAD_DATA);
  ck_assert_int_eq(text_detect("f", "\n\n", 2, true, &NO_WISH, &l), BAD_DATA);
  ck_assert_int_eq(text_detect("f", "abc\n", 4, true, &NO_WISH, &l), BAD_DATA);
  ck_assert_int_eq(text_detect("f", "1 2 3\n4 5 6\n", 12, true, &NO_WISH, &l), USAGE);
  ck_assert_int_eq(text_detect("f",
                               "\xff\xfe"
                               "1\0",
                               4, true, &NO_WISH, &l),
                   BAD_DATA);
}
END_TEST

START_TEST(quotes_are_rfc_4180) {
  expect("user,item,rating\n\"a,b\",\"say \"\"hi\"\"\",3\n", &NO_WISH, "a,b|say \"hi\"|3|0");
  expect("user,text,item,rating\nann,\"two\nlines, and a comma\",x,3\nbob,plain,y,4\n", &NO_WISH,
         "ann|x|3|0 bob|y|4|0");
  expect("user,item,rating\n\"1\",\"2\",\"3\"\r\n", &NO_WISH, "1|2|3|0");
  expect("user,item,rating\na\"b,c,1\n", &NO_WISH, "a\"b|c|1|0");
  expect("user\titem\tplays\n\"Weird\" Al\tx\t1\n", &NO_WISH, "\"Weird\" Al|x|1|0");
  expect("user,item,rating\n\"x\",\"y\",\"3\"", &NO_WISH, "x|y|3|0"); /* no line end behind the last quote */
  outcome o = parse("user,item,rating\n\"x\"y,z,1\n1,2,3\n4,\"open,5\n6,7,8\n", &NO_WISH);
  ck_assert_str_eq(o.rejects, "2:1: text after a closing quote\n4:1: a quote is not closed\n");
  ck_assert_int_eq(o.n, 1);
  ck_assert_int_eq(o.counts.lines, 5);
  outcome_free(&o);
}
END_TEST

/* What is wrong with each bad line, and where. */
START_TEST(bad_lines_are_named) {
  outcome o = parse("userId,movieId,rating,timestamp\n"
                    "1,2,3,964982703\n"
                    ",2,3,964982703\n"
                    "1,,3,964982703\n"
                    "1,2,nan,964982703\n"
                    "1,2,-Inf,964982703\n"
                    "1,2,1e39,964982703\n"
                    "1,2,three,964982703\n"
                    "1,2,,964982703\n"
                    "\n"
                    "1,2,3,99999999999\n"
                    "1,2,3,2011-02-29\n"
                    "1,2,3,-9999999999\n"
                    "1,2,3\n"
                    "1,2,0x10,964982703\n"
                    "9,9,9,964982703\n",
                    &NO_WISH);
  ck_assert_str_eq(o.rejects, "3:1: the user id is empty\n"
                              "4:3: the item id is empty\n"
                              "5:5: the value is NaN\n"
                              "6:5: the value is infinite\n"
                              "7:5: the value is out of range\n"
                              "8:5: the value is not a number\n"
                              "9:5: the value is empty\n"
                              "11:7: the time is out of range (1900 to 2100)\n"
                              "12:7: there is no such date or time of day\n"
                              "13:7: the time is out of range (1900 to 2100)\n"
                              "14:6: too few columns\n"
                              "15:5: the value is not a number\n");
  ck_assert_int_eq(o.n, 2);
  ck_assert_int_eq(o.counts.blank, 1);
  ck_assert_int_eq(o.counts.lines, 16);
  outcome_free(&o);
  char text[1024] = "user,item\n";
  memset(text + 10, 'x', 256);
  strcpy(text + 266, ",1\n2,3\n");
  o = parse(text, &NO_WISH);
  ck_assert_str_eq(o.rejects, "2:1: the user id is longer than 255 bytes\n");
  outcome_free(&o);
  text_layout l = layout_of("1,2,3\n", &NO_WISH);
  ck_assert_int_eq(parse_cut(&l, "1,2,3\n1,\0,3\n4,5,6\n", 18, NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, "2:3: a NUL byte\n");
  ck_assert_int_eq(o.n, 2);
  outcome_free(&o);
  o = parse("%%MatrixMarket matrix coordinate integer general\n3 4 2\n4 1 1\n0 1 1\n1 5 1\n1 1 1\n", &NO_WISH);
  ck_assert_str_eq(o.rejects, "3:1: the index is not within the declared size\n"
                              "4:1: the index is not within the declared size\n"
                              "5:3: the index is not within the declared size\n");
  outcome_free(&o);
  l = layout_of("1:\n1,2,2001-01-01\n", &NO_WISH);
  ck_assert_int_eq(parse_cut(&l, "9,2,2001-01-01\n7:\n1,2,2001-01-01\n", 33, NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, "1:1: no line `item:` before it\n");
  outcome_free(&o);
  o = parse("ann x y\nbob\neve z\n", &NO_WISH);
  ck_assert_str_eq(o.rejects, "2:4: no item after the user\n");
  ck_assert_int_eq(o.n, 3);
  outcome_free(&o);
}
END_TEST

/* A line of many megabytes is refused without being held, and what follows it is read. */
START_TEST(overlong_lines_are_passed_over) {
  size_t n = 5 << 20, at = 0;
  char *text = malloc(n + 64);
  at += (size_t)sprintf(text, "1,2,3\n");
  memset(text + at, '7', n);
  at += n;
  at += (size_t)sprintf(text + at, "\n4,5,6\n");
  text_layout l = layout_of("1,2,3\n4,5,6\n", &NO_WISH);
  mem_peak_reset();
  int64_t before = mem_held();
  outcome o, cut;
  ck_assert_int_eq(parse_cut(&l, text, at, NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, "2:1: the line is longer than 1 MB\n");
  ck_assert_int_eq(o.n, 2);
  ck_assert_int_lt(mem_peak() - before, 5 << 20);
  ck_assert_int_eq(parse_cut(&l, text, at, (size_t[]){3, 100, 3 << 20, at - 3}, 4, &cut), OK);
  ck_assert(outcome_equal(&o, &cut));
  outcome_free(&o);
  outcome_free(&cut);
  free(text);
}
END_TEST

/* Wherever ranks cut the text, each record is read once, with the same line numbers. */
START_TEST(cuts_do_not_matter) {
  static const char *const TEXTS[] = {
      "user,item,rating\n1,2,3\n\n\"a\"\"b\",\"c\nd\",4\r\nx,y\n\"e\",f,\"5\"\n7,8,9",
      "user,item,rating\n1,2,3\n4,\"open,5\n6,7,8\n9,9,9\n",
      "1::2::3::978300760\n4::5::1::978300761\r\n\n6::7::8\n9::9::2::978300762\n",
      "a b c\nd e\n  f  g\th \nlonely\ni j\n",
      "%%MatrixMarket matrix coordinate real general\n%\n9 9 3\n1 2 3\n4 5 6\n7 8 9\n",
  };
  for (size_t t = 0; t < sizeof TEXTS / sizeof *TEXTS; t++) {
    const char *text = TEXTS[t];
    size_t n = strlen(text);
    text_layout l = layout_of(text, &NO_WISH);
    outcome whole, cut;
    ck_assert_int_eq(parse_cut(&l, text, n, NULL, 0, &whole), OK);
    for (size_t a = 0; a <= n; a++)
      for (size_t b = a; b <= n; b++) {
        ck_assert_int_eq(parse_cut(&l, text, n, (size_t[]){a, b}, 2, &cut), OK);
        ck_assert_msg(outcome_equal(&whole, &cut), "text %zu cut at %zu and %zu:\n%s---\n%s", t, a, b, whole.rejects,
                      cut.rejects);
        outcome_free(&cut);
      }
    outcome_free(&whole);
  }
}
END_TEST

/* Random events written in random ways (quotes, line ends, decimals) are read back, and equal the numbers of strtod. */
START_TEST(random_tables_are_read_back) {
  dice r = {.stream = 7 + 100 * (uint64_t)_i};
  char *text = malloc(1 << 20), *expected[2000];
  size_t at = (size_t)sprintf(text, "user,skip,item,rating,time\n");
  int n = 2000;
  for (int i = 0; i < n; i++) {
    static const char *const USERS[] = {"%llu", "u%llu", "\"%llu\"", "-%llu", "0%llu"};
    char user[64], number[64], line[512];
    int kind = (int)dice_below(&r, 5);
    unsigned long long who = dice_below(&r, 50) + 1,
                       what = dice_below(&r, 4) == 0 ? dice_bits(&r) : dice_below(&r, 300);
    snprintf(user, sizeof user, USERS[kind], who);
    double value = (double)(int64_t)dice_below(&r, 2000001) / 1000 - 1000;
    snprintf(number, sizeof number, dice_below(&r, 2) ? "%.3f" : "%.17g", value);
    long long time = (long long)dice_below(&r, 4000000000u);
    at += (size_t)sprintf(text + at, "%s,%s,%llu,%s,%lld%s", user, dice_below(&r, 3) ? "" : "\"x\ny\"", what, number,
                          time, dice_below(&r, 2) ? "\n" : "\r\n");
    size_t quotes = user[0] == '"';
    snprintf(line, sizeof line, "%.*s|%llu|%.9g|%lld", (int)(strlen(user) - 2 * quotes), user + quotes, what,
             (double)(real)strtod(number, NULL), time);
    expected[i] = strdup(line);
  }
  qsort(expected, (size_t)n, sizeof *expected, compare_lines);
  text_layout l = layout_of(text, &NO_WISH);
  size_t cuts[3] = {at / 5, at / 3, at - at / 7};
  outcome o;
  ck_assert_int_eq(parse_cut(&l, text, at, cuts, 3, &o), OK);
  ck_assert_str_eq(o.rejects, "");
  ck_assert_int_eq(o.n, n);
  for (int i = 0; i < n; i++) {
    ck_assert_str_eq(o.lines[i], expected[i]);
    free(expected[i]);
  }
  outcome_free(&o);
  free(text);
}
END_TEST

START_TEST(dates_are_those_of_the_system) {
  dice r = {.stream = 3};
  for (int i = 0; i < 2000; i++) {
    time_t t = (time_t)((int64_t)dice_below(&r, 6311433600u) + EVENT_TIME_MIN);
    struct tm parts;
    gmtime_r(&t, &parts);
    char text[64];
    strftime(text, sizeof text, i % 2 ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d %H:%M:%S", &parts);
    text_time_unit unit = UNIT_AUTO;
    int64_t got = 0;
    uint32_t nano = 1;
    ck_assert_ptr_null(text_time(text, strlen(text), &unit, &got, &nano));
    ck_assert_int_eq(got, (int64_t)t);
    ck_assert_int_eq(nano, 0);
  }
  static const struct {
    const char *text;
    int64_t time;
    uint32_t nano;
  } MORE[] = {{"2009-05-04T23:08:57+02:00", 1241471337, 0},
              {"2009-05-04T23:08:57.123Z", 1241478537, 123000000},
              {"2009-05-04 23:08:57,1234567891 UTC", 1241478537, 123456789},
              {"2009-05-04T23:08:57.000000001+00:00", 1241478537, 1},
              {"2009/05/04", 1241395200, 0},
              {"1241478537.9", 1241478537, 900000000},
              {"1241478537.", 1241478537, 0},
              {"1241478537000", 1241478537, 0},
              {"1241478537001", 1241478537, 1000000},
              {"1241478537001.5", 1241478537, 1500000},
              {"1241478537000000", 1241478537, 0},
              {"1241478537999999", 1241478537, 999999000},
              {"1241478537999999.9999", 1241478537, 999999999},
              {"941478537999999999", 941478537, 999999999},
              {"1241478537000000000", 1241478537, 0},
              {"1241478537999999999", 1241478537, 999999999},
              {"12414785370000000000" /* 20 digits */, 0, 0},
              {"-1", -1, 0},
              {"-1.5", -2, 500000000},
              {"-1.0000000001", -2, 999999999},
              {"-941478537001", -941478538, 999000000},
              {"-941478537000.25", -941478538, 999750000},
              {" 12 ", 12, 0}};
  for (size_t i = 0; i < sizeof MORE / sizeof *MORE; i++) {
    text_time_unit unit = UNIT_AUTO;
    int64_t got = 0;
    uint32_t nano = 1;
    const char *bad = text_time(MORE[i].text, strlen(MORE[i].text), &unit, &got, &nano);
    if (MORE[i].time == 0)
      ck_assert_ptr_nonnull(bad);
    else
      ck_assert_msg(bad == NULL && got == MORE[i].time && nano == MORE[i].nano, "%s: %s, %lld and %u", MORE[i].text,
                    bad != NULL ? bad : "another time", (long long)got, nano);
  }
}
END_TEST

START_TEST(titles_become_utf_8) {
  char out[16];
  ck_assert_int_eq(text_title("Am\xc3\xa9lie", 7, out, sizeof out), 0);
  ck_assert_str_eq(out, "Am\xc3\xa9lie");
  ck_assert_int_eq(text_title("Am\xe9lie", 6, out, sizeof out), 1);
  ck_assert_str_eq(out, "Am\xc3\xa9lie");
  ck_assert_int_eq(text_title("a\x1b[31m\n", 7, out, sizeof out), 0);
  ck_assert_str_eq(out, "a [31m ");
  ck_assert_int_eq(text_title("12345678901234\xc3\xa9", 16, out, sizeof out), 2); /* never half a character */
  ck_assert_str_eq(out, "12345678901234");
  ck_assert_int_eq(text_title("", 0, out, 1), 0);
}
END_TEST

/* The table of ids against a plain list. */
START_TEST(ids_are_distinct_and_kept) {
  id_table t;
  ck_assert_int_eq(id_table_create(&t), OK);
  dice r = {.stream = 1};
  enum { N = 4000 };
  static char list[N][32];
  int n = 0;
  for (int i = 0; i < 20000; i++) {
    char id[32];
    static const char *const FORMS[] = {"%llu", "00%llu", "-%llu", "id-%llu"};
    snprintf(id, sizeof id, FORMS[dice_below(&r, 4)], (unsigned long long)dice_below(&r, 900));
    int want = 0;
    while (want < n && strcmp(list[want], id) != 0)
      want++;
    if (want == n)
      strcpy(list[n++], id);
    uint32_t row;
    ck_assert_int_eq(id_table_add(&t, id, strlen(id), &row), OK);
    ck_assert_uint_eq(row, (uint32_t)want);
  }
  ck_assert_uint_eq(t.n, (uint32_t)n);
  for (int i = 0; i < n; i++) {
    char out[ID_MAX + 1];
    out[id_table_text(&t, (uint32_t)i, out)] = '\0';
    ck_assert_str_eq(out, list[i]);
  }
  id_table_free(&t);
}
END_TEST

static int compare_pairs(const void *a, const void *b) {
  const sort_pair *x = a, *y = b;
  return x->high != y->high ? (x->high > y->high) - (x->high < y->high) : (x->low > y->low) - (x->low < y->low);
}

START_TEST(sorting_sorts) {
  dice r = {.stream = 5 + 100 * (uint64_t)_i};
  static const off SIZES[] = {0, 1, 2, 24, 25, 26, 100, 1000, 30000};
  for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++)
    for (int kind = 0; kind < 4; kind++) {
      off n = SIZES[s];
      sort_pair *a = malloc((size_t)(n + 1) * sizeof *a), *b = malloc((size_t)(n + 1) * sizeof *b);
      for (off i = 0; i < n; i++) {
        uint64_t x = kind == 0 ? dice_bits(&r) : kind == 1 ? dice_below(&r, 5) : (uint64_t)(kind == 2 ? i : n - i);
        a[i] = b[i] = (sort_pair){x, dice_below(&r, 3)};
      }
      sort_pairs(a, n);
      qsort(b, (size_t)n, sizeof *b, compare_pairs);
      ck_assert(n == 0 || memcmp(a, b, (size_t)n * sizeof *a) == 0);
      uint64_t *keys = malloc((size_t)(n + 1) * sizeof *keys);
      for (off i = 0; i < n; i++)
        keys[i] = b[(i * 7919) % n].high;
      sort_u64(keys, n);
      for (off i = 1; i < n; i++)
        ck_assert(keys[i - 1] <= keys[i]);
      free(keys);
      free(a);
      free(b);
    }
  static const real VALUES[] = {-INFINITY, -3.5f, -0.0f, 0.0f, 1e-30f, 2, INFINITY};
  for (int i = 0; i < 7; i++) {
    ck_assert(sort_key_to_real(sort_key_real(VALUES[i])) == VALUES[i]);
    ck_assert(i == 0 || sort_key_real(VALUES[i - 1]) < sort_key_real(VALUES[i]));
  }
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, each_format_is_read);
  tcase_add_test(tc, columns_are_chosen);
  tcase_add_test(tc, quotes_are_rfc_4180);
  tcase_add_test(tc, bad_lines_are_named);
  tcase_add_test(tc, overlong_lines_are_passed_over);
  tcase_add_test(tc, cuts_do_not_matter);
  tcase_add_loop_test(tc, random_tables_are_read_back, 0, 5);
  tcase_add_test(tc, dates_are_those_of_the_system);
  tcase_add_test(tc, titles_become_utf_8);
  tcase_add_test(tc, ids_are_distinct_and_kept);
  tcase_add_loop_test(tc, sorting_sorts, 0, 3);
}

int main(void) {
  return suite_run("text", add);
}
