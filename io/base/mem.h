/* Checked, 64-byte aligned memory whose sizes cannot overflow, with a running account of what is held. */
#ifndef PALATE_IO_BASE_MEM_H
#define PALATE_IO_BASE_MEM_H

#include "io/base/status.h"
#include "io/base/types.h"

enum { MEM_ALIGN = 64 };

/* Allocates n elements of `size` bytes at *out (a T **), 64-byte aligned, not cleared; n = 0 gives a block that may be
 * freed and not read. `what` names the array in the message ("item factors"). Local; thread-safe.
 * Returns NO_MEMORY where n * size overflows, the machine has none, or the cap would be passed; *out is then NULL. */
status mem_alloc(void *out, off n, size_t size, const char *what);

/* The same, cleared to zero. */
status mem_zalloc(void *out, off n, size_t size, const char *what);

/* Grows or shrinks *inout to n elements, keeping the common prefix. On failure *inout is as it was. */
status mem_realloc(void *inout, off n, size_t size, const char *what);

/* Frees; NULL is accepted. */
void mem_free(void *block);

/* What a block of so many bytes counts as held: with what stands before it, rounded up. */
int64_t mem_rounded(int64_t bytes);

/* Bytes held now, and the most ever held, by this process through this module. */
int64_t mem_held(void);
int64_t mem_peak(void);

/* Starts the peak anew at what is held now. */
void mem_peak_reset(void);

/* Refuses every allocation that would bring mem_held() above `bytes`; 0 lifts the cap. For tests and --memory. */
void mem_cap(int64_t bytes);

/* Makes the n-th allocation from now (1 is the next) fail once; 0 lifts it. For the tests that fail each in turn. */
void mem_fail_nth(int64_t n);

/* Peak resident size of the process in bytes, as the kernel accounts it. */
int64_t mem_peak_resident(void);

#define MEM_ALLOC(pointer, n, what) mem_alloc((void *)&(pointer), (n), sizeof *(pointer), (what))
#define MEM_ZALLOC(pointer, n, what) mem_zalloc((void *)&(pointer), (n), sizeof *(pointer), (what))
#define MEM_REALLOC(pointer, n, what) mem_realloc((void *)&(pointer), (n), sizeof *(pointer), (what))

#endif
