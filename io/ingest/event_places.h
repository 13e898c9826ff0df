/* Where events go. An event's place among its user's is set before it is moved: behind those of the dataset appended
 * to, then in the order of the sources. So it does not matter in which order events arrive, and the order takes no
 * memory of its own. */
#ifndef PALATE_IO_INGEST_EVENT_PLACES_H
#define PALATE_IO_INGEST_EVENT_PLACES_H

#include "io/ranks/comm.h"

/* How many events a rank has of a user; the owner of the user answers with the place of the first of them. */
typedef struct share {
  gid row;
  off count;
} share;

typedef struct shares {
  share *give, *got; /* by owner; by the rank they come from */
  off *n_give, *n_got, n_in;
} shares;

/* Sends counts[i] events of the user in row[i], for i < n_ids, to the user's owner: the rank r with first[r] <= row <
 * first[r + 1]. Ids without events are left out. Collective; agreed status. Free with shares_free. */
status shares_send(comm *c, const off *counts, const gid *row, off n_ids, const gid *first, shares *out);
void shares_free(shares *s);

/* Adds the counts of all ranks to sums[u] of each of our users u. Local. */
void shares_add(const shares *s, gid first_user, off *sums);

/* A route is the owner in the bits above ROUTE_SHIFT, and a place among the owner's events in those below. */
enum { ROUTE_SHIFT = 40 };

/* The owners give each share its places from next[u] on, the ranks' shares one after another, and move next[u] past
 * them. route[i] becomes the route of the first event of id i; routes of ids without events stay. The arguments must be
 * those of shares_send. Collective; agreed status. */
status shares_place(comm *c, shares *s, off *next, const off *counts, const gid *row, off n_ids, const gid *first,
                    uint64_t *route);

#endif
