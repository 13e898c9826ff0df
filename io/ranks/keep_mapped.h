/* Keeps shared libraries in memory until the process ends. */
#ifndef PALATE_IO_RANKS_KEEP_MAPPED_H
#define PALATE_IO_RANKS_KEEP_MAPPED_H

/* Call before MPI_Finalize. Open MPI 4.1 unmaps its plugins there while a thread of theirs may still be on its way out;
 * unwinding that thread then reads code that is gone, and a run that has done all its work ends with a segmentation
 * fault (seen a few times in thousands of runs on a machine with more ranks than cores). Local. */
void keep_mapped(void);

#endif
