/* Finds the dataset that a snapshot's model was trained on. */
#ifndef PALATE_JOBS_STEPS_MODEL_DATASET_H
#define PALATE_JOBS_STEPS_MODEL_DATASET_H

#include "io/ranks/comm.h"
#include "io/schema/model.h"

/* The path `given` (--data) if it is not NULL, else the one that the model records, if every rank can read a file
 * there; else NULL in *out, which is then not an error. Collective; agreed status. Free with mem_free. */
status model_dataset(comm *c, model *m, const char *given, char **out);

/* MEASURED_FILE if the snapshot has one, else MODEL_FILE: the model that has not seen the hold-out. Collective: rank 0
 * looks. */
const char *measured_file(comm *c, const char *dir);

#endif
