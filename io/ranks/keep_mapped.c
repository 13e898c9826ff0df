#define _GNU_SOURCE
#include "io/ranks/keep_mapped.h"

#include "io/base/mem.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>

enum { LIBRARIES_MAX = 256, PATH_MAX_BYTES = 512 };

typedef struct libraries {
  char path[LIBRARIES_MAX][PATH_MAX_BYTES];
  int n;
} libraries;

static int note(struct dl_phdr_info *about, size_t size, void *context) {
  (void)size;
  libraries *l = context;
  if (about->dlpi_name == NULL || about->dlpi_name[0] != '/' || l->n == LIBRARIES_MAX)
    return 0;
  if ((size_t)snprintf(l->path[l->n], PATH_MAX_BYTES, "%s", about->dlpi_name) < PATH_MAX_BYTES)
    l->n++;
  return 0;
}

void keep_mapped(void) {
  libraries *l;
  if (MEM_ZALLOC(l, 1, "names of libraries") != OK)
    return;
  dl_iterate_phdr(note, l);
  for (int i = 0; i < l->n; i++) /* not opened anew: only the flag is set */
    if (dlopen(l->path[i], RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) == NULL)
      dlerror();
  mem_free(l);
}
