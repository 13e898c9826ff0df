#include "jobs/settings/train_options.h"

#include "jobs/settings/resume_settings.h"

const option_use TRAIN_TAKES[] = {
    {.name = "output", .fallback = "snapshots", .help = "folder of snapshots; a new one is made in it"},
    TRAIN_OPTIONS,
    {.name = "holdout"},
    {.name = "test"},
    {.name = "warm-start"},
    RESUME_OPTIONS,
    {.name = "stall-timeout"},
    {.name = "threads"},
    {0}};
