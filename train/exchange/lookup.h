/* Records about rows, held by their owners, fetched by the ranks that need some: no rank holds an array as long as a
 * side. Requests go out in batches of bounded size. */
#ifndef PALATE_TRAIN_EXCHANGE_LOOKUP_H
#define PALATE_TRAIN_EXCHANGE_LOOKUP_H

#include "train/exchange/part.h"

/* out (n, bytes): the owner's record of row[i], for i = 0 … n-1. own (our rows under `owners`, bytes) holds our
 * records; row[] (global rows, any order, repeats allowed) is this rank's own list, possibly empty. out must not
 * overlap row, unless it is the same array and records have the size of a row number. Collective; agreed status.
 * NO_MEMORY. */
status lookup_rows(comm *c, const part *owners, const void *own, size_t bytes, const lid *row, off n, void *out);

/* The owners' records of rows first … first+n-1, on every rank: out (n, bytes). The same range on all ranks.
 * Collective; agreed status. NO_MEMORY. */
status lookup_range(comm *c, const part *owners, const void *own, size_t bytes, gid first, gid n, void *out);

#endif
