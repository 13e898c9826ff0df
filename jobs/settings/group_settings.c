#include "jobs/settings/group_settings.h"

#include "jobs/cli/words.h"
#include "jobs/settings/recorded.h"
#include "train/centres/membership.h"

#include <stdio.h>
#include <string.h>

enum { AUTO_MOST = 1024, GROUPS_MAX = 10000000 };

static const option_use READ[] = {GROUP_OPTIONS, {0}};

/* "auto", or "auto:LOW..HIGH". */
static status read_range(const char *text, group_settings *out) {
  long long low = 1, high = AUTO_MOST;
  int used = 0;
  if (strcmp(text, "auto") != 0 && (sscanf(text, "auto:%9lld..%9lld%n", &low, &high, &used) != 2 ||
                                    text[used] != '\0' || low < 1 || low > high || high > GROUPS_MAX))
    return status_fail(USAGE, "--groups takes a number, auto, or auto:LOW..HIGH with 1 <= LOW <= HIGH, and not `%s`",
                       text);
  out->ranged = used > 0;
  out->least = (lid)low;
  out->most = (lid)high;
  return OK;
}

/* --groups. */
static status read_number(const options *o, group_settings *out) {
  int64_t groups = 0;
  if (strncmp(option_text(o, "groups"), "auto", 4) == 0)
    return read_range(option_text(o, "groups"), out);
  status st = option_count(o, "groups", 1, GROUPS_MAX, &groups);
  out->groups = (lid)groups;
  return st;
}

status group_settings_read(const options *o, group_settings *out) {
  status st = OK;
  int64_t memberships, rounds, restarts = 0, seed;
  int side_word, metric;
  *out = (group_settings){.tolerance = -1};
  TRY(option_choice(o, "side", SIDE_WORDS, &side_word));
  TRY(option_choice(o, "metric", DISTANCE_WORDS, &metric));
  TRY(read_number(o, out));
  if (strcmp(option_text(o, "least-group"), "auto") != 0)
    TRY(option_count(o, "least-group", 1, INT64_MAX, &out->least_size));
  TRY(option_count(o, "memberships", 1, MEMBERSHIPS_MAX, &memberships));
  TRY(option_count(o, "rounds", 1, 100000, &rounds));
  if (strcmp(option_text(o, "restarts"), "auto") != 0)
    TRY(option_count(o, "restarts", 1, 1000, &restarts));
  if (strcmp(option_text(o, "round-tolerance"), "auto") != 0)
    TRY(option_number(o, "round-tolerance", 0, 1, &out->tolerance));
  TRY(option_count(o, "seed", 0, INT64_MAX, &seed));
  if (option_text(o, "memory") != NULL)
    TRY(option_size(o, "memory", &out->memory));
  out->side = side_word == 0 ? USERS : ITEMS;
  out->cosine = metric == 1;
  out->quality = option_flag(o, "quality");
  out->memberships = (int)memberships;
  out->rounds = (int)rounds;
  out->restarts = (int)restarts;
  out->seed = (uint64_t)seed;
  TRY(recorded_groups(o, READ, &out->recorded));
done:
  return st;
}

void group_settings_free(group_settings *s) {
  json_decref(s->recorded);
  s->recorded = NULL;
}
