#include "jobs/groups/tastes.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/hdf5/h5.h"
#include "io/snapshot/snapshot.h"

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
  h5_file *f = NULL;
  h5_column column;
  int32_t *group = NULL;
  real *affinity = NULL;
  json_t *list = NULL;
  char path[SNAPSHOT_PATH_MAX + 16], label[LABEL_MAX], safe[4 * LABEL_MAX];
  *out = NULL;
  snprintf(path, sizeof path, "%s/groups.h5", dir);
  if (access(path, F_OK) != 0)
    return OK;
  TRY(h5_open(path, &f));
  TRY(h5_find(f, "/users/group", &column));
  off n = column.columns;
  if (row < 0 || row >= column.rows)
    TRY(status_fail(BAD_DATA, "%s does not have the members of the model", path));
  TRY(MEM_ALLOC(group, n, "groups"));
  TRY(MEM_ALLOC(affinity, n, "groups"));
  TRY(h5_read(f, "/users/group", H5_I32, row, 1, group));
  TRY(h5_find(f, "/users/affinity", &column));
  if (column.columns != n)
    TRY(status_fail(BAD_DATA, "%s: groups and affinities are of different numbers", path));
  TRY(h5_read(f, "/users/affinity", H5_F32, row, 1, affinity));
  TRY(h5_find(f, "/groups/label", &column));
  list = json_array();
  for (off i = 0; i < n; i++) {
    strings labels = {0};
    if (group[i] < 0 || group[i] >= column.rows)
      continue; /* fewer groups than memberships */
    TRY(h5_read_strings(f, "/groups/label", group[i], 1, &labels));
    text_printable(strings_get(&labels, 0, label, sizeof label), safe, sizeof safe);
    strings_free(&labels);
    json_array_append_new(
        list, json_pack("{s:i, s:s, s:f}", "group", (int)group[i], "label", safe, "affinity", (double)affinity[i]));
  }
done:
  h5_close(f);
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
