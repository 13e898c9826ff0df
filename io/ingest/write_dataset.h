/* The last part of ingest: titles, tags and names, and the dataset file. */
#ifndef PALATE_IO_INGEST_WRITE_DATASET_H
#define PALATE_IO_INGEST_WRITE_DATASET_H

#include "io/ingest/base_dataset.h"
#include "io/ingest/ingest_settings.h"
#include "io/ingest/numbering.h"
#include "io/schema/dataset_write.h"

/* first[r] = r n / size, for r = 0 … size: ranges of rows of nearly equal length. Local. */
void even_ranges(gid n, int size, gid *first);

/* Fills part->titles, ->tags (this rank's items) and ->user_names (its users): those of the base, then those of the
 * tables, which win. first_user and first_item (size + 1 each) are the ranges of rows of the ranks; events_id[side] is
 * what the events call the column of the ids. Counts go to *report. Collective; agreed status. The caller frees the
 * three with strings_free, also after a failure. */
status gather_texts(comm *c, const ingest_settings *s, const char *const events_id[2], const base_dataset *b,
                    const numbering *users, const gid *first_user, const numbering *items, const gid *first_item,
                    dataset_part *part, ingest_report *report);

/* Writes s->output from the ranks' parts; its sources are those of the base followed by the files of d. Collective;
 * agreed status. */
status write_dataset(comm *c, const ingest_settings *s, const base_dataset *b, const source_digests *d,
                     const dataset_part *part);

#endif
