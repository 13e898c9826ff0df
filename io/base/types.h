/* The role of an integer is its type. Everything in palate counts with these. */
#ifndef PALATE_IO_BASE_TYPES_H
#define PALATE_IO_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t gid; /* a row of the whole dataset: user 0 … n_users-1, item 0 … n_items-1 */
typedef int32_t lid; /* a row of a table in this rank's memory, and an item row as the dataset file stores it */
typedef int64_t off; /* a place in, or a number of, interactions; never 32 bits: 2^31 events are a normal day */
typedef float real; /* factors and interaction values; sums are kept in double or in fixed point (train/math/exact.h) */

/* The two sides of the matrix. The value enters random streams, so it must never change. */
typedef enum side { USERS = 0, ITEMS = 1 } side;

#endif
