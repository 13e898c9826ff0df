/* The row of an id, in a file whose ids stand in the dense order (io/text/id.h). */
#ifndef PALATE_IO_SCHEMA_FIND_ID_H
#define PALATE_IO_SCHEMA_FIND_ID_H

#include "io/hdf5/h5.h"

/* *row of the id among the texts at `path`, or -1. Binary search in the order of numbers or of bytes; ids that were
 * appended out of order are found by a scan. The id found is read once more with its checksum. Local. */
status find_id(h5_file *f, const char *path, const char *id, gid *row);

#endif
