/* If these fail, every benchmark and every test on planted data measures something else than it says. */
#include "io/base/mem.h"
#include "jobs/synth/planted.h"
#include "tests/support/suite.h"

#include <math.h>
#include <string.h>

static const planted SMALL = {
    .n_users = 500, .n_items = 300, .groups = 6, .factors = 6, .seed = 3, .noise = 0.5, .spread = 0.2, .mean = 3.3};

/* Popularity is dealt to item rows without loss, whatever their number. */
START_TEST(ranks_are_a_permutation) {
  static const gid SIZES[] = {1, 2, 3, 4, 5, 255, 256, 257, 5000};
  planted w = SMALL;
  w.n_items = SIZES[_i];
  char *met;
  ck_assert_int_eq(MEM_ZALLOC(met, w.n_items, "rows"), OK);
  for (gid r = 0; r < w.n_items; r++) {
    lid row = planted_item_of_rank(&w, r);
    ck_assert(row >= 0 && row < w.n_items && !met[row]);
    met[row] = 1;
  }
  mem_free(met);
}
END_TEST

/* A member's events are of different items, in order of time and then item, with values that are on the scale; also
 * for members who take (nearly) everything, and without the table of factors. */
START_TEST(events_are_distinct_and_ordered) {
  planted w = SMALL;
  w.explicit_loss = _i % 2 == 1;
  planted_items table, bare;
  planted_work work = {0};
  ck_assert_int_eq(planted_items_make(&w, true, &table), OK);
  ck_assert_int_eq(planted_items_make(&w, false, &bare), OK);
  static const off COUNTS[] = {0, 1, 2, 17, 150, 299, 300};
  for (int a = 0; a < 7; a++) {
    off n = COUNTS[a];
    lid item[300], again_item[300];
    real value[300], again_value[300];
    int64_t time[300], again_time[300];
    char met[300] = {0};
    ck_assert_int_eq(planted_events(&w, &table, &work, a, n, item, value, time), OK);
    for (off e = 0; e < n; e++) {
      ck_assert(item[e] >= 0 && item[e] < w.n_items && !met[item[e]]);
      met[item[e]] = 1;
      if (w.explicit_loss)
        ck_assert(value[e] >= 0.5F && value[e] <= 5 && value[e] * 2 == floorf(value[e] * 2));
      else
        ck_assert(value[e] >= 1 && value[e] == floorf(value[e]));
      ck_assert(time[e] >= 1640995200 && time[e] < 1640995200 + 3 * INT64_C(31557600));
      if (e > 0)
        ck_assert(time[e - 1] < time[e] || (time[e - 1] == time[e] && item[e - 1] < item[e]));
    }
    ck_assert_int_eq(planted_events(&w, &bare, &work, a, n, again_item, again_value, again_time), OK);
    ck_assert_int_eq(memcmp(item, again_item, (size_t)n * sizeof *item), 0);
    ck_assert_int_eq(memcmp(value, again_value, (size_t)n * sizeof *value), 0);
    ck_assert_int_eq(memcmp(time, again_time, (size_t)n * sizeof *time), 0);
  }
  planted_work_free(&work);
  planted_items_free(&table);
  planted_items_free(&bare);
}
END_TEST

/* Both ways to draw titles (met one by one, and by keys) follow the law that the header states: the first title of a
 * member is drawn in proportion to popularity times sigmoid. Members with the same taste (spread 0, one group) are
 * draws of the same law; chi-square over the titles. */
START_TEST(titles_follow_the_law) {
  enum { ITEMS = 12, USERS_TRIED = 40000 };
  planted w = {.n_users = USERS_TRIED, .n_items = ITEMS, .groups = 1, .factors = 3, .seed = 5, .spread = 0};
  planted_items table;
  planted_work work = {.meetings = _i == 0 ? 0 : -1};
  ck_assert_int_eq(planted_items_make(&w, true, &table), OK);
  double x_y[ITEMS], law[ITEMS], total = 0;
  real x[3];
  planted_centre(&w, 0, x);
  for (int r = 0; r < ITEMS; r++) {
    x_y[r] = 0;
    for (int f = 0; f < 3; f++)
      x_y[r] += (double)x[f] * (double)table.factors[r * 3 + f];
    /* q = 1 for so few items: the probability of the ranks r … r+1 under (r + 1)^-1.5 cut off at ITEMS. */
    double end = 1 / sqrt(1.0 + ITEMS), popularity = (1 / sqrt(1.0 + r) - 1 / sqrt(2.0 + r)) / (1 - end);
    law[r] = popularity / (1 + exp(-(4 * x_y[r] - 2)));
    total += law[r];
  }
  int met[ITEMS] = {0};
  lid rank_of[ITEMS], item[1];
  real value[1];
  int64_t time[1];
  for (int r = 0; r < ITEMS; r++)
    rank_of[table.row[r]] = r;
  for (int u = 0; u < USERS_TRIED; u++) {
    ck_assert_int_eq(planted_events(&w, &table, &work, u, 1, item, value, time), OK);
    met[rank_of[item[0]]]++;
  }
  double chi = 0;
  for (int r = 0; r < ITEMS; r++) {
    double expected = USERS_TRIED * law[r] / total;
    chi += (met[r] - expected) * (met[r] - expected) / expected;
  }
  ck_assert_double_lt(chi, 40); /* 11 degrees of freedom: 40 has a probability of 3e-5 */
  planted_work_free(&work);
  planted_items_free(&table);
}
END_TEST

/* Members of a group are nearer to their own centre than to others', and groups of all sizes get members. */
START_TEST(groups_are_apart) {
  planted w = SMALL;
  int members[6] = {0}, at_home = 0;
  for (gid u = 0; u < w.n_users; u++) {
    real x[6], centre[6];
    planted_user(&w, u, x);
    int best = -1;
    double nearest = INFINITY;
    for (int g = 0; g < w.groups; g++) {
      double d = 0;
      planted_centre(&w, g, centre);
      for (int f = 0; f < 6; f++)
        d += pow((double)(x[f] - centre[f]), 2);
      if (d < nearest) {
        nearest = d;
        best = g;
      }
    }
    members[planted_group(&w, u)]++;
    at_home += best == planted_group(&w, u);
  }
  ck_assert_int_ge(at_home, 495);
  for (int g = 0; g < 6; g++)
    ck_assert_int_ge(members[g], 40);
}
END_TEST

/* The first groups share no theme, and no two groups love the same two in the same order, for any number of themes. */
START_TEST(groups_love_different_themes) {
  planted w = SMALL;
  w.factors = _i;
  real centre[9];
  char met[9][9] = {{0}}, taken[9] = {0};
  for (int g = 0; g < _i * (_i - 1); g++) {
    int first = -1, second = -1;
    planted_centre(&w, g, centre);
    for (int f = 0; f < _i; f++) {
      first = centre[f] > 0.85F ? f : first;
      second = centre[f] > 0.4F && centre[f] <= 0.85F ? f : second;
    }
    ck_assert(first >= 0 && second >= 0 && !met[first][second]);
    met[first][second] = 1;
    if (g < _i / 2) {
      ck_assert(!taken[first] && !taken[second]);
      taken[first] = taken[second] = 1;
    }
  }
}
END_TEST

/* Titles and tags are there for every theme, also beyond the named ones. */
START_TEST(names_speak) {
  planted w = SMALL;
  w.factors = 40;
  for (gid i = 0; i < 300; i++) {
    char title[PLANTED_NAME_MAX], tags[PLANTED_TAGS_MAX], theme[32];
    int first, second;
    planted_title(&w, i, title);
    planted_tags(&w, i, tags);
    planted_themes(&w, i, &first, &second);
    ck_assert(strlen(title) > 8 && title[strlen(title) - 1] == ')');
    planted_theme_name(first, theme);
    ck_assert_int_eq(strncmp(tags, theme, strlen(theme)), 0);
    ck_assert_int_eq(strchr(tags, '|') != NULL, second >= 0);
  }
}
END_TEST

static void add(TCase *tc) {
  tcase_add_loop_test(tc, ranks_are_a_permutation, 0, 9);
  tcase_add_loop_test(tc, events_are_distinct_and_ordered, 0, 2);
  tcase_add_loop_test(tc, titles_follow_the_law, 0, 2);
  tcase_add_test(tc, groups_are_apart);
  tcase_add_loop_test(tc, groups_love_different_themes, 2, 10);
  tcase_add_test(tc, names_speak);
}

int main(void) {
  return suite_run("planted", add);
}
