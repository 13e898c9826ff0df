/* What a command is: its name, its options and what it runs. */
#ifndef PALATE_JOBS_CLI_COMMAND_H
#define PALATE_JOBS_CLI_COMMAND_H

#include "io/base/status.h"

struct comm;
typedef struct options options;

/* An option as one command takes it. Lists of these end with {0}. */
typedef struct option_use {
  const char *name;      /* a name in option_table.c */
  const char *fallback;  /* the command's own default; NULL: the table's */
  const char *flag_help; /* makes it a flag here, with this help text; NULL: as the table says */
  bool hidden;           /* not taken, although a command in `also` takes it */
} option_use;

typedef struct command {
  const char *name;      /* "train" */
  const char *arguments; /* "DATASET", as --help shows them */
  const char *summary;   /* one line */
  const char *details;   /* what --help says below the options; may be NULL */
  int min_arguments, max_arguments;
  bool mpi;                          /* false: never starts MPI (only reads a sealed snapshot) */
  bool (*mpi_if)(const options *o);  /* decides by the options instead; may be NULL */
  const option_use *takes;           /* ends with {0} */
  const struct command *const *also; /* commands whose options this one takes too; ends with NULL; may be NULL */
  status (*run)(struct comm *c, const options *o);
} command;

#endif
