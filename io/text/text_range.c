/* Parses one byte range of a source, in buffers of bounded size. */
#include "io/base/mem.h"
#include "io/text/text.h"

#include <string.h>

/* The buffer and what is parsed from it fit in the second-level cache; a short range gets a smaller one. */
enum { BUFFER = 1 << 20, BEYOND = 1 << 12 /* for the end of the last line */ };

static size_t room_for(off begin, off end) {
  return end - begin < BUFFER - BEYOND ? (size_t)(end - begin) + BEYOND : BUFFER;
}

off text_range_from(const text_layout *layout, off begin) {
  return begin > layout->skip_bytes ? begin - 1 : layout->skip_bytes;
}

/* Reads until the buffer is full or the source ends. */
static status fill(text_read *read, void *source, char *buffer, size_t room, size_t *have, bool *last) {
  status st = OK;
  while (st == OK && *have < room && !*last) {
    size_t got = 0;
    st = read(source, buffer + *have, room - *have, &got);
    *last = got < room - *have;
    *have += got;
  }
  return st;
}

/* Whether a \n belongs to a \r in the last byte is not known before the next read. */
static size_t known_bytes(const char *buffer, size_t have, bool last) {
  return !last && have > 0 && buffer[have - 1] == '\r' ? have - 1 : have;
}

/* Drops the line that begins before the range; *have and *at then describe the bytes after it. */
static status first_line(text_read *read, void *source, char *buffer, size_t room, size_t *have, off *at, bool *last) {
  for (;;) {
    status st = fill(read, source, buffer, room, have, last);
    if (st != OK)
      return st;
    size_t known = known_bytes(buffer, *have, *last);
    const char *stop = text_line_end(buffer, buffer + known);
    size_t gone = stop != NULL ? (size_t)(stop - buffer) : known;
    memmove(buffer, buffer + gone, *have - gone);
    *have -= gone;
    *at += (off)gone;
    if (stop != NULL || *last)
      return OK;
  }
}

status text_range(text_parser *p, text_read *read, void *source, off begin, off end, text_place place, off *passed) {
  status st = OK;
  char *buffer = NULL;
  off at = text_range_from(p->layout, begin); /* of buffer[0] within the source */
  size_t room = at < end ? room_for(at, end) : 0, have = 0;
  bool last = false;
  if (at >= end)
    return OK;
  TRY(mem_alloc(&buffer, (off)room + 1, 1, "text buffer"));
  if (at < begin) {
    TRY(first_line(read, source, buffer, room, &have, &at, &last));
    p->skipping = p->foreign = place == PLACE_QUOTED;
    p->place = place;
  }
  while (at < end) {
    size_t consumed = 0;
    TRY(fill(read, source, buffer, room, &have, &last));
    TRY(text_parse(p, buffer, have, end - at < (off)have ? (size_t)(end - at) : have, last, &consumed));
    memmove(buffer, buffer + consumed, have - consumed);
    have -= consumed;
    at += (off)consumed;
    if (passed != NULL)
      *passed = at - begin;
    if (last && (have == 0 || consumed == 0))
      break;
    if (consumed == 0 && have == room) { /* a record longer than the buffer; bounded by the parser's line limit */
      TRY(mem_realloc(&buffer, (off)room * 2 + 1, 1, "text buffer"));
      room *= 2;
    }
  }
  while (p->skipping && !p->foreign && !last) { /* an overlong record that began here may end after the range */
    size_t consumed = 0;
    TRY(fill(read, source, buffer, room, &have, &last));
    TRY(text_parse(p, buffer, have, 0, last, &consumed));
    memmove(buffer, buffer + consumed, have - consumed);
    have -= consumed;
  }
done:
  p->skipping = p->foreign = false;
  mem_free(buffer);
  return st;
}

status text_range_lines(text_read *read, void *source, off n, off *lines) {
  status st = OK;
  char *buffer = NULL;
  *lines = 0;
  if (n <= 0)
    return OK;
  size_t room = room_for(0, n), have = 0;
  TRY(mem_alloc(&buffer, (off)room, 1, "text buffer"));
  for (off done_bytes = 0; done_bytes < n;) {
    size_t want = n + 1 - done_bytes < (off)room ? (size_t)(n + 1 - done_bytes) : room, got = 0;
    TRY(read(source, buffer + have, want - have, &got));
    bool end = got < want - have;
    have += got;
    /* The last byte is looked at with the one behind it: a \r before a \n is not a line end. */
    size_t known = end ? have : have - 1;
    for (size_t i = 0; i < known && done_bytes + (off)i < n; i++)
      *lines += buffer[i] == '\n' || (buffer[i] == '\r' && (i + 1 == have || buffer[i + 1] != '\n'));
    done_bytes += (off)known;
    buffer[0] = have > known ? buffer[known] : '\0';
    have -= known;
    if (end)
      break;
  }
done:
  mem_free(buffer);
  return st;
}

status text_range_places(const text_layout *layout, text_read *read, void *source, off begin, off end,
                         text_place after[2]) {
  status st = OK;
  char *buffer = NULL;
  size_t have = 0;
  off at = text_range_from(layout, begin);
  size_t room = at < end ? room_for(at, end) : 0;
  bool last = false;
  after[0] = PLACE_START;
  after[1] = PLACE_QUOTED;
  TRY(mem_alloc(&buffer, (off)room, 1, "text buffer"));
  if (at < begin)
    TRY(first_line(read, source, buffer, room, &have, &at, &last));
  /* Up to the first line end at or after end - 1, where the next range starts. */
  for (bool done_here = at >= end; !done_here;) {
    TRY(fill(read, source, buffer, room, &have, &last));
    const char *stop = NULL;
    size_t known = known_bytes(buffer, have, last);
    if (at + (off)known >= end) {
      off from = end - 1 > at ? end - 1 - at : 0;
      stop = text_line_end(buffer + from, buffer + known);
    }
    size_t n = stop != NULL ? (size_t)(stop - buffer) : known;
    /* Usually there is none; then the last byte decides. */
    bool any = n == 0 || layout->backslash || memchr(buffer, '"', n) != NULL;
    for (int i = 0; i < 2; i++)
      if (any || after[i] == PLACE_QUOTE)
        text_scan(layout, buffer, buffer + n, &after[i], false);
      else if (after[i] != PLACE_QUOTED)
        after[i] = buffer[n - 1] == '\n' || buffer[n - 1] == '\r' || buffer[n - 1] == layout->separator[0]
                       ? PLACE_START
                       : PLACE_PLAIN;
    at += (off)n;
    done_here = stop != NULL || last;
    memmove(buffer, buffer + n, have - n);
    have -= n;
  }
done:
  mem_free(buffer);
  return st;
}
