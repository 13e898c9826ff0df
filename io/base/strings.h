/* A table of fixed-width, NUL-padded strings, as ids and titles are stored. */
#ifndef PALATE_IO_BASE_STRINGS_H
#define PALATE_IO_BASE_STRINGS_H

#include "io/base/mem.h"
#include "io/base/status.h"
#include "io/base/types.h"

typedef struct strings {
  off n;
  int width;   /* bytes of the longest string; a string that fills them has no NUL */
  char *bytes; /* (n, width) */
} strings;

/* Allocates n empty strings. NO_MEMORY. Free with strings_free. */
status strings_alloc(strings *s, off n, int width, const char *what);
void strings_free(strings *s);

/* Copies string i to out (`size` bytes), NUL-terminated, cut to fit. Returns out. */
char *strings_get(const strings *s, off i, char *out, size_t size);

/* Returns true if string i is exactly this text. */
bool strings_equal(const strings *s, off i, const char *text);

/* The first row with this text, or -1. Scans all rows: for a lookup or two. */
off strings_find(const strings *s, const char *text);

/* Length of the well-formed UTF-8 sequence in the n > 0 bytes at s, 0 if there is none (RFC 3629: no overlong forms, no
 * surrogates). */
size_t utf8_length(const unsigned char *s, size_t n);

#endif
