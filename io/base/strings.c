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

size_t utf8_length(const unsigned char *s, size_t n) {
  if (s[0] < 0x80)
    return 1;
  size_t length = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
  if (length == 0 || length > n)
    return 0;
  for (size_t i = 1; i < length; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
      (s[0] == 0xf4 && s[1] > 0x8f))
    return 0;
  return length;
}
