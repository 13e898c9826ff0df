#include "jobs/steps/run_metrics.h"

#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char SUCCESS[] = "palate_refresh_last_success_timestamp_seconds";

void run_metrics_begin(run_metrics *m) {
  *m = (run_metrics){0};
}

static void end_phase(run_metrics *m) {
  if (m->n > 0 && m->phase[m->n - 1].seconds == 0)
    m->phase[m->n - 1].seconds = seconds_now() - m->phase[m->n - 1].begun;
}

void run_metrics_phase(run_metrics *m, const char *name) {
  end_phase(m);
  if (m->n == RUN_METRICS_PHASES)
    return;
  m->phase[m->n].name = name;
  m->phase[m->n].begun = seconds_now();
  m->phase[m->n++].seconds = 0;
}

/* The time of the last success in the file that is there; 0 if there is none. */
static double last_success(const char *path) {
  char *text;
  int64_t n;
  double when = 0;
  if (disk_slurp(path, 1 << 20, &text, &n) != OK)
    return 0;
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (strncmp(line, SUCCESS, sizeof SUCCESS - 1) == 0 && line[sizeof SUCCESS - 1] == ' ')
      when = strtod(line + sizeof SUCCESS, NULL);
    if (*line == '\0')
      break;
  }
  mem_free(text);
  return when;
}

status run_metrics_write(run_metrics *m, const char *path, status ended, const json_t *verdict) {
  char text[8192];
  size_t room = sizeof text;
  int n = 0;
  end_phase(m);
  double success = ended == OK ? (double)time(NULL) : last_success(path);
  n += snprintf(text + n, room - (size_t)n,
                "# HELP palate_refresh_status Exit status of the last run; 0 is good.\n"
                "# TYPE palate_refresh_status gauge\n"
                "palate_refresh_status %d\n"
                "# HELP palate_refresh_promoted Whether the last run published its model.\n"
                "# TYPE palate_refresh_promoted gauge\n"
                "palate_refresh_promoted %d\n"
                "# HELP palate_refresh_last_run_timestamp_seconds When the last run ended.\n"
                "# TYPE palate_refresh_last_run_timestamp_seconds gauge\n"
                "palate_refresh_last_run_timestamp_seconds %.0f\n"
                "# HELP %s When a model was last published.\n"
                "# TYPE %s gauge\n"
                "%s %.0f\n"
                "# HELP palate_refresh_phase_seconds How long each phase of the last run took.\n"
                "# TYPE palate_refresh_phase_seconds gauge\n",
                status_exit_code(ended), ended == OK, (double)time(NULL), SUCCESS, SUCCESS, SUCCESS, success);
  for (int i = 0; i < m->n; i++)
    n += snprintf(text + n, room - (size_t)n, "palate_refresh_phase_seconds{phase=\"%s\"} %.3f\n", m->phase[i].name,
                  m->phase[i].seconds);
  const char *metric = json_string_value(json_object_get(verdict, "metric"));
  if (metric != NULL) {
    n += snprintf(text + n, room - (size_t)n,
                  "# HELP palate_refresh_metric The metric the gate looks at, on the hold-out.\n"
                  "# TYPE palate_refresh_metric gauge\n"
                  "palate_refresh_metric{model=\"new\",metric=\"%s\"} %.9g\n",
                  metric, json_number_value(json_object_get(verdict, "value")));
    if (json_is_number(json_object_get(verdict, "parent_value")))
      n += snprintf(text + n, room - (size_t)n, "palate_refresh_metric{model=\"parent\",metric=\"%s\"} %.9g\n", metric,
                    json_number_value(json_object_get(verdict, "parent_value")));
  }
  status st = disk_make_parents(path);
  return st == OK ? disk_replace(path, text, n) : st;
}
