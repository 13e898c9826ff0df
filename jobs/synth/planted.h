/* A planted service whose tastes are known: what `palate synth` writes, one member or item at a time.
 *
 * Letters: K themes, G groups. Every theme is one coordinate of the planted factors.
 *   item i     y_i: 1 at its theme, 0.6 at a second theme (every other item), N(0, 0.1) elsewhere; bias N(0, 0.35)
 *   group g    c_g: 1 and 0.7 at the two themes it loves, -0.3 elsewhere, N(0, 0.05) on top
 *   member u   x_u = c_g + N(0, spread) in every coordinate, bias N(0, 0.3); g is drawn, low groups being larger
 * A member comes across titles by a power law of their popularity (the integral of (rank + q)^-1.5 over a rank) and
 * takes one met for the first time with probability sigmoid(z), z = a x·y - b: so the log-odds of what is consumed have
 * planted rank K. The value is a rating (explicit: mean + biases + x·y + noise, on the scale 0.5, 1, … 5) or a count
 * that grows with x·y.
 *
 * Everything is a pure function of the seed and of rows (train/math/rng.h), so any rank can make any part. All
 * functions are local. */
#ifndef PALATE_JOBS_SYNTH_PLANTED_H
#define PALATE_JOBS_SYNTH_PLANTED_H

#include "io/base/status.h"
#include "io/base/types.h"

enum { PLANTED_FACTORS_MAX = 512, PLANTED_NAME_MAX = 96, PLANTED_TAGS_MAX = 64 };

typedef struct planted {
  gid n_users, n_items; /* n_items < 2^31 */
  int groups, factors;
  uint64_t seed;
  bool explicit_loss;
  double noise;  /* explicit: standard deviation of a rating around the planted one, before rounding to the scale */
  double spread; /* of members around their group, in each coordinate */
  double mean;   /* explicit: 3.3 */
} planted;

/* Activity of member u: log-normal (sigma 1.2, mean 1). *phase, uniform in [0, 1), rounds its number of events. */
double planted_activity(const planted *w, gid u, double *phase);

int planted_group(const planted *w, gid u);
/* c_g (K). */
void planted_centre(const planted *w, int g, real *centre);
/* x_u (K); returns its bias. */
real planted_user(const planted *w, gid u, real *x);
/* y_i (K); returns its bias. */
real planted_item(const planted *w, gid i, real *y);
/* The item's theme and its second one (or -1). */
void planted_themes(const planted *w, gid i, int *first, int *second);

/* The item row of a popularity rank: a permutation of 0 … n_items-1. */
lid planted_item_of_rank(const planted *w, gid rank);

/* An invented title in the words of the item's themes, and their names joined by '|'. */
void planted_title(const planted *w, gid i, char out[PLANTED_NAME_MAX]);
void planted_tags(const planted *w, gid i, char out[PLANTED_TAGS_MAX]);
/* "Space", "Noir", …, "Theme 41". */
const char *planted_theme_name(int theme, char out[32]);

/* The catalogue in memory, by popularity rank: replicated on every rank. Without factors (NULL, to save memory) they
 * are made again at each use: the same numbers, slower. */
typedef struct planted_items {
  lid *row;      /* [n_items] */
  real *factors; /* (n_items, K) or NULL */
  real *bias;    /* [n_items] or NULL */
} planted_items;

/* with_factors: keeps the factors too. In OpenMP threads. Free with planted_items_free. */
status planted_items_make(const planted *w, bool with_factors, planted_items *out);
void planted_items_free(planted_items *t);

/* A thread's work space. Free with planted_work_free. */
typedef struct planted_work {
  lid *seen; /* hash table of popularity ranks + 1, size slots */
  off slots;
  off meetings;            /* titles a member meets before keys take over; 0: 4 n_items; below 0: none */
  struct planted_key *key; /* [n_items], made for members that need them */
} planted_work;
void planted_work_free(planted_work *s);

/* The n <= n_items events of member u in the order of the dataset file: time (seconds since 1970), then item row.
 * NO_MEMORY. */
status planted_events(const planted *w, const planted_items *t, planted_work *s, gid u, off n, lid *item, real *value,
                      int64_t *time);

#endif
