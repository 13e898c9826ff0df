/* Settings of taste groups, read from the options. */
#ifndef PALATE_JOBS_SETTINGS_GROUP_SETTINGS_H
#define PALATE_JOBS_SETTINGS_GROUP_SETTINGS_H

#include "io/base/types.h"
#include "jobs/cli/options.h"

#include <jansson.h>

/* The options that group_settings_read reads. */
#define GROUP_OPTIONS                                                                                                  \
  {.name = "groups"}, {.name = "least-group"}, {.name = "memberships"}, {.name = "side"}, {.name = "metric"},          \
      {.name = "rounds"}, {.name = "round-tolerance"}, {.name = "restarts"}, {.name = "quality"}, {.name = "seed"}, {  \
    .name = "memory"                                                                                                   \
  }

typedef struct group_settings {
  side side;
  bool cosine, quality;
  lid groups;                        /* 0: auto */
  lid least, most;                   /* auto: from, to */
  bool ranged;                       /* auto: a range was given */
  bool strict;                       /* fail rather than make fewer groups than --groups asks for */
  int64_t least_size;                /* auto: rows with events of the smallest group; 0: auto */
  int memberships, rounds, restarts; /* restarts 0: auto */
  double tolerance;                  /* -1: auto */
  uint64_t seed;
  int64_t memory;   /* 0: no bound */
  json_t *recorded; /* the options that the groups follow from, for the key of a checkpoint; owned */
} group_settings;

/* USAGE names the option that is wrong. Local. Free with group_settings_free. */
status group_settings_read(const options *o, group_settings *out);
void group_settings_free(group_settings *s);

#endif
