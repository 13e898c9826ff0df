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

/* Adds the texts of the tables of a side, if there are any. */
static status table_texts(comm *c, const ingest_settings *s, side side, const char *events_id, const numbering *ids,
                          const gid *first, strings *texts, strings *tags, int64_t *titled, int64_t *unused) {
  status st = OK;
  const table_settings *tables = side == USERS ? &s->users : &s->items;
  titles all = {0};
  titles_wish wish = {.side = side, .separator = s->wish.separator, .quoting = s->wish.quoting, .events_id = events_id};
  titles_placed placed;
  char rejected[4096];
  if (tables->n == 0)
    return OK;
  memcpy(wish.column, tables->column, sizeof wish.column);
  for (int i = 0; i < tables->n; i++) {
    titles_report report;
    snprintf(rejected, sizeof rejected, i == 0 ? "%s.%s.rejected" : "%s.%s.%d.rejected", s->output,
             side == USERS ? "users" : "items", i + 1);
    TRY(titles_read(c, tables->paths[i], tables->files[i], &wish, s->tag_separator, s->bad_lines, rejected, ids, first,
                    &all, &report));
    *unused += report.unused;
  }
  TRY(comm_agree(c, titles_place(&all, first[c->rank], first[c->rank + 1] - first[c->rank], texts, tags, &placed)));
  comm_sum_i64(c, (int64_t *)(void *)&placed, sizeof placed / sizeof(int64_t));
  *titled = placed.titled;
  if (placed.cut > 0)
    log_warn("the tags of %lld items, together, were cut to %d bytes", (long long)placed.cut, TAGS_MAX);
  if (placed.repeated > 0)
    log_info("%lld lines repeat %s; the first %s that says something counts%s", (long long)placed.repeated,
             side == ITEMS ? "an item" : "a user", side == ITEMS ? "title" : "name",
             side == ITEMS ? ", and tags are joined" : "");
done:
  titles_free(&all);
  return st;
}

status gather_texts(comm *c, const ingest_settings *s, const char *const events_id[2], const base_dataset *b,
                    const numbering *users, const gid *first_user, const numbering *items, const gid *first_item,
                    dataset_part *part, ingest_report *report) {
  status st = OK;
  strings no_tags = {0};
  int64_t unused = 0;
  if (b->data != NULL) {
    gid n_items = dataset_items(b->data), n_users = dataset_users(b->data);
    TRY(base_texts(c, b, dataset_read_titles, dataset_has_titles(b->data), n_items, first_item, &part->titles));
    TRY(base_texts(c, b, dataset_read_tags, dataset_has_tags(b->data), n_items, first_item, &part->tags));
    TRY(base_texts(c, b, dataset_read_user_names, dataset_has_user_names(b->data), n_users, first_user,
                   &part->user_names));
  }
  TRY(table_texts(c, s, ITEMS, events_id[ITEMS], items, first_item, &part->titles, &part->tags, &report->titled,
                  &report->titles_unused));
  TRY(table_texts(c, s, USERS, events_id[USERS], users, first_user, &part->user_names, &no_tags, &report->named,
                  &unused));
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
