/* Ids in the order of their rows, as they are sorted and sent: numbers where all are integers, else bytes. Local. */
#ifndef PALATE_IO_TEXT_ID_LIST_H
#define PALATE_IO_TEXT_ID_LIST_H

#include "io/base/sort.h"
#include "io/base/strings.h"
#include "io/text/id_table.h"

typedef struct id_list {
  off n;
  bool numeric;
  int64_t *number; /* [n], numeric */
  char *text;      /* length byte and bytes each, !numeric */
  off *place;      /* [n] where each begins in text */
  off text_bytes;
} id_list;

/* Room for n ids, of text_bytes bytes in all where they are not numeric; their values are the caller's to write. OK or
 * NO_MEMORY. Free with id_list_free, which accepts an empty list. */
status id_list_alloc(id_list *l, off n, bool numeric, off text_bytes);
void id_list_free(id_list *l);

/* The table's ids and then the old ones (NULL: none), in ascending order: order[k].low is the place, table first, of
 * the k-th; equal ids stand by place. `numeric` as id_list_all_integers found, for all ranks' ids. OK or NO_MEMORY; on
 * failure too the caller frees *sorted with id_list_free and *order with mem_free, both empty before the call. */
status id_list_create(const id_table *ids, const strings *old, bool numeric, id_list *sorted, sort_pair **order);

/* order[k].low becomes the place in the list of the k-th id in ascending order; equal ones by place. OK or NO_MEMORY;
 * the caller frees *order with mem_free. */
status id_list_sort(const id_list *l, sort_pair **order);

/* The ids in that order (order[k].low), as a list of their own. OK or NO_MEMORY. Free with id_list_free. */
status id_list_ordered(const id_list *l, const sort_pair *order, id_list *out);

/* Whether all of them are integers. */
bool id_list_all_integers(const id_table *ids, const strings *old);

/* The bytes of id i; numbers are written to `room` (ID_MAX bytes). */
size_t id_list_text(const id_list *l, off i, char *room, const char **at);

/* How id i of a compares to id j of b, which is of the same kind: below, at or above 0. */
int id_list_compare(const id_list *a, off i, const id_list *b, off j);

#endif
