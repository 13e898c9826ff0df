/* All files that an ingest reads: the sources, then the tables of items and of users; those that are pipes are copied.
 */
#ifndef PALATE_IO_INGEST_INPUT_FILES_H
#define PALATE_IO_INGEST_INPUT_FILES_H

#include "io/ingest/ingest_settings.h"
#include "io/source/spool.h"

typedef struct input_files {
  const char **paths, **files; /* [n] names and places */
  int n;
  spool spool;
} input_files;

/* Lists the files and copies pipes beside `output`. Sets the places in *s, which are valid until input_files_close().
 * Collective; agreed status as spool_pipes(). Close it also after a failure. */
status input_files_open(comm *c, ingest_settings *s, const char *output, input_files *out);

/* Removes the copies. Local; for all ranks, when none of them reads any more. */
void input_files_close(const comm *c, input_files *f);

#endif
