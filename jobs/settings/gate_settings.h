/* Settings of the gate of `palate refresh`, read from the options. */
#ifndef PALATE_JOBS_SETTINGS_GATE_SETTINGS_H
#define PALATE_JOBS_SETTINGS_GATE_SETTINGS_H

#include "jobs/cli/options.h"

/* The options that gate_settings_read reads. */
#define GATE_OPTIONS                                                                                                   \
  {.name = "gate"}, {.name = "gate-tolerance"}, {.name = "gate-coverage"}, {.name = "gate-served"}, {                  \
    .name = "gate-jump"                                                                                                \
  }

typedef struct gate_settings {
  bool compare;     /* with the published model, on the same hold-out */
  double tolerance; /* share by which the new model may be worse */
  double coverage;  /* least share of the items shown to anyone, of as many as the lists have places for */
  double served;    /* least share of users whose factors are not all zero */
  double jump;      /* largest factor by which users, items or pairs may have grown or shrunk since the parent */
} gate_settings;

/* USAGE names the option that is wrong. Local; every rank gets the same result. */
status gate_settings_read(const options *o, gate_settings *out);

#endif
