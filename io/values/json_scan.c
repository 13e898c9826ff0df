#include "io/values/json_scan.h"

#include <string.h>

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGH EACH(0x80)

static const char *fail(json_fault *fault, const char *at, const char *bad) {
  *fault = (json_fault){bad, at};
  return NULL;
}

/* Has the high bit of each byte that is 0, and maybe of some after the first of these. */
static inline uint64_t zero_bytes(uint64_t x) {
  return (x - EACH(1)) & ~x & HIGH;
}

/* The next byte that is a quote, a backslash or a control character; eight at a time. */
static inline const char *plain_end(const char *s, const char *end) {
  while (end - s >= 8) {
    uint64_t x;
    memcpy(&x, s, 8);
    uint64_t stop = zero_bytes(x ^ EACH('"')) | zero_bytes(x ^ EACH('\\')) | ((x - EACH(0x20)) & ~x & HIGH);
    if (stop != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
      return s + __builtin_ctzll(stop) / 8;
#else
      break;
#endif
    }
    s += 8;
  }
  while (s < end && *s != '"' && *s != '\\' && (unsigned char)*s >= 0x20)
    s++;
  return s;
}

static int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* The four hexadecimal digits at s, or -1. */
static int hex_four(const char *s, const char *end) {
  int value = 0;
  if (end - s < 4)
    return -1;
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(s[i]);
    if (digit < 0)
      return -1;
    value = 16 * value + digit;
  }
  return value;
}

const char *json_pass_string(const char *s, const char *end, bool *escaped, json_fault *fault) {
  *escaped = false;
  for (;;) {
    s = plain_end(s, end);
    if (s == end)
      return fail(fault, s, "a string is not closed");
    if (*s == '"')
      return s;
    if (*s != '\\')
      return fail(fault, s, "a control character in a string");
    *escaped = true;
    if (end - s < 2 || memchr("\"\\/bfnrtu", s[1], 9) == NULL || (s[1] == 'u' && hex_four(s + 2, end) < 0))
      return fail(fault, s, "an unknown escape in a string");
    s += s[1] == 'u' ? 6 : 2;
  }
}

const char *json_key(const char *s, const char *end, const char **key, size_t *n, bool *escaped, json_fault *fault) {
  if (s == end || *s != '"')
    return fail(fault, s, "not JSON: a key in double quotes is missing");
  *key = s + 1;
  if ((s = json_pass_string(s + 1, end, escaped, fault)) == NULL)
    return NULL;
  *n = (size_t)(s - *key);
  s = json_blank(s + 1, end);
  if (s == end || *s != ':')
    return fail(fault, s, "not JSON: a colon is missing");
  return json_blank(s + 1, end);
}

static const char *digits(const char *s, const char *end) {
  while (s < end && *s >= '0' && *s <= '9')
    s++;
  return s;
}

static const char *number(const char *s, const char *end, json_fault *fault) {
  const char *from = s;
  s += *s == '-';
  const char *whole = s;
  s = digits(s, end);
  bool good = s > whole && (*whole != '0' || s == whole + 1);
  if (good && s < end && *s == '.') {
    const char *fraction = ++s;
    s = digits(s, end);
    good = s > fraction;
  }
  if (good && s < end && (*s == 'e' || *s == 'E')) {
    s++;
    s += s < end && (*s == '-' || *s == '+');
    const char *exponent = s;
    s = digits(s, end);
    good = s > exponent;
  }
  return good ? s : fail(fault, from, "not JSON: a wrong number");
}

static const char *literal(const char *s, const char *end, json_fault *fault) {
  static const char *const WORDS[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
  for (int i = 0; i < 6; i++) {
    size_t n = strlen(WORDS[i]);
    if ((size_t)(end - s) >= n && memcmp(s, WORDS[i], n) == 0)
      return s + n;
  }
  return fail(fault, s,
              *s == '\'' ? "not JSON but a dictionary of Python: strings are in single quotes"
                         : "not JSON: a value is missing or wrong");
}

const char *json_value(const char *s, const char *end, json_fault *fault) {
  uint64_t objects = 0; /* a bit for each container: whether it is an object */
  int depth = 0;
  const char *key;
  size_t n;
  bool escaped;
  for (;;) { /* a value begins at s */
    if (s == end)
      return fail(fault, s, "not JSON: a value is missing");
    bool object = *s == '{';
    if (object || *s == '[') {
      const char *inside = json_blank(s + 1, end);
      if (inside == end || *inside != (object ? '}' : ']')) {
        if (depth == JSON_DEPTH_MAX)
          return fail(fault, s, "nested deeper than 64");
        objects = objects << 1 | object;
        depth++;
        s = object ? json_key(inside, end, &key, &n, &escaped, fault) : inside;
        if (s == NULL)
          return NULL;
        continue;
      }
      s = inside + 1;
    } else if (*s == '"') {
      if ((s = json_pass_string(s + 1, end, &escaped, fault)) == NULL)
        return NULL;
      s++;
    } else {
      s = (*s == '-' && (end - s < 2 || s[1] != 'I')) || (*s >= '0' && *s <= '9') ? number(s, end, fault)
                                                                                  : literal(s, end, fault);
      if (s == NULL)
        return NULL;
    }
    for (;; depth--, objects >>= 1) { /* a value ends before s */
      if (depth == 0)
        return s;
      s = json_blank(s, end);
      object = objects & 1;
      if (s < end && *s == (object ? '}' : ']')) {
        s++;
        continue;
      }
      if (s == end || *s != ',')
        return fail(fault, s, object ? "not JSON: a comma or } is missing" : "not JSON: a comma or ] is missing");
      s = json_blank(s + 1, end);
      if (object && (s = json_key(s, end, &key, &n, &escaped, fault)) == NULL)
        return NULL;
      break;
    }
  }
}

/* Writes a character as UTF-8; returns its bytes. */
static size_t put_utf8(uint32_t c, char out[4]) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const unsigned char LEAD[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = n - 1; i > 0; i--, c >>= 6)
    out[i] = (char)(0x80 | (c & 0x3f));
  out[0] = (char)(LEAD[n] | c);
  return n;
}

const char *json_decode(const char *s, size_t n, char *out, size_t room, size_t *length) {
  const char *end = s + n;
  *length = 0;
  while (s < end) {
    char piece[4];
    size_t m = 1;
    if (*s != '\\')
      piece[0] = *s++;
    else if (s[1] != 'u') {
      static const char FROM[] = "bfnrt", TO[] = "\b\f\n\r\t";
      const char *found = strchr(FROM, s[1]);
      piece[0] = found != NULL ? TO[found - FROM] : s[1];
      s += 2;
    } else {
      uint32_t c = (uint32_t)hex_four(s + 2, end);
      s += 6;
      if (c >= 0xd800 && c < 0xe000) {
        int low = c < 0xdc00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u' ? hex_four(s + 2, end) : -1;
        if (low < 0xdc00 || low >= 0xe000)
          return "half a surrogate pair in a string";
        c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
        s += 6;
      }
      m = put_utf8(c, piece);
    }
    if (*length + m > room)
      return "a string is too long";
    memcpy(out + *length, piece, m);
    *length += m;
  }
  return NULL;
}
