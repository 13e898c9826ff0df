/* What a text is: a table of events, lists, baskets, or something that is not a list of events. Private to the parser.
 */
#ifndef PALATE_IO_DETECT_TEXT_SHAPE_H
#define PALATE_IO_DETECT_TEXT_SHAPE_H

#include "io/detect/text_facts.h"

/* Sets the format of a text whose format was not given, and its separator. BAD_DATA if it is not a list of events,
 * USAGE if it may be several things; both messages say what it looks like and what to type. */
status guess_shape(const head *h, const text_wish *w, text_layout *l);

/* Fails with BAD_DATA if a table without a header is a dense matrix: a row a user, a column an item. */
status refuse_dense(const head *h, const text_layout *l, const table_facts *f);

/* Fails with BAD_DATA if the first field of every line from `first` on counts the others. */
status refuse_counted(const head *h, const text_layout *l, int first);

#endif
