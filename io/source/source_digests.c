#include "io/source/source_digests.h"

#include "io/base/mem.h"
#include "io/source/source.h"

#include <stdio.h>

static void *hash_files(void *context) {
  source_digests *d = context;
  for (int i = d->first; i < d->n && d->st == OK; i += d->step)
    d->st = source_sha256(d->paths[i], d->files[i], d->digest[i]);
  snprintf(d->message, sizeof d->message, "%s", status_message());
  return NULL;
}

status source_digests_start(const comm *c, source_digests *d, const char *const *paths, const char *const *files,
                            int n) {
  /* The last ranks hash first: rank 0 has enough to do. */
  *d = (source_digests){.paths = paths, .files = files, .n = n, .first = c->size - 1 - c->rank, .step = c->size};
  status st = MEM_ZALLOC(d->digest, n, "digests of sources");
  if (st != OK || d->first >= n)
    return st;
  d->running = pthread_create(&d->thread, NULL, hash_files, d) == 0;
  if (!d->running)
    hash_files(d); /* no thread available: hash now, before everything else */
  return OK;
}

static void join(source_digests *d) {
  if (d->running)
    pthread_join(d->thread, NULL);
  d->running = false;
}

status source_digests_finish(comm *c, source_digests *d) {
  join(d);
  status st = comm_agree(c, d->st == OK ? OK : status_fail(d->st, "%s", d->message));
  if (st == OK) /* digests of other ranks' files are zero here */
    comm_sum_i64(c, (int64_t *)(void *)d->digest, (off)d->n * DIGEST_BYTES / (off)sizeof(int64_t));
  return st;
}

void source_digests_free(source_digests *d) {
  join(d);
  mem_free(d->digest);
  *d = (source_digests){0};
}

void source_digests_text(const source_digests *d, int i, char *out) {
  for (int k = 0; k < DIGEST_BYTES; k++)
    snprintf(out + 2 * k, 3, "%02x", d->digest[i][k]);
}
