/* The transpose over ranks: moves interactions from the owners of their users to the owners of their items. */
#ifndef PALATE_TRAIN_EXCHANGE_SHUFFLE_H
#define PALATE_TRAIN_EXCHANGE_SHUFFLE_H

#include "train/exchange/part.h"
#include "train/rows/csr.h"
#include "train/rows/row_set.h"

/* counts[i] = interactions of our i-th item under the partition `items`, over all ranks' users (rows of `users`, whose
 * columns are global item rows). Bounded messages. Collective; agreed status. */
status shuffle_count(comm *c, const csr *users, const part *items, off *counts);

/* The transpose: our items' rows, with *global* user rows as columns, ascending. first_user is the global row of our
 * first user; counts as shuffle_count gives them. Interactions with items of the set `without` (NULL: none) are not
 * moved: their rows come out empty, and their counts are ignored. Besides the result it needs bounded memory.
 * Collective; agreed status. BAD_DATA if there are 2^31 users or more. Free with csr_free. */
status shuffle_transpose(comm *c, const csr *users, gid first_user, const part *items, const off *counts,
                         const row_set *without, csr *out);

#endif
