/* Sends the fixed side's factor rows to the ranks that solve with them, by a plan made once.
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

/* The rows of the csr that a plan serves, and where in the table the rows it brings are put. */
typedef struct exchange_settings {
  lid first, count;       /* rows of m */
  lid halo_at;            /* halo: table row of the first row brought; at least the number of our own rows */
  int tag;                /* distinguishes the messages of concurrent trips */
  bool lends;             /* whether other plans may borrow our buffers, which are then large enough for any */
  const exchange *lender; /* NULL, or a plan that lends and has no trip at the same time as ours */
} exchange_settings;

/* All rows of m, halo right behind our own rows. */
static inline exchange_settings exchange_whole(const part *owners, int rank, const csr *m) {
  return (exchange_settings){.count = m->n_rows, .halo_at = (lid)part_count(owners, rank)};
}

/* Distinct rows of other owners among the (global) columns of m's rows in scope. A bit of scratch for each row of the
 * side. Local. */
status exchange_count(const part *owners, int rank, const csr *m, lid first, lid count, off *out);

/* Makes the plan for the rows of a side (partition `owners`) that the columns of m in scope refer to, and replaces
 * these global rows by table rows; `width` is the most floats of a row that a trip will move. EXCHANGE_AUTO: halo if it
 * moves at most two thirds of what replicate moves. EXCHANGE_REDUCE: halo, for the rows that are not heavy. A bit of
 * scratch for each row of the side. Collective; agreed status. NO_MEMORY; BAD_DATA if a table exceeds 2^31 rows. */
status exchange_create(comm *c, const part *owners, exchange_mode mode, int width, csr *m, exchange_settings scope,
                       exchange **out);
void exchange_free(exchange *x);

exchange_mode exchange_chosen(const exchange *x);
const char *exchange_mode_name(exchange_mode mode);
lid exchange_table_rows(const exchange *x);
/* Where in the table our own rows begin. */
lid exchange_own_at(const exchange *x);
/* Rows this rank sends to others in one exchange, forwarded ones included. */
off exchange_rows_sent(const exchange *x);

/* --- one exchange: begin, report rows as they become final, end --- */

typedef struct exchange_trip exchange_trip;

/* Begins to fill the other ranks' rows of the table (exchange_table_rows, ld), `width` floats of each: posts the
 * receives. Do not touch these rows until the end. One trip of a plan at a time; all ranks make the same trips in the
 * same order. Does not wait. */
void exchange_begin(comm *c, exchange *x, real *table, int width, off ld, exchange_trip *trip);

/* Lets messages progress. Does not wait. */
void exchange_poll(exchange_trip *trip);

/* Our first `rows` own rows have their final values: sends what is complete. Does not wait. */
void exchange_ready(exchange_trip *trip, lid rows);

/* All own rows are final: sends the rest and waits for everything. Collective in effect. */
void exchange_end(exchange_trip *trip);

enum { EXCHANGE_BUFFERS = 4 };

/* Most bytes of one buffer. */
off exchange_buffer_bytes(void);

/* The number of messages for so many rows of `width` floats from one rank to another on one route. Local. */
off exchange_messages(off rows, int width);

/* Held by the caller between begin and end; its members are private to exchange.c. */
struct exchange_trip {
  comm *c;
  exchange *x;
  real *table;
  int width;
  off ld;
  MPI_Datatype packed_row, table_row;
  int turn; /* the next receiver, counted from our right neighbour */
  lid ready;
  bool arrived; /* whether all rows from owners have arrived */
};

#endif
