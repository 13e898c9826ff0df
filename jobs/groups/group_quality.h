/* How good the groups of a snapshot are, beside their inertia: for people and for the journal. */
#ifndef PALATE_JOBS_GROUPS_GROUP_QUALITY_H
#define PALATE_JOBS_GROUPS_GROUP_QUALITY_H

#include "io/snapshot/journal.h"
#include "jobs/groups/taste_rows.h"
#include "train/rows/csr.h"

typedef struct group_judged {
  lid n_groups;
  int m;                /* memberships */
  const lid *group;     /* (count of our rows, m) */
  const real *affinity; /* (count of our rows, m) */
  const int64_t *size;  /* [n_groups] */
  bool unit;            /* cosine */
  bool explicit_loss;   /* of the model: else only pairs above 0 are likes */
  uint64_t seed;
} group_judged;

/* Sizes (Gini), silhouette on a sample, stability between two halves of the members, and, with test pairs
 * (train and test, or both NULL), whether lists of what is popular in a member's groups beat what is popular with
 * everyone. For that the memberships are those of `blind`, which must not have seen the test pairs; it may be g. Logs
 * the figures and writes a line "quality" into the journal. Collective; agreed status. */
status group_quality(comm *c, const taste_rows *r, const group_judged *g, const group_judged *blind, gid n_items,
                     const csr *train, const csr *test, journal *j);

#endif
