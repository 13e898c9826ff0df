#include "jobs/tune/tune_report.h"

#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "jobs/settings/train_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char BEST[] = "best.conf";

typedef struct ranked {
  double badness; /* the smaller, the better */
  const attempt *a;
} ranked;

static int best_first(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->badness != y->badness)
    return x->badness < y->badness ? -1 : 1;
  return (x->a->setting > y->a->setting) - (x->a->setting < y->a->setting);
}

static int width_of(const tuning *tuning, int axis) {
  size_t most = strlen(tuning->g.axis[axis].name);
  for (int i = 0; i < tuning->g.axis[axis].n; i++)
    most = strlen(tuning->g.axis[axis].value[i]) > most ? strlen(tuning->g.axis[axis].value[i]) : most;
  return (int)most + 2;
}

static void show_table(const tuning *tuning, const ranked *order) {
  char safe[512];
  printf("   # %12s      95 %% interval   seconds", tuning->name);
  for (int x = 0; x < tuning->g.n; x++)
    printf("%*s", width_of(tuning, x), tuning->g.axis[x].name);
  putchar('\n');
  for (int i = 0; i < tuning->n; i++) {
    const attempt *a = order[i].a;
    printf("%4d %12.4f   %7.4f – %-7.4f %9.1f", i + 1, a->value, a->low, a->high, a->seconds);
    for (int x = 0; x < tuning->g.n; x++)
      printf("%*s", width_of(tuning, x), text_printable(grid_value(&tuning->g, a->setting, x), safe, sizeof safe));
    putchar('\n');
  }
}

static status show_json(const tuning *tuning, const ranked *order) {
  json_t *all = json_array();
  for (int i = 0; i < tuning->n; i++) {
    const attempt *a = order[i].a;
    json_array_append_new(all, json_pack("{s:i, s:f, s:[f,f], s:f, s:o}", "rank", i + 1, metric_name(tuning->by),
                                         a->value, "interval", a->low, a->high, "seconds", a->seconds, "settings",
                                         tuning_settings_json(tuning, a)));
  }
  json_t *out = json_pack("{s:s, s:s, s:s, s:o}", "by", tuning->name, "rule", option_text(order[0].a->o, "holdout"),
                          "snapshot", order[0].a->snapshot, "tries", all);
  if (out == NULL)
    return status_fail(NO_MEMORY, "no memory for the result");
  json_dumpf(out, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
  putchar('\n');
  json_decref(out);
  return OK;
}

/* Writes the given settings of the best try, for --config. */
static status write_best(const tuning *tuning, const attempt *best) {
  char path[SNAPSHOT_PATH_MAX], text[8192];
  size_t n = (size_t)snprintf(text, sizeof text, "# %s %.4f, the best of %d settings by palate tune\n", tuning->name,
                              best->value, tuning->n);
  for (const option_use *u = TRAIN_TAKES; u->name != NULL; u++)
    if (n < sizeof text && tuning_may_vary(u->name) && option_given(best->o, u->name))
      n += (size_t)snprintf(text + n, sizeof text - n, "%s = %s\n", u->name, option_text(best->o, u->name));
  if (n >= sizeof text || (size_t)snprintf(path, sizeof path, "%s/%s", tuning->folder, BEST) >= sizeof path)
    return status_fail(USAGE, "--output: the settings or the path are too long for best.conf");
  return disk_replace(path, text, (int64_t)n);
}

status tune_report(const tuning *tuning) {
  ranked *order = NULL;
  status st = OK;
  TRY(MEM_ALLOC(order, tuning->n, "the result"));
  for (int i = 0; i < tuning->n; i++)
    order[i] = (ranked){metric_less_is_better(tuning->by) ? tuning->tries[i].value : -tuning->tries[i].value,
                        &tuning->tries[i]};
  qsort(order, (size_t)tuning->n, sizeof *order, best_first);
  TRY(write_best(tuning, order[0].a));
  if (option_flag(tuning->o, "json"))
    TRY(show_json(tuning, order));
  else
    show_table(tuning, order);
  log_info("best model: %s/%s, its settings: %s/%s. Next:  palate refresh %s --config %s/%s", tuning->folder,
           order[0].a->snapshot, tuning->folder, BEST, tuning->dataset, tuning->folder, BEST);
done:
  mem_free(order);
  return st;
}
