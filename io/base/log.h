/* Log messages on standard error, and progress lines with an estimate of the remaining time.
 *
 * Only rank 0 writes, unless the level is LOG_DEBUG. Local. */
#ifndef PALATE_IO_BASE_LOG_H
#define PALATE_IO_BASE_LOG_H

#include "io/base/types.h"

typedef enum log_level { LOG_QUIET, LOG_NORMAL, LOG_DEBUG } log_level;

/* Sets rank and level once at the start. Before that: rank 0 at LOG_NORMAL. */
void log_start(int rank, log_level level);

/* Sets the level and returns the previous one. */
log_level log_set_level(log_level level);

/* Writes a line. Control characters are escaped, so that an id from a file cannot control a terminal. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Progress of `total` steps. On a terminal one line is redrawn, with an ETA; in a file a line is written every 10
 * seconds at most. */
typedef struct progress {
  char label[48];
  off total;
  double started, shown;
  bool drawn;
} progress;

void progress_begin(progress *p, const char *label, off total);

/* Reports that `done` of `total` steps are done; the format adds a remark ("objective 1.23") and may be "". */
void progress_step(progress *p, off done, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Clears the line that is being redrawn. */
void progress_end(progress *p);

/* Seconds of a monotonic clock. */
double seconds_now(void);

/* Copies text to out (of `size` bytes), cut to fit; control characters, marks that change the direction of text, and
 * invalid UTF-8 become \xNN. Returns out. */
char *text_printable(const char *text, char *out, size_t size);
/* The same for n bytes, which may hold NULs. */
char *text_printable_bytes(const char *bytes, size_t n, char *out, size_t size);

#endif
