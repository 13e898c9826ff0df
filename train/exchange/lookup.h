/* What the owners of rows know of them, asked by the ranks that need some of it: so that no rank holds an array as long
 * as a side. Questions go out in batches of bounded size, however many there are. */
#ifndef PALATE_TRAIN_EXCHANGE_LOOKUP_H
#define PALATE_TRAIN_EXCHANGE_LOOKUP_H

#include "train/exchange/part.h"

/* out (n, bytes): what the owner of row[i] has of it, for i = 0 … n-1. own (our rows under `owners`, bytes) is what we
 * have to tell; row[] (global rows, any order, repeats allowed) is this rank's own list, which may be empty. out may
 * not overlap row, unless it is the same array and bytes is that of a row. Collective; agreed status. NO_MEMORY. */
status lookup_rows(comm *c, const part *owners, const void *own, size_t bytes, const lid *row, off n, void *out);

/* What the owners have of rows first … first+n-1, on every rank: out (n, bytes). The same range on all ranks.
 * Collective; agreed status. NO_MEMORY. */
status lookup_range(comm *c, const part *owners, const void *own, size_t bytes, gid first, gid n, void *out);

#endif
