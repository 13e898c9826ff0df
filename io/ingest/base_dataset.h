/* The dataset that new events are appended to (--append). Its users and items keep their rows. */
#ifndef PALATE_IO_INGEST_BASE_DATASET_H
#define PALATE_IO_INGEST_BASE_DATASET_H

#include "io/schema/dataset.h"
#include "io/source/source_digests.h"

typedef struct base_dataset {
  dataset *data;            /* NULL: nothing is appended to */
  strings sources, digests; /* the files it was made of, and their SHA-256 */
} base_dataset;

/* Opens the dataset at `path`; NULL gives an empty one. Collective; agreed status: NO_INPUT, BAD_DATA, IO_FAILED. Free
 * with base_free, also after a failure. */
status base_open(comm *c, const char *path, base_dataset *b);
void base_free(base_dataset *b);

/* BAD_DATA if file i of d is already in the base: reading it twice would double its events, and nobody would notice.
 * Local; the same on all ranks. */
status base_refuse_repeated(const base_dataset *b, const source_digests *d, int i);

/* This rank's even slab of the base's ids of a side: *first is its first row, *n the number of ids in the whole base.
 * Collective; agreed status. Free *out with strings_free. */
status base_ids(comm *c, const base_dataset *b, side s, strings *out, gid *first, gid *n);

/* One kind of text of the base: titles, tags or names of users. */
typedef status base_read_texts(dataset *d, gid first, gid count, strings *out);

/* Texts of this rank's rows first[rank] … first[rank + 1] - 1; rows from n_old on, which the base does not have, are
 * empty. *out is left alone if the base has no such texts (`has`). Collective; agreed status. Free with strings_free.
 */
status base_texts(comm *c, const base_dataset *b, base_read_texts *read, bool has, gid n_old, const gid *first,
                  strings *out);

#endif
