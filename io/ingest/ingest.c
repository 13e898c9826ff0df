#include "io/ingest/ingest.h"
#include "io/schema/dataset_write.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ingest/ingest_log.h"
#include "io/ingest/input_files.h"
#include "io/ingest/move_events.h"
#include "io/ingest/write_dataset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One ingest: what its steps, which ingest_run calls in order, hand to one another. Begin with {0} but for the first
 * three; every step is collective and returns an agreed status. */
typedef struct job {
  comm *c;
  ingest_settings own; /* the settings, with the places of the sources */
  const ingest_settings *s;
  ingest_report *report;
  double clock; /* when the step began */
  base_dataset base;
  ingest_sources sources;
  input_files files;
  source_digests digests;
  ingest_input input;
  numbering users, items;
  gid *user_row, *item_row; /* rows of the input's ids */
  ingest_rows rows;
  gid *first_item; /* [size + 1] the first item of each rank */
  dataset_part part;
} job;

static double lap(job *j) {
  double now = seconds_now(), passed = now - j->clock;
  j->clock = now;
  return passed;
}

/* Finds the layout of every source and whether they go together. */
static status look_at_sources(job *j) {
  status st = OK;
  const ingest_settings *s = j->s;
  TRY(base_open(j->c, s->append, &j->base));
  TRY(ingest_look(j->c, s, &j->sources));
  ingest_log_sources(s, &j->sources);
  for (int i = 0; i < s->n_sources; i++) {
    bool has_time = j->sources.text[i].layout.has_time;
    j->report->bytes += j->sources.text[i].bytes;
    if (j->base.data != NULL && dataset_has_time(j->base.data) != has_time)
      TRY(status_fail(USAGE, "%s has times and %s has none; use the same --time-column for both",
                      has_time ? s->sources[i] : s->append, has_time ? s->append : s->sources[i]));
  }
done:
  return st;
}

static status start_digests(job *j) {
  return comm_agree(j->c, source_digests_start(j->c, &j->digests, j->files.paths, j->files.files, j->files.n));
}

/* Reads this rank's share of the sources; rejected lines go to the file `rejected`. */
static status read_sources(job *j, const char *rejected) {
  status st = OK;
  ingest_report *report = j->report;
  ingest_input *in = &j->input;
  ranges what = {.paths = j->s->sources,
                 .files = j->s->files,
                 .sources = j->sources.text,
                 .n_sources = j->s->n_sources,
                 .bad = j->s->bad_lines,
                 .rejected = rejected,
                 .label = "reading"};
  TRY(ingest_read(j->c, &what, &j->sources, in));
  report->has_value = in->has_value;
  report->has_time = in->has_time;
  int64_t sums[5] = {in->counts.lines, in->counts.blank, in->counts.kept, in->counts.rejected, 0};
  for (int l = 0; l < in->n_lanes; l++)
    sums[4] += in->lanes[l].events.n;
  comm_sum_i64(j->c, sums, 5);
  report->lines = sums[0];
  report->blank = sums[1];
  report->kept = sums[2];
  report->rejected = sums[3];
  report->events = sums[4];
  if (in->has_time)
    ingest_log_times(j->c, &in->counts);
  if (report->rejected == 0 && j->c->rank == 0)
    unlink(rejected); /* of an earlier run: it would be taken for this one's */
  /* A day without events is a day; a dataset without events, or a day of bad lines alone, is a mistake. */
  const char *others = j->s->n_sources > 1 ? " and the other sources" : "";
  if (report->events == 0 && (j->base.data == NULL || report->rejected > 0))
    TRY(status_fail(BAD_DATA, "no events in %s%s", j->s->sources[0], others));
  if (report->events == 0)
    log_info("no events in %s%s: the events of %s stay as they are", j->s->sources[0], others, j->s->append);
  report->seconds_read = lap(j);
done:
  return st;
}

/* Rows for the ids of one side of the input. */
static status number_side(job *j, side side, const id_table *ids, gid *rows, numbering *out) {
  status st = OK;
  strings old = {0};
  gid old_first, n_old;
  TRY(base_ids(j->c, &j->base, side, &old, &old_first, &n_old));
  TRY(numbering_create(j->c, ids, &old, old_first, n_old, rows, out));
done:
  strings_free(&old);
  return st;
}

static status number_ids(job *j) {
  status st = OK;
  ingest_input *in = &j->input;
  THEN(MEM_ALLOC(j->user_row, (off)in->users.n, "rows of users"));
  THEN(MEM_ALLOC(j->item_row, (off)in->items.n, "rows of items"));
  TRY(comm_agree(j->c, st));
  TRY(number_side(j, USERS, &in->users, j->user_row, &j->users));
  TRY(number_side(j, ITEMS, &in->items, j->item_row, &j->items));
  if (j->items.n > INT32_MAX)
    TRY(status_fail(BAD_DATA, "there are %lld items, and a dataset holds at most %d; are the columns right?",
                    (long long)j->items.n, INT32_MAX));
  j->report->users = j->users.n;
  j->report->items = j->items.n;
  j->report->old_users = j->users.n_old;
  j->report->old_items = j->items.n_old;
  j->report->seconds_number = lap(j);
done:
  return st;
}

/* A day that was appended before is told by its events: as another file (packed, or with a line end more) it has
 * another digest. */
static status judge_repeated(const job *j, off new_events) {
  const ingest_settings *s = j->s;
  const char *others = s->n_sources > 1 ? " and the other sources" : "";
  if (new_events == 0 || j->report->already < new_events)
    return OK;
  if (s->refuse_repeated)
    return status_fail(BAD_DATA,
                       "every event of %s%s is already in %s: the same user, item, value%s; leave it out, or append it "
                       "all the same with --if-repeated warn",
                       s->sources[0], others, s->append, j->input.has_time ? " and time" : "");
  log_warn("every event of %s%s is already in %s: the same user, item, value%s; was this day appended before? "
           "--if-repeated refuse stops instead",
           s->sources[0], others, s->append, j->input.has_time ? " and time" : " (without times it may be chance)");
  return OK;
}

static status move_events(job *j) {
  ingest_report *report = j->report;
  dataset *base = j->base.data;
  status st = ingest_move(j->c, &j->input, j->user_row, j->item_row, j->users.n, base, &j->rows);
  if (st != OK)
    return st;
  int64_t sums[4] = {j->rows.repeated, j->rows.already, j->rows.zeros, j->rows.negatives};
  comm_sum_i64(j->c, sums, 4);
  report->repeated = sums[0];
  report->already = sums[1];
  report->zeros = sums[2];
  report->negatives = sums[3];
  st = judge_repeated(j, report->events);
  if (st != OK)
    return st;
  ingest_input_free(&j->input);
  report->old_events = base != NULL ? dataset_events(base) : 0;
  report->events += report->old_events;
  report->seconds_move = lap(j);
  return OK;
}

/* Fills j->part: this rank's part of the dataset. */
static status make_part(job *j) {
  status st = OK;
  comm *c = j->c;
  const ingest_rows *rows = &j->rows;
  TRY(comm_agree(c, MEM_ALLOC(j->first_item, c->size + 1, "ranges of items")));
  even_ranges(j->items.n, c->size, j->first_item);
  j->part = (dataset_part){.n_users = j->users.n,
                           .n_items = j->items.n,
                           .n_events = j->report->events,
                           .first_user = rows->first[c->rank],
                           .user_count = rows->user_count,
                           .first_event = rows->first_event,
                           .indptr = rows->indptr,
                           .item = rows->item,
                           .value = rows->value,
                           .time = rows->time,
                           .first_item = j->first_item[c->rank],
                           .item_count = j->first_item[c->rank + 1] - j->first_item[c->rank]};
  TRY(numbering_ids(c, &j->users, rows->first, &j->part.user_ids));
  TRY(numbering_ids(c, &j->items, j->first_item, &j->part.item_ids));
  const text_layout *events = &j->sources.text[0].layout;
  const char *const events_id[2] = {[USERS] = events->column_name[ROLE_USER], [ITEMS] = events->column_name[ROLE_ITEM]};
  TRY(gather_texts(c, j->s, events_id, &j->base, &j->users, rows->first, &j->items, j->first_item, &j->part,
                   j->report));
done:
  return st;
}

static status write_part(job *j) {
  status st = OK;
  TRY(source_digests_finish(j->c, &j->digests));
  for (int i = 0; i < j->s->n_sources; i++)
    if (!j->sources.text[i].empty) /* all days without events are alike */
      TRY(base_refuse_repeated(&j->base, &j->digests, i));
  j->report->seconds_titles = lap(j);
  TRY(write_dataset(j->c, j->s, &j->base, &j->digests, &j->part));
  j->report->seconds_write = lap(j);
  j->report->memory = mem_peak_resident();
  comm_sum_i64(j->c, &j->report->memory, 1);
done:
  return st;
}

static void free_job(job *j) {
  strings_free(&j->part.user_ids);
  strings_free(&j->part.item_ids);
  strings_free(&j->part.titles);
  strings_free(&j->part.tags);
  strings_free(&j->part.user_names);
  ingest_rows_free(&j->rows);
  numbering_free(&j->users);
  numbering_free(&j->items);
  mem_free(j->user_row);
  mem_free(j->item_row);
  mem_free(j->first_item);
  ingest_input_free(&j->input);
  source_digests_free(&j->digests);
  base_free(&j->base);
  ingest_sources_free(&j->sources);
  input_files_close(j->c, &j->files);
}

status ingest_run(comm *c, const ingest_settings *s, ingest_report *report) {
  status st = OK;
  job j = {.c = c, .own = *s, .s = &j.own, .report = report, .clock = seconds_now()};
  char rejected[4096];
  *report = (ingest_report){0};
  if (snprintf(rejected, sizeof rejected, "%s.rejected", s->output) >= (int)sizeof rejected)
    TRY(status_fail(USAGE, "the path %s is too long", s->output));
  TRY(input_files_open(c, &j.own, s->output, &j.files));
  TRY(look_at_sources(&j));
  TRY(start_digests(&j));
  TRY(read_sources(&j, rejected));
  TRY(number_ids(&j));
  TRY(move_events(&j));
  TRY(make_part(&j));
  TRY(write_part(&j));
done:
  free_job(&j);
  return st;
}
