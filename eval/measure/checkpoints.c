#include "eval/measure/checkpoints.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/checkpoint.h"

#include <stdio.h>
#include <string.h>

enum { TALLIES = 1 + SLICE_KINDS, TABLES = TALLIES + 1 + FACTS_LISTS };

static tally *tally_at(const measurement *m, int i) {
  return i == 0 ? m->all : m->slices[i - 1];
}

/* Sums are those of all ranks: rank 0 writes and reads them. Counts of shown items belong to the items' owners. `sum`
 * holds the sums behind one another; NULL: the tallies' own arrays are meant. */
static checkpoint checkpoint_of(comm *c, measurement *m, int64_t *sum, checkpoint_table *tables) {
  static const char *const SHOWN[FACTS_LISTS] = {"shown by the model", "shown by most popular"};
  gid mine = c->rank == 0;
  for (int i = 0; i < TALLIES; i++) {
    off n;
    int64_t *at = tally_sums(tally_at(m, i), &n);
    tables[i] = (checkpoint_table){i == 0 ? "sums" : "sums of a slice", n, 0, mine * n, 8, 8, sum != NULL ? sum : at};
    sum += sum != NULL ? n : 0;
  }
  tables[TALLIES] = (checkpoint_table){"folded in", 1, 0, mine, 8, 8, sum != NULL ? sum : &m->folded_in};
  for (int w = 0; w < FACTS_LISTS; w++)
    tables[TALLIES + 1 + w] = (checkpoint_table){
        SHOWN[w], m->in->n_items, m->pop.owners.first[c->rank], part_count(&m->pop.owners, c->rank), 8, 8, m->shown[w]};
  return (checkpoint){.kind = EVALUATE_KIND, .key = m->in->keep->key, .n_tables = TABLES, .tables = tables};
}

status evaluate_recall(comm *c, measurement *m) {
  const checkpoint_place *keep = m->in->keep;
  checkpoint_table tables[TABLES];
  json_t *state = NULL;
  status st = OK;
  if (keep == NULL || keep->dir == NULL)
    return OK;
  checkpoint p = checkpoint_of(c, m, NULL, tables);
  TRY(checkpoint_read(c, keep->dir, CHECKPOINT_STEPS_MAX, &p, &m->step, &state));
  if (m->step == 0)
    goto done;
  /* The tallies have been read by now, so a wrong state cannot be ignored: the figures would count users twice. */
  bool read = done_rows_read(json_object_get(state, "done"), m->in->n_users, &m->done, &st);
  if (!read && st == OK)
    st = status_fail(BAD_DATA, "checkpoint %d in %s does not list the measured members: remove %s/checkpoint-%s-*",
                     m->step, keep->dir, keep->dir, EVALUATE_KIND);
  TRY(comm_agree(c, st));
  log_info("resuming the measurement after batch %d", m->step);
done:
  json_decref(state);
  return st;
}

/* The sums of all tallies, then folded_in, summed over ranks. */
static void gather_sums(comm *c, measurement *m, int64_t *sum, off total) {
  off held = 0, n;
  for (int i = 0; i < TALLIES; i++, held += n) {
    const int64_t *from = tally_sums(tally_at(m, i), &n);
    memcpy(sum + held, from, sizeof *sum * (size_t)n);
  }
  sum[held] = m->folded_in;
  comm_sum_i64(c, sum, total);
}

/* Marks all ranks' users before `at` as measured, and writes that as JSON. firsts, counts: [ranks]. Collective; the
 * status is not agreed. */
static status list_measured(comm *c, measurement *m, lid at, int64_t *firsts, int64_t *counts, json_t **state) {
  status st = OK;
  comm_gather_i64(c, m->in->first_user, firsts);
  comm_gather_i64(c, at, counts);
  for (int r = 0; r < c->size; r++)
    TRY(done_rows_add(&m->done, firsts[r], firsts[r] + counts[r]));
  *state = json_pack("{s:o}", "done", done_rows_json(&m->done));
  if (*state == NULL)
    TRY(status_fail(NO_MEMORY, "no memory for the list of measured members"));
done:
  return st;
}

static off count_sums(const measurement *m) {
  off n = 0, total = 1;
  for (int i = 0; i < TALLIES; i++) {
    tally_sums(tally_at(m, i), &n);
    total += n;
  }
  return total;
}

/* Writes a checkpoint with our users before `at` measured. Collective; agreed status. */
static status save(comm *c, measurement *m, lid at) {
  checkpoint_table tables[TABLES];
  json_t *state = NULL;
  off total = count_sums(m);
  int64_t *sum = NULL, *firsts = NULL, *counts = NULL;
  double start = seconds_now();
  status st = OK;
  THEN(MEM_ALLOC(sum, total, "sums of a checkpoint"));
  THEN(MEM_ALLOC(firsts, c->size, "list of measured members"));
  THEN(MEM_ALLOC(counts, c->size, "list of measured members"));
  TRY(comm_agree(c, st));
  gather_sums(c, m, sum, total);
  TRY(comm_agree(c, list_measured(c, m, at, firsts, counts, &state)));
  checkpoint p = checkpoint_of(c, m, sum, tables);
  TRY(checkpoint_write(c, m->in->keep->dir, m->step, state, &p));
  log_debug("wrote a checkpoint of the measurement in %.3f s", seconds_now() - start);
done:
  json_decref(state);
  mem_free(sum);
  mem_free(firsts);
  mem_free(counts);
  return st;
}

status evaluate_edge(comm *c, measurement *m, lid at, double seconds) {
  const checkpoint_place *keep = m->in->keep;
  char when[96];
  status st = OK;
  m->step++;
  if (keep == NULL)
    return OK;
  run_clock_choice choice = run_clock_step(c, keep->clock, m->step, seconds);
  if (choice != CLOCK_CONTINUE && keep->dir != NULL)
    st = save(c, m, at);
  snprintf(when, sizeof when, "after batch %d of the measurement, with a checkpoint", m->step);
  if (st == OK && choice == CLOCK_STOP)
    st = run_clock_stopped(keep->dir != NULL ? when : "during the measurement", keep->dir);
  return st;
}
