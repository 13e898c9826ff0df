#include "io/ingest/read_events.h"

#include "io/base/mem.h"
#include "io/source/source.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

/* Whether a text whose first n bytes are `head` has only blank lines behind what its layout skips. */
static bool is_empty(const text_layout *l, const char *head, size_t n, bool whole) {
  size_t i = l->skip_bytes < (off)n ? (size_t)l->skip_bytes : n;
  while (i < n && strchr(" \t\r\n", head[i]) != NULL && head[i] != '\0')
    i++;
  return whole && i == n && !text_is_matrix(l->format);
}

/* An option that no source takes would change nothing, without a word. */
static status refuse_unused(const ingest_settings *s, const ingest_sources *sources) {
  bool h5 = false, matrix = false;
  for (int i = 0; i < sources->n; i++) {
    text_format format = sources->text[i].layout.format;
    h5 |= format == TEXT_H5;
    matrix |= text_is_matrix(format) || format == TEXT_MTX;
  }
  if (s->group != NULL && !h5)
    return status_fail(USAGE, "--group is for HDF5 sources, and there is none");
  if (s->rows != 0 && !matrix)
    return status_fail(USAGE, "--rows is for matrices (HDF5, npz, MatrixMarket), and there is none");
  return OK;
}

/* Finds the layouts of all sources. Local. */
static status find_layouts(const ingest_settings *s, ingest_sources *out) {
  status st = OK;
  char *head = NULL;
  TRY(mem_alloc(&head, TEXT_HEAD_MOST, 1, "head of a source"));
  for (int i = 0; i < out->n; i++) {
    source_facts facts;
    size_t n;
    TRY(source_head(s->sources[i], s->files[i], &facts, head, TEXT_HEAD, &n));
    out->text[i].bytes = facts.bytes;
    out->text[i].packed = facts.packed;
    if (facts.kind == KIND_NPZ && facts.packed == KIND_TEXT) {
      out->text[i].layout = (text_layout){.format = TEXT_NPZ};
      continue;
    }
    if (s->wish.format == TEXT_NPZ)
      TRY(status_fail(BAD_DATA, "%s is not a .npz of NumPy", s->sources[i]));
    TRY(source_refuse(s->sources[i], &facts, true));
    st = text_detect(s->sources[i], head, n, n < TEXT_HEAD, &s->wish, &out->text[i].layout);
    bool whole = n < TEXT_HEAD;
    if (st != OK && !whole) { /* more lines may tell more: which number of a date is the day */
      TRY(source_head(s->sources[i], s->files[i], &facts, head, TEXT_HEAD_MOST, &n));
      whole = n < TEXT_HEAD_MOST;
      st = text_detect(s->sources[i], head, n, whole, &s->wish, &out->text[i].layout);
    }
    TRY(st);
    out->text[i].empty = is_empty(&out->text[i].layout, head, n, whole);
  }
  TRY(refuse_unused(s, out));
done:
  mem_free(head);
  return st;
}

/* Gives every rank the names of the items of matrices in text; rank 0 reads them. Collective; agreed status. */
static status share_names(comm *c, const ingest_settings *s, ingest_sources *out) {
  status st = OK;
  TRY(comm_agree(c, MEM_ZALLOC(out->headers, out->n, "sources")));
  TRY(comm_agree(c, MEM_ZALLOC(out->names, out->n, "sources")));
  for (int i = 0; i < out->n; i++) {
    const text_layout *l = &out->text[i].layout;
    out->text[i].items_named = NULL;
    if (l->format != TEXT_MATRIX || l->matrix_header < 0)
      continue;
    off n = l->skip_bytes;
    THEN(mem_alloc(&out->headers[i], n, 1, "names of items"));
    if (c->rank == 0) {
      source_facts facts;
      size_t got = 0;
      THEN(source_head(s->sources[i], s->files[i], &facts, out->headers[i], (size_t)n, &got));
      if (st == OK && got < (size_t)n)
        st = status_fail(IO_FAILED, "%s changes while it is read", s->sources[i]);
    }
    TRY(comm_agree(c, st));
    comm_broadcast(c, out->headers[i], n, 0);
    TRY(comm_agree(
        c, text_matrix_names(l, out->headers[i] + l->matrix_header, (size_t)(n - l->matrix_header), &out->names[i])));
    out->text[i].items_named = out->names[i];
  }
done:
  return st;
}

/* Lines that are users have numbers for ids: those of another file would be other users. */
static status refuse_line_users(const ingest_settings *s, const ingest_sources *sources) {
  for (int i = 0; i < sources->n && s->append != NULL; i++)
    if (text_lines_are_users(&sources->text[i].layout))
      return status_fail(
          USAGE,
          "the users of %s are its lines, which have only numbers, so it cannot be appended: those of %s "
          "may have the same; give --user-column, or read all files at once",
          s->sources[i], s->append);
  return OK;
}

/* Finds the matrices among the sources. Local. */
static status find_matrices(const ingest_settings *s, ingest_sources *out) {
  const char *time = s->wish.column[ROLE_TIME];
  const matrix_wish wish = {.group = s->group, .rows = s->rows, .no_time = time != NULL};
  for (int i = 0, k = 0; i < out->n; i++) {
    text_format format = out->text[i].layout.format;
    if (!text_is_matrix(format))
      continue;
    if (s->wish.column[ROLE_USER] != NULL || s->wish.column[ROLE_ITEM] != NULL || s->wish.column[ROLE_VALUE] != NULL ||
        (time != NULL && strcmp(time, "none") != 0))
      return status_fail(USAGE, "%s is a matrix and has no columns to choose; only --time-column none is allowed",
                         s->sources[i]);
    status st = matrix_find(s->files[i], format == TEXT_NPZ, &wish, &out->matrices[k]);
    if (st != OK)
      return st;
    out->text[i].layout.has_value = true;
    out->text[i].layout.has_time = out->matrices[k++].has_time;
  }
  return OK;
}

status ingest_look(comm *c, const ingest_settings *s, ingest_sources *out) {
  status st = OK;
  *out = (ingest_sources){.n = s->n_sources};
  TRY(comm_agree(c, MEM_ZALLOC(out->text, out->n, "sources")));
  if (c->rank == 0)
    st = find_layouts(s, out);
  TRY(comm_agree(c, st));
  comm_broadcast(c, out->text, (off)out->n * (off)sizeof *out->text, 0);
  TRY(refuse_line_users(s, out));
  for (int i = 0; i < out->n; i++)
    out->n_matrices += text_is_matrix(out->text[i].layout.format);
  if (out->n_matrices > 0) {
    st = MEM_ZALLOC(out->matrices, out->n_matrices, "sources");
    if (st == OK && c->rank == 0)
      st = find_matrices(s, out);
    TRY(comm_agree(c, st));
    comm_broadcast(c, out->text, (off)out->n * (off)sizeof *out->text, 0);
    comm_broadcast(c, out->matrices, (off)out->n_matrices * (off)sizeof *out->matrices, 0);
  }
  /* Each rank reads a range of all text, but a slab of each matrix. */
  for (int i = 1; i < out->n; i++)
    out->text[i].turn = out->text[i - 1].turn +
                        (text_is_matrix(out->text[i].layout.format) || text_is_matrix(out->text[i - 1].layout.format));
  TRY(share_names(c, s, out));
  for (int i = 1; i < out->n; i++) {
    bool a = out->text[0].layout.has_time, b = out->text[i].layout.has_time;
    if (a != b)
      TRY(status_fail(USAGE, "%s has times and %s has none; use the same --time-column for both", s->sources[a ? 0 : i],
                      s->sources[a ? i : 0]));
  }
done:
  if (st != OK)
    ingest_sources_free(out);
  return st;
}

void ingest_sources_free(ingest_sources *sources) {
  for (int i = 0; i < sources->n; i++) {
    if (sources->headers != NULL)
      mem_free(sources->headers[i]);
    if (sources->names != NULL)
      mem_free(sources->names[i]);
  }
  mem_free(sources->headers);
  mem_free(sources->names);
  mem_free(sources->text);
  mem_free(sources->matrices);
  *sources = (ingest_sources){0};
}

/* Merges the lanes' id tables into one for the rank: the first lane's, extended by the others' ids. */
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

/* Makes empty lanes: one for each of n_threads parsers, then one for each matrix. Local. */
static status make_lanes(ingest_input *in, text_parser *parsers, int n_threads, int n_matrices) {
  status st = OK;
  TRY(MEM_ZALLOC(in->lanes, n_threads + n_matrices, "readers"));
  in->n_lanes = n_threads + n_matrices;
  for (int l = 0; l < in->n_lanes; l++) {
    ingest_lane *lane = &in->lanes[l];
    lane->events = (events){.has_value = in->has_value, .has_time = in->has_time};
    TRY(id_table_create(&lane->users));
    TRY(id_table_create(&lane->items));
    if (l < n_threads)
      parsers[l] = (text_parser){.users = &lane->users, .items = &lane->items, .events = &lane->events};
  }
done:
  return st;
}

/* Reads this rank's share of the matrices into the lanes from `lane` on. Local. */
static status read_matrices(const comm *c, const ranges *what, const ingest_sources *sources, ingest_lane *lane,
                            text_counts *counts) {
  status st = OK;
  const matrix *next = sources->matrices;
  for (int i = 0; i < what->n_sources; i++) {
    if (!text_is_matrix(what->sources[i].layout.format))
      continue;
    lane->events.turn = what->sources[i].turn;
    TRY(matrix_read(c, what->files[i], next++, &lane->users, &lane->items, &lane->events));
    counts->kept += lane->events.n;
    counts->lines += lane->events.n;
    lane++;
  }
done:
  return st;
}

/* A MatrixMarket file says how many entries it has: fewer are a file cut short. Collective; agreed status. */
static status check_entries(comm *c, const ranges *what) {
  comm_sum_i64(c, what->records, what->n_sources);
  for (int i = 0; i < what->n_sources; i++) {
    const text_layout *l = &what->sources[i].layout;
    if (l->format == TEXT_MTX && what->records[i] != l->entries)
      return status_fail(
          BAD_DATA,
          "%s: its header announces %lld entries, but there are %lld: the file was cut short or changed; "
          "fetch it again, or correct the third number of its line of sizes",
          what->paths[i], (long long)l->entries, (long long)what->records[i]);
  }
  return OK;
}

status ingest_read(comm *c, const ranges *what, const ingest_sources *sources, ingest_input *out) {
  status st = OK;
  text_parser *parsers = NULL;
  int n_threads = omp_get_max_threads();
  ranges counted = *what;
  bool announced = false;
  *out = (ingest_input){0};
  for (int i = 0; i < what->n_sources; i++) {
    announced |= what->sources[i].layout.format == TEXT_MTX;
    out->has_value |= what->sources[i].layout.has_value;
    out->has_time |= what->sources[i].layout.has_time;
  }
  THEN(MEM_ZALLOC(parsers, n_threads, "parsers"));
  THEN(make_lanes(out, parsers, n_threads, sources->n_matrices));
  if (announced)
    THEN(MEM_ZALLOC(counted.records, what->n_sources, "numbers of entries"));
  TRY(comm_agree(c, st));
  TRY(ranges_read(c, &counted, parsers, n_threads, &out->counts));
  if (announced)
    TRY(check_entries(c, &counted));
  TRY(comm_agree(c, read_matrices(c, what, sources, out->lanes + n_threads, &out->counts)));
  TRY(comm_agree(c, merge_lanes(out)));
done:
  mem_free(counted.records);
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
