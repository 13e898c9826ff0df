/* The integer types of palate: one for each role. */
#ifndef PALATE_IO_BASE_TYPES_H
#define PALATE_IO_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t gid; /* a row of the whole dataset: user 0 … n_users-1, item 0 … n_items-1 */
typedef int32_t lid; /* a row of a table in this rank's memory, and an item row as the dataset file stores it */
typedef int64_t off; /* an index into, or a number of, interactions; 64 bits, as datasets have more than 2^31 */
typedef float real; /* factors and interaction values; sums are kept in double or in fixed point (train/math/exact.h) */

/* The two sides of the matrix. The value enters random streams, so it must never change. */
typedef enum side { USERS = 0, ITEMS = 1 } side;

#endif
