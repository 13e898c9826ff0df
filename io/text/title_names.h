/* What the names of columns mean in a table of titles. Kernel: local. */
#ifndef PALATE_IO_TEXT_TITLE_NAMES_H
#define PALATE_IO_TEXT_TITLE_NAMES_H

#include "io/text/text_titles.h"

/* How sure a name (as column_plain_name writes it) is of a role; lower is surer, -1: not at all. */
int title_name_rank(const titles_wish *w, titles_role role, const char *plain);

/* Whether two names are of one thing: productid and productname. */
bool title_names_alike(const char *a, const char *b);

#endif
