/* Which rank of a host receives a factor row for the other ranks there that need it, so that the row crosses the
 * network once a host. */
#ifndef PALATE_TRAIN_EXCHANGE_CARRIERS_H
#define PALATE_TRAIN_EXCHANGE_CARRIERS_H

#include "io/ranks/comm.h"

/* carrier[i]: the carrier of row[i] (global rows, ascending), one of the ranks on our host that passed it; the same for
 * all of them. Rows needed by several are distributed evenly. Memory is proportional to n here and over the ranks of
 * the host. Collective; agreed status. NO_MEMORY. */
status carriers_choose(comm *c, const lid *row, off n, int *carrier);

#endif
