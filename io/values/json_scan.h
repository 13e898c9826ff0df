/* Scanning JSON (RFC 8259) in memory, strictly and without allocation. Blanks are spaces and tabs only, as a line end
 * ends the text. Each function takes [s, end) and returns the byte behind what it read, or NULL with *bad set to what
 * is wrong and *at to where. Private to the parser. */
#ifndef PALATE_IO_VALUES_JSON_SCAN_H
#define PALATE_IO_VALUES_JSON_SCAN_H

#include "io/base/types.h"

enum { JSON_DEPTH_MAX = 64 };

typedef struct json_fault {
  const char *bad; /* NULL: none */
  const char *at;
} json_fault;

static inline const char *json_blank(const char *s, const char *end) {
  while (s < end && (*s == ' ' || *s == '\t'))
    s++;
  return s;
}

/* s is behind the opening quote; returns the closing quote. *escaped becomes whether there is a backslash. */
const char *json_pass_string(const char *s, const char *end, bool *escaped, json_fault *fault);

/* Reads a key and its colon, from the opening quote on; the key is [*key, *key + *n) as it is written. */
const char *json_key(const char *s, const char *end, const char **key, size_t *n, bool *escaped, json_fault *fault);

/* Reads a value of any kind, nested at most JSON_DEPTH_MAX deep; also NaN, Infinity and -Infinity, as Python writes
 * them.
 */
const char *json_value(const char *s, const char *end, json_fault *fault);

/* Decodes the inside of a string that json_pass_string has passed into out[room]; *length becomes its bytes of UTF-8.
 * Returns NULL, or what is wrong: half a surrogate pair, or more than `room` bytes. */
const char *json_decode(const char *s, size_t n, char *out, size_t room, size_t *length);

#endif
