/* Hold-out rules: which pairs of a user are kept out of training, to measure the model on.
 *
 * A rule is a pure function of one user's row and the seed. So it is the same on any number of ranks, and its text is
 * all that a model and its evaluation need to agree on it:
 * - none: nothing is held out.
 * - random:F: each pair with probability F, keyed by (seed, user's id, item's id): a pair's draw is the same in every
 *   dataset, whatever its rows.
 * - last:N: the N pairs of each user whose last event is the latest. If the cut falls among pairs with the same last
 *   time (a basket), the draws of random:F decide.
 * - before:TIME: train on events before TIME, test on pairs whose first event is at or after it. Later events of
 *   earlier pairs are dropped, so that training sees nothing of the future.
 * - users:F: each user with probability F is a test member (strong generalization, Liang et al. 2018): not trained on;
 *   80 % of the member's items are folded in, the rest measured.
 * - validation:RULE, with random, last or users: drops the pairs that RULE holds out, and holds out as many of the
 *   rest. Settings are chosen on those; RULE's own pairs stay unseen until the end. */
#ifndef PALATE_EVAL_HOLDOUT_SPLIT_H
#define PALATE_EVAL_HOLDOUT_SPLIT_H

#include "io/base/status.h"
#include "train/rows/mark.h"

typedef enum split_kind { SPLIT_NONE, SPLIT_RANDOM, SPLIT_LAST, SPLIT_BEFORE, SPLIT_USERS } split_kind;

/* What the marks are for. Only users:F depends on it: training drops all events of a test member; measuring marks 80 %
 * of the member's pairs EVENT_TRAIN, to fold in, and the rest EVENT_TEST. */
typedef enum split_use { SPLIT_TO_TRAIN, SPLIT_TO_MEASURE } split_use;

enum { SPLIT_TEXT_MAX = 64, SPLIT_LAST_MAX = 1000 };

/* Keys of a side's draws: a 64-bit hash (XXH3) of each row's id, from the text or precomputed. If both are NULL the row
 * number is the key. */
typedef struct split_keys {
  const char *id; /* (rows, width): NUL-padded, from row 0 of the dataset on */
  int width;
  const uint64_t *hash; /* of row `first` and those after it */
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
  char text[SPLIT_TEXT_MAX]; /* the rule as given, for a model's attributes */
  split_keys keys[2];        /* of users and items; borrowed. After split_parse: row numbers */
  int64_t *tied;             /* last: number of users for whom draws decided; may be NULL. Borrowed; any thread adds */
} split_rule;

/* The hash of an id of at most `width` bytes. */
uint64_t split_hash(const char *id, int width);

/* Returns true if the rule draws at random, and so uses keys (last:N does among equal times). */
bool split_draws(const split_rule *rule);

/* Parses a rule; TIME is seconds since 1970 or an ISO 8601 date in UTC (2020-01-31, 2020-01-31T12:00:00Z). out->use is
 * SPLIT_TO_TRAIN. USAGE, with the valid forms. Local. */
status split_parse(const char *text, uint64_t seed, split_rule *out);

/* Returns true if the rule needs a dataset with times. */
bool split_needs_time(const split_rule *rule);

/* Returns true if users:F makes this user a test member (validation:users:F: of the validation); false for other rules.
 */
bool split_is_member(const split_rule *rule, gid user);

/* The mark_events of train/rows/mark.h; `rule` is a const split_rule *. Allocates nothing. Local. */
mark_events split_mark;

#endif
