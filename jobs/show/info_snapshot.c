#include "jobs/show/info.h"

#include "eval/metrics/metrics.h"
#include "io/base/disk.h"
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/groups.h"
#include "io/schema/model.h"
#include "io/snapshot/seal.h"
#include "io/snapshot/snapshot.h"
#include "jobs/groups/tastes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(const char *dir, const char *name) {
  char path[SNAPSHOT_PATH_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return access(path, F_OK) == 0;
}

/* Whether `latest` beside the snapshot points at it. */
static bool is_published(const char *dir) {
  char link[SNAPSHOT_PATH_MAX + 64], target[64];
  const char *id = snapshot_id(dir);
  snprintf(link, sizeof link, "%.*slatest", (int)(id - dir), dir);
  ssize_t n = readlink(link, target, sizeof target - 1);
  if (n < 0)
    return false;
  target[n] = '\0';
  return strcmp(target, id) == 0;
}

/* Text from a file as JSON: broken UTF-8 and control characters escaped. */
static json_t *safe_text(const char *text) {
  char safe[8192];
  return json_string(text_printable(text, safe, sizeof safe));
}

/* Every attribute of an object under its own name. */
static status attributes_of(h5_file *f, const char *object, json_t *out) {
  strings names;
  status st = h5_attr_names(f, object, &names);
  for (off i = 0; st == OK && i < names.n; i++) {
    char name[1025];
    h5_type type;
    off n = 0;
    json_t *value = NULL;
    strings_get(&names, i, name, sizeof name);
    if (!h5_attr_has(f, object, name)) /* a name of broken text */
      continue;
    st = h5_attr_find(f, object, name, &type, &n);
    if (st != OK || type == H5_NONE)
      continue;
    if (type == H5_TEXT) {
      strings texts;
      st = h5_attr_texts(f, object, name, &texts);
      value = texts.n == 1 ? NULL : json_array();
      for (off t = 0; st == OK && t < texts.n; t++) {
        char text[4096];
        json_t *one = safe_text(strings_get(&texts, t, text, sizeof text));
        if (texts.n == 1)
          value = one;
        else
          json_array_append_new(value, one);
      }
      strings_free(&texts);
    } else {
      bool whole = type != H5_F32 && type != H5_F64;
      int64_t *integers = NULL;
      double *numbers = NULL;
      st = whole ? h5_attr_i64s(f, object, name, &integers, &n) : h5_attr_f64s(f, object, name, &numbers, &n);
      value = n == 1 ? NULL : json_array();
      for (off t = 0; st == OK && t < n; t++) {
        json_t *one = whole ? json_integer(integers[t]) : json_real(numbers[t]);
        if (one == NULL) /* JSON has no infinity */
          one = json_null();
        if (n == 1)
          value = one;
        else
          json_array_append_new(value, one);
      }
      mem_free(integers);
      mem_free(numbers);
    }
    char safe[2048];
    if (value != NULL)
      json_object_set_new(out, text_printable(name, safe, sizeof safe), value);
  }
  strings_free(&names);
  return st;
}

/* Each group with its size, label and top titles. */
static status list_groups(groups *g, model *m, const int64_t *size, json_t **out) {
  enum { TITLES = 5 };
  char text[1024];
  strings labels = {0}, titles = {0};
  lid items[GROUPS_TOP];
  status st = OK;
  *out = json_array();
  TRY(groups_read_labels(g, 0, groups_count(g), &labels));
  TRY(model_read_titles(m, 0, model_rows(m, ITEMS), &titles));
  if (titles.n == 0)
    TRY(model_read_ids(m, ITEMS, 0, model_rows(m, ITEMS), &titles));
  for (lid i = 0; i < groups_count(g); i++) {
    TRY(groups_read_top(g, i, model_rows(m, ITEMS), items));
    json_t *names = json_array();
    for (int t = 0; t < TITLES && items[t] >= 0; t++)
      json_array_append_new(names, safe_text(strings_get(&titles, items[t], text, sizeof text)));
    json_array_append_new(*out,
                          json_pack("{s:I, s:I, s:o, s:o}", "group", (json_int_t)i, "size", (json_int_t)size[i],
                                    "label", safe_text(strings_get(&labels, i, text, sizeof text)), "titles", names));
  }
done:
  strings_free(&labels);
  strings_free(&titles);
  return st;
}

/* The taste groups: how many, how large, and with `all` each of them. */
static status groups_of(const char *dir, model *m, bool all, json_t *info) {
  groups *g = NULL;
  int64_t *size = NULL;
  json_t *about = json_object(), *list = NULL;
  status st = OK;
  TRY(groups_open(dir, USERS, &g));
  json_object_set_new(about, "count", json_integer(groups_count(g)));
  TRY(attributes_of(groups_h5(g), "/", about));
  json_object_del(about, "format");
  json_object_del(about, "format_version");
  TRY(MEM_ALLOC(size, groups_count(g), "group sizes"));
  TRY(groups_read_sizes(g, 0, groups_count(g), size));
  json_int_t smallest = size[0], largest = size[0];
  for (lid i = 0; i < groups_count(g); i++) {
    smallest = size[i] < smallest ? size[i] : smallest;
    largest = size[i] > largest ? size[i] : largest;
  }
  json_object_set_new(about, "smallest", json_integer(smallest));
  json_object_set_new(about, "largest", json_integer(largest));
  if (all) {
    TRY(list_groups(g, m, size, &list));
    json_object_set(about, "groups", list);
  }
done:
  json_decref(list);
  if (st == OK)
    json_object_set(info, "groups", about);
  json_decref(about);
  groups_close(g);
  mem_free(size);
  return st;
}

/* The model that the metrics are of, if it is another than the one that is served. */
static status measured_of(const char *dir, json_t *info) {
  model *m = NULL;
  json_t *about = json_object();
  status st = OK;
  if (is_there(dir, MEASURED_FILE)) {
    TRY(model_open_file(dir, MEASURED_FILE, &m));
    TRY(attributes_of(model_file(m), "/", about));
    json_object_set(info, "measured", about);
  }
done:
  json_decref(about);
  model_close(m);
  return st;
}

status info_snapshot(const char *dir, bool groups, json_t **out) {
  model *m = NULL;
  json_t *info = NULL, *part = NULL;
  status st = OK;
  char safe[8192];
  TRY(model_open(dir, &m));
  info = json_pack("{s:s, s:s, s:s, s:b, s:b, s:I, s:I, s:i, s:b}", "kind", "snapshot", "path",
                   text_printable(dir, safe, sizeof safe), "id", snapshot_id(dir), "sealed", (int)seal_is_there(dir),
                   "published", (int)is_published(dir), "users", (json_int_t)model_rows(m, USERS), "items",
                   (json_int_t)model_rows(m, ITEMS), "factors", model_factors(m), "biases", (int)model_has_bias(m));
  part = json_object();
  if (info == NULL || part == NULL)
    TRY(status_fail(NO_MEMORY, "no memory for the summary"));
  TRY(attributes_of(model_file(m), "/", part));
  json_object_set(info, "model", part);
  TRY(measured_of(dir, info));
  if (is_there(dir, "groups.h5"))
    TRY(groups_of(dir, m, groups, info));
  else if (groups)
    TRY(status_fail(NO_INPUT, "the snapshot %s has no groups; `palate cluster %s` makes them", dir, dir));
  for (int i = 0; i < 2; i++) {
    static const char *const FILES[] = {"metrics.json", "manifest.json"}, *const NAMES[] = {"metrics", "manifest"};
    if (!is_there(dir, FILES[i]))
      continue;
    json_decref(part);
    part = NULL;
    TRY(snapshot_read_json(dir, FILES[i], &part));
    json_object_set(info, NAMES[i], part);
  }
  json_object_set_new(info, "has_recommendations", json_boolean(is_there(dir, "recommendations.h5")));
done:
  json_decref(part);
  model_close(m);
  if (st != OK) {
    json_decref(info);
    info = NULL;
  }
  *out = info;
  return st;
}

/* --- for the eye --- */

static void show_value(FILE *to, const char *name, const json_t *value) {
  if (json_is_string(value))
    info_line(to, name, "%s", json_string_value(value));
  else if (json_is_array(value) && json_array_size(value) > 2)
    info_line(to, name, "%.8g to %.8g in %zu steps", json_number_value(json_array_get(value, 0)),
              json_number_value(json_array_get(value, json_array_size(value) - 1)), json_array_size(value));
  else {
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
    info_line(to, name, "%s", text != NULL ? text : "?");
    free(text);
  }
}

static const json_t *at_of(const json_t *metrics, const char *who, const char *n) {
  return json_object_get(json_object_get(json_object_get(metrics, who), "at"), n);
}

/* Ranking metrics of the model beside the baselines, one row a length. */
static void show_metrics(FILE *to, const json_t *metrics) {
  static const char *const WHO[] = {"model", "most_popular", "random"};
  /* As many as a line has room for. */
  static const metric WHAT[] = {METRIC_RECALL, METRIC_PRECISION, METRIC_HIT_RATE, METRIC_NDCG, METRIC_MAP, METRIC_MRR};
  enum { N_WHAT = sizeof WHAT / sizeof *WHAT };
  const json_t *model = json_object_get(metrics, "model");
  fprintf(to, "metrics on the hold-out");
  if (json_is_string(json_object_get(metrics, "rule"))) {
    char safe[1024];
    fprintf(to, " %s", text_printable(json_string_value(json_object_get(metrics, "rule")), safe, sizeof safe));
  }
  fprintf(to, "\n");
  if (json_is_number(json_object_get(model, "rmse")))
    for (int w = 0; w < 3; w++) {
      const json_t *m = json_object_get(metrics, WHO[w]);
      if (json_is_number(json_object_get(m, "rmse")))
        info_line(to, WHO[w], "RMSE %.4f, MAE %.4f", json_number_value(json_object_get(m, "rmse")),
                  json_number_value(json_object_get(m, "mae")));
    }
  const char *n;
  json_t *unused;
  bool first = true;
  json_object_foreach(json_object_get(model, "at"), n, unused) {
    char safe[64];
    if (first) {
      fprintf(to, "  %-17s %4s", "", "N");
      for (int i = 0; i < N_WHAT; i++)
        fprintf(to, " %10s", metric_name(WHAT[i]));
      fprintf(to, "\n");
      first = false;
    }
    for (int w = 0; w < 3; w++) {
      const json_t *row = at_of(metrics, WHO[w], n);
      if (row == NULL)
        continue;
      fprintf(to, "  %-17s %4s", WHO[w], text_printable(n, safe, sizeof safe));
      for (int i = 0; i < N_WHAT; i++)
        fprintf(to, " %10.4f", json_number_value(json_object_get(row, metric_name(WHAT[i]))));
      fprintf(to, "\n");
    }
  }
}

static void show_groups(FILE *to, const json_t *groups) {
  char a[32];
  fprintf(to, "taste groups\n");
  size_t i;
  json_t *g;
  json_array_foreach(json_object_get(groups, "groups"), i, g) {
    char themes[256];
    const char *label = json_string_value(json_object_get(g, "label"));
    /* The titles of the label stand in the list of titles too, so only its themes are shown of it. */
    tastes_themes(label, themes, sizeof themes);
    fprintf(to, "  %4lld %11s members  ", (long long)json_integer_value(json_object_get(g, "group")),
            info_thousands(json_integer_value(json_object_get(g, "size")), a));
    if (strcmp(themes, label) != 0)
      fprintf(to, "%s\n  %24s  ", themes, "");
    size_t t;
    json_t *title;
    json_array_foreach(json_object_get(g, "titles"), t, title)
        fprintf(to, "%s%s", t > 0 ? " · " : "", json_string_value(title));
    fprintf(to, "\n");
  }
  json_int_t unseen = json_integer_value(json_object_get(groups, "zero_rows"));
  if (unseen > 0)
    fprintf(to, "  %16s members have no events to learn from: no group counts them\n", info_thousands(unseen, a));
}

void info_snapshot_show(const json_t *info, FILE *to) {
  char a[32], b[32];
  bool sealed = json_is_true(json_object_get(info, "sealed"));
  fprintf(to, "snapshot %s\n", json_string_value(json_object_get(info, "path")));
  info_line(to, "state", "%s%s", sealed ? "sealed" : "not sealed",
            json_is_true(json_object_get(info, "published")) ? ", published: latest points at it" : "");
  info_line(to, "model", "%s users and %s items, %lld factors each%s",
            info_thousands(json_integer_value(json_object_get(info, "users")), a),
            info_thousands(json_integer_value(json_object_get(info, "items")), b),
            (long long)json_integer_value(json_object_get(info, "factors")),
            json_is_true(json_object_get(info, "biases")) ? " and a bias" : "");
  const json_t *refit = json_object_get(json_object_get(info, "model"), "refit");
  if (json_is_string(refit))
    info_line(to, "refit",
              "model.h5 is trained on all events; the metrics are of measured.h5%s, trained with --holdout %s",
              json_object_get(info, "measured") != NULL ? "" : " (pruned)", json_string_value(refit));
  const json_t *manifest = json_object_get(info, "manifest");
  if (json_is_string(json_object_get(manifest, "parent")))
    show_value(to, "parent", json_object_get(manifest, "parent"));
  const json_t *groups = json_object_get(info, "groups");
  if (groups != NULL)
    info_line(to, "taste groups", "%lld, of %s to %s members",
              (long long)json_integer_value(json_object_get(groups, "count")),
              info_thousands(json_integer_value(json_object_get(groups, "smallest")), a),
              info_thousands(json_integer_value(json_object_get(groups, "largest")), b));
  if (json_is_true(json_object_get(info, "has_recommendations")))
    info_line(to, "recommendations", "for everyone");
  if (json_object_get(groups, "groups") != NULL) {
    show_groups(to, groups);
    return;
  }
  const char *name;
  json_t *value;
  json_object_foreach(json_object_get(info, "model"), name, value) {
    if (strcmp(name, "format") != 0 && strcmp(name, "format_version") != 0 && strcmp(name, "factors") != 0 &&
        strcmp(name, "refit") != 0)
      show_value(to, name, value);
  }
  if (json_object_get(info, "metrics") != NULL)
    show_metrics(to, json_object_get(info, "metrics"));
}
