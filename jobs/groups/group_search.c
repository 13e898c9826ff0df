#include "jobs/groups/group_search.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/snapshot/checkpoint.h"
#include "train/groups/choose_number.h"
#include "train/groups/seed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TABLES = 2, BETWEEN = -1 };
static const char KIND[] = "round";

void group_search_forget(const char *dir) {
  checkpoint_remove(dir, KMEANS_AUTO_KIND);
  checkpoint_remove(dir, KIND);
}

/* --- rounds --- */

typedef struct search {
  comm *c;
  const group_settings *t;
  const checkpoint_place *keep;
  journal *j;
  progress bar;
  int k, restart, restarts;
  int step;            /* edges so far, of earlier runs as well */
  real *trial, *best;  /* (G, k) */
  kmeans_result found; /* of the best; its inertia is INFINITY before there is one */
} search;

/* --- what is kept --- */

/* Every rank has all centres; rank 0 writes them. */
static checkpoint checkpoint_of(const search *s, bool to_read, checkpoint_table *tables) {
  int64_t bytes = s->k * (int64_t)sizeof(real);
  gid n = s->t->groups, count = to_read || s->c->rank == 0 ? n : 0;
  tables[0] = (checkpoint_table){"centres", n, 0, count, bytes, bytes, s->trial};
  tables[1] = (checkpoint_table){"best centres", n, 0, count, bytes, bytes, s->best};
  return (checkpoint){.kind = KIND, .key = s->keep->key, .n_tables = TABLES, .tables = tables};
}

/* `rounds` of the current run are done, 0: it has its seeds, BETWEEN: it has not begun. */
static status save(search *s, int rounds, bool finished) {
  checkpoint_table tables[TABLES];
  checkpoint p = checkpoint_of(s, false, tables);
  json_t *best = isfinite(s->found.inertia) ? json_pack("{s:f, s:i, s:b}", "inertia", s->found.inertia, "rounds",
                                                        s->found.rounds, "converged", (int)s->found.converged)
                                            : json_null();
  json_t *state = json_pack("{s:i, s:i, s:i, s:b, s:o}", "restart", s->restart, "of", s->restarts, "rounds", rounds,
                            "finished", (int)finished, "best", best);
  double start = seconds_now();
  status st = checkpoint_write(s->c, s->keep->dir, s->step, state, &p);
  json_decref(state);
  if (st == OK)
    log_debug("checkpoint of the groups in %.3f s", seconds_now() - start);
  return st;
}

/* Takes over a checkpoint's state. Returns false if it is invalid. */
static bool take_state(search *s, const json_t *state, int *rounds, bool *finished) {
  json_t *best = NULL;
  int restart, of, done, ended, best_rounds = 0, converged = 0;
  double inertia = INFINITY;
  if (json_unpack((json_t *)state, "{s:i, s:i, s:i, s:b, s:o}", "restart", &restart, "of", &of, "rounds", &done,
                  "finished", &ended, "best", &best) != 0 ||
      of != s->restarts || restart < 0 || restart > s->restarts || done < BETWEEN || done > s->t->rounds ||
      (restart > 0) == json_is_null(best))
    return false;
  if (restart > 0 && (json_unpack(best, "{s:F, s:i, s:b}", "inertia", &inertia, "rounds", &best_rounds, "converged",
                                  &converged) != 0 ||
                      !isfinite(inertia)))
    return false;
  s->restart = restart;
  s->found = (kmeans_result){best_rounds, converged != 0, inertia};
  *rounds = done;
  *finished = ended != 0;
  return true;
}

/* Takes over what an earlier run kept, if there is anything. */
static status recall(search *s, int *rounds, bool *finished) {
  checkpoint_table tables[TABLES];
  checkpoint p = checkpoint_of(s, true, tables);
  json_t *state = NULL;
  *rounds = BETWEEN;
  if (s->keep->dir == NULL)
    return OK;
  status st = checkpoint_read(s->c, s->keep->dir, CHECKPOINT_STEPS_MAX, &p, &s->step, &state);
  if (st == OK && s->step > 0 && take_state(s, state, rounds, finished)) {
    if (s->restart < s->restarts && *rounds >= 0)
      log_info("resuming after round %d of the groups%s", *rounds, s->restart > 0 ? ", of a further run" : "");
    else if (s->restart < s->restarts)
      log_info("resuming after run %d of %d of the groups", s->restart, s->restarts);
    st = *finished ? OK
                   : comm_agree(s->c, journal_write(s->j, json_pack("{s:s, s:i, s:i}", "event", "resume", "restart",
                                                                    s->restart, "round", *rounds)));
  }
  json_decref(state);
  return st;
}

/* STOPPED, with a checkpoint. */
static status leave(search *s, int rounds) {
  char when[96];
  status st = s->keep->dir != NULL ? save(s, rounds, false) : OK;
  if (st != OK)
    return st;
  if (rounds == 0)
    snprintf(when, sizeof when, "before the rounds of the groups, with a checkpoint");
  else if (rounds > 0)
    snprintf(when, sizeof when, "after round %d of the groups, with a checkpoint", rounds);
  else
    snprintf(when, sizeof when, "after try %d of %d of the groups, with a checkpoint", s->restart, s->restarts);
  return run_clock_stopped(s->keep->dir != NULL ? when : "while members were grouped", s->keep->dir);
}

/* After a step: a checkpoint if one is due, STOPPED with one if time is up. */
static status edge(search *s, int rounds, double seconds) {
  run_clock_choice choice = run_clock_step(s->c, s->keep->clock, ++s->step, seconds);
  if (choice == CLOCK_STOP)
    return leave(s, rounds);
  return choice != CLOCK_CONTINUE && s->keep->dir != NULL ? save(s, rounds, false) : OK;
}

static status watch_round(void *context, const kmeans_round *r) {
  search *s = context;
  if (s->c->rank == 0)
    progress_step(&s->bar, r->round, "inertia %.6g, %lld moved, %.0f %% skipped", r->inertia, (long long)r->moved,
                  100 * r->skipped);
  log_debug("round %d: %.4f s, inertia %.9g, %lld moved, %.1f %% of distances skipped", r->round, r->seconds,
            r->inertia, (long long)r->moved, 100 * r->skipped);
  json_t *line = json_pack("{s:s, s:i, s:f, s:f, s:I, s:f}", "event", "round", "round", r->round, "seconds", r->seconds,
                           "inertia", r->inertia, "moved", (json_int_t)r->moved, "skipped", r->skipped);
  if (s->restarts > 1)
    json_object_set_new(line, "restart", json_integer(s->restart));
  if (r->emptied > 0)
    json_object_set_new(line, "emptied", json_integer(r->emptied));
  status st = comm_agree(s->c, journal_write(s->j, line));
  return st != OK || r->last ? st : edge(s, r->round, r->seconds);
}

/* --- the search --- */

/* Memory for distance bounds: twice that of the points, unless --memory leaves less. */
static int64_t bound_bytes(const group_settings *t, const taste_rows *r) {
  int64_t points = (int64_t)r->n * r->k * (int64_t)sizeof(real), bytes = 2 * points;
  if (bytes < 64 << 20)
    bytes = 64 << 20;
  if (t->memory > 0 && bytes > t->memory - 3 * points)
    bytes = t->memory > 3 * points ? t->memory - 3 * points : 0;
  return bytes;
}

/* More runs if they cost little. Decided by the multiplications of a round, so the number of ranks does not matter. */
static int choose_restarts(const group_settings *t, const taste_rows *r) {
  double work = (double)r->n_all * t->groups * r->k;
  if (t->restarts > 0)
    return t->restarts;
  if (t->groups == 1) /* every run ends at the mean */
    return 1;
  return work <= 1e9 ? 8 : work <= 1e10 ? 3 : 1;
}

/* Later rounds change little in the inertia and much in who is with whom: what they gain is not worth it to people who
 * know their group. It is not lost either: every refresh run continues from there. */
static const double GOING_ON_TOLERANCE = 1e-3;

/* One run from its seeds, or from after `rounds` of it, and whether it is the best so far. label and dist2 [n]. */
static status run_once(search *s, const taste_rows *r, const group_past *past, kmeans_settings *config, int rounds,
                       lid *label, real *dist2) {
  status st = OK;
  kmeans_points points = taste_points(r);
  kmeans_result result;
  const group_settings *t = s->t;
  double start = seconds_now();
  if (rounds == BETWEEN) {
    bool warm = past->table.n_groups == t->groups;
    st = warm ? group_past_seeds(s->c, past, r, t->cosine, s->trial)
              : kmeans_seed(s->c, &points, r->id, t->groups, t->seed, s->restart, s->trial);
    if (st == STOPPED && s->restart > 0) { /* these seeds are drawn again; the tries before them are kept */
      s->step++;
      st = leave(s, BETWEEN);
    }
    TRY(st);
    log_debug("%s in %.3f s", warm ? "seeds from the parent's groups" : "seeds", seconds_now() - start);
    rounds = 0;
    TRY(edge(s, rounds, seconds_now() - start));
  }
  config->done = rounds;
  progress_begin(&s->bar, "rounds", t->rounds);
  st = kmeans_run(s->c, &points, r->id, config, s->trial, label, dist2, &result);
  progress_end(&s->bar);
  TRY(st);
  log_info("%d groups: inertia %.9g after %d rounds%s, %.2f s", t->groups, result.inertia, result.rounds,
           result.converged ? " (nobody moves any more)" : "", seconds_now() - start);
  if (result.inertia < s->found.inertia) {
    s->found = result;
    memcpy(s->best, s->trial, sizeof *s->best * (size_t)((off)t->groups * s->k));
  }
  s->restart++;
  TRY(edge(s, BETWEEN, 0));
done:
  return st;
}

/* From the parent's groups if there are as many; else the best of the runs by inertia, ties to the first. */
status group_search_rounds(comm *c, const group_settings *t, const taste_rows *r, const group_past *past,
                           const checkpoint_place *keep, journal *j, real *centre, group_found *out) {
  status st = OK;
  bool warm = past->table.n_groups == t->groups;
  search s = {.c = c,
              .t = t,
              .keep = keep,
              .j = j,
              .k = r->k,
              .restarts = warm ? 1 : choose_restarts(t, r),
              .best = centre,
              .found = {.inertia = INFINITY}};
  kmeans_settings config = {.groups = t->groups,
                            .rounds = t->rounds,
                            .tolerance = t->tolerance >= 0 ? t->tolerance
                                         : warm            ? GOING_ON_TOLERANCE
                                                           : 0,
                            .unit = t->cosine,
                            .bound_bytes = bound_bytes(t, r),
                            .on_round = watch_round,
                            .context = &s};
  real *dist2 = NULL;
  lid *label = NULL;
  off places = (off)t->groups * r->k;
  int rounds = BETWEEN;
  *out = (group_found){.finished = false};
  memset(centre, 0, sizeof *centre * (size_t)places);
  TRY(MEM_ZALLOC(s.trial, places, "centroids"));
  TRY(MEM_ALLOC(label, r->n, "labels"));
  TRY(MEM_ALLOC(dist2, r->n, "distances"));
done:
  st = comm_agree(c, st);
  run_clock_phase(keep->clock);
  if (st == OK)
    st = recall(&s, &rounds, &out->finished);
  while (st == OK && s.restart < s.restarts) {
    st = run_once(&s, r, past, &config, rounds, label, dist2);
    rounds = BETWEEN;
  }
  out->result = s.found;
  out->step = s.step;
  mem_free(s.trial);
  mem_free(label);
  mem_free(dist2);
  return st;
}

status group_search_finished(comm *c, const group_settings *t, const taste_rows *r, const group_past *past,
                             const checkpoint_place *keep, real *centre, const group_found *found) {
  int restarts = past->table.n_groups == t->groups ? 1 : choose_restarts(t, r);
  search s = {.c = c,
              .t = t,
              .keep = keep,
              .k = r->k,
              .restart = restarts,
              .restarts = restarts,
              .step = found->step + 1,
              .trial = centre,
              .best = centre,
              .found = found->result};
  return keep->dir == NULL ? OK : save(&s, BETWEEN, true);
}
