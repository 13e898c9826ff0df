/* What a dataset file calls itself: shared by its reader and its writer. */
#ifndef PALATE_IO_SCHEMA_DATASET_FORMAT_H
#define PALATE_IO_SCHEMA_DATASET_FORMAT_H

#define DATASET_FORMAT "palate-dataset"
enum { DATASET_FORMAT_VERSION = 1 };

#endif
