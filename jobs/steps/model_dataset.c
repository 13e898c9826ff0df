#include "jobs/steps/model_dataset.h"

#include "io/base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *measured_file(comm *c, const char *dir) {
  char path[SNAPSHOT_PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/%s", dir, MEASURED_FILE);
  int64_t there = c->rank == 0 && access(path, F_OK) == 0;
  comm_broadcast(c, &there, sizeof there, 0);
  return there ? MEASURED_FILE : MODEL_FILE;
}

static status copy(const char *text, char **out) {
  size_t size = strlen(text) + 1;
  status st = MEM_ALLOC(*out, (off)size, "the path of the dataset");
  if (st == OK)
    memcpy(*out, text, size);
  return st;
}

status model_dataset(comm *c, model *m, const char *given, char **out) {
  status st = OK;
  int64_t gone = 0;
  *out = NULL;
  if (given != NULL)
    st = copy(given, out);
  else if (h5_attr_has(model_file(m), "/", "dataset"))
    st = h5_attr_text(model_file(m), "/", "dataset", out);
  TRY(comm_agree(c, st));
  gone = given == NULL && (*out == NULL || access(*out, R_OK) != 0);
  comm_max_i64(c, &gone, 1);
done:
  if (st != OK || gone) {
    mem_free(*out);
    *out = NULL;
  }
  return st;
}
