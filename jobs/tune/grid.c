#include "jobs/tune/grid.h"

#include "io/base/mem.h"
#include "train/math/rng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static status copy_of(const char *text, size_t n, char **out) {
  status st = MEM_ALLOC(*out, (off)n + 1, "the grid");
  if (st != OK)
    return st;
  memcpy(*out, text, n);
  (*out)[n] = '\0';
  return OK;
}

/* The text without blanks at its ends. */
static const char *trimmed(const char *text, size_t *n) {
  while (*n > 0 && strchr(" \t\r\n", *text) != NULL) {
    text++;
    (*n)--;
  }
  while (*n > 0 && strchr(" \t\r\n", text[*n - 1]) != NULL)
    (*n)--;
  return text;
}

/* `name = value, value, …` as the next axis. */
static status read_axis(grid *g, const char *path, int line, const char *text) {
  status st = OK;
  const char *equals = strchr(text, '=');
  if (equals == NULL)
    return status_fail(USAGE, "%s:%d: not a `name = value, value, …` line", path, line);
  if (g->n == GRID_AXES_MAX)
    return status_fail(USAGE, "%s:%d: more than %d options", path, line, GRID_AXES_MAX);
  grid_axis *a = &g->axis[g->n++];
  *a = (grid_axis){.line = line};
  size_t n = (size_t)(equals - text);
  const char *name = trimmed(text, &n);
  TRY(copy_of(name, n, &a->name));
  for (int i = 0; i < g->n - 1; i++)
    if (strcmp(g->axis[i].name, a->name) == 0)
      TRY(status_fail(USAGE, "%s:%d: `%s` is already in line %d", path, line, a->name, g->axis[i].line));
  TRY(MEM_ZALLOC(a->value, GRID_VALUES_MAX, "the grid"));
  for (const char *at = equals + 1; at != NULL;) {
    const char *comma = strchr(at, ',');
    n = comma != NULL ? (size_t)(comma - at) : strlen(at);
    const char *value = trimmed(at, &n);
    if (n == 0)
      TRY(status_fail(USAGE, "%s:%d: a value of `%s` is empty", path, line, a->name));
    if (a->n == GRID_VALUES_MAX)
      TRY(status_fail(USAGE, "%s:%d: more than %d values", path, line, GRID_VALUES_MAX));
    TRY(copy_of(value, n, &a->value[a->n]));
    a->n++;
    at = comma != NULL ? comma + 1 : NULL;
  }
  if (g->settings > GRID_SETTINGS_MAX / a->n)
    TRY(status_fail(USAGE, "%s:%d: the grid has more than %d settings", path, line, GRID_SETTINGS_MAX));
  g->settings *= a->n;
done:
  return st;
}

status grid_read(const char *path, grid *out) {
  *out = (grid){.settings = 1};
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return status_fail(NO_INPUT, "cannot read the grid %s: %s", path, strerror(errno));
  status st = OK;
  char *text = NULL;
  size_t room = 0;
  for (int line = 1; st == OK && getline(&text, &room, file) >= 0; line++) {
    const char *first = text + strspn(text, " \t\r\n");
    if (*first != '#' && *first != '\0')
      st = read_axis(out, path, line, first);
  }
  if (st == OK && ferror(file))
    st = status_fail(IO_FAILED, "cannot read the grid %s: %s", path, strerror(errno));
  if (st == OK && out->n == 0)
    st = status_fail(USAGE, "the grid %s has no line such as `lambda = 0.003, 0.01, 0.03`", path);
  free(text);
  fclose(file);
  if (st != OK)
    grid_free(out);
  return st;
}

void grid_free(grid *g) {
  for (int a = 0; a < g->n; a++) {
    for (int i = 0; i < g->axis[a].n; i++)
      mem_free(g->axis[a].value[i]);
    mem_free(g->axis[a].value);
    mem_free(g->axis[a].name);
  }
  *g = (grid){0};
}

const char *grid_value(const grid *g, int i, int axis) {
  for (int a = g->n - 1; a > axis; a--)
    i /= g->axis[a].n;
  return g->axis[axis].value[i % g->axis[axis].n];
}

int grid_choose(const grid *g, int most, uint64_t seed, int *out) {
  if (g->settings <= most) {
    for (int i = 0; i < g->settings; i++)
      out[i] = i;
    return g->settings;
  }
  /* Floyd's sample; each newcomer takes a random place, so that the order is random too. */
  int n = 0;
  for (int top = g->settings - most; top < g->settings; top++) {
    int drawn = (int)(rng_bits(seed, RNG_TUNE, (uint64_t)top, 0) % (uint64_t)(top + 1));
    for (int i = 0; i < n; i++)
      if (out[i] == drawn) {
        drawn = top;
        break;
      }
    int place = (int)(rng_bits(seed, RNG_TUNE, (uint64_t)top, 1) % (uint64_t)(n + 1));
    out[n++] = drawn;
    out[n - 1] = out[place];
    out[place] = drawn;
  }
  return n;
}
