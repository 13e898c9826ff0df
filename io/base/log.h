/* What a run says on standard error: plain lines, and progress with an estimate of the time left.
 *
 * Rank 0 speaks; the other ranks keep silent unless the level is LOG_DEBUG. Local. */
#ifndef PALATE_IO_BASE_LOG_H
#define PALATE_IO_BASE_LOG_H

#include "io/base/types.h"

typedef enum log_level { LOG_QUIET, LOG_NORMAL, LOG_DEBUG } log_level;

/* Says once who speaks and how much. Until then rank 0 at LOG_NORMAL is taken. */
void log_start(int rank, log_level level);

/* Another level from now on; returns the one before, to go back to. */
log_level log_set_level(log_level level);

/* A line on standard error; control characters in it are escaped, so that an id from a file cannot drive a terminal. */
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Progress of a piece of work of `total` steps. On a terminal one line is redrawn, with an ETA; in a file plain lines
 * come at most every 10 seconds. */
typedef struct progress {
  char label[48];
  off total;
  double started, shown;
  bool drawn;
} progress;

void progress_begin(progress *p, const char *label, off total);

/* `done` of `total` steps are behind us; the format adds a remark ("objective 1.23"), may be "". */
void progress_step(progress *p, off done, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Clears the line that is being redrawn. */
void progress_end(progress *p);

/* Seconds of a clock that never goes back. */
double seconds_now(void);

/* Copies text to out (of `size` bytes) with control characters, marks that turn the direction of text, and broken UTF-8
 * as \xNN, cut to fit. Returns out. */
char *text_printable(const char *text, char *out, size_t size);
/* The same for n bytes, which may hold NULs. */
char *text_printable_bytes(const char *bytes, size_t n, char *out, size_t size);

#endif
