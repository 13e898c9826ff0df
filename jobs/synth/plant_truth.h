/* The planted groups and factors of a dataset, in a file beside it. */
#ifndef PALATE_JOBS_SYNTH_PLANT_TRUTH_H
#define PALATE_JOBS_SYNTH_PLANT_TRUTH_H

#include "jobs/synth/plant.h"

/* "demo.h5" → "demo.truth.h5". CANNOT_CREATE if it is too long for `size`. Local. */
status planted_truth_path(const char *path, char *out, size_t size);

/* Writes the truth of the dataset at `path`. Collective; agreed status. */
status plant_truth(comm *c, const planted *w, const planted_share *s, const char *path);

#endif
