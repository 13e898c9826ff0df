/* If these fail, a person's numbers and dates become others without a word: 1,234 plays read as 1, a 3/4/2011 in April
 * read as March, a date as the 19,970,101st second of 1970; or a file that can be read in two ways is guessed at. */
#define _DEFAULT_SOURCE
#include "tests/support/suite.h"
#include "tests/support/text_reader.h"
#include "train/math/rng.h"

#include <math.h>
#include <time.h>

static uint64_t dice(uint64_t stream, uint64_t i, uint64_t below) {
  return rng_bits(11, stream, i, 0) % below;
}

/* Reads a text of user, item and value or time; `rows` is what comes out of it ("value" or "time" each). */
static void reads(const text_wish *wish, const char *text, bool time, const char *rows) {
  text_layout l;
  outcome o;
  char all[1024] = "";
  status st = text_detect("file", text, strlen(text), true, wish, &l);
  ck_assert_msg(st == OK, "%s\n%s", text, status_message());
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  ck_assert_msg(o.rejects[0] == '\0', "%s\n%s", text, o.rejects);
  for (int i = 0; i < o.n; i++) { /* user|item|value|time */
    char *value = strchr(strchr(o.lines[i], '|') + 1, '|') + 1, *at = strchr(value, '|');
    *at++ = '\0';
    strcat(all, i > 0 ? " " : "");
    strcat(all, time ? at : value);
  }
  ck_assert_msg(strcmp(all, rows) == 0, "%s\nbecame %s, not %s", text, all, rows);
  outcome_free(&o);
}

static void values(const text_wish *wish, const char *text, const char *rows) {
  reads(wish, text, false, rows);
}
static void times(const text_wish *wish, const char *text, const char *rows) {
  reads(wish, text, true, rows);
}

/* A text that has to be refused, with each of two words in the message. */
static void refused(const text_wish *wish, const char *text, const char *first, const char *second) {
  text_layout l;
  status st = text_detect("file", text, strlen(text), true, wish, &l);
  ck_assert_msg(st == USAGE || st == BAD_DATA, "taken:\n%s", text);
  ck_assert_msg(strstr(status_message(), first) != NULL && strstr(status_message(), second) != NULL,
                "%s\nsays %s, without `%s` or `%s`", text, status_message(), first, second);
}

/* A text that is read but for some lines. */
static void rejects(const text_wish *wish, const char *text, const char *expected) {
  text_layout l;
  outcome o;
  status st = text_detect("file", text, strlen(text), true, wish, &l);
  ck_assert_msg(st == OK, "%s", status_message());
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, expected);
  outcome_free(&o);
}

static const text_wish NO_WISH = {0};
#define V "user;item;rating\n"
#define C "user,item,rating\n"
#define T "user,item,time\n"

START_TEST(decimal_commas_are_told) {
  values(&NO_WISH, V "a;x;4,5\nb;y;3,0\n", "4.5 3");
  values(&NO_WISH, V "a;x;4,5\nb;y;1.234\nc;z;1.234.567,25\n", "4.5 1234 1234567.25");
  values(&NO_WISH, V "a;x;-0,5\nb;y;+3\n", "-0.5 3");
  values(&NO_WISH, C "a,x,\"4,5\"\nb,y,\"12,25\"\n", "4.5 12.25");
  values(&(text_wish){.decimal = ','}, V "a;x;1,234\nb;y;3\n", "1.23399997 3");
  values(&(text_wish){.decimal = ','}, V "a;x;1,234\nb;y;1.234\n", "1.23399997 1234");
  refused(&NO_WISH, V "a;x;4,5\nb;y;4.5\n", "`4,5` (line 2)", "`4.5` (line 3)");
  refused(&NO_WISH, V "a;x;1,234\nb;y;12\n", "--thousands ,", "--decimal ,");
  rejects(&NO_WISH, V "a;x;4,5\nb;y;three\nc;z;1,2,3\n",
          "3:5: the value is not a number as others of its column are\n"
          "4:5: the value is not a number\n");
}
END_TEST

START_TEST(thousands_are_told_or_asked_for) {
  values(&NO_WISH, C "a,x,\"1,234\"\nb,y,1.5\n", "1234 1.5");
  values(&NO_WISH, C "a,x,\"1,234,567\"\nb,y,12\n", "1234567 12");
  values(&NO_WISH, C "a,x,\"1,234.5\"\nb,y,\"-12\"\n", "1234.5 -12");
  values(&(text_wish){.thousands = ','}, C "a,x,\"1,234\"\nb,y,12\nc,z,1.25\n", "1234 12 1.25");
  values(&(text_wish){.decimal = ','}, C "a,x,\"1,234\"\nb,y,12\n", "1.23399997 12");
  values(&(text_wish){.thousands = '.'}, V "a;x;1.234\nb;y;1,5\n", "1234 1.5");
  values(&NO_WISH,
         V "a;x;1 234\nb;y;12\nc;z;1\xc2\xa0"
           "234\xe2\x80\xaf"
           "567,5\n",
         "1234 12 1234567.5");
  values(&NO_WISH, C "a,x,1'234\nb,y,12\n", "1234 12");
  values(&NO_WISH, C "a,x,1_234_000\nb,y,12\n", "1234000 12");
  refused(&NO_WISH, C "a,x,\"1,234\"\nb,y,12\n", "`1,234` (line 2)", "--thousands ,");
  refused(&NO_WISH, V "a;x;1.234\nb;y;12\n", "`1.234` (line 2)", "--decimal .");
  refused(&NO_WISH, C "a,x,1.234\nb,y,12\n", "`1.234` (line 2)", "--thousands .");
  values(&(text_wish){.decimal = '.'}, V "a;x;1.234\nb;y;12\n", "1.23399997 12");
  values(&NO_WISH, C "a,x,1.234\nb,y,2.500\n", "1.23399997 2.5"); /* a fixed number of decimals */
  values(&NO_WISH, C "a,x,1.234\nb,y,0.125\n", "1.23399997 0.125");
  values(&NO_WISH, C "a,x,1.234\nb,y,12345\n", "1.23399997 12345"); /* whoever groups digits groups these */
  refused(&(text_wish){.decimal = ',', .thousands = ','}, C "a,x,1\n", "--decimal", "--thousands");
  rejects(&(text_wish){.thousands = ','}, C "a,x,\"1,23\"\nb,y,\"12,34,567\"\nc,z,\"0,123\"\nd,w,\"1,234\"\n",
          "2:6: the value is not a number as others of its column are\n"
          "3:6: the value is not a number as others of its column are\n"
          "4:6: the value is not a number as others of its column are\n");
}
END_TEST

/* What the first lines have not told is a bad line where it comes up: here far behind them. */
START_TEST(late_doubts_are_bad_lines) {
  char *text = malloc(1 << 18);
  size_t n = (size_t)sprintf(text, V), head;
  while (n < 100000)
    n += (size_t)sprintf(text + n, "u%zu;i;%d\n", n, (int)(n % 900));
  head = n;
  sprintf(text + n, "a;x;1.234\nb;y;1,234\nc;z;4.5\n");
  text_layout l;
  outcome o;
  ck_assert_int_eq(text_detect("file", text, head, false, &NO_WISH, &l), OK);
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  ck_assert_ptr_nonnull(
      strstr(o.rejects, ":5: the value may be a fraction or thousands: give --decimal . or --thousands ."));
  ck_assert_ptr_nonnull(
      strstr(o.rejects, ":5: the value has a comma: --decimal , or --thousands , says what it means"));
  ck_assert_int_eq(o.counts.rejected, 2);
  outcome_free(&o);
  free(text);
}
END_TEST

START_TEST(currencies_per_cent_and_durations) {
  values(&NO_WISH, C "a,x,$4.50\nb,y,-$3\nc,z,$-1.5\nd,w,7\n", "4.5 -3 -1.5 7");
  values(&NO_WISH, V "a;x;4,50 \xe2\x82\xac\nb;y;1.234,00 \xe2\x82\xac\n", "4.5 1234");
  values(&NO_WISH, C "a,x,\xc2\xa3 3\nb,y,\"\xc2\xa3 1,234.50\"\n", "3 1234.5");
  refused(&NO_WISH, C "a,x,$4.50\nb,y,\xe2\x82\xac 3\n", "`$4.50` (line 2)", "currencies");
  rejects(&NO_WISH, C "a,x,$4.50\nb,y,kr 3\n", "3:5: the value is not a number as others of its column are\n");
  refused(&NO_WISH, C "a,x,85%\nb,y,7.5 %\n", "--value-format percent", "--value-format share");
  values(&(text_wish){.value_form = FORM_PERCENT}, C "a,x,85%\nb,y,7.5 %\n", "85 7.5");
  values(&(text_wish){.value_form = FORM_SHARE}, C "a,x,85%\nb,y,7.5 %\n", "0.850000024 0.075000003");
  refused(&NO_WISH, C "a,x,85%\nb,y,0.85\n", "`85%` (line 2)", "`0.85` (line 3)");
  rejects(&(text_wish){.value_form = FORM_PERCENT}, C "a,x,85%\nb,y,0.85\n",
          "3:5: the value has no per cent sign, but others of its column do\n");
  values(&NO_WISH, C "a,x,1:02:03\nb,y,2:03\nc,z,100:00:00.5\n", "3723 123 360000.5");
  refused(&NO_WISH, C "a,x,2:03\nb,y,12:30\n", "--value-format m:s", "h:m");
  values(&(text_wish){.value_form = FORM_MS}, C "a,x,2:03\nb,y,75:30\n", "123 4530");
  values(&(text_wish){.value_form = FORM_HM}, C "a,x,2:03\nb,y,75:30\n", "7380 271800");
  refused(&NO_WISH, C "a,x,1:02:03\nb,y,90\n", "`1:02:03` (line 2)", "`90` (line 3)");
  rejects(&(text_wish){.value_form = FORM_HMS}, C "a,x,1:02:03\nb,y,90\nc,z,1:2:3\nd,w,1:60:00\ne,v,1:02:\n",
          "3:5: the value is not a duration such as 1:02:03\n4:5: the value is not a duration such as 1:02:03\n"
          "5:5: the value is not a duration such as 1:02:03\n6:5: the value is not a duration such as 1:02:03\n");
  values(&NO_WISH, C "a,x,1e3\nb,y,+4\nc,z,2.5E-1\nd,w,.5\n", "1000 4 0.25 0.5");
}
END_TEST

/* 4,5 without quotes in a file of commas is another column. */
START_TEST(surplus_columns_are_bad_lines) {
  const char *more = "more columns than the header or the other lines have: a comma or the like that is not in quotes?";
  char expected[400];
  snprintf(expected, sizeof expected, "3:10: %s\n", more);
  rejects(&NO_WISH, C "b,y,3\na,x,1,234\nc,z,4,\nd,w,5,,\ne,v,5\nf,u,5\n", expected);
  rejects(&NO_WISH, "b,y,3\na,x,2\nc,z,5\n", "");
  /* A remark with commas behind all that is used does no harm; a fraction does. */
  rejects(&NO_WISH, "user,item,rating,remark\na,x,3,good, very good\nb,y,4,fine\nc,z,4,fine\n", "");
  snprintf(expected, sizeof expected, "3:18: %s\n", more);
  rejects(&NO_WISH, "user,item,rating,remark\nb,y,4,fine\na,x,3,5,good, yes\nc,z,4,fine\n", expected);
}
END_TEST

START_TEST(dates_of_eight_digits) {
  times(&NO_WISH, T "a,x,19970101\nb,y,19980101\n", "852076800 883612800");
  times(&NO_WISH, T "a,x,199701011230\nb,y,19980101123059\n", "852121800 883657859");
  refused(&NO_WISH, T "a,x,19970101\nb,y,19971301\n", "--time-unit date", "--time-unit s");
  refused(&NO_WISH, T "a,x,19970101\nb,y,852076800\n", "`19970101` (line 2)", "--time-unit s");
  times(&(text_wish){.unit = UNIT_S}, T "a,x,19970101\nb,y,852076800\n", "19970101 852076800");
  rejects(&(text_wish){.unit = UNIT_DATE}, T "a,x,19970101\nb,y,19971301\nc,z,852076800\nd,w,1997-01-02\n",
          "3:5: the time is not a date such as 20090504, as others of its column are\n"
          "4:5: the time is not a date such as 20090504, as others of its column are\n");
  refused(&NO_WISH, T "a,x,2009\nb,y,2010\n", "--time-format %Y", "--time-unit s");
  refused(&NO_WISH, T "a,x,200912\nb,y,201001\n", "--time-format %Y%m", "--time-unit s");
  refused(&NO_WISH, T "a,x,40875.5265\nb,y,40876\n", "spreadsheets", "--time-unit s");
  times(&(text_wish){.time_format = "%Y%m"}, T "a,x,200912\nb,y,201001\n", "1259625600 1262304000");
  times(&NO_WISH, T "a,x,1\nb,y,86400\n", "1 86400"); /* a mere order */
}
END_TEST

/* A date of eight digits behind the head of a column of seconds is neither. */
START_TEST(late_dates_are_bad_lines) {
  text_layout l;
  outcome o;
  const char *head = T "a,x,1700000000\n", *text = T "a,x,1700000000\nb,y,19970101\nc,z,201105042308\nd,w,12345678\n";
  ck_assert_int_eq(text_detect("file", head, strlen(head), false, &NO_WISH, &l), OK);
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  const char *both = "the time may be a date or a number of seconds: give --time-unit date or --time-unit s";
  char expected[400];
  snprintf(expected, sizeof expected, "3:5: %s\n4:5: %s\n", both, both);
  ck_assert_str_eq(o.rejects, expected);
  outcome_free(&o);
}
END_TEST

START_TEST(day_and_month_are_told_or_asked_for) {
  times(&NO_WISH, T "a,x,11/28/2011 12:38\nb,y,12/9/2011 8:05\n", "1322483880 1323417900");
  times(&NO_WISH, T "a,x,28.11.2011\nb,y,9.12.2011 8:05:30\n", "1322438400 1323417930");
  times(&NO_WISH, T "a,x,28-11-2011\nb,y,2011-12-09\n", "1322438400 1323388800");
  times(&NO_WISH, T "a,x,11/28/2011 12:38:00 AM\nb,y,12/9/2011 8:05 pm\n", "1322440680 1323461100");
  times(&NO_WISH, T "a,x,5/5/2011\nb,y,13/5/2011\n", "1304553600 1305244800");
  refused(&NO_WISH, T "a,x,3/4/2011 8:05\nb,y,12/9/2011 8:05\n", "\"%m/%d/%Y %H:%M\"", "\"%d/%m/%Y %H:%M\"");
  refused(&NO_WISH, T "a,x,3.4.2011\n", "\"%m.%d.%Y\"", "\"%d.%m.%Y\"");
  refused(&NO_WISH, T "a,x,3/4/2011 8:05:00 PM\n", "%m/%d/%Y %I:%M:%S %p", "line 2");
  refused(&NO_WISH, T "a,x,13/4/2011\nb,y,4/13/2011\n", "`13/4/2011` (line 2)", "`4/13/2011` (line 3)");
  refused(&NO_WISH, T "a,x,3/4/11\n", "%y", "\"%d/%m/%y\"");
  refused(&NO_WISH, T "a,x,28-Nov-11\n", "two digits", "%d-%b-%y");
  times(&(text_wish){.time_format = "%d/%m/%Y %H:%M"}, T "a,x,3/4/2011 8:05\nb,y,12/9/2011 8:05\n",
        "1301817900 1315814700");
  rejects(&NO_WISH, T "a,x,28/11/2011\nb,y,4/5/2011\nc,z,31/4/2011\nd,w,1322438400\n",
          "4:5: there is no such date (day/month/year, as others of its column are)\n"
          "5:5: the time is a number, but others of its column are dates\n");
  text_layout l; /* a line that contradicts the first ones */
  outcome o;
  const char *head = T "a,x,28/11/2011\n", *text = T "a,x,28/11/2011\nb,y,11/29/2011\n";
  ck_assert_int_eq(text_detect("file", head, strlen(head), false, &NO_WISH, &l), OK);
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, "3:5: there is no such date (day/month/year, as others of its column are)\n");
  outcome_free(&o);
  ck_assert_int_eq(text_detect("file", T "a,x,2011-11-28\n", 30, true, &NO_WISH, &l), OK);
  text = T "a,x,2011-11-28\nb,y,11/10/2011\n";
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, "3:5: the time is a date whose day and month cannot be told apart: give --time-format\n");
  outcome_free(&o);
}
END_TEST

/* Every kind of time alone, with its nanoseconds; seconds -1: it has to be refused. */
START_TEST(times_of_all_kinds) {
  static const struct {
    const char *text;
    text_time_unit unit;
    int64_t seconds;
    uint32_t nano;
  } TIMES[] = {{"1700000000000000000", UNIT_AUTO, 1700000000, 0},
               {"1700000001000000001", UNIT_AUTO, 1700000001, 1},
               {"9223372036854775807", UNIT_AUTO, -1, 0},
               {"92233720368547758070", UNIT_AUTO, -1, 0},
               {"1700000000.25", UNIT_AUTO, 1700000000, 250000000},
               {"1700000000.", UNIT_AUTO, 1700000000, 0},
               {"1700000000123", UNIT_AUTO, 1700000000, 123000000},
               {"1700000000123.5", UNIT_AUTO, 1700000000, 123500000},
               {"-0.25", UNIT_S, -1 - 0, 750000000},
               {"1.7e9", UNIT_AUTO, -1, 0},
               {"2011-11-28", UNIT_AUTO, 1322438400, 0},
               {"2011-11-28 8:05", UNIT_AUTO, 1322467500, 0},
               {"2011/1/2", UNIT_AUTO, 1293926400, 0},
               {"2011.01.02", UNIT_AUTO, 1293926400, 0},
               {"2011-11-28T12:38:05.123456789+01:00", UNIT_AUTO, 1322480285, 123456789},
               {"20111128T123805Z", UNIT_AUTO, 1322483885, 0},
               {"2011-11-28 12:38 UTC", UNIT_AUTO, 1322483880, 0},
               {"2011-11-28 12:38 CET", UNIT_AUTO, -1, 0},
               {"2011-11-28 13:38 PM", UNIT_AUTO, -1, 0},
               {"2011-11", UNIT_AUTO, -1, 0},
               {"2011-11-281", UNIT_AUTO, -1, 0},
               {"2011-11/28", UNIT_AUTO, -1, 0},
               {"28 Nov 2011", UNIT_AUTO, 1322438400, 0},
               {"28-NOV-2011 12:38:05", UNIT_AUTO, 1322483885, 0},
               {"November 28, 2011", UNIT_AUTO, 1322438400, 0},
               {"Nov 28, 2011, 12:38 PM", UNIT_AUTO, 1322483880, 0},
               {"Mon, 28 Nov 2011 12:38:05 GMT", UNIT_AUTO, 1322483885, 0},
               {"Mon Nov 28 12:38:05 +0000 2011", UNIT_AUTO, 1322483885, 0},
               {"Mon Nov 28 12:38:05 2011", UNIT_AUTO, 1322483885, 0},
               {"2011-Nov-28", UNIT_AUTO, 1322438400, 0},
               {"28 Now 2011", UNIT_AUTO, -1, 0},
               {"31 Apr 2011", UNIT_AUTO, -1, 0},
               {"3/4/2011", UNIT_AUTO, -1, 0},
               {"3/4/2011", UNIT_DMY, 1301788800, 0},
               {"3/4/2011", UNIT_MDY, 1299196800, 0},
               {"3/4-2011", UNIT_MDY, -1, 0},
               {"3/4/20111", UNIT_MDY, -1, 0},
               {"3/4/2011x", UNIT_MDY, -1, 0},
               {"20111128", UNIT_DATE, 1322438400, 0},
               {"20111128", UNIT_S, 20111128, 0},
               {"20111128", UNIT_AUTO, -1, 0},
               {"18991231", UNIT_AUTO, 18991231, 0},
               {"", UNIT_AUTO, -1, 0},
               {"-", UNIT_AUTO, -1, 0},
               {".", UNIT_AUTO, -1, 0},
               {"Nov", UNIT_AUTO, -1, 0},
               {"Mon", UNIT_AUTO, -1, 0},
               {"1/", UNIT_MDY, -1, 0}};
  for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++) {
    size_t n = strlen(TIMES[i].text);
    char *text = malloc(n > 0 ? n : 1); /* of its own length, for the sanitizer */
    memcpy(text, TIMES[i].text, n);
    text_time_unit unit = TIMES[i].unit;
    int64_t seconds = 0;
    uint32_t nano = 0;
    const char *bad = text_time(text, n, &unit, &seconds, &nano);
    bool refuse = TIMES[i].seconds == -1 && TIMES[i].nano == 0;
    ck_assert_msg((bad != NULL) == refuse && (refuse || (seconds == TIMES[i].seconds && nano == TIMES[i].nano)),
                  "%s: %s, %lld s %u ns", TIMES[i].text, bad != NULL ? bad : "read", (long long)seconds, nano);
    free(text);
  }
}
END_TEST

/* --time-format against strftime and timegm of the system. */
START_TEST(formats_are_those_of_the_system) {
  static const char *const FORMATS[] = {"%Y-%m-%d %H:%M:%S",
                                        "%d/%m/%Y %H:%M:%S",
                                        "%m/%d/%y %I:%M:%S %p",
                                        "%d %b %Y, %T",
                                        "%A, %B %d, %Y at %H.%M.%S",
                                        "%a %b %e %H:%M:%S %z %Y",
                                        "%Y%m%d%H%M%S",
                                        "%s",
                                        "%j/%Y %R:%S",
                                        "%F%t%T%%",
                                        "%D %T"};
  for (size_t f = 0; f < sizeof FORMATS / sizeof *FORMATS; f++) {
    ck_assert_msg(time_format_check(FORMATS[f]) == OK, "%s", status_message());
    for (uint64_t i = 0; i < 500; i++) {
      /* %y and %D: 1969 to 2068 */
      bool two = strstr(FORMATS[f], "%y") != NULL || strstr(FORMATS[f], "%D") != NULL;
      time_t t = two ? (time_t)dice(f, i, 3124137600u) : (time_t)dice(f, i, 6311433600u) + (time_t)EVENT_TIME_MIN;
      struct tm parts;
      char text[128];
      gmtime_r(&t, &parts);
      size_t n = strftime(text, sizeof text, FORMATS[f], &parts);
      int64_t seconds = 0;
      uint32_t nano = 0;
      const char *bad = time_format_read(FORMATS[f], text, n, &seconds, &nano);
      ck_assert_msg(bad == NULL && seconds == (int64_t)t && nano == 0, "%s %s: %s, %lld", FORMATS[f], text,
                    bad != NULL ? bad : "read", (long long)seconds);
    }
  }
  static const char *const WRONG[] = {"%H:%M",
                                      "%Y %q",
                                      "%Y %",
                                      "%Y-%m-%d %I:%M",
                                      "%Y-%m-%d %H %p",
                                      "%j %m %Y",
                                      "%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y%Y"};
  for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
    ck_assert_msg(time_format_check(WRONG[i]) == USAGE, "%s", WRONG[i]);
  int64_t seconds;
  uint32_t nano;
  ck_assert_ptr_null(time_format_read("%Y-%m-%d %H:%M:%S.%f", "2011-11-28 12:38:05.25", 22, &seconds, &nano));
  ck_assert_uint_eq(nano, 250000000);
  static const char *const BAD[] = {"2011-13-01", "2011-02-29", "2011-11-28x", "2011-11", "", "11-11-28", "2211-11-28"};
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
    ck_assert_msg(time_format_read("%Y-%m-%d", BAD[i], strlen(BAD[i]), &seconds, &nano) != NULL, "%s", BAD[i]);
  refused(&(text_wish){.time_format = "%Y", .unit = UNIT_S}, T "a,x,2011\n", "--time-format", "--time-unit");
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, decimal_commas_are_told);
  tcase_add_test(tc, thousands_are_told_or_asked_for);
  tcase_add_test(tc, late_doubts_are_bad_lines);
  tcase_add_test(tc, currencies_per_cent_and_durations);
  tcase_add_test(tc, surplus_columns_are_bad_lines);
  tcase_add_test(tc, dates_of_eight_digits);
  tcase_add_test(tc, late_dates_are_bad_lines);
  tcase_add_test(tc, day_and_month_are_told_or_asked_for);
  tcase_add_test(tc, times_of_all_kinds);
  tcase_add_test(tc, formats_are_those_of_the_system);
}

int main(void) {
  return suite_run("values", add);
}
