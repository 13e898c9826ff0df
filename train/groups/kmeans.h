/* k-means over ranks: Lloyd's rounds (1982) with exact sums and exact pruning, the same bits on any ranks and threads.
 *
 * Letters: n points on this rank, G groups, k factors. Centres are kept on every rank. */
#ifndef PALATE_TRAIN_GROUPS_KMEANS_H
#define PALATE_TRAIN_GROUPS_KMEANS_H

#include "io/ranks/comm.h"
#include "train/centres/assign.h"

typedef struct kmeans_round {
  int round; /* from 1 */
  double seconds;
  double inertia;  /* Σ |x − its centre|² over all points, after this round's assignment */
  int64_t moved;   /* points that changed groups */
  double skipped;  /* share of all distances that bounds ruled out */
  int64_t emptied; /* groups that had become empty and received the farthest point of another */
  bool last;       /* the last round */
} kmeans_round;

typedef struct kmeans_settings {
  lid groups;
  int rounds; /* at most, including those before a resume */
  int done; /* rounds done before a resume: `centre` then holds the centres of the last of them; 0: `centre` holds seeds
             */
  double tolerance;    /* stops when the inertia falls by less than this share of itself in a round; 0: never */
  bool unit;           /* cosine: centres have length 1 (the caller has scaled the points to length 1) */
  int64_t bound_bytes; /* memory for the bounds on this rank; 0: compute every distance */
  /* Called on all ranks after each round, while `centre` still holds the centres that points were assigned to: these
   * and the number of the round are enough to resume, see `done`. May be NULL. A failure ends the run. */
  status (*on_round)(void *context, const kmeans_round *round);
  void *context;
} kmeans_settings;

typedef struct kmeans_result {
  int rounds;
  bool converged; /* no point moved in the last round */
  double inertia; /* of the labels and centres returned */
} kmeans_result;

/* An on_round for short runs without checkpoints: STOPPED after a signal. context: the comm. */
status kmeans_leave(void *context, const kmeans_round *round);

/* From the seeds in centre (G, k) to the last round's centres, in place; label[n] and dist2[n] belong to these centres.
 * A resumed run (config->done) ends with the bits of one that was never stopped: it assigns the points to the centres
 * once more, which gives the labels, repairs and inertia of that round, and continues from there. id[i] is the global
 * row of point i, ascending over ranks; it breaks ties between points. Collective; agreed status. BAD_DATA if there are
 * fewer distinct points than groups, NO_MEMORY, or on_round's. */
status kmeans_run(comm *c, const kmeans_points *points, const gid *id, const kmeans_settings *config, real *centre,
                  lid *label, real *dist2, kmeans_result *result);

#endif
