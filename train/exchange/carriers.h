/* Which rank of a host fetches a factor row for the others there that need it too, so that the row crosses the network
 * once for the host and not once for each of its ranks. */
#ifndef PALATE_TRAIN_EXCHANGE_CARRIERS_H
#define PALATE_TRAIN_EXCHANGE_CARRIERS_H

#include "io/ranks/comm.h"

/* carrier[i]: the rank on our host, among those that gave row[i] (global rows, ascending), that shall bring it; all of
 * them are told the same, and rows needed by several are dealt out evenly. Memory is in proportion to n here and over
 * the ranks of the host. Collective; agreed status. NO_MEMORY. */
status carriers_choose(comm *c, const lid *row, off n, int *carrier);

#endif
