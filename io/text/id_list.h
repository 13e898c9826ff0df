/* A list of ids in an array, for sorting and sending: numbers if all ids are integers, else bytes. Local. */
#ifndef PALATE_IO_TEXT_ID_LIST_H
#define PALATE_IO_TEXT_ID_LIST_H

#include "io/base/sort.h"
#include "io/base/strings.h"
#include "io/text/id_table.h"

typedef struct id_list {
  off n;
  bool numeric;
  int64_t *number; /* [n], numeric */
  char *text;      /* !numeric: a length byte and the bytes, for each */
  off *place;      /* [n] where each begins in `text` */
  off text_bytes;
} id_list;

/* Allocates a list for n ids, with text_bytes bytes of text in all if they are not numeric; the caller fills it. OK or
 * NO_MEMORY. Free with id_list_free, which accepts an empty list. */
status id_list_alloc(id_list *l, off n, bool numeric, off text_bytes);
void id_list_free(id_list *l);

/* Sorts the ids of a table followed by old ones (NULL: none): order[k].low is the position, table first, of the k-th id
 * in ascending order; equal ids are in order of position. `numeric`: id_list_all_integers holds on all ranks. OK or
 * NO_MEMORY. *sorted and *order must be empty before; free them with id_list_free and mem_free, also after a failure.
 */
status id_list_create(const id_table *ids, const strings *old, bool numeric, id_list *sorted, sort_pair **order);

/* Sorts a list: order[k].low is the position of the k-th id in ascending order; equal ids are in order of position. OK
 * or NO_MEMORY; free *order with mem_free. */
status id_list_sort(const id_list *l, sort_pair **order);

/* Copies the ids in the order order[0].low, order[1].low, … OK or NO_MEMORY. Free *out with id_list_free. */
status id_list_ordered(const id_list *l, const sort_pair *order, id_list *out);

/* Returns true if all ids of the table and all old ones (NULL: none) are integers. */
bool id_list_all_integers(const id_table *ids, const strings *old);

/* Points *at to the bytes of id i and returns their number; the digits of a number are written to `room` (ID_MAX
 * bytes). */
size_t id_list_text(const id_list *l, off i, char *room, const char **at);

/* Compares id i of a to id j of b as id_compare does; both lists must be numeric, or neither. */
int id_list_compare(const id_list *a, off i, const id_list *b, off j);

#endif
