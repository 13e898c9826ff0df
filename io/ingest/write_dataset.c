#include "io/ingest/write_dataset.h"
#include "io/schema/dataset_write.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ingest/titles.h"

#include <stdio.h>
#include <string.h>

void even_ranges(gid n, int size, gid *first) {
  for (int r = 0; r <= size; r++)
    first[r] = n / size * r + n % size * r / size;
}

/* Adds the texts of the table of a side, if there is one. */
static status table_texts(comm *c, const ingest_settings *s, side side, const numbering *ids, const gid *first,
                          strings *titles, strings *tags, titles_report *report) {
  static const char *const NAMES_ONLY[3] = {NULL, NULL, "none"};
  const char *path = side == USERS ? s->users : s->items;
  char rejected[4096];
  *report = (titles_report){0};
  if (path == NULL)
    return OK;
  snprintf(rejected, sizeof rejected, "%s.%s.rejected", s->output, side == USERS ? "users" : "items");
  status st = titles_read(c, path, side == USERS ? NAMES_ONLY : s->item_columns, s->max_bad_lines, rejected, ids, first,
                          titles, tags, report);
  if (st != OK)
    return st;
  if (report->latin > 0)
    log_info("%s: %lld titles are not UTF-8; read as Latin-1", path, (long long)report->latin);
  if (report->cut > 0)
    log_warn("%s: %lld titles or tags were cut to %d and %d bytes", path, (long long)report->cut, TITLE_MAX, TAGS_MAX);
  if (report->repeated > 0)
    log_info("%s: %lld lines repeat an id; the first line of an id counts", path, (long long)report->repeated);
  return OK;
}

status gather_texts(comm *c, const ingest_settings *s, const base_dataset *b, const numbering *users,
                    const gid *first_user, const numbering *items, const gid *first_item, dataset_part *part,
                    ingest_report *report) {
  status st = OK;
  strings no_tags = {0};
  titles_report read;
  if (b->data != NULL) {
    gid n_items = dataset_items(b->data), n_users = dataset_users(b->data);
    TRY(base_texts(c, b, dataset_read_titles, dataset_has_titles(b->data), n_items, first_item, &part->titles));
    TRY(base_texts(c, b, dataset_read_tags, dataset_has_tags(b->data), n_items, first_item, &part->tags));
    TRY(base_texts(c, b, dataset_read_user_names, dataset_has_user_names(b->data), n_users, first_user,
                   &part->user_names));
  }
  TRY(table_texts(c, s, ITEMS, items, first_item, &part->titles, &part->tags, &read));
  report->titled = read.titled;
  report->titles_unused = read.unused;
  TRY(table_texts(c, s, USERS, users, first_user, &part->user_names, &no_tags, &read));
  report->named = read.titled;
done:
  strings_free(&no_tags);
  return st;
}

/* The sources of the base, then ours. The paths of the base lie in *paths. */
static status list_sources(const base_dataset *b, const source_digests *d, dataset_source **sources, char **paths) {
  status st = OK;
  off n_base = b->sources.n, room = b->sources.width + 1;
  TRY(MEM_ZALLOC(*sources, n_base + d->n, "sources"));
  TRY(MEM_ALLOC(*paths, n_base * room, "sources"));
  dataset_source *next = *sources;
  for (off i = 0; i < n_base; i++, next++) {
    next->path = strings_get(&b->sources, i, *paths + i * room, (size_t)room);
    strings_get(&b->digests, i, next->sha256, sizeof next->sha256);
  }
  for (int i = 0; i < d->n; i++, next++) {
    next->path = d->paths[i];
    source_digests_text(d, i, next->sha256);
  }
done:
  return st;
}

status write_dataset(comm *c, const ingest_settings *s, const base_dataset *b, const source_digests *d,
                     const dataset_part *part) {
  status st = OK;
  dataset_source *sources = NULL;
  char *paths = NULL;
  dataset_part whole = *part;
  if (c->rank == 0)
    st = list_sources(b, d, &sources, &paths);
  TRY(comm_agree(c, st));
  whole.sources = sources;
  whole.n_sources = c->rank == 0 ? (int)b->sources.n + d->n : 0;
  TRY(dataset_write(c, s->output, &whole));
done:
  mem_free(sources);
  mem_free(paths);
  return st;
}
