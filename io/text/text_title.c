/* Titles as UTF-8. */
#include "io/text/text.h"

#include <string.h>

/* Length of the well-formed UTF-8 sequence at s (RFC 3629), 0 if there is none. */
static size_t utf8_length(const unsigned char *s, size_t n) {
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
