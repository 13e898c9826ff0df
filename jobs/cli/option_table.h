/* The table of all options, so that a name means the same in every command. */
#ifndef PALATE_JOBS_CLI_OPTION_TABLE_H
#define PALATE_JOBS_CLI_OPTION_TABLE_H

/* What a change of an option invalidates, and so what must be made again: each includes the ones above it. */
typedef enum option_effect {
  CHANGES_NOTHING, /* where, when and how fast work is done; what is printed; what is published */
  CHANGES_FIGURES, /* metrics.json */
  CHANGES_GROUPS,  /* groups.h5 */
  CHANGES_END,     /* at which sweep training ends: a finished model, but not the checkpoints of a stopped run */
  CHANGES_MODEL,   /* the bits of the factors after each sweep */
  CHANGES_DATA     /* the dataset; a model knows its dataset by the digest */
} option_effect;

/* Where --help shows an option: the sections in this order, and within one the order of the command's lists. */
typedef enum option_section {
  SECTION_MAIN,    /* what matters */
  SECTION_COMMON,  /* what every command takes */
  SECTION_MORE,    /* what few need */
  SECTION_MACHINE, /* what suits work to a machine and its network */
  SECTIONS
} option_section;

typedef struct option_spec {
  const char *name, *arg; /* arg as --help shows it, "a|b" for a choice; NULL: a flag */
  const char *fallback;   /* NULL: none */
  option_effect changes;
  option_section section;
  const char *help; /* one line; --help adds the default */
  int letter;       /* short form, or 0 */
} option_spec;

enum { OPTIONS_MAX = 128 };

/* Rows 0 … option_table_size() - 1; at most OPTIONS_MAX. */
int option_table_size(void);
const option_spec *option_table_row(int i);

/* The row of a name; -1: not in the table. */
int option_find(const char *name);

/* What a change of this option invalidates; CHANGES_NOTHING for a name that is not in the table. */
option_effect option_changes(const char *name);

#endif
