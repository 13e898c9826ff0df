#define _GNU_SOURCE
#include "io/base/log.h"

#include "io/base/strings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Rank and level belong to the process, as its standard error does. */
static int speaker;
static log_level loudness = LOG_NORMAL;

void log_start(int rank, log_level level) {
  speaker = rank;
  loudness = level;
}

log_level log_set_level(log_level level) {
  log_level before = loudness;
  loudness = level;
  return before;
}

double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Control characters of one byte, and U+0080-009F. */
static bool is_control(const unsigned char *s, size_t length) {
  return s[0] < 0x20 || s[0] == 0x7f || (length == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

/* Marks that change the direction of text, U+202A-202E and U+2066-2069: a name must not reorder a log line. */
static bool turns(const unsigned char *s, size_t length) {
  return length == 3 && s[0] == 0xe2 &&
         ((s[1] == 0x80 && s[2] >= 0xaa && s[2] <= 0xae) || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9));
}

char *text_printable_bytes(const char *bytes, size_t n, char *out, size_t size) {
  size_t used = 0, at = 0;
  const unsigned char *s = (const unsigned char *)bytes;
  while (at < n && used + 5 < size) {
    size_t length = utf8_length(s + at, n - at);
    if (length == 0 || is_control(s + at, length) || turns(s + at, length)) {
      used += (size_t)snprintf(out + used, size - used, "\\x%02x", s[at]);
      at++;
    } else {
      memcpy(out + used, s + at, length);
      used += length;
      at += length;
    }
  }
  out[used] = '\0';
  return out;
}

char *text_printable(const char *text, char *out, size_t size) {
  return text_printable_bytes(text, strlen(text), out, size);
}

static void say(const char *prefix, const char *format, va_list args) {
  char text[2048], safe[4096], *rest = text;
  vsnprintf(text, sizeof text, format, args);
  flockfile(stderr);
  do { /* a message may have several lines; line ends are not escaped */
    char *line = strsep(&rest, "\n");
    fprintf(stderr, "%s%s\n", prefix, text_printable(line, safe, sizeof safe));
    prefix = "";
  } while (rest != NULL);
  funlockfile(stderr);
}

void log_info(const char *format, ...) {
  if (speaker != 0 || loudness < LOG_NORMAL)
    return;
  va_list args;
  va_start(args, format);
  say("", format, args);
  va_end(args);
}

void log_warn(const char *format, ...) {
  if (speaker != 0)
    return;
  va_list args;
  va_start(args, format);
  say("warning: ", format, args);
  va_end(args);
}

void log_debug(const char *format, ...) {
  if (loudness < LOG_DEBUG)
    return;
  char prefix[32];
  snprintf(prefix, sizeof prefix, "[%d] ", speaker);
  va_list args;
  va_start(args, format);
  say(prefix, format, args);
  va_end(args);
}

void progress_begin(progress *p, const char *label, off total) {
  *p = (progress){.total = total, .started = seconds_now()};
  p->shown = p->started;
  snprintf(p->label, sizeof p->label, "%s", label);
}

static void clock_text(char *out, size_t size, double seconds) {
  long s = (long)(seconds + 0.5);
  if (s >= 3600)
    snprintf(out, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else
    snprintf(out, size, "%ld:%02ld", s / 60, s % 60);
}

void progress_step(progress *p, off done, const char *format, ...) {
  if (speaker != 0 || loudness < LOG_NORMAL)
    return;
  double now = seconds_now();
  bool terminal = isatty(STDERR_FILENO);
  if (now - p->shown < (terminal ? 0.1 : 10))
    return;
  p->shown = now;
  char remark[256], safe[512], eta[32];
  va_list args;
  va_start(args, format);
  vsnprintf(remark, sizeof remark, format, args);
  va_end(args);
  text_printable(remark, safe, sizeof safe);
  double left = done > 0 ? (now - p->started) * (double)(p->total - done) / (double)done : 0;
  clock_text(eta, sizeof eta, left);
  fprintf(stderr, "%s%s %lld/%lld (%d %%), ETA %s%s%s%s", terminal ? "\r" : "", p->label, (long long)done,
          (long long)p->total, p->total > 0 ? (int)(100 * done / p->total) : 100, eta, safe[0] ? ", " : "", safe,
          terminal ? "\033[K" : "\n");
  fflush(stderr);
  p->drawn = terminal;
}

void progress_end(progress *p) {
  if (p->drawn)
    fprintf(stderr, "\r\033[K");
  p->drawn = false;
}
