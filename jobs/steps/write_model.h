/* A trained model as a file: factors, biases, ids, titles, tags, and how it was trained. */
#ifndef PALATE_JOBS_STEPS_WRITE_MODEL_H
#define PALATE_JOBS_STEPS_WRITE_MODEL_H

#include "io/ranks/comm.h"
#include "io/schema/dataset.h"
#include "jobs/settings/holdout.h"
#include "jobs/settings/train_settings.h"
#include "train/als/als.h"

/* All borrowed. */
typedef struct trained_model {
  als *als;
  const train_settings *settings;
  const holdout *held_out;
  dataset *data;
  const double *objective; /* [sweeps]: NaN: not computed */
  int sweeps;
  const char *file;  /* its name in the snapshot */
  const char *refit; /* the hold-out of the model that it started from, if it was refit on all events; else NULL */
} trained_model;

/* Writes the file in `dir`, whole or not at all. Collective; agreed status. */
status write_model(comm *c, const trained_model *m, const char *dir);

#endif
