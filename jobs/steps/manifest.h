/* manifest.json: where a snapshot comes from, and why it was or was not published. */
#ifndef PALATE_JOBS_STEPS_MANIFEST_H
#define PALATE_JOBS_STEPS_MANIFEST_H

#include "io/ranks/comm.h"

#include <jansson.h>

/* Writes DIR/manifest.json: id, palate version, data (from the model's attributes and shape), which model is served and
 * which was measured ("refit": null if they are one), the options of the run (recorded.h; NULL: none), the gate's
 * verdict, the parent's id ("" for none), library versions, ranks, threads. All borrowed. Local: rank 0 calls it; c
 * only says how many ranks there are. */
status manifest_write(const comm *c, const char *dir, const json_t *config, const json_t *gate, const char *parent);

#endif
