/* Labels of groups: each rank finds loved items and tags among its items and sends them to the group's rank, which
 * writes the label; rank 0 gathers the labels of all groups. */
#ifndef PALATE_JOBS_GROUPS_GROUP_LABELS_H
#define PALATE_JOBS_GROUPS_GROUP_LABELS_H

#include "io/schema/groups.h"
#include "jobs/groups/item_tags.h"
#include "train/groups/lift.h"

/* Names of all groups, on rank 0. */
typedef struct group_names {
  lid n_groups;
  lid *top_items; /* (n_groups, GROUPS_TOP), -1: no more */
  strings labels; /* [n_groups] */
} group_names;

void group_names_free(group_names *g);

/* A label has at most LABEL_MAX - 1 bytes, LABEL_TAGS tags and LABEL_TITLES titles. */
enum { LABEL_MAX = 240, LABEL_TITLES = 3, LABEL_TAGS = 2 };

/* Adds " / title" of an item (its id if it has no title) to a label of LABEL_MAX bytes. Local. */
status label_add_title(model *m, lid item, char *label);

typedef struct group_naming {
  comm *c;
  model *m;
  item_tags tags;
  double *tag_here, *tag_all; /* [n_words]: pairs with a tag, in the group under way and in all */
  double tag_pairs_all;       /* Σ tag_all */
  bool has_titles;
  /* Found since the last labels_merge, by group. */
  struct found_item *item;
  struct found_tag *tag;
  off n_items, items_room, n_tags, tags_room;
  /* Groups that are named. */
  struct named_group *list;
  off n, room;
} group_naming;

/* Collective; agreed status. Free with naming_free. */
status naming_begin(comm *c, model *m, group_naming *out);
void naming_free(group_naming *w);

/* Sets what tags are compared with: weight[i] of our i-th item (NULL: 1 each). Whole numbers. Collective. */
void naming_background(group_naming *w, const off *weight);

/* The most loved of our items in a group, best first (at most GROUPS_TOP), and the tags in tag_here. A rank names
 * each group once, in ascending order. Local. */
status labels_offer(group_naming *w, lid group, const lifted *best, int n);

/* Names groups first … last-1 from what all ranks found. Collective; agreed status. */
status labels_merge(group_naming *w, lid first, lid last);

/* Names a group from its loved items alone, of any rank; tag_here gets their tags. Local. */
status naming_alone(group_naming *w, lid group, const lifted *best, int n);

/* Gathers all names on rank 0. Collective; agreed status. */
status labels_gather(group_naming *w, lid n_groups, group_names *out);

#endif
