#include "io/ingest_read.h"

#include "io/mem.h"
#include "io/source.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

static status look_at(const char *path, const text_wish *wish, range_source *out) {
  status st = OK;
  source_facts facts;
  source s = {.fd = -1};
  char *head = NULL;
  size_t n = 0;
  TRY(source_look(path, &facts));
  out->bytes = facts.bytes;
  out->gzip = facts.gzip;
  TRY(mem_alloc(&head, TEXT_HEAD, 1, "head of a source"));
  TRY(source_open(path, facts.gzip, 0, &s));
  TRY(source_read(&s, head, TEXT_HEAD, &n));
  TRY(text_detect(path, head, n, n < TEXT_HEAD, wish, &out->layout));
done:
  source_close(&s);
  mem_free(head);
  return st;
}

status ingest_look(comm *c, const char *const *paths, int n_paths, const text_wish *wish, range_source **out) {
  status st = MEM_ZALLOC(*out, n_paths, "sources");
  TRY(comm_agree(c, st));
  if (c->rank == 0)
    for (int i = 0; i < n_paths && st == OK; i++)
      st = look_at(paths[i], wish, &(*out)[i]);
  TRY(comm_agree(c, st));
  comm_broadcast(c, *out, (off)n_paths * (off)sizeof **out, 0);
  for (int i = 1; i < n_paths; i++) {
    const text_layout *a = &(*out)[0].layout, *b = &(*out)[i].layout;
    if (a->has_time != b->has_time && a->format != TEXT_H5 && b->format != TEXT_H5)
      TRY(status_fail(USAGE, "%s has times and %s has none: ingest them alike (--time-column)",
                      paths[a->has_time ? 0 : i], paths[a->has_time ? i : 0]));
  }
done:
  if (st != OK) {
    mem_free(*out);
    *out = NULL;
  }
  return st;
}

/* One table of ids for the rank: the first lane's, and what the others have besides. */
static status merge_lanes(ingest_input *in) {
  status st = OK;
  for (int s = 0; s < 2; s++) {
    id_table *all = s == 0 ? &in->users : &in->items;
    for (int l = 0; l < in->n_lanes; l++) {
      ingest_lane *lane = &in->lanes[l];
      id_table *own = s == 0 ? &lane->users : &lane->items;
      uint32_t **row = s == 0 ? &lane->user_row : &lane->item_row;
      if (l == 0)
        *all = *own;
      else {
        char text[ID_MAX];
        TRY(MEM_ALLOC(*row, own->n, "rows of ids"));
        for (uint32_t i = 0; i < own->n; i++) {
          size_t n = id_table_text(own, i, text);
          TRY(id_table_add(all, text, n, &(*row)[i]));
        }
        id_table_free(own);
      }
      *own = (id_table){0};
    }
  }
done:
  return st;
}

status ingest_read(comm *c, const ranges *what, ingest_input *out) {
  status st = OK;
  text_parser *parsers = NULL;
  int n_lanes = omp_get_max_threads();
  *out = (ingest_input){0};
  for (int i = 0; i < what->n_sources; i++) {
    out->has_value |= what->sources[i].layout.has_value;
    out->has_time |= what->sources[i].layout.has_time;
  }
  st = MEM_ZALLOC(parsers, n_lanes, "parsers");
  if (st == OK)
    st = MEM_ZALLOC(out->lanes, n_lanes, "readers");
  if (st == OK)
    out->n_lanes = n_lanes;
  for (int l = 0; l < n_lanes && st == OK; l++) {
    ingest_lane *lane = &out->lanes[l];
    lane->events = (events){.has_value = out->has_value, .has_time = out->has_time};
    st = id_table_create(&lane->users);
    if (st == OK)
      st = id_table_create(&lane->items);
    parsers[l] = (text_parser){.users = &lane->users, .items = &lane->items, .events = &lane->events};
  }
  TRY(comm_agree(c, st));
  TRY(ranges_read(c, what, parsers, n_lanes, &out->counts));
  TRY(comm_agree(c, merge_lanes(out)));
done:
  mem_free(parsers);
  if (st != OK)
    ingest_input_free(out);
  return st;
}

void ingest_input_free(ingest_input *in) {
  for (int l = 0; l < in->n_lanes; l++) {
    ingest_lane *lane = &in->lanes[l];
    id_table_free(&lane->users);
    id_table_free(&lane->items);
    events_free(&lane->events);
    mem_free(lane->user_row);
    mem_free(lane->item_row);
  }
  mem_free(in->lanes);
  id_table_free(&in->users);
  id_table_free(&in->items);
  *in = (ingest_input){0};
}
