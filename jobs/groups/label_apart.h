/* No two groups with one label. */
#ifndef PALATE_JOBS_GROUPS_LABEL_APART_H
#define PALATE_JOBS_GROUPS_LABEL_APART_H

#include "jobs/groups/group_labels.h"

/* Where two groups have one label, the later one is given its next most telling title, or a number if it has no more.
 * kept[g] (may be NULL): the label is the parent's and stays unless two such labels are equal. A group without a label
 * is called by its number. Titles are read from m. Local: rank 0, which has the names. NO_MEMORY, or what reading
 * returns. */
status labels_tell_apart(model *m, const bool *kept, group_names *names);

#endif
