#include "jobs/settings/resume_settings.h"

#include "jobs/settings/recorded.h"

status resume_settings_read(const options *o, resume_settings *out) {
  *out = (resume_settings){.how = option_text(o, "resume")};
  return recorded_model(o, &out->model);
}

void resume_settings_free(resume_settings *s) {
  json_decref(s->model);
  s->model = NULL;
}
