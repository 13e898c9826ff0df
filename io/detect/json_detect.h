/* Detects JSON lines and their keys. Kernel: local, no allocation. Private to detection. */
#ifndef PALATE_IO_DETECT_JSON_DETECT_H
#define PALATE_IO_DETECT_JSON_DETECT_H

#include "io/detect/detect.h"

/* Detects the keys of JSON lines from the first n bytes. USAGE, BAD_DATA; the messages show the keys. */
status json_detect(const char *name, const char *bytes, size_t n, bool whole, const text_wish *w, text_layout *l);

/* Returns true if the first line that is not blank is an object, and not one of Python's. */
bool json_likely(const char *bytes, size_t n);

#endif
