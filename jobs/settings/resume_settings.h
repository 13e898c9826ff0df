/* Settings of resuming a stopped or killed run, read from the options. */
#ifndef PALATE_JOBS_SETTINGS_RESUME_SETTINGS_H
#define PALATE_JOBS_SETTINGS_RESUME_SETTINGS_H

#include "jobs/settings/checkpoint_settings.h"

#include <jansson.h>

/* The options of a command that trains. A command that only groups or measures works in a snapshot that is there, and
 * takes CHECKPOINT_OPTIONS alone. */
#define RESUME_OPTIONS {.name = "resume"}, CHECKPOINT_OPTIONS

typedef struct resume_settings {
  const char *how; /* "auto", "never", or the path of the snapshot to resume; borrowed from the options */
  json_t *model;   /* the options that change the model, which a resumed run must share; owned */
} resume_settings;

/* Reads --resume, and records the options of the model. NO_MEMORY. Local. Free with resume_settings_free. */
status resume_settings_read(const options *o, resume_settings *out);
void resume_settings_free(resume_settings *s);

#endif
