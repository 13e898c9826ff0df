/* Facts of items (count, mean, shelf) for a batch of users, looked up at the items' owners (eval/baseline/popular.h). A
 * rank needs memory for the items of its batch and for the items it owns, not for all. */
#ifndef PALATE_EVAL_BASELINE_ITEM_FACTS_H
#define PALATE_EVAL_BASELINE_ITEM_FACTS_H

#include "eval/baseline/popular.h"

enum { FACTS_LISTS = 2 };

typedef struct item_fact {
  double mean;   /* of the training values; 0 unless popular has means */
  int64_t count; /* training pairs */
  int32_t shelf;
  lid item;
  lid model_item; /* the item's entry of facts_ask's model_item, or the item itself if that is NULL */
} item_fact;

/* The distinct items of a batch: a hash table. */
typedef struct facts {
  lid n;
  off room;
  uint32_t mask, *slot; /* [mask + 1]: index in fact + 1; 0: free */
  item_fact *fact;      /* [n] */
  int32_t *shown;       /* (n, FACTS_LISTS): how often the item was noted for each list */
} facts;

/* Empties the table and makes room for `most` distinct items. NO_MEMORY, and the table is freed. Local. Free with
 * facts_free. */
status facts_reserve(facts *f, off most);
void facts_free(facts *f);

/* Notes an item whose facts are wanted; list: which list it is in, negative: none. Local. */
void item_facts_note(facts *f, lid item, int list);

/* Looks up the facts of all noted items, and adds to shown[list][our item] how often all ranks' lists have it.
 * model_item[our item]: see item_fact.model_item; may be NULL. Collective; agreed status. NO_MEMORY. */
status facts_ask(comm *c, facts *f, const popular *p, const lid *model_item, int64_t *const shown[FACTS_LISTS]);

static inline uint32_t facts_slot(const facts *f, lid item) {
  uint32_t at = (uint32_t)item * UINT32_C(0x9e3779b1);
  at ^= at >> 15;
  while (f->slot[at & f->mask] != 0 && f->fact[f->slot[at & f->mask] - 1].item != item)
    at++;
  return at & f->mask;
}

/* Facts of a noted item, after facts_ask. Local. */
static inline const item_fact *facts_of(const facts *f, lid item) {
  return &f->fact[f->slot[facts_slot(f, item)] - 1];
}

#endif
