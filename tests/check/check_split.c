/* If these fail, models are trained on what they are measured with, and every figure in every report is a lie. */
#include "eval/holdout/split.h"

#include "tests/support/suite.h"
#include "train/math/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW = 400 };

typedef struct row {
  off n;
  lid item[ROW];
  int64_t time[ROW];
  uint8_t mark[ROW];
} row;

/* A user's events in the order of time, with repeated pairs and equal times. */
static void make_row(row *r, uint64_t user) {
  r->n = (off)(rng_uniform(7, 100, user, 0) * ROW);
  int64_t t = 1000;
  for (off e = 0; e < r->n; e++) {
    r->item[e] = (lid)(rng_uniform(7, 101, user, (uint64_t)e) * 60);
    t += rng_uniform(7, 102, user, (uint64_t)e) < 0.5;
    r->time[e] = t;
  }
}

static void mark_row(row *r, const split_rule *rule, uint64_t user) {
  memset(r->mark, 77, sizeof r->mark);
  split_mark(rule, (gid)user, r->n, r->item, NULL, r->time, r->mark);
}

static split_rule parsed(const char *text) {
  split_rule rule;
  ck_assert_int_eq(split_parse(text, 3, &rule), OK);
  return rule;
}

/* No pair lies on both sides, whatever the rule; a pair beside dropped events of its own is never a test pair. */
START_TEST(pairs_are_never_split) {
  static const char *const texts[] = {"none",
                                      "random:0.3",
                                      "last:5",
                                      "before:1080",
                                      "users:0.5",
                                      "validation:random:0.3",
                                      "validation:last:5",
                                      "validation:users:0.3"};
  for (int use = 0; use < 2; use++) {
    split_rule rule = parsed(texts[_i]);
    rule.use = (split_use)use;
    for (uint64_t user = 0; user < 200; user++) {
      row r;
      make_row(&r, user);
      mark_row(&r, &rule, user);
      for (off a = 0; a < r.n; a++) {
        ck_assert(r.mark[a] <= EVENT_DROP);
        for (off b = 0; b < r.n; b++)
          if (r.item[a] == r.item[b] && r.mark[a] == EVENT_TEST)
            ck_assert_int_eq(r.mark[b], EVENT_TEST);
      }
    }
  }
}
END_TEST

START_TEST(none_holds_out_nothing) {
  split_rule rule = parsed("none");
  row r;
  make_row(&r, 4);
  mark_row(&r, &rule, 4);
  for (off e = 0; e < r.n; e++)
    ck_assert_int_eq(r.mark[e], EVENT_TRAIN);
}
END_TEST

/* The share is met, and a pair's lot does not change with the row around it. */
START_TEST(random_is_keyed_by_pair) {
  split_rule rule = parsed("random:0.2"), other;
  ck_assert_int_eq(split_parse("random:0.2", 4, &other), OK);
  off test = 0, all = 0, differ = 0;
  for (uint64_t user = 0; user < 500; user++) {
    row r;
    make_row(&r, user);
    mark_row(&r, &rule, user);
    for (off e = 0; e < r.n; e++) {
      uint8_t alone, reseeded;
      split_mark(&rule, (gid)user, 1, r.item + e, NULL, NULL, &alone);
      split_mark(&other, (gid)user, 1, r.item + e, NULL, NULL, &reseeded);
      ck_assert_int_eq(alone, r.mark[e]);
      differ += reseeded != alone;
      test += r.mark[e] == EVENT_TEST;
    }
    all += r.n;
  }
  ck_assert_double_lt(fabs((double)test / (double)all - 0.2), 0.02);
  ck_assert_int_gt(differ, all / 5);
}
END_TEST

static uint64_t lot_of(uint64_t seed, uint64_t user, lid item) {
  return rng_bits(seed, RNG_HOLDOUT, user, (uint64_t)item);
}

/* How many items of a row are later than this one: by their last times, then by their lots. *tied becomes how many of
 * them have the same last time, and how many are not later in spite of it. */
static int items_later(const row *r, uint64_t seed, uint64_t user, lid item, int tied[2]) {
  int64_t last[60];
  int later = 0;
  tied[0] = tied[1] = 0;
  memset(last, 0, sizeof last);
  for (off e = 0; e < r->n; e++)
    last[r->item[e]] = r->time[e];
  for (lid i = 0; i < 60; i++) {
    bool first = last[i] == last[item] && lot_of(seed, user, i) < lot_of(seed, user, item);
    later += last[i] > last[item] || first;
    tied[0] += first;
    tied[1] += last[i] == last[item] && !first && i != item;
  }
  return later;
}

/* Held against the definition: rank the pairs by (last time, lot) and take the N first. Where the lots decided it is
 * counted. */
START_TEST(last_takes_the_latest_pairs) {
  for (int n = 1; n < 80; n += 13) {
    char text[32];
    int64_t counted = 0, ties = 0;
    snprintf(text, sizeof text, "last:%d", n);
    split_rule rule = parsed(text);
    rule.tied = &counted;
    for (uint64_t user = 0; user < 60; user++) {
      row r;
      bool decided = false;
      make_row(&r, user);
      mark_row(&r, &rule, user);
      for (off a = 0; a < r.n; a++) {
        int tied[2], later = items_later(&r, 3, user, r.item[a], tied);
        ck_assert_int_eq(r.mark[a], later < n ? EVENT_TEST : EVENT_TRAIN);
        decided = decided || (later == n - 1 && tied[1] > 0);
      }
      ties += decided;
    }
    ck_assert_int_eq(counted, ties);
    ck_assert(n > 1 || ties > 10);
  }
}
END_TEST

/* A basket may come in any order, and with another seed another part of it is held out. */
START_TEST(last_draws_from_baskets) {
  enum { ITEMS_OF = 6000, N = 40 };
  split_rule rule = parsed("last:40"), other, held = parsed("validation:last:20");
  ck_assert_int_eq(split_parse("last:40", 4, &other), OK);
  static lid item[ITEMS_OF + 5], back[ITEMS_OF + 5];
  static int64_t time[ITEMS_OF + 5];
  static uint8_t mark[ITEMS_OF + 5], again[ITEMS_OF + 5], seeded[ITEMS_OF + 5], twice[ITEMS_OF + 5];
  for (int e = 0; e < ITEMS_OF; e++) { /* a basket far larger than N and than the set on the stack */
    item[e] = (lid)(rng_bits(7, 110, 0, (uint64_t)e) % 5000);
    time[e] = 7;
  }
  for (int e = 0; e < 5; e++) { /* and five later events, of four items */
    item[ITEMS_OF + e] = e % 4 + 4000;
    time[ITEMS_OF + e] = 8 + e;
  }
  off n = ITEMS_OF + 5;
  for (off e = 0; e < n; e++)
    back[e] = e < ITEMS_OF ? item[ITEMS_OF - 1 - e] : item[e];
  split_mark(&rule, 2, n, item, NULL, time, mark);
  split_mark(&rule, 2, n, back, NULL, time, again);
  split_mark(&other, 2, n, item, NULL, time, seeded);
  split_mark(&held, 2, n, item, NULL, time, twice);
  bool tested[5000] = {false}, dropped[5000] = {false};
  int tests = 0, differ = 0, drops = 0;
  for (off e = 0; e < n; e++) {
    ck_assert_int_eq(mark[e], again[e < ITEMS_OF ? ITEMS_OF - 1 - e : e]);
    ck_assert_int_eq(mark[e] == EVENT_TEST, twice[e] != EVENT_TRAIN); /* 20 and 20 of the same 40 */
    differ += mark[e] != seeded[e];
    tests += mark[e] == EVENT_TEST && !tested[item[e]];
    tested[item[e]] |= mark[e] == EVENT_TEST;
    drops += twice[e] == EVENT_DROP && !dropped[item[e]];
    dropped[item[e]] |= twice[e] == EVENT_DROP;
  }
  for (off e = 0; e < n; e++)
    ck_assert_int_eq(mark[e] == EVENT_TEST, tested[item[e]]);
  ck_assert_int_eq(tests, N);
  ck_assert_int_eq(drops, N / 2);
  ck_assert_int_gt(differ, N / 2);
  for (int i = 4000; i < 4004; i++)
    ck_assert(tested[i] && dropped[i]);
}
END_TEST

START_TEST(before_leaks_no_future) {
  split_rule rule = parsed("before:1080");
  for (uint64_t user = 0; user < 200; user++) {
    row r;
    make_row(&r, user);
    mark_row(&r, &rule, user);
    for (off a = 0; a < r.n; a++) {
      int64_t first = INT64_MAX;
      for (off b = 0; b < r.n; b++)
        if (r.item[b] == r.item[a] && r.time[b] < first)
          first = r.time[b];
      event_mark right = r.time[a] < 1080 ? EVENT_TRAIN : first < 1080 ? EVENT_DROP : EVENT_TEST;
      ck_assert_int_eq(r.mark[a], right);
    }
  }
}
END_TEST

/* A row far longer than the set on the stack. */
START_TEST(before_takes_long_rows) {
  enum { LONG = 50000 };
  split_rule rule = parsed("before:1000");
  lid *item = malloc(LONG * sizeof *item);
  int64_t *time = malloc(LONG * sizeof *time);
  uint8_t *mark = malloc(LONG);
  for (int e = 0; e < LONG; e++) {
    item[e] = e < LONG / 2 ? 2 * e : e - LONG / 2; /* past: the even items below LONG; then 0, 1, 2 … */
    time[e] = e < LONG / 2 ? 999 : 1000;
  }
  split_mark(&rule, 0, LONG, item, NULL, time, mark);
  for (int e = 0; e < LONG; e++)
    ck_assert_int_eq(mark[e], e < LONG / 2 ? EVENT_TRAIN : item[e] % 2 == 0 ? EVENT_DROP : EVENT_TEST);
  free(item);
  free(time);
  free(mark);
}
END_TEST

/* Test members are unknown to training, and known by about 80 % of their pairs when they are measured. */
START_TEST(users_are_held_out_whole) {
  split_rule train = parsed("users:0.25"), measure = train;
  measure.use = SPLIT_TO_MEASURE;
  int members = 0;
  off folded = 0, all = 0;
  for (uint64_t user = 0; user < 2000; user++) {
    row r;
    make_row(&r, user);
    bool member = split_is_member(&train, (gid)user);
    members += member;
    mark_row(&r, &train, user);
    for (off e = 0; e < r.n; e++)
      ck_assert_int_eq(r.mark[e], member ? EVENT_DROP : EVENT_TRAIN);
    mark_row(&r, &measure, user);
    for (off e = 0; e < r.n; e++) {
      ck_assert(member ? r.mark[e] != EVENT_DROP : r.mark[e] == EVENT_TRAIN);
      folded += member && r.mark[e] == EVENT_TRAIN;
      all += member;
    }
  }
  ck_assert_double_lt(fabs(members / 2000.0 - 0.25), 0.03);
  ck_assert_double_lt(fabs((double)folded / (double)all - 0.8), 0.02);
}
END_TEST

/* What the rule holds out is neither trained on nor measured on, and as much again is held out of the rest: settings
 * that are chosen on it know nothing of the pairs on which the chosen model is measured in the end. */
START_TEST(validation_leaves_the_test_alone) {
  static const char *const texts[][2] = {
      {"random:0.2", "validation:random:0.2"}, {"last:3", "validation:last:3"}, {"users:0.3", "validation:users:0.3"}};
  split_rule final = parsed(texts[_i][0]), own = parsed(texts[_i][1]);
  off all = 0, kept = 0, tried = 0;
  for (uint64_t user = 0; user < 600; user++) {
    row r, rest = {0};
    make_row(&r, user);
    mark_row(&r, &final, user);
    uint8_t of_final[ROW];
    memcpy(of_final, r.mark, sizeof of_final);
    mark_row(&r, &own, user);
    for (off e = 0; e < r.n; e++) {
      if (of_final[e] != EVENT_TRAIN)
        ck_assert_int_eq(r.mark[e], EVENT_DROP);
      else {
        rest.item[rest.n] = r.item[e];
        rest.time[rest.n++] = r.time[e];
      }
      all++;
      kept += of_final[e] != EVENT_TRAIN;
      tried += of_final[e] == EVENT_TRAIN && r.mark[e] != EVENT_TRAIN;
    }
    if (own.kind != SPLIT_LAST)
      continue;
    mark_row(&rest, &final, user); /* the same rule on what is left */
    for (off e = 0, at = 0; e < r.n; e++)
      if (of_final[e] == EVENT_TRAIN)
        ck_assert_int_eq(r.mark[e], rest.mark[at++]);
  }
  ck_assert_int_gt(tried, all / 50);
  ck_assert_double_lt(fabs((double)tried / (double)kept - 1), 0.2);
}
END_TEST

/* Lots go with ids: the same pairs fall to the test however rows are numbered, and whichever way the keys are held. */
START_TEST(lots_go_with_ids) {
  enum { N = 500, WIDTH = 6, ALL = N + 7 };
  static const char *const texts[] = {"random:0.2", "users:0.3", "last:50"};
  static char id[N][WIDTH], moved[ALL][WIDTH];
  static uint64_t hash[N];
  static const int64_t time[N] = {0}; /* one basket */
  lid item[N], place[N];
  uint8_t mark[N], again[N];
  for (int i = 0; i < N; i++) { /* some fill their places */
    char text[WIDTH + 8];
    snprintf(text, sizeof text, i % 3 == 0 ? "%06d" : "m%d", i);
    memcpy(id[i], text, WIDTH);
    memcpy(moved[(i * 7 + 3) % ALL], text, WIDTH); /* 7 does not divide ALL */
    hash[i] = split_hash(id[i], WIDTH);
    item[i] = i;
    place[i] = (lid)((i * 7 + 3) % ALL);
  }
  split_rule rule = parsed(texts[_i]), other = rule, held = rule;
  rule.use = other.use = held.use = SPLIT_TO_MEASURE;
  off tested = 0, by_row = 0;
  for (int s = 0; s < 2; s++) {
    rule.keys[s] = (split_keys){.id = id[0], .width = WIDTH};
    other.keys[s] = (split_keys){.id = moved[0], .width = WIDTH};
    held.keys[s] = (split_keys){.hash = hash + (s == USERS ? 100 : 0), .first = s == USERS ? 100 : 0};
  }
  for (gid user = 100; user < N; user++) {
    split_mark(&rule, user, N, item, NULL, time, mark);
    split_mark(&other, (user * 7 + 3) % ALL, N, place, NULL, time, again);
    ck_assert_mem_eq(mark, again, sizeof mark);
    split_mark(&held, user, N, item, NULL, time, again);
    ck_assert_mem_eq(mark, again, sizeof mark);
    ck_assert_int_eq(split_is_member(&rule, user), split_is_member(&other, (user * 7 + 3) % ALL));
    split_rule plain = parsed(texts[_i]);
    plain.use = SPLIT_TO_MEASURE;
    split_mark(&plain, user, N, item, NULL, time, again);
    by_row += memcmp(mark, again, sizeof mark) == 0;
    for (int i = 0; i < N; i++)
      tested += mark[i] == EVENT_TEST;
  }
  double share = (double)tested / (double)(N * (N - 100));
  ck_assert_double_gt(share, _i == 0 ? 0.19 : 0.03);
  ck_assert_double_lt(share, _i == 0 ? 0.21 : 0.11);
  ck_assert_int_lt(by_row, N - 100);
}
END_TEST

START_TEST(rules_are_read) {
  ck_assert_int_eq(parsed("before:2020-02-29").time, 1582934400);
  ck_assert_int_eq(parsed("before:1970-01-01T00:01:02Z").time, 62);
  ck_assert_int_eq(parsed("before:1969-12-31").time, -86400);
  ck_assert_int_eq(parsed("before:1234567890").time, 1234567890);
  ck_assert_int_eq(parsed("last:7").last, 7);
  ck_assert_str_eq(parsed("random:0.10").text, "random:0.10");
  ck_assert(split_needs_time(&(split_rule){.kind = SPLIT_LAST}));
  ck_assert(!split_needs_time(&(split_rule){.kind = SPLIT_USERS}));
}
END_TEST

START_TEST(wrong_rules_are_refused) {
  static const char *const wrong[] = {"",
                                      "some",
                                      "random",
                                      "random:",
                                      "random:0",
                                      "random:1",
                                      "random:nan",
                                      "random:0.1x",
                                      "users:-0.1",
                                      "last:0",
                                      "last:1001",
                                      "last:1.5",
                                      "before:",
                                      "before:2021-02-29",
                                      "before:2020-13-01",
                                      "before:2020-1-1",
                                      "before:2020-01-01T25:00:00",
                                      "before:2020-01-01x",
                                      "validation:none",
                                      "validation:before:2020-01-01",
                                      "validation:random:0.5",
                                      "validation:last:501",
                                      "validation:validation:last:5",
                                      "before:99999999999999999999",
                                      "random:0.000000000000000000000000000000000000000000000000000000000001"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    split_rule rule;
    ck_assert_msg(split_parse(wrong[i], 1, &rule) == USAGE, "`%s` was taken", wrong[i]);
  }
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, pairs_are_never_split, 0, 8);
  tcase_add_test(tc, none_holds_out_nothing);
  tcase_add_test(tc, random_is_keyed_by_pair);
  tcase_add_test(tc, last_takes_the_latest_pairs);
  tcase_add_test(tc, last_draws_from_baskets);
  tcase_add_test(tc, before_leaks_no_future);
  tcase_add_test(tc, before_takes_long_rows);
  tcase_add_test(tc, users_are_held_out_whole);
  tcase_add_loop_test(tc, validation_leaves_the_test_alone, 0, 3);
  tcase_add_loop_test(tc, lots_go_with_ids, 0, 3);
  tcase_add_test(tc, rules_are_read);
  tcase_add_test(tc, wrong_rules_are_refused);
}

int main(void) {
  return suite_run("split", add);
}
