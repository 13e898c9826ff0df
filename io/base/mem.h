/* Allocates 64-byte aligned memory; checks sizes for overflow and counts the bytes in use. */
#ifndef PALATE_IO_BASE_MEM_H
#define PALATE_IO_BASE_MEM_H

#include "io/base/status.h"
#include "io/base/types.h"

enum { MEM_ALIGN = 64 };

/* Allocates n elements of `size` bytes at *out (a T **), 64-byte aligned, not cleared; n = 0 gives a block without
 * elements. `what` names the array in the message ("item factors"). Local; thread-safe. NO_MEMORY if n * size
 * overflows, no memory is left, or the cap would be passed; *out is then NULL. */
status mem_alloc(void *out, off n, size_t size, const char *what);

/* The same, cleared to zero. */
status mem_zalloc(void *out, off n, size_t size, const char *what);

/* Grows or shrinks *inout to n elements, keeping the common prefix. On failure *inout does not change. */
status mem_realloc(void *inout, off n, size_t size, const char *what);

/* Frees; NULL is accepted. */
void mem_free(void *block);

/* Bytes that a block of `bytes` counts as, with its header and rounding. */
int64_t mem_rounded(int64_t bytes);

/* Bytes this process has allocated here: now, and at the peak. */
int64_t mem_held(void);
int64_t mem_peak(void);

/* Resets the peak to the bytes held now. */
void mem_peak_reset(void);

/* Sets a cap: an allocation fails if mem_held() would exceed `bytes`; 0: no cap. For tests and --memory. */
void mem_cap(int64_t bytes);

/* Makes the n-th allocation from now (1 is the next) fail once; 0: none. For tests that fail each in turn. */
void mem_fail_nth(int64_t n);

/* Peak resident size of the process in bytes, from the kernel. */
int64_t mem_peak_resident(void);

#define MEM_ALLOC(pointer, n, what) mem_alloc((void *)&(pointer), (n), sizeof *(pointer), (what))
#define MEM_ZALLOC(pointer, n, what) mem_zalloc((void *)&(pointer), (n), sizeof *(pointer), (what))
#define MEM_REALLOC(pointer, n, what) mem_realloc((void *)&(pointer), (n), sizeof *(pointer), (what))

#endif
