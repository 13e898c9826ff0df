#include "jobs/steps/manifest.h"
#include "io/schema/model.h"

#include "io/base/log.h"
#include "io/base/mem.h"
#include "io/base/version.h"
#include "io/ranks/comm_mpi.h"
#include "io/snapshot/journal.h"
#include "io/snapshot/seal.h"
#include "io/snapshot/snapshot.h"

#include <cblas.h>
#include <omp.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <zlib.h>

/* Text that comes from outside, as JSON can hold it. */
static json_t *text_json(const char *text) {
  char safe[8192];
  return text != NULL ? json_string(text_printable(text, safe, sizeof safe)) : json_null();
}

static json_t *libraries(const comm *c) {
  char mpi[MPI_MAX_LIBRARY_VERSION_STRING] = "not used", xxhash[32];
  int length;
  if (c->mpi)
    MPI_Get_library_version(mpi, &length);
  mpi[strcspn(mpi, ",\n")] = '\0';
  snprintf(xxhash, sizeof xxhash, "%u.%u.%u", XXH_versionNumber() / 10000, XXH_versionNumber() / 100 % 100,
           XXH_versionNumber() % 100);
  return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "mpi", mpi, "hdf5", h5_version(), "openblas",
                   openblas_get_config(), "jansson", JANSSON_VERSION, "openssl", OpenSSL_version(OPENSSL_VERSION),
                   "zlib", zlibVersion(), "xxhash", xxhash);
}

/* The data that the model was trained on, from its attributes. */
static status dataset_json(const char *dir, json_t **out) {
  model *m = NULL;
  char *path = NULL, *digest = NULL;
  int64_t pairs = 0;
  *out = NULL;
  status st = model_open(dir, &m);
  if (st != OK)
    return st;
  h5_file *f = model_file(m);
  if (h5_attr_has(f, "/", "dataset"))
    TRY(h5_attr_text(f, "/", "dataset", &path));
  if (h5_attr_has(f, "/", "dataset_sha256"))
    TRY(h5_attr_text(f, "/", "dataset_sha256", &digest));
  if (h5_attr_has(f, "/", "pairs"))
    TRY(h5_attr_i64(f, "/", "pairs", &pairs));
  *out = json_pack("{s:o, s:o, s:I, s:I, s:I}", "path", text_json(path), "sha256", text_json(digest), "users",
                   (json_int_t)model_rows(m, USERS), "items", (json_int_t)model_rows(m, ITEMS), "pairs",
                   (json_int_t)pairs);
done:
  mem_free(path);
  mem_free(digest);
  model_close(m);
  return st;
}

/* Which file is what, if DIR was refit; else null. */
static status refit_json(const char *dir, json_t **out) {
  char path[SNAPSHOT_PATH_MAX + 16], digest[SEAL_DIGEST_MAX];
  model *measured = NULL, *served = NULL;
  char *rule = NULL;
  int64_t seed, sweeps;
  status st = OK;
  *out = json_null();
  snprintf(path, sizeof path, "%s/%s", dir, MEASURED_FILE);
  if (access(path, F_OK) != 0)
    return OK;
  TRY(model_open_file(dir, MEASURED_FILE, &measured));
  TRY(model_open(dir, &served));
  TRY(h5_attr_text(model_file(measured), "/", "holdout", &rule));
  TRY(h5_attr_i64(model_file(measured), "/", "seed", &seed));
  TRY(h5_attr_i64(model_file(served), "/", "sweeps", &sweeps));
  TRY(seal_digest(path, digest));
  *out = json_pack("{s:s, s:s, s:o, s:I, s:I, s:s}", "served", MODEL_FILE, "measured", MEASURED_FILE, "holdout",
                   text_json(rule), "seed", (json_int_t)seed, "sweeps", (json_int_t)sweeps, "measured_sha256", digest);
done:
  mem_free(rule);
  model_close(measured);
  model_close(served);
  return st;
}

status manifest_write(const comm *c, const char *dir, const json_t *config, const json_t *gate, const char *parent) {
  json_t *dataset = NULL, *refit = NULL, *all = NULL;
  char now[32];
  status st = OK;
  TRY(dataset_json(dir, &dataset));
  TRY(refit_json(dir, &refit));
  time_iso8601(now);
  all = json_pack("{s:s, s:s, s:s, s:O, s:O, s:o, s:O, s:o, s:o, s:i, s:i}", "snapshot", snapshot_id(dir), "palate",
                  PALATE_VERSION, "created", now, "dataset", dataset, "refit", refit, "config",
                  config != NULL ? json_incref((json_t *)config) : json_object(), "gate", gate, "parent",
                  parent[0] != '\0' ? json_string(parent) : json_null(), "libraries", libraries(c), "ranks", c->size,
                  "threads", omp_get_max_threads());
  if (all == NULL)
    TRY(status_fail(NO_MEMORY, "no memory for the manifest"));
  TRY(snapshot_write_json(dir, "manifest.json", all));
done:
  json_decref(all);
  json_decref(dataset);
  json_decref(refit);
  return st;
}
