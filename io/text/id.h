/* Ids of users and items, and their order, which decides their rows.
 *
 * Ids are kept byte for byte. If all ids of a side are integers they are sorted by number, else bytewise: the same
 * events give the same rows in whatever order they are read. Kernel: local, no allocation. */
#ifndef PALATE_IO_TEXT_ID_H
#define PALATE_IO_TEXT_ID_H

#include "io/base/types.h"

enum { ID_MAX = 255 /* bytes */ };

/* Returns true if the n bytes are an integer exactly as it is printed: no '+', no leading zeros, no "-0", within 64
 * bits. "007" is not one, as it must stay different from "7". */
bool id_integer(const char *bytes, size_t n, int64_t *number);

/* Negative, 0 or positive if a is before, equal to or after b. `numeric` only if id_integer holds for both. */
int id_compare(bool numeric, const char *a, size_t n_a, const char *b, size_t n_b);

#endif
