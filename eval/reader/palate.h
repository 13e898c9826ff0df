/* palate.h: answers from a snapshot of palate in your own program, in milliseconds and without MPI.
 *
 *   palate_snapshot *s;
 *   palate_entry list[10];
 *   int64_t user;
 *   int n;
 *   if (palate_open("snapshots", NULL, &s) != PALATE_OK || palate_find_user(s, "42", &user) != PALATE_OK ||
 *       palate_recommend(s, user, list, 10, &n) != PALATE_OK)
 *     fprintf(stderr, "%s\n", palate_message());
 *
 * Statuses. Every function that can fail returns a palate_status; nothing here prints or ends the process. Outputs are
 * set only if it is PALATE_OK, unless a comment says otherwise.
 *
 * Threads. Open a snapshot in one thread. Then any number of threads may call all functions but palate_close on it at
 * the same time; each call works in the thread that makes it. Files as palate writes them are read in place, without a
 * lock; files that were repacked are read by one thread at a time. The first call that needs something derived from all
 * items (palate_similar: lengths, pairs; palate_recommend_likes: a Gram matrix) makes it while others wait.
 *
 * HDF5. Opening and closing call the HDF5 library under a lock of ours. If your program calls HDF5 from other threads
 * meanwhile, use a thread-safe build of it, such as Debian's.
 *
 * Files. A sealed snapshot never changes; one that was opened may be removed (palate prune), but must not be written to
 * or cut short. To follow new nights, open `latest` again and close the old one when its last reader is done.
 *
 * Rows. Users and items are numbered from 0 as in the snapshot's HDF5 files. A row is good for this snapshot alone. */
#ifndef PALATE_H
#define PALATE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PALATE_API __attribute__((visibility("default")))
#else
#define PALATE_API
#endif

typedef enum palate_status {
  PALATE_OK = 0,
  PALATE_NOT_FOUND = 1,     /* no user or item of this name */
  PALATE_BAD_ARGUMENT = 64, /* a row out of range, a NULL that may not be, a title that several items have, … */
  PALATE_BAD_DATA = 65,     /* a file that is there but is not what it should be */
  PALATE_NO_INPUT = 66,     /* a file that is not there or may not be read */
  PALATE_INTERNAL = 70,     /* a fault of this library */
  PALATE_NO_MEMORY = 71,
  PALATE_IO = 74 /* a damaged file, or a disk that fails */
} palate_status;

/* What went wrong in this thread's last call that failed: a sentence or two, "" if none did. Valid until the next. */
PALATE_API const char *palate_message(void);

/* The version of the library, "0.1.0". */
PALATE_API const char *palate_version(void);

/* --- opening --- */

typedef struct palate_snapshot palate_snapshot;

/* Opens a snapshot: its own folder, a folder of snapshots (then its `latest`, which must be sealed), or a link.
 * `dataset` says what users already have, which is left out of their lists: a path, NULL for the dataset that the model
 * was trained on (if it is no longer there, nothing is left out: see palate_leaves_out), or "" for none.
 * PALATE_NO_INPUT, PALATE_BAD_DATA, PALATE_IO, PALATE_NO_MEMORY. *out is NULL if it fails. Free with palate_close. */
PALATE_API palate_status palate_open(const char *path, const char *dataset, palate_snapshot **out);

/* NULL is accepted. No other thread may be using the snapshot. */
PALATE_API void palate_close(palate_snapshot *snapshot);

/* --- what is in it --- */

PALATE_API int64_t palate_users(const palate_snapshot *snapshot);
PALATE_API int64_t palate_items(const palate_snapshot *snapshot);
PALATE_API int palate_groups(const palate_snapshot *snapshot);      /* taste groups of the users; 0: none */
PALATE_API int palate_memberships(const palate_snapshot *snapshot); /* groups each user is in; 0: none */
PALATE_API int palate_factors(const palate_snapshot *snapshot);
PALATE_API int palate_explicit(const palate_snapshot *snapshot);   /* 1: scores are ratings; 0: preferences */
PALATE_API int palate_leaves_out(const palate_snapshot *snapshot); /* 1: lists leave out what users have; 0: not */
/* The snapshot's own name, "20261122T035221Z-feb4ab52". Valid until palate_close. */
PALATE_API const char *palate_id(const palate_snapshot *snapshot);

/* --- names --- */

/* The row of a user. PALATE_NOT_FOUND. */
PALATE_API palate_status palate_find_user(palate_snapshot *snapshot, const char *id, int64_t *user);

/* The row of the item with this id, or if no id is so, with this title (upper and lower case alike).
 * PALATE_NOT_FOUND (the message names titles that contain the text); PALATE_BAD_ARGUMENT if several have the title. */
PALATE_API palate_status palate_find_item(palate_snapshot *snapshot, const char *id_or_title, int64_t *item);

typedef enum palate_text {
  PALATE_USER_ID = 0,
  PALATE_ITEM_ID = 1,
  PALATE_ITEM_TITLE = 2, /* "" if the model has no titles */
  PALATE_ITEM_TAGS = 3,  /* "Drama|Sport", "" if it has none */
  PALATE_GROUP_LABEL = 4 /* "Noir, Sea: A title / Another title / …" */
} palate_text;

/* The text of a row (for PALATE_GROUP_LABEL: of a group) into buffer[size], NUL-terminated and cut to fit. UTF-8 as the
 * source had it: escape it for where you show it. */
PALATE_API palate_status palate_read_text(palate_snapshot *snapshot, palate_text what, int64_t row, char *buffer,
                                          size_t size);

/* --- lists --- */

/* A place in a list of items, best first, ties by lower row. */
typedef struct palate_entry {
  int64_t item;
  double score;     /* predicted rating or preference; for palate_similar the cosine, shrunk by support */
  int32_t match;    /* the same in per cent, 0 to 100, for people to read; -1 for palate_similar */
  int32_t reserved; /* 0 */
} palate_entry;

/* Each fills at most `size` places of list and sets *count. The lists are those of `palate recommend` and `palate
 * similar`, to the bit. */

/* The best items for a user, without those they have. */
PALATE_API palate_status palate_recommend(palate_snapshot *snapshot, int64_t user, palate_entry *list, int size,
                                          int *count);

/* The best items for someone the model does not know, who likes the items likes[n_likes]; n_likes is at least 1.
 * An item that occurs twice counts once. */
PALATE_API palate_status palate_recommend_likes(palate_snapshot *snapshot, const int64_t *likes, int n_likes,
                                                palate_entry *list, int size, int *count);

/* The items nearest to an item: by the cosine of their factors times n / (n + S) for a candidate's n training pairs,
 * with the default S of `palate similar --support`; by the cosine alone if the model does not know n (written by an
 * older version). PALATE_BAD_ARGUMENT if nothing was trained on for the item. */
PALATE_API palate_status palate_similar(palate_snapshot *snapshot, int64_t item, palate_entry *list, int size,
                                        int *count);

/* --- taste groups: 0 … palate_groups - 1; PALATE_NO_INPUT if the snapshot has none --- */

typedef struct palate_membership {
  int32_t group;
  float affinity; /* share of the user's taste; those of a user sum to 1 */
} palate_membership;

/* The groups of a user, nearest first: at most `size` of them, palate_memberships at most. */
PALATE_API palate_status palate_user_groups(palate_snapshot *snapshot, int64_t user, palate_membership *list, int size,
                                            int *count);

/* How many users have it as their first group. */
PALATE_API palate_status palate_group_size(palate_snapshot *snapshot, int group, int64_t *users);

/* What the group loves more than others do, best first: at most `size` items, 20 at most. */
PALATE_API palate_status palate_group_items(palate_snapshot *snapshot, int group, int64_t *items, int size, int *count);

/* The users whose first group it is, ascending, from row `from` on: at most `size` of them. To go through all, begin
 * with from = 0 and continue after the last one until *count is 0. */
PALATE_API palate_status palate_group_users(palate_snapshot *snapshot, int group, int64_t from, int64_t *users,
                                            int64_t size, int64_t *count);

#ifdef __cplusplus
}
#endif

#endif
