#include "jobs/groups/tastes.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/groups.h"
#include "io/snapshot/resolve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LABEL_MAX = 1024 };

char *tastes_themes(const char *label, char *out, size_t size) {
  const char *colon = strstr(label, ": ");
  const char *titles = strstr(label, " / ");
  /* A colon after the first title belongs to a title. */
  size_t n = colon != NULL && (titles == NULL || colon < titles) ? (size_t)(colon - label) : strlen(label);
  if (n >= size)
    n = size - 1;
  memcpy(out, label, n);
  out[n] = '\0';
  return out;
}

status tastes_read(const char *dir, gid row, json_t **out) {
  status st = OK;
  groups *g = NULL;
  lid *group = NULL;
  real *affinity = NULL;
  json_t *list = NULL;
  char path[SNAPSHOT_PATH_MAX + 16], label[LABEL_MAX], safe[4 * LABEL_MAX];
  *out = NULL;
  snprintf(path, sizeof path, "%s/%s", dir, groups_file(USERS));
  if (access(path, F_OK) != 0)
    return OK;
  TRY(groups_open(dir, USERS, &g));
  if (row < 0 || row >= groups_rows(g))
    TRY(status_fail(BAD_DATA, "%s does not have the members of the model", path));
  TRY(MEM_ALLOC(group, groups_memberships(g), "groups"));
  TRY(MEM_ALLOC(affinity, groups_memberships(g), "groups"));
  TRY(groups_read_rows(g, row, 1, group));
  TRY(groups_read_affinities(g, row, 1, affinity));
  list = json_array();
  for (int i = 0; i < groups_memberships(g); i++) {
    strings labels = {0};
    if (group[i] < 0)
      continue; /* fewer groups than memberships */
    TRY(groups_read_labels(g, group[i], 1, &labels));
    text_printable(strings_get(&labels, 0, label, sizeof label), safe, sizeof safe);
    strings_free(&labels);
    json_array_append_new(
        list, json_pack("{s:i, s:s, s:f}", "group", (int)group[i], "label", safe, "affinity", (double)affinity[i]));
  }
done:
  groups_close(g);
  mem_free(group);
  mem_free(affinity);
  if (st != OK) {
    json_decref(list);
    list = NULL;
  }
  *out = list;
  return st;
}

char *tastes_line(const json_t *tastes, char *out, size_t size) {
  size_t i, used = 0;
  const json_t *taste;
  char themes[256];
  out[0] = '\0';
  json_array_foreach(tastes, i, taste) {
    long percent = lround(100 * json_real_value(json_object_get(taste, "affinity")));
    if (percent < 1 || used + sizeof themes + 16 > size)
      break;
    used += (size_t)snprintf(out + used, size - used, "%s%ld %% %s", i > 0 ? " · " : "", percent,
                             tastes_themes(json_string_value(json_object_get(taste, "label")), themes, sizeof themes));
  }
  return out;
}
