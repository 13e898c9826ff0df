/* Which row of one file is which row of another, by id. */
#ifndef PALATE_EVAL_SCORE_MATCH_IDS_H
#define PALATE_EVAL_SCORE_MATCH_IDS_H

#include "io/base/strings.h"
#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "io/schema/model.h"
#include "train/exchange/part.h"

/* row[i] = the row of `theirs` with the same id as our i-th, or -1. Each rank gives the ids of its part of both files,
 * and where its part of theirs begins; ids are unique within a file. Ids meet at the rank their 128-bit hash (XXH3)
 * names, so no rank holds more than its share. Collective; agreed status. */
status match_rows(comm *c, const strings *ours, const strings *theirs, gid first_of_theirs, gid *row);

/* A file with ids: one of the two. */
typedef struct id_source {
  model *m;
  dataset *d;
} id_source;

static inline id_source ids_of_model(model *m) {
  return (id_source){.m = m};
}
static inline id_source ids_of_dataset(dataset *d) {
  return (id_source){.d = d};
}

/* row[i] = the row in `to` of the row first + i of a side of `from`, or -1, for rows of this rank's choice. Collective;
 * agreed status. */
status match_ids(comm *c, id_source from, id_source to, side s, gid first, gid count, gid *row);

/* The same for all rows of `from`, shared out over ranks in equal ranges (part_equal): other ranks ask for theirs
 * (train/exchange/lookup.h). */
typedef struct row_share {
  part owners;   /* of from's rows */
  lid *row;      /* [our range]: rows of `to`, or -1 */
  int64_t known; /* rows of all ranks that are in both */
  bool moved; /* false: `from` has the rows of `to` in their places and further ones behind them at most, as a dataset
                 that grows by --append has. The same on all ranks */
} row_share;

/* Collective; agreed status. Free with row_share_free. */
status match_share(comm *c, id_source from, id_source to, side s, row_share *out);
void row_share_free(row_share *s);

#endif
