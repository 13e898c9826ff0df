/* csv LINES USERS ITEMS [time]: that many lines of user,item,value[,time] with power-law popularity and log-normal
 * activity, users mixed, as a log of a service has them. The same every time. */
#include "train/math/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *put_number(char *to, uint64_t x) {
  char digits[20];
  int n = 0;
  do
    digits[n++] = (char)('0' + x % 10);
  while ((x /= 10) != 0);
  while (n > 0)
    *to++ = digits[--n];
  return to;
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "csv LINES USERS ITEMS [time]\n");
    return 64;
  }
  long long lines = atoll(argv[1]), users = atoll(argv[2]), items = atoll(argv[3]);
  int with_time = argc > 4 && strcmp(argv[4], "time") == 0;
  enum { BUFFER = 1 << 20, LINE = 100 };
  static char buffer[BUFFER];
  char *at = buffer;
  /* A cumulated table of log-normal activity makes users unequal; popularity goes by a power of a uniform number. */
  double *activity = malloc((size_t)users * sizeof *activity), sum = 0;
  if (activity == NULL)
    return 70;
  for (long long u = 0; u < users; u++)
    activity[u] = sum += exp(1.1 * rng_normal(1, RNG_SYNTH, (uint64_t)u, 0));
  for (long long i = 0; i < lines; i++) {
    double x = rng_uniform(1, RNG_SYNTH, (uint64_t)i, 1) * sum, y = rng_uniform(1, RNG_SYNTH, (uint64_t)i, 2);
    long long low = 0, high = users - 1;
    while (low < high) {
      long long middle = (low + high) / 2;
      if (activity[middle] <= x)
        low = middle + 1;
      else
        high = middle;
    }
    at = put_number(at, (uint64_t)low + 1);
    *at++ = ',';
    at = put_number(at, (uint64_t)((double)items * y * y * y) + 1);
    *at++ = ',';
    *at++ = (char)('1' + rng_bits(1, RNG_SYNTH, (uint64_t)i, 3) % 5);
    if (with_time) {
      *at++ = ',';
      at = put_number(at, 1000000000 + rng_bits(1, RNG_SYNTH, (uint64_t)i, 4) % 700000000);
    }
    *at++ = '\n';
    if (at > buffer + BUFFER - LINE || i + 1 == lines) {
      if (fwrite(buffer, 1, (size_t)(at - buffer), stdout) != (size_t)(at - buffer))
        return 74;
      at = buffer;
    }
  }
  free(activity);
  return fflush(stdout) == 0 ? 0 : 74;
}
