#include "io/text/id.h"

#include <string.h>

bool id_integer(const char *bytes, size_t n, int64_t *number) {
  bool minus = n > 0 && bytes[0] == '-';
  size_t digits = n - minus;
  const char *s = bytes + minus;
  if (digits == 0 || digits > 19 || (s[0] == '0' && (digits > 1 || minus)))
    return false;
  uint64_t value = 0; /* 19 digits fit in 64 bits without sign */
  for (size_t i = 0; i < digits; i++) {
    unsigned digit = (unsigned char)s[i] - (unsigned)'0';
    if (digit > 9)
      return false;
    value = 10 * value + digit;
  }
  if (value > (uint64_t)INT64_MAX)
    return false; /* -2^63 too, as its absolute value does not fit; such an id is sorted bytewise */
  *number = minus ? -(int64_t)value : (int64_t)value;
  return true;
}

int id_compare(bool numeric, const char *a, size_t n_a, const char *b, size_t n_b) {
  int64_t x = 0, y = 0;
  if (numeric && id_integer(a, n_a, &x) && id_integer(b, n_b, &y))
    return (x > y) - (x < y);
  int c = memcmp(a, b, n_a < n_b ? n_a : n_b);
  return c != 0 ? c : (n_a > n_b) - (n_a < n_b);
}
