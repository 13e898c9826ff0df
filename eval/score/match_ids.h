/* Matches the rows of two files by id. */
#ifndef PALATE_EVAL_SCORE_MATCH_IDS_H
#define PALATE_EVAL_SCORE_MATCH_IDS_H

#include "io/base/strings.h"
#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "io/schema/model.h"
#include "train/exchange/part.h"

/* row[i] = the row of `theirs` with the same id as our i-th, or -1. Each rank passes the ids of its part of both files,
 * and the first row of its part of theirs; ids are unique within a file. Ids are sent to the rank that their 128-bit
 * hash (XXH3) selects, so no rank holds more than its share. Collective; agreed status. NO_MEMORY. */
status match_rows(comm *c, const strings *ours, const strings *theirs, gid first_of_theirs, gid *row);

/* A file with ids: a model or a dataset; the other is NULL. */
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

/* row[i] = the row in `to` of row first + i in `from`, or -1; each rank chooses its range. Collective; agreed status.
 */
status match_ids(comm *c, id_source from, id_source to, side s, gid first, gid count, gid *row);

/* The same for all rows of `from`, in equal ranges over ranks (part_equal). Other ranks look up rows at their owner
 * (train/exchange/lookup.h). */
typedef struct row_share {
  part owners;     /* of from's rows */
  lid *row;        /* [our range]: rows of `to`, or -1 */
  int64_t known;   /* rows that are in both files; of all ranks */
  bool renumbered; /* false: `from` begins with exactly the rows of `to`, as a dataset that grew by --append does. The
                 same on all ranks */
} row_share;

/* Collective; agreed status. Free with row_share_free. */
status match_share(comm *c, id_source from, id_source to, side s, row_share *out);
void row_share_free(row_share *s);

#endif
