/* Paths within a file: which objects exist, reached by hard links alone. */
#include "io/hdf5/h5_private.h"

#include <string.h>

status h5_damaged(const h5_file *f, const char *object) {
  return status_fail(IO_FAILED, "%s: cannot read %s: the file is damaged or was not written by palate", f->path,
                     object);
}

status h5_walk(h5_file *f, const char *path, bool *there) {
  char part[H5_PATH_MAX];
  size_t n = strlen(path);
  *there = false;
  if (n >= sizeof part || path[0] != '/')
    return status_fail(INTERNAL, "`%.100s` is not a path within a file", path);
  for (size_t i = 2; i <= n; i++) {
    if (path[i] != '/' && path[i] != '\0')
      continue;
    memcpy(part, path, i);
    part[i] = '\0';
    htri_t exists = H5Lexists(f->id, part, H5P_DEFAULT);
    if (exists < 0)
      return h5_damaged(f, part);
    if (exists == 0)
      return OK;
    H5L_info_t info;
    if (H5Lget_info(f->id, part, &info, H5P_DEFAULT) < 0)
      return h5_damaged(f, part);
    if (info.type != H5L_TYPE_HARD)
      return status_fail(
          BAD_DATA, "%s: %s is a soft or external link, which palate does not follow; copy its target into the file",
          f->path, part);
  }
  *there = true;
  return OK;
}

bool h5_has(h5_file *f, const char *path) {
  bool there;
  return h5_walk(f, path, &there) == OK && there;
}

enum { MEMBERS_MAX = 1000, MEMBER_NAME_MAX = 255 };

static herr_t note_member(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  strings *s = context;
  (void)group;
  if (info->type == H5L_TYPE_HARD && s->n < MEMBERS_MAX && strlen(name) <= MEMBER_NAME_MAX)
    memcpy(s->bytes + s->n++ * s->width, name, strlen(name));
  return 0;
}

status h5_members(h5_file *f, const char *group, strings *out) {
  status st = strings_alloc(out, MEMBERS_MAX, MEMBER_NAME_MAX, "names in a file");
  if (st != OK)
    return st;
  out->n = 0;
  hsize_t next = 0;
  if (H5Literate_by_name(f->id, group, H5_INDEX_NAME, H5_ITER_INC, &next, note_member, out, H5P_DEFAULT) < 0) {
    strings_free(out);
    return h5_damaged(f, group);
  }
  return OK;
}
