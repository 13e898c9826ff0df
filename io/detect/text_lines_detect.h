/* The layouts of texts whose lines give many events. Private to the parser. */
#ifndef PALATE_IO_DETECT_TEXT_LINES_DETECT_H
#define PALATE_IO_DETECT_TEXT_LINES_DETECT_H

#include "io/detect/text_head.h"

/* Finds separator, header and columns; USAGE or BAD_DATA with what to type. `bytes`: of the head, from its first. */
status detect_lists(head *h, const text_wish *w, text_layout *l);
status detect_baskets(head *h, const text_wish *w, text_layout *l);
status detect_matrix(head *h, const char *bytes, const text_wish *w, text_layout *l);

#endif
