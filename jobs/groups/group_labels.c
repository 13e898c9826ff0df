#include "jobs/groups/group_labels.h"

#include "io/base/mem.h"
#include "train/groups/group_items.h"

#include <stdio.h>
#include <string.h>

/* A tag has to be a real part of what a group consumes: shares are smoothed by this floor (train/groups/lift.h). */
static const double TAG_FLOOR = 0.02;
/* A tag is named if the group has at least this many times as much of it as everyone. */
static const double TAG_LIFT = 1.1;

/* An item that a group loves, and a tag of what it consumes, on their way to the group's rank. */
typedef struct found_item {
  lid group;
  lifted item;
} found_item;
typedef struct found_tag {
  lid group, tag;
  double pairs;
} found_tag;

/* A group with its name, on its way to rank 0. */
typedef struct named_group {
  lid group;
  lid top[GROUPS_TOP];
  char label[LABEL_MAX];
} named_group;

void group_names_free(group_names *g) {
  mem_free(g->top_items);
  strings_free(&g->labels);
  *g = (group_names){0};
}

status naming_begin(comm *c, model *m, group_naming *out) {
  status st = OK;
  strings title = {0};
  *out = (group_naming){.c = c, .m = m};
  TRY(item_tags_read(c, m, &out->tags));
  st = MEM_ZALLOC(out->tag_here, out->tags.n_words, "tags of a group");
  if (st == OK)
    st = MEM_ZALLOC(out->tag_all, out->tags.n_words, "tags of all");
  if (st == OK)
    st = model_read_titles(m, 0, model_rows(m, ITEMS) > 0, &title);
  out->has_titles = title.n > 0;
  TRY(comm_agree(c, st));
done:
  strings_free(&title);
  return st;
}

void naming_free(group_naming *w) {
  item_tags_free(&w->tags);
  mem_free(w->tag_here);
  mem_free(w->tag_all);
  mem_free(w->item);
  mem_free(w->tag);
  mem_free(w->list);
}

void naming_background(group_naming *w, const off *weight) {
  const item_tags *t = &w->tags;
  int64_t *sum = (int64_t *)(void *)w->tag_here; /* as large, and whole numbers are summed exactly */
  _Static_assert(sizeof(int64_t) == sizeof(double), "tags are counted in place");
  memset(sum, 0, sizeof *sum * (size_t)t->n_words);
  for (gid i = 0; i < part_count(&t->items, w->c->rank); i++)
    for (off j = t->ptr[i]; j < t->ptr[i + 1]; j++)
      sum[t->tag[j]] += weight != NULL ? weight[i] : 1;
  comm_sum_i64(w->c, sum, t->n_words);
  w->tag_pairs_all = 0;
  for (lid k = 0; k < t->n_words; k++) {
    w->tag_all[k] = (double)sum[k];
    w->tag_pairs_all += w->tag_all[k];
  }
  memset(w->tag_here, 0, sizeof *w->tag_here * (size_t)t->n_words);
}

/* --- labels --- */

/* Appends text to a label, cut at a whole UTF-8 character, with line breaks and the like as blanks. */
static void append(char *label, const char *text) {
  size_t n = strlen(label), more = strlen(text);
  if (more > LABEL_MAX - 1 - n) {
    more = LABEL_MAX - 1 - n;
    while (more > 0 && ((unsigned char)text[more] & 0xc0) == 0x80)
      more--;
  }
  for (size_t i = 0; i < more; i++)
    label[n + i] = (unsigned char)text[i] < 32 || text[i] == 127 ? ' ' : text[i];
  label[n + more] = '\0';
}

/* The title of an item, or its id. */
static status title_of(model *m, bool has_titles, lid item, char *out, size_t size) {
  strings one = {0};
  status st = has_titles ? model_read_titles(m, item, 1, &one) : OK;
  if (st == OK && (one.n == 0 || one.width == 0 || one.bytes[0] == '\0')) {
    strings_free(&one);
    st = model_read_ids(m, ITEMS, item, 1, &one);
  }
  if (st == OK)
    strings_get(&one, 0, out, size);
  strings_free(&one);
  return st;
}

/* In a label the first ": " ends the tags: it is taken out of titles. */
static void without_colon(char *title) {
  for (char *at = strstr(title, ": "); at != NULL; at = strstr(at, ": "))
    *at = ',';
  size_t n = strlen(title);
  if (n > 1 && title[n - 1] == ':')
    title[n - 1] = '\0';
}

/* Adds a title to a label that may have one. */
static status add_title(model *m, bool has_titles, lid item, bool another, char *label) {
  char title[LABEL_MAX];
  status st = title_of(m, has_titles, item, title, sizeof title);
  if (st != OK)
    return st;
  without_colon(title);
  append(label, another ? " / " : "");
  append(label, title);
  return OK;
}

status label_add_title(model *m, lid item, char *label) {
  return add_title(m, true, item, true, label);
}

/* Writes down a group's top items and its label: "Tag, Tag: Title / Title / Title", or the titles alone. */
static status name_group(group_naming *w, lid group, const lifted *item, int n_items, const lifted *tag, int n_tags) {
  status st = OK;
  if (w->n == w->room) {
    TRY(MEM_REALLOC(w->list, 2 * w->room + 16, "names of groups"));
    w->room = 2 * w->room + 16;
  }
  named_group *g = &w->list[w->n++];
  memset(g, 0, sizeof *g);
  g->group = group;
  for (int i = 0; i < GROUPS_TOP; i++)
    g->top[i] = i < n_items ? item[i].what : -1;
  for (int i = 0; i < n_tags; i++) {
    append(g->label, i > 0 ? ", " : "");
    append(g->label, item_tags_word(&w->tags, tag[i].what));
  }
  append(g->label, n_tags > 0 && n_items > 0 ? ": " : "");
  for (int i = 0; i < n_items && i < LABEL_TITLES; i++)
    TRY(add_title(w->m, w->has_titles, item[i].what, i > 0, g->label));
done:
  return st;
}

/* Tags by lift from tag_here: those that are clearly lifted, else the one that is most. */
static int best_tags(const group_naming *w, lifted *out) {
  int n = 0;
  double pairs = 0;
  for (lid t = 0; t < w->tags.n_words; t++)
    pairs += w->tag_here[t];
  for (lid t = 0; t < w->tags.n_words && pairs > 0; t++) {
    double times = lift(w->tag_here[t], pairs, w->tag_all[t], w->tag_pairs_all, TAG_FLOOR);
    lift_offer(out, &n, LABEL_TAGS, (lifted){t, times, w->tag_here[t] / pairs});
  }
  while (n > 1 && out[n - 1].lift < TAG_LIFT)
    n--;
  return n;
}

/* --- from all ranks --- */

static status grow(void *array, off *room, off n, size_t bytes) {
  if (n <= *room)
    return OK;
  status st = mem_realloc(array, 2 * n + 64, bytes, "what groups love");
  if (st == OK)
    *room = 2 * n + 64;
  return st;
}

status labels_offer(group_naming *w, lid group, const lifted *best, int n) {
  status st = OK;
  off tags = 0;
  for (lid t = 0; t < w->tags.n_words; t++)
    tags += w->tag_here[t] > 0;
  TRY(grow((void *)&w->item, &w->items_room, w->n_items + n, sizeof *w->item));
  TRY(grow((void *)&w->tag, &w->tags_room, w->n_tags + tags, sizeof *w->tag));
  for (int i = 0; i < n; i++)
    w->item[w->n_items++] = (found_item){group, best[i]};
  for (lid t = 0; t < w->tags.n_words; t++)
    if (w->tag_here[t] > 0)
      w->tag[w->n_tags++] = (found_tag){group, t, w->tag_here[t]};
done:
  return st;
}

static status name_ours(group_naming *w, const group_moved *items, const group_moved *tags) {
  status st = OK;
  const found_item *item = (const found_item *)(const void *)items->record;
  const found_tag *found = (const found_tag *)(const void *)tags->record;
  for (lid g = items->begin; g < items->end && st == OK; g++) {
    lifted best[GROUPS_TOP], tag[LABEL_TAGS];
    int n = 0;
    lid place = g - items->begin;
    for (off i = items->at[place]; i < items->at[place + 1]; i++)
      lift_offer(best, &n, GROUPS_TOP, item[i].item);
    if (n == 0)
      continue; /* nothing is consumed here */
    memset(w->tag_here, 0, sizeof *w->tag_here * (size_t)w->tags.n_words);
    for (off i = tags->at[place]; i < tags->at[place + 1]; i++)
      w->tag_here[found[i].tag] += found[i].pairs;
    st = name_group(w, g, best, n, tag, best_tags(w, tag));
  }
  return st;
}

status labels_merge(group_naming *w, lid first, lid last) {
  status st = OK;
  group_moved items = {0}, tags = {0};
  TRY(group_move(w->c, first, last, w->item, sizeof *w->item, w->n_items, &items));
  TRY(group_move(w->c, first, last, w->tag, sizeof *w->tag, w->n_tags, &tags));
  w->n_items = w->n_tags = 0;
  TRY(comm_agree(w->c, name_ours(w, &items, &tags)));
done:
  group_moved_free(&items);
  group_moved_free(&tags);
  return st;
}

status naming_alone(group_naming *w, lid group, const lifted *best, int n) {
  status st = OK;
  lifted tag[LABEL_TAGS];
  memset(w->tag_here, 0, sizeof *w->tag_here * (size_t)w->tags.n_words);
  for (int i = 0; i < n && w->tags.n_words > 0; i++)
    TRY(item_tags_add_any(&w->tags, w->m, best[i].what, 1, w->tag_here));
  TRY(name_group(w, group, best, n, tag, best_tags(w, tag)));
done:
  return st;
}

status labels_gather(group_naming *w, lid n_groups, group_names *out) {
  status st = OK;
  comm *c = w->c;
  named_group *got = NULL;
  off *give = NULL, *come = NULL, total = 0;
  *out = (group_names){.n_groups = n_groups};
  TRY(MEM_ZALLOC(give, c->size, "counts of ranks"));
  TRY(MEM_ZALLOC(come, c->size, "counts of ranks"));
  if (c->rank == 0) {
    TRY(strings_alloc(&out->labels, n_groups, LABEL_MAX, "labels of groups"));
    TRY(MEM_ALLOC(out->top_items, (off)n_groups * GROUPS_TOP, "top items of groups"));
  }
done:
  st = comm_agree(c, st);
  if (st == OK) {
    give[0] = w->n;
    comm_transpose_i64(c, give, come);
    for (int r = 0; r < c->size; r++)
      total += come[r];
    st = comm_agree(c, MEM_ALLOC(got, total, "names of groups"));
  }
  if (st == OK)
    comm_move_rows(c, w->list, give, got, come, sizeof *got);
  if (st == OK && c->rank == 0) {
    for (off i = 0; i < (off)n_groups * GROUPS_TOP; i++)
      out->top_items[i] = -1;
    for (off i = 0; i < total; i++) {
      memcpy(out->top_items + (off)got[i].group * GROUPS_TOP, got[i].top, sizeof got[i].top);
      memcpy(out->labels.bytes + (off)got[i].group * LABEL_MAX, got[i].label, LABEL_MAX);
    }
  }
  mem_free(got);
  mem_free(give);
  mem_free(come);
  if (st != OK)
    group_names_free(out);
  return st;
}
