#include "eval/baseline/item_facts.h"

#include "io/base/mem.h"

#include <string.h>

status facts_reserve(facts *f, off most) {
  status st = OK;
  uint64_t slots = 16;
  while (slots < 2 * (uint64_t)most)
    slots *= 2;
  if (slots > UINT32_MAX)
    return status_fail(NO_MEMORY, "a batch of users has too many distinct items: use more ranks");
  if (most > f->room || f->slot == NULL) {
    facts_free(f);
    TRY(MEM_ALLOC(f->slot, (off)slots, "items of a batch"));
    TRY(MEM_ALLOC(f->fact, most, "items of a batch"));
    TRY(MEM_ALLOC(f->shown, most * FACTS_LISTS, "items of a batch"));
    f->room = most;
    f->mask = (uint32_t)(slots - 1);
  }
  f->n = 0;
  memset(f->slot, 0, ((size_t)f->mask + 1) * sizeof *f->slot);
done:
  if (st != OK)
    facts_free(f);
  return st;
}

void facts_free(facts *f) {
  mem_free(f->slot);
  mem_free(f->fact);
  mem_free(f->shown);
  *f = (facts){0};
}

void item_facts_note(facts *f, lid item, int list) {
  uint32_t at = facts_slot(f, item);
  if (f->slot[at] == 0) {
    memset(f->shown + (off)f->n * FACTS_LISTS, 0, sizeof *f->shown * FACTS_LISTS);
    f->fact[f->n++] = (item_fact){.item = item};
    f->slot[at] = (uint32_t)f->n;
  }
  if (list >= 0)
    f->shown[(off)(f->slot[at] - 1) * FACTS_LISTS + list]++;
}

/* A question to an item's owner: which item, and how often our lists have it. */
typedef struct question {
  lid item;
  int32_t shown[FACTS_LISTS];
} question;

/* Answers questions about our items (rows `first` and on), and counts how often they were shown. */
static void answer(const popular *p, gid first, const lid *model_item, const question *q, off n,
                   int64_t *const shown[FACTS_LISTS], item_fact *out) {
  for (off i = 0; i < n; i++) {
    gid own = q[i].item - first;
    for (int w = 0; w < FACTS_LISTS; w++)
      shown[w][own] += q[i].shown[w];
    out[i] = (item_fact){.mean = p->mean != NULL ? p->mean[own] : 0,
                         .count = p->count[own],
                         .shelf = p->shelf[own],
                         .item = q[i].item,
                         .model_item = model_item != NULL ? model_item[own] : q[i].item};
  }
}

status facts_ask(comm *c, facts *f, const popular *p, const lid *model_item, int64_t *const shown[FACTS_LISTS]) {
  status st = OK;
  question *ask = NULL, *asked = NULL;
  item_fact *known = NULL, *back = NULL;
  lid *place = NULL; /* of each question: index of its item in f->fact */
  off *counts = NULL;
  THEN(MEM_ZALLOC(counts, 3 * (off)c->size, "counts of items"));
  THEN(MEM_ALLOC(ask, f->n, "items of a batch"));
  THEN(MEM_ALLOC(place, f->n, "items of a batch"));
  THEN(MEM_ALLOC(back, f->n, "items of a batch"));
  TRY(comm_agree(c, st));
  off *give = counts, *got = counts + c->size, *next = counts + 2 * c->size;
  for (lid i = 0; i < f->n; i++)
    give[part_owner(&p->owners, f->fact[i].item)]++;
  comm_starts(next, give, c->size);
  for (lid i = 0; i < f->n; i++) {
    off to = next[part_owner(&p->owners, f->fact[i].item)]++;
    ask[to].item = f->fact[i].item;
    memcpy(ask[to].shown, f->shown + (off)i * FACTS_LISTS, sizeof ask[to].shown);
    place[to] = i;
  }
  comm_transpose_i64(c, give, got);
  off n_asked = comm_starts(next, got, c->size);
  THEN(MEM_ALLOC(asked, n_asked, "items of a batch"));
  THEN(MEM_ALLOC(known, n_asked, "items of a batch"));
  TRY(comm_agree(c, st));
  comm_move_rows(c, ask, give, asked, got, sizeof *ask);
  answer(p, p->owners.first[c->rank], model_item, asked, n_asked, shown, known);
  comm_move_rows(c, known, got, back, give, sizeof *known);
  for (lid i = 0; i < f->n; i++)
    f->fact[place[i]] = back[i];
done:
  mem_free(ask);
  mem_free(asked);
  mem_free(known);
  mem_free(back);
  mem_free(place);
  mem_free(counts);
  return st;
}
