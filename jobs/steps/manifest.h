/* manifest.json: where a snapshot comes from and why it was published or not. */
#ifndef PALATE_JOBS_STEPS_MANIFEST_H
#define PALATE_JOBS_STEPS_MANIFEST_H

#include "io/ranks/comm.h"
#include "jobs/cli/options.h"

#include <jansson.h>

/* Writes DIR/manifest.json: id, palate version, data (from the model's attributes and shape), the options in force (o
 * may be NULL), the gate's verdict (borrowed), the parent's id ("" for none), library versions, ranks, threads. Local:
 * rank 0 calls it; c only says how many ranks there are. */
status manifest_write(const comm *c, const char *dir, const options *o, const json_t *gate, const char *parent);

#endif
