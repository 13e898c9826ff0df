#include "jobs/synth/planted.h"

#include "io/base/mem.h"
#include "train/math/rng.h"

#include <stdlib.h>
#include <string.h>

/* What a random number is for. The values enter datasets: never renumber. */
enum use {
  USE_ACTIVITY = 1,
  USE_GROUP,
  USE_CENTRE,
  USE_USER,
  USE_ITEM,
  USE_THEME,
  USE_MEETING,
  USE_TASTE,
  USE_KEY,
  USE_VALUE,
  USE_TIME,
  USE_ORDER
};

/* One stream a use: (seed, RNG_SYNTH, use) makes the seed of it. */
static uint64_t seed_of(const planted *w, enum use use) {
  return rng_bits(w->seed, RNG_SYNTH, use, 0);
}

static double uniform(const planted *w, enum use use, gid row, off column) {
  return rng_uniform(seed_of(w, use), RNG_SYNTH, (uint64_t)row, (uint64_t)column);
}

static double normal(const planted *w, enum use use, gid row, off column) {
  return rng_normal(seed_of(w, use), RNG_SYNTH, (uint64_t)row, (uint64_t)column);
}

double planted_activity(const planted *w, gid u, double *phase) {
  const double sigma = 1.2;
  *phase = uniform(w, USE_ACTIVITY, u, 1);
  return exp(sigma * normal(w, USE_ACTIVITY, u, 0) - sigma * sigma / 2);
}

int planted_group(const planted *w, gid u) {
  int g = (int)(w->groups * pow(uniform(w, USE_GROUP, u, 0), 1.2));
  return g < w->groups ? g : w->groups - 1;
}

/* The two themes a group loves: the rounds of a tournament (circle method), so that the first K / 2 groups share no
 * theme, and all K (K-1) / 2 pairs come before the same pairs the other way round. */
static void loved_themes(int k, int g, int *first, int *second) {
  *first = *second = 0;
  if (k == 1)
    return;
  int seats = k % 2 == 0 ? k - 1 : k, matches = k / 2;
  int match = g % matches, round = g / matches % seats;
  *first = k % 2 == 0 && match == 0 ? k - 1 : (round + match + k % 2) % seats;
  *second = (round + 2 * seats - match - k % 2) % seats;
  if (g / matches / seats % 2 == 1) {
    int other = *first;
    *first = *second;
    *second = other;
  }
}

void planted_centre(const planted *w, int g, real *centre) {
  /* Past the K (K-1) pairs, centres differ by their random part alone. */
  int k = w->factors, pairs = k > 1 ? k * (k - 1) : 1, first, second;
  loved_themes(k, g, &first, &second);
  double scatter = g < pairs ? 0.05 : 0.5;
  for (int f = 0; f < k; f++) {
    double love = f == first ? 1 : f == second ? 0.7 : -0.3;
    centre[f] = (real)(love + scatter * normal(w, USE_CENTRE, g, f));
  }
}

real planted_user(const planted *w, gid u, real *x) {
  planted_centre(w, planted_group(w, u), x);
  for (int f = 0; f < w->factors; f++)
    x[f] += (real)(w->spread * normal(w, USE_USER, u, f));
  return (real)(0.3 * normal(w, USE_USER, u, w->factors));
}

void planted_themes(const planted *w, gid i, int *first, int *second) {
  int k = w->factors;
  uint64_t bits = rng_bits(seed_of(w, USE_THEME), RNG_SYNTH, (uint64_t)i, 0);
  *first = (int)(bits % (uint64_t)k);
  bits = rng_mix(bits);
  *second = k > 1 && bits % 2 == 0 ? (*first + 1 + (int)(bits / 2 % (uint64_t)(k - 1))) % k : -1;
}

real planted_item(const planted *w, gid i, real *y) {
  int first, second;
  planted_themes(w, i, &first, &second);
  for (int f = 0; f < w->factors; f++)
    y[f] = f == first ? 1 : f == second ? 0.6F : (real)(0.1 * normal(w, USE_ITEM, i, f));
  return (real)(0.35 * normal(w, USE_ITEM, i, w->factors));
}

/* A Feistel network over the next power of four, walked until it falls inside (Black & Rogaway 2002). */
lid planted_item_of_rank(const planted *w, gid rank) {
  int half = 1;
  while ((int64_t)1 << (2 * half) < w->n_items)
    half++;
  uint64_t mask = ((uint64_t)1 << half) - 1, at = (uint64_t)rank, seed = seed_of(w, USE_ORDER);
  do {
    uint64_t left = at >> half, right = at & mask;
    for (uint64_t round = 0; round < 4; round++) {
      uint64_t next = left ^ (rng_mix(seed + (round << 32 ^ right)) & mask);
      left = right;
      right = next;
    }
    at = left << half | right;
  } while (at >= (uint64_t)w->n_items);
  return (lid)at;
}

/* ---- the catalogue ---- */

status planted_items_make(const planted *w, bool with_factors, planted_items *out) {
  status st = OK;
  off k = w->factors, room;
  *out = (planted_items){0};
  TRY(MEM_ALLOC(out->row, w->n_items, "the catalogue"));
  if (with_factors) {
    if (__builtin_mul_overflow(w->n_items, k, &room)) {
      st = status_fail(NO_MEMORY, "the size of the planted item factors overflows");
      goto done;
    }
    TRY(MEM_ALLOC(out->factors, room, "planted item factors"));
    TRY(MEM_ALLOC(out->bias, w->n_items, "planted item biases"));
  }
#pragma omp parallel for schedule(static)
  for (gid rank = 0; rank < w->n_items; rank++) {
    out->row[rank] = planted_item_of_rank(w, rank);
    if (with_factors)
      out->bias[rank] = planted_item(w, out->row[rank], out->factors + rank * k);
  }
done:
  if (st != OK)
    planted_items_free(out);
  return st;
}

void planted_items_free(planted_items *t) {
  mem_free(t->row);
  mem_free(t->factors);
  mem_free(t->bias);
  *t = (planted_items){0};
}

static const real *factors_of(const planted *w, const planted_items *t, lid rank, real *room, real *bias) {
  if (t->factors != NULL) {
    *bias = t->bias[rank];
    return t->factors + (off)rank * w->factors;
  }
  *bias = planted_item(w, t->row[rank], room);
  return room;
}

/* ---- what a member takes ---- */

typedef struct planted_key {
  double key;
  lid rank;
} planted_key;

/* What all events of the current member need. */
typedef struct member {
  const planted *w;
  const planted_items *t;
  gid u;
  real bias, x[PLANTED_FACTORS_MAX], room[PLANTED_FACTORS_MAX];
} member;

static double taste(member *m, lid rank, real *bias) {
  const real *y = factors_of(m->w, m->t, rank, m->room, bias);
  real sum[4] = {0};
  int f = 0, k = m->w->factors;
  for (; f + 4 <= k; f += 4)
    for (int lane = 0; lane < 4; lane++)
      sum[lane] += m->x[f + lane] * y[f + lane];
  for (; f < k; f++)
    sum[0] += m->x[f] * y[f];
  return (double)((sum[0] + sum[2]) + (sum[1] + sum[3]));
}

/* Log-odds of taking a title that is met. Ratings need members who also try what they do not love. */
static double log_odds(const planted *w, double taste) {
  return w->explicit_loss ? 1.5 * taste - 1 : 4 * taste - 2;
}

/* Popularity (rank + q)^-1.5 by its inverse: q (v^-2 - 1) has that density for v uniform in (end, 1]. */
static double popularity_shift(const planted *w) {
  double q = (double)w->n_items / 180;
  return q > 1 ? q : 1;
}

/* The titles a member comes across, one after another: the j-th proposal. */
static lid meet(uint64_t seed, gid u, off j, double q, double end, gid n_items) {
  double v = 1 - rng_uniform(seed, RNG_SYNTH, (uint64_t)u, (uint64_t)j) * (1 - end);
  lid rank = (lid)(q * (1 / (v * v) - 1));
  return rank < n_items ? rank : (lid)(n_items - 1);
}

static off slot_of(const planted_work *s, lid rank) {
  off at = (off)(rng_mix((uint64_t)rank) & (uint64_t)(s->slots - 1));
  while (s->seen[at] != 0 && s->seen[at] != rank + 1)
    at = (at + 1) & (s->slots - 1);
  return at;
}

static status seen_reset(planted_work *s, off n) {
  off slots = 16;
  while (slots < 2 * n)
    slots *= 2;
  if (s->seen == NULL || slots > s->slots) {
    mem_free(s->seen);
    s->seen = NULL;
    status st = MEM_ALLOC(s->seen, slots, "a member's titles");
    if (st != OK)
      return st;
  }
  s->slots = slots;
  memset(s->seen, 0, (size_t)slots * sizeof *s->seen);
  return OK;
}

static int by_key(const void *a, const void *b) {
  const planted_key *x = a, *y = b;
  if (x->key != y->key)
    return x->key > y->key ? -1 : 1;
  return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Draws `left` more titles among those not yet seen, each in proportion to popularity times sigmoid: the largest of
 * log weight + Gumbel noise, which is sampling without replacement in one pass over the catalogue (Efraimidis &
 * Spirakis 2006). The same law as meeting titles one by one, for members who want so many that meeting would take
 * longer than looking at everything. */
static status take_by_keys(member *m, planted_work *s, off left, lid *rank) {
  const planted *w = m->w;
  if (s->key == NULL) {
    status st = MEM_ALLOC(s->key, w->n_items, "keys of the catalogue");
    if (st != OK)
      return st;
  }
  uint64_t seed = seed_of(w, USE_KEY);
  double q = popularity_shift(w);
  off n = 0;
  for (lid r = 0; r < w->n_items; r++) {
    if (s->seen[slot_of(s, r)] != 0)
      continue;
    real bias;
    double z = log_odds(w, taste(m, r, &bias));
    double u = rng_uniform(seed, RNG_SYNTH, (uint64_t)m->u, (uint64_t)r);
    double gumbel = -log(-log(u + 0x1p-54));
    s->key[n++] = (planted_key){log(sqrt(1 / (r + q)) - sqrt(1 / (r + 1 + q))) - log1p(exp(-z)) + gumbel, r};
  }
  qsort(s->key, (size_t)n, sizeof *s->key, by_key);
  for (off e = 0; e < left; e++)
    rank[e] = s->key[e].rank;
  return OK;
}

/* The popularity ranks of n different titles in the order they were taken. */
static status take(member *m, planted_work *s, off n, lid *rank) {
  const planted *w = m->w;
  status st = seen_reset(s, n);
  if (st != OK)
    return st;
  uint64_t meeting = seed_of(w, USE_MEETING), liking = seed_of(w, USE_TASTE);
  double q = popularity_shift(w), end = 1 / sqrt(1 + (double)w->n_items / q);
  off taken = 0;
  /* About what one pass over the catalogue costs. */
  for (off j = 0, most = s->meetings != 0 ? s->meetings : 4 * (off)w->n_items; taken < n && j < most; j++) {
    lid r = meet(meeting, m->u, j, q, end, w->n_items);
    off slot = slot_of(s, r);
    if (s->seen[slot] != 0)
      continue;
    real bias;
    double z = log_odds(w, taste(m, r, &bias));
    double p = rng_uniform(liking, RNG_SYNTH, (uint64_t)m->u, (uint64_t)j);
    /* Taken where p < sigmoid(z). Most are not, and few of those need the exponential: e^t >= 1 + t + t^2/2. */
    if ((z < 0 && p * (2 - z + z * z / 2) >= 1) || p * (1 + exp(-z)) >= 1)
      continue;
    s->seen[slot] = r + 1;
    rank[taken++] = r;
  }
  return taken < n ? take_by_keys(m, s, n - taken, rank + taken) : OK;
}

static real value_of(member *m, lid rank) {
  const planted *w = m->w;
  gid row = m->t->row[rank];
  real bias;
  double s = taste(m, rank, &bias);
  if (w->explicit_loss) {
    double noise = w->noise * normal(w, USE_VALUE, m->u, row);
    double rating = rint(2 * (w->mean + (double)m->bias + (double)bias + s + noise)) / 2;
    return (real)(rating < 0.5 ? 0.5 : rating > 5 ? 5 : rating);
  }
  /* 1 and a geometric number more, of mean exp(taste). */
  double u = uniform(w, USE_VALUE, m->u, row), mean = exp(s);
  double more = floor(log1p(-u) / log(mean / (1 + mean)));
  return (real)(1 + (more < 1e6 ? more : 1e6));
}

/* Each member joins within two years from 2022-01-01 and stays for up to one: the gaps between events are exponential,
 * so the times come in order. */
static void times(const planted *w, gid u, off n, int64_t *time) {
  uint64_t seed = seed_of(w, USE_TIME);
  const double year = 31557600;
  double joined = 1640995200 + 2 * year * rng_uniform(seed, RNG_SYNTH, (uint64_t)u, 0);
  double stay = year * rng_uniform(seed, RNG_SYNTH, (uint64_t)u, 1), at = 0;
  for (off e = 0; e <= n; e++)
    at -= log1p(-rng_uniform(seed, RNG_SYNTH, (uint64_t)u, (uint64_t)(e + 2)));
  double total = at;
  at = 0;
  for (off e = 0; e < n; e++) {
    at -= log1p(-rng_uniform(seed, RNG_SYNTH, (uint64_t)u, (uint64_t)(e + 2)));
    time[e] = (int64_t)(joined + stay * at / total);
  }
}

status planted_events(const planted *w, const planted_items *t, planted_work *s, gid u, off n, lid *item, real *value,
                      int64_t *time) {
  member m = {.w = w, .t = t, .u = u};
  m.bias = planted_user(w, u, m.x);
  status st = take(&m, s, n, item);
  if (st != OK)
    return st;
  for (off e = 0; e < n; e++) {
    value[e] = value_of(&m, item[e]);
    item[e] = t->row[item[e]];
  }
  times(w, u, n, time);
  /* Within the same second by item row; such runs are short. */
  for (off e = 1; e < n; e++)
    for (off at = e; at > 0 && time[at - 1] == time[at] && item[at - 1] > item[at]; at--) {
      lid i = item[at];
      item[at] = item[at - 1];
      item[at - 1] = i;
      real v = value[at];
      value[at] = value[at - 1];
      value[at - 1] = v;
    }
  return OK;
}

void planted_work_free(planted_work *s) {
  mem_free(s->seen);
  mem_free(s->key);
  *s = (planted_work){0};
}
