#include "train/plan/plan_batches.h"

#include "io/base/mem.h"

status batch_needs_create(batch_needs *n, int ranks) {
  return MEM_ZALLOC(n->need, (off)ranks * 2 * BATCHES_MAX, "the plan's batches");
}

void batch_needs_free(batch_needs *n) {
  mem_free(n->need);
  n->need = NULL;
}

void batch_needs_add(batch_needs *n, int rank, int last, int fine) {
  for (int batches = BATCHES_MAX; batches >= 1; batches /= 2, last = last < 0 ? last : last / 2, fine /= 2) {
    if (last == fine)
      return; /* and in all larger batches */
    ++*batch_need(n, rank, batches, fine);
  }
}

static off csr_before(const void *m, lid r) {
  return ((const csr *)m)->ptr[r];
}

void batches_of_rows(const csr *m, uint8_t *batch) {
  for (int b = 0, at = 0; b < BATCHES_MAX; b++)
    for (lid end = room_share_end(csr_before, m, m->n_rows, b + 1, BATCHES_MAX); at < end; at++)
      batch[at] = (uint8_t)b;
}

status batches_of_items(const part *items, const off *count, const row_set *heavy, uint8_t *batch) {
  for (int r = 0; r < items->size; r++) {
    gid first = items->first[r], n = part_count(items, r);
    csr m;
    status st = csr_alloc(&m, (lid)n, 0, "the plan's batches");
    if (st != OK)
      return st;
    for (gid i = 0; i < n; i++)
      m.ptr[i + 1] = m.ptr[i] + (heavy != NULL && row_set_has(heavy, first + i) ? 0 : count[first + i]);
    batches_of_rows(&m, batch + first);
    csr_free(&m);
  }
  return OK;
}

room_terms batches_terms(const plan_layout *l, const plan_counts *n) {
  return (room_terms){.memory = l->memory,
                      .factors = l->factors,
                      .threads = l->threads,
                      .users = (gid)n->users,
                      .items = (gid)n->items,
                      .user_places = (off)n->user_places,
                      .item_places = (off)n->pairs_by_item,
                      .heavy_reduce_places = (off)n->pairs_spread};
}

/* Most rows that one of a rank's batches needs. */
static lid most_of(const batch_needs *n, int rank, int batches) {
  lid most = 0;
  for (int b = 0; b < batches; b++)
    most = *batch_need(n, rank, batches, b) > most ? *batch_need(n, rank, batches, b) : most;
  return most;
}

/* Places for other ranks' rows: those of odd batches lie behind those of the largest batch. */
static lid places_of(const batch_needs *n, int rank, int batches) {
  lid most = batches > 1 ? most_of(n, rank, batches) : 0, places = 0;
  for (int b = 0; b < batches; b++) {
    lid end = b % 2 * most + *batch_need(n, rank, batches, b);
    places = end > places ? end : places;
  }
  return places;
}

int batches_choose(const plan_layout *l, const batch_needs *n, side s, plan_counts *counts) {
  for (int batches = 1; batches <= BATCHES_MAX; batches *= 2) {
    bool fits = true;
    for (int r = 0; r < l->ranks && fits && l->ranks > 1 && l->memory > 0; r++) {
      room_terms t = batches_terms(l, &counts[r]);
      fits = room_needed(batches, most_of(n, r, batches), l->factors) <= room_left(&t, s, (off)counts[r].user_table);
    }
    if (!fits)
      continue;
    for (int r = 0; r < l->ranks; r++)
      *(s == USERS ? &counts[r].user_table : &counts[r].item_table) = places_of(n, r, batches);
    return batches;
  }
  return 0;
}
