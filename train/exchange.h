/* Bringing the fixed side's factor rows to the ranks that solve with them, by a plan made once.
 *
 * A rank keeps a side's rows in one table: its own rows (the factors themselves, never copied) and those of other ranks
 * that its interactions point to. `replicate` has the whole side in order; `halo` has [own rows | each distinct row
 * that is needed, once, ascending]. Columns are renumbered to table rows once, so that kernels see one dense table. */
#ifndef PALATE_TRAIN_EXCHANGE_H
#define PALATE_TRAIN_EXCHANGE_H

#include "train/csr.h"
#include "train/part.h"

typedef enum exchange_mode { EXCHANGE_AUTO, EXCHANGE_REPLICATE, EXCHANGE_HALO, EXCHANGE_REDUCE } exchange_mode;

typedef struct exchange exchange;

/* The plan for the rows of a side that `owners` shares out, needed for the columns (global rows) of m, which become
 * table rows. EXCHANGE_AUTO takes `halo` where it moves at most two thirds of what `replicate` moves. A bit of scratch
 * for each row of the side. Collective; agreed status. NO_MEMORY; BAD_DATA where a table passes 2^31 rows. */
status exchange_create(comm *c, const part *owners, exchange_mode mode, csr *m, exchange **out);
void exchange_free(exchange *x);

exchange_mode exchange_chosen(const exchange *x);
lid exchange_table_rows(const exchange *x);
/* Where in the table our own rows begin. */
lid exchange_own_at(const exchange *x);
/* Rows this rank sends to others in one exchange. */
off exchange_rows_sent(const exchange *x);

/* Fills the other ranks' rows of the table (exchange_table_rows, ld), `width` floats of each. Collective; agreed
 * status. */
status exchange_rows(comm *c, exchange *x, real *table, int width, off ld);

#endif
