/* Titles as UTF-8. */
#include "io/text/text.h"

#include "io/base/strings.h"

#include <string.h>

int text_title(const char *text, size_t n, char *out, size_t size) {
  const unsigned char *s = (const unsigned char *)text;
  bool latin = false;
  for (size_t i = 0; i < n && !latin;) {
    size_t length = utf8_length(s + i, n - i);
    latin = length == 0;
    i += length;
  }
  size_t used = 0, i = 0;
  while (i < n) {
    char piece[4];
    size_t from = 1, to = 1;
    if (s[i] < 0x20 || s[i] == 0x7f)
      piece[0] = ' ';
    else if (s[i] < 0x80)
      piece[0] = (char)s[i];
    else if (latin) {
      piece[0] = (char)(0xc0 | s[i] >> 6);
      piece[1] = (char)(0x80 | (s[i] & 0x3f));
      to = 2;
    } else {
      from = to = utf8_length(s + i, n - i);
      memcpy(piece, s + i, to);
    }
    if (used + to >= size)
      break;
    memcpy(out + used, piece, to);
    used += to;
    i += from;
  }
  out[used] = '\0';
  return (latin ? 1 : 0) | (i < n ? 2 : 0);
}
