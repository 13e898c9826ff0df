/* What the parts of eval/measure/evaluate.h share: the columns of the tally, and one batch of users. */
#ifndef PALATE_EVAL_MEASURE_EVALUATE_PARTS_H
#define PALATE_EVAL_MEASURE_EVALUATE_PARTS_H

#include "eval/baseline/item_facts.h"
#include "eval/measure/done_rows.h"
#include "eval/measure/evaluate.h"
#include "eval/measure/tally.h"

/* Where a contestant's columns begin: n_at * METRICS ranking metrics, then the sums of squared and absolute errors. */
typedef struct layout {
  int cells;                  /* n_at * METRICS */
  int model[EVALUATE_MODELS]; /* resampled */
  int pairs;                  /* test pairs of the user; resampled */
  int popular, random;        /* not resampled */
  int novelty[2], variety[2]; /* of the first model, and of most popular */
  int resampled, columns;
} layout;

enum { ACTIVITIES = 5, SHELVES = POPULAR_SHELVES, SLICE_KINDS = ACTIVITIES + SHELVES };
/* Columns of a slice: the model's metrics and most popular's at the first length, squared errors, pairs. */
enum { SLICE_ERRORS = 2 * METRICS, SLICE_PAIRS, SLICE_COLUMNS };

typedef struct bench {
  const evaluate_input *in;
  metrics_plan plan, first; /* first: only the first length */
  layout at;
  popular pop;
  int64_t *shown[FACTS_LISTS]; /* [our items]: lists of the first model, of most popular, that have the item */
  const real *factors;         /* (model items, k) of the first model where they can be mapped, else NULL */
  tally *all, *slices[SLICE_KINDS];
  int64_t folded_in;
  done_rows done; /* users of the dataset measured by earlier runs, and as of the last checkpoint */
  int step;       /* batches so far, of earlier runs as well */
} bench;

/* Which activity a user with n training pairs has. */
int activity_of(off n);

/* Some of this rank's users with test items, and what is worked out for them. */
typedef struct batch batch;
struct batch {
  lid max_users;
  topk *lists;
  gid *row;          /* [max_users]: the model's rows, or -1 */
  gid *id;           /* [max_users]: rows of the dataset */
  off *from, *to;    /* [max_users]: what the user has seen */
  off *test_at;      /* [max_users + 1]: places in guess */
  real *x;           /* (max_users, widest) */
  double *constant;  /* [max_users] */
  double *values;    /* (max_users, columns) */
  double *slice_row; /* (max_users, SLICE_COLUMNS) */
  gid *chosen_id;    /* [max_users] */
  double *guess;     /* predicted ratings of the batch's test pairs */
  lid *test_item;    /* the model's rows of these, or -1 */
  off guess_room;    /* of both */
  lid *top; /* (max_users, FACTS_LISTS, first length): the model's lists and most popular's; -1 behind their ends */
  facts known;
};

/* For up to max_users users at a time. Local. Free with batch_free. */
status batch_create(const bench *b, lid max_users, batch **out);
void batch_free(batch *k);

/* Measures the n users (places among this rank's, ascending; n may be 0) and adds them to the tallies. Collective;
 * agreed status. */
status batch_measure(comm *c, batch *k, bench *b, const lid *user, lid n);

/* One rank's failure becomes all ranks' where they are about to ask one another about a model's items; else it waits.
 */
status batch_agree(comm *c, const scorer *s, status st);

/* Vectors of the n users by one of the models; those that it was not trained on are folded in. Collective where
 * scorer_moved; the last step's failure is not agreed on. */
status batch_load_users(comm *c, batch *k, bench *b, int model, const lid *user, lid n);

/* --- going on: eval/measure/checkpoints.c --- */

/* Takes over what an earlier run kept, before anything is measured. Collective; agreed status. NO_MEMORY, IO_FAILED. */
status evaluate_recall(comm *c, bench *b);

/* After a batch that took so many seconds, with everything before our user `at` measured: a checkpoint where it is time
 * for one, STOPPED with one where it is time to leave. Collective; agreed status. */
status evaluate_edge(comm *c, bench *b, lid at, double seconds);

#endif
