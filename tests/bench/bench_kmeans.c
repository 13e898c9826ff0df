/* Times k-means on the factors of a snapshot, and hands points, seeds and labels to kmeans_peers.py.
 *
 *   bench_kmeans prepare SNAPSHOT POINTS               user factors as raw float32; prints rows and factors
 *   bench_kmeans seed POINTS N K GROUPS SEEDS          k-means|| seeds as raw float32; prints the seconds
 *   bench_kmeans run POINTS N K GROUPS SEEDS ROUNDS BYTES LABELS
 *                                                      a line of JSON a round; BYTES for bounds, 0: plain Lloyd */
#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/ranks/comm.h"
#include "io/schema/model.h"
#include "io/snapshot/resolve.h"
#include "train/groups/kmeans.h"
#include "train/groups/seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static status file_put(const char *path, const void *bytes, size_t size) {
  FILE *f = fopen(path, "wb");
  if (f == NULL || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
    return status_fail(CANNOT_CREATE, "cannot write %s", path);
  return OK;
}

static status file_get(const char *path, void *bytes, size_t size) {
  FILE *f = fopen(path, "rb");
  size_t got = f != NULL ? fread(bytes, 1, size, f) : 0;
  if (f != NULL)
    fclose(f);
  return got == size ? OK : status_fail(NO_INPUT, "cannot read %zu bytes of %s", size, path);
}

static status prepare(char **arg) {
  status st = OK;
  model *m = NULL;
  real *x = NULL;
  char dir[SNAPSHOT_PATH_MAX];
  TRY(snapshot_resolve(arg[0], false, dir));
  TRY(model_open(dir, &m));
  gid n = model_rows(m, USERS);
  int k = model_factors(m);
  TRY(MEM_ALLOC(x, n * k, "points"));
  TRY(model_read_factors(m, USERS, 0, n, x, k));
  TRY(file_put(arg[1], x, sizeof *x * (size_t)(n * k)));
  printf("%lld %d\n", (long long)n, k);
done:
  model_close(m);
  mem_free(x);
  return st;
}

static status show_round(void *context, const kmeans_round *r) {
  (void)context;
  printf("{\"round\": %d, \"seconds\": %.6f, \"inertia\": %.9g, \"moved\": %lld, \"skipped\": %.4f}\n", r->round,
         r->seconds, r->inertia, (long long)r->moved, r->skipped);
  return OK;
}

static status seed_or_run(bool run, char **arg) {
  status st = OK;
  comm c = comm_single();
  lid n = atoi(arg[1]), groups = atoi(arg[3]), *label = NULL;
  int k = atoi(arg[2]);
  real *x = NULL, *centre = NULL, *dist2 = NULL;
  gid *id = NULL;
  TRY(MEM_ALLOC(x, (off)n * k, "points"));
  TRY(MEM_ALLOC(centre, (off)groups * k, "centroids"));
  TRY(MEM_ALLOC(dist2, n, "distances"));
  TRY(MEM_ALLOC(id, n, "rows"));
  TRY(MEM_ALLOC(label, n, "labels"));
  for (lid i = 0; i < n; i++)
    id[i] = i;
  TRY(file_get(arg[0], x, sizeof *x * (size_t)n * (size_t)k));
  kmeans_points points = {n, k, k, x};
  size_t bytes = sizeof *centre * (size_t)groups * (size_t)k;
  double start = seconds_now();
  if (!run) {
    TRY(kmeans_seed(&c, &points, id, groups, 1, 0, centre));
    printf("{\"seconds\": %.6f}\n", seconds_now() - start);
    TRY(file_put(arg[4], centre, bytes));
    goto done;
  }
  TRY(file_get(arg[4], centre, bytes));
  kmeans_settings config = {
      .groups = groups, .rounds = atoi(arg[5]), .bound_bytes = atoll(arg[6]), .on_round = show_round};
  kmeans_result result;
  start = seconds_now();
  TRY(kmeans_run(&c, &points, id, &config, centre, label, dist2, &result));
  printf("{\"all\": %.6f, \"rounds\": %d, \"inertia\": %.9g}\n", seconds_now() - start, result.rounds, result.inertia);
  TRY(file_put(arg[7], label, sizeof *label * (size_t)n));
done:
  mem_free(x);
  mem_free(centre);
  mem_free(dist2);
  mem_free(id);
  mem_free(label);
  return st;
}

int main(int argc, char **argv) {
  status st = USAGE;
  if (argc == 4 && strcmp(argv[1], "prepare") == 0)
    st = prepare(argv + 2);
  else if (argc == 7 && strcmp(argv[1], "seed") == 0)
    st = seed_or_run(false, argv + 2);
  else if (argc == 10 && strcmp(argv[1], "run") == 0)
    st = seed_or_run(true, argv + 2);
  if (st != OK)
    fprintf(stderr, "bench_kmeans: %s\n", st == USAGE ? "see the comment at its top" : status_message());
  return status_exit_code(st);
}
