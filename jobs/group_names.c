#include "jobs/group_names.h"

#include "io/mem.h"
#include "io/tags.h"
#include "train/group_items.h"
#include "train/lift.h"
#include "train/part.h"
#include "train/product.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_MAX = 240, LABEL_TITLES = 3, LABEL_TAGS = 2 };

/* Shares are smoothed by these floors (train/lift.h): what less than a few per cent of all consume cannot stand for a
 * group by being rare, and a tag has to be a real part of what a group consumes. */
static const double ITEM_FLOOR = 0.1, TAG_FLOOR = 0.02;
/* A tag is named where the group has at least this much more of it than everyone. */
static const double TAG_LIFT = 1.1;

/* A group with its name, on its way to rank 0. */
typedef struct named {
  lid group;
  lid top[GROUPS_TOP];
  char label[LABEL_MAX];
} named;

typedef struct naming {
  model *m;
  tags tags;
  group_background everyone;
  double *tag_here, *tag_all; /* [n_tags]: pairs with a tag, in the group and in all */
  double tag_pairs_all;       /* Σ tag_all */
  bool has_titles;
  named *list;
  off n, room;
} naming;

void group_names_free(group_names *g) {
  mem_free(g->top_items);
  strings_free(&g->labels);
  *g = (group_names){0};
}

/* Tags of all items are read by every rank: the item side is replicated here. */
static status naming_begin(naming *w, model *m) {
  status st = OK;
  strings texts = {0}, title = {0};
  gid n_items = model_rows(m, ITEMS);
  *w = (naming){.m = m};
  TRY(model_read_tags(m, 0, n_items, &texts));
  TRY(tags_parse(&texts, n_items, &w->tags));
  TRY(MEM_ALLOC(w->tag_here, w->tags.n_tags, "tags of a group"));
  TRY(MEM_ZALLOC(w->tag_all, w->tags.n_tags, "tags of all"));
  TRY(model_read_titles(m, 0, n_items > 0, &title));
  w->has_titles = title.n > 0;
done:
  strings_free(&texts);
  strings_free(&title);
  return st;
}

static void naming_free(naming *w) {
  tags_free(&w->tags);
  group_background_free(&w->everyone);
  mem_free(w->tag_here);
  mem_free(w->tag_all);
  mem_free(w->list);
}

static void add_tags(const naming *w, lid item, double pairs, double *to) {
  for (off j = w->tags.ptr[item]; j < w->tags.ptr[item + 1]; j++)
    to[w->tags.tag[j]] += pairs;
}

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
static status title_of(const naming *w, lid item, char *out, size_t size) {
  strings one = {0};
  status st = w->has_titles ? model_read_titles(w->m, item, 1, &one) : OK;
  if (st == OK && (one.n == 0 || one.width == 0 || one.bytes[0] == '\0')) {
    strings_free(&one);
    st = model_read_ids(w->m, ITEMS, item, 1, &one);
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

/* Writes down a group's top items and its label: "Tag, Tag: Title / Title / Title", or the titles alone. */
static status name_group(naming *w, lid group, const lifted *item, int n_items, const lifted *tag, int n_tags) {
  status st = OK;
  if (w->n == w->room) {
    TRY(MEM_REALLOC(w->list, 2 * w->room + 16, "names of groups"));
    w->room = 2 * w->room + 16;
  }
  named *g = &w->list[w->n++];
  memset(g, 0, sizeof *g);
  g->group = group;
  for (int i = 0; i < GROUPS_TOP; i++)
    g->top[i] = i < n_items ? item[i].what : -1;
  for (int i = 0; i < n_tags; i++) {
    append(g->label, i > 0 ? ", " : "");
    append(g->label, w->tags.name[tag[i].what]);
  }
  append(g->label, n_tags > 0 && n_items > 0 ? ": " : "");
  for (int i = 0; i < n_items && i < LABEL_TITLES; i++) {
    char title[LABEL_MAX];
    TRY(title_of(w, item[i].what, title, sizeof title));
    without_colon(title);
    append(g->label, i > 0 ? " / " : "");
    append(g->label, title);
  }
done:
  return st;
}

/* Tags by lift from tag_here: those that are clearly lifted, else the one that is most. */
static int best_tags(const naming *w, lifted *out) {
  int n = 0;
  double pairs = 0;
  for (lid t = 0; t < w->tags.n_tags; t++)
    pairs += w->tag_here[t];
  for (lid t = 0; t < w->tags.n_tags && pairs > 0; t++) {
    double times = lift(w->tag_here[t], pairs, w->tag_all[t], w->tag_pairs_all, TAG_FLOOR);
    lift_offer(out, &n, LABEL_TAGS, (lifted){t, times, w->tag_here[t] / pairs});
  }
  while (n > 1 && out[n - 1].lift < TAG_LIFT)
    n--;
  return n;
}

static status name_tally(void *context, const group_tally *t) {
  naming *w = context;
  lifted item[GROUPS_TOP], tag[LABEL_TAGS];
  int n_items = 0;
  memset(w->tag_here, 0, sizeof *w->tag_here * (size_t)w->tags.n_tags);
  for (lid i = 0; i < t->n; i++) {
    double count = (double)t->count[i], all = (double)w->everyone.count[t->item[i]];
    double times = lift(count, (double)t->members, all, (double)w->everyone.members, ITEM_FLOOR);
    lift_offer(item, &n_items, GROUPS_TOP, (lifted){t->item[i], times, count / (double)t->members});
    add_tags(w, t->item[i], count, w->tag_here);
  }
  return name_group(w, t->group, item, n_items, tag, best_tags(w, tag));
}

static void sum_tags(naming *w, const double *pairs_of_item) {
  w->tag_pairs_all = 0;
  for (gid i = 0; i < w->tags.n_items; i++)
    add_tags(w, (lid)i, pairs_of_item != NULL ? pairs_of_item[i] : (double)w->everyone.count[i], w->tag_all);
  for (lid t = 0; t < w->tags.n_tags; t++)
    w->tag_pairs_all += w->tag_all[t];
}

/* All ranks' names to rank 0. */
static status deliver(comm *c, naming *w, lid n_groups, group_names *out) {
  status st = OK;
  named *got = NULL;
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

status group_names_from_pairs(comm *c, model *m, const csr *pairs, const lid *group, lid n_groups, group_names *out) {
  naming w;
  *out = (group_names){0};
  status st = comm_agree(c, naming_begin(&w, m));
  if (st == OK)
    st = group_background_count(c, pairs, model_rows(m, ITEMS), &w.everyone);
  if (st == OK) {
    sum_tags(&w, NULL);
    st = group_items_visit(c, pairs, group, n_groups, model_rows(m, ITEMS), name_tally, &w);
  }
  if (st == OK)
    st = deliver(c, &w, n_groups, out);
  naming_free(&w);
  return st;
}

/* --- without the dataset --- */

/* What a group is predicted to love: items by how much more its centroid gives them than the mean centroid. */
static status name_centroids(naming *w, const real *centroid, const real *mean, lid first, lid count, int k) {
  enum { ITEMS_AT_ONCE = 1024 };
  status st = OK;
  isa set = isa_in_use();
  real *items = NULL, *packed = NULL, *here = NULL, *everywhere = NULL;
  lifted *best = NULL;
  int *n_best = NULL;
  gid n_items = model_rows(w->m, ITEMS);
  /* Predictions of an explicit model are ratings, of an implicit one nearly shares. */
  double floor = model_is_explicit(w->m) ? 2 : ITEM_FLOOR;
  TRY(MEM_ALLOC(items, (off)ITEMS_AT_ONCE * k, "item factors"));
  TRY(MEM_ALLOC(packed, product_packed_size(set, ITEMS_AT_ONCE, k), "packed item factors"));
  TRY(MEM_ALLOC(here, ITEMS_AT_ONCE, "predictions"));
  TRY(MEM_ALLOC(everywhere, ITEMS_AT_ONCE, "predictions"));
  TRY(MEM_ALLOC(best, (off)count * GROUPS_TOP, "top items of groups"));
  TRY(MEM_ZALLOC(n_best, count, "top items of groups"));
  for (gid at = 0; at < n_items; at += ITEMS_AT_ONCE) {
    gid n = n_items - at < ITEMS_AT_ONCE ? n_items - at : ITEMS_AT_ONCE;
    TRY(model_read_factors(w->m, ITEMS, at, n, items, k));
    product_pack(set, items, n, k, k, packed);
    product_block(set, mean, 1, k, packed, n, k, everywhere, ITEMS_AT_ONCE);
    for (lid g = 0; g < count; g++) {
      product_block(set, centroid + (off)(first + g) * k, 1, k, packed, n, k, here, ITEMS_AT_ONCE);
      for (gid i = 0; i < n; i++)
        lift_offer(best + (off)g * GROUPS_TOP, &n_best[g], GROUPS_TOP,
                   (lifted){(lid)(at + i), (fmax(here[i], 0) + floor) / (fmax(everywhere[i], 0) + floor), 0});
    }
  }
  for (lid g = 0; g < count; g++) {
    lifted tag[LABEL_TAGS];
    memset(w->tag_here, 0, sizeof *w->tag_here * (size_t)w->tags.n_tags);
    for (int i = 0; i < n_best[g]; i++)
      add_tags(w, best[(off)g * GROUPS_TOP + i].what, 1, w->tag_here);
    TRY(name_group(w, first + g, best + (off)g * GROUPS_TOP, n_best[g], tag, best_tags(w, tag)));
  }
done:
  mem_free(items);
  mem_free(packed);
  mem_free(here);
  mem_free(everywhere);
  mem_free(best);
  mem_free(n_best);
  return st;
}

/* Every item once: the background for tags where only items are looked at. */
static status count_items_once(naming *w) {
  status st = MEM_ALLOC(w->everyone.count, w->tags.n_items, "items");
  for (gid i = 0; st == OK && i < w->tags.n_items; i++)
    w->everyone.count[i] = 1;
  if (st == OK)
    sum_tags(w, NULL);
  return st;
}

status group_names_from_factors(comm *c, model *m, const real *centroid, const int64_t *size, lid n_groups,
                                group_names *out) {
  naming w = {0};
  part groups = {0};
  real *mean = NULL;
  int k = model_factors(m);
  status st = OK;
  *out = (group_names){0};
  TRY(naming_begin(&w, m));
  TRY(count_items_once(&w));
  TRY(MEM_ALLOC(mean, k, "mean centroid"));
  TRY(part_equal(&groups, n_groups, c->size));
  for (int p = 0; p < k; p++) {
    double sum = 0, weight = 0;
    for (lid g = 0; g < n_groups; g++) {
      sum += (double)size[g] * centroid[(off)g * k + p];
      weight += (double)size[g];
    }
    mean[p] = (real)(weight > 0 ? sum / weight : 0);
  }
  TRY(name_centroids(&w, centroid, mean, (lid)groups.first[c->rank], (lid)part_count(&groups, c->rank), k));
done:
  st = comm_agree(c, st);
  if (st == OK)
    st = deliver(c, &w, n_groups, out);
  part_free(&groups);
  mem_free(mean);
  naming_free(&w);
  return st;
}

/* --- groups of items --- */

/* An item of a group, on its way to the group's rank. */
typedef struct member {
  lid group, item;
  real dist2;
} member;

static int by_nearness(const void *a, const void *b) {
  const member *x = a, *y = b;
  if (x->group != y->group)
    return x->group < y->group ? -1 : 1;
  if (x->dist2 != y->dist2)
    return x->dist2 < y->dist2 ? -1 : 1;
  return x->item < y->item ? -1 : x->item > y->item;
}

/* The groups of a sorted list. */
static status name_members(naming *w, const member *list, off n) {
  status st = OK;
  for (off first = 0, last = 0; first < n && st == OK; first = last) {
    lifted best[GROUPS_TOP], tag[LABEL_TAGS];
    int n_best = 0;
    memset(w->tag_here, 0, sizeof *w->tag_here * (size_t)w->tags.n_tags);
    for (; last < n && list[last].group == list[first].group; last++) {
      if (n_best < GROUPS_TOP)
        best[n_best++] = (lifted){list[last].item, -(double)list[last].dist2, 0};
      add_tags(w, list[last].item, 1, w->tag_here);
    }
    st = name_group(w, list[first].group, best, n_best, tag, best_tags(w, tag));
  }
  return st;
}

status group_names_of_items(comm *c, model *m, gid first, gid count, const lid *group, const real *dist2, lid n_groups,
                            group_names *out) {
  naming w = {0};
  part groups = {0};
  member *give = NULL, *got = NULL;
  off *give_counts = NULL, *got_counts = NULL, *at = NULL, total = 0;
  status st = OK;
  *out = (group_names){0};
  TRY(naming_begin(&w, m));
  TRY(count_items_once(&w));
  TRY(part_equal(&groups, n_groups, c->size));
  TRY(MEM_ALLOC(give, count, "items by group"));
  TRY(MEM_ZALLOC(give_counts, c->size, "counts of ranks"));
  TRY(MEM_ZALLOC(got_counts, c->size, "counts of ranks"));
  TRY(MEM_ZALLOC(at, (off)c->size + 1, "counts of ranks"));
  for (gid i = 0; i < count; i++)
    give_counts[part_owner(&groups, group[i])]++;
  for (int r = 0; r < c->size; r++)
    at[r + 1] = at[r] + give_counts[r];
  for (gid i = 0; i < count; i++)
    give[at[part_owner(&groups, group[i])]++] = (member){group[i], (lid)(first + i), dist2[i]};
done:
  st = comm_agree(c, st);
  if (st == OK) {
    comm_transpose_i64(c, give_counts, got_counts);
    for (int r = 0; r < c->size; r++)
      total += got_counts[r];
    st = comm_agree(c, MEM_ALLOC(got, total, "items by group"));
  }
  if (st == OK) {
    comm_move_rows(c, give, give_counts, got, got_counts, sizeof *got);
    qsort(got, (size_t)total, sizeof *got, by_nearness);
    st = comm_agree(c, name_members(&w, got, total));
  }
  if (st == OK)
    st = deliver(c, &w, n_groups, out);
  part_free(&groups);
  mem_free(give);
  mem_free(got);
  mem_free(give_counts);
  mem_free(got_counts);
  mem_free(at);
  naming_free(&w);
  return st;
}
