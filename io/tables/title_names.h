/* What the names of columns mean in a table of titles. Kernel: local. */
#ifndef PALATE_IO_TABLES_TITLE_NAMES_H
#define PALATE_IO_TABLES_TITLE_NAMES_H

#include "io/base/types.h"

typedef enum titles_role { TITLES_ID, TITLES_TITLE, TITLES_TAGS, TITLES_ROLES } titles_role;

/* How sure a name (as column_plain_name writes it) is of a role in a table of this side; lower is surer, -1: not at
 * all. `events_id` is what the events call the column of these ids; NULL or "": not known. */
int title_name_rank(side side, const char *events_id, titles_role role, const char *plain);

/* Whether two names are of one thing: productid and productname. */
bool title_names_alike(const char *a, const char *b);

#endif
