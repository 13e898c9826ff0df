/* If these fail, a job sends rows the slow way: it waits for a network that it could have spared, or solves on one rank
 * what it could have shared out. */
#include "tests/support/suite.h"
#include "train/cost/choose.h"

static const machine FAST = {.threads = 1, .flops = 1e9, .half = 1, .link = 1e12, .local = 1e12};
static const machine SLOW = {.threads = 1, .flops = 1e12, .half = 1, .link = 1e6, .local = 1e6};

/* Of two ranks on two hosts: what a rank does, and rows that leave it. */
static choose_terms terms(void) {
  choose_terms t = {.factors = 16, .ranks = 2, .hosts = 2, .heavy = 10, .sum_bytes = 1e4};
  *choose_of(&t, EXCHANGE_REPLICATE) = (way_load){true, 1e9, 2000, 0, 1000};
  *choose_of(&t, EXCHANGE_HALO) = (way_load){true, 1e9, 1900, 0, 950};
  *choose_of(&t, EXCHANGE_REDUCE) = (way_load){true, 1e9, 20, 0, 10};
  return t;
}

/* Rows that travel behind solving cost nothing: then the least bytes, if they are a third less than replicas' at least.
 */
START_TEST(hidden_rows_are_chosen_by_bytes) {
  choose_terms t = terms();
  ck_assert_int_eq(choose_way(&t, &FAST), EXCHANGE_REDUCE); /* 101 kB, where the others send 122 and 128 */
  choose_of(&t, EXCHANGE_REDUCE)->possible = false;
  ck_assert_int_eq(choose_way(&t, &FAST), EXCHANGE_REPLICATE);
  choose_of(&t, EXCHANGE_HALO)->rows = 1200;
  ck_assert_int_eq(choose_way(&t, &FAST), EXCHANGE_HALO);
  choose_of(&t, EXCHANGE_REPLICATE)->possible = false;
  choose_of(&t, EXCHANGE_HALO)->rows = 1900;
  ck_assert_int_eq(choose_way(&t, &FAST), EXCHANGE_HALO);
}
END_TEST

/* Where the link is what takes time, a twentieth less out of the busiest host counts; and more flops on the busiest
 * rank outweigh fewer bytes where it is not. */
START_TEST(time_decides) {
  choose_terms t = terms();
  choose_of(&t, EXCHANGE_REDUCE)->possible = false;
  ck_assert_int_eq(choose_way(&t, &SLOW), EXCHANGE_HALO);
  choose_of(&t, EXCHANGE_REDUCE)->possible = true;
  ck_assert_double_eq_tol(choose_seconds(&t, &SLOW, EXCHANGE_REDUCE), 10 * 64 / 1e6 + 10 * 1e4 / 2 / 1e6, 2e-3);
  choose_of(&t, EXCHANGE_REDUCE)->flops = 1.1e9;
  ck_assert_int_eq(choose_way(&t, &FAST), EXCHANGE_REPLICATE);
  ck_assert_double_eq_tol(choose_seconds(&t, &FAST, EXCHANGE_HALO), 1e9 / (1e9 * 16 / 17), 1e-9);
}
END_TEST

START_TEST(one_rank_exchanges_nothing) {
  choose_terms t = terms();
  t.ranks = t.hosts = 1;
  ck_assert_int_eq(choose_way(&t, &SLOW), EXCHANGE_REPLICATE);
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, hidden_rows_are_chosen_by_bytes);
  tcase_add_test(tc, time_decides);
  tcase_add_test(tc, one_rank_exchanges_nothing);
}

int main(void) {
  return suite_run("choice of an exchange", add);
}
