/* Hold-out rules: which pairs of a user are kept from training, to measure the model on.
 *
 * A rule is a pure function of one user's row and the seed, so it is the same on any number of ranks, and a model and
 * its evaluation agree on it without sharing more than its text:
 *   none         nothing is held out
 *   random:F     each pair with probability F, keyed by (seed, user's id, item's id): a pair has the same lot in every
 *                dataset, whatever rows it gives the two
 *   last:N       the N pairs of each user whose last event is the latest; where the cut falls among pairs of the same
 *                last time (a basket), the lots of random:F say which are later
 *   before:TIME  train on what was before TIME, test on pairs that began at or after it; later events of earlier pairs
 *                are dropped, so that nothing of the future is trained on
 *   users:F      each user with probability F is a test member (strong generalization, Liang et al. 2018): not trained
 *                on at all; measured after folding in 80 % of the member's items, on the rest
 * validation:RULE, with random, last or users, drops what RULE holds out and holds out as much again of what is left:
 * settings are chosen on those pairs, and RULE's own stay unseen until the end. */
#ifndef PALATE_EVAL_HOLDOUT_SPLIT_H
#define PALATE_EVAL_HOLDOUT_SPLIT_H

#include "io/base/status.h"
#include "train/rows/mark.h"

typedef enum split_kind { SPLIT_NONE, SPLIT_RANDOM, SPLIT_LAST, SPLIT_BEFORE, SPLIT_USERS } split_kind;

/* What the marks are for. It matters to users:F alone: in training a test member's events are all dropped, in measuring
 * 80 % of its pairs are EVENT_TRAIN, to fold it in from, and the rest EVENT_TEST. */
typedef enum split_use { SPLIT_TO_TRAIN, SPLIT_TO_MEASURE } split_use;

enum { SPLIT_TEXT_MAX = 64, SPLIT_LAST_MAX = 1000 };

/* What a side's lots are keyed by: a 64-bit hash (XXH3) of each row's id; of the text where it is at hand, or made
 * before. Where both are NULL the row itself is the key. */
typedef struct split_keys {
  const char *id; /* (rows, width): NUL-padded, from row 0 of the dataset on */
  int width;
  const uint64_t *hash; /* of rows `first` and on */
  gid first;
} split_keys;

typedef struct split_rule {
  split_kind kind;
  split_use use;
  bool validation; /* validation:RULE */
  uint64_t seed;
  double fraction;           /* random, users: 0 < fraction < 1 */
  int last;                  /* last: 1 … SPLIT_LAST_MAX */
  int64_t time;              /* before: seconds since 1970 UTC */
  char text[SPLIT_TEXT_MAX]; /* as it was given, for a model's attributes */
  split_keys keys[2];        /* of users and items; borrowed. split_parse leaves them to the rows */
  int64_t *tied;             /* last: counts the users for whom lots decided; may be NULL. Borrowed; any thread adds */
} split_rule;

/* The hash of an id of at most `width` bytes. */
uint64_t split_hash(const char *id, int width);

/* Whether the rule draws lots, which need keys (last:N among equal times). */
bool split_draws(const split_rule *rule);

/* Reads a rule; TIME is seconds since 1970 or an ISO 8601 date in UTC (2020-01-31, 2020-01-31T12:00:00Z). out->use is
 * SPLIT_TO_TRAIN. USAGE with what would be right. Local. */
status split_parse(const char *text, uint64_t seed, split_rule *out);

/* Whether the rule looks at times, so that a dataset without them will not do. */
bool split_needs_time(const split_rule *rule);

/* Whether users:F makes this user a test member (validation:users:F: of the validation); false for other rules. */
bool split_is_member(const split_rule *rule, gid user);

/* The mark_events of train/rows/mark.h; `rule` is a const split_rule *. Local; no memory is taken beyond the stack. */
mark_events split_mark;

#endif
