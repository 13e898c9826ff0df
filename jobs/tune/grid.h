/* A grid of settings to try: a file of `name = value, value, …` lines (# comments), one line an option of training. A
 * setting takes one value of each line. Local. */
#ifndef PALATE_JOBS_TUNE_GRID_H
#define PALATE_JOBS_TUNE_GRID_H

#include "io/base/status.h"
#include "io/base/types.h"

enum { GRID_AXES_MAX = 32, GRID_VALUES_MAX = 256, GRID_SETTINGS_MAX = 100000 };

typedef struct grid_axis {
  char *name;
  int n;
  char **value; /* [n] */
  int line;     /* of the file */
} grid_axis;

typedef struct grid {
  int n; /* axes */
  grid_axis axis[GRID_AXES_MAX];
  int settings; /* the product of the axes' n */
} grid;

/* NO_INPUT if the file cannot be read, USAGE with file and line if a line is wrong. The caller checks names and values.
 * Free with grid_free. */
status grid_read(const char *path, grid *out);
void grid_free(grid *g);

/* The value of an axis in setting i of 0 … settings - 1; the last axis changes fastest. Owned by g. */
const char *grid_value(const grid *g, int i, int axis);

/* The settings to try: all, in the order of the grid; or, if there are more than `most`, that many drawn at random
 * (Bergstra & Bengio 2012), in random order. out has min(settings, most) places; returns how many that is. */
int grid_choose(const grid *g, int most, uint64_t seed, int *out);

#endif
