#include "io/source/ranges.h"

#include "io/base/disk.h"
#include "io/base/mem.h"
#include "io/source/source.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A packed file is read by one reader from the start; its bytes count about as much as they unpack to. */
enum { PACKED_WEIGHT = 4, REJECT_TEXT = 1024 /* bytes of a rejected line that are kept */ };

/* A rejected line; its text is in the reader's heap. */
typedef struct rejected {
  int source, column;
  off line;
  const char *reason;
  off text;
  size_t n;
} rejected;

/* A byte range of one source. */
typedef struct piece {
  int source;
  off begin, end;
} piece;

/* One thread's share of the sources, and what it found there. */
typedef struct reader {
  text_parser *parser;
  text_counts counts;
  const char *const *paths, *const *files;
  const range_source *sources;
  int64_t *records; /* of each source, of all threads; may be NULL */
  int n_sources;
  double low, high; /* its share of the total weight */
  bad_limit bad;
  rejected *rejected; /* the first of them; their number is in `counts` and n_bad */
  off n_rejected, room_rejected, n_bad;
  char *heap;
  off heap_used, heap_room;
  int first_source, last_source; /* -1: none */
  bool first_cut;                /* the first piece begins in the middle of its source */
  off first_lines, last_lines;   /* lines read of the first and of the last source */
  off lines_before;              /* of the first source, before the line end that its first piece looks for */
  text_place place;              /* position of the first piece among quotes, see text_range */
  text_place after[2];           /* … and of the end of the last one, for both cases */
  progress *shown;
  off shown_before;
  status st;
  char message[STATUS_MESSAGE_MAX];
} reader;

static double weight_of(const range_source *s) {
  return (double)s->bytes * (s->packed != KIND_TEXT ? PACKED_WEIGHT : 1);
}

/* Finds the reader's piece of source i, which begins at weight `before`; false if it has none. */
static bool piece_of(const reader *r, int i, double before, piece *out) {
  const range_source *s = &r->sources[i];
  double weight = weight_of(s), low = r->low - before, high = r->high - before;
  *out = (piece){.source = i};
  if (high <= 0 || low >= weight)
    return false;
  if (s->packed != KIND_TEXT) { /* all of it to the reader that has its first byte */
    out->end = INT64_MAX;
    return low <= 0;
  }
  /* Both readers at a cut round the same number in the same way. */
  out->begin = low > 0 ? (off)low : 0;
  out->end = high < weight ? (off)high : s->bytes;
  return out->end > out->begin;
}

static void add_counts(text_counts *sum, const text_counts *more) {
  sum->lines += more->lines;
  sum->blank += more->blank;
  sum->kept += more->kept;
  sum->rejected += more->rejected;
  for (int i = 0; i < N_UNITS; i++)
    sum->units[i] += more->units[i];
}

/* ---- one thread ---- */

static status keep_rejected(void *context, const text_reject *line) {
  reader *r = context;
  status st = OK;
  /* Stop early; judge() reports the first rejected line once all line numbers are known. */
  bool too_many = ++r->n_bad > r->bad.lines && r->bad.share == 0;
  if (r->n_rejected == REJECTED_LISTED)
    return too_many ? BAD_DATA : OK;
  if (r->n_rejected == r->room_rejected) {
    off room = r->room_rejected > 0 ? 2 * r->room_rejected : 16;
    TRY(MEM_REALLOC(r->rejected, room, "rejected lines"));
    r->room_rejected = room;
  }
  size_t n = line->text.n < REJECT_TEXT ? line->text.n : REJECT_TEXT;
  if (r->heap_used + (off)n > r->heap_room) {
    off room = 2 * r->heap_room + REJECT_TEXT;
    TRY(MEM_REALLOC(r->heap, room, "rejected lines"));
    r->heap_room = room;
  }
  memcpy(r->heap + r->heap_used, line->text.at, n);
  r->rejected[r->n_rejected++] = (rejected){.source = r->last_source,
                                            .line = line->line,
                                            .column = line->column,
                                            .reason = line->reason,
                                            .text = r->heap_used,
                                            .n = n};
  r->heap_used += (off)n;
  if (too_many)
    return BAD_DATA;
done:
  return st;
}

/* Netflix: finds the item of the lines at `begin`: that of the last `item:` line that begins before it. */
static status find_item(source *s, const text_layout *layout, off begin, text_parser *p) {
  enum { STEP = 1 << 16, OVER = ID_MAX + 3 /* a line `item:` may lie across the edge of a step */ };
  status st = OK;
  char *buffer = NULL;
  TRY(mem_alloc(&buffer, STEP + OVER, 1, "text buffer"));
  for (off high = begin; high > layout->skip_bytes && p->item_now_length == 0;) {
    off low = high - STEP > layout->skip_bytes ? high - STEP : layout->skip_bytes;
    size_t n = 0, from = 0;
    s->at = low;
    TRY(source_read(s, buffer, (size_t)(high - low) + OVER, &n));
    for (size_t i = 0; i < n; i++) {
      if (buffer[i] != '\n' && buffer[i] != '\r')
        continue;
      size_t to = i; /* between \r and \n lies an empty line, which is no item */
      /* The first line of a step may be incomplete; the next step, further to the front, has all of it. */
      bool whole = from > 0 || low == layout->skip_bytes;
      if (whole && low + (off)from < begin && to > from + 1 && to - from <= ID_MAX + 1 && buffer[to - 1] == ':' &&
          memchr(buffer + from, ',', to - from) == NULL) {
        p->item_now_length = to - from - 1;
        memcpy(p->item_now, buffer + from, p->item_now_length);
      }
      from = i + 1;
    }
    high = low > layout->skip_bytes ? low + 1 : low; /* so that the next step has the first line of this one */
  }
done:
  mem_free(buffer);
  return st;
}

static status read_piece(reader *r, const piece *range) {
  status st = OK;
  const range_source *about = &r->sources[range->source];
  const text_layout *layout = &about->layout;
  source s = {.fd = -1};
  text_parser p = *r->parser;
  p.layout = layout;
  p.reject = keep_rejected;
  p.context = r;
  if (p.events != NULL)
    p.events->turn = about->turn;
  bool cut = range->begin > layout->skip_bytes;
  if (r->first_source < 0) {
    r->first_source = range->source;
    r->first_cut = cut;
  }
  r->last_source = range->source;
  p.counts.lines = range->begin > 0 ? 0 : layout->skip_lines; /* the header is the first piece's */
  p.items_named = about->items_named;
  p.source_name = r->n_sources > 1 ? r->paths[range->source] : NULL;
  p.lines_before = range->begin == 0 ? 0 : cut ? r->lines_before + 1 : layout->skip_lines;
  off from = text_range_from(layout, range->begin);
  TRY(source_open(r->paths[range->source], r->files[range->source], about->packed, from, &s));
  if (layout->format == TEXT_NETFLIX && cut) {
    TRY(find_item(&s, layout, range->begin, &p));
    s.at = from;
  }
  s.shown = r->shown;
  s.shown_before = r->shown_before - range->begin;
  TRY(text_range(&p, source_read, &s, range->begin, range->end, cut ? r->place : PLACE_START, NULL));
done:
  source_close(&s);
  text_parser_free(&p);
  r->last_lines = p.counts.lines;
  if (r->first_source == range->source)
    r->first_lines = p.counts.lines;
  add_counts(&r->counts, &p.counts);
  if (r->records != NULL) {
#pragma omp atomic
    r->records[range->source] += p.counts.kept + p.counts.rejected;
  }
  return st;
}

/* Reads the reader's pieces; with `places` it does not parse but only finds quotes, see text_range_places. */
static void run_reader(reader *r, bool places) {
  double before = 0;
  piece range;
  status st = OK;
  r->last_source = -1;
  r->after[0] = PLACE_START;
  r->after[1] = PLACE_QUOTED;
  for (int i = 0; i < r->n_sources && st == OK; before += weight_of(&r->sources[i++])) {
    if (text_is_matrix(r->sources[i].layout.format) || !piece_of(r, i, before, &range))
      continue;
    if (places) {
      source s = {.fd = -1};
      r->last_source = i;
      r->first_cut = range.begin > 0;
      r->after[0] = r->after[1] = PLACE_START;
      if (!r->sources[i].layout.quoting || r->sources[i].packed != KIND_TEXT)
        continue;
      st = source_open(r->paths[i], r->files[i], KIND_TEXT, text_range_from(&r->sources[i].layout, range.begin), &s);
      THEN(text_range_places(&r->sources[i].layout, source_read, &s, range.begin, range.end, r->after));
      source_close(&s);
    } else
      st = read_piece(r, &range);
    r->shown_before += r->sources[i].packed != KIND_TEXT ? r->sources[i].bytes : range.end - range.begin;
  }
  r->st = st;
  snprintf(r->message, sizeof r->message, "%s", status_message());
}

static status readers_status(const reader *readers, int n) {
  for (int l = 0; l < n; l++)
    if (readers[l].st != OK)
      return status_fail(readers[l].st, "%s", readers[l].message);
  return OK;
}

/* ---- all threads and ranks together ---- */

static bool any_quoting(const range_source *sources, int n) {
  for (int i = 0; i < n; i++)
    if (sources[i].layout.quoting && sources[i].packed == KIND_TEXT)
      return true;
  return false;
}

/* The position after a reader's pieces, given the one before them. A reader with a source's first byte begins at
 * PLACE_START whatever was before. */
static text_place follow(const reader *r, text_place place) {
  return r->after[r->first_cut && place == PLACE_QUOTED];
}

/* Finds whether each reader's first piece begins inside quotes. Collective; agreed status. */
static status find_places(comm *c, reader *readers, int n_readers) {
  status st = OK;
  int64_t *all = NULL;
#pragma omp parallel for num_threads(n_readers) schedule(static, 1)
  for (int l = 0; l < n_readers; l++)
    run_reader(&readers[l], true);
  st = readers_status(readers, n_readers);
  THEN(MEM_ALLOC(all, c->size, "places"));
  TRY(comm_agree(c, st));
  /* Each rank maps the position before its readers to the one after them; two bits describe that map. */
  text_place both[2] = {PLACE_START, PLACE_QUOTED};
  for (int l = 0; l < n_readers; l++)
    if (readers[l].last_source >= 0)
      for (int k = 0; k < 2; k++)
        both[k] = follow(&readers[l], both[k]);
  comm_gather_i64(c, (both[0] == PLACE_QUOTED) | (both[1] == PLACE_QUOTED) << 1, all);
  text_place place = PLACE_START;
  for (int rank = 0; rank < c->rank; rank++)
    place = (all[rank] >> (place == PLACE_QUOTED) & 1) != 0 ? PLACE_QUOTED : PLACE_START;
  for (int l = 0; l < n_readers; l++)
    if (readers[l].last_source >= 0) {
      readers[l].place = place;
      place = follow(&readers[l], place);
    }
done:
  mem_free(all);
  return st;
}

/* Finds for each reader how many lines of its first source earlier readers have read: before[n_readers]. Collective;
 * agreed status. */
static status earlier_lines(comm *c, const reader *readers, int n_readers, off *before) {
  status st = OK;
  int64_t *sources = NULL, *lines = NULL;
  THEN(MEM_ALLOC(sources, c->size, "lines by rank"));
  THEN(MEM_ALLOC(lines, c->size, "lines by rank"));
  TRY(comm_agree(c, st));
  int last = -1;
  off sum = 0; /* lines read of source `last` by the readers so far */
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 1) {
      comm_gather_i64(c, last, sources);
      comm_gather_i64(c, sum, lines);
      last = -1;
      sum = 0;
      for (int rank = 0; rank < c->rank; rank++) {
        if (sources[rank] < 0)
          continue;
        sum = sources[rank] == last ? sum + lines[rank] : lines[rank];
        last = (int)sources[rank];
      }
    }
    for (int l = 0; l < n_readers; l++) {
      const reader *r = &readers[l];
      before[l] = 0;
      if (r->last_source < 0)
        continue;
      before[l] = r->first_source == last ? sum : 0;
      sum = r->last_source == last ? sum + r->last_lines : r->last_lines;
      last = r->last_source;
    }
  }
done:
  mem_free(sources);
  mem_free(lines);
  return st;
}

/* Turns line numbers counted by readers into line numbers of files: adds the lines of the same source that earlier
 * readers read. Collective; agreed status. */
static status number_lines(comm *c, reader *readers, int n_readers) {
  status st = OK;
  off *before = NULL;
  TRY(comm_agree(c, MEM_ALLOC(before, n_readers, "lines by reader")));
  TRY(earlier_lines(c, readers, n_readers, before));
  for (int l = 0; l < n_readers; l++) {
    reader *r = &readers[l];
    for (off i = 0; i < r->n_rejected && r->rejected[i].source == r->first_source; i++)
      r->rejected[i].line += before[l];
  }
done:
  mem_free(before);
  return st;
}

/* ---- lines that are users: their numbers have to be known before they are read ---- */

static bool any_line_users(const range_source *sources, int n) {
  for (int i = 0; i < n; i++)
    if (text_lines_are_users(&sources[i].layout) && sources[i].packed == KIND_TEXT)
      return true;
  return false;
}

/* Counts the line ends before which the reader's pieces stop. */
static void count_reader_lines(reader *r) {
  double before = 0;
  piece range;
  status st = OK;
  for (int i = 0; i < r->n_sources && st == OK; before += weight_of(&r->sources[i++])) {
    off lines = 0;
    if (text_is_matrix(r->sources[i].layout.format) || !piece_of(r, i, before, &range))
      continue;
    if (text_lines_are_users(&r->sources[i].layout) && r->sources[i].packed == KIND_TEXT) {
      source s = {.fd = -1};
      off from = range.begin > 0 ? range.begin - 1 : 0;
      st = source_open(r->paths[i], r->files[i], KIND_TEXT, from, &s);
      THEN(text_range_lines(source_read, &s, range.end - 1 - from, &lines));
      source_close(&s);
    }
    if (r->first_source < 0)
      r->first_source = i;
    r->last_source = i;
    r->last_lines = lines;
  }
  r->st = st;
  snprintf(r->message, sizeof r->message, "%s", status_message());
}

/* Finds the number of lines before each reader's first piece. Collective; agreed status. */
static status find_lines(comm *c, reader *readers, int n_readers) {
  status st = OK;
  off *before = NULL;
#pragma omp parallel for num_threads(n_readers) schedule(static, 1)
  for (int l = 0; l < n_readers; l++)
    count_reader_lines(&readers[l]);
  st = readers_status(readers, n_readers);
  THEN(MEM_ALLOC(before, n_readers, "lines by reader"));
  TRY(comm_agree(c, st));
  TRY(earlier_lines(c, readers, n_readers, before));
  for (int l = 0; l < n_readers; l++) {
    readers[l].lines_before = before[l];
    readers[l].first_source = readers[l].last_source = -1;
    readers[l].last_lines = 0;
  }
done:
  mem_free(before);
  return st;
}

/* ---- rejected lines ---- */

/* Writes this rank's rejected lines, at most *room of them, and takes them from *room. */
static void list_rejected(FILE *file, const reader *readers, int n_readers, int64_t *room) {
  char safe[4 * REJECT_TEXT + 8];
  for (int l = 0; l < n_readers; l++)
    for (off i = 0; i<readers[l].n_rejected && * room> 0; i++, --*room) {
      const rejected *f = &readers[l].rejected[i];
      fprintf(file, "%s\t%lld\t%d\t%s\t%s\n", readers[l].paths[f->source], (long long)f->line, f->column, f->reason,
              text_printable_bytes(readers[l].heap + f->text, f->n, safe, sizeof safe));
    }
}

/* Writes the first rejected lines of all ranks in the order of the sources: file, line, column, reason, text, separated
 * by tabs; then how many there are beside them. `bad` is their number on all ranks. Collective; agreed status. */
static status write_rejected(comm *c, const reader *readers, int n_readers, const char *path, int64_t bad) {
  status st = OK;
  char part[4096];
  if (snprintf(part, sizeof part, "%s.part", path) >= (int)sizeof part)
    return comm_agree(c, status_fail(USAGE, "the path %s is too long", path));
  int64_t mine = 0;
  for (int l = 0; l < n_readers; l++)
    mine += readers[l].n_rejected;
  int64_t before = comm_before_i64(c, mine), room = REJECTED_LISTED - before;
  TRY(comm_agree(c, c->rank == 0 ? disk_make_parents(path) : OK));
  for (int rank = 0; rank < c->size; rank++) { /* one after another to the same file */
    if (rank == c->rank) {
      FILE *file = fopen(part, rank == 0 ? "we" : "ae");
      if (file == NULL)
        st = status_fail(CANNOT_CREATE, "cannot write the rejected lines to %s", part);
      if (file != NULL && rank == 0)
        fprintf(file, "file\tline\tcolumn\treason\ttext\n");
      if (file != NULL)
        list_rejected(file, readers, n_readers, &room);
      if (file != NULL && rank == c->size - 1 && bad > REJECTED_LISTED)
        fprintf(file, "# %lld further rejected lines are not listed\n", (long long)(bad - REJECTED_LISTED));
      if (file != NULL && (fflush(file) != 0 || ferror(file)))
        st = status_fail(IO_FAILED, "cannot write the rejected lines to %s", part);
      if (file != NULL)
        fclose(file);
    }
    comm_barrier(c);
  }
  if (st == OK && c->rank == 0 && rename(part, path) != 0)
    st = status_fail(CANNOT_CREATE, "cannot write the rejected lines to %s", path);
  st = comm_agree(c, st);
done:
  return st;
}

/* BAD_DATA with the place of the first rejected line of this rank. */
static status too_many_bad(const ranges *what, const reader *r, int64_t bad, int64_t lines) {
  const rejected *f = &r->rejected[0];
  char text[400], remark[200];
  text_printable_bytes(r->heap + f->text, f->n < 80 ? f->n : 80, text, sizeof text);
  if (what->bad.share > 0)
    snprintf(remark, sizeof remark,
             "this is the first of %lld bad lines among %lld, more than the %g %% that --max-bad-lines allows",
             (long long)bad, (long long)lines, 100 * what->bad.share);
  else
    snprintf(remark, sizeof remark, "%s",
             what->bad.lines == 0 ? "--max-bad-lines N skips up to N such lines"
                                  : "this is the first of more bad lines than --max-bad-lines allows");
  return status_fail(BAD_DATA, "%s:%lld:%d: %s, in `%s`; %s", what->paths[f->source], (long long)f->line, f->column,
                     f->reason, text, remark);
}

/* Writes the rejected lines of all ranks to a file, or fails if there are more than allowed. `counts` are this rank's.
 * Collective; agreed. */
static status judge(comm *c, const ranges *what, reader *readers, int n_readers, const text_counts *counts) {
  status st = OK;
  int64_t sums[2] = {0, counts->kept + counts->rejected}; /* rejected lines, lines with anything in them */
  const reader *first = NULL;
  for (int l = 0; l < n_readers; l++) {
    sums[0] += readers[l].n_bad;
    if (first == NULL && readers[l].n_bad > 0)
      first = &readers[l];
  }
  comm_sum_i64(c, sums, 2);
  if (sums[0] == 0)
    return OK;
  TRY(number_lines(c, readers, n_readers));
  if (what->bad.share > 0 ? (double)sums[0] > what->bad.share * (double)sums[1] : sums[0] > what->bad.lines)
    return comm_agree(c, first != NULL ? too_many_bad(what, first, sums[0], sums[1]) : OK); /* the lowest rank's */
  st = write_rejected(c, readers, n_readers, what->rejected, sums[0]);
done:
  return st;
}

status ranges_read(comm *c, const ranges *what, text_parser *parsers, int n_parsers, text_counts *counts) {
  status st = OK;
  reader *readers = NULL;
  progress shown;
  double weight = 0;
  *counts = (text_counts){0};
  int64_t all = n_parsers, before = comm_before_i64(c, n_parsers);
  comm_sum_i64(c, &all, 1);
  for (int i = 0; i < what->n_sources; i++)
    weight += weight_of(&what->sources[i]);
  TRY(comm_agree(c, MEM_ZALLOC(readers, n_parsers, "readers")));
  for (int l = 0; l < n_parsers; l++)
    readers[l] = (reader){.parser = &parsers[l],
                          .paths = what->paths,
                          .files = what->files,
                          .sources = what->sources,
                          .records = what->records,
                          .n_sources = what->n_sources,
                          .low = weight * (double)(before + l) / (double)all,
                          .high = weight * (double)(before + l + 1) / (double)all,
                          .bad = what->bad,
                          .first_source = -1,
                          .last_source = -1};
  if (all > 1 && any_line_users(what->sources, what->n_sources))
    TRY(find_lines(c, readers, n_parsers));
  if (all > 1 && any_quoting(what->sources, what->n_sources))
    TRY(find_places(c, readers, n_parsers));
  progress_begin(&shown, what->label, (off)(readers[0].high - readers[0].low));
  if (c->rank == 0)
    readers[0].shown = &shown;
#pragma omp parallel for num_threads(n_parsers) schedule(static, 1)
  for (int l = 0; l < n_parsers; l++)
    run_reader(&readers[l], false);
  progress_end(&shown);
  for (int l = 0; l < n_parsers; l++) {
    if (readers[l].st == BAD_DATA && readers[l].n_bad > what->bad.lines && what->bad.share == 0)
      readers[l].st = OK; /* judged below, with the others' lines */
    add_counts(counts, &readers[l].counts);
  }
  TRY(comm_agree(c, readers_status(readers, n_parsers)));
  TRY(judge(c, what, readers, n_parsers, counts));
done:
  for (int l = 0; readers != NULL && l < n_parsers; l++) {
    mem_free(readers[l].rejected);
    mem_free(readers[l].heap);
  }
  mem_free(readers);
  return st;
}
