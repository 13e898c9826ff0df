/* If these fail, a member's history is told in another order than it happened: the last rating is not the last, and
 * what is held out as the latest is not the latest. */
#include "io/text/event_order.h"

#include "io/base/mem.h"
#include "io/text/events.h"
#include "tests/support/suite.h"
#include "train/math/rng.h"

#include <string.h>

enum { MOST = 3000 };

static uint64_t below(uint64_t n, int row, int place) {
  return rng_bits(21, 5, (uint64_t)row, (uint64_t)place) % n;
}

/* Held against the definition: an event's place is the number of those that are earlier, or as early and before it. */
START_TEST(rows_are_ordered_by_moment_and_stable) {
  static const int SIZES[] = {0, 1, 2, 3, 24, 25, 49, 50, 400, MOST};
  static const int MOMENTS[] = {1, 3, 40, 1 << 30};
  static lid item[MOST], was_item[MOST];
  static real value[MOST];
  static int64_t time[MOST], was[MOST];
  order_space space = {0};
  for (int g = 0; g < 40; g++) {
    int n = SIZES[g % 10];
    for (int i = 0; i < n; i++) {
      uint64_t at = below((uint64_t)MOMENTS[g / 10], g, i);
      was[i] = time[i] = event_moment(EVENT_TIME_MIN + (int64_t)(at / 2 % 1000), (uint32_t)(at % 2 * 999999999));
      was_item[i] = item[i] = (lid)below(60, g + 100, i);
      value[i] = (real)i; /* the place it stood */
    }
    order_counts counts = {0};
    ck_assert_int_eq(order_row(&space, n, 0, item, value, time, &counts), OK);
    off repeated = 0;
    for (int i = 0; i < n; i++) {
      int place = 0, at = (int)value[i];
      for (int k = 0; k < n; k++)
        place += was[k] < was[at] || (was[k] == was[at] && k < at);
      ck_assert_int_eq(place, i);
      ck_assert_int_eq(item[i], was_item[at]);
      ck_assert_int_eq(time[i], event_moment_time(was[at]));
      bool before = false;
      for (int k = 0; k < i && !before; k++)
        before = item[k] == item[i];
      repeated += before;
    }
    ck_assert_int_eq(counts.repeated, repeated);
    ck_assert_int_eq(counts.already, 0);
  }
  order_space_free(&space);
}
END_TEST

START_TEST(rows_without_times_stay) {
  lid item[] = {5, 3, 5, 1, 3};
  real value[] = {5, 1, 1, 9, 2};
  order_space space = {0};
  order_counts counts = {0};
  ck_assert_int_eq(order_row(&space, 5, 2, item, value, NULL, &counts), OK);
  const lid items[] = {5, 3, 5, 1, 3};
  const real values[] = {5, 1, 1, 9, 2};
  ck_assert(memcmp(item, items, sizeof items) == 0 && memcmp(value, values, sizeof values) == 0);
  ck_assert_int_eq(counts.repeated, 2);
  ck_assert_int_eq(counts.already, 0);
  order_space_free(&space);
}
END_TEST

/* Each old event answers for one new one; a fraction of a second is not told apart, another value is. */
START_TEST(events_that_are_there_are_counted) {
  const int64_t t = 1700000000;
  lid item[] = {1, 1, 2, 3, 4, 1, 1, 1, 2, 3, 4};
  real value[] = {5, 5, 4, 0, 2, 5, 5, 5, 3, -0.f, 2};
  const int64_t second[] = {0, 0, 1, 2, 3, 0, 0, 0, 1, 2, 4};
  int64_t time[11];
  for (int i = 0; i < 11; i++)
    time[i] = event_moment(t + second[i], i < 5 ? 0 : 7);
  order_space space = {0};
  order_counts counts = {0};
  ck_assert_int_eq(order_row(&space, 11, 5, item, value, time, &counts), OK);
  ck_assert_int_eq(counts.already, 3); /* 1 twice, and 3 */
  for (int i = 0; i < 11; i++)
    ck_assert_int_eq(time[i], t + (i < 5 ? 0 : i < 7 ? 1 : i < 9 ? 2 : i < 10 ? 3 : 4));
  ck_assert_int_eq(item[0], 1);
  ck_assert_float_eq(value[1], 5);
  order_space_free(&space);
}
END_TEST

START_TEST(moments_keep_times) {
  static const int64_t TIMES[] = {EVENT_TIME_MIN,      EVENT_TIME_MIN + 1, -1, 0, 1, INT64_C(2085978495),
                                  INT64_C(2085978496), EVENT_TIME_MAX};
  int64_t before = -1;
  for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++)
    for (uint32_t nano = 0; nano < 1000000000; nano += 333333333) {
      int64_t moment = event_moment(TIMES[i], nano);
      ck_assert_int_gt(moment, before);
      ck_assert_int_eq(event_moment_time(moment), TIMES[i]);
      before = moment;
    }
}
END_TEST

/* Blocks hold moments, take memory for fractions only where there are any, and begin anew with each turn. */
START_TEST(blocks_hold_moments_and_turns) {
  events e = {.has_time = true};
  for (int turn = 0; turn < 3; turn++) {
    e.turn = turn;
    for (int part = 0; part < 5; part++) {
      int64_t time[3];
      uint32_t nano[3];
      ck_assert_int_eq(events_room(&e, 3), OK);
      for (int i = 0; i < 3; i++) {
        time[i] = EVENT_TIME_MIN + (int64_t)turn * 3000000000 + part * 3 + i;
        nano[i] = turn == 1 && part >= 2 ? (uint32_t)(part * 3 + i) : 0;
      }
      event_block_put_times(e.last, e.last->n, time, 3);
      ck_assert_int_eq(event_block_put_nanos(e.last, e.last->n, nano, 3), OK);
      e.last->n += 3;
      e.n += 3;
    }
  }
  int turn = 0;
  for (event_block *b; (b = events_take(&e)) != NULL; event_block_free(b), turn++) {
    ck_assert_int_eq(b->turn, turn);
    ck_assert_int_eq(b->n, 15);
    ck_assert((b->nano != NULL) == (turn == 1));
    for (int i = 0; i < 15; i++)
      ck_assert_int_eq(event_block_moment(b, i), event_moment(EVENT_TIME_MIN + (int64_t)turn * 3000000000 + i,
                                                              turn == 1 && i >= 6 ? (uint32_t)i : 0));
  }
  ck_assert_int_eq(turn, 3);
  ck_assert_int_eq(mem_held(), 0);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, rows_are_ordered_by_moment_and_stable);
  tcase_add_test(tc, rows_without_times_stay);
  tcase_add_test(tc, events_that_are_there_are_counted);
  tcase_add_test(tc, moments_keep_times);
  tcase_add_test(tc, blocks_hold_moments_and_turns);
}

int main(void) {
  return suite_run("events", add);
}
