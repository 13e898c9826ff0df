/* A snapshot open for questions about one user or item: what the reading commands and libpalate share.
 *
 * Open it in one thread; after that any number of threads may ask. Files that palate wrote are read in place, without a
 * lock and without a call of HDF5; others (repacked, compressed) under one lock of the process (io/hdf5/h5_guard.h).
 * What is derived from the whole file (norms, the Gram matrix of newcomers) is made at the first question that needs
 * it. Everything here is local. */
#ifndef PALATE_EVAL_READER_READER_H
#define PALATE_EVAL_READER_READER_H

#include "io/schema/groups.h"
#include "io/schema/model.h"

/* The number of training pairs with which half of an item's cosine counts in lists of similar items; measured:
 * tests/bench/README.md, "Similar titles". */
#define READER_SUPPORT 5

typedef struct reader reader;

/* A place in a list. */
typedef struct reader_entry {
  lid row; /* of the item */
  double score;
  int match; /* per cent; -1 in lists of similar items */
} reader_entry;

/* --- opening; from one thread --- */

/* Opens the snapshot that a path means (io/snapshot/resolve.h). NO_INPUT, BAD_DATA, IO_FAILED. Free with reader_close.
 */
status reader_open(const char *path, reader **out);
void reader_close(reader *r); /* NULL is accepted; no thread may still ask */

/* Opens the taste groups of the users. OK without doing anything if the snapshot has none. */
status reader_open_groups(reader *r);

/* Opens the dataset that says what users already have: `path`, or if it is NULL the one the model was trained on.
 * *found is false, and nothing is left out of lists, if the latter no longer exists. */
status reader_open_data(reader *r, const char *path, bool *found);

/* --- what is open --- */

const char *reader_dir(const reader *r); /* the snapshot's own folder */
model *reader_model(reader *r);
groups *reader_groups(reader *r); /* NULL: none */
bool reader_has_data(const reader *r);

/* --- names --- */

/* *row of the user with this id, or -1. */
status reader_find_user(reader *r, const char *id, gid *row);

/* *row of the item with this id or, if no id is so, this title (upper and lower case alike). USAGE if there is none
 * (*row is -1; the message names some titles that have the text in them) or several have the title (*row is -2). */
status reader_find_item(reader *r, const char *text, lid *row);

/* The rows of "ID,ID,…", ids or titles; a title may itself have commas in it. At most `most`; ascending, each once.
 * *n is 0 if the text is empty. USAGE as above. */
status reader_find_items(reader *r, const char *text, int most, lid *rows, int *n);

typedef enum reader_text { READER_USER_ID, READER_ITEM_ID, READER_ITEM_TITLE, READER_ITEM_TAGS } reader_text;

/* The text of a row, NUL-terminated and cut to `size` bytes; "" if the model has none. The row must exist. */
status reader_read_text(reader *r, reader_text what, gid row, char *out, size_t size);

/* --- lists: at most `top` entries, best first, ties by lower row; their number in *n --- */

/* Whether nothing was trained on for the user, so that the scores say nothing about them. */
status reader_user_is_blank(reader *r, gid user, bool *blank);

/* The best items for a user, without those the dataset says they have. Same bits as in `recommend --all`. */
status reader_list_user(reader *r, gid user, int top, reader_entry *list, int *n);

/* The best items for someone who chose the items likes[n_likes] once each, or rated them best; without those. May use
 * OpenMP threads. */
status reader_list_likes(reader *r, const lid *likes, int n_likes, int top, reader_entry *list, int *n);

/* The items nearest to an item, by the cosine of their factors times n / (n + support) for the candidate's n training
 * pairs: few pairs say little about an item. By the cosine alone if support is 0, or if the model does not know n (see
 * model_has_pairs). USAGE if nothing was trained on for the item. */
status reader_list_similar(reader *r, lid item, double support, int top, reader_entry *list, int *n);

/* --- groups; only if reader_groups is not NULL --- */

/* The groups of a user, nearest first, (groups_memberships) places each; see io/schema/groups.h. */
status reader_user_groups(reader *r, gid user, lid *group, real *affinity);
/* The label of a group, NUL-terminated and cut to `size` bytes. */
status reader_group_label(reader *r, lid group, char *out, size_t size);
status reader_group_size(reader *r, lid group, int64_t *users);
/* Items the group loves more than others do, best first; -1 where there are no more. */
status reader_group_items(reader *r, lid group, lid items[GROUPS_TOP]);
/* Users from row `from` on whose first group it is: the first `size` of them, ascending. */
status reader_group_users(reader *r, lid group, gid from, gid *users, off size, off *n);

#endif
