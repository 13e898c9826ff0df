#include "eval/holdout/split.h"

#include "train/math/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Share of a test member's pairs that users:F folds in (Liang et al. 2018, section 4.2). */
static const double FOLD_IN = 0.8;

static const char VALIDATION[] = "validation:";

/* A column of RNG_HOLDOUT that is not an item row. */
static const uint64_t COLUMN_MEMBER = UINT64_MAX;

/* --- reading a rule --- */

/* Days from 1970-01-01 in the Gregorian calendar. */
static int64_t days_from_civil(int64_t y, int m, int d) {
  y -= m <= 2;
  int64_t era = (y >= 0 ? y : y - 399) / 400, year_of_era = y - era * 400;
  int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static bool parse_time(const char *text, int64_t *out) {
  char *end;
  long long seconds = strtoll(text, &end, 10);
  if (end != text && *end == '\0') {
    *out = seconds;
    return seconds > INT64_MIN / 4 && seconds < INT64_MAX / 4;
  }
  int y, m, d, h = 0, min = 0, s = 0, used = 0;
  if (sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &used) != 3 || used != 10)
    return false;
  const char *rest = text + used;
  if (*rest == 'T' || *rest == ' ') {
    used = 0;
    if (sscanf(rest + 1, "%2d:%2d:%2d%n", &h, &min, &s, &used) != 3 || used != 8)
      return false;
    rest += 1 + used;
    if (*rest == 'Z')
      rest++;
  }
  static const int days_of[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
  if (*rest != '\0' || m < 1 || m > 12 || d < 1 || d > days_of[m - 1] + (leap && m == 2) || h < 0 || h > 23 ||
      min < 0 || min > 59 || s < 0 || s > 59)
    return false;
  *out = days_from_civil(y, m, d) * 86400 + h * 3600 + min * 60 + s;
  return true;
}

static bool parse_fraction(const char *text, double *out) {
  char *end;
  *out = strtod(text, &end);
  return end != text && *end == '\0' && *out > 0 && *out < 1;
}

/* RULE alone, without `validation:`. */
static status parse_plain(const char *text, split_rule *out) {
  if (strcmp(text, "none") == 0)
    return OK;
  if (strncmp(text, "random:", 7) == 0) {
    out->kind = SPLIT_RANDOM;
    if (!parse_fraction(text + 7, &out->fraction))
      return status_fail(USAGE, "--holdout random:F holds out a share F of the pairs with 0 < F < 1, not `%s`",
                         text + 7);
    return OK;
  }
  if (strncmp(text, "users:", 6) == 0) {
    out->kind = SPLIT_USERS;
    if (!parse_fraction(text + 6, &out->fraction))
      return status_fail(USAGE, "--holdout users:F holds out a share F of the users with 0 < F < 1, not `%s`",
                         text + 6);
    return OK;
  }
  if (strncmp(text, "last:", 5) == 0) {
    out->kind = SPLIT_LAST;
    char *end;
    long n = strtol(text + 5, &end, 10);
    if (end == text + 5 || *end != '\0' || n < 1 || n > SPLIT_LAST_MAX)
      return status_fail(USAGE, "--holdout last:N takes a whole number of pairs from 1 to %d, not `%s`", SPLIT_LAST_MAX,
                         text + 5);
    out->last = (int)n;
    return OK;
  }
  if (strncmp(text, "before:", 7) == 0) {
    out->kind = SPLIT_BEFORE;
    if (!parse_time(text + 7, &out->time))
      return status_fail(USAGE, "--holdout before:TIME takes seconds since 1970 or a date such as 2020-01-31, not `%s`",
                         text + 7);
    return OK;
  }
  return status_fail(USAGE, "--holdout: `%s` is not a rule: use none, random:F, last:N, before:TIME or users:F", text);
}

status split_parse(const char *text, uint64_t seed, split_rule *out) {
  *out = (split_rule){.kind = SPLIT_NONE, .use = SPLIT_TO_TRAIN, .seed = seed};
  if (strlen(text) >= sizeof out->text)
    return status_fail(USAGE, "--holdout: `%.20s…` is not a rule: use none, random:F, last:N, before:TIME or users:F",
                       text);
  memcpy(out->text, text, strlen(text) + 1);
  if (strncmp(text, VALIDATION, sizeof VALIDATION - 1) == 0) {
    out->validation = true;
    text += sizeof VALIDATION - 1;
  }
  status st = parse_plain(text, out);
  if (st != OK || !out->validation)
    return st;
  if (out->kind == SPLIT_NONE || out->kind == SPLIT_BEFORE)
    return status_fail(USAGE, "--holdout validation:RULE takes random:F, last:N or users:F, not `%s`", text);
  if (out->kind != SPLIT_LAST && out->fraction >= 0.5)
    return status_fail(USAGE, "--holdout validation:RULE holds out F twice, so F must be below 0.5, not `%s`", text);
  if (out->kind == SPLIT_LAST && 2 * out->last > SPLIT_LAST_MAX)
    return status_fail(USAGE, "--holdout validation:last:N takes N up to %d, not `%s`", SPLIT_LAST_MAX / 2, text);
  return OK;
}

uint64_t split_hash(const char *id, int width) {
  return XXH3_64bits(id, strnlen(id, (size_t)width));
}

bool split_draws(const split_rule *rule) {
  return rule->kind == SPLIT_RANDOM || rule->kind == SPLIT_USERS || rule->kind == SPLIT_LAST;
}

static uint64_t key_of(const split_keys *k, gid row) {
  return k->id != NULL     ? split_hash(k->id + row * k->width, k->width)
         : k->hash != NULL ? k->hash[row - k->first]
                           : (uint64_t)row;
}

bool split_needs_time(const split_rule *rule) {
  return rule->kind == SPLIT_LAST || rule->kind == SPLIT_BEFORE;
}

/* The mark for a uniform draw from 0 … 1. With validation the first `share` stays unseen and the second is tested. */
static event_mark mark_of_draw(bool validation, double draw, double share) {
  if (draw < share)
    return validation ? EVENT_DROP : EVENT_TEST;
  return validation && draw < 2 * share ? EVENT_TEST : EVENT_TRAIN;
}

static event_mark mark_of_member(const split_rule *rule, gid user) {
  double draw = rng_uniform(rule->seed, RNG_HOLDOUT, key_of(&rule->keys[USERS], user), COLUMN_MEMBER);
  return mark_of_draw(rule->validation, draw, rule->fraction);
}

bool split_is_member(const split_rule *rule, gid user) {
  return rule->kind == SPLIT_USERS && mark_of_member(rule, user) == EVENT_TEST;
}

/* --- sets of items on the stack --- */

/* Open addressing with places for SET_MAX items. */
enum { SET_BITS = 12, SET_PLACES = 1 << SET_BITS, SET_MAX = SET_PLACES / 2 };
_Static_assert((int)SPLIT_LAST_MAX <= (int)SET_MAX, "last:N fits a set");

typedef struct item_set {
  lid place[SET_PLACES]; /* item + 1, 0 where free */
  int n;
} item_set;

static void set_clear(item_set *s) {
  memset(s, 0, sizeof *s);
}

static uint32_t set_find(const item_set *s, lid item) {
  uint32_t at = ((uint32_t)item * 2654435769u) >> (32 - SET_BITS);
  while (s->place[at] != 0 && s->place[at] != item + 1)
    at = (at + 1) & (SET_PLACES - 1);
  return at;
}

static bool set_has(const item_set *s, lid item) {
  return s->place[set_find(s, item)] != 0;
}

static void set_add(item_set *s, lid item) {
  uint32_t at = set_find(s, item);
  if (s->place[at] == 0) {
    s->place[at] = item + 1;
    s->n++;
  }
}

/* --- marks --- */

static void mark_range(uint8_t *mark, off first, off end, event_mark as) {
  for (off e = first; e < end; e++)
    mark[e] = (uint8_t)as;
}

/* The items with the lowest draws of a basket. */
typedef struct drawn {
  struct {
    uint64_t draw;
    lid item;
  } list[SPLIT_LAST_MAX]; /* ascending */
  int n;
} drawn;

/* Keeps an item if its draw is among the `most` lowest. Returns true if it, or another item, is left out. */
static bool draw_item(drawn *d, int most, uint64_t draw, lid item) {
  int at = d->n;
  while (at > 0 && (d->list[at - 1].draw > draw || (d->list[at - 1].draw == draw && d->list[at - 1].item > item)))
    at--;
  if (at > 0 && d->list[at - 1].draw == draw && d->list[at - 1].item == item)
    return false; /* a repeated item */
  if (at == most)
    return true;
  bool full = d->n == most;
  d->n += !full;
  for (int i = d->n - 1; i > at; i--)
    d->list[i] = d->list[i - 1];
  d->list[at].draw = draw;
  d->list[at].item = item;
  return full;
}

/* Finds the `most` items whose last event is the latest. The row is sorted by time, so it is scanned from its end.
 * Returns true if draws decided. */
static bool find_latest(const split_rule *rule, int most, gid user, off n, const lid *item, const int64_t *time,
                        item_set *latest) {
  uint64_t member = key_of(&rule->keys[USERS], user);
  drawn basket;
  bool tied = false;
  set_clear(latest);
  for (off end = n; end > 0 && latest->n < most;) {
    off first = end - 1; /* events first … end - 1 have the same time */
    while (time != NULL && first > 0 && time[first - 1] == time[first])
      first--;
    basket.n = 0;
    for (off e = first; e < end; e++)
      if (!set_has(latest, item[e])) {
        uint64_t draw =
            end - first == 1 ? 0 : rng_bits(rule->seed, RNG_HOLDOUT, member, key_of(&rule->keys[ITEMS], item[e]));
        tied |= draw_item(&basket, most - latest->n, draw, item[e]);
      }
    for (int i = 0; i < basket.n; i++)
      set_add(latest, basket.list[i].item);
    end = first;
  }
  return tied;
}

static void mark_last(const split_rule *rule, gid user, off n, const lid *item, const int64_t *time, uint8_t *mark) {
  mark_range(mark, 0, n, EVENT_TRAIN);
  item_set latest;
  bool tied = false;
  for (int last = rule->validation ? 2 * rule->last : rule->last; last > 0; last -= rule->last) {
    tied |= find_latest(rule, last, user, n, item, time, &latest);
    event_mark as = rule->validation && last == rule->last ? EVENT_DROP : EVENT_TEST;
    for (off e = 0; e < n; e++)
      if (set_has(&latest, item[e]))
        mark[e] = (uint8_t)as;
  }
  if (tied && rule->tied != NULL)
#pragma omp atomic
    ++*rule->tied;
}

static void mark_before(const split_rule *rule, off n, const lid *item, const int64_t *time, uint8_t *mark) {
  off past = 0;
  while (past < n && time[past] < rule->time)
    past++;
  mark_range(mark, 0, past, EVENT_TRAIN);
  mark_range(mark, past, n, EVENT_TEST);
  /* Drop later events of past items. The past items are taken in pieces that fit a set; each piece scans all later
     events. */
  item_set known;
  for (off at = 0; at < past && past < n;) {
    set_clear(&known);
    for (; at < past && known.n < SET_MAX; at++)
      set_add(&known, item[at]);
    for (off e = past; e < n; e++)
      if (set_has(&known, item[e]))
        mark[e] = EVENT_DROP;
  }
}

static void mark_random(const split_rule *rule, bool validation, double share, gid user, off n, const lid *item,
                        uint8_t *mark) {
  uint64_t member = key_of(&rule->keys[USERS], user);
  for (off e = 0; e < n; e++) {
    double draw = rng_uniform(rule->seed, RNG_HOLDOUT, member, key_of(&rule->keys[ITEMS], item[e]));
    mark[e] = (uint8_t)mark_of_draw(validation, draw, share);
  }
}

void split_mark(const void *of_rule, gid user, off n, const lid *item, const real *value, const int64_t *time,
                uint8_t *mark) {
  const split_rule *rule = of_rule;
  (void)value;
  switch (rule->kind) {
  case SPLIT_RANDOM:
    mark_random(rule, rule->validation, rule->fraction, user, n, item, mark);
    return;
  case SPLIT_LAST:
    mark_last(rule, user, n, item, time, mark);
    return;
  case SPLIT_BEFORE:
    mark_before(rule, n, item, time, mark);
    return;
  case SPLIT_USERS: {
    event_mark as = mark_of_member(rule, user);
    if (as == EVENT_TRAIN)
      break;
    if (as == EVENT_TEST && rule->use == SPLIT_TO_MEASURE)
      mark_random(rule, false, 1 - FOLD_IN, user, n, item, mark);
    else
      mark_range(mark, 0, n, EVENT_DROP);
    return;
  }
  case SPLIT_NONE:
    break;
  }
  mark_range(mark, 0, n, EVENT_TRAIN);
}
