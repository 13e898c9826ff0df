#include "io/schema/groups_write.h"

#include "io/hdf5/store.h"
#include "io/snapshot/resolve.h"

#include <stdio.h>

enum { CENTROID, SIZE, LABEL, TOP_ITEMS, GROUP, AFFINITY, N_COLUMNS };
enum { OWN_ATTRIBUTES = 2, ATTRIBUTES_MAX = 40 };

status groups_write(comm *c, const char *dir, side s, const groups_part *part) {
  char path[SNAPSHOT_PATH_MAX + 32];
  store *file = NULL;
  int64_t version = 1;
  h5_attribute attributes[ATTRIBUTES_MAX] = {{"/", "format", H5_TEXT, 0, "palate-groups"},
                                             {"/", "format_version", H5_I64, 0, &version}};
  if (part->n_attributes > ATTRIBUTES_MAX - OWN_ATTRIBUTES)
    return status_fail(INTERNAL, "too many attributes for %s", groups_file(s));
  for (int i = 0; i < part->n_attributes; i++)
    attributes[OWN_ATTRIBUTES + i] = part->attributes[i];
  const strings none = {0};
  int width = store_text_width(c, c->rank == 0 ? part->labels : &none);
  h5_column columns[N_COLUMNS] = {
      [CENTROID] = {"/groups/centroid", H5_F32, part->n_groups, part->factors, true, 0},
      [SIZE] = {"/groups/size", H5_I64, part->n_groups, 1, false, 0},
      [LABEL] = {"/groups/label", H5_TEXT, part->n_groups, 1, false, width},
      [TOP_ITEMS] = {"/groups/top_items", H5_I32, part->n_groups, GROUPS_TOP, true, 0},
      [GROUP] = {groups_row_path(s), H5_I32, part->n_rows, part->memberships, true, 0},
      [AFFINITY] = {groups_affinity_path(s), H5_F32, part->n_rows, part->memberships, true, 0},
  };
  snprintf(path, sizeof path, "%s/%s", dir, groups_file(s));
  status st = store_create(c, path, columns, N_COLUMNS, attributes, OWN_ATTRIBUTES + part->n_attributes, &file);
  if (st != OK)
    return st;
  if (c->rank == 0) {
    TRY(store_put(file, CENTROID, 0, part->n_groups, part->centroid));
    TRY(store_put(file, SIZE, 0, part->n_groups, part->size));
    TRY(store_put_texts(file, LABEL, 0, part->labels, width));
    TRY(store_put(file, TOP_ITEMS, 0, part->n_groups, part->top_items));
  }
  TRY(store_put(file, GROUP, part->first_row, part->row_count, part->group));
  TRY(store_put(file, AFFINITY, part->first_row, part->row_count, part->affinity));
done:
  return store_commit(file, st);
}
