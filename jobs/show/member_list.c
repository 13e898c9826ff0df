#include "jobs/show/member_list.h"

#include "io/base/log.h"
#include "jobs/groups/tastes.h"

status member_warn_blank(reader *r, gid row) {
  bool blank;
  status st = reader_user_is_blank(r, row, &blank);
  if (st == OK && blank)
    log_warn("the model has no training data for this member: %s",
             model_has_bias(reader_model(r)) ? "these are the items everyone rates highly" : "all items score alike");
  return st;
}

status member_log_tastes(const char *dir, const char *id, gid row) {
  json_t *tastes;
  char line[1024];
  status st = tastes_read(dir, row, &tastes);
  if (st == OK && json_array_size(tastes) > 0)
    log_info("member %s: %s", id, tastes_line(tastes, line, sizeof line));
  json_decref(tastes);
  return st;
}
