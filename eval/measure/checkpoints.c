/* Measuring that was stopped: the sums so far, how often items were shown, and whose members are in them. */
#include "eval/measure/evaluate_parts.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/checkpoint.h"

#include <stdio.h>
#include <string.h>

enum { TALLIES = 1 + SLICE_KINDS, TABLES = TALLIES + 1 + FACTS_LISTS };

static tally *tally_at(const bench *b, int i) {
  return i == 0 ? b->all : b->slices[i - 1];
}

/* Sums are those of all ranks, and rank 0's to write and to take over; of shown items each rank has its own. `sum` has
 * room for one array behind another, or is NULL: then the tallies' own places are meant. */
static checkpoint checkpoint_of(comm *c, bench *b, int64_t *sum, checkpoint_table *tables) {
  static const char *const SHOWN[FACTS_LISTS] = {"shown by the model", "shown by most popular"};
  gid mine = c->rank == 0;
  for (int i = 0; i < TALLIES; i++) {
    off n;
    int64_t *at = tally_sums(tally_at(b, i), &n);
    tables[i] = (checkpoint_table){i == 0 ? "sums" : "sums of a slice", n, 0, mine * n, 8, 8, sum != NULL ? sum : at};
    sum += sum != NULL ? n : 0;
  }
  tables[TALLIES] = (checkpoint_table){"folded in", 1, 0, mine, 8, 8, sum != NULL ? sum : &b->folded_in};
  for (int w = 0; w < FACTS_LISTS; w++)
    tables[TALLIES + 1 + w] = (checkpoint_table){
        SHOWN[w], b->in->n_items, b->pop.owners.first[c->rank], part_count(&b->pop.owners, c->rank), 8, 8, b->shown[w]};
  return (checkpoint){.kind = EVALUATE_KIND, .key = b->in->keep->key, .n_tables = TABLES, .tables = tables};
}

status evaluate_recall(comm *c, bench *b) {
  const edge_keep *keep = b->in->keep;
  checkpoint_table tables[TABLES];
  json_t *state = NULL;
  status st = OK;
  if (keep == NULL || keep->dir == NULL)
    return OK;
  checkpoint p = checkpoint_of(c, b, NULL, tables);
  TRY(checkpoint_read(c, keep->dir, CHECKPOINT_STEPS_MAX, &p, &b->step, &state));
  if (b->step == 0)
    goto done;
  /* A marker that goes with its shards and makes no sense is nobody's accident: no sum of it may be left. */
  bool read = done_rows_read(json_object_get(state, "done"), b->in->n_users, &b->done, &st);
  if (!read && st == OK)
    st = status_fail(BAD_DATA, "checkpoint %d of %s does not say what is measured: remove %s/checkpoint-%s-*", b->step,
                     keep->dir, keep->dir, EVALUATE_KIND);
  TRY(comm_agree(c, st));
  log_info("going on with the measuring after batch %d", b->step);
done:
  json_decref(state);
  return st;
}

/* Everything up to `at` of this rank's users is measured. */
static status save(comm *c, bench *b, lid at) {
  const edge_keep *keep = b->in->keep;
  checkpoint_table tables[TABLES];
  json_t *state = NULL;
  int64_t *sum = NULL, *firsts = NULL, *counts = NULL, held = 0;
  off n = 0, total = 1;
  double start = seconds_now();
  status st = OK;
  for (int i = 0; i < TALLIES; i++) {
    tally_sums(tally_at(b, i), &n);
    total += n;
  }
  TRY(MEM_ALLOC(sum, total, "sums to keep"));
  TRY(MEM_ALLOC(firsts, c->size, "members that are measured"));
  TRY(MEM_ALLOC(counts, c->size, "members that are measured"));
done:
  st = comm_agree(c, st);
  if (st == OK) {
    for (int i = 0; i < TALLIES; i++, held += n) {
      const int64_t *from = tally_sums(tally_at(b, i), &n);
      memcpy(sum + held, from, sizeof *sum * (size_t)n);
    }
    sum[held] = b->folded_in;
    comm_sum_i64(c, sum, total);
    comm_gather_i64(c, b->in->first_user, firsts);
    comm_gather_i64(c, at, counts);
    for (int r = 0; r < c->size && st == OK; r++)
      st = done_rows_add(&b->done, firsts[r], firsts[r] + counts[r]);
    if (st == OK && (state = json_pack("{s:o}", "done", done_rows_json(&b->done))) == NULL)
      st = status_fail(NO_MEMORY, "no memory for the members that are measured");
    st = comm_agree(c, st);
  }
  if (st == OK) {
    checkpoint p = checkpoint_of(c, b, sum, tables);
    st = checkpoint_write(c, keep->dir, b->step, state, &p);
  }
  if (st == OK)
    log_debug("checkpoint of the measuring in %.3f s", seconds_now() - start);
  json_decref(state);
  mem_free(sum);
  mem_free(firsts);
  mem_free(counts);
  return st;
}

status evaluate_edge(comm *c, bench *b, lid at, double seconds) {
  const edge_keep *keep = b->in->keep;
  char when[96];
  status st = OK;
  b->step++;
  if (keep == NULL)
    return OK;
  edge_choice choice = edge_choose(c, keep->clock, b->step, seconds);
  if (choice != EDGE_GO_ON && keep->dir != NULL)
    st = save(c, b, at);
  snprintf(when, sizeof when, "after batch %d of the members measured, with a checkpoint", b->step);
  if (st == OK && choice == EDGE_STOP)
    st = edge_stopped(keep->dir != NULL ? when : "while members were measured", keep->dir);
  return st;
}
