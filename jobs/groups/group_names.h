/* Names for taste groups: the tags and titles a group loves more than others do. */
#ifndef PALATE_JOBS_GROUPS_GROUP_NAMES_H
#define PALATE_JOBS_GROUPS_GROUP_NAMES_H

#include "jobs/groups/group_labels.h"
#include "train/rows/csr.h"

/* From what members consumed: pairs has this rank's members as rows and global items as columns, group[r] is the group
 * of row r. Titles and tags come from the model m; ids name a group if it has neither.
 * The result is on rank 0 alone. Collective; agreed status. Free with group_names_free. */
status group_names_from_pairs(comm *c, model *m, const csr *pairs, const lid *group, lid n_groups, group_names *out);

/* From factors alone, without the dataset: a group loves the items to which its centroid gives more than the mean
 * centroid does. centroid (n_groups, k), size [n_groups]. Otherwise the same. */
status group_names_from_factors(comm *c, model *m, const real *centroid, const int64_t *size, lid n_groups,
                                group_names *out);

/* Groups of items: their own titles and tags. group[r] is the group of item first + r on this rank (our range of
 * part_equal); dist2[r] how far it is from the centroid: the nearest are the top items. */
status group_names_of_items(comm *c, model *m, gid first, gid count, const lid *group, const real *dist2, lid n_groups,
                            group_names *out);

#endif
