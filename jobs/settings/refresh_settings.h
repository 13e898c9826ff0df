/* Settings of a refresh run: the settings of all its steps, read from the options. */
#ifndef PALATE_JOBS_SETTINGS_REFRESH_SETTINGS_H
#define PALATE_JOBS_SETTINGS_REFRESH_SETTINGS_H

#include "jobs/settings/gate_settings.h"
#include "jobs/settings/group_settings.h"
#include "jobs/settings/measure_settings.h"
#include "jobs/settings/resume_settings.h"
#include "jobs/settings/train_settings.h"

/* Texts are borrowed from the options. */
typedef struct refresh_settings {
  const char *dataset, *snapshots; /* paths */
  const char *warm_start;          /* "auto", "never" or a snapshot */
  const char *metrics_file;        /* NULL: none */
  bool quiet;                      /* no table of figures */
  bool refit;                      /* on all events, once the model is trained without the hold-out */
  train_settings train;
  group_settings groups;
  measure_settings measure;
  gate_settings gate;
  checkpoint_settings checkpoints;
  resume_settings resume;
  json_t *all; /* all options, for the manifest; owned */
} refresh_settings;

/* USAGE names the option that is wrong. Local. Free with refresh_settings_free, also after a failure. */
status refresh_settings_read(const options *o, refresh_settings *out);
void refresh_settings_free(refresh_settings *s);

#endif
