/* If these fail, a person gets a model of invoices instead of products, of plays that all count 1, or of the rows of a
 * matrix: a text was read as something it is not, without a word. */
#include "tests/support/suite.h"
#include "tests/support/text_reader.h"

static const text_wish NO_WISH = {0};

static void expect(const char *text, const text_wish *wish, const char *joined) {
  text_layout l;
  outcome o;
  ck_assert_msg(text_detect("file", text, strlen(text), true, wish, &l) == OK, "%s\n%s", text, status_message());
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  char all[4096] = "";
  for (int i = 0; i < o.n; i++) {
    strcat(all, i > 0 ? " " : "");
    strcat(all, o.lines[i]);
  }
  ck_assert_str_eq(o.rejects, "");
  ck_assert_str_eq(all, joined);
  outcome_free(&o);
}

/* The text is refused, and the message has each of the words (separated by `&`). */
static void refuse(const char *text, const text_wish *wish, const char *words) {
  text_layout l;
  status st = text_detect("file", text, strlen(text), true, wish, &l);
  ck_assert_msg(st == USAGE || st == BAD_DATA, "%s\nis read with status %d", text, st);
  char copy[512], *rest = copy;
  snprintf(copy, sizeof copy, "%s", words);
  while (rest != NULL) {
    char *word = rest, *stop = strchr(rest, '&');
    rest = stop != NULL ? stop + 1 : NULL;
    if (stop != NULL)
      *stop = '\0';
    ck_assert_msg(strstr(status_message(), word) != NULL, "no `%s` in: %s", word, status_message());
  }
}

/* The text is read, and its bad lines are these. */
static void rejects(const char *text, const text_wish *wish, const char *bad, int events) {
  text_layout l;
  outcome o;
  ck_assert_msg(text_detect("file", text, strlen(text), true, wish, &l) == OK, "%s\n%s", text, status_message());
  ck_assert_int_eq(parse_cut(&l, text, strlen(text), NULL, 0, &o), OK);
  ck_assert_str_eq(o.rejects, bad);
  ck_assert_int_eq(o.n, events);
  outcome_free(&o);
}

/* Names of shops, services and libraries. */
START_TEST(usual_headers_are_known) {
  expect("Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
         "489434,79323P,\"PINK, CHERRY\",12,2009-12-01 07:45:00,6.75,13085,UK\n",
         &NO_WISH, "13085|79323P|12|1259653500");
  expect("timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n", &NO_WISH,
         "257597|355908|1|1433221332");
  expect("User-ID;ISBN;Book-Rating\n276726;0155061224;5\n", &NO_WISH, "276726|0155061224|5|0");
  expect(
      "beer_beerid,review_profilename,review_overall,review_aroma,review_time,beer_name\n1,bob,1.5,2,1234817823,Red\n",
      &NO_WISH, "bob|1|1.5|1234817823");
  expect("reviewerID,asin,overall,unixReviewTime,summary\nA1,B1,5,1441324800,fine\n", &NO_WISH, "A1|B1|5|1441324800");
  expect("user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t10\t3\t964982703\n", &NO_WISH,
         "1|10|3|964982703");
  expect("\xef\xbb\xbf\"user.id\",\"Item_ID\",\"Play Count\"\n1,10,3\n", &NO_WISH, "1|10|3|0");
  expect("t_dat,customer_id,article_id,price,sales_channel_id\n2018-09-20,c1,0663713001,0.05,2\n", &NO_WISH,
         "c1|0663713001|1|1537401600");
  expect("order_id,customer_id,sku,price,order_date\n1,u1,A,3,2020-01-02\n", &NO_WISH, "u1|A|1|1577923200");
  expect(",user,item,rating\n0,1,2,3\n1,4,5,1\n", &NO_WISH, "1|2|3|0 4|5|1|0"); /* the index of pandas */
  expect("user_id,user,movie_id,title,rating\n1,ann,7,Heat,5\n", &NO_WISH, "1|7|5|0");
  expect("user,title,hours\nann,Dota 2,7\n", &NO_WISH, "ann|Dota 2|7|0"); /* no id, so the title is it */
  expect("user,item,date,time\nann,x,2020-01-02,14:05:00\n", &NO_WISH, "ann|x|1|1577923200");
  expect("sep=;\r\nuser;item;rating\r\n1;2;3\r\n", &NO_WISH, "1|2|3|0"); /* as Excel writes it */
  expect("Member_number,Date,itemDescription\n1808,2015-07-21,tropical fruit\n", &NO_WISH,
         "1808|tropical fruit|1|1437436800");
  expect("user item rating\n1 2 3\n4 5 6\n", &NO_WISH, "1|2|3|0 4|5|6|0");
}
END_TEST

/* Past a header nothing is guessed. */
START_TEST(unknown_headers_are_asked_about) {
  refuse("InvoiceNo,Zeug,Preis,Wer\n1,A,3,u1\n2,B,4,u2\n", &NO_WISH,
         "InvoiceNo, Zeug, Preis, Wer&first row&1,A,3,u1&--user-column NAME --item-column NAME");
  refuse("user_id\tanime_id\tFeedback\n1\t1\t8\n", &NO_WISH,
         "`Feedback`&--value-column NAME|none&--user-column user_id");
  expect("user_id\tanime_id\tFeedback\n1\t1\t8\n", &(text_wish){.column = {[ROLE_VALUE] = "none"}}, "1|1|1|0");
  expect("user_id\tanime_id\tFeedback\n1\t1\t8\n", &(text_wish){.column = {[ROLE_VALUE] = "Feedback"}}, "1|1|8|0");
  refuse("customer_id,user_id,product_id,qty\n1,2,3,4\n", &NO_WISH,
         "customer_id&user_id&--user-column NAME&--item-column product_id");
  refuse("user,customer_id,item\n1,2,3\n", &NO_WISH, "`user` and `customer_id`");
  refuse("id,title,user_id,rating\n1,Heat,u1,4\n", &NO_WISH, "no item&--item-column NAME");
  refuse("user,item,gekauft am\n1,2,2020-01-02\n", &NO_WISH, "gekauft am&--time-column NAME|none");
  refuse("user,item,day\n1,2,5\n", &NO_WISH, "`day`&--time-column");
  refuse("user,item,rating,plays\n1,2,5,7\n", &NO_WISH, "`rating` and `plays`&--value-column");
  refuse("\"user\",\"item\",\"rating\"\n\"1\",\"a\",\"x\",5\n\"2\",\"b\",\"y\",3\n", &NO_WISH, "3 columns&4");
  refuse("ann,heat\nbob,alien\n", &NO_WISH, "--header yes or --header no");
  refuse("customer,items\nc1,a b c\nc2,b\n", &NO_WISH, "several items&--format baskets");
}
END_TEST

START_TEST(columns_without_a_header) {
  expect("2020-01-02,u1,i1\n2020-01-03,u2,i2\n", &NO_WISH, "u1|i1|1|1577923200 u2|i2|1|1578009600");
  expect("u1,2020-01-02,i1\nu2,2020-01-03,i2\n", &NO_WISH, "u1|i1|1|1577923200 u2|i2|1|1578009600");
  expect("1,881250949,31\n2,891717742,32\n", &NO_WISH, "1|31|1|881250949 2|32|1|891717742");
  expect("1,31,2.5,1260759144\n7,1,4,1260759179\n", &NO_WISH, "1|31|2.5|1260759144 7|1|4|1260759179");
  refuse("1,2014-04-07T10:51:09.277Z,214536502,0\n1,2014-04-07T10:54:09.868Z,214536500,0\n", &NO_WISH, "--item-column");
  refuse("1,2268318,2520377,pv,1511544070\n1,2333346,2520771,pv,1511561733\n", &NO_WISH, "5 columns&1,2268318");
  refuse("1,2268318,2520377\n1,2333346,2520771\n", &NO_WISH, "--value-column"); /* a category, not a count */
  refuse("1,10,5,0\n2,10,4,0\n", &NO_WISH, "4 columns");
  refuse("u1,i1,view\nu2,i2,buy\n", &NO_WISH, "3 columns");
  refuse("2020-01-02,i1\n2020-01-03,i2\n", &NO_WISH, "a user and an item are needed");
  expect("9,9,9,1,7\n8,8,8,2,7\n",
         &(text_wish){.column = {[ROLE_USER] = "4", [ROLE_ITEM] = "5", [ROLE_VALUE] = "none"}}, "1|7|1|0 2|7|1|0");
  refuse("1::Toy Story (1995)::Animation\n2::Heat::Crime\n", &NO_WISH, "3 columns");
}
END_TEST

/* One odd line never changes what a file is. */
START_TEST(odd_lines_are_odd) {
  rejects("u0 i0 1\nu1 i1 2\nu2 i2 3\nu3 i3\nu0 i4 5\n", &NO_WISH, "4:6: too few columns\n", 4);
  rejects("user,item,rating\n1,2,3\n4,5\n", &NO_WISH, "3:4: too few columns\n", 1);
  rejects("u0,i0,1\nu1,i1,x\nu2,i2,3\nu3,i3,3\n", &NO_WISH, "2:7: the value is not a number\n", 3);
  rejects("user,item\n1,2\nuser,item\n3,4\n", &NO_WISH, "3:1: the header again\n", 2);
  expect("# user item plays\nu0 i2 32\nu0 i3 33\n", &NO_WISH, "u0|i2|32|0 u0|i3|33|0");
  expect("# made by hand\nu0 i2 32\nu0 i3 33\n", &NO_WISH, "u0|i2|32|0 u0|i3|33|0");
  expect("% a remark\n% another\nuser,item\n1,2\n", &NO_WISH, "1|2|1|0");
  expect("// a remark\n\n1,2,3\n4,5,6\n", &NO_WISH, "1|2|3|0 4|5|6|0");
  rejects("# a remark\n1,2,3\n# another\n4,5,6\n", &NO_WISH, "3:1: the line begins as the comments above the data do\n",
          2);
  expect("#a,i0,3\n#b,i1,3\n", &NO_WISH, "#a|i0|3|0 #b|i1|3|0"); /* ids */
  refuse("#u0,i0,3\nu1,i1,3\nu2,i2,4\n", &NO_WISH, "file:1&--comment none");
  expect("#u0,i0,3\nu1,i1,3\n", &(text_wish){.comment = "none"}, "#u0|i0|3|0 u1|i1|3|0");
  expect("; a remark\nu1,i1,3\nu1,i2,3\n", &(text_wish){.comment = ";"}, "u1|i1|3|0 u1|i2|3|0");
}
END_TEST

START_TEST(other_things_are_named) {
  refuse("0 0 3 0 5\n1 0 0 2 0\n0 4 0 0 0\n", &NO_WISH, "dense matrix&--format matrix --header no --user-column none");
  refuse("0,0,3\n1,0,0\n0,4,0\n0,0,1\n", &NO_WISH, "dense matrix");
  refuse("0;;3;;5\n;1;;2;\n;;4;;\n", &NO_WISH, "dense matrix");
  refuse("3,-7.8,99,4.2,1.0\n4,1.0,2.0,3.0,-9.9\n2,99,99,5.0,1.0\n", &NO_WISH, "dense matrix&99&awk");
  refuse("user,abba,ac/dc,air\n1,0,1,0\n2,1,0,0\n", &NO_WISH, "wide matrix&--format matrix");
  refuse("abba,ac/dc,air\n0,1,0\n1,0,1\n", &NO_WISH, "--format matrix");
  refuse("3 11 12 13\n1 12\n2 11 14\n", &NO_WISH, "count of the rest&cut");
  refuse("2,11,12,,\n1,12,,,\n3,11,14,15,\n", &NO_WISH, "count of the rest");
  refuse("whole milk,bread\nbread,citrus fruit,yogurt\nwhole milk\n", &NO_WISH, "--format baskets --separator comma");
  refuse("1 2 3\n3 4 5 6\n2 7\n", &NO_WISH, "baskets&lists");
  refuse(" 00004 0001 19970101  2   29.33\n 00021 0002 19970101  3   63.34\n", &NO_WISH, "fixed width&--format csv");
  refuse("[{\"user\": 1}]\n", &NO_WISH, "JSON array&jq -c '.[]'");
  refuse("[\n  {\"user\": 1}\n]\n", &NO_WISH, "JSON array");
  refuse("1 2 3\n4 5 6\n", &NO_WISH, "--format csv&--format lists");
  refuse("1 3:2 7:1\n2 1:5\n", &NO_WISH, "LIBSVM&awk");
  refuse("2 3:2 7:1\n1 1:5\n", &NO_WISH, "LDA-C&print NR");
  refuse("ann: x y\nbob: z\n", &NO_WISH, "colon&sed");
  refuse("Sales of 2020\n\nuser,item,rating\n1,2,3\n4,5,6\n", &NO_WISH, "remove");
  refuse("Report\nuser,item\nann,x\nbob,y\n", &NO_WISH, "line 2&tail -n +2");
}
END_TEST

START_TEST(baskets_are_read) {
  const text_wish baskets = {.format = TEXT_BASKETS};
  expect("whole milk,bread\nbread, citrus fruit ,yogurt\n\nwhole milk", &baskets,
         "1|bread|1|0 1|whole milk|1|0 2|bread|1|0 2|citrus fruit|1|0 2|yogurt|1|0 4|whole milk|1|0");
  expect("1 2 3\n4\n", &baskets, "1|1|1|0 1|2|1|0 1|3|1|0 2|4|1|0");
  expect("\"a,b\",c\nd\n", &baskets, "1|a,b|1|0 1|c|1|0 2|d|1|0");
  expect("user,date,items\nann,2020-01-02,a b\nbob,2020-01-03,b\n", &baskets,
         "ann|a|1|1577923200 ann|b|1|1577923200 bob|b|1|1578009600");
  expect("ann;a|b c\nbob;d\n", &(text_wish){.format = TEXT_BASKETS, .column = {[ROLE_USER] = "1", [ROLE_ITEM] = "2"}},
         "ann|a|1|0 ann|b c|1|0 bob|d|1|0");
  expect("ann,a,b\nbob,c\n", &(text_wish){.format = TEXT_BASKETS, .column = {[ROLE_USER] = "1"}},
         "ann|a|1|0 ann|b|1|0 bob|c|1|0");
  expect("ann,\"a,b\"\nbob,c\n",
         &(text_wish){.format = TEXT_BASKETS, .item_separator = ",", .column = {[ROLE_USER] = "1", [ROLE_ITEM] = "2"}},
         "ann|a|1|0 ann|b|1|0 bob|c|1|0");
  rejects("user,items\nann,a b\nbob,\n", &baskets, "3:5: no item in the basket\n", 2);
  refuse("3 11 12 13\n1 12\n2 11 14\n", &baskets, "count of the rest");
  refuse("user,items\nann,\"['a', 'b']\"\nbob,\"['c']\"\n", &baskets, "brackets");
  refuse("whole milk\nbread\nrolls\nbread,whole milk\nbutter cake\nbutter cake\nrolls\n", &baskets, "--separator");
  refuse("items\na,b\n", &baskets, "--header");
}
END_TEST

START_TEST(matrices_are_read) {
  const text_wish matrix = {.format = TEXT_MATRIX};
  expect("user,abba,ac/dc\n1,0,1\n2,2.5,\n3,NA,0\n", &matrix, "1|ac/dc|1|0 2|abba|2.5|0");
  expect("abba;air\nann;1;2\nbob;;4\n", &matrix, "ann|abba|1|0 ann|air|2|0 bob|air|4|0"); /* as R writes it */
  expect("0 0 3\n1 0 0\n", &(text_wish){.format = TEXT_MATRIX, .separator = "blank", .column = {[ROLE_USER] = "none"}},
         "1|3|3|0 2|1|1|0");
  expect("\"u\",\"a\nb\",\"c\"\r\n\"x\",1,2\r\n", &matrix, "x|a\nb|1|0 x|c|2|0");
  rejects("user,a,b\n1,0,1\n2,1\n3,1,1,1\n4,x,1\n5,1,1", &matrix,
          "3:4: too few columns\n4:8: too many columns\n5:3: the value is not a number\n", 3);
  refuse("0,0,3\n1,0,0\n", &matrix, "--user-column 1&--user-column none");
  refuse("a,b,c\n0,1,0\n0,0,1\n", &matrix, "--user-column none");
  refuse("user,a,a\n1,0,1\n", &matrix, "names the item `a` twice");
  refuse("user,a,b\n1,99,1\n2,3,99\n", &matrix, "99&sed");
}
END_TEST

/* Wherever ranks cut the text, lines that are users keep their numbers. */
START_TEST(cuts_do_not_matter) {
  static const struct {
    const char *text;
    text_wish wish;
  } TEXTS[] = {{"a,b\nc\n\n\"d,\ne\",f\r\ng,h,i\n\"j\",k", {.format = TEXT_BASKETS}},
               {"user,items\nann,a b\nbob,\n\ncyd,c d e\n", {.format = TEXT_BASKETS}},
               {"u,a,b\n1,2,3\n4,,6\n\n7,x,9\n10,11,12", {.format = TEXT_MATRIX}},
               {"1,2\n,\n3,4\n5,6,7\n8,9\n", {.format = TEXT_MATRIX, .header = 2, .column = {[ROLE_USER] = "none"}}},
               {"# x\n# user item plays\nu0 i2 32\n# y z\nu1 i2\nu1 i3 4\nu2 i3 4", {0}}};
  for (size_t t = 0; t < sizeof TEXTS / sizeof *TEXTS; t++) {
    const char *text = TEXTS[t].text;
    size_t n = strlen(text);
    text_layout l;
    ck_assert_msg(text_detect("file", text, n, true, &TEXTS[t].wish, &l) == OK, "%zu: %s", t, status_message());
    outcome whole, cut;
    ck_assert_int_eq(parse_cut(&l, text, n, NULL, 0, &whole), OK);
    ck_assert_int_gt(whole.n, 0);
    for (size_t a = 0; a <= n; a++)
      for (size_t b = a; b <= n; b++) {
        ck_assert_int_eq(parse_cut(&l, text, n, (size_t[]){a, b}, 2, &cut), OK);
        ck_assert_msg(outcome_equal(&whole, &cut), "text %zu cut at %zu and %zu", t, a, b);
        outcome_free(&cut);
      }
    outcome_free(&whole);
  }
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, usual_headers_are_known);
  tcase_add_test(tc, unknown_headers_are_asked_about);
  tcase_add_test(tc, columns_without_a_header);
  tcase_add_test(tc, odd_lines_are_odd);
  tcase_add_test(tc, other_things_are_named);
  tcase_add_test(tc, baskets_are_read);
  tcase_add_test(tc, matrices_are_read);
  tcase_add_test(tc, cuts_do_not_matter);
}

int main(void) {
  return suite_run("columns", add);
}
