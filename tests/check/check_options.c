/* If this fails, a stopped run is resumed with a checkpoint of another model, or two commands understand an option
 * differently: the option table says what a change of each option invalidates, and resuming and tuning go by it. */
#include "io/base/types.h"
#include "jobs/cli/option_parse.h"
#include "jobs/cli/option_table.h"
#include "jobs/cli/words.h"
#include "jobs/settings/resume_settings.h"
#include "jobs/settings/train_options.h"
#include "jobs/steps/resume.h"
#include "jobs/tune/tuning.h"
#include "tests/support/suite.h"

#include <string.h>

/* A command that takes every option of the table. */
static option_use all[OPTIONS_MAX + 1];
static const command ALL = {.name = "all", .arguments = "", .takes = all};

static options *defaults(void) {
  char name[] = "all", *argv[] = {name, NULL};
  options *o = NULL;
  bool help;
  memset(all, 0, sizeof all);
  for (int i = 0; i < option_table_size(); i++)
    all[i].name = option_table_row(i)->name;
  ck_assert_int_eq(options_parse(&ALL, 1, argv, &o, &help), OK);
  return o;
}

/* What resuming compares. */
static json_t *key_of(const options *o) {
  resume_settings settings;
  ck_assert_int_eq(resume_settings_read(o, &settings), OK);
  json_t *key = resume_key(&settings, "digest", "");
  resume_settings_free(&settings);
  ck_assert_ptr_nonnull(key);
  return key;
}

START_TEST(rows_are_whole) {
  for (int i = 0; i < option_table_size(); i++) {
    const option_spec *row = option_table_row(i);
    ck_assert_int_eq(option_find(row->name), i); /* each name once */
    ck_assert_msg(row->help != NULL && row->help[0] != '\0', "--%s has no help", row->name);
    ck_assert_int_ge((int)row->section, 0);
    ck_assert_int_lt((int)row->section, SECTIONS);
    ck_assert_msg(row->arg != NULL || row->fallback == NULL, "the flag --%s has a default", row->name);
    /* "a|b": the default is one of the words; "auto|T" and "N|all" also take a value. */
    const char *last = row->arg != NULL ? strrchr(row->arg, '|') : NULL;
    if (last != NULL && last[1] >= 'a' && row->arg[0] >= 'a' && row->fallback != NULL)
      ck_assert_msg(word_find(row->arg, row->fallback) >= 0, "--%s: %s", row->name, row->fallback);
  }
  ck_assert_int_eq(option_find("no-such-option"), -1);
}
END_TEST

START_TEST(resume_compares_the_model) {
  options *o = defaults();
  json_t *before = key_of(o);
  options_free(o);
  for (int i = 0; i < option_table_size(); i++) {
    const option_spec *row = option_table_row(i);
    if (strcmp(row->name, "config") == 0)
      continue;
    o = defaults();
    ck_assert_int_eq(options_set(o, row->name, row->arg == NULL ? "yes" : "another value"), OK);
    json_t *after = key_of(o);
    bool differs = !json_equal(before, after);
    ck_assert_msg(differs == (row->changes == CHANGES_MODEL), "--%s %s what resume compares", row->name,
                  differs ? "changes no model but is part of" : "changes the model but is not part of");
    json_decref(after);
    options_free(o);
  }
  json_decref(before);
}
END_TEST

/* Whether `name` is a word of the list, which ends with NULL. */
static bool is_one_of(const char *const *list, const char *name) {
  for (; *list != NULL; list++)
    if (strcmp(*list, name) == 0)
      return true;
  return false;
}

/* An option that `train` takes changes the model, or is known here not to: a new one cannot be forgotten. */
START_TEST(options_of_training_are_known) {
  static const char *const SAME_BITS[] = {"output",     "threads",          "memory",        "exchange", "link",
                                          "local-link", "core-flops",       "half-speed",    "latency",  "resume",
                                          "time-limit", "checkpoint-every", "stall-timeout", NULL};
  static const char *const END[] = {"sweeps", "objective-every", NULL};
  for (const option_use *u = TRAIN_TAKES; u->name != NULL; u++) {
    option_effect expected = is_one_of(SAME_BITS, u->name) ? CHANGES_NOTHING
                             : is_one_of(END, u->name)     ? CHANGES_END
                                                           : CHANGES_MODEL;
    ck_assert_msg(option_changes(u->name) == expected, "--%s", u->name);
  }
}
END_TEST

START_TEST(a_grid_varies_the_model_alone) {
  for (int i = 0; i < option_table_size(); i++) {
    const option_spec *row = option_table_row(i);
    if (tuning_may_vary(row->name))
      ck_assert_msg(row->changes == CHANGES_MODEL || row->changes == CHANGES_END, "--%s", row->name);
  }
  ck_assert(tuning_may_vary("factors") && tuning_may_vary("sweeps"));
  /* They decide which pairs a try is measured on, or where it starts. */
  ck_assert(!tuning_may_vary("seed") && !tuning_may_vary("holdout") && !tuning_may_vary("test"));
  ck_assert(!tuning_may_vary("warm-start") && !tuning_may_vary("threads") && !tuning_may_vary("no-such-option"));
}
END_TEST

START_TEST(words_are_found) {
  char word[16];
  ck_assert_int_eq(word_find("one|two|three", "one"), 0);
  ck_assert_int_eq(word_find("one|two|three", "three"), 2);
  ck_assert_int_eq(word_find("one|two|three", "thre"), -1);
  ck_assert_int_eq(word_find("one|two|three", ""), -1);
  ck_assert_int_eq(word_find("one|two|three", "one|two"), -1);
  ck_assert_str_eq(word_at("one|two|three", 1, word, sizeof word), "two");
  ck_assert_str_eq(word_at("one|two|three", 2, word, 3), "th");
}
END_TEST

static void add(TCase *tc) {
  tcase_add_test(tc, rows_are_whole);
  tcase_add_test(tc, resume_compares_the_model);
  tcase_add_test(tc, options_of_training_are_known);
  tcase_add_test(tc, a_grid_varies_the_model_alone);
  tcase_add_test(tc, words_are_found);
}

int main(void) {
  return suite_run("options", add);
}
