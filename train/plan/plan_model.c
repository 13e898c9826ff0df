#include "train/plan/plan_model.h"

#include "io/base/mem.h"
#include "train/cost/cost.h"
#include "train/plan/plan_batches.h"

#include <math.h>

/* Quantiles that represent all users and all items: users in equal shares, items in bins that are finer in the head. */
enum { USER_BINS = 256, ITEM_BINS = 512 };

struct plan_service {
  gid users, items;
  double events, heavy, heavy_pairs;
  double user_n[USER_BINS];                         /* items of the users of a bin */
  double item_p[ITEM_BINS], item_weight[ITEM_BINS]; /* probability to be drawn, and how many items a bin represents */
  double item_n[ITEM_BINS];                         /* users of an item of the bin */
};

typedef struct plan_service bins;

/* Inverse of the normal distribution function by bisection: only 256 calls. */
static double normal_quantile(double p) {
  double low = -9, high = 9;
  for (int i = 0; i < 60; i++) {
    double middle = (low + high) / 2;
    if (0.5 * erfc(-middle / sqrt(2)) < p)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* ∫ (r + q)^-s from a to b. */
static double power_mass(double a, double b, double q, double s) {
  return fabs(s - 1) < 1e-9 ? log((b + q) / (a + q)) : (pow(a + q, 1 - s) - pow(b + q, 1 - s)) / (s - 1);
}

static void make_items(bins *b, const plan_laws *laws, double items) {
  double q = fmax(1, items * laws->share), all = power_mass(0, items, q, laws->s), at = 0;
  for (int i = 0; i < ITEM_BINS; i++) {
    /* Equal steps in log(rank + q). */
    double end = i + 1 == ITEM_BINS ? items : q * (pow((items + q) / q, (i + 1.0) / ITEM_BINS) - 1);
    b->item_weight[i] = end - at;
    b->item_p[i] = end > at ? power_mass(at, end, q, laws->s) / all / (end - at) : 0;
    at = end;
  }
}

/* Expected distinct items of a user after t draws. */
static double items_met(const bins *b, double t) {
  double n = 0;
  for (int i = 0; i < ITEM_BINS; i++)
    n += b->item_weight[i] * -expm1(-t * b->item_p[i]);
  return n;
}

static double meetings_for(const bins *b, double n) {
  double low = 0, high = 1;
  while (items_met(b, high) < n && high < 1e15)
    high *= 2;
  for (int i = 0; i < 60; i++) {
    double middle = (low + high) / 2;
    if (items_met(b, middle) < n)
      low = middle;
    else
      high = middle;
  }
  return high;
}

static void make_users(bins *b, const plan_laws *laws, double users, double items, double events) {
  double mean = events / users, most = mean < items / 4 ? items / 2 : items, scale = mean;
  for (int pass = 0; pass < 60; pass++) { /* the scale gives to others what the cap takes from some */
    double sum = 0;
    for (int i = 0; i < USER_BINS; i++) {
      double z = normal_quantile((i + 0.5) / USER_BINS);
      b->user_n[i] = fmin(most, fmax(fmin(1, mean), scale * exp(laws->sigma * z - laws->sigma * laws->sigma / 2)));
      sum += b->user_n[i] / USER_BINS;
    }
    if (fabs(sum - mean) < 1e-9 * mean)
      break;
    scale *= mean / sum;
  }
  for (int i = 0; i < ITEM_BINS; i++)
    b->item_n[i] = 0;
  for (int u = 0; u < USER_BINS; u++) {
    double t = meetings_for(b, b->user_n[u]);
    for (int i = 0; i < ITEM_BINS; i++)
      b->item_n[i] += users / USER_BINS * -expm1(-t * b->item_p[i]);
  }
}

/* Other ranks that hold at least one of a row's n pairs. */
static double ranks_met(int ranks, double n) {
  return (ranks - 1) * -expm1(n * log1p(-1.0 / ranks));
}

status plan_service_create(const plan_laws *laws, gid users, gid items, double events, off heavy_from,
                           plan_service **out) {
  status st = MEM_ZALLOC(*out, 1, "the plan's laws");
  if (st != OK)
    return st;
  plan_service *s = *out;
  s->users = users;
  s->items = items;
  s->events = events;
  make_items(s, laws, (double)items);
  make_users(s, laws, (double)users, (double)items, events);
  double threshold = (double)(heavy_from > 0 ? heavy_from : cost_heavy(users));
  for (int i = 0; i < ITEM_BINS; i++)
    if (s->item_n[i] >= threshold) {
      s->heavy += s->item_weight[i];
      s->heavy_pairs += s->item_weight[i] * s->item_n[i];
    }
  s->heavy = floor(s->heavy);
  return OK;
}

void plan_service_free(plan_service *s) {
  mem_free(s);
}

/* Adds to what a rank moves `rows` rows of a side, with n pairs each, if the rows that need them are solved in so many
 * batches: each batch counts as a rank. */
static void add_rows(plan_rows *to, double rows, double n, const plan_layout *l, int batches) {
  double callers = batches * ranks_met(l->ranks * batches, n) / (l->ranks * batches - 1.0) * (l->ranks - 1);
  double nodes = plan_nodes(l);
  to->sent += rows * callers / l->ranks;
  to->got = to->sent;
  if (nodes > 1)
    to->between += rows * batches * ranks_met((int)nodes * batches, n) / (nodes * batches - 1) * (nodes - 1) / l->ranks;
}

/* Messages of a rank that sends so many rows of a side: to every other rank and, forwarded, to those on its node, in
 * every batch, up to the number of rows, and in pieces; biases separately. An upper bound: some ranks may need none of
 * its rows. */
static double messages_of(const plan_layout *l, double sent, int batches) {
  double partners = l->ranks - 1 + (plan_nodes(l) > 1 ? l->ranks_per_node - 1 : 0);
  double rows = fmin(partners * batches, sent), pieces = (double)exchange_messages((off)sent, l->factors);
  return l->explicit_loss ? 2 * rows + pieces + (double)exchange_messages((off)sent, 1) : rows + pieces;
}

/* All rows of a side on every rank. */
static plan_rows whole_rows(double rows, const plan_layout *l) {
  double sent = rows * (l->ranks - 1) / l->ranks;
  return (plan_rows){
      .sent = sent, .between = rows * (plan_nodes(l) - 1) / l->ranks, .got = sent, .messages = messages_of(l, sent, 1)};
}

/* What a rank moves of a side, if `share` of the pairs need its rows. */
static plan_rows rows_of(const plan_service *s, side side, double share, const plan_layout *l, int batches) {
  plan_rows rows = {0};
  if (l->ranks == 1)
    return rows;
  if (side == ITEMS)
    for (int i = 0; i < ITEM_BINS; i++)
      add_rows(&rows, s->item_weight[i], s->item_n[i] * share, l, batches);
  else
    for (int u = 0; u < USER_BINS; u++)
      add_rows(&rows, (double)s->users / USER_BINS, s->user_n[u] * share, l, batches);
  rows.messages = messages_of(l, rows.sent, batches);
  return rows;
}

/* The fewest batches that fit into --memory, and what they move; 0 if none do. */
static int find_batches(const plan_service *s, side side, double share, const plan_layout *l, plan_counts *n) {
  room_terms terms = batches_terms(l, n);
  for (int batches = 1; batches <= BATCHES_MAX; batches *= 2) {
    plan_rows rows = rows_of(s, side, share, l, batches);
    double most = rows.got / batches;
    bool fits = l->memory == 0 ||
                room_needed(batches, (int64_t)ceil(most), l->factors) <= room_left(&terms, side, (off)n->user_table);
    if (!fits && batches < BATCHES_MAX && l->ranks > 1)
      continue;
    *(side == USERS ? &n->user_halo : &n->item_halo) = rows;
    *(side == USERS ? &n->user_table : &n->item_table) = (batches > 1 ? 2 : 1) * most;
    return fits || l->ranks == 1 ? batches : 0;
  }
  return 0;
}

status plan_model(const plan_service *s, const plan_settings *wish, plan_layout *out) {
  *out = (plan_layout){.users = s->users,
                       .items = s->items,
                       .pairs = s->events,
                       .events = s->events,
                       .heavy = s->heavy,
                       .active_users = s->users,
                       .active_items = s->items};
  status st = plan_layout_alloc(out, wish);
  if (st != OK) {
    plan_layout_free(out);
    return st;
  }
  double light = 1 - fmin(1, s->heavy_pairs / s->events), ranks = wish->ranks;
  for (int i = 0; i < 2; i++) {
    double share = i == 1 ? light : 1;
    plan_counts n = {.users = (double)s->users / ranks,
                     .items = (double)s->items / ranks,
                     .pairs_by_user = s->events / ranks,
                     .user_places = s->events / ranks,
                     .pairs_by_item = s->events / ranks * share,
                     .pairs_spread = s->events / ranks * (1 - share),
                     .user_once = rows_of(s, USERS, share, out, 1),
                     .user_whole = whole_rows((double)s->users, out),
                     .item_whole = whole_rows((double)s->items, out)};
    if (i == 1) {
      n.heavy_owned = s->heavy / ranks;
      n.heavy_gathered = s->heavy * (plan_nodes(out) - 1) / ranks;
    }
    out->batches[i].users = find_batches(s, USERS, share, out, &n);
    out->batches[i].items = find_batches(s, ITEMS, 1, out, &n);
    for (int r = 0; r < wish->ranks; r++)
      (i == 1 ? out->reduced : out->whole)[r] = n;
  }
  return OK;
}
