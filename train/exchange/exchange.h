/* Bringing the fixed side's factor rows to the ranks that solve with them, by a plan made once.
 *
 * A rank keeps a side's rows in one table: its own rows (the factors themselves, never copied) and those of other ranks
 * that its interactions point to. `replicate` has the whole side; `halo` has [own rows | each distinct row that is
 * needed, once]. Columns are renumbered to table rows once, so that kernels see one dense table.
 *
 * Where ranks share hosts (io/ranks/comm.h), a row crosses the network once for a host: one of the ranks there that
 * need it is its carrier (train/exchange/carriers.h), gets it from the owner and forwards it within the host. Every
 * rank still receives each row once, so all ranks together send what they would without. */
#ifndef PALATE_TRAIN_EXCHANGE_EXCHANGE_H
#define PALATE_TRAIN_EXCHANGE_EXCHANGE_H

#include "io/ranks/comm_mpi.h"
#include "train/cost/choose.h"
#include "train/exchange/part.h"
#include "train/rows/csr.h"

typedef struct exchange exchange;

/* For which rows of the csr a plan is, and where in the table it puts what it brings. */
typedef struct exchange_scope {
  lid first, count;       /* rows of m */
  lid halo_at;            /* halo: table row of the first that is brought; at least our own rows */
  int tag;                /* tells the messages of trips that are under way together apart */
  bool lends;             /* whether other plans may borrow our buffers: makes them large enough for any */
  const exchange *lender; /* NULL, or a plan that lends, with no trip under way together with ours */
} exchange_scope;

/* All rows of m, halo right behind our own rows. */
static inline exchange_scope exchange_whole(const part *owners, int rank, const csr *m) {
  return (exchange_scope){.count = m->n_rows, .halo_at = (lid)part_count(owners, rank)};
}

/* Distinct rows of other owners among the (global) columns of m's rows in scope. A bit of scratch for each row of the
 * side. Local. */
status exchange_count(const part *owners, int rank, const csr *m, lid first, lid count, off *out);

/* The plan for the rows of a side that `owners` shares out, needed for the columns (global rows) of m in scope, which
 * become table rows; `width` is the most floats of a row that a trip will move. EXCHANGE_AUTO takes `halo` where it
 * moves at most two thirds of what `replicate` moves; EXCHANGE_REDUCE is taken for halo, for what is not heavy. A bit
 * of scratch for each row of the side. Collective; agreed status. NO_MEMORY; BAD_DATA where a table passes 2^31 rows.
 */
status exchange_create(comm *c, const part *owners, exchange_mode mode, int width, csr *m, exchange_scope scope,
                       exchange **out);
void exchange_free(exchange *x);

exchange_mode exchange_chosen(const exchange *x);
const char *exchange_mode_name(exchange_mode mode);
lid exchange_table_rows(const exchange *x);
/* Where in the table our own rows begin. */
lid exchange_own_at(const exchange *x);
/* Rows this rank sends to others in one exchange, forwarded ones included. */
off exchange_rows_sent(const exchange *x);

/* --- one exchange: begin, say which rows are final as they become so, end --- */

typedef struct exchange_trip exchange_trip;

/* Begins to fill the other ranks' rows of the table (exchange_table_rows, ld), `width` floats of each: posts the
 * receives. Until the end the others' rows of the table are not to be touched. One trip of a plan at a time; all ranks
 * make the same trips in the same order. Local in effect: waits for nobody. */
void exchange_begin(comm *c, exchange *x, real *table, int width, off ld, exchange_trip *trip);

/* Lets messages go on without waiting. Local in effect. */
void exchange_poll(exchange_trip *trip);

/* Our first `rows` own rows have their final values: sends what is complete, without waiting. Local in effect. */
void exchange_ready(exchange_trip *trip, lid rows);

/* All own rows are final: sends the rest and waits for everything. Collective in effect. */
void exchange_end(exchange_trip *trip);

enum { EXCHANGE_BUFFERS = 4 };

/* Bytes of one buffer at the most. */
off exchange_buffer_bytes(void);

/* Messages in which so many rows of `width` floats go from one rank to another by one route. Local. */
off exchange_messages(off rows, int width);

/* Kept by the caller between begin and end; its inside is exchange.c's own. */
struct exchange_trip {
  comm *c;
  exchange *x;
  real *table;
  int width;
  off ld;
  MPI_Datatype packed_row, table_row;
  int turn; /* whose pieces are next, counted from our right neighbour */
  lid ready;
  bool arrived; /* all rows that owners send us */
};

#endif
