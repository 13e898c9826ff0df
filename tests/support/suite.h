/* The main of a Check suite that is one list of tests. Under MPI every rank runs every test; the tests themselves agree
 * on a verdict over ranks before they assert it. */
#ifndef PALATE_TESTS_SUPPORT_SUITE_H
#define PALATE_TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stdlib.h>

static inline int suite_run(const char *name, void (*add)(TCase *)) {
  Suite *suite = suite_create(name);
  TCase *tc = tcase_create(name);
  tcase_set_timeout(tc, 120);
  add(tc);
  suite_add_tcase(suite, tc);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
