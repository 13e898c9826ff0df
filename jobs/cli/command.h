/* What a command is: its name, its options and what it runs. */
#ifndef PALATE_JOBS_CLI_COMMAND_H
#define PALATE_JOBS_CLI_COMMAND_H

#include "io/base/status.h"
#include "io/base/types.h"

struct comm;
typedef struct options options;

enum { OPTION_NAMES_MAX = 256 };

/* An option as one command takes it. Lists of these end with {0}. */
typedef struct option_use {
  const char *name;     /* a name in option_table.c */
  const char *fallback; /* the command's own default, argument and help text; NULL: the table's */
  const char *arg, *help;
  const char *(*names)(char out[OPTION_NAMES_MAX]); /* the help text ends with these: "a|b|c"; NULL: none */
  const char *flag_help; /* makes it a flag here, with this help text; NULL: as the table says */
  bool hidden;           /* not taken, although a command in `also` takes it */
  bool many;             /* may be given several times: option_text_at */
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

/* The options of a command, hidden ones too, in the order of their lists: its own, those of `also`, those every command
 * takes. Each name once: the first list that has it decides. uses has OPTIONS_MAX places. Returns how many; INT_MAX if
 * a name is not in the table. */
int command_uses(const command *cmd, const option_use **uses);

/* NULL if the command does not take it. */
const option_use *command_use(const command *cmd, const char *name);

/* Whether it is a flag in this use: given or not, without a value. */
bool option_is_flag(const option_use *u);

/* The default that holds for this use; NULL: none. */
const char *option_fallback(const option_use *u);

#endif
