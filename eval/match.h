/* Which row of one file is which row of another, by id. */
#ifndef PALATE_EVAL_MATCH_H
#define PALATE_EVAL_MATCH_H

#include "io/comm.h"
#include "io/dataset.h"
#include "io/snapshot.h"
#include "io/strings.h"

/* row[i] = the row of `theirs` with the same id as our i-th, or -1. Each rank gives the ids of its part of both files,
 * and where its part of theirs begins; ids are unique within a file. Ids meet at the rank their 128-bit hash (XXH3)
 * names, so no rank holds more than its share. Collective; agreed status. */
status match_rows(comm *c, const strings *ours, const strings *theirs, gid first_of_theirs, gid *row);

/* model_item[i] = the model's row of the dataset's item i, or -1, for all items of the dataset, on every rank.
 * Collective; agreed status. */
status match_items(comm *c, dataset *d, model *m, lid *model_item);

/* The same, but *model_item stays NULL, and nothing is held for all items, where the dataset has the model's items in
 * the model's rows and further ones behind them at most, as a dataset that grows by --append has. Free with mem_free.
 */
status match_moved_items(comm *c, dataset *d, model *m, lid **model_item);

/* model_user[u] = the model's row of the dataset's user first + u, or -1, for this rank's users. Collective; agreed
 * status. */
status match_users(comm *c, dataset *d, model *m, gid first, gid count, gid *model_user);

/* The same between two datasets: row[i] = b's row of a's row first + i of a side, for this rank's rows; and b's rows of
 * all of a's items, on every rank. Collective; agreed status. */
status match_datasets(comm *c, dataset *a, dataset *b, side s, gid first, gid count, gid *row);
status match_all_items(comm *c, dataset *a, dataset *b, lid *row);

#endif
