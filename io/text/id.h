/* What an id is, and the order in which ids become rows.
 *
 * Ids are kept byte for byte. A side whose ids are all integers is ordered by number, any other bytewise: so the same
 * events give the same rows in whatever order they were read. Kernel: local, no allocation. */
#ifndef PALATE_IO_TEXT_ID_H
#define PALATE_IO_TEXT_ID_H

#include "io/base/types.h"

enum { ID_MAX = 255 /* bytes */ };

/* Whether the n bytes are an integer in the one form that its number gives back: no sign but '-', no leading zeros, no
 * "-0", within 64 bits. "007" is not: it must stay apart from "7". */
bool id_integer(const char *bytes, size_t n, int64_t *number);

/* Below, at or above 0 as a stands before, is or stands after b. `numeric` only where id_integer holds for both. */
int id_compare(bool numeric, const char *a, size_t n_a, const char *b, size_t n_b);

#endif
