/* The best N items of many users: a blocked product fused with masking and selection, exact, in bounded memory.
 *
 * Letters: k length of a vector, m users, n items. Scores are the products of train/math/product.h, so their bits
 * depend on the two vectors alone; the list of a user does not depend on blocks, threads, or the instruction set's
 * tile. Ties go to the lower item row.
 *
 * The items of a block are scanned by falling norm. A score cannot exceed |x| |y|, so a group of users is done once no
 * further item can reach their N-th best (as in LEMP, Teflioudi et al. 2015). The other groups pay for a product and
 * one vector comparison a tile; only scores that reach the N-th best are handled one by one. */
#ifndef PALATE_EVAL_RANK_TOPK_H
#define PALATE_EVAL_RANK_TOPK_H

#include "io/base/status.h"
#include "io/base/types.h"
#include "train/math/isa.h"

/* A block of items, packed. */
typedef struct topk_items topk_items;

/* Copies the vectors y (n, k), whose rows are ldy apart. Vector i belongs to item row[i] and is left out if that is
 * negative; row NULL: it belongs to item first + i. NO_MEMORY. Local. Free with topk_items_free. */
status topk_items_create(isa set, const real *y, lid n, int k, off ldy, const lid *row, lid first, topk_items **out);
void topk_items_free(topk_items *items);

/* The lists of up to max_users users, filled by one block of items after another. */
typedef struct topk topk;

/* `top`: length of a list. NO_MEMORY. Local. Free with topk_free. */
status topk_create(int top, lid max_users, topk **out);
void topk_free(topk *t);

/* Bytes the lists take for each user. */
int64_t topk_user_bytes(int top);

/* Begins empty lists for `users` users, at most max_users. Local. */
void topk_begin(topk *t, lid users);

/* Offers a block of items to the users' lists; x (users, k), rows ldx apart. User u never gets the items
 * seen[seen_from[u]] … seen[seen_to[u]-1]; seen NULL: nothing is left out. OpenMP threads; the result does not depend
 * on their number. NO_MEMORY. Local. */
status topk_scan(topk *t, const topk_items *items, const real *x, off ldx, const off *seen_from, const off *seen_to,
                 const lid *seen);

/* Sorts the lists, best first. After the last block. Local. */
void topk_finish(topk *t);

/* User u's list: its length, at most `top` (less if there were fewer items), and entry r. After topk_finish. Local. */
lid topk_count(const topk *t, lid u);
lid topk_item(const topk *t, lid u, lid r);
real topk_score(const topk *t, lid u, lid r);

/* Share of user-item products that the bound made unnecessary so far, from 0 to 1. Local. */
double topk_skipped(const topk *t);

#endif
