/* JSON lines: an object a line -> an event. Kernel: local, no allocation. Private to the parser.
 *
 * A key of the layout is that of a member of the object, or a path with dots through objects and arrays within it
 * (`reviewer.id`, `images.0`: from 0). Each line is checked whole, as strictly as RFC 8259 says; a key that is used and
 * stands twice in an object is an error, as there is no telling which is meant. Ids are strings, with their escapes
 * decoded to UTF-8, or numbers, kept as they are written. */
#ifndef PALATE_IO_TEXT_JSON_LINES_H
#define PALATE_IO_TEXT_JSON_LINES_H

#include "io/text/text_event.h"
#include "io/values/json_scan.h"

/* Where decoded ids are kept until the event is taken. */
typedef struct json_space {
  char id[ROLE_ITEM + 1][ID_MAX];
} json_space;

/* The values of an object that the layout's keys stand for, as they are written: n is 0 if the key is missing. */
typedef struct json_found {
  text_span value[N_ROLES];
} json_found;

/* Finds them in the object at s (after blanks); returns the byte behind the object and blanks, NULL if it is not one.
 */
const char *json_find(const text_layout *l, const char *s, const char *end, json_found *out, json_fault *fault);

/* Reads the object at s as an event. */
const char *json_event(const text_layout *l, const char *s, const char *end, json_space *space, event *e,
                       json_fault *fault);

#endif
