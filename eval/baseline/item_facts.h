/* What a batch of users needs to know of items, asked of the items' owners (eval/baseline/popular.h): a rank has memory
 * for the items that its batch meets, and for its own. */
#ifndef PALATE_EVAL_BASELINE_ITEM_FACTS_H
#define PALATE_EVAL_BASELINE_ITEM_FACTS_H

#include "eval/baseline/popular.h"

enum { FACTS_LISTS = 2 };

typedef struct item_fact {
  double mean;   /* of the training values, 0 where they are not asked for */
  int64_t count; /* training pairs */
  int32_t shelf;
  lid item;
  lid told; /* the first model's row of it, as facts_ask was given them, or the item */
} item_fact;

/* The distinct items met: a hash table. */
typedef struct facts {
  lid n;
  off room;
  uint32_t mask, *slot; /* places + 1; 0: free */
  item_fact *fact;      /* [n] */
  int32_t *shown;       /* (n, FACTS_LISTS): how often each list has it */
} facts;

/* Empties the table and makes room for `most` distinct items. NO_MEMORY. Local. Free with facts_free. */
status facts_reserve(facts *f, off most);
void facts_free(facts *f);

/* Notes that an item is met, in a list of that number or (negative) elsewhere. Local. */
void facts_meet(facts *f, lid item, int list);

/* Learns about all items met, and adds to shown[list][our item] how often all ranks' lists have it. model_item[our
 * item] is what `told` becomes (NULL: the item itself). Collective; agreed status. NO_MEMORY. */
status facts_ask(comm *c, facts *f, const popular *p, const lid *model_item, int64_t *const shown[FACTS_LISTS]);

static inline uint32_t facts_slot(const facts *f, lid item) {
  uint32_t at = (uint32_t)item * UINT32_C(0x9e3779b1);
  at ^= at >> 15;
  while (f->slot[at & f->mask] != 0 && f->fact[f->slot[at & f->mask] - 1].item != item)
    at++;
  return at & f->mask;
}

/* Of an item that was met, after facts_ask. Local. */
static inline const item_fact *facts_of(const facts *f, lid item) {
  return &f->fact[f->slot[facts_slot(f, item)] - 1];
}

#endif
