#include "io/matrix/npy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the header: a dict of Python, such as {'descr': '<f4', 'fortran_order': False, 'shape': (3,), } ---- */

typedef struct cursor {
  const char *at, *end;
} cursor;

static void skip_blanks(cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
    c->at++;
}

/* Passes over blanks and the character; false if another one is there. */
static bool take(cursor *c, char character) {
  skip_blanks(c);
  if (c->at == c->end || *c->at != character)
    return false;
  c->at++;
  return true;
}

static bool take_word(cursor *c, const char *word) {
  size_t n = strlen(word);
  skip_blanks(c);
  if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
    return false;
  c->at += n;
  return true;
}

/* A text in quotes of either kind, without escapes. */
static bool take_text(cursor *c, char *out, size_t room) {
  skip_blanks(c);
  if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
    return false;
  char quote = *c->at++;
  size_t n = 0;
  while (c->at < c->end && *c->at != quote && n + 1 < room)
    out[n++] = *c->at++;
  out[n] = '\0';
  return c->at < c->end && *c->at++ == quote;
}

static bool take_number(cursor *c, off *out) {
  skip_blanks(c);
  const char *from = c->at;
  *out = 0;
  while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
    if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, *c->at - '0', out))
      return false;
    c->at++;
  }
  if (c->at < c->end && *c->at == 'L') /* Python 2 */
    c->at++;
  return c->at > from;
}

static const char *take_shape(cursor *c, npy_header *h) {
  if (!take(c, '('))
    return "its shape is not a tuple";
  while (!take(c, ')')) {
    if (h->n_dimensions == NPY_DIMENSIONS)
      return "it has more than 4 dimensions";
    if (!take_number(c, &h->shape[h->n_dimensions++]))
      return "its shape is not of whole numbers";
    skip_blanks(c);
    if (!take(c, ',') && (c->at == c->end || *c->at != ')'))
      return "its shape is broken";
  }
  return NULL;
}

static bool is_little(void) {
  const uint16_t one = 1;
  return *(const uint8_t *)&one == 1;
}

static const char *take_type(cursor *c, npy_header *h) {
  char text[32];
  skip_blanks(c);
  if (c->at < c->end && *c->at == '[')
    return "its values are records of several columns";
  if (!take_text(c, text, sizeof text))
    return "its type is broken";
  const char *s = text;
  h->swap = *s == '<' ? !is_little() : *s == '>' ? is_little() : false;
  s += *s == '<' || *s == '>' || *s == '|' || *s == '=';
  h->kind = *s;
  if (*s == 'O')
    return "its values are Python objects, which only Python can read";
  if (*s == '\0' || strchr("biufSU", *s) == NULL)
    return "its values are neither numbers nor texts";
  s++;
  long size = 0;
  for (const char *digit = s; *digit >= '0' && *digit <= '9' && size < (1 << 16); digit++)
    size = 10 * size + (*digit - '0');
  bool known = h->kind == 'b'   ? size == 1
               : h->kind == 'f' ? size == 2 || size == 4 || size == 8
               : h->kind == 'S' ? size < (1 << 16)
               : h->kind == 'U' ? size < (1 << 14)
                                : size == 1 || size == 2 || size == 4 || size == 8;
  if (*s == '\0' || s[strspn(s, "0123456789")] != '\0' || !known)
    return "its values are of a type that palate does not read";
  h->size = (int)(h->kind == 'U' ? 4 * size : size);
  return NULL;
}

static const char *take_dict(cursor *c, npy_header *h) {
  enum { TYPE = 1, ORDER = 2, SHAPE = 4 };
  char key[32];
  int seen = 0;
  if (!take(c, '{'))
    return "its header is not a dict";
  while (!take(c, '}')) {
    const char *bad = NULL;
    if (!take_text(c, key, sizeof key) || !take(c, ':'))
      return "its header is broken";
    int which = strcmp(key, "descr") == 0 ? TYPE : strcmp(key, "fortran_order") == 0 ? ORDER : SHAPE;
    if ((which == SHAPE && strcmp(key, "shape") != 0) || (seen & which) != 0)
      return "its header has a key that is not known, or one twice";
    seen |= which;
    if (which == TYPE)
      bad = take_type(c, h);
    else if (which == SHAPE)
      bad = take_shape(c, h);
    else {
      h->fortran = take_word(c, "True");
      bad = h->fortran || take_word(c, "False") ? NULL : "its order is neither True nor False";
    }
    if (bad != NULL)
      return bad;
    skip_blanks(c);
    if (!take(c, ',') && (c->at == c->end || *c->at != '}'))
      return "its header is broken";
  }
  skip_blanks(c);
  return c->at != c->end ? "its header is broken" : seen != 7 ? "its header lacks type, order or shape" : NULL;
}

const char *npy_parse(const char *bytes, size_t n, npy_header *out) {
  *out = (npy_header){.count = 1};
  const unsigned char *u = (const unsigned char *)bytes;
  if (n < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0)
    return "it is not an array of NumPy";
  if (u[6] < 1 || u[6] > 3)
    return "it is of a version that palate does not know";
  size_t from = u[6] == 1 ? 10 : 12, length = (size_t)u[8] | (size_t)u[9] << 8;
  if (u[6] > 1) {
    if (n < 12)
      return "its header is cut short";
    length |= (size_t)u[10] << 16 | (size_t)u[11] << 24;
  }
  if (length > NPY_HEADER_MAX - 12)
    return "its header is too long";
  if (n < from + length)
    return "its header is cut short";
  cursor c = {bytes + from, bytes + from + length};
  const char *bad = take_dict(&c, out);
  if (bad != NULL)
    return bad;
  int64_t total;
  for (int i = 0; i < out->n_dimensions; i++)
    if (__builtin_mul_overflow(out->count, out->shape[i], &out->count))
      return "its shape is too large";
  if (__builtin_mul_overflow(out->count, (int64_t)out->size, &total))
    return "its shape is too large";
  out->bytes = from + length;
  return NULL;
}

/* ---- values ---- */

/* The bits of value i, in the low bytes. */
static inline uint64_t bits_of(const npy_header *h, const char *bytes, off i) {
  const unsigned char *s = (const unsigned char *)bytes + i * h->size;
  bool little = h->swap != is_little();
  uint64_t out = 0;
  for (int k = 0; k < h->size; k++)
    out |= (uint64_t)s[little ? k : h->size - 1 - k] << 8 * k;
  return out;
}

static inline int64_t extended(const npy_header *h, uint64_t bits) {
  int unused = 64 - 8 * h->size;
  return h->kind == 'i' ? (int64_t)(bits << unused) >> unused : (int64_t)bits;
}

bool npy_integers(const npy_header *h, const char *bytes, off n, int64_t *out) {
  for (off i = 0; i < n; i++) {
    uint64_t bits = bits_of(h, bytes, i);
    if (h->kind == 'u' && bits > (uint64_t)INT64_MAX)
      return false;
    out[i] = h->kind == 'b' ? bits != 0 : extended(h, bits);
  }
  return true;
}

static real half(uint64_t bits) {
  int exponent = (int)(bits >> 10 & 31);
  double fraction = (double)(bits & 1023), value;
  if (exponent == 31)
    value = fraction == 0 ? HUGE_VAL : NAN;
  else
    value = exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25);
  return (real)((bits & 0x8000) != 0 ? -value : value);
}

void npy_reals(const npy_header *h, const char *bytes, off n, real *out) {
  for (off i = 0; i < n; i++) {
    uint64_t bits = bits_of(h, bytes, i);
    if (h->kind != 'f')
      out[i] = h->kind == 'u' ? (real)bits : h->kind == 'b' ? (real)(bits != 0) : (real)extended(h, bits);
    else if (h->size == 8) {
      double value;
      memcpy(&value, &bits, sizeof value);
      out[i] = (real)value;
    } else if (h->size == 4) {
      uint32_t low = (uint32_t)bits;
      memcpy(&out[i], &low, sizeof out[i]);
    } else
      out[i] = half(bits);
  }
}

bool npy_text(const npy_header *h, const char *bytes, off at, char *out, size_t room) {
  npy_header unit = *h;
  unit.size = h->kind == 'U' ? 4 : 1;
  off n = h->size / unit.size;
  size_t length = 0;
  for (off i = 0; i < n; i++) {
    uint64_t c = bits_of(&unit, bytes + at * h->size, i);
    if (c == 0)
      break;
    if (c > 126 || length + 1 >= room)
      return false;
    out[length++] = (char)c;
  }
  out[length] = '\0';
  return true;
}
