#include "io/base/strings.h"

#include <string.h>

status strings_alloc(strings *s, off n, int width, const char *what) {
  *s = (strings){.n = n, .width = width};
  off bytes;
  if (__builtin_mul_overflow(n, (off)width, &bytes))
    return status_fail(NO_MEMORY, "the size of %s overflows", what);
  return MEM_ZALLOC(s->bytes, bytes, what);
}

void strings_free(strings *s) {
  mem_free(s->bytes);
  *s = (strings){0};
}

static size_t length_of(const strings *s, off i) {
  return strnlen(s->bytes + i * s->width, (size_t)s->width);
}

char *strings_get(const strings *s, off i, char *out, size_t size) {
  size_t n = length_of(s, i);
  if (n >= size)
    n = size - 1;
  memcpy(out, s->bytes + i * s->width, n);
  out[n] = '\0';
  return out;
}

bool strings_equal(const strings *s, off i, const char *text) {
  size_t n = length_of(s, i);
  return strlen(text) == n && memcmp(s->bytes + i * s->width, text, n) == 0;
}

off strings_find(const strings *s, const char *text) {
  for (off i = 0; i < s->n; i++)
    if (strings_equal(s, i, text))
      return i;
  return -1;
}
