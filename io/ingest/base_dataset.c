#include "io/ingest/base_dataset.h"

#include "io/text/id.h"

#include <string.h>

static status read_sources(base_dataset *b, const char *path) {
  status st = OK;
  h5_file *f = dataset_file(b->data);
  if (!h5_attr_has(f, "/", "source"))
    return OK;
  TRY(h5_attr_texts(f, "/", "source", &b->sources));
  TRY(h5_attr_texts(f, "/", "source_sha256", &b->digests));
  if (b->digests.n != b->sources.n)
    TRY(status_fail(BAD_DATA, "%s: its attributes source and source_sha256 differ in length", path));
done:
  return st;
}

status base_open(comm *c, const char *path, base_dataset *b) {
  *b = (base_dataset){0};
  if (path == NULL)
    return OK;
  status st = dataset_open(c, path, &b->data);
  return st == OK ? comm_agree(c, read_sources(b, path)) : st;
}

void base_free(base_dataset *b) {
  dataset_close(b->data);
  strings_free(&b->sources);
  strings_free(&b->digests);
  *b = (base_dataset){0};
}

status base_refuse_repeated(const base_dataset *b, const source_digests *d, int i) {
  char text[DIGEST_TEXT];
  if (b->digests.n == 0)
    return OK;
  source_digests_text(d, i, text);
  if (strings_find(&b->digests, text) < 0)
    return OK;
  return status_fail(BAD_DATA, "%s is already in %s (same SHA-256); leave it out, or start from a dataset without it",
                     d->paths[i], dataset_path(b->data));
}

status base_ids(comm *c, const base_dataset *b, side s, strings *out, gid *first, gid *n) {
  *out = (strings){0};
  *n = b->data == NULL ? 0 : s == USERS ? dataset_users(b->data) : dataset_items(b->data);
  *first = *n * c->rank / c->size;
  gid count = *n * (c->rank + 1) / c->size - *first;
  status st = OK;
  if (count > 0)
    st = dataset_read_ids(b->data, s, *first, count, out);
  if (st == OK && out->n > 0 && out->width > ID_MAX)
    st = status_fail(BAD_DATA, "%s has ids longer than %d bytes", dataset_path(b->data), ID_MAX);
  return comm_agree(c, st);
}

/* The base's texts of `old` rows, followed by empty ones up to n. */
static status read_texts(const base_dataset *b, base_read_texts *read, gid first, gid old, gid n, strings *out) {
  status st = OK;
  strings slab = {0};
  if (old > 0)
    TRY(read(b->data, first, old, &slab));
  TRY(strings_alloc(out, n, slab.width > 0 ? slab.width : 1, "titles"));
  if (old > 0)
    memcpy(out->bytes, slab.bytes, (size_t)(old * slab.width));
done:
  strings_free(&slab);
  return st;
}

status base_texts(comm *c, const base_dataset *b, base_read_texts *read, bool has, gid n_old, const gid *first,
                  strings *out) {
  gid n = first[c->rank + 1] - first[c->rank], old = n_old - first[c->rank];
  old = old < 0 ? 0 : old > n ? n : old;
  return has ? comm_agree(c, read_texts(b, read, first[c->rank], old, n, out)) : OK;
}
