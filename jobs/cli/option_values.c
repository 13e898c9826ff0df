/* Values of options, checked and converted. */
#include "jobs/cli/options.h"
#include "jobs/cli/words.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

status option_count(const options *o, const char *name, int64_t low, int64_t high, int64_t *out) {
  const char *text = option_text(o, name);
  char *end = NULL;
  errno = 0;
  long long value = text != NULL ? strtoll(text, &end, 10) : 0;
  if (text == NULL || end == text || *end != '\0' || errno != 0 || value < low || value > high)
    return status_fail(USAGE, "--%s takes a whole number from %lld to %lld, not `%s`", name, (long long)low,
                       (long long)high, text != NULL ? text : "");
  *out = value;
  return OK;
}

status option_number(const options *o, const char *name, double low, double high, double *out) {
  const char *text = option_text(o, name);
  char *end = NULL;
  double value = text != NULL ? strtod(text, &end) : 0;
  if (text == NULL || end == text || *end != '\0' || !isfinite(value) || value < low || value > high)
    return status_fail(USAGE, "--%s takes a number from %g to %g, not `%s`", name, low, high, text != NULL ? text : "");
  *out = value;
  return OK;
}

status option_choice(const options *o, const char *name, const char *words, int *out) {
  const char *text = option_text(o, name);
  int place = text != NULL ? word_find(words, text) : -1;
  if (place < 0)
    return status_fail(USAGE, "--%s takes one of %s, not `%s`", name, words, text != NULL ? text : "");
  *out = place;
  return OK;
}

status option_size(const options *o, const char *name, int64_t *out) {
  const char *text = option_text(o, name);
  char *end = NULL;
  double value = text != NULL ? strtod(text, &end) : 0;
  if (text != NULL && end != text && isfinite(value) && value > 0) {
    const char *units = "KMGT";
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    if (unit != NULL) {
      value *= ldexp(1, 10 * (int)(unit - units + 1));
      end++;
      if (*end == 'B')
        end++;
    }
    if (*end == '\0' && value < 0x1p62) {
      *out = (int64_t)value;
      return OK;
    }
  }
  return status_fail(USAGE, "--%s takes a size such as 512M or 4G, not `%s`", name, text != NULL ? text : "");
}

status option_seconds(const options *o, const char *name, double *out) {
  const char *text = option_text(o, name);
  char *end = NULL;
  double value = text != NULL ? strtod(text, &end) : 0;
  double unit = end == NULL ? 0 : *end == 's' ? 1 : *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 0;
  if (unit == 0 || end[1] != '\0' || !isfinite(value) || value <= 0 || value > 1e9)
    return status_fail(USAGE, "--%s takes a time such as 90s, 10m or 2h, not `%s`", name, text != NULL ? text : "");
  *out = value * unit;
  return OK;
}

status option_counts(const options *o, const char *name, int most, int *out, int *n) {
  const char *text = option_text(o, name);
  *n = 0;
  for (const char *at = text; at != NULL;) {
    char *end;
    long value = strtol(at, &end, 10);
    if (end == at || value < 1 || value > 1000000 || *n == most || (*n > 0 && value <= out[*n - 1]) ||
        (*end != '\0' && *end != ','))
      break;
    out[(*n)++] = (int)value;
    if (*end == '\0')
      return OK;
    at = end + 1;
  }
  return status_fail(USAGE,
                     "--%s takes at most %d ascending whole numbers with commas between, such as 10,20, not `%s`", name,
                     most, text != NULL ? text : "");
}
