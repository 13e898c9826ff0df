#define _DEFAULT_SOURCE /* madvise */
#include "io/base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* The counters belong to the process, as memory does; they are atomic because threads allocate too. */
static _Atomic int64_t held, peak, cap, countdown;

/* The header of each block, for counting when it is freed. Its size is one alignment unit, so the block is aligned. */
typedef struct header {
  int64_t bytes;
  char pad[MEM_ALIGN - sizeof(int64_t)];
} header;

static status account(int64_t bytes, const char *what) {
  int64_t left = atomic_load(&countdown);
  while (left > 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1)) {
  }
  if (left == 1)
    return status_fail(NO_MEMORY, "no memory for %s (failed on request)", what);
  int64_t now = atomic_fetch_add(&held, bytes) + bytes;
  int64_t limit = atomic_load(&cap);
  if (limit > 0 && now > limit) {
    atomic_fetch_sub(&held, bytes);
    return status_fail(NO_MEMORY,
                       "%s needs %lld MB, which exceeds the memory limit of %lld MB: use more ranks or raise it", what,
                       (long long)(bytes >> 20), (long long)(limit >> 20));
  }
  int64_t most = atomic_load(&peak);
  while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) {
  }
  return OK;
}

/* Asks for huge pages for large arrays: factor rows are read in random order, and with pages of 4 KiB most of those
 * reads would miss the TLB. */
enum { HUGE_PAGE = 2 << 20, LARGE = 2 * HUGE_PAGE };

static size_t rounded(size_t total) {
  size_t unit = total < LARGE ? MEM_ALIGN : HUGE_PAGE;
  return total + (unit - total % unit) % unit;
}

int64_t mem_rounded(int64_t bytes) {
  return (int64_t)rounded((size_t)bytes + sizeof(header));
}

static void *blank(size_t total) {
  void *block = aligned_alloc(total < LARGE ? MEM_ALIGN : HUGE_PAGE, total);
#ifdef MADV_HUGEPAGE
  if (block != NULL && total >= LARGE)
    (void)madvise(block, total, MADV_HUGEPAGE); /* only faster; may fail */
#endif
  return block;
}

static status allocate(void **out, off n, size_t size, const char *what) {
  *out = NULL;
  size_t bytes, total;
  if (n < 0 || __builtin_mul_overflow((size_t)n, size, &bytes) ||
      __builtin_add_overflow(bytes, sizeof(header), &total) || total > (size_t)INT64_MAX / 2)
    return status_fail(NO_MEMORY, "the size of %s overflows: %lld elements of %zu bytes", what, (long long)n, size);
  total = rounded(total);
  status st = account((int64_t)total, what);
  if (st != OK)
    return st;
  header *block = blank(total);
  if (block == NULL) {
    atomic_fetch_sub(&held, (int64_t)total);
    return status_fail(NO_MEMORY, "no memory for %s (%lld MB); use more ranks or a larger machine", what,
                       (long long)(total >> 20));
  }
  block->bytes = (int64_t)total;
  *out = block + 1;
  return OK;
}

status mem_alloc(void *out, off n, size_t size, const char *what) {
  return allocate(out, n, size, what);
}

status mem_zalloc(void *out, off n, size_t size, const char *what) {
  status st = allocate(out, n, size, what);
  if (st == OK)
    memset(*(void **)out, 0, (size_t)n * size);
  return st;
}

status mem_realloc(void *inout, off n, size_t size, const char *what) {
  void *old = *(void **)inout, *fresh;
  status st = allocate(&fresh, n, size, what);
  if (st != OK)
    return st;
  if (old != NULL) {
    size_t had = (size_t)((header *)old - 1)->bytes - sizeof(header), want = (size_t)n * size;
    memcpy(fresh, old, had < want ? had : want);
  }
  mem_free(old);
  *(void **)inout = fresh;
  return OK;
}

void mem_free(void *block) {
  if (block == NULL)
    return;
  header *h = (header *)block - 1;
  atomic_fetch_sub(&held, h->bytes);
  free(h);
}

int64_t mem_held(void) {
  return atomic_load(&held);
}
int64_t mem_peak(void) {
  return atomic_load(&peak);
}
void mem_peak_reset(void) {
  atomic_store(&peak, atomic_load(&held));
}
void mem_cap(int64_t bytes) {
  atomic_store(&cap, bytes);
}
void mem_fail_nth(int64_t n) {
  atomic_store(&countdown, n);
}

int64_t mem_peak_resident(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (int64_t)usage.ru_maxrss * 1024;
}
