#include "jobs/show/info.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/schema/dataset.h"
#include "io/text/id.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLAB = 1 << 20, COUNTED = 1 << 16 };

/* More items than this are not counted one by one: a look should not take gigabytes. */
static const gid ITEMS_COUNTED_MAX = 1 << 27;

/* Exact quantiles of whole numbers, most of them small: a histogram, and the rare large ones one by one. */
typedef struct tally {
  off seen[COUNTED];
  off n, total;
  int64_t *large;
  off n_large, room;
} tally;

static status tally_add(tally *t, int64_t x) {
  t->n++;
  t->total += x;
  if (x < COUNTED) {
    t->seen[x]++;
    return OK;
  }
  if (t->n_large == t->room) {
    status st = MEM_REALLOC(t->large, t->room * 2 + 64, "quantiles");
    if (st != OK)
      return st;
    t->room = t->room * 2 + 64;
  }
  t->large[t->n_large++] = x;
  return OK;
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The smallest value that at least the share q of all values does not exceed. */
static int64_t tally_quantile(const tally *t, double q) {
  off rank = (off)ceil(q * (double)t->n), below = 0;
  if (rank < 1)
    rank = 1;
  for (int x = 0; x < COUNTED; x++) {
    below += t->seen[x];
    if (below >= rank)
      return x;
  }
  return t->n_large > 0 ? t->large[rank - below - 1] : 0;
}

static json_t *tally_json(tally *t) {
  if (t->n == 0)
    return json_null();
  if (t->n_large > 0)
    qsort(t->large, (size_t)t->n_large, sizeof *t->large, by_value);
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I}", "min", (json_int_t)tally_quantile(t, 0), "p10",
                   (json_int_t)tally_quantile(t, 0.1), "p25", (json_int_t)tally_quantile(t, 0.25), "median",
                   (json_int_t)tally_quantile(t, 0.5), "p75", (json_int_t)tally_quantile(t, 0.75), "p90",
                   (json_int_t)tally_quantile(t, 0.9), "max", (json_int_t)tally_quantile(t, 1), "mean",
                   (double)t->total / (double)t->n, "none", (json_int_t)t->seen[0]);
}

static json_t *iso_time(int64_t seconds) {
  char text[64];
  struct tm utc;
  time_t when = (time_t)seconds;
  if (gmtime_r(&when, &utc) == NULL || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
    return json_integer(seconds);
  return json_string(text);
}

/* The first member with at least so many events: someone to try things on. indptr has room for a slab. */
static status example_user(dataset *d, off least, off *indptr, json_t *info) {
  status st = OK;
  strings id = {0};
  char text[ID_MAX + 1], safe[4 * ID_MAX];
  for (gid first = 0; first < dataset_users(d); first += SLAB) {
    gid n = dataset_users(d) - first < SLAB ? dataset_users(d) - first : SLAB;
    TRY(dataset_read_indptr(d, first, n, indptr));
    for (gid u = 0; u < n; u++)
      if (indptr[u + 1] - indptr[u] >= least) {
        TRY(dataset_read_ids(d, USERS, first + u, 1, &id));
        text_printable(strings_get(&id, 0, text, sizeof text), safe, sizeof safe);
        json_object_set_new(info, "example_user", json_string(safe));
        goto done;
      }
  }
done:
  strings_free(&id);
  return st;
}

static status users_of(dataset *d, json_t *info) {
  tally *t = NULL;
  off *indptr = NULL;
  status st = OK;
  TRY(MEM_ZALLOC(t, 1, "quantiles"));
  TRY(MEM_ALLOC(indptr, SLAB + 1, "indptr"));
  for (gid first = 0; first < dataset_users(d); first += SLAB) {
    gid n = dataset_users(d) - first < SLAB ? dataset_users(d) - first : SLAB;
    TRY(dataset_read_indptr(d, first, n, indptr));
    for (gid u = 0; u < n; u++)
      TRY(tally_add(t, indptr[u + 1] - indptr[u]));
  }
  json_object_set_new(info, "events_per_user", tally_json(t));
  TRY(example_user(d, tally_quantile(t, 0.75), indptr, info));
done:
  if (t != NULL)
    mem_free(t->large);
  mem_free(t);
  mem_free(indptr);
  return st;
}

static status events_of(dataset *d, json_t *info) {
  lid *item = NULL;
  real *value = NULL;
  int64_t *time = NULL, *count = NULL, first_time = INT64_MAX, last_time = INT64_MIN;
  tally *t = NULL;
  double sum = 0, low = INFINITY, high = -INFINITY;
  bool whole = true;
  off n_events = dataset_events(d);
  bool counted = dataset_items(d) <= ITEMS_COUNTED_MAX;
  status st = OK;
  TRY(MEM_ALLOC(item, SLAB, "items"));
  TRY(MEM_ALLOC(value, SLAB, "values"));
  TRY(MEM_ALLOC(time, SLAB, "times"));
  TRY(MEM_ZALLOC(count, counted ? dataset_items(d) : 0, "events of items"));
  for (off first = 0; first < n_events; first += SLAB) {
    off n = n_events - first < SLAB ? n_events - first : SLAB;
    TRY(dataset_read_events(d, first, n, item, value, time));
    for (off i = 0; i < n; i++) {
      double v = value[i];
      sum += v;
      low = v < low ? v : low;
      high = v > high ? v : high;
      whole = whole && v == floor(v);
      if (counted)
        count[item[i]]++;
    }
    for (off i = 0; dataset_has_time(d) && i < n; i++) {
      first_time = time[i] < first_time ? time[i] : first_time;
      last_time = time[i] > last_time ? time[i] : last_time;
    }
  }
  if (n_events > 0)
    json_object_set_new(info, "value",
                        json_pack("{s:f, s:f, s:f, s:b}", "min", low, "max", high, "mean", sum / (double)n_events,
                                  "whole_numbers", (int)whole));
  if (n_events > 0 && dataset_has_time(d))
    json_object_set_new(info, "time",
                        json_pack("{s:o, s:o}", "first", iso_time(first_time), "last", iso_time(last_time)));
  if (counted) {
    TRY(MEM_ZALLOC(t, 1, "quantiles"));
    for (gid i = 0; i < dataset_items(d); i++)
      TRY(tally_add(t, count[i]));
    json_object_set_new(info, "events_per_item", tally_json(t));
  }
done:
  if (t != NULL)
    mem_free(t->large);
  mem_free(t);
  mem_free(item);
  mem_free(value);
  mem_free(time);
  mem_free(count);
  return st;
}

static status sources_of(dataset *d, json_t *info) {
  h5_file *f = dataset_file(d);
  strings paths = {0}, sums = {0};
  status st = OK;
  json_t *list = json_array();
  char *created = NULL;
  if (h5_attr_has(f, "/", "created")) {
    TRY(h5_attr_text(f, "/", "created", &created));
    char safe[128];
    json_object_set_new(info, "created", json_string(text_printable(created, safe, sizeof safe)));
  }
  if (h5_attr_has(f, "/", "source"))
    TRY(h5_attr_texts(f, "/", "source", &paths));
  if (h5_attr_has(f, "/", "source_sha256"))
    TRY(h5_attr_texts(f, "/", "source_sha256", &sums));
  for (off i = 0; i < paths.n; i++) {
    char path[4096], safe[8192], sum[128] = "";
    strings_get(&paths, i, path, sizeof path);
    if (i < sums.n)
      strings_get(&sums, i, sum, 65);
    json_array_append_new(list,
                          json_pack("{s:s, s:s}", "path", text_printable(path, safe, sizeof safe), "sha256", sum));
  }
done:
  json_object_set_new(info, "sources", list);
  mem_free(created);
  strings_free(&paths);
  strings_free(&sums);
  return st;
}

status info_dataset(const char *path, json_t **out) {
  comm alone = comm_single();
  dataset *d = NULL;
  json_t *info = NULL;
  *out = NULL;
  status st = dataset_open(&alone, path, &d);
  if (st != OK)
    return st;
  double cells = (double)dataset_users(d) * (double)dataset_items(d);
  char safe[8192];
  info = json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:s, s:b, s:b, s:b}", "kind", "dataset", "path",
                   text_printable(path, safe, sizeof safe), "users", (json_int_t)dataset_users(d), "items",
                   (json_int_t)dataset_items(d), "events", (json_int_t)dataset_events(d), "density",
                   cells > 0 ? (double)dataset_events(d) / cells : 0.0, "digest", dataset_digest(d), "has_time",
                   (int)dataset_has_time(d), "has_titles", (int)dataset_has_titles(d), "has_tags",
                   (int)dataset_has_tags(d));
  if (info == NULL)
    TRY(status_fail(NO_MEMORY, "no memory for the summary"));
  TRY(users_of(d, info));
  TRY(events_of(d, info));
  TRY(sources_of(d, info));
done:
  dataset_close(d);
  if (st != OK) {
    json_decref(info);
    info = NULL;
  }
  *out = info;
  return st;
}

/* --- for the eye --- */

char *info_thousands(int64_t n, char *out) {
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRId64, n), at = 0;
  for (int i = 0; i < length; i++) {
    out[at++] = digits[i];
    if (digits[i] != '-' && i + 1 < length && (length - i - 1) % 3 == 0)
      out[at++] = ',';
  }
  out[at] = '\0';
  return out;
}

void info_line(FILE *to, const char *label, const char *format, ...) {
  char text[4096], safe[8192];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fprintf(to, "  %-17s %s\n", label, text_printable(text, safe, sizeof safe));
}

static void show_quantiles(FILE *to, const char *label, const json_t *q) {
  json_int_t low, p10, median, p90, high, none;
  double mean;
  char a[32];
  if (json_unpack((json_t *)q, "{s:I, s:I, s:I, s:I, s:I, s:I, s:F}", "min", &low, "p10", &p10, "median", &median,
                  "p90", &p90, "max", &high, "none", &none, "mean", &mean) != 0)
    return;
  info_line(to, label, "min %lld, 10 %% %lld, median %lld, 90 %% %lld, max %lld, mean %.1f", (long long)low,
            (long long)p10, (long long)median, (long long)p90, (long long)high, mean);
  if (none > 0)
    info_line(to, "", "%s without any", info_thousands(none, a));
}

void info_dataset_show(const json_t *info, FILE *to) {
  char a[32];
  const json_t *value = json_object_get(info, "value"), *time = json_object_get(info, "time");
  fprintf(to, "dataset %s\n", json_string_value(json_object_get(info, "path")));
  info_line(to, "users", "%s", info_thousands(json_integer_value(json_object_get(info, "users")), a));
  info_line(to, "items", "%s%s%s", info_thousands(json_integer_value(json_object_get(info, "items")), a),
            json_is_true(json_object_get(info, "has_titles")) ? ", with titles" : "",
            json_is_true(json_object_get(info, "has_tags")) ? ", with tags" : "");
  info_line(to, "events", "%s, %.3g %% of all pairs",
            info_thousands(json_integer_value(json_object_get(info, "events")), a),
            100 * json_real_value(json_object_get(info, "density")));
  if (value != NULL)
    info_line(to, "values", "%g to %g, mean %.4g%s", json_real_value(json_object_get(value, "min")),
              json_real_value(json_object_get(value, "max")), json_real_value(json_object_get(value, "mean")),
              json_is_true(json_object_get(value, "whole_numbers")) ? ", whole numbers" : "");
  show_quantiles(to, "events per user", json_object_get(info, "events_per_user"));
  show_quantiles(to, "events per item", json_object_get(info, "events_per_item"));
  if (time != NULL)
    info_line(to, "time", "%s to %s", json_string_value(json_object_get(time, "first")),
              json_string_value(json_object_get(time, "last")));
  else
    info_line(to, "time", "none");
  if (json_object_get(info, "created") != NULL)
    info_line(to, "created", "%s", json_string_value(json_object_get(info, "created")));
  info_line(to, "digest", "%s", json_string_value(json_object_get(info, "digest")));
  const json_t *sources = json_object_get(info, "sources");
  for (size_t i = 0; i < json_array_size(sources) && i < 10; i++)
    info_line(to, i == 0 ? "from" : "", "%s", json_string_value(json_object_get(json_array_get(sources, i), "path")));
  if (json_array_size(sources) > 10)
    info_line(to, "", "and %zu more files", json_array_size(sources) - 10);
}
