#include "io/ingest/input_files.h"

#include "io/base/mem.h"

#include <string.h>

status input_files_open(comm *c, ingest_settings *s, const char *output, input_files *out) {
  status st = OK;
  int items = s->n_sources, users = items + s->items.n, n = users + s->users.n;
  *out = (input_files){.n = n};
  THEN(MEM_ALLOC(out->paths, n, "sources"));
  THEN(MEM_ALLOC(out->files, n, "sources"));
  TRY(comm_agree(c, st));
  for (int i = 0; i < n; i++)
    out->paths[i] = i < items ? s->sources[i] : i < users ? s->items.paths[i - items] : s->users.paths[i - users];
  TRY(spool_pipes(c, out->paths, n, output, out->files, &out->spool));
  s->files = out->files;
  s->items.files = out->files + items;
  s->users.files = out->files + users;
done:
  return st;
}

void input_files_close(const comm *c, input_files *f) {
  spool_remove(c, &f->spool);
  mem_free(f->paths);
  mem_free(f->files);
  *f = (input_files){0};
}
