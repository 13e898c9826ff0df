/* The list of one member or newcomer, as text or JSON on standard output. All local. */
#ifndef PALATE_JOBS_SHOW_MEMBER_LIST_H
#define PALATE_JOBS_SHOW_MEMBER_LIST_H

#include "io/snapshot/snapshot.h"

/* Reads a member's factors x [k], and the constant of its scores: the model's mean and the member's bias. Warns if
 * nothing was trained on for the member. */
status member_read(model *m, gid row, real *x, double *constant);

/* Logs the taste groups of a member; nothing if the snapshot has no groups. */
status member_log_tastes(const char *dir, const char *id, gid row);

/* score[i] for all items: constant + x · y_i + the item's bias. *strongest becomes the strongest preference x · y_i
 * among the items of `has`. NO_MEMORY, or as reading factors fails. */
status member_scores(model *m, const real *x, double constant, const lid *has, off n_has, real *score,
                     double *strongest);

/* Who a list is for: key is "user" or "likes", text what was given for it. */
typedef struct list_reader {
  const char *key, *text;
  bool json;
} list_reader;

/* Prints the best `top` items by score without those of skip, which is sorted here. `strongest` is of member_scores. */
status member_list_show(model *m, const real *score, double strongest, lid *skip, off n_skip, int top,
                        const list_reader *reader);

#endif
